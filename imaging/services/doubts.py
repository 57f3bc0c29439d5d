"""Reasons to keep a series out of every chart until a person has looked. They stay with the series until then.

Only one reason is told at a time. The others stand in the header of the series' row: a contradiction to one case that
is told first, or late slices, lift none of them.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from imaging import identity
from imaging.models import Series, Study

IMAGES = ("PT", "CT")
KEPT = "held_for"
ONLY_A_PERSON_LIFTS = identity.TO_BE_LOOKED_AT | {
    "series_uid_shared",
    "study_of_two_patients",
    "identity_unreadable",
    "identity_taken_back",
    "identity_taken_up",
}


def of_series(series: Series, told: str = "") -> list[str]:
    """All that stands against it now; ``told``: what its files say today."""
    found = [*kept(series), series.identity_reason, told, *_in_rows(series)]
    return [code for code in dict.fromkeys(found) if code in ONLY_A_PERSON_LIFTS]


def kept(series: Series) -> list[str]:
    return series.header.get(KEPT, [])


def keep(series: Series, codes: list[str]) -> None:
    """Noted on the row, not saved yet; none after a person has decided."""
    series.header = with_kept(series.header, codes)


def with_kept(header: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    rest = {name: value for name, value in header.items() if name != KEPT}
    return rest | ({KEPT: codes} if codes else {})


def foremost(objection: str, standing: list[str]) -> str:
    """What is told of a case's objection and of what stands against the series for any case: a contradiction first,
    and last what is only missing."""
    order = [*standing, objection] if objection in identity.MISSING else [objection, *standing]
    order = [code for code in order if code]
    return next((code for code in order if code in identity.CONTRADICTIONS), order[0] if order else "")


def _in_rows(series: Series) -> list[str]:
    """What is seen from the rows that are here."""
    return [code for code, is_so in OF_ROWS if is_so(series)]


def _is_uid_shared(series: Series) -> bool:
    return Series.objects.filter(series_uid=series.series_uid).exclude(study=series.study).exists()


def _has_other_patient(series: Series) -> bool:
    """The same study is here under another patient ID; one without any says nothing."""
    study = series.study
    others = Study.objects.filter(study_uid=study.study_uid).exclude(dicom_patient_id="")
    own = {"dicom_patient_id": study.dicom_patient_id, "dicom_issuer": study.dicom_issuer}
    return bool(study.dicom_patient_id) and others.exclude(**own).exists()


def _is_to_come(series: Series) -> bool:
    """Of images: an outline is dated by whoever drew it."""
    tomorrow = timezone.localdate() + timedelta(days=1)  # the scanner's clock may be ahead of ours
    return series.modality in IMAGES and series.series_date is not None and series.series_date > tomorrow


OF_ROWS = (
    ("series_uid_shared", _is_uid_shared),
    ("study_of_two_patients", _has_other_patient),
    ("scan_in_future", _is_to_come),
)
