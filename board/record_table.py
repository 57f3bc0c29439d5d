"""The same events as the picture, and those it leaves out, as a table: date, what, value, source."""

from dataclasses import dataclass

from django.urls import reverse

from board import words
from board.chart import Chart
from board.history import lab_out
from patients.domain.units import ANALYTES
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)

ROW_MODELS = (
    TreatmentLine,
    PrrtCycle,
    SsaInjection,
    HistologySpecimen,
    LabResult,
    PerformanceStatus,
    BodyMeasure,
    ClinicalEvent,
    ClinicalAssertion,
    Diagnosis,
)


@dataclass(frozen=True)
class RecordRow:
    """``key`` is the row's lasting id: the target of every "source" link."""

    key: str
    sort_key: tuple
    day: str
    lane: str
    what: str
    detail: str
    note: str = ""
    href: str = ""
    in_question: str = ""

    @property
    def is_illustrative(self) -> bool:
        return "illustrative" in f"{self.detail} {self.note}".lower()


def record_rows(chart: Chart) -> list[RecordRow]:
    """Newest first; rows without a date at the end."""
    found = [
        *(_row(line, "Treatment", words.treatment(line), _course_words(line.as_written)) for line in chart.lines),
        *(_row(c, "Treatment", f"PRRT cycle {c.number}", _cycle_words(c)) for c in chart.of(PrrtCycle)),
        *(_row(i, "Treatment", i.drug, "SSA injection") for i in chart.of(SsaInjection)),
        *(_scan_row(view) for view in chart.scans),
        *(_row(s, "Histology", _specimen_words(s, chart), _pathology(s, chart)) for s in chart.specimens),
        *(_row(lab, "Labs", _lab_name(lab), _lab_value(lab)) for lab in chart.labs),
        *(_row(p, "Status", f"{p.get_instrument_display()} {p.value}", "") for p in chart.of(PerformanceStatus)),
        *(_row(m, "Status", *_body_words(m)) for m in chart.of(BodyMeasure)),
        *(_row(e, "Symptom", e.symptom, f"{e.get_course_display()} {e.context}".strip()) for e in chart.events),
        *(_assertion_row(a) for a in chart.of(ClinicalAssertion)),
        *(_row(d, "Diagnosis", *_diagnosis_words(d)) for d in chart.of(Diagnosis)),
        *(_decision_row(d) for d in chart.decisions),
    ]
    return sorted(found, key=lambda row: row.sort_key, reverse=True)


def _row(row, lane: str, what: str, detail: str, *, href: str = "") -> RecordRow:
    when = words.span_of(row.as_written)
    key = (when is not None, when or (), str(row.recorded_at))
    return RecordRow(str(row.lineage), key, words.day_words(when), lane, what, detail, row.note, href, row.doubt_words)


def _scan_row(view) -> RecordRow:
    scan = view.scan
    reading = f"signed reading, {view.reading.scale_id}" if view.reading else "no signed reading"
    what = f"{scan.tracer or 'PET'} {scan.label}".strip()
    return _row(scan, "Scans", what, reading, href=reverse("imaging:scan", args=[scan.pk]))


def _course_words(line) -> str:
    drugs = ", ".join(line.drugs)
    stop = f"until {words.row_day(line, 'stop_date')}" if line.stop_date else ("ongoing" if line.is_ongoing else "")
    return ", ".join(part for part in (line.get_treatment_class_display(), drugs, stop) if part)


def _specimen_words(specimen, chart: Chart) -> str:
    grade = words.grade(specimen, chart.grades[specimen.pk])
    return ", ".join(p for p in (specimen.site or "site not stated", words.ki67([specimen]), grade) if p)


def _pathology(specimen, chart: Chart) -> str:
    """Computed and stated grade side by side, with the edition: they may disagree."""
    computed = chart.grades[specimen.pk]
    stated = f"stated {specimen.stated_grade}" if specimen.stated_grade else "grade not stated"
    markers = ", ".join(f"{m.marker} {m.get_result_display()}" for m in specimen.ihc_results.all())
    return "; ".join(p for p in (f"{computed.label} by {computed.edition}, {stated}", markers) if p)


def _lab_name(lab) -> str:
    known = ANALYTES.get(lab.analyte)
    return words.sentence(known.label if known else lab.analyte)


def _lab_value(lab) -> str:
    out = lab_out(lab)
    value = f"{lab.comparator}{words.number(lab.value)} {words.unit(lab.unit)}".rstrip()
    return value + (f", {out}" if out else "")


def _body_words(measure: BodyMeasure) -> tuple[str, str]:
    """The kind is named with its unit, "weight (kg)"; the unit belongs behind the number."""
    name, _, unit = measure.get_kind_display().rstrip(")").partition(" (")
    return words.sentence(name), f"{words.number(measure.value)} {unit}".rstrip()


def _assertion_row(row) -> RecordRow:
    days = (row.as_written.compared_from, row.as_written.compared_to)
    pair = f"{days[0] or '?'} compared with {days[1] or '?'}" if any(days) else ""
    detail = ", ".join(p for p in (row.get_state_display(), row.detail.replace("_", " "), pair) if p)
    return _row(row, "Statement", words.sentence(row.get_kind_display()), detail)


def _diagnosis_words(diagnosis: Diagnosis) -> tuple[str, str]:
    function = diagnosis.get_functional_status_display()
    tnm = f", {diagnosis.tnm} {diagnosis.tnm_edition}".rstrip() if diagnosis.tnm else ""
    return words.sentence(diagnosis.get_primary_site_display()), f"{words.stage(diagnosis)}, function {function}{tnm}"


def _cycle_words(cycle: PrrtCycle) -> str:
    activity = "activity not recorded" if cycle.activity_mbq is None else f"{words.number(cycle.activity_mbq)} MBq"
    return f"{cycle.compound}, {activity}"


def _decision_row(decision) -> RecordRow:
    day = words.day_words((decision.decided_on, decision.decided_on))
    state = ", superseded" if decision.replaced_by else ""
    key = (True, (decision.decided_on, decision.decided_on), str(decision.recorded_at))
    what = f"{decision.get_outcome_display().capitalize()}{state}"
    return RecordRow(f"d-{decision.pk}", key, day, "Decisions", what, decision.text, "", f"#decision-{decision.pk}")
