"""Every table an export may have, and the one that says how each case stands to the question."""

from board.cohort.cases import CohortCase
from board.cohort.columns import Column, Leaving, Table
from board.cohort.makers import choices, code, date, flag, number
from board.cohort.tables_clinical import CLINICAL
from board.cohort.tables_imaging import IMAGING
from board.cohort.tables_treatment import TREATMENT
from board.domain.cohort_pairs import EXCLUSIONS
from board.models import BoardDecision
from eligibility.domain.change_classes import ChangeClass
from eligibility.domain.check_types import State
from imaging.models import Scan

_C, _D = "board.cohort", "board.BoardDecision"
_SCAN_CLASSES = frozenset({"RICH", "MIXED, most", "MIXED, few", "POOR", "UNKNOWN"})


def _found(leaving: Leaving) -> list[CohortCase]:
    return [leaving.found]


def _scan(name: str, meaning: str, side: str) -> Column:
    def get(leaving: Leaving, row: CohortCase) -> str:
        chosen = getattr(row.pair, side)
        scans = {str(scan.lineage): scan.lineage for scan in leaving.of(Scan)}
        return leaving.reference(Scan, scans.get(chosen.id)) if chosen else ""

    return Column(name, meaning, "reference", f"{_C}.cases", get)


def _outcome(name: str, meaning: str) -> Column:
    """Only of those who are in: of the others there is no answer."""
    return flag(name, meaning, f"{_C}.outcome", lambda _l, row: getattr(row.outcome, name) if row.is_in else None)


def _coded(name: str, meaning: str, field: str, codes: frozenset[str]) -> Column:
    return code(name, meaning, f"{_C}.outcome", codes, lambda _l, row: getattr(row.outcome, field))


COHORT = Table(
    "cohort",
    "one row a patient: in or out, and what became of uptake",
    _found,
    (
        flag("is_in", "whether the case counts in the figures", f"{_C}.cases", lambda _l, row: row.is_in),
        code("excluded", "why not", f"{_C}.cases", frozenset(EXCLUSIONS), lambda _l, row: row.pair.excluded),
        date(
            "day_0",
            "day on which the treatment began, where it is known",
            f"{_C}.events",
            lambda _l, row: row.exact_zero,
        ),
        _scan("scan_before", "first scan of the pair", "before"),
        _scan("scan_after", "second scan of the pair", "after"),
        _coded("class_before", "SSTR class of the first scan", "before", _SCAN_CLASSES),
        _coded("class_after", "SSTR class of the second scan", "after", _SCAN_CLASSES),
        _coded("change_class", "see docs/numbers.md", "name", frozenset(ChangeClass)),
        Column("method_version", "", "version", f"{_C}.outcome", lambda _l, row: row.outcome.method_version),
        _coded("ssa", "analogue at the two scans", "ssa", frozenset({"none", "on", "new", "stopped", "unknown"})),
        _coded("ssa_check", "what the check of it says", "ssa_check", frozenset(State)),
        _outcome("raw", "class of the scan rose"),
        _outcome("adjusted", "and the analogue explains nothing"),
        _outcome("confirmed", "and every reader's last verdict is a true change"),
        _outcome("twice", "and two readers, blinded"),
        _outcome("lesion_loss", "cold lesions vanished and none rose"),
        _outcome("unsure", "a reader is unsure"),
        _outcome("unknown", "a scan has no known class"),
    ),
)


def _is_old(leaving: Leaving, row: BoardDecision) -> bool:
    return any(other.supersedes_id == row.pk for other in leaving.of(BoardDecision))


DECISIONS = Table(
    "decisions",
    "what the board decided; the words stay here",
    lambda leaving: sorted(leaving.of(BoardDecision), key=lambda row: (row.decided_on, row.recorded_at)),
    (
        date("decided_on", "", f"{_D}.decided_on"),
        code("outcome", "", f"{_D}.outcome", choices(BoardDecision.outcome)),
        code("next_step", "", f"{_D}.next_step", choices(BoardDecision.next_step)),
        number("interval", "", f"{_D}.interval_days", "d"),
        date("due", "", f"{_D}.due_date"),
        code("agreement", "", f"{_D}.agreement", choices(BoardDecision.agreement)),
        flag("is_superseded", "a later one stands", f"{_D}.supersedes", _is_old),
    ),
)


TABLES: dict[str, Table] = {table.name: table for table in (COHORT, *CLINICAL, *TREATMENT, *IMAGING, DECISIONS)}


def columns_of(table: Table, *, has_free_text: bool) -> list[Column]:
    return [column for column in table.columns if has_free_text or column.kind != "text"]


def text_columns(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.kind == "text"]
