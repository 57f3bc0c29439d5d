"""Which SSTR scan an FDG scan is read with, ``fdg-pairing/1.0``, and what speaks against the pair.

The nearest in days; 31 days is the limit of the first dual-tracer grading (Chan DLH et al., Theranostics
2017;7:1149), others use two months: the limit is stored. After chemotherapy an FDG scan from before it does not count
(clinical sheet 5.2). Dates known to the month or year are spans, and what follows from them may stay open.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from imaging.domain.errors import Caution, MeasurementRefused, caution

METHOD_VERSION = "fdg-pairing/1.0"
DEFAULT_LIMIT_DAYS = 31


@dataclass(frozen=True)
class DatedScan:
    scan: str
    on: dt.date


@dataclass(frozen=True)
class TreatmentStart:
    """A treatment line that began between ``earliest`` and ``latest`` (equal for a known day)."""

    name: str
    earliest: dt.date
    latest: dt.date
    is_chemotherapy: bool


@dataclass(frozen=True)
class Pairing:
    """``days`` from FDG to SSTR, negative if the SSTR scan came first; ``counts``: None where a date leaves it open.

    ``candidates``: the scans that are equally near; more than one is a tie for a person to decide.
    """

    fdg: DatedScan
    candidates: tuple[DatedScan, ...]
    counts: bool | None
    cautions: tuple[Caution, ...]
    limit_days: int = DEFAULT_LIMIT_DAYS
    method_version: str = METHOD_VERSION

    @property
    def sstr(self) -> DatedScan:
        """The one nearest scan. Raises ``MeasurementRefused`` on a tie."""
        if len(self.candidates) > 1:
            raise MeasurementRefused("fdg_pairing_tied", found=" and ".join(c.on.isoformat() for c in self.candidates))
        return self.candidates[0]

    @property
    def days(self) -> int:
        """Absolute on a tie, where both candidates are as far."""
        apart = [(c.on - self.fdg.on).days for c in self.candidates]
        return apart[0] if len(set(apart)) == 1 else abs(apart[0])

    @property
    def is_within(self) -> bool:
        return abs(self.days) <= self.limit_days


def pair(
    fdg: DatedScan,
    sstr: Sequence[DatedScan],
    treatments: Sequence[TreatmentStart] = (),
    *,
    as_of: dt.date,
    limit_days: int = DEFAULT_LIMIT_DAYS,
) -> Pairing:
    """The nearest SSTR scan. ``as_of``: the day the pair is used on; chemotherapy begun before it and after the FDG
    scan makes that scan one from before chemotherapy. Of two equally near scans the one on the FDG scan's side of
    every treatment start is taken.

    Raises ``MeasurementRefused`` if there is no SSTR scan.
    """
    if not sstr:
        raise MeasurementRefused("sstr_scan_missing")
    nearest = min(abs((s.on - fdg.on).days) for s in sstr)
    candidates = sorted((s for s in sstr if abs((s.on - fdg.on).days) == nearest), key=lambda s: (s.on, s.scan))
    undisturbed = [s for s in candidates if not any(_between(t, fdg.on, s.on) is not False for t in treatments)]
    chosen = tuple(undisturbed if undisturbed else candidates)
    found = Pairing(fdg, chosen, True, (), limit_days)
    last = max(as_of, *(c.on for c in chosen))
    outdated = [(t, _between(t, fdg.on, last)) for t in treatments if t.is_chemotherapy]
    between = [t for t in treatments if any(_between(t, fdg.on, c.on) is not False for c in chosen)]
    counts = _counts(found, [began for _, began in outdated])
    return Pairing(fdg, chosen, counts, tuple(_cautions(found, outdated, between)), limit_days)


def _between(treatment: TreatmentStart, one: dt.date, other: dt.date) -> bool | None:
    """Did it begin after the earlier scan and before the later? The day of the earlier scan counts as after it."""
    first, last = min(one, other), max(one, other)
    if treatment.latest < first or treatment.earliest > last or first == last:
        return False
    return True if first <= treatment.earliest and treatment.latest < last else None


def _counts(found: Pairing, outdated: Sequence[bool | None]) -> bool | None:
    if not found.is_within or any(began is True for began in outdated):
        return False
    is_open = len(found.candidates) > 1 or any(began is None for began in outdated)
    return None if is_open else True


def _cautions(
    found: Pairing, outdated: Sequence[tuple[TreatmentStart, bool | None]], between: Sequence[TreatmentStart]
) -> list[Caution]:
    said = []
    if not found.is_within:
        said.append(caution("fdg_pairing_far", days=abs(found.days), limit=found.limit_days))
    if len(found.candidates) > 1:
        said.append(caution("fdg_pairing_tie", days=abs(found.days)))
    said += [caution("fdg_before_chemotherapy", treatment=t.name) for t, began in outdated if began is True]
    said += [caution("fdg_maybe_before_chemotherapy", treatment=t.name) for t, began in outdated if began is None]
    told = {t for t, began in outdated if began is not False}
    said += [caution("treatment_between_tracers", treatment=t.name) for t in between if t not in told]
    return said
