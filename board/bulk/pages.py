"""What the pages of the table import show: templates, lines of a report, the imports of a person."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from patients import reads
from patients.bulk.differences import Difference
from patients.bulk.outcomes import OUTCOMES, Fault, Line, Report
from patients.domain.bulk_columns import TABLES
from patients.domain.bulk_reasons import CHANGED, NEW, REASONS, REFUSED, SAME, UNDONE
from patients.models import ImportBatch, ImportRow, Patient
from patients.selectors import visible_patients

SHOWN = 200
MOST_BATCHES = 50
HEADINGS = {REFUSED: "Refused", CHANGED: "Differs from what is recorded", NEW: "New", SAME: "Already here"}


@dataclass(frozen=True)
class Shown:
    """``case_number``: of a case that whoever looks may open."""

    place: str
    what: str
    said: list[Fault]
    undone: str = ""
    differences: list[Difference] = field(default_factory=list)
    case_number: str = ""


@dataclass(frozen=True)
class Group:
    outcome: str
    heading: str
    lines: list[Shown]
    number: int

    @property
    def more(self) -> int:
        return self.number - len(self.lines)


def groups_of(report: Report, user) -> list[Group]:
    """What a row is compared with is read by whoever tries the file."""
    met = {case_of(line.row) for line in report.lines if line.outcome in (SAME, CHANGED)}
    mine = {one.pk: one for one in visible_patients(user).filter(pk__in=met - {None})}
    reads.note_all(mine.values())
    return _groups((line.outcome, _line(line, mine)) for line in report.lines)


def groups_of_batch(batch: ImportBatch, user) -> list[Group]:
    """Rows of cases that this person may not open any more are named by their place only."""
    rows = list(batch.rows.select_related("patient"))
    mine = set(visible_patients(user).filter(pk__in={row.patient_id for row in rows}).values_list("pk", flat=True))
    reads.note_all(mine)
    return _groups((row.outcome, _kept(row, row.patient_id in mine)) for row in rows)


def case_of(row) -> UUID | None:
    return row.pk if isinstance(row, Patient) else getattr(row, "patient_id", None)


def batches_of(user) -> list[ImportBatch]:
    return list(ImportBatch.objects.filter(by=user)[:MOST_BATCHES])


def undone_words(batch: ImportBatch) -> list[tuple[int, str]]:
    found = Counter(batch.rows.exclude(undone="").values_list("undone", flat=True))
    return [(found[code], sentence) for code, sentence in UNDONE.items() if found[code]]


def _groups(lines: Iterable[tuple[str, Shown]]) -> list[Group]:
    found: dict[str, list[Shown]] = {}
    for outcome, line in lines:
        found.setdefault(outcome, []).append(line)
    return [Group(one, HEADINGS[one], found[one][:SHOWN], len(found[one])) for one in OUTCOMES if one in found]


def _line(line: Line, mine: dict[UUID, Patient]) -> Shown:
    patient = getattr(line.row, "patient", None)
    what = f"{patient.case_number}: {line.what}" if patient is not None else line.what
    opened = mine.get(case_of(line.row)) if line.row is not None else None
    return Shown(
        _place(line.table, line.number),
        what,
        line.said,
        differences=line.differences,
        case_number=opened.case_number if opened else "",
    )


def _kept(row: ImportRow, is_mine: bool) -> Shown:
    case_number = row.patient.case_number if is_mine and row.patient else ""
    return Shown(
        _place(row.table, row.number),
        f"Case {case_number}" if case_number else "",
        [Fault(row.column, REASONS[row.code], row.code)],
        UNDONE.get(row.undone, ""),
        case_number=case_number,
    )


def _place(table: str, number: int) -> str:
    return f"{TABLES[table].title}, row {number}"
