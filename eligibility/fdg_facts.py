"""Facts from FDG beside SSTR: what is on record, how old, how near to the SSTR scan, and the discordance flag."""

import datetime as dt
from decimal import Decimal

from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, exactly, unknown
from eligibility.fact_tools import dated, source, usable
from eligibility.lesion_facts import lesions_of, signed_heads
from imaging.domain.errors import MeasurementRefused
from imaging.domain.fdg import DualSeen, FdgSeen, has_discordance
from imaging.domain.fdg_pairing import DatedScan, Pairing, TreatmentStart, pair
from imaging.domain.lesion_uptake import Completeness
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import Reading, Scan
from imaging.scan_numbers import COMPLETE
from patients.models import TreatmentLine

NAMES = ("fdg_scan_age_days", "fdg_sstr_interval_days", "fdg_discordant")


def fdg_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    scans = [s for s in usable(case.of(Scan), as_of) if dated(s)]
    scan = max((s for s in scans if s.tracer == Tracer.F18_FDG), key=lambda s: (dated(s), s.recorded_at), default=None)
    if scan is None:
        return dict.fromkeys(("fdg_on_record", *NAMES), unknown("no_fdg_scan"))
    on, about = dated(scan), (source(scan, f"18F-FDG {scan.label}".strip()),)
    starts = _starts(case, as_of)
    age = Fact(exactly(Decimal((as_of - on).days)), unit="days", clinical_date=on, sources=about)
    record = Fact(_record(on, starts), clinical_date=on, sources=about)
    try:
        found = pair(_dated(scan), [_dated(s) for s in scans if is_sstr(s.tracer)], starts, as_of=as_of)
        partner = next(s for s in scans if str(s.pk) == found.sstr.scan)
    except MeasurementRefused as refused:
        pairs = unknown("fdg_pair_not_usable", refused.message, about, on)
        return {"fdg_scan_age_days": age, "fdg_on_record": record} | dict.fromkeys(NAMES[1:], pairs)
    both = (*about, source(partner, partner.tracer))
    apart = Fact(exactly(Decimal(abs(found.days))), unit="days", clinical_date=on, sources=both)
    return {
        "fdg_scan_age_days": age,
        "fdg_on_record": record,
        "fdg_sstr_interval_days": apart,
        "fdg_discordant": _discordant(case, scan, partner, found),
    }


def _dated(scan: Scan) -> DatedScan:
    return DatedScan(str(scan.pk), dated(scan) or dt.date.min)


def _starts(case: CaseRows, as_of: dt.date) -> list[TreatmentStart]:
    chemotherapy = TreatmentLine.TreatmentClass.CHEMO
    return [
        TreatmentStart(line.regimen, *span, line.treatment_class == chemotherapy)
        for line in usable(case.of(TreatmentLine), as_of)
        if (span := line.clinical_span)
    ]


def _record(on: dt.date, starts: list[TreatmentStart]) -> frozenset[str]:
    """After chemotherapy an FDG scan from before it does not count; a partial date may leave both open."""
    chemotherapy = [start for start in starts if start.is_chemotherapy]
    if any(start.earliest >= on for start in chemotherapy):
        return frozenset({"before_chemotherapy"})
    is_open = any(start.latest >= on for start in chemotherapy)
    return frozenset({"yes", "before_chemotherapy"}) if is_open else frozenset({"yes"})


def _discordant(case: CaseRows, scan: Scan, partner: Scan, found: Pairing) -> Fact:
    on, about = dated(scan), (source(scan, "18F-FDG"), source(partner, partner.tracer))
    if found.counts is not True:
        words = "; ".join(caution.message for caution in found.cautions)
        return unknown("fdg_pair_not_usable", words, about, on)
    of_fdg, of_sstr = (signed_heads(list(s.readings.all()), case.known_at) for s in (scan, partner))
    if not of_fdg or not of_sstr:
        return unknown("no_reading", "FDG" if not of_fdg else "SSTR", about, on)
    answer = has_discordance(_seen(case, partner, of_fdg, of_sstr), completeness=_completeness(of_sstr))
    if answer is None:
        return unknown("not_stated", "not every lesion is read on both scans, with its size", about, on)
    return Fact(frozenset({"yes" if answer else "no"}), clinical_date=on, sources=about)


def _seen(case: CaseRows, partner: Scan, of_fdg: list[Reading], of_sstr: list[Reading]) -> list[DualSeen]:
    seen: dict = {}
    for score in (score for reading in of_fdg for score in reading.lesions.all() if score.fdg_relation):
        seen.setdefault(score.lesion_id, set()).add(FdgSeen[score.fdg_relation.upper()])
    return [
        DualSeen(
            label=fact.label,
            relation=fact.relation,
            fdg=frozenset(seen[lesion.lineage]) if lesion.lineage in seen else None,
            long_axis_mm=None if fact.size_mm is None else float(fact.size_mm),
        )
        for lesion, fact in lesions_of(case, partner, of_sstr)
    ]


def _completeness(readings: list[Reading]) -> Completeness:
    answers = {COMPLETE.get(reading.cold_lesions, Completeness.NOT_ASSESSED) for reading in readings}
    return answers.pop() if len(answers) == 1 else Completeness.NOT_ASSESSED
