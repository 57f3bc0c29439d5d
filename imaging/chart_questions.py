"""Does the header of what is in a chart still agree with it? The chart may have been corrected since the images came.

Nothing leaves a chart by this, and no number goes: a person answers each question (``services.standing``). What they
saw stands in the header of the series' row, so that the same difference is not asked about twice and another one is.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from imaging import identity, pages
from imaging.identity import DicomIdentity
from imaging.models import Series
from imaging.refused import SENTENCES
from patients.models import AuditEvent, Patient, PatientIdentifier
from patients.selectors import checks

ANSWERED = "stays_with"
BIRTH, SEX = "attached_birth_date_differs", "attached_sex_differs"
OTHER_CASE, NOT_CONFIRMED = "attached_id_of_other_case", "attached_id_not_confirmed"
CONTRADICTIONS = frozenset({BIRTH, SEX, OTHER_CASE})
# What of the chart each is about; the ID is of no field of its own.
FIELDS = {BIRTH: {"birth_date", "birth_date_precision"}, SEX: {"sex_for_formulas"}}
FIELDS[OTHER_CASE] = FIELDS[BIRTH] | FIELDS[SEX]


@dataclass(frozen=True)
class Asked:
    """One series of a chart, and the codes of what a person has to answer, contradictions first."""

    series: Series
    codes: list[str]

    @property
    def title(self) -> str:
        return pages.series_title(self.series)


def differences(series: Series, patient: Patient, known: identity.Known) -> dict[str, str]:
    """Code -> what of the chart it differs from, for all that header and chart do not share today."""
    header = DicomIdentity.of(series)
    found = {}
    if identity.birth_dates_differ(header.birth_date, patient):
        found[BIRTH] = f"{patient.birth_date} {patient.birth_date_precision}"
    if identity.sexes_differ(header.sex, patient):
        found[SEX] = str(patient.sex_for_formulas)
    is_own = header.is_case_number_of(patient) or known.is_confirmed(header, patient)
    if header.has_usable_id and not is_own:
        others = known.elsewhere(header, patient)
        found[OTHER_CASE if others else NOT_CONFIRMED] = " ".join([patient.case_number, *map(str, others)])
    return found


def differences_today(series: Series) -> dict[str, str]:
    patient = Patient.objects.get(pk=series.candidate_patient_id)
    return differences(series, patient, identity.Known([DicomIdentity.of(series)]))


def print_of(found: dict[str, str]) -> str:
    """Short name of what a page shows, sent back with the answer: what came to differ behind it is not answered."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


def answered(header: dict[str, Any], seen: dict[str, str]) -> dict[str, Any]:
    """The header of a series' row with what a person saw and kept the series with; without a word where all agreed."""
    rest = {name: value for name, value in header.items() if name != ANSWERED}
    return rest | ({ANSWERED: seen} if seen else {})


