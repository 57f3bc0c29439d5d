"""The score computed for each lesion of a scan, beside the reader's."""

from dataclasses import dataclass
from decimal import Decimal

from imaging.domain import krenning
from imaging.domain.errors import MeasurementRefused
from imaging.domain.krenning import KrenningProposal
from imaging.models import Lesion, Scan, UptakeMeasurement, Voi
from imaging.selectors.measurements import CURRENT, REFUSED, CurrentMeasurement, measurements, placed_last
from imaging.selectors.scans import may_be_sstr


@dataclass(frozen=True)
class ScoreProposal:
    """Computed beside the reader's score, never in its place. ``proposal`` is None where it was refused."""

    lesion: Lesion
    proposal: KrenningProposal | None = None
    code: str = ""
    message: str = ""
    is_provisional: bool = False


def krenning_proposals(
    scan: Scan, *, scale: str | None = None, measured: list[CurrentMeasurement] | None = None
) -> list[ScoreProposal]:
    """The computed score of each lesion with a region, from SUVpeak against the reference organs' SUVmean.

    None for a tracer that is known to be another than SSTR: Krenning is a scale of SSTR uptake.
    """
    from django.conf import settings

    if not may_be_sstr(scan):
        return []
    measured = measurements(scan) if measured is None else measured
    means = {role: _reference_mean(measured, role) for role in ("liver", "spleen", "blood_pool")}
    hottest: dict = {}
    for item in measured:
        if item.voi.role == Voi.Role.LESION:
            hottest.setdefault(item.voi.lesion, []).append(item)
    return [_propose(lesion, items, means, scale or settings.KRENNING_SCALE) for lesion, items in hottest.items()]


def _propose(lesion: Lesion, items: list[CurrentMeasurement], means: dict, scale: str) -> ScoreProposal:
    is_provisional = any(item.is_provisional for item in items)
    if refused := next((item.measurement for item in items if item.state == REFUSED), None):
        return ScoreProposal(lesion, None, refused.refusal_code, refused.refusal_message, is_provisional)
    try:
        proposed = krenning.propose(
            _hottest_peak(items),
            means["liver"],
            means["spleen"],
            means["blood_pool"],
            scale=scale,
            is_in_liver=lesion.organ.casefold() == "liver",
        )
    except MeasurementRefused as refusal:
        return ScoreProposal(lesion, None, refusal.code, refusal.message, is_provisional)
    return ScoreProposal(lesion, proposed, is_provisional=is_provisional)


def _hottest_peak(items: list[CurrentMeasurement]) -> Decimal | None:
    """A lesion marked by several regions counts by its hottest; none while one of them is not measured."""
    if any(item.state != CURRENT for item in items):
        return None
    values = [_peak_or_max(item.measurement) for item in items]
    return krenning.exact(max(values)) if values else None


def _peak_or_max(row: UptakeMeasurement) -> float:
    return row.suv_max if row.suv_peak_local is None else row.suv_peak_local


def _reference_mean(measured: list[CurrentMeasurement], role: str) -> Decimal | None:
    newest = placed_last(measured, role)
    if newest is None or any(item.state != CURRENT for item in measured if item.voi.role == role):
        return None
    return krenning.exact(newest.measurement.suv_mean)
