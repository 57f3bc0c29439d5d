"""No text that leaves as a table is taken for a formula, and every number stays one."""

import csv
import datetime as dt
import io
import os
import tempfile
from decimal import Decimal

import openpyxl
import pytest

from patients.domain.spreadsheet import neutral
from patients.tables_out import Sheet, write_csv, write_xlsx

PAYLOADS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    '=HYPERLINK("http://127.0.0.1/","open")',
    "harmless;=1+1;",
    "two\n=lines",
    "#REF!",
    "-",
]


def read_back(sheets):
    target = io.BytesIO()
    write_xlsx(sheets, target)
    target.seek(0)
    return openpyxl.load_workbook(target)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_workbook_holds_every_payload_as_text_unchanged(payload):
    sheet = read_back([Sheet("Rows", [payload], [[payload]])]).active
    for cell in (sheet["A1"], sheet["A2"]):
        assert cell.data_type == "s"
        assert cell.quotePrefix
        assert cell.value.replace("\r", "\n") == payload.replace("\r", "\n")


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_a_csv_starts_a_formula_whatever_the_separator(payload, separator):
    text = "".join(write_csv(["a", payload], [[1, payload], [payload, payload]]))
    for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator):
        for cell in row:
            for part in cell.split("\n"):
                seen = part.strip().strip('\ufeff\u200b\xa0 \t\r"')
                assert not seen or seen[0] not in "=+-@＝＋－＠", (separator, cell)


def test_numbers_stay_numbers_and_days_are_iso():
    row = [
        -1,
        -2.5,
        Decimal("-0.10"),
        Decimal("1E+3"),
        float("nan"),
        10**17,
        True,
        None,
        dt.date(2026, 2, 1),
        ["a", "b"],
    ]
    lines = list(write_csv(["x"] * len(row), [row]))
    assert lines[1] == '-1,-2.5,-0.10,1000,"nan","100000000000000000","yes","","2026-02-01","a; b"\r\n'
    cells = list(read_back([("Rows", ["x"] * len(row), [row])]).active.values)[1]
    assert cells == (-1, -2.5, -0.1, 1000, "nan", "100000000000000000", "yes", None, "2026-02-01", "a; b")


def test_text_that_no_file_can_hold_is_written_with_a_mark():
    sheet = read_back([Sheet("a/b[c]", ["x"], [["a\x00b\ud800"], ["y" * 40_000]])]).active
    assert sheet["A2"].value == "a\ufffdb\ufffd"
    assert sheet["A3"].value.endswith("(cut)")
    assert "\ufffd" in "".join(write_csv(["x"], [["a\x00b"]]))


def test_a_workbook_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows():
        yield ["first"]
        raise RuntimeError("the source went away")

    with pytest.raises(RuntimeError):
        write_xlsx([Sheet("Rows", ["x"], rows())], io.BytesIO())
    assert os.listdir(tmp_path) == []


def test_plain_text_is_left_as_it_is():
    assert neutral("liver, 3 cm; node 1-2") == "liver, 3 cm; node 1-2"
