"""Numbers per scan, ``burden/1.0``: how much of the disease is above liver, its coldest and hottest lesion, its volume.

Every number is a ``Quantity``: two ends that are equal when it is known, apart when a lesion's relation, volume or
uptake is not known or when lesions without uptake were not looked for. A number that cannot be given is a named
refusal in ``absent``. Names: SSTR tumour volume and total lesion SSTR expression, never the words for FDG.
Small lesions are left out of fractions and of the coldest lesion by partial volume (clinical sheet 1.4).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from imaging.domain.burden_sums import Item, Overlap, overlap, share_above
from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.lesion_places import SMALLEST_ASSESSABLE_ML, SMALLEST_ASSESSABLE_MM
from imaging.domain.lesion_uptake import Completeness, LesionUptake, Measure, Quantity
from imaging.domain.ratios import RATIO_UNIT, Reference, check_one_scan, is_suv, named, ratio

METHOD_VERSION = "burden/1.0"

PARAMETERS: Mapping[str, float] = {
    "smallest_assessable_mm": SMALLEST_ASSESSABLE_MM,
    "smallest_assessable_ml": SMALLEST_ASSESSABLE_ML,
}

Key = TypeVar("Key")
Lesions = Sequence[LesionUptake]


@dataclass(frozen=True)
class Burden:
    """``numbers`` and ``absent`` by name; ``ratios`` and ``ratios_absent`` by (label, organ)."""

    numbers: Mapping[str, Quantity]
    absent: Mapping[str, MeasurementRefused]
    ratios: Mapping[tuple[str, str], Quantity]
    ratios_absent: Mapping[tuple[str, str], MeasurementRefused]
    parameters: Mapping[str, float] = field(default_factory=lambda: dict(PARAMETERS))
    method_version: str = METHOD_VERSION


def burden(lesions: Lesions, references: Sequence[Reference] = (), *, completeness: Completeness) -> Burden:
    """All numbers of one scan, in any one unit; SUV is needed for total lesion SSTR expression only.

    Raises ``MeasurementRefused`` for values of several units or scans, and for two lesions of one name.
    """
    ordered = sorted(lesions, key=lambda lesion: lesion.label)
    _check(ordered, references)
    is_complete = completeness is not Completeness.NOT_ASSESSED
    shared = overlap(ordered)
    numbers, absent = _each(
        {
            "fraction_above_liver_by_count": lambda: _fraction_by_count(ordered, is_complete),
            "fraction_above_liver_by_volume": lambda: _fraction_by_volume(ordered, is_complete, shared),
            "coldest_assessable_lesion": lambda: _coldest(ordered, is_complete),
            "hottest_lesion": lambda: _hottest(ordered),
            "sstr_tumour_volume": lambda: _tumour_volume(ordered, shared),
            "total_lesion_sstr_expression": lambda: _total_expression(ordered, shared),
        }
    )
    pairs = [(lesion, reference) for lesion in ordered for reference in references]
    ratios, ratios_absent = _each({(lesion.label, ref.organ): _ratio_maker(lesion, ref) for lesion, ref in pairs})
    return Burden(numbers, absent, ratios, ratios_absent)


def _check(lesions: Lesions, references: Sequence[Reference]) -> None:
    units = [lesion.unit for lesion in lesions] + [reference.unit for reference in references]
    scans = [lesion.scan for lesion in lesions] + [reference.scan for reference in references]
    if units:
        check_one_scan(tuple(units), tuple(scans))
    for one, other in pairwise(lesions):
        if one.label == other.label:
            raise MeasurementRefused("lesion_name_repeated", found=one.label)


def _each(makers: Mapping[Key, Callable[[], Quantity]]) -> tuple[dict[Key, Quantity], dict[Key, MeasurementRefused]]:
    found: dict[Key, Quantity] = {}
    absent: dict[Key, MeasurementRefused] = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except MeasurementRefused as refusal:
            absent[name] = refusal
    return found, absent


def _ratio_maker(lesion: LesionUptake, reference: Reference) -> Callable[[], Quantity]:
    return lambda: ratio(lesion, reference)


def _fraction_by_count(lesions: Lesions, is_complete: bool) -> Quantity:
    method = "assessable lesions above liver / all assessable"
    return _fraction(lesions, lambda _: 1.0, method=method, is_complete=is_complete)


def _fraction_by_volume(lesions: Lesions, is_complete: bool, shared: Overlap) -> Quantity:
    if len(methods := _methods(_assessable(lesions))) > 1:
        raise MeasurementRefused("volume_methods_differ", found=", ".join(methods))
    if shared.total_ml > 0:
        raise MeasurementRefused("regions_overlap", found=f"{shared.total_ml:.1f}")
    method = f"volume of assessable lesions above liver / of all assessable ({', '.join(methods) or 'no volume'})"
    cautions = _overlap_cautions(shared)
    return _fraction(
        lesions, lambda lesion: lesion.volume_ml, method=method, is_complete=is_complete, cautions=cautions
    )


def _fraction(
    lesions: Lesions,
    weight: Callable[[LesionUptake], float | None],
    *,
    method: str,
    is_complete: bool,
    cautions: tuple[Caution, ...] = (),
) -> Quantity:
    """Lesions without uptake that nobody looked for can only lower it: then the lower end is 0."""
    group = _assessable(lesions)
    items = [Item(lesion.is_above, lesion.is_assessable is True, weight(lesion)) for lesion in group]
    low, high = share_above(items)
    labels = tuple(lesion.label for lesion in group)
    unknown = tuple(
        label
        for label, item in zip(labels, items, strict=True)
        if item.is_above is None or not item.is_sure or item.weight is None
    )
    if small := [lesion.label for lesion in lesions if lesion.label not in labels]:
        cautions += (caution("small_lesions_left_out", labels=", ".join(small)),)
    if not is_complete:
        low, cautions = 0.0, (*cautions, caution("lesions_not_complete"))
    return Quantity(low, high, RATIO_UNIT, method, labels, unknown, cautions)


def _coldest(lesions: Lesions, is_complete: bool) -> Quantity:
    """Unknown uptake, unknown size or an unfinished search can only make it colder: the lower end opens."""
    group = _assessable(lesions)
    measure = _common_measure(group)
    sure = {lesion.label: lesion.by(measure) for lesion in group if lesion.is_assessable}
    known = {label: value for label, value in sure.items() if value is not None}
    if not known:
        raise MeasurementRefused("no_uptake_measured")
    high = min(known.values())
    maybe = {lesion.label: lesion.by(measure) for lesion in group if not lesion.is_assessable}
    colder = {label: value for label, value in maybe.items() if value is None or value < high}
    unknown = tuple(sorted([*(label for label, value in sure.items() if value is None), *colder]))
    low = min([high, *(0.0 if value is None else value for value in colder.values())])
    if not is_complete or len(known) < len(sure):
        low = 0.0
    cautions = () if is_complete else (caution("lesions_not_complete"),)
    coldest = tuple(label for label, value in known.items() if value == high)
    return Quantity(low, high, _unit(lesions), f"lowest {named(measure, _unit(lesions))}", coldest, unknown, cautions)


def _hottest(lesions: Lesions) -> Quantity:
    """Over all lesions: partial volume only lowers a value. A lesion read as without uptake cannot be the hottest."""
    group = [lesion for lesion in _some(lesions) if not lesion.has_no_uptake]
    measure = _common_measure(group)
    known = {lesion.label: value for lesion in group if (value := lesion.by(measure)) is not None}
    if not known:
        raise MeasurementRefused("no_uptake_measured")
    low = max(known.values())
    unknown = tuple(lesion.label for lesion in group if lesion.label not in known)
    hottest = tuple(label for label, value in known.items() if value == low)
    return Quantity(
        low, None if unknown else low, _unit(lesions), f"highest {named(measure, _unit(lesions))}", hottest, unknown
    )


def _tumour_volume(lesions: Lesions, shared: Overlap) -> Quantity:
    """Sum of volumes, each voxel once. A lesion read as without uptake has no SSTR volume."""
    group = [lesion for lesion in _some(lesions) if not lesion.has_no_uptake]
    known = [lesion for lesion in group if lesion.volume_ml is not None]
    unknown = tuple(lesion.label for lesion in group if lesion.volume_ml is None)
    low = max(0.0, sum(lesion.volume_ml or 0.0 for lesion in known) - shared.total_ml)
    cautions = (*_overlap_cautions(shared), *_method_cautions(known))
    method = f"sum of volumes, each voxel once ({', '.join(_methods(known)) or 'no volume'})"
    labels = tuple(lesion.label for lesion in known)
    return Quantity(low, None if unknown else low, "ml", method, labels, unknown, cautions)


def _total_expression(lesions: Lesions, shared: Overlap) -> Quantity:
    """Sum of mean x volume. Shared voxels count once: what they add is between nothing and their lesion's maximum."""
    group = [lesion for lesion in _some(lesions) if not lesion.has_no_uptake]
    if not is_suv(unit := _unit(lesions)):
        raise MeasurementRefused("expression_needs_suv", found=unit)
    total, twice, unknown = 0.0, 0.0, []
    for lesion in group:
        if lesion.mean is None or lesion.volume_ml is None:
            unknown.append(lesion.label)
            continue
        whole = lesion.mean * lesion.volume_ml
        total += whole
        most = whole if lesion.maximum is None else shared.twice_ml.get(lesion.label, 0.0) * lesion.maximum
        twice += min(whole, most) if lesion.label in shared.twice_ml else 0.0
    labels = tuple(lesion.label for lesion in group if lesion.label not in unknown)
    known = [lesion for lesion in group if lesion.label in labels]
    cautions = (*_overlap_cautions(shared), *_method_cautions(known))
    method = f"sum of SUVmean x volume ({', '.join(_methods(known)) or 'no volume'})"
    high = None if unknown else total
    return Quantity(total - twice, high, f"ml.{unit}", method, labels, tuple(unknown), cautions)


