"""The criteria A to G of TA-SSTR-UP/1.0 (clinical.md 4.2, D), each true, false or unknown with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from eligibility.domain.change_inputs import LesionPair, Status, has_risen
from eligibility.domain.check_types import Check, Missing, Pair, State, percent
from eligibility.domain.confounders_scan import sizes_missing
from eligibility.domain.lesions import SMALLEST_ASSESSABLE_MM
from eligibility.domain.three import Truth, all_of, any_of, negated

LEAST_CYCLES = 2
RATIO_RISE = Decimal("0.30")
ENLARGED = Decimal("0.20")
INJECTION = "ssa_injection"
GRADES = frozenset({"G2", "G3"})
EPIGENETIC = frozenset(
    {
        "azacitidine", "decitabine", "astx727", "decitabine/cedazuridine", "guadecitabine", "vorinostat",
        "panobinostat", "romidepsin", "belinostat", "entinostat", "tucidinostat", "valproate", "valproic acid",
        "tazemetostat",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Criterion:
    letter: str
    title: str
    rule: str
    evidence: str
    truth: Truth
    reason: str
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What the criteria look at: both scans with their lesions, and what the checks have found."""

    pair: Pair
    checks: tuple[Check, ...]

    @property
    def index(self) -> tuple[LesionPair, ...]:
        return self.pair.index.chosen

    @property
    def risen(self) -> tuple[LesionPair, ...]:
        return tuple(lesion for lesion in self.index if lesion.rose)


Told = tuple[Truth, str] | tuple[Truth, str, tuple[Missing, ...]]


def population(g: Ground) -> Told:
    b = g.pair.between
    fits: Truth = None if b.grades is None else (b.grades <= GRADES or (None if b.grades & GRADES else False))
    truth = all_of([b.is_well_differentiated, fits])
    text = b.population_text or "histology not recorded"
    missing = (Missing("histology", "", f"Differentiation and grade: {text}"),) if truth is None else ()
    return truth, text, missing


def exposure(g: Ground) -> Told:
    chemo = [course for course in g.pair.between.courses if course.kind == "chemo"]
    enough = any_of(_is_enough(course.is_between, course.cycles) for course in chemo)
    others = _others(g)
    truth = all_of([enough, *(negated(found) for _, found in others)])
    said = [f"{course.name}{_cycles(course.cycles)}" for course in chemo if course.is_between]
    text = ", ".join(said) or (
        "no chemotherapy between the scans" if enough is False else "chemotherapy between unknown"
    )
    blocking = [name for name, found in others if found]
    open_ones = [name for name, found in others if found is None]
    text += f"; also between: {', '.join(blocking)}" if blocking else ""
    text += f"; not known: {', '.join(open_ones)}" if open_ones else ""
    missing = (Missing("cycles", "", f"Cycles and dates of chemotherapy: {text}"),) if enough is None else ()
    return truth, text, missing


def _is_enough(is_between: Truth, cycles: int | None) -> Truth:
    return all_of([is_between, None if cycles is None else cycles >= LEAST_CYCLES])


def _cycles(cycles: int | None) -> str:
    return " (cycles not recorded)" if cycles is None else f" × {cycles}"


def _others(g: Ground) -> list[tuple[str, Truth]]:
    courses, scans = g.pair.between.courses, (g.pair.before, g.pair.after)
    by_kind = {kind: any_of(c.is_between for c in courses if c.kind == kind) for kind in ("prrt", "ssa")}
    started: Truth = None if not all(s.ssa for s in scans) else (scans[0].ssa == "none" and scans[1].ssa == "on")
    epigenetic = any_of(c.is_between for c in courses if EPIGENETIC & {d.casefold() for d in (*c.drugs, c.name)})
    return [
        ("PRRT", by_kind["prrt"]),
        ("new somatostatin analogue", any_of([by_kind["ssa"], started, _injected(g)])),
        ("epigenetic drug", epigenetic),
    ]


def _injected(g: Ground) -> Truth:
    """An injection on record between the scans; of a patient who was on an analogue before, it is none newly given."""
    between = any_of(c.is_between for c in g.pair.between.courses if c.kind == INJECTION)
    was_on: Truth = g.pair.before.ssa == "on" if g.pair.before.ssa else None
    return all_of([between, negated(was_on)])


def category(g: Ground) -> Told:
    if not g.pair.index.all_possible:
        return None, "no index lesion"
    truth = any_of([*(lesion.rose for lesion in g.index), *(_possibly(lesion) for lesion in g.pair.index.open)])
    if truth:
        return True, f"2 or less to 3 or more in {_labels(g.risen)}"
    if truth is False:
        return False, "no index lesion went from 2 or less to 3 or more"
    return None, _why_unknown(g), sizes_missing(g.pair.index.open)


def _possibly(lesion: LesionPair) -> Truth:
    """A lesion of unknown size may be too small to count: what it shows is never certain."""
    return False if lesion.rose is False else None


