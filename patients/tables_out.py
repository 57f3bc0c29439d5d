"""Tables as CSV and XLSX for people with a spreadsheet: no text of ours is ever taken for a formula.

CSV knows no types: a text that a spreadsheet would compute gets an apostrophe in front, also after a separator inside
it, where a program that splits at semicolons would start a cell of its own. XLSX knows types: every text is stored
as text and marked so that it stays text when somebody edits the cell. Numbers stay numbers, days are written in ISO.
"""

import csv
import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from patients.domain.spreadsheet import neutral

BYTE_ORDER_MARK = "\ufeff"
LONGEST_CELL = 32_000
CUT = " … (cut)"
MOST_DIGITS = 15
WIDEST = 60


class Sheet(NamedTuple):
    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


class _Line:
    """What csv.writer writes to: the one line written last."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Line by line, the header first, with a byte order mark so that a spreadsheet reads UTF-8."""
    line = _Line()
    writer = csv.writer(line, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([neutral(name) for name in columns])
    yield BYTE_ORDER_MARK + line.text
    for row in rows:
        writer.writerow([_csv_value(value) for value in row])
        yield line.text


def write_xlsx(sheets: Iterable[Sheet | tuple[str, Sequence[str], Iterable[Sequence[Any]]]], target: IO[bytes]) -> None:
    """One workbook, written row by row; ``target`` is a file open for writing bytes."""
    book = Workbook(write_only=True)
    try:
        for title, columns, rows in sheets:
            _fill(book.create_sheet(_sheet_title(title)), columns, rows)
        book.save(target)
    except BaseException:
        _forget(book)
        raise


def plain(value: Any) -> str | int | float | Decimal | None:
    """A value as a number, a text or nothing."""
    match value:
        case None | bool():
            found: Any = {None: None, True: "yes", False: "no"}[value]
        case int():
            found = value if len(str(abs(value))) <= MOST_DIGITS else str(value)
        case float():
            found = value if math.isfinite(value) else str(value)
        case Decimal():
            found = value if value.is_finite() and len(value.as_tuple().digits) <= MOST_DIGITS else str(value)
        case dt.date() | dt.time():
            found = value.isoformat()
        case list() | tuple() | set() | frozenset():
            found = "; ".join(str(one) for one in value)
        case _:
            found = str(value)
    return found


def _csv_value(value: Any) -> Any:
    found = plain(value)
    if isinstance(found, str):
        return neutral(_writable(found))
    return Decimal(f"{found:f}") if isinstance(found, Decimal) else found


def _fill(sheet, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet.freeze_panes = "A2"
    for number, name in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = min(WIDEST, max(12, len(name) + 2))
    sheet.append([_text_cell(sheet, name, bold=True) for name in columns])
    for row in rows:
        found = [plain(value) for value in row]
        sheet.append([_text_cell(sheet, one) if isinstance(one, str) else one for one in found])


def _text_cell(sheet, text: str, *, bold: bool = False):
    cell = WriteOnlyCell(sheet, _cut(_writable(text)))
    cell.data_type = "s"
    cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell


def _writable(text: str) -> str:
    return "".join("\ufffd" if _is_control(letter) else letter for letter in text)


def _is_control(letter: str) -> bool:
    return letter not in "\t\n\r" and (unicodedata.category(letter) in ("Cc", "Cs") or letter in "\ufffe\uffff")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - len(CUT)] + CUT


def _sheet_title(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip() or "Sheet"


def _forget(book: Workbook) -> None:
    """A workbook that failed leaves its rows in temporary files until the process ends: not with patient data."""
    for sheet in book.worksheets:
        writer = getattr(sheet, "_writer", None)
        if writer is not None:
            sheet.close()
            writer.cleanup()