def _some(lesions: Lesions) -> Lesions:
    if not lesions:
        raise MeasurementRefused("no_lesions")
    return lesions


def _assessable(lesions: Lesions) -> Lesions:
    """Lesions that count or may count. Raises ``MeasurementRefused`` if none surely does."""
    if not any(lesion.is_assessable for lesion in _some(lesions)):
        raise MeasurementRefused("no_assessable_lesion")
    return [lesion for lesion in lesions if lesion.is_assessable is not False]


def _common_measure(lesions: Lesions) -> Measure:
    """Peak where every measured lesion has one, else the maximum: never one lesion's peak against another's maximum."""
    measured = [lesion for lesion in lesions if lesion.best_measure is not None]
    return Measure.PEAK if measured and all(lesion.peak is not None for lesion in measured) else Measure.MAX


def _unit(lesions: Lesions) -> str:
    return lesions[0].unit


def _methods(lesions: Lesions) -> list[str]:
    return sorted({lesion.volume_method or "method not stated" for lesion in lesions if lesion.volume_ml is not None})


def _method_cautions(lesions: Lesions) -> tuple[Caution, ...]:
    methods = _methods(lesions)
    return (caution("volume_methods_mixed", found=", ".join(methods)),) if len(methods) > 1 else ()


def _overlap_cautions(shared: Overlap) -> tuple[Caution, ...]:
    if not shared.is_checked:
        return (caution("overlap_not_checked"),)
    return (caution("regions_overlap_once", ml=f"{shared.total_ml:.1f}"),) if shared.total_ml > 0 else ()
