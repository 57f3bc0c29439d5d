"""A chart as timeline events: every mark with its sentence and the way to its source."""

from collections.abc import Iterable

from django.urls import reverse

from board import words
from board.chart import Chart, ScanView
from board.domain.events import Course, Flag, History, LabPoint, LabStrip, ScanEvent, Specimen
from board.models import Contact, DecisionFollowUp
from board.waiting import waiting_contact
from eligibility.lesion_facts import is_uptake_illustrative
from imaging.selectors import CURRENT, REFUSED
from patients.models import DatePrecision, LabResult, TreatmentLine

STRIPS_SHOWN = 3
_LAB_NAMES = {
    "hb": "Hb",
    "platelets": "Platelets",
    "wbc": "WBC",
    "anc": "ANC",
    "creatinine": "Creatinine",
    "bilirubin_total": "Bilirubin",
    "albumin": "Albumin",
    "cga": "CgA",
    "cga_molar": "CgA",
}
_LAB_ORDER = ("cga", "cga_molar", "platelets", "hb", "creatinine", "bilirubin_total", "wbc", "anc", "albumin")
_SAFETY_LABS = {
    "blood count": ("hb", "platelets", "wbc", "anc"),
    "kidney": ("creatinine", "egfr_reported", "crcl_measured"),
    "liver": ("bilirubin_total", "albumin", "alt", "ast", "alp"),
}


def history(chart: Chart) -> History:
    return History(
        today=chart.today,
        today_word="Today" if chart.case.known_at is None else "Then",
        courses=tuple(_course(line) for line in chart.lines),
        scans=(*(_scan(view, chart) for view in chart.scans), *_planned(chart)),
        specimens=tuple(_specimen(s, chart) for s in chart.specimens),
        labs=tuple(_strips(chart.labs)),
        flags=tuple(_flags(chart)),
        labs_missing=_missing_labs(chart.labs),
        labs_undated=sum(1 for lab in chart.labs if not lab.clinical_date),
        labs_not_drawn=_not_drawn(chart.labs),
        since=_since(chart),
    )


def _is_exact(row) -> bool:
    """A month or a year is a span, never one tick."""
    return bool(row.clinical_date) and row.clinical_date_precision == DatePrecision.DAY


def row_href(row) -> str:
    """The row's line in the table below the picture."""
    return f"#row-{row.lineage}"


def _course(line: TreatmentLine) -> Course:
    stop = words.span_of(line, "stop_date")
    end = "known" if stop else "ongoing" if line.is_ongoing else "not recorded"
    cycle_days = tuple(c.clinical_date for c in line.prrt_cycles.all() if _is_exact(c))
    started = words.row_day(line)
    ended = {"known": f"to {words.day_words(stop)}", "ongoing": "ongoing", "not recorded": "end not recorded"}[end]
    spread = "" if cycle_days or not line.cycles else "; dates of single cycles not recorded, ticks evenly spread"
    asked = f". {line.doubt_words}" if line.doubts else ""
    text = words.treatment(line)
    return Course(
        when=words.span_of(line),
        stop=stop,
        end=end,
        title=f"{words.sentence(line.get_treatment_class_display())}: {text}, {started} {ended}{spread}{asked}",
        href=row_href(line),
        text=text + ("" if end != "not recorded" else ", end not recorded"),
        treatment_class=line.treatment_class,
        cycles=line.cycles,
        cycle_days=cycle_days,
    )


def _scan(view: ScanView, chart: Chart) -> ScanEvent:
    scan = view.scan
    state = "refused" if view.suv.state == REFUSED else "read" if view.reading else "unread"
    cold, hot = _krenning_range(view, chart)
    day = words.row_day(scan)
    head = f"{day}, {scan.label}" if scan.label else day
    sub = _suv_words(view, chart)
    number = _number(view, cold[0], hot[0])
    return ScanEvent(
        when=words.span_of(scan),
        title=", ".join(part for part in (f"{scan.tracer or 'PET'}, {head}", number, sub) if part),
        href=reverse("imaging:scan", args=[scan.pk]),
        is_sstr=view.is_sstr,
        state=state,
        coldest=cold[0],
        hottest=hot[0],
        coldest_step=cold[1],
        hottest_step=hot[1],
        head=head,
        sub=sub,
    )


