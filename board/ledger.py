"""What was given that may wear the marrow out, and how the counts went: information, never a rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from board import words
from board.chart import Chart
from board.domain.sparkline import Spark, sparkline
from eligibility.line_kinds import is_prrt_line
from patients.domain.drugs import ALKYLATORS, drugs_of
from patients.models import ClinicalAssertion, LabResult, PrrtCycle, TreatmentLine

NEVER = "never recorded"
_PLATINUM = frozenset({"cisplatin", "carboplatin", "oxaliplatin"})
_OTHER_ALKYLATORS = ALKYLATORS - {"temozolomide", "streptozocin"}
_COUNTS = (("hb", "Haemoglobin"), ("platelets", "Platelets"), ("lymphocytes", "Lymphocytes"), ("mcv", "MCV"))


@dataclass(frozen=True)
class Entry:
    name: str
    value: str
    row: object = None
    spark: Spark | None = None

    @property
    def is_known(self) -> bool:
        return self.value != NEVER

    @property
    def lineage(self) -> str:
        return str(self.row.lineage) if self.row else ""


def ledger(chart: Chart) -> list[Entry]:
    temozolomide, streptozocin = _with(chart, {"temozolomide"}), _with(chart, {"streptozocin"})
    return [
        Entry("Temozolomide", _cycles(temozolomide, chart), _newest(temozolomide)),
        Entry("Last dose", _last_dose(temozolomide), _newest(temozolomide)),
        Entry("Streptozocin", _streptozocin(streptozocin, chart), _newest(streptozocin)),
        _given("Other alkylators", _OTHER_ALKYLATORS, chart),
        _given("Platinum", _PLATINUM, chart),
        _previous_prrt(chart),
        _marrow(chart),
        *(
            _trend(name, [lab for lab in chart.labs if lab.analyte == code and lab.clinical_date])
            for code, name in _COUNTS
        ),
    ]


def _with(chart: Chart, wanted: Iterable[str]) -> list[TreatmentLine]:
    return [line for line in chart.lines if _drugs(line).intersection(wanted)]


def _drugs(line: TreatmentLine) -> set[str]:
    return {drug.strip().lower() for drug in line.drugs or drugs_of(line.regimen)}


def _newest(lines: list[TreatmentLine]) -> TreatmentLine | None:
    return lines[-1] if lines else None


def _cycles(lines: list[TreatmentLine], chart: Chart) -> str:
    if not lines:
        return _none(chart)
    counted = [line.cycles for line in lines if line.cycles is not None]
    if not counted:
        return "given, number of cycles never recorded"
    text = f"{sum(counted)} cycle{'' if sum(counted) == 1 else 's'}"
    return text if len(counted) == len(lines) else f"at least {text}: a line without a number"


def _none(chart: Chart) -> str:
    """Without any line nobody has said that there was none; a line of unknown drugs leaves it open."""
    if not chart.lines:
        return NEVER
    unnamed = [line for line in chart.lines if line.treatment_class in {"chemo", "other"} and not _drugs(line)]
    return f"unknown: drugs of {unnamed[-1].regimen} never recorded" if unnamed else "none among the lines recorded"


def _last_dose(lines: list[TreatmentLine]) -> str:
    if not lines:
        return NEVER
    if any(line.is_ongoing for line in lines):
        return "ongoing"
    stopped = [line for line in lines if line.stop_date]
    if len(stopped) < len(lines):
        return NEVER
    return words.row_day(max(stopped, key=lambda line: line.stop_date), "stop_date")


def _streptozocin(lines: list[TreatmentLine], chart: Chart) -> str:
    return f"{_cycles(lines, chart)}, last dose {_last_dose(lines)}" if lines else _none(chart)


def _marrow(chart: Chart) -> Entry:
    """External beam radiotherapy on record, and what a person said of the share of marrow in its fields."""
    lines = [line for line in chart.lines if line.treatment_class == TreatmentLine.TreatmentClass.EBRT]
    asked = [row for row in chart.of(ClinicalAssertion) if row.kind == ClinicalAssertion.Kind.MARROW_IRRADIATED]
    said = [f"{words.treatment(line)}, {words.row_day(line)}" for line in lines]
    if asked:
        said.append(f"more than 25 % of marrow {asked[-1].get_state_display()}, {words.row_day(asked[-1])}")
    elif lines:
        said.append("share of marrow never recorded")
    return Entry("Radiotherapy to marrow", "; ".join(said) or _none_listed(chart), (asked or lines or [None])[-1])


def _given(name: str, wanted: Iterable[str], chart: Chart) -> Entry:
    lines = _with(chart, wanted)
    said = [f"{words.treatment(line)}, {words.row_day(line)}" for line in lines]
    return Entry(name, "; ".join(said) or _none(chart), _newest(lines))


def _previous_prrt(chart: Chart) -> Entry:
    cycles = chart.of(PrrtCycle)
    known = [cycle.activity_mbq for cycle in cycles if cycle.activity_mbq is not None]
    lines = [line for line in chart.lines if is_prrt_line(line)]
    if not cycles:
        said = "given, activity never recorded" if lines else _none_listed(chart)
        return Entry("Previous PRRT", said, _newest(lines))
    count = f"{len(cycles)} cycle{'' if len(cycles) == 1 else 's'}"
    if not known:
        return Entry("Previous PRRT", f"{count}, activity never recorded", cycles[-1])
    total = f"{words.number((sum(known, Decimal(0)) / 1000).quantize(Decimal('0.1')))} GBq in {count}"
    missing = len(cycles) - len(known)
    said = f"at least {total}: activity of {missing} not recorded" if missing else total
    return Entry("Previous PRRT", said, cycles[-1])


def _none_listed(chart: Chart) -> str:
    return "none among the lines recorded" if chart.lines else NEVER


def _trend(name: str, labs: list[LabResult]) -> Entry:
    """The newest value against the first in the same unit, and the way between as a line; no judgement."""
    if not labs:
        return Entry(name, NEVER)
    newest = labs[-1]
    alike = [lab for lab in labs if lab.unit == newest.unit]
    first = alike[0]
    unit = words.unit(newest.unit)
    if first is newest:
        return Entry(name, f"{_value(newest)} {unit}, {words.row_day(newest)}, no earlier value", newest)
    between = f", {len(alike)} values" if len(alike) > 2 else ""
    said = f"{_value(first)} → {_value(newest)} {unit}, {words.row_day(first)} to {words.row_day(newest)}{between}"
    spark = sparkline([(lab.clinical_date, lab.value) for lab in alike if not lab.comparator])
    return Entry(name, said, newest, spark)


def _value(lab: LabResult) -> str:
    return f"{lab.comparator}{words.number(lab.value)}"
