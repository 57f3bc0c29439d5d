"""What lies beside the tables of an export: what each column is, which rules made the classes, what was done."""

import csv
import io

from board.cohort.columns import KINDS, Table
from board.cohort.tables import columns_of
from board.domain.cohort_pairs import EXCLUSIONS, LOOKBACK, TWO_CYCLES
from eligibility.domain.change import METHOD_VERSION
from eligibility.loader import guidelines
from patients.domain.spreadsheet import neutral

PATIENT = "patient"
READ_ME = (
    "De-identified export of a cohort. Every patient has a name of this export only, and all dates of a patient are "
    "moved by the same number of days, another for each patient: intervals are as they were, days are not. Of birth "
    "only the year is given; who is or died at 90 or older is said to be so. No centre, no user, no UID. "
    "What contradicts itself in a row (an end before its start, a day before the birth) is left empty.\r\n"
    "What each column is: dictionary.csv. The question: query.json. Checked with: sha256sum -c manifest.sha256\r\n"
    "Cases can still be recognised by whoever knows them: pass nothing on beyond the agreement it was exported under."
    "\r\nDecision support, not a certified medical device.\r\n"
)


def dictionary(tables: list[Table], *, has_free_text: bool) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["table", "column", "meaning", "type", "unit", "source", "code system", "values"])
    for table in tables:
        writer.writerow(
            [table.name, PATIENT, f"name of the patient in this export; {table.meaning}", "reference", *[""] * 4]
        )
        for column in columns_of(table, has_free_text=has_free_text):
            values = "; ".join(sorted(column.codes))
            line = [table.name, column.name, column.meaning or column.name.replace("_", " "), KINDS[column.kind]]
            writer.writerow(
                [neutral(value, keeps_numbers=True) for value in (*line, column.unit, column.source, column.of, values)]
            )
    return text.getvalue()


def rule_sets() -> dict:
    """Which rules the classes and codes were made by."""
    sets = [
        {"id": one.id, "version": one.version, "title": one.title, "sha256": one.sha256}
        for one in guidelines().values()
    ]
    pairs = {"lookback_days": LOOKBACK.days, "without_end_days": TWO_CYCLES.days, "exclusions": EXCLUSIONS}
    return {"change": METHOD_VERSION, "pairs": pairs, "guidelines": sets}
