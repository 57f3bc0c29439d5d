"""Facts from FDG beside SSTR: what is on record, how old, how near to the SSTR scan, and the discordance flag.

The flag is about the newest SSTR scan. A lesion that only FDG shows belongs to it: not scored on SSTR leaves it open.
"""

import datetime as dt
from decimal import Decimal

from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, exactly, unknown
from eligibility.fact_tools import dated, source, usable
from eligibility.lesion_facts import GONE, lesions_of, newest_sstr_scan, signed_heads, size_of
from eligibility.line_kinds import is_chemotherapy_line
from imaging.domain.errors import MeasurementRefused
from imaging.domain.fdg import DualSeen, FdgSeen, has_discordance
from imaging.domain.fdg_pairing import DatedScan, Pairing, TreatmentStart, pair
from imaging.domain.lesion_uptake import Completeness
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import Lesion, LesionFinding, Reading, Scan
from imaging.scan_numbers import COMPLETE
from patients.models import ClinicalAssertion, TreatmentLine

NAMES = ("fdg_scan_age_days", "fdg_sstr_interval_days", "fdg_discordant")


def fdg_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    scans = [s for s in usable(case.of(Scan), as_of) if dated(s)]
    scan = max((s for s in scans if s.tracer == Tracer.F18_FDG), key=lambda s: (dated(s), s.recorded_at), default=None)
    if scan is None:
        none = Fact(frozenset({"no"}), detail="none is on record")
        return dict.fromkeys(("fdg_on_record", *NAMES), unknown("no_fdg_scan")) | {"has_fdg_scan": none}
    on, about = dated(scan), (source(scan, f"18F-FDG {scan.label}".strip()),)
    starts = _starts(case, on, as_of)
    age = Fact(exactly(Decimal((as_of - on).days)), unit="days", clinical_date=on, sources=about)
    there = Fact(frozenset({"yes"}), clinical_date=on, sources=about)
    record = Fact(_record(on, starts), clinical_date=on, sources=about)
    try:
        found = pair(_dated(scan), [_dated(s) for s in scans if is_sstr(s.tracer)], starts, as_of=as_of)
        partner = next(s for s in scans if str(s.pk) == found.sstr.scan)
    except MeasurementRefused as refused:
        pairs = unknown("fdg_pair_not_usable", refused.message, about, on)
        return {"has_fdg_scan": there, "fdg_scan_age_days": age, "fdg_on_record": record} | dict.fromkeys(
            NAMES[1:], pairs
        )
    both = (*about, source(partner, partner.tracer))
    apart = Fact(exactly(Decimal(abs(found.days))), unit="days", clinical_date=on, sources=both)
    return {
        "has_fdg_scan": there,
        "fdg_scan_age_days": age,
        "fdg_on_record": record,
        "fdg_sstr_interval_days": apart,
        "fdg_discordant": _discordant(case, scan, partner, found, as_of),
    }


def _dated(scan: Scan) -> DatedScan:
    return DatedScan(str(scan.pk), dated(scan) or dt.date.min)


def _starts(case: CaseRows, fdg_on: dt.date, as_of: dt.date) -> list[TreatmentStart]:
    lines = usable(case.of(TreatmentLine), as_of)
    found = [start for line in lines if (start := _start(line, fdg_on, as_of))]
    return found if any(start.is_chemotherapy for start in found) else [*found, *_asserted_starts(case, as_of)]


def _start(line: TreatmentLine, fdg_on: dt.date, as_of: dt.date) -> TreatmentStart | None:
    """Chemotherapy that may have run on after the FDG scan leaves open what that scan shows: so does one undated."""
    is_chemo = is_chemotherapy_line(line)
    began = line.clinical_span or ((dt.date.min, dt.date.min) if is_chemo else None)
    if began is None:
        return None
    is_running_on = is_chemo and began[0] < fdg_on
    latest = max(began[1], _last_day(line, as_of)) if is_running_on else began[1]
    return TreatmentStart(line.regimen, began[0], latest, is_chemo)


def _last_day(line: TreatmentLine, as_of: dt.date) -> dt.date:
    return line.stop_span[1] if line.stop_span and not line.is_ongoing else as_of


