"""Templates to fill in and the page that documents them, both written from the columns that the importer reads."""

import io
from collections.abc import Iterator

from patients.domain.bulk_columns import CHOICE, FORMS, LIST, TABLES, Column, Table
from patients.domain.lab_table_words import names_of
from patients.domain.units import ANALYTES
from patients.tables_out import Sheet, write_csv, write_xlsx

WORKBOOK = "all"
HOW_TO_COLUMNS = ("table", "column", "needed", "how it is written", "choices", "meaning")


def template_csv(table: Table) -> str:
    return "".join(write_csv(table.names, [_example(table)]))


def template_xlsx(tables: list[Table]) -> bytes:
    target = io.BytesIO()
    sheets = [Sheet(table.title, table.names, [_example(table)]) for table in tables]
    write_xlsx([*sheets, Sheet("How to", HOW_TO_COLUMNS, _how_to(tables))], target)
    return target.getvalue()


def documentation() -> str:
    """docs/import-tables.md"""
    return "\n".join([INTRODUCTION, *(line for table in TABLES.values() for line in _chapter(table)), *_units()]) + "\n"


def _example(table: Table) -> list[str]:
    return [column.example for column in table.columns]


def _how_to(tables: list[Table]) -> Iterator[list[str]]:
    for table in tables:
        for column in table.columns:
            needed = "yes" if column.is_required else ""
            yield [table.title, column.name, needed, FORMS[column.kind], "; ".join(column.choices), column.meaning]
    for analyte in ANALYTES.values():
        yield ["Units", analyte.code, "", analyte.label, "; ".join(analyte.units), "Units that are accepted."]
    for analyte in ANALYTES.values():
        yield ["Names", analyte.code, "", analyte.label, "; ".join(names_of(analyte.code)), NAMES]


def _chapter(table: Table) -> list[str]:
    head = [f"\n## {table.title} (`{table.name}`)\n", "| column | needed | written as | meaning |", "|---|---|---|---|"]
    key = ", ".join(f"`{name}`" for name in table.key)
    return [*head, *map(_line, table.columns), f"\nOne row from another: {key}.\n", *_sample(table)]


def _line(column: Column) -> str:
    how = ", ".join(f"`{one}`" for one in column.choices) if column.kind == CHOICE else FORMS[column.kind]
    return f"| `{column.name}` | {'yes' if column.is_required else ''} | {how} | {column.meaning} |"


def _sample(table: Table) -> list[str]:
    cells = [f'"{one}"' if "," in one or column.kind == LIST else one for column, one in _pairs(table)]
    return ["```csv", ",".join(table.names), ",".join(cells), "```"]


def _pairs(table: Table) -> list[tuple[Column, str]]:
    return [(column, column.example) for column in table.columns]


def _units() -> list[str]:
    head = ["\n## Names and units of the laboratory values\n", NAMES, ""]
    lines = [
        f"| `{one.code}` | {', '.join(names_of(one.code))} | {', '.join(f'`{unit}`' for unit in one.units)} |"
        for one in ANALYTES.values()
    ]
    return [*head, "| analyte | may be called | units |", "|---|---|---|", *lines, "", SHARED_NAMES]


NAMES = "Small or capital letters, blanks and hyphens make no difference."
SHARED_NAMES = """Plain "bilirubin" is the total; direct, conjugated and indirect bilirubin are other tests and are
refused. Chromogranin A in `nmol/L` is the molar quantity, in `ug/L` or `ng/mL` the mass. "Creatinine clearance" must
say that it was measured, and "GFR" that it is an estimate (eGFR): of a pasted table a person accepts each line, an
imported one is refused. Hb S, and haemoglobin in plasma, are no haemoglobin."""


INTRODUCTION = """# Import of tables

CSV or XLSX, one table in a CSV file, one table on each sheet of a workbook. **Import tables** on the page of patients,
or `manage.py import_table FILE --by USER --dry-run`. Templates with an example row are on the page.

1. **Trial run.** Every row gets its outcome: `new`, `already here`, `differs` or `refused`, with every reason. Where
   it differs, both values of each column are shown, of cases that you may open. Nothing is stored.
2. **Confirm.** Exactly the file that was tried is taken over, in one transaction. One bad row stops the whole file,
   unless you choose "only the good rows".
3. **Take back.** An import is withdrawn as long as its rows were not changed since. What stays says why. A new case
   that is empty afterwards is closed: nobody sees it, its number and its history stay. The same file opens it again.

Rules for every table:

- The first row has the names of the columns. The table is recognised by them. Columns that are not needed may
  be left out.
- An empty cell says nothing. `unknown`, in any column that may be empty, says that it is not known: that is stored as
  an answer, with author and time, as the entry page does it.
  Earlier imports wrote "Not known: …" into the note, or kept the word "unknown" as a text: such a row counts as the
  same.
- Dates: `2024-03-15`, `15.03.2024`, `2024-03`, `2024`. Day before month where points or slashes are used.
- Numbers: point or comma for decimals. `1,234` is refused, because it can be two numbers: write `1234` or `1.234`.
- Analytes: by their code or by one of the names below.
- A formula is refused, not computed. Units are never guessed.
- What is recorded already is not changed by a table: correct it on the page of the case. `unknown` is not added to it
  either; the report says so.
- A case that you may not open is answered like one that does not exist.
- Limits: 5 MB, 5,000 rows, 40 columns, 500 characters in a cell. UTF-8 or Windows-1252; commas, semicolons or tabs.
"""
