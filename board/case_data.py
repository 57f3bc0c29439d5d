"""The minimum data of one case, from the rows of its chart: what is known, from when, and what is missing."""

import datetime as dt

from board.chart import Chart
from board.domain.minimum_data import Known, Point, points
from board.minimum_rules import minimum_rules
from eligibility.fact_tools import dated, usable
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import Reading, Scan
from imaging.selectors import REFUSED, current_suv
from patients.models import (
    ClinicalAssertion,
    Diagnosis,
    HistologySpecimen,
    PerformanceStatus,
    SsaInjection,
    TreatmentLine,
)

BLOOD = {
    "haemoglobin": {"hb"},
    "leucocytes": {"wbc"},
    "platelets": {"platelets"},
    "creatinine or eGFR": {"creatinine", "egfr_reported", "crcl_measured"},
    "bilirubin": {"bilirubin_total"},
    "albumin": {"albumin"},
}
MARKERS = {"cga", "cga_molar", "hiaa_urine"}
FDG_FROM_KI67 = 10


def case_points(chart: Chart, *, question: str) -> tuple[Point, ...]:
    """Each item of the minimum data today. A question that differs from the chart's is the one that counts."""
    known = [
        Known("question", bool(question.strip())),
        _histology(chart),
        _labs(chart),
        _sstr(chart),
        *_fdg(chart),
        _lines(chart),
        _tumour(chart),
        _response(chart),
        _newest("status", [row for row in chart.of(PerformanceStatus) if not row.is_frailty], chart),
        *_ssa(chart),
        _newest("markers", [lab for lab in chart.labs if lab.analyte in MARKERS], chart),
    ]
    return points(known, minimum_rules(), question=question, day=chart.today)


def _day(rows, today: dt.date) -> dt.date | None:
    return max((day for row in usable(rows, today) if (day := dated(row))), default=None)


def _newest(key: str, rows, chart: Chart) -> Known:
    return Known(key, bool(rows), _day(rows, chart.today))


def _histology(chart: Chart) -> Known:
    if not chart.specimens:
        return Known("histology", False)
    newest = chart.specimens[-1]
    not_stated = HistologySpecimen.Differentiation.NOT_STATED
    lacks = [] if newest.ki67_text else ["Ki-67"]
    lacks += ["differentiation"] if newest.differentiation == not_stated else []
    since = [line for line in chart.lines if _was_given_since(line, newest)]
    because = f"taken before {since[-1].regimen}" if since else ""
    return Known("histology", not lacks, dated(newest), tuple(lacks), because, is_partial=bool(lacks))


def _was_given_since(line: TreatmentLine, specimen: HistologySpecimen) -> bool:
    """A line that began after the specimen was taken: the tumour may be another one."""
    began, taken = line.clinical_span, specimen.clinical_span
    return line.treatment_class in _SYSTEMIC and bool(began and taken) and began[0] > taken[1]


_C = TreatmentLine.TreatmentClass
_SYSTEMIC = frozenset({_C.CHEMO, _C.PRRT, _C.TARGETED, _C.INTERFERON, _C.OTHER})


def _labs(chart: Chart) -> Known:
    """As old as the oldest of the newest values."""
    days, lacks = [], []
    for name, analytes in BLOOD.items():
        day = _day([lab for lab in chart.labs if lab.analyte in analytes], chart.today)
        (days if day else lacks).append(day or name)
    return Known("labs", not lacks, min(days, default=None), tuple(lacks), is_partial=bool(days and lacks))


def _scan_of(chart: Chart, tracers) -> Scan | None:
    dates = [scan for scan in usable(chart.of(Scan), chart.today) if scan.clinical_date and tracers(scan.tracer)]
    return max(dates, key=dated, default=None)


def _sstr(chart: Chart) -> Known:
    """Read, and with an SUV: an SSTR PET nobody has signed for is not there yet."""
    scan = _scan_of(chart, is_sstr)
    if scan is None:
        return Known("sstr", False)
    lacks = [] if reader_of(scan) else ["signed reading"]
    lacks += ["SUV"] if current_suv(scan.pet_series).state == REFUSED else []
    return Known("sstr", not lacks, dated(scan), tuple(lacks), is_partial=bool(lacks))


def reader_of(scan: Scan) -> int | None:
    """Who signed its reading last, by id."""
    signed = [r for r in scan.readings.all() if r.state == Reading.State.SIGNED and r.signed_at]
    return max(signed, key=lambda r: (r.signed_at, r.version)).reader_id if signed else None


def pre_read_by(chart: Chart) -> str:
    """Name of who signed the reading of the newest SSTR scan, "" where nobody did."""
    scan = _scan_of(chart, is_sstr)
    reader = reader_of(scan) if scan else None
    return chart.names.get(reader, "") if reader else ""


def _fdg(chart: Chart) -> list[Known]:
    """Asked for where Ki-67 may lie above 10 %, or the grade may be G3 or worse; else only shown if there is one."""
    scan = _scan_of(chart, lambda tracer: tracer == Tracer.F18_FDG)
    if scan is not None:
        return [Known("fdg", True, dated(scan))]
    return [Known("fdg", False)] if _needs_fdg(chart) else []


def _needs_fdg(chart: Chart) -> bool:
    if not chart.specimens:
        return False
    newest = chart.specimens[-1]
    interval = newest.ki67_interval
    high = interval is not None and (interval.high is None or interval.high > FDG_FROM_KI67)
    return high or bool({"G3", "NEC"} & set(chart.grades[newest.pk].candidates))


def _lines(chart: Chart) -> Known:
    lacks = [
        f"cycles of {line.regimen}" for line in chart.lines if line.treatment_class == _C.CHEMO and not line.cycles
    ]
    return Known("lines", bool(chart.lines) and not lacks, lacks=tuple(lacks), is_partial=bool(lacks))


def _tumour(chart: Chart) -> Known:
    found = chart.diagnosis
    site_known = found is not None and found.primary_site != Diagnosis.Site.UNKNOWN
    stage_known = found is not None and found.stage != Diagnosis.Stage.UNKNOWN
    lacks = [*([] if site_known else ["primary site"]), *([] if stage_known else ["stage"])]
    return Known("tumour", not lacks, lacks=tuple(lacks), is_partial=len(lacks) == 1)


def _response(chart: Chart) -> Known:
    """The newest day on which response or progression on CT or MRI was stated."""
    told = [line.best_response_date for line in chart.lines if line.best_response and line.best_response_date]
    progression = ClinicalAssertion.Kind.PROGRESSION
    rows = [row for row in chart.of(ClinicalAssertion) if row.kind == progression and row.state != "unknown"]
    days = [row.compared_to or dated(row) for row in usable(rows, chart.today)] + told
    return Known("response", bool(days), max((day for day in days if day), default=None))


def _ssa(chart: Chart) -> list[Known]:
    """Asked for while an analogue is given."""
    has_line = any(line.treatment_class == _C.SSA and not line.stop_date for line in chart.lines)
    injections = chart.of(SsaInjection)
    return [_newest("ssa", injections, chart)] if has_line or injections else []