def _why_unknown(g: Ground) -> str:
    scales = {(x.before.scale, x.after.scale) for x in g.index if not x.has_one_scale}
    if scales:
        first, second = sorted(scales)[0]
        return f"scales differ ({first or 'none'}, {second or 'none'}): scores are not compared across scales"
    unscored = [lesion.label for lesion in g.index if lesion.rose is None]
    parts = [f"not scored on both scans: {', '.join(unscored)}"] if unscored else []
    if g.pair.index.open:
        parts.append(f"size unknown: {_labels(g.pair.index.open)}")
    return "; ".join(parts)


def extent(g: Ground) -> Told:
    """Reported whenever C holds and no lesion it is about is unread or not marked: patient-level, or mixed."""
    if not g.risen:
        return None, "no index lesion is known to respond"
    scored = [lesion for lesion in g.index if lesion.rose is not None]
    counts = f"{len(g.risen)} of {len(scored)} assessable index lesions responded"
    asked = asked_for_extent(g.pair)
    if unread := [lesion for lesion in asked if lesion.after.is_above is None]:
        return None, f"{counts}; not known on the second scan: {_labels(unread)}"
    reach = all(lesion.after.is_above for lesion in asked)
    return True, f"{'patient-level' if reach else 'mixed'}: {counts}"


def asked_for_extent(pair: Pair) -> list[LesionPair]:
    """Visceral index lesions (every index lesion where none is visceral), and visceral ones new or not marked twice."""
    chosen = pair.index.chosen
    index = [lesion for lesion in chosen if lesion.is_visceral] or list(chosen)
    return index + [lesion for lesion in pair.lesions if lesion.is_visceral and (lesion.is_open or _is_new(lesion))]


def _is_new(lesion: LesionPair) -> bool:
    size = lesion.after.size_mm
    return lesion.status is Status.NEW and (size is None or size >= SMALLEST_ASSESSABLE_MM)


def size(g: Ground) -> Told:
    if not g.risen:
        return None, "no index lesion is known to respond"
    grew = [x for x in g.risen if (change := x.size_change) is None or change > ENLARGED]
    sizes = ", ".join(f"{x.label} {percent(c)}" for x in g.risen if (c := x.size_change) is not None)
    if len(grew) == len(g.risen):
        return False, f"every responding lesion is larger by more than 20 % ({sizes}): it may read higher by size alone"
    return True, f"long axis: {sizes}"


def comparability(g: Ground) -> Told:
    failed = [check.rule.title for check in g.checks if check.state is State.HARD]
    if failed:
        return False, f"hard: {', '.join(failed)}"
    waiting = [check for check in g.checks if check.blocks]
    if waiting:
        missing = tuple(item for check in waiting for item in check.missing)
        return None, f"unknown: {', '.join(check.rule.title for check in waiting)}", missing
    return True, "every hard item passes"


def ratio(g: Ground) -> Told:
    if not g.risen:
        return None, "no index lesion is known to respond"
    truth = any_of(_both_rise(lesion) for lesion in g.risen)
    shown = "; ".join(f"{x.label}: ratio {_shown(x.ratio_change)}, SUVmax {_shown(x.suv_change)}" for x in g.risen)
    return truth, shown


def _both_rise(lesion: LesionPair) -> Truth:
    ratio_change = lesion.ratio_change
    return all_of(
        [
            None if ratio_change is None else ratio_change >= RATIO_RISE,
            has_risen(lesion.suv_change),
        ]
    )


def _shown(change: Decimal | None) -> str:
    return "unknown" if change is None else percent(change)


def _labels(lesions: Sequence[LesionPair]) -> str:
    return ", ".join(lesion.label for lesion in lesions)


CRITERIA: tuple[tuple[str, str, str, str, Callable[[Ground], Told]], ...] = (
    ("A", "Population", "well-differentiated NET G2 or G3", "D; WHO 2019/2022 MH", population),
    (
        "B",
        "Exposure",
        "at least 2 cycles of cytotoxic chemotherapy begun between the scans; no PRRT, no new somatostatin analogue, "
        "no epigenetic drug between",
        "D; drugs R[S72,S73,S74,S75]",
        exposure,
    ),
    (
        "C",
        "Category",
        "reader score, one scale: 2 or less, then 3 or more, and relation to above liver, in an index lesion",
        "D",
        category,
    ),
    ("D", "Extent", "responding of assessable index lesions; patient-level or mixed", "D; R[S8,S9]", extent),
    ("E", "Not size-driven", "not every responding lesion is larger by more than 20 %", "D", size),
    ("F", "Comparability", "every hard item of the checks passes", "D", comparability),
    ("G", "Ratio", "lesion-to-liver ratio rises 30 % or more and lesion SUV by more than 10 %", "D; anchor C", ratio),
)


def judge(ground: Ground) -> dict[str, Criterion]:
    """Every criterion by its letter."""
    found = {}
    for letter, title, rule, evidence, look in CRITERIA:
        truth, reason, *missing = look(ground)
        found[letter] = Criterion(letter, title, rule, evidence, truth, reason, *missing)
    return found