def _asserted_starts(case: CaseRows, as_of: dt.date) -> list[TreatmentStart]:
    """Chemotherapy that is only asserted was given at some time up to that day."""
    rows = [row for row in usable(case.of(ClinicalAssertion), as_of) if row.kind == "prior_chemotherapy"]
    given = [row for row in rows if row.state == ClinicalAssertion.State.ASSERTED]
    return [
        TreatmentStart("chemotherapy", dt.date.min, row.clinical_span[1] if row.clinical_span else as_of, True)
        for row in given
    ]


def _record(on: dt.date, starts: list[TreatmentStart]) -> frozenset[str]:
    """After chemotherapy an FDG scan from before it does not count; a partial date may leave both open."""
    chemotherapy = [start for start in starts if start.is_chemotherapy]
    if any(start.earliest >= on for start in chemotherapy):
        return frozenset({"before_chemotherapy"})
    is_open = any(start.latest >= on for start in chemotherapy)
    return frozenset({"yes", "before_chemotherapy"}) if is_open else frozenset({"yes"})


def _discordant(case: CaseRows, scan: Scan, partner: Scan, found: Pairing, as_of: dt.date) -> Fact:
    on, about = min(dated(scan), dated(partner)), (source(scan, "18F-FDG"), source(partner, partner.tracer))
    if partner != newest_sstr_scan(case, as_of):
        return unknown("fdg_pair_not_usable", "a newer scan than the SSTR scan beside the FDG scan", about, on)
    if found.counts is not True:
        words = "; ".join(caution.message for caution in found.cautions)
        return unknown("fdg_pair_not_usable", words, about, on)
    of_fdg, of_sstr = (signed_heads(list(s.readings.all()), case.known_at) for s in (scan, partner))
    if not of_fdg or not of_sstr:
        return unknown("no_reading", "FDG" if not of_fdg else "SSTR", about, on)
    if any(reading.quality == Reading.Quality.NON_DIAGNOSTIC for reading in (*of_fdg, *of_sstr)):
        return unknown("images_non_diagnostic", "", about, on)
    answer = has_discordance(_seen(case, scan, partner, of_fdg, of_sstr), completeness=_completeness(of_sstr))
    if answer is None:
        return unknown("not_stated", "not every lesion is read on both scans, with its size", about, on)
    return Fact(frozenset({"yes" if answer else "no"}), clinical_date=on, sources=about)


def _seen(case: CaseRows, scan: Scan, partner: Scan, of_fdg: list[Reading], of_sstr: list[Reading]) -> list[DualSeen]:
    """Every lesion of the SSTR scan, and those that only the FDG scan shows: without a relation to liver."""
    seen: dict = {}
    for score in (score for reading in of_fdg for score in reading.lesions.all() if score.fdg_relation):
        seen.setdefault(score.lesion_id, set()).add(FdgSeen[score.fdg_relation.upper()])
    relations = {lesion.lineage: fact.relation for lesion, fact in lesions_of(case, partner, of_sstr)}
    lesions = [row for row in case.of(Lesion) if row.lineage in relations or row.lineage in seen or _is_on(row, scan)]
    return [
        DualSeen(
            label=lesion.label,
            relation=relations.get(lesion.lineage),
            fdg=frozenset(seen[lesion.lineage]) if lesion.lineage in seen else None,
            long_axis_mm=_millimetres(lesion, partner, scan),
        )
        for lesion in lesions
    ]


def _is_on(lesion: Lesion, scan: Scan) -> bool:
    return any(f.scan_id == scan.lineage and f.status not in GONE for f in lesion.findings.all())


def _millimetres(lesion: Lesion, *scans: Scan) -> float | None:
    """Of the SSTR scan; of the FDG scan where that has none."""
    findings: dict = {finding.scan_id: finding for finding in lesion.findings.all()}
    sizes: list[LesionFinding | None] = [findings.get(scan.lineage) for scan in scans]
    known = [size for finding in sizes if (size := size_of(finding)[0]) is not None]
    return float(known[0]) if known else None


def _completeness(readings: list[Reading]) -> Completeness:
    answers = {COMPLETE.get(reading.cold_lesions, Completeness.NOT_ASSESSED) for reading in readings}
    return answers.pop() if len(answers) == 1 else Completeness.NOT_ASSESSED