def carried_over(header: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return answered(header, before.get(ANSWERED, {}))


def open_of(series: Series) -> list[str]:
    """Codes of what nobody has answered of this series; none where it is in no chart."""
    if series.identity != Series.Identity.ATTACHED or series.candidate_patient_id is None:
        return []
    return _unanswered(series, differences_today(series))


def of_case(patient: Patient) -> list[Asked]:
    """Also of a patient as they would be stored: what is typed is compared."""
    rows = list(_attached().filter(candidate_patient=patient.pk).select_related("study").order_by("created_at"))
    return _asked([(series, patient) for series in rows])


def by_code(asked: Iterable[Asked]) -> list[tuple[str, list[Asked]]]:
    """Each sentence once, with the series that it is said of."""
    found: dict[str, list[Asked]] = {}
    for one in asked:
        for code in one.codes:
            found.setdefault(code, []).append(one)
    return [(SENTENCES[code], those) for code, those in found.items()]


def of_series(rows: QuerySet[Series]) -> list[Asked]:
    """Among those in a chart: the ones with a question, contradictions first, then the oldest."""
    rows = rows.filter(may_differ(), identity=Series.Identity.ATTACHED)
    rows = rows.select_related("study", "candidate_patient").order_by("created_at")
    return _asked([(series, series.candidate_patient) for series in rows])


def _asked(pairs: list[tuple[Series, Patient]]) -> list[Asked]:
    if not pairs:
        return []
    known = identity.Known(DicomIdentity.of(series) for series, _ in pairs)
    found = [Asked(one, _unanswered(one, differences(one, patient, known))) for one, patient in pairs]
    return sorted((one for one in found if one.codes), key=lambda one: CONTRADICTIONS.isdisjoint(one.codes))


def needs_other(series: Series, codes: Iterable[str], user) -> bool:
    """A contradiction is answered neither by who brought the images in nor by who changed the chart."""
    codes = CONTRADICTIONS.intersection(codes)
    if not codes:
        return False
    brought = series.uploaded_by_id == user.pk or series.upload_items.filter(upload__by=user).exists()
    moved = OTHER_CASE in codes and _moved_the_id(series, user)
    return brought or moved or _changed_the_chart(series.candidate_patient_id, codes, user)


def _moved_the_id(series: Series, user) -> bool:
    """Who gave it to the other case, or took it from this one last."""
    header = DicomIdentity.of(series)
    taken = AuditEvent.objects.filter(patient=series.candidate_patient_id, action="remove_identifier").order_by("-id")
    last = next((event for event in taken if (event.before or {}).get("value") == header.patient_id), None)
    given = PatientIdentifier.objects.filter(issuer=header.issuer, value=header.patient_id, confirmed_by=user)
    return (last is not None and last.by_id == user.pk) or given.exists()


def _changed_the_chart(patient_pk, codes: Iterable[str], user) -> bool:
    """The last to change what one of ``codes`` compares. Which of two changes made the difference nobody can tell."""
    changes = list(AuditEvent.objects.filter(patient=patient_pk, action="update_patient").order_by("-id"))
    last = (next((one for one in changes if not FIELDS[code].isdisjoint(one.after or {})), None) for code in codes)
    return any(one is not None and one.by_id == user.pk for one in last)


def _unanswered(series: Series, found: dict[str, str]) -> list[str]:
    seen = series.header.get(ANSWERED, {})
    return sorted(
        (code for code, value in found.items() if seen.get(code) != value), key=lambda code: code not in CONTRADICTIONS
    )


def _attached() -> QuerySet[Series]:
    return Series.objects.filter(identity=Series.Identity.ATTACHED)


def may_differ() -> Q:
    """Wider than the question, so that the database leaves out nearly all that agrees."""
    own = PatientIdentifier.objects.filter(
        patient=OuterRef("candidate_patient"),
        issuer=OuterRef("study__dicom_issuer"),
        value=OuterRef("study__dicom_patient_id"),
    )
    born = Q(study__dicom_birth_date__isnull=False, candidate_patient__birth_date__isnull=False)
    born &= ~Q(study__dicom_birth_date=F("candidate_patient__birth_date"))
    sex = ~Q(study__dicom_sex="") & ~Q(candidate_patient__sex_for_formulas=Patient.Sex.UNKNOWN)
    sex &= ~Q(study__dicom_sex=F("candidate_patient__sex_for_formulas"))
    is_number = Q(study__dicom_issuer="", study__dicom_patient_id=F("candidate_patient__case_number"))
    return born | sex | ~Q(study__dicom_patient_id="") & ~is_number & ~Exists(own)


def in_words(patient: Patient) -> list[str]:
    """A sentence per code with the number of series, for whoever changes the case."""
    found = by_code(of_case(patient))
    return [f"{len(those)} series of images in this chart: {sentence}" for sentence, those in found]


checks.ASKED_ELSEWHERE.append(in_words)
