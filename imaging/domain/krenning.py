"""Krenning score proposed from SUV, KRENNING-PET/1.0: a suggestion beside the reader's score, never instead of it.

Scales: KR-ORIG (Kwekkeboom and Krenning, Semin Nucl Med 2002;32:84: 1 below, 2 equal to, 3 above liver, 4 above
spleen) and KR-MOD (1 up to blood pool, 2 up to liver, 3 above liver, 4 above spleen). The band around the reference
of 10 % is a local convention; comparisons are in decimal arithmetic and never rounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from imaging.domain.errors import MeasurementRefused

METHOD_VERSION = "KRENNING-PET/1.0"
DEFAULT_TOLERANCE = Decimal("0.10")
OTHER_TOLERANCES = (Decimal("0"), Decimal("0.10"), Decimal("0.20"), Decimal("0.30"))
SCALES = ("KR-ORIG", "KR-MOD")

_RELATIONS = {
    "KR-ORIG": {0: {"none"}, 1: {"below"}, 2: {"equal"}, 3: {"above"}, 4: {"above"}},
    "KR-MOD": {0: {"none"}, 1: {"below"}, 2: {"below", "equal"}, 3: {"above"}, 4: {"above"}},
}


@dataclass(frozen=True)
class KrenningProposal:
    """``relation`` to liver: none, below, equal or above. The score is a range where a reference is missing.

    ``by_tolerance``: relation at each tolerance tried; ``is_borderline``: they do not all agree.
    """

    relation: str
    score_low: int
    score_high: int
    text: str
    is_borderline: bool
    by_tolerance: Mapping[str, str]
    scale: str
    method_version: str
    inputs: Mapping[str, str | None]


def exact(value: float) -> Decimal:
    """A measured float as the decimal number it is written as."""
    return Decimal(repr(float(value)))


def propose(
    lesion: Decimal | None,
    liver: Decimal | None,
    spleen: Decimal | None = None,
    blood_pool: Decimal | None = None,
    *,
    visible: bool = True,
    tolerance: Decimal = DEFAULT_TOLERANCE,
    scale: str = "KR-ORIG",
    same_scan: bool = True,
    same_unit: bool = True,
    is_in_liver: bool = False,
    is_liver_usable: bool = True,
    liver_sd: Decimal | None = None,
) -> KrenningProposal:
    """Propose a score for one lesion from its SUV (peak, else max) and the SUVmeans of the reference organs.

    ``liver_sd`` given: the band is liver +/- 2 SD instead of the tolerance. ``visible=False`` (the reader sees no
    uptake) is score 0 whatever the numbers. Raises ``MeasurementRefused``.
    """
    _check(scale, tolerance, same_scan, same_unit, (lesion, liver, spleen, blood_pool, liver_sd))
    inputs = {
        "lesion": _shown(lesion),
        "liver": _shown(liver),
        "spleen": _shown(spleen),
        "blood_pool": _shown(blood_pool),
        "tolerance": str(tolerance),
        "liver_sd": _shown(liver_sd),
    }
    if not visible:
        return KrenningProposal("none", 0, 0, "0", False, {}, scale, METHOD_VERSION, inputs)
    if lesion is None:
        raise MeasurementRefused("lesion_uptake_missing")
    if liver is None or not is_liver_usable:
        raise MeasurementRefused("liver_reference_unusable" if is_in_liver else "liver_reference_missing")
    relation = _relation(lesion, liver, tolerance, liver_sd)
    tried = {t: _relation(lesion, liver, t, None) for t in sorted({*OTHER_TOLERANCES, tolerance})}
    low, high = _score(relation, lesion, (spleen, blood_pool), tolerance, scale)
    return KrenningProposal(
        relation=relation,
        score_low=low,
        score_high=high,
        text=_text(low, high),
        is_borderline=len({relation, *tried.values()}) > 1,
        by_tolerance={str(t): r for t, r in tried.items()},
        scale=scale,
        method_version=METHOD_VERSION,
        inputs=inputs,
    )


def relation_at(ratio: Decimal, tolerance: Decimal) -> str:
    """Relation to liver (below, equal, above) of a lesion at ``ratio`` x liver; the edges of the band are equal."""
    return _relation(ratio, Decimal(1), tolerance, None)


def relations_for(scale: str, score_low: int | None, score_high: int | None) -> frozenset[str]:
    """Relations to liver that a reader's score leaves open; ``None`` is an open end. Raises ``MeasurementRefused``."""
    if scale not in _RELATIONS:
        raise MeasurementRefused("krenning_scale_unknown", found=scale)
    low, high = score_low if score_low is not None else 0, score_high if score_high is not None else 4
    return frozenset().union(*(r for score, r in _RELATIONS[scale].items() if low <= score <= high))


def _check(
    scale: str, tolerance: Decimal, same_scan: bool, same_unit: bool, values: tuple[Decimal | None, ...]
) -> None:
    if scale not in SCALES:
        raise MeasurementRefused("krenning_scale_unknown", found=scale)
    if any(isinstance(value, float) for value in (*values, tolerance)):
        raise TypeError("Krenning scores are compared in Decimal; use exact() on measured floats")
    if not tolerance.is_finite() or not 0 <= tolerance < 1:
        raise MeasurementRefused("tolerance_invalid", found=tolerance)
    if not same_scan:
        raise MeasurementRefused("references_from_another_scan")
    if not same_unit:
        raise MeasurementRefused("uptake_units_differ")
    if any(value is not None and (not value.is_finite() or value < 0) for value in values):
        raise MeasurementRefused("uptake_not_finite")


def _relation(lesion: Decimal, liver: Decimal, tolerance: Decimal, liver_sd: Decimal | None) -> str:
    half_band = 2 * liver_sd if liver_sd is not None else liver * tolerance
    if lesion < liver - half_band:
        return "below"
    return "above" if lesion > liver + half_band else "equal"


def _score(
    relation: str, lesion: Decimal, references: tuple[Decimal | None, Decimal | None], tolerance: Decimal, scale: str
) -> tuple[int, int]:
    spleen, blood_pool = references
    if relation == "equal":
        return 2, 2
    if relation == "above":
        if spleen is None:
            return 3, 4
        return (4, 4) if lesion > spleen * (1 + tolerance) else (3, 3)
    if scale == "KR-ORIG":
        return 1, 1
    if blood_pool is None:
        return 1, 2
    return (1, 1) if lesion <= blood_pool * (1 + tolerance) else (2, 2)


def _text(low: int, high: int) -> str:
    if low == high:
        return str(low)
    return "3 or more" if high == 4 else f"{low} or {high}"


def _shown(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
