"""Facts from the newest SSTR scan: the relation of each lesion to liver, as signed by a reader.

Only signed readings count. What the machine proposes, or a draft says, is shown and leaves the fact unknown.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Choice, Fact, LesionFact, number_text, unknown
from eligibility.fact_tools import dated, source, usable
from eligibility.lesion_ratios import with_ratios
from imaging.domain.errors import MeasurementRefused
from imaging.domain.krenning import exact, relations_for
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import Lesion, LesionFinding, LesionReading, Reading, Scan
from imaging.selectors import CURRENT, RECOMPUTING, CurrentMeasurement, krenning_proposals, measurements_from
from patients.domain.ki67 import Interval

ASSESSED = frozenset({Reading.ColdLesions.NONE, Reading.ColdLesions.LISTED})
# A lesion colder than liver cannot be found by uptake. Until a reader has said that others were looked for, there may
# be one that is not in the list: it stands among the lesions, so that no row about all of them can be met.
UNLISTED = LesionFact(
    label="others",
    site="on CT, FDG or the scan before, without uptake",
    is_visceral=True,
    is_target=False,
    relation=None,
    reason="cold_lesions_not_assessed",
    size_mm=None,
    size_reason="size_unknown",
    score_text="",
    uptake_text="not assessed by the reader",
)
# What has resolved has nothing to answer for; what merged into another lesion is answered for by that one.
GONE = frozenset({LesionFinding.Status.RESOLVED, LesionFinding.Status.MERGED})
LARGE_MM = Decimal(20)
_SIZES = ("largest_lesion_mm", "lesions_over_20mm")
UPTAKE_STATES = {"recomputing": "SUV being computed again", "provisional": "SUV provisional, not used"}
NOT_VISCERAL = frozenset({"bone", "lymph_node", "lymph_nodes", "node", "skin", "soft_tissue", "muscle"})


def sstr_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    scan = newest_sstr_scan(case, as_of)
    if scan is None:
        return dict.fromkeys((*_SIZES, "sstr_relation_to_liver", "sstr_scan_age_days"), unknown("no_scan"))
    on = dated(scan)
    age = Fact(_age(scan, as_of), unit="days", clinical_date=on, sources=(source(scan, _scan_text(scan)),))
    relations = _relations(case, scan)
    return {"sstr_relation_to_liver": relations, "sstr_scan_age_days": age, **_sizes(case, scan, relations)}


def _age(scan: Scan, as_of: dt.date) -> Interval:
    """Days since a scan; one known to the month has every age that its days may give."""
    earliest, latest = scan.clinical_span
    return Interval(Decimal(max(0, (as_of - latest).days)), Decimal((as_of - earliest).days))


def _sizes(case: CaseRows, scan: Scan, relations: Fact) -> dict[str, Fact]:
    """Largest lesion and how many exceed 20 mm; a lesion without a size, or not looked for, leaves the top open."""
    findings = {f.lesion_id: f for f in case.of(LesionFinding) if f.scan_id == scan.lineage}
    sizes = [size_of(findings.get(lesion.lineage))[0] for lesion in _lesions(case, scan)]
    known = [size for size in sizes if size is not None]
    if not known:
        return dict.fromkeys(_SIZES, unknown("size_unknown", sources=(source(scan, _scan_text(scan)),), on=dated(scan)))
    is_whole = len(known) == len(sizes) and isinstance(relations.value, tuple) and UNLISTED not in relations.value
    large = Decimal(sum(size > LARGE_MM for size in known))
    about = {"clinical_date": dated(scan), "sources": (source(scan, _scan_text(scan)),)}
    return {
        "largest_lesion_mm": Fact(Interval(max(known), max(known) if is_whole else None), unit="mm", **about),
        "lesions_over_20mm": Fact(Interval(large, large if is_whole else None), unit="lesions", **about),
    }


def newest_sstr_scan(case: CaseRows, as_of: dt.date) -> Scan | None:
    return newest_sstr_of(case.of(Scan), as_of)


def newest_sstr_of(scans: Sequence[Scan], as_of: dt.date) -> Scan | None:
    """A scan whose tracer is not recorded may be the newest SSTR scan, so it is not passed over."""
    found = [s for s in usable(scans, as_of) if dated(s) and s.tracer != Tracer.F18_FDG]
    return max(found, key=lambda s: (dated(s), s.recorded_at), default=None)


def _scan_text(scan: Scan) -> str:
    return f"{scan.tracer or 'scan'} {scan.label}".strip()


def _relations(case: CaseRows, scan: Scan) -> Fact:
    about = (source(scan, _scan_text(scan)),)
    if not is_sstr(scan.tracer):
        words = f"tracer of the scan: {scan.tracer or 'not recorded'}"
        return unknown("not_stated", words, about, dated(scan), (scan.tracer,))
    readings = list(scan.readings.all())
    signed = signed_heads(readings, case.known_at)
    measured = measured_on(scan)
    if not signed:
        reason, detail, proposed = _unsigned(readings, scan, measured)
        return unknown(reason, detail, about, dated(scan), proposed)
    about = (*about, *(_reading_source(r) for r in signed))
    if any(reading.quality == Reading.Quality.NON_DIAGNOSTIC for reading in signed):
        return unknown("images_non_diagnostic", "", about, dated(scan))
    lesions = tuple(fact for _, fact in lesions_of(case, scan, signed, measured))
    if not all(reading.cold_lesions in ASSESSED for reading in signed):
        lesions = (*lesions, UNLISTED)
    return Fact(with_ratios(lesions, scan, measured, is_uptake_illustrative), clinical_date=dated(scan), sources=about)


def lesions_of(
    case: CaseRows, scan: Scan, signed: list[Reading], measured: Sequence[CurrentMeasurement] = ()
) -> list[tuple[Lesion, LesionFact]]:
    return [(lesion, _lesion_fact(lesion, scan, signed, measured)) for lesion in _lesions(case, scan)]


def signed_heads(readings: list[Reading], known_at: dt.datetime | None) -> list[Reading]:
    """Signed readings that no later signed one amends; two readers of one scan both stand."""
    signed = [
        r
        for r in readings
        if r.state == Reading.State.SIGNED and r.signed_at and (known_at is None or r.signed_at <= known_at)
    ]
    amended = {r.amends_id for r in signed}
    return [r for r in signed if r.pk not in amended]


def _reading_source(reading: Reading):
    return source(reading, f"signed reading, version {reading.version}, {reading.signed_at:%Y-%m-%d}")


def measured_on(scan: Scan) -> list[CurrentMeasurement]:
    """As they count today, or at the moment the rows were fetched for."""
    return measurements_from(scan, list(scan.vois.all()))


def _unsigned(
    readings: list[Reading], scan: Scan, measured: list[CurrentMeasurement]
) -> tuple[str, str, tuple[str, ...]]:
    """The reason, its words, and what the software proposes meanwhile."""
    if any(item.state == RECOMPUTING for item in measured):
        return "recomputing", "SUV of this scan", ()
    usable_ones = [item for item in measured if not item.is_provisional]
    proposals = [p for p in krenning_proposals(scan, measured=usable_ones) if p.proposal is not None]
    if not proposals and not readings:
        return "no_reading", "", ()
    proposed = sorted(f"{p.lesion.label} {p.proposal.score_low} {p.proposal.score_high}" for p in proposals)
    shown = [f"{p.lesion.label} {p.proposal.text} ({p.proposal.relation})" for p in proposals]
    return "unsigned_proposal", ", ".join(sorted(shown)) or "a draft reading", tuple(proposed)


def _lesions(case: CaseRows, scan: Scan) -> list[Lesion]:
    """Lesions this scan has to answer for: seen on it or before and not known to be gone."""
    return [lesion for lesion in case.of(Lesion) if _belongs(lesion, scan)]


def _belongs(lesion: Lesion, scan: Scan) -> bool:
    """Lesions that only FDG shows belong as well: what has no SSTR uptake is what the criteria ask about.

    A lesion scored on this very scan is there, whatever was found before; what was found on the scan itself stands.
    """
    here = {f.status for f in lesion.findings.all() if f.scan_id == scan.lineage}
    scores = [s for s in lesion.lesion_readings.all() if s.reading.scan_id == scan.lineage]
    if any(map(_is_scored, scores)) and not here & GONE:
        return True
    findings = sorted((f for f in lesion.findings.all() if _is_by(f.scan, scan)), key=lambda f: dated(f.scan))
    on_sstr = [f for f in findings if f.scan.tracer != Tracer.F18_FDG]
    if on_sstr and on_sstr[-1].status in GONE:
        is_resolved = on_sstr[-1].status == LesionFinding.Status.RESOLVED
        return is_resolved and _is_fdg_positive(lesion, on_sstr[-1].scan, scan)
    if on_sstr:
        return True
    if findings and findings[-1].status in GONE:
        return False
    if findings or any(_is_by(score.reading.scan, scan) for score in lesion.lesion_readings.all()):
        return True
    is_seen_later = lesion.findings.all() or lesion.lesion_readings.all()
    return not is_seen_later and (dated(lesion) is None or dated(lesion) <= dated(scan))


def _is_scored(score: LesionReading) -> bool:
    return bool(score.relation_to_liver) or score.score_low is not None or score.score_high is not None


def _is_fdg_positive(lesion: Lesion, since: Scan, scan: Scan) -> bool:
    """Read as FDG positive from the day of ``since`` up to ``scan``."""
    scores = [s for s in lesion.lesion_readings.all() if _is_by(s.reading.scan, scan)]
    return any(s.fdg_relation not in ("", "negative") and dated(s.reading.scan) >= dated(since) for s in scores)


def _is_by(earlier: Scan, scan: Scan) -> bool:
    day = dated(earlier)
    is_pet = is_sstr(earlier.tracer) or earlier.tracer == Tracer.F18_FDG
    return day is not None and day <= dated(scan) and (earlier.lineage == scan.lineage or is_pet)


def _lesion_fact(
    lesion: Lesion, scan: Scan, signed: list[Reading], measured: Sequence[CurrentMeasurement]
) -> LesionFact:
    finding = next((f for f in lesion.findings.all() if f.scan_id == scan.lineage), None)
    relation, reason, text = _relation(lesion, finding, signed)
    size, size_reason = size_of(finding)
    uptake = _uptake(lesion, measured)
    return LesionFact(
        label=lesion.label,
        site=f"{lesion.organ} {lesion.segment}".strip(),
        is_visceral=lesion.organ.casefold().replace(" ", "_") not in NOT_VISCERAL,
        is_target=lesion.is_target,
        relation=relation,
        reason=reason,
        size_mm=size,
        size_reason=size_reason,
        score_text=text,
        uptake=uptake,
        uptake_text=_uptake_text(lesion, uptake),
        source=source(lesion, lesion.label),
    )


def size_of(finding: LesionFinding | None) -> tuple[Decimal | None, str]:
    if finding is None or finding.long_axis_mm is None:
        return None, "size_unknown"
    if finding.is_illustrative:
        return None, "size_illustrative"
    return finding.long_axis_mm, ""


def _relation(lesion: Lesion, finding: LesionFinding | None, signed: list[Reading]) -> tuple[Choice | None, str, str]:
    """Possible relations, the reason if none is known, and the reader's own words."""
    scores = [(r, s) for r in signed for s in r.lesions.all() if s.lesion_id == lesion.lineage]
    text = " / ".join(_score_text(reading, score) for reading, score in scores)
    if finding is not None and finding.status == LesionFinding.Status.NOT_ASSESSABLE:
        return None, "not_assessable", text
    if not scores:
        return None, "not_scored", ""
    found = [one_relation(reading.scale_id, score) for reading, score in scores]
    if any(relation is None for relation, _ in found):
        return None, next(reason for relation, reason in found if relation is None), text
    return frozenset().union(*(relation for relation, _ in found if relation)), "", text