def _number(view: ScanView, coldest: str, hottest: str) -> str:
    """Krenning is a scale of SSTR scans: any other tracer has none, and nothing is said of it."""
    if not view.is_sstr:
        return ""
    return f"Krenning {coldest} to {hottest}" if view.reading else "no signed reading"


def _planned(chart: Chart) -> list[ScanEvent]:
    """The scan that was agreed at the last contact, until one is there."""
    contact = waiting_contact(chart)
    if contact is None or contact.next_for != Contact.NextFor.SCAN:
        return []
    day = words.day_words((contact.next_on, contact.next_on))
    word = "Scan due" if contact.next_on >= chart.today else "Scan was due"
    said = words.day_words((contact.contacted_on, contact.contacted_on))
    return [
        ScanEvent(
            when=(contact.next_on, contact.next_on),
            title=f"{word} {day}, agreed {said}",
            href="?tab=contacts",
            is_sstr=True,
            state="planned",
            head=word,
            sub=day,
        )
    ]


def _krenning_range(view: ScanView, chart: Chart) -> tuple[tuple[str, str], tuple[str, str]]:
    """Coldest and hottest lesion as the reader scored them: digits and colour step; "?" where one was not scored."""
    scores = [view.score_of(lesion) for lesion in chart.lesions]
    stated = [(s.score_low, s.score_high) for s in scores if s and (s.score_low, s.score_high) != (None, None)]
    unknown = ("?", "")
    if not stated:
        return unknown, unknown
    coldest = min(stated, key=lambda s: (s[0] or 0, s[1] if s[1] is not None else 4))
    hottest = max(stated, key=lambda s: (s[1] if s[1] is not None else 4, s[0] or 0))
    has_open = any(s is not None and (s.score_low, s.score_high) == (None, None) for s in scores)
    return _digits(coldest), unknown if has_open else _digits(hottest)


def _digits(score: tuple[int | None, int | None]) -> tuple[str, str]:
    return words.krenning(*score), words.krenning_step(*score)


def _suv_words(view: ScanView, chart: Chart) -> str:
    """The primary's SUVmax where it is a fact; otherwise why there is none."""
    if view.suv.state == REFUSED:
        return f"no SUV: {view.suv.code.replace('_', ' ')}"
    if view.suv.state != CURRENT:
        return "SUV being computed" if view.suv.state == "recomputing" else ""
    if not view.suv.is_fact:
        return "SUV provisional"
    for lesion in sorted(chart.lesions, key=lambda row: row.kind != "primary"):
        own = [m for m in view.measured if m.voi.lesion_id == lesion.lineage]
        if own and all(m.state == CURRENT for m in own):
            label = " † illustrative" if is_uptake_illustrative(lesion) else ""
            return f"{lesion.organ} SUVmax {max(m.measurement.suv_max for m in own):.2f}{label}"
    return ""


def _specimen(specimen, chart: Chart) -> Specimen:
    grade = words.grade(specimen, chart.grades[specimen.pk])
    site = specimen.site or "site not stated"
    head = ", ".join(part for part in (site, words.ki67([specimen]), grade) if part)
    procedure = "" if specimen.procedure == "unknown" else f", {specimen.get_procedure_display()}"
    differentiation = specimen.get_differentiation_display()
    sub = f"{words.row_day(specimen)}{procedure}, differentiation {differentiation}"
    if differentiation != "not stated":
        sub = f"{words.row_day(specimen)}{procedure}, {differentiation}"
    return Specimen(
        when=words.span_of(specimen), title=f"Specimen, {head}. {sub}", href=row_href(specimen), head=head, sub=sub
    )


