"""The tabs of a patient page, one deep: a table each, built from the chart at hand."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from board import words
from board.chart import Chart, ScanView
from board.history import lab_out
from board.record_table import RecordRow, record_rows
from eligibility.scan_class_facts import class_of_scan
from imaging.selectors import CURRENT, REFUSED
from patients.domain.units import ANALYTES
from patients.models import LabResult


@dataclass(frozen=True)
class Cell:
    text: str
    sub: str = ""
    href: str = ""
    is_source: bool = False


@dataclass(frozen=True)
class Tab:
    """``add``: what an empty one offers; ``address`` its page."""

    key: str
    label: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    empty: str = ""
    add: str = ""


LABELS = {
    "overview": "Overview",
    "eligibility": "Eligibility",
    "change": "Change",
    "scans": "Scans",
    "histology": "Histology",
    "lines": "Lines",
    "labs": "Labs",
    "decisions": "Decisions",
    "contacts": "Contacts",
    "audit": "Audit",
}


def chosen(key: str) -> str:
    return key if key in LABELS else "overview"


def table_tab(key: str, chart: Chart) -> Tab | None:
    """None for tabs that are more than a table."""
    build = _TABLES.get(key)
    return build(chart) if build else None


def _source(chart: Chart, row) -> str:
    return f"{reverse('board:source', args=[chart.patient.case_number])}?row={row.lineage}"


def _scans(chart: Chart) -> Tab:
    heads = ("Date", "Tracer", "SUV", "Reading", "Lesions with a region", "SSTR class", "SSA at the scan")
    rows = tuple(_scan_row(view, chart) for view in reversed(chart.scans))
    return Tab("scans", "Scans", heads, rows, "No SSTR scan yet. Upload or import.", "Upload scan")


def _scan_row(view: ScanView, chart: Chart) -> tuple[Cell, ...]:
    scan, reading = view.scan, view.reading
    signed = Cell(f"signed, {reading.scale_id}", f"version {reading.version}") if reading else Cell("no signed reading")
    lesions = {m.voi.lesion_id for m in view.measured if m.voi.lesion_id}
    return (
        Cell(words.row_day(scan.as_written), scan.label, reverse("imaging:scan", args=[scan.pk])),
        Cell(scan.tracer or "not stated", f"{scan.note} {scan.doubt_words}".strip()),
        _suv(view),
        signed,
        Cell(str(len(lesions)) if lesions else "none"),
        _class(view, chart),
        Cell(scan.get_ssa_status_display()),
    )


def _class(view: ScanView, chart: Chart) -> Cell:
    found = class_of_scan(chart.case, view.scan)
    return Cell("no SSTR tracer") if found is None else Cell(f"SSTR {found.label}", found.text)


def _suv(view: ScanView) -> Cell:
    if view.suv.state == REFUSED:
        return Cell("no SUV", view.suv.message)
    if view.suv.state != CURRENT:
        return Cell("not computed yet")
    return Cell("computed" if view.suv.is_fact else "provisional", "" if view.suv.is_fact else "not used as a fact")


def _histology(chart: Chart) -> Tab:
    heads = ("Date", "Site", "Procedure", "Ki-67", "Grade, computed", "Grade, stated", "Markers")
    rows = tuple(_specimen_row(s, chart) for s in reversed(chart.specimens))
    return Tab("histology", "Histology", heads, rows, "No specimen recorded yet.", "Add histology")


def _specimen_row(s, chart: Chart) -> tuple[Cell, ...]:
    found = chart.grades[s.pk]
    markers = ", ".join(f"{m.marker} {m.get_result_display()}" for m in s.ihc_results.all())
    return (
        Cell(words.row_day(s.as_written), f"{s.note} {s.doubt_words}".strip()),
        Cell(s.site or "not stated"),
        Cell(s.get_procedure_display(), s.get_differentiation_display()),
        Cell(words.in_percent(s) or "not stated", s.ki67_method, _source(chart, s), is_source=True),
        Cell(found.label, found.edition),
        Cell(s.stated_grade or "not stated", s.classification_edition),
        Cell(markers or "none recorded"),
    )


def _lines(chart: Chart) -> Tab:
    rows = [_record(row, chart) for row in record_rows(chart) if row.lane == "Treatment"]
    empty = "No treatment line recorded yet."
    return Tab("lines", "Lines", ("Date", "Treatment", "Details", "Note"), tuple(rows), empty, "Add a line")


def _record(row: RecordRow, chart: Chart) -> tuple[Cell, ...]:
    path = f"{reverse('board:source', args=[chart.patient.case_number])}?row={row.key}"
    return Cell(row.day), Cell(row.what, "", path, is_source=True), Cell(row.detail), Cell(row.note, row.in_question)


def _labs(chart: Chart) -> Tab:
    heads = ("Date", "Value", "Result", "Limits of the laboratory", "Note")
    newest_first = sorted(chart.labs, key=lambda lab: (lab.clinical_date is not None, lab.clinical_date), reverse=True)
    rows = tuple(_lab_row(lab, chart) for lab in newest_first)
    return Tab("labs", "Labs", heads, rows, "No value recorded yet.", "Add values")


def _lab_row(lab: LabResult, chart: Chart) -> tuple[Cell, ...]:
    known, unit = ANALYTES.get(lab.analyte), words.unit(lab.unit)
    written = lab.as_written
    ends = [words.number(end) if end is not None else "" for end in (written.reference_low, written.reference_high)]
    limits = f"{ends[0] or 'no lower'} to {ends[1] or 'no upper'} {unit}" if any(ends) else "not recorded"
    return (
        Cell(words.row_day(written)),
        Cell(words.sentence(known.label if known else lab.analyte)),
        Cell(
            f"{lab.comparator}{words.number(lab.value)} {unit}".rstrip(),
            lab_out(lab),
            _source(chart, lab),
            is_source=True,
        ),
        Cell(limits),
        Cell(lab.note, lab.doubt_words),
    )


_TABLES: dict[str, Callable[[Chart], Tab]] = {"scans": _scans, "histology": _histology, "lines": _lines, "labs": _labs}