def one_relation(scale: str, score: LesionReading) -> tuple[Choice | None, str]:
    has_number = score.score_low is not None or score.score_high is not None
    stated = frozenset({score.relation_to_liver}) if score.relation_to_liver else None
    if not has_number:
        return (stated, "") if stated else (None, "not_stated")
    try:
        by_score = relations_for(scale, score.score_low, score.score_high)
    except MeasurementRefused:
        return None, "not_stated"
    both = by_score if stated is None else by_score & stated
    return (both, "") if both else (None, "contradictory")


def _score_text(reading: Reading, score: LesionReading) -> str:
    if score.text:
        return score.text
    if score.score_low is None and score.score_high is None:
        return ""
    low, high = score.score_low or 0, 4 if score.score_high is None else score.score_high
    number = str(low) if low == high else f"{low}–{high}"
    return f"{number} ({reading.scale_id})"


def _uptake(lesion: Lesion, measured: Sequence[CurrentMeasurement]) -> str:
    """SUVmax as a number, a key of UPTAKE_STATES, or "" for none."""
    own = [item for item in measured if item.voi.lesion_id == lesion.lineage]
    if not own:
        return ""
    if any(item.state == RECOMPUTING for item in own):
        return "recomputing"
    if any(item.is_provisional for item in own):
        return "provisional"
    values = [exact(item.measurement.suv_max) for item in own if item.state == CURRENT]
    return number_text(max(values).quantize(Decimal("0.01"))) if values else ""


def _uptake_text(lesion: Lesion, uptake: str) -> str:
    if not uptake or uptake in UPTAKE_STATES:
        return UPTAKE_STATES.get(uptake, "")
    return f"SUVmax {uptake}" + (" † illustrative" if is_uptake_illustrative(lesion) else "")


def is_uptake_illustrative(lesion: Lesion) -> bool:
    """A lesion whose note says so was drawn for a demonstration: its values are shown with that label."""
    return "illustrative" in lesion.note.lower()
