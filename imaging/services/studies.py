"""The study a parsed file belongs to: one UID under one identity."""

from datetime import date

from django.db.models import QuerySet

from imaging.identity import DicomIdentity
from imaging.instances import ParsedInstance, ParsedObject
from imaging.models import Series, Study

Parsed = ParsedInstance | ParsedObject


def study_of(first: Parsed) -> Study:
    """Found or made, and locked: imports of one study take turns."""
    header = identity_of(first)
    study, _ = Study.objects.get_or_create(
        study_uid=first.study_uid,
        identity_digest=header.digest,
        defaults={
            "dicom_patient_id": header.patient_id,
            "dicom_issuer": header.issuer,
            "dicom_birth_date": header.birth_date,
            "dicom_sex": header.sex,
            "study_date": day_of(first.study_date),
        },
    )
    return Study.objects.select_for_update().get(pk=study.pk)


def series_of(parsed: Parsed) -> QuerySet[Series]:
    """The rows of the series that this file says it is of; several where one UID was split."""
    return Series.objects.filter(
        series_uid=parsed.series_uid,
        study__study_uid=parsed.study_uid,
        study__identity_digest=identity_of(parsed).digest,
    )


def identity_of(parsed: Parsed) -> DicomIdentity:
    sex = parsed.sex.upper() if parsed.sex.upper() in {"M", "F", "O"} else ""
    return DicomIdentity(parsed.patient_id, parsed.issuer, day_of(parsed.birth_date), sex)


def day_of(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
