"""From bytes to rows of text. Limits hold before anything is unpacked or built; nothing is computed."""

import csv
import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from openpyxl import load_workbook

from patients.domain.bulk_columns import CASE, Table, table_with
from patients.domain.bulk_reasons import REASONS

LARGEST_BYTES = 5 * 1024 * 1024
LARGEST_UNPACKED = 60 * 1024 * 1024
MOST_MEMBERS = 200
HIGHEST_RATIO = 200
MOST_ROWS = 5_000
MOST_COLUMNS = 40
LONGEST_CELL = 500
ENCODINGS = ("utf-8-sig", "cp1252")
SEPARATORS = ",;\t"
HOW_TO = "How to"


class FileRefused(ValueError):
    """Nothing of the file is taken; ``str()`` is a sentence for the person who brought it."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{where}: {REASONS[code]}" if where else REASONS[code])
        self.code = code


@dataclass
class Row:
    """``refused``: column and code of each cell that no value can be read from."""

    number: int
    cells: dict[str, str]
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Read:
    sha256: str
    said: str
    tables: list[tuple[Table, list[Row]]] = field(default_factory=list)


def read(data: bytes) -> Read:
    """Raises FileRefused."""
    if len(data) > LARGEST_BYTES:
        raise FileRefused("file_too_large")
    if not data.strip():
        raise FileRefused("file_empty")
    is_workbook = data.startswith(b"PK\x03\x04")
    found = _workbook(data) if is_workbook else _csv(data)
    if not any(rows for _, rows in found.tables):
        raise FileRefused("file_empty")
    return found


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _csv(data: bytes) -> Read:
    text, encoding = _decoded(data)
    head = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=head.count)
    # A carriage return or an open quotation mark makes csv refuse the file, not this program.
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        table, rows = _table(((number, [(cell, "s") for cell in line]) for number, line in enumerate(lines, 1)), "")
    except csv.Error as error:
        raise FileRefused("file_kind") from error
    names = {",": "commas", ";": "semicolons", "\t": "tabs"}
    written = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}[encoding]
    return Read(_digest(data), f"CSV in {written}, separated by {names[separator]}", [(table, rows)])


def _decoded(data: bytes) -> tuple[str, str]:
    if b"\x00" in data:
        raise FileRefused("file_kind")
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise FileRefused("encoding_refused")


def _workbook(data: bytes) -> Read:
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.title != HOW_TO]
        tables = [_table(_sheet_lines(sheet), sheet.title) for sheet in sheets]
    except FileRefused:
        raise
    except Exception as error:  # a workbook is thousands of pages of rules: whatever breaks, the file is at fault
        raise FileRefused("file_damaged") from error
    if sum(len(rows) for _, rows in tables) > MOST_ROWS:
        raise FileRefused("too_many_rows")
    return Read(_digest(data), f"XLSX with {len(sheets)} sheet{'s'[: len(sheets) != 1]}", tables)


def _check_archive(data: bytes) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise FileRefused("file_damaged") from error
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or unpacked > LARGEST_UNPACKED or unpacked > HIGHEST_RATIO * len(data):
        raise FileRefused("archive_refused")


def _sheet_lines(sheet) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    sheet.reset_dimensions()  # what the file says about its own size is not believed
    for number, line in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), start=1):
        yield number, [(_text(cell.value), _kind(cell)) for cell in line]


def _kind(cell) -> str:
    """ "%" where the number is shown as a percentage: Excel keeps 18 % as 0.18."""
    is_percent = cell.data_type == "n" and cell.value is not None and "%" in str(cell.number_format)
    return "%" if is_percent else cell.data_type or "n"


def _text(value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dt.datetime():
            return value.date().isoformat() if value.time() == dt.time.min else value.isoformat()
        case float():
            return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _table(lines: Iterable[tuple[int, list[tuple[str, str]]]], where: str) -> tuple[Table, list[Row]]:
    found = iter(lines)
    header = _header([text for text, _ in next(found, (1, []))[1]], where)
    table = table_with(header)
    if table is None:
        raise FileRefused("table_unknown", where)
    rows: list[Row] = []
    for number, line in found:
        if number > MOST_ROWS + 1:
            raise FileRefused("too_many_rows", where)
        if any(text.strip() for text, _ in line):
            rows.append(_row(number, header, line))
    return table, rows


def _header(names: list[str], where: str) -> list[str]:
    header = [name.strip().lower() for name in names]
    while header and not header[-1]:
        header.pop()
    if len(header) > MOST_COLUMNS:
        raise FileRefused("too_many_columns", where)
    if len(set(header)) != len(header):
        raise FileRefused("column_twice", where)
    if CASE not in header:
        raise FileRefused("table_unknown", where)
    return header


def _row(number: int, header: list[str], line: list[tuple[str, str]]) -> Row:
    row = Row(number, {})
    for position, (text, kind) in enumerate(line):
        if position >= len(header):
            if text.strip() and ("", "cell_without_column") not in row.refused:
                row.refused.append(("", "cell_without_column"))
            continue
        code = _cell_refused(text, kind)
        if code:
            row.refused.append((header[position], code))
        row.cells[header[position]] = "" if code else text
    return row


def _cell_refused(text: str, kind: str) -> str:
    if kind == "f":
        return "cell_is_formula"
    if kind == "e":
        return "cell_is_error"
    if kind == "%":
        return "cell_is_percent"
    if len(text) > LONGEST_CELL:
        return "cell_too_long"
    return "" if all(letter.isprintable() or letter in "\t\r\n\u00a0\u00ad" for letter in text) else "cell_not_storable"
