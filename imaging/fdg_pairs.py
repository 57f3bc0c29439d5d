"""FDG beside SSTR for one patient: which scans belong together, what each lesion looks like on both, NETPET proposed.

Everything here is what readers saw; numbers of two tracers are never put side by side.
"""

import datetime as dt
from dataclasses import dataclass

from imaging import selectors
from imaging.domain import fdg, fdg_pairing, krenning
from imaging.domain.errors import MeasurementRefused
from imaging.domain.fdg import DualSeen, FdgSeen
from imaging.domain.fdg_pairing import DatedScan, Pairing, TreatmentStart
from imaging.domain.lesion_uptake import Completeness
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import LesionFinding, LesionReading, Reading, Scan
from imaging.scan_numbers import COMPLETE
from patients.models import TreatmentLine
from patients.selectors import counted_rows


@dataclass(frozen=True)
class FdgPair:
    """``pairing`` None with its ``refusal`` where there is nothing to pair."""

    fdg_scan: Scan
    sstr_scan: Scan | None
    pairing: Pairing | None
    refusal: str
    lesions: list[DualSeen]
    discordant: list[fdg.Discordance]
    has_discordance: bool | None
    proposed: fdg.Proposed | None
    why_not_proposed: str
    confirmed: Reading | None


def pair_of(scan: Scan) -> FdgPair | None:
    """The pair this scan belongs to; None where the patient has no FDG scan, or this one's tracer is neither."""
    scans = [s for s in selectors.scans(scan.patient) if s.clinical_date]
    if scan.tracer == Tracer.F18_FDG:
        return _pair(scan, [s for s in scans if is_sstr(s.tracer)]) if scan.clinical_date else None
    if not is_sstr(scan.tracer):
        return None
    pairs = [_pair(s, [t for t in scans if is_sstr(t.tracer)]) for s in scans if s.tracer == Tracer.F18_FDG]
    mine = [pair for pair in pairs if pair.sstr_scan is not None and pair.sstr_scan.pk == scan.pk]
    return max(mine, key=lambda pair: pair.fdg_scan.clinical_date, default=None)


def _pair(fdg_scan: Scan, sstr: list[Scan]) -> FdgPair:
    by_key = {str(scan.pk): scan for scan in sstr}
    treatments = [t for line in counted_rows(TreatmentLine, fdg_scan.patient) if (t := _start(line))]
    as_of = max((s.clinical_date for s in (fdg_scan, *sstr)), default=fdg_scan.clinical_date)
    try:
        found = fdg_pairing.pair(
            DatedScan(str(fdg_scan.pk), fdg_scan.clinical_date),
            [DatedScan(key, scan.clinical_date) for key, scan in by_key.items()],
            treatments,
            as_of=as_of,
        )
        partner = by_key[found.sstr.scan]
    except MeasurementRefused as refusal:
        return FdgPair(fdg_scan, None, None, refusal.message, [], [], None, None, refusal.message, None)
    readings = selectors.signed_readings([fdg_scan, partner])
    of_fdg, of_sstr = readings.get(fdg_scan.lineage), readings.get(partner.lineage)
    lesions = _lesions(partner, of_fdg, of_sstr)
    answered = COMPLETE.get(of_sstr.cold_lesions, Completeness.NOT_ASSESSED) if of_sstr else Completeness.NOT_ASSESSED
    proposed, why = _netpet(lesions, answered)
    is_of_this_pair = of_fdg is not None and of_fdg.netpet_class and of_fdg.paired_scan_id == partner.pk
    confirmed = of_fdg if is_of_this_pair else None
    flags = [fdg.discordance(lesion) for lesion in lesions]
    any_flag = fdg.has_discordance(lesions, completeness=answered)
    return FdgPair(fdg_scan, partner, found, "", lesions, flags, any_flag, proposed, why, confirmed)


def _netpet(lesions: list[DualSeen], answered: Completeness) -> tuple[fdg.Proposed | None, str]:
    try:
        return fdg.netpet(lesions, completeness=answered), ""
    except MeasurementRefused as refusal:
        return None, refusal.message


def _start(line: TreatmentLine) -> TreatmentStart | None:
    """A start that is in question may have been on any day."""
    is_in_question = line.clinical_date is None and line.as_written.clinical_date is not None
    span = (dt.date.min, dt.date.max) if is_in_question else line.clinical_span
    if span is None:
        return None
    earliest, latest = span
    is_chemotherapy = line.treatment_class == TreatmentLine.TreatmentClass.CHEMO
    return TreatmentStart(line.regimen or line.get_treatment_class_display(), earliest, latest, is_chemotherapy)


def _lesions(scan: Scan, of_fdg: Reading | None, of_sstr: Reading | None) -> list[DualSeen]:
    seen_fdg = {score.lesion_id: score for score in of_fdg.lesions.all()} if of_fdg else {}
    seen_sstr = {score.lesion_id: score for score in of_sstr.lesions.all()} if of_sstr else {}
    sizes = {f.lesion_id: f.long_axis_mm for f in LesionFinding.objects.filter(scan=scan, is_illustrative=False)}
    labels = {score.lesion_id: score.lesion.label for score in (*seen_fdg.values(), *seen_sstr.values())}
    return [
        DualSeen(
            label=label,
            relation=_relation(seen_sstr.get(pk)),
            fdg=_fdg(seen_fdg.get(pk)),
            long_axis_mm=float(sizes[pk]) if sizes.get(pk) is not None else None,
            is_above_background=_above_background(seen_sstr.get(pk)),
        )
        for pk, label in sorted(labels.items(), key=lambda pair: pair[1])
    ]


def _relation(score: LesionReading | None) -> frozenset[str] | None:
    if score is None:
        return None
    if score.relation_to_liver:
        return frozenset({score.relation_to_liver})
    if score.score_low is None:
        return None
    try:
        return krenning.relations_for(score.reading.scale_id, score.score_low, score.score_high)
    except MeasurementRefused:
        return None


def _fdg(score: LesionReading | None) -> frozenset[FdgSeen] | None:
    return frozenset({FdgSeen[score.fdg_relation.upper()]}) if score and score.fdg_relation else None


def _above_background(score: LesionReading | None) -> bool | None:
    """Only the modified scale says it: 1 is up to blood pool, 2 and more above it."""
    if score is None or score.reading.scale_id != "KR-MOD" or score.score_low is None:
        return None
    if score.score_low >= 2:
        return True
    return False if score.score_high is not None and score.score_high <= 1 else None
