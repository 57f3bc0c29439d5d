"""One reading of typed numbers for every form: a decimal comma is taken, and what can be two numbers is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.domain.lab_table import parse_lab_table
from patients.domain.lab_table_numbers import limits_of, number_of
from patients.domain.numbers import NumberRefused, decimal_of, whole_of


@pytest.mark.parametrize(
    ("text", "value"),
    [("72,5", "72.5"), ("72.5", "72.5"), (" 72 ", "72"), ("-3,25", "-3.25"), ("+4", "4"), (",5", "0.5"), ("1.500", "1.5"),
     ("0,500", "0.5"), ("1,50", "1.5"), ("1,5000", "1.5"), ("1 500", "1500"), ("1'500", "1500"), ("1.234,5", "1234.5"),
     ("1,234.5", "1234.5"), ("1,234,567", "1234567"), ("1.234.567", "1234567"), ("1 234,567", "1234.567")],
)  # fmt: skip
def test_what_is_sure_is_read(text, value):
    assert decimal_of(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "thousands", "decimals"), [("1,500", "1500", "1.500"), ("12,345", "12345", "12.345"), ("-7,400", "7400", "7.400")]
)  # fmt: skip
def test_one_comma_and_three_digits_are_never_read(text, thousands, decimals):
    with pytest.raises(NumberRefused) as refused:
        decimal_of(text)
    assert refused.value.code == "number_ambiguous" and f"Write {thousands} or {decimals}." in str(refused.value)
    assert decimal_of(thousands) == 1000 * decimal_of(decimals)


@pytest.mark.parametrize(
    "text",
    ["", "x", "1,2,3", "1,234,56", "1.234.5", "1,234.567,8", "12 kg", "<3", "1e5", "--1", "NaN", "\u0663", "1" * 30],
)
def test_what_is_no_number_is_refused_by_name(text):
    with pytest.raises(NumberRefused) as refused:
        decimal_of(text)
    assert refused.value.code == "number_not_understood"


@pytest.mark.parametrize("text", ["12.6", "12,6", "six", ""])
def test_the_example_for_a_whole_number_is_one(text):
    with pytest.raises(NumberRefused) as refused:
        whole_of(text)
    assert refused.value.code == "whole_number_needed" and "12.6" not in str(refused.value).replace(text, "")
    assert str(refused.value).endswith(" 6.") or "Write 6," in str(refused.value)
    assert whole_of("6") == whole_of("6,0") == 6


@given(st.text(max_size=30))
def test_no_text_brings_it_down(text):
    for decimals in ("", ",", "."):
        number_of(text, decimals)
        limits_of(text, decimals)
    try:
        assert decimal_of(text).is_finite()
    except NumberRefused:
        pass


@given(st.decimals(0, 99999, places=2))
def test_comma_and_point_say_the_same(value):
    assert decimal_of(f"{value:f}".replace(".", ",")) == decimal_of(f"{value:f}") == value


@pytest.mark.parametrize(
    ("block", "value", "other"),
    [
        ("WBC\t1,500\t/uL", "1.500", "1500"),
        ("WBC\t1,500\t/uL\nHb\t12.6\tg/dL", "1500", "1.500"),
        ("WBC\t1,500\t/nl\nHb\t12,6\tg/dL", "1.500", "1500"),
    ],
)
def test_a_pasted_comma_and_three_digits_are_always_asked(block, value, other):
    row = parse_lab_table(block).rows[0]
    assert f"{row.value:f}" == value and f"is it {value}, or {other}?" in " ".join(row.asks)


def test_a_doubtful_limit_is_left_out():
    assert limits_of("4,000-11,000", ".") == (Decimal(4000), Decimal(11000))
    assert limits_of("4,000-11,000", ",") is None and limits_of("4,000-11,000", "") is None
    assert limits_of("4,5-11,0", ",") == (Decimal("4.5"), Decimal("11.0"))


@pytest.mark.parametrize("name", ["Bilirubin (direct)", "Creatinine (urine)", "Hb (A1c)", "Albumin (Urin)"])
def test_what_stands_in_brackets_is_part_of_the_test(name):
    (row,) = parse_lab_table(f"{name}\t5\tumol/L").rows
    assert row.analyte == "" and "is not known here" in row.asks[0]


def test_the_unit_tells_which_chromogranin_was_pasted():
    assert [row.analyte for row in parse_lab_table("CgA\t5\tnmol/L\nCgA\t80\tng/mL").rows] == ["cga_molar", "cga"]
