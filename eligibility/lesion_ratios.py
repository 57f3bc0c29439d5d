"""The measured ratio to liver beside each lesion's signed relation: how near an edge it lies. No rule reads it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from eligibility.domain.facts import RATIO_REASONS, LesionFact
from imaging.domain.krenning import DEFAULT_TOLERANCE
from imaging.models import Lesion, Scan
from imaging.selectors import CurrentMeasurement, ScoreProposal, krenning_proposals


def with_ratios(
    lesions: tuple[LesionFact, ...],
    scan: Scan,
    measured: Sequence[CurrentMeasurement],
    is_illustrative: Callable[[Lesion], bool],
) -> tuple[LesionFact, ...]:
    """On a scan marked illustrative the liver was drawn, and with it every ratio: not one of them is a measurement."""
    compared = {str(p.lesion.lineage): p for p in krenning_proposals(scan, measured=list(measured))}

    def is_drawn(lesion: Lesion) -> bool:
        return scan.is_illustrative or is_illustrative(lesion)

    return tuple(_with_ratio(lesion, compared, is_drawn) for lesion in lesions)


def _with_ratio(
    lesion: LesionFact, compared: dict[str, ScoreProposal], is_illustrative: Callable[[Lesion], bool]
) -> LesionFact:
    found = compared.get(lesion.source.id) if lesion.source else None
    ratio, reason = _ratio(lesion, found, is_illustrative)
    return replace(lesion, ratio=ratio, ratio_reason=reason, tolerance=None if ratio is None else DEFAULT_TOLERANCE)


def _ratio(
    lesion: LesionFact, compared: ScoreProposal | None, is_illustrative: Callable[[Lesion], bool]
) -> tuple[Decimal | None, str]:
    """The ratio that the Krenning proposal compared, or a key of RATIO_REASONS."""
    if lesion.uptake in RATIO_REASONS:
        return None, lesion.uptake
    if compared is None:
        return None, "not_measured"
    if is_illustrative(compared.lesion):
        return None, "illustrative"
    inputs = compared.proposal.inputs if compared.proposal else {}
    over, under = inputs.get("lesion"), inputs.get("liver")
    if over is None or under is None or not Decimal(under):
        return None, "refused"
    return Decimal(over) / Decimal(under), ""