def _strips(labs: Iterable[LabResult]) -> list[LabStrip]:
    """Markers and safety values with dates, those out of range first; the rest is in the table."""
    by_analyte: dict[str, list[LabResult]] = {}
    for lab in labs:
        if lab.clinical_date:
            by_analyte.setdefault(lab.analyte, []).append(lab)
    known = [code for code in _LAB_ORDER if code in by_analyte]
    known.sort(key=lambda code: not any(lab_out(lab) for lab in by_analyte[code]))
    return [_strip(code, by_analyte[code]) for code in known[:STRIPS_SHOWN]]


def _not_drawn(labs: Iterable[LabResult]) -> int:
    """How many analytes with dated values are in the table only."""
    dated = {lab.analyte for lab in labs if lab.clinical_date}
    return len(dated) - min(STRIPS_SHOWN, len(dated.intersection(_LAB_ORDER)))


def _strip(code: str, labs: list[LabResult]) -> LabStrip:
    newest = labs[-1]
    same_unit = [lab for lab in labs if lab.unit == newest.unit]
    return LabStrip(
        _LAB_NAMES[code],
        words.unit(newest.unit),
        tuple(_point(lab) for lab in same_unit),
        None if newest.reference_low is None else float(newest.reference_low),
        None if newest.reference_high is None else float(newest.reference_high),
    )


def _point(lab: LabResult) -> LabPoint:
    first, last = words.span_of(lab)
    span = None if first == last else (first, last)
    return LabPoint(first + (last - first) / 2, float(lab.value), lab_out(lab), span)


def lab_out(lab: LabResult) -> str:
    """ "high" or "low" against the limits recorded with the value; "" within them or where none are recorded."""
    if lab.reference_high is not None and lab.value > lab.reference_high and lab.comparator != "<":
        return "high"
    if lab.reference_low is not None and lab.value < lab.reference_low and lab.comparator != ">":
        return "low"
    return ""


def _missing_labs(labs: Iterable[LabResult]) -> str:
    found = {lab.analyte for lab in labs}
    missing = [name for name, codes in _SAFETY_LABS.items() if not found.intersection(codes)]
    if not missing:
        return ""
    text = ", ".join(missing)
    return f"{text[0].upper()}{text[1:]}: no value on record"


def _flags(chart: Chart) -> list[Flag]:
    flags = []
    for decision in chart.decisions:
        word = decision.get_outcome_display().upper()
        day = words.day_words((decision.decided_on, decision.decided_on))
        is_old = decision.replaced_by is not None
        flags.append(
            Flag(
                when=(decision.decided_on, decision.decided_on),
                title=f"Board decision {word}, {day}{', superseded' if is_old else ''}: {decision.text}",
                href=f"#decision-{decision.pk}",
                word=word,
                sub=", ".join(part for part in (day, "superseded" if is_old else "", _happened(decision)) if part),
                outcome=decision.outcome,
                is_superseded=is_old,
            )
        )
        if is_waiting(decision, chart):
            flags.append(_due(decision, chart.today))
    return flags


def is_waiting(decision, chart: Chart) -> bool:
    """Whether its due date still asks for something: it is not replaced, not done, and the case open."""
    is_done = decision.happened is not None and decision.happened.kind == DecisionFollowUp.Kind.DONE
    return bool(decision.due_date) and decision.replaced_by is None and not is_done and not chart.is_over


def _happened(decision) -> str:
    return decision.happened.get_kind_display() if decision.happened else ""


def _due(decision, today) -> Flag:
    day = words.day_words((decision.due_date, decision.due_date))
    word = "due" if decision.due_date >= today else "was due"
    return Flag(
        when=(decision.due_date, decision.due_date),
        title=f"{word.capitalize()} {day}, owner {decision.owner}",
        href=f"#decision-{decision.pk}",
        word=word,
        sub=f"{day}, {decision.owner}",
        is_due=True,
    )


def _since(chart: Chart):
    """Count months from the first chemotherapy that began between two SSTR scans: an uptake change is in play."""
    days = [view.day for view in chart.dated_sstr_scans]
    for line in chart.lines:
        start = line.clinical_date
        if line.treatment_class == "chemo" and start and any(d <= start for d in days) and any(d > start for d in days):
            return start, f"{line.regimen} start"
    return None
