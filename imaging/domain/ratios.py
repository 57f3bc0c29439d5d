"""Tumour-to-organ ratios in any one unit of one scan, and SUL beside SUVbw.

A ratio needs no weight, dose or time: numerator and denominator share them, so it stays when SUV is withheld.
SUL is SUVbw times lean mass over weight (Janmahasatian S et al., Clin Pharmacokinet 2005;44:1051).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from imaging.domain.errors import MeasurementRefused
from imaging.domain.lesion_uptake import LesionUptake, Measure, Quantity
from imaging.domain.suv import SuvFactors, SuvKind
from imaging.domain.vocabulary import SUV_UNITS

RATIO_UNIT = "{ratio}"


@dataclass(frozen=True)
class Reference:
    """Mean uptake of a reference organ (liver, spleen, blood_pool) in ``unit``; ``mean`` None where not measured.

    ``refused``: why the region may not be used, in words; empty if it may.
    """

    organ: str
    scan: str
    unit: str
    mean: float | None
    refused: str = ""


def ratio(lesion: LesionUptake, reference: Reference) -> Quantity:
    """Lesion peak (else maximum) over the reference mean. Raises ``MeasurementRefused``."""
    check_one_scan((lesion.unit, reference.unit), (lesion.scan, reference.scan))
    if reference.mean is None or not isfinite(reference.mean) or reference.mean <= 0:
        raise MeasurementRefused("reference_mean_missing", organ=reference.organ)
    if reference.refused:
        raise MeasurementRefused("reference_not_usable", organ=reference.organ, found=reference.refused)
    measure = lesion.best_measure
    uptake = None if measure is None else lesion.by(measure)
    if measure is None or uptake is None:
        raise MeasurementRefused("no_uptake_measured")
    found = uptake / reference.mean
    return Quantity(
        found, found, RATIO_UNIT, f"{named(measure, lesion.unit)} / {reference.organ} mean", (lesion.label,)
    )


def check_one_scan(units: tuple[str, ...], scans: tuple[str, ...]) -> None:
    """Raises ``MeasurementRefused`` for values of several units, several scans, or without a unit."""
    if len(set(units)) > 1 or "" in units:
        raise MeasurementRefused("units_mixed", found=", ".join(sorted({unit or "(none)" for unit in units})))
    if len(set(scans)) > 1:
        raise MeasurementRefused("scans_mixed")


def named(measure: Measure, unit: str) -> str:
    """SUVpeak or SUVmax; what is not in SUV is never called so."""
    return measure.value if is_suv(unit) else measure.value.removeprefix("SUV")


def is_suv(unit: str) -> bool:
    return unit in SUV_UNITS.values()


def sul_per_suvbw(factors: SuvFactors) -> float:
    """SUL (Janmahasatian) per SUVbw of this series. Raises ``SuvUnavailable`` where lean mass is not known."""
    share = lean_share(factors.by_kind[SuvKind.LBM_JANMAHASATIAN], factors.by_kind[SuvKind.BW])
    if share is None:
        raise factors.absent[SuvKind.LBM_JANMAHASATIAN]
    return share


def lean_share(lean: Sequence[float] | float | None, body: Sequence[float] | float | None) -> float | None:
    """Lean over total body mass from the SUV factors of both, each one number or one per slice; None without either."""
    if not lean or not body:
        return None
    return (lean[0] if isinstance(lean, Sequence) else lean) / (body[0] if isinstance(body, Sequence) else body)


def in_sul(suv_bw: float, unit: str, share: float) -> tuple[float, str]:
    """The value as SUL at this lean share of the body's mass, with its unit.

    Raises ``MeasurementRefused`` for a unit other than SUVbw.
    """
    if unit != SUV_UNITS["bw"]:
        raise MeasurementRefused("sul_needs_suvbw", found=unit)
    return suv_bw * share, SUV_UNITS["lbm_janmahasatian"]
