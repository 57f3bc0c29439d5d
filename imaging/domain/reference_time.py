"""When the activity was injected, and which moment the images are decay-corrected to.

Rules: QIBA/RSNA vendor-neutral SUV pseudo-code and the IBSI manual on SUV computation; see docs/vendor-notes.md.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from imaging.domain.errors import Caution, SuvUnavailable, caution
from imaging.domain.suv_inputs import SuvInputs

FIRST_PET_YEAR = 1975  # the first whole ring for people; an earlier date was put there to hide the true one
PLAUSIBLE_UPTAKE = (timedelta(minutes=10), timedelta(hours=6))


@dataclass(frozen=True)
class Timing:
    """``uptake_s``: seconds from injection to the decay reference, one item or one per slice."""

    uptake_s: tuple[float, ...]
    cautions: tuple[Caution, ...]


def to_start(inputs: SuvInputs) -> Timing:
    """Uptake time for images corrected to the start of the scan (DecayCorrection START). Raises SuvUnavailable."""
    reference, cautions = _start(inputs)
    return _since_injection(inputs, (reference,), cautions)


def to_each_slice(inputs: SuvInputs) -> Timing:
    """Uptake time per slice for images without decay correction (DecayCorrection NONE). Raises SuvUnavailable."""
    acquired = inputs.acquired_at.value or ()
    if not acquired or any(moment is None for moment in acquired):
        raise SuvUnavailable("reference_time_missing")
    return _since_injection(inputs, tuple(moment for moment in acquired if moment is not None), [])


def injected_after_scan_s(inputs: SuvInputs) -> float:
    """Seconds from the start of the scan to an injection dated after it; 0 where it is not, or not known to be.

    A time without a date is taken on the day of the scan, unless the day before gives a plausible uptake time.
    """
    try:
        scan, _ = _start(inputs)
        injected, _ = _injected(inputs, scan)
    except SuvUnavailable as refusal:
        clock = inputs.administered_time.value
        if clock is None or refusal.code != "scan_before_injection":
            return 0
        injected = _on_day_of(scan, clock)
    return max(0, _seconds(scan, injected))


def is_plausible_uptake(seconds: float) -> bool:
    return PLAUSIBLE_UPTAKE[0].total_seconds() <= seconds <= PLAUSIBLE_UPTAKE[1].total_seconds()


def _start(inputs: SuvInputs) -> tuple[datetime, list[Caution]]:
    series = inputs.series_at.value
    acquired = [moment for moment in inputs.acquired_at.value or () if moment is not None]
    first = _earliest(acquired)
    vendor = inputs.ge_decay_reference_at.value
    cautions: list[Caution] = []
    if vendor is not None:
        anchor = first or series
        if anchor is None or abs(_seconds(anchor, vendor)) <= 12 * 3600:
            return vendor, [caution("reference_time_from_ge_private")]
        cautions.append(caution("ge_private_time_ignored"))
    if series is None and first is None:
        raise SuvUnavailable("reference_time_missing")
    if series is None or first is None:
        return series or first, cautions  # type: ignore[return-value]
    lead = _seconds(series, first)
    if lead < 0:
        return first, [*cautions, caution("reference_time_from_acquisition")]
    if lead > 1800:
        cautions.append(caution("series_time_early", minutes=round(lead / 60)))
    return series, cautions


def _since_injection(inputs: SuvInputs, references: tuple[datetime, ...], cautions: list[Caution]) -> Timing:
    earliest = _earliest(references)
    assert earliest is not None
    injected, how = _injected(inputs, earliest)
    if _is_mixed((injected, *references)):
        cautions = [*cautions, caution("time_zone_partly_known")]
    uptake = tuple(_seconds(injected, reference) for reference in references)
    if min(uptake) < 0:
        raise SuvUnavailable("scan_before_injection", scan=_shown(earliest), injection=_shown(injected))
    if earliest.year < FIRST_PET_YEAR:
        cautions = [*cautions, caution("dates_deidentified", year=earliest.year)]
    return Timing(uptake, (*cautions, *how))


def _injected(inputs: SuvInputs, scan: datetime) -> tuple[datetime, list[Caution]]:
    if inputs.administered_at.value is not None:
        return inputs.administered_at.value, []
    clock = inputs.administered_time.value
    if clock is None:
        raise SuvUnavailable("administration_time_missing")
    same_day = _on_day_of(scan, clock)
    if _seconds(same_day, scan) >= 0:
        return same_day, [caution("injection_day_assumed")]
    day_before = same_day - timedelta(days=1)
    if is_plausible_uptake(_seconds(day_before, scan)):
        return day_before, [caution("injection_before_midnight")]
    raise SuvUnavailable("scan_before_injection", scan=_shown(scan), injection=_shown(same_day))


def _on_day_of(scan: datetime, clock: time) -> datetime:
    return datetime.combine(scan.date(), clock, tzinfo=clock.tzinfo or scan.tzinfo)


def _seconds(start: datetime, end: datetime) -> float:
    """Seconds from start to end; if only one of them knows its offset, both are taken as local time."""
    if _is_mixed((start, end)):
        start, end = start.replace(tzinfo=None), end.replace(tzinfo=None)
    return (end - start).total_seconds()


def _is_mixed(moments: tuple[datetime, ...]) -> bool:
    return len({moment.tzinfo is None for moment in moments}) > 1


def _earliest(moments: list[datetime] | tuple[datetime, ...]) -> datetime | None:
    if not moments:
        return None
    mixed = _is_mixed(tuple(moments))
    return min(moments, key=lambda m: m.replace(tzinfo=None) if mixed else m)


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
