"""Reading scans, uptake, readings and imports."""

from imaging.selectors.lesions import (
    LesionOnScan,
    LesionRow,
    lesion_table,
)
from imaging.selectors.measurements import (
    CURRENT,
    FAILED,
    NOT_MEASURED,
    RECOMPUTING,
    REFUSED,
    CurrentMeasurement,
    CurrentSuv,
    current_suv,
    measurements,
    measurements_from,
    measurements_of,
    placed_last,
)
from imaging.selectors.progress import (
    has_failed,
    job_progress,
    latest_job,
    measuring_without_result,
    series_of,
    series_progress,
    upload_progress,
)
from imaging.selectors.scans import (
    is_drawn_on,
    may_be_sstr,
    open_decisions,
    patient_of,
    scan_drawn_on,
    scans,
    signed_reading,
    signed_readings,
)
from imaging.selectors.scores import (
    ScoreProposal,
    krenning_proposals,
)

__all__ = [
    "CURRENT",
    "FAILED",
    "NOT_MEASURED",
    "RECOMPUTING",
    "REFUSED",
    "CurrentMeasurement",
    "CurrentSuv",
    "LesionOnScan",
    "LesionRow",
    "ScoreProposal",
    "current_suv",
    "has_failed",
    "is_drawn_on",
    "job_progress",
    "krenning_proposals",
    "latest_job",
    "lesion_table",
    "may_be_sstr",
    "measurements",
    "measurements_from",
    "measurements_of",
    "measuring_without_result",
    "open_decisions",
    "patient_of",
    "placed_last",
    "scan_drawn_on",
    "scans",
    "series_of",
    "series_progress",
    "signed_reading",
    "signed_readings",
    "upload_progress",
]
