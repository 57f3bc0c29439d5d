"""A pasted laboratory table: what stands there is read, what does not is asked, and nothing is guessed in silence."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.domain import units
from patients.domain.lab_table import parse_lab_table
from patients.domain.lab_table_numbers import day_of, number_of
from patients.domain.lab_table_words import analyte_of, unit_of

D = Decimal
APRIL, MARCH = dt.date(2026, 4, 28), dt.date(2026, 3, 12)


def read(text):
    return [
        (row.analyte, f"{row.comparator}{row.value:f}", row.unit, row.day.isoformat()[5:] if row.day else "")
        for row in parse_lab_table(text).rows
    ]


BLOCKS = {
    "tabs and a head": (
        "Test\tResult\tUnit\tRange\nPlatelets\t214\t10^9/L\t150-400\nMCV\t98\tfL\t80-96",
        [("platelets", "214", "10^9/L", ""), ("mcv", "98", "fL", "")],
    ),
    "two days as columns, German, decimal comma": (
        "Parameter;28.04.2026;12.03.2026;Einheit\nThrombozyten;104;98;G/l\nHb;7,8;8,1;mmol/l\nBilirubin ges.;<0,3;0,4;mg/dl",
        [
            ("platelets", "104", "10^9/L", "04-28"),
            ("platelets", "98", "10^9/L", "03-12"),
            ("hb", "7.8", "mmol/L", "04-28"),
            ("hb", "8.1", "mmol/L", "03-12"),
            ("bilirubin_total", "<0.3", "mg/dL", "04-28"),
            ("bilirubin_total", "0.4", "mg/dL", "03-12"),
        ],
    ),
    "analytes as columns": (
        "Date,Hb (g/dL),Plt\n2026-04-28,12.6,214\n2026-03-12,11.9,190",
        [
            ("hb", "12.6", "g/dL", "04-28"),
            ("platelets", "214", "10^9/L", "04-28"),
            ("hb", "11.9", "g/dL", "03-12"),
            ("platelets", "190", "10^9/L", "03-12"),
        ],
    ),
    "fixed columns under a day": (
        "Entnahme: 28.04.2026 08:15\nHaemoglobin    12.6 g/dl   12.0 - 16.0\nAlbumin        41  g/L",
        [("hb", "12.6", "g/dL", "04-28"), ("albumin", "41", "g/L", "04-28")],
    ),
    "single blanks": (
        "Leukozyten 4,2 /nl\nALT (GPT) 33 U/l < 50\n5-HIAA 120 umol/24h 2026-04-28",
        [("wbc", "4.2", "10^9/L", ""), ("alt", "33", "U/L", ""), ("hiaa_urine", "120", "umol/24h", "04-28")],
    ),
    "flags beside the value": ("Hb\t9.8 L\tg/dL\nPLT\t88*\t10^9/L", [("hb", "9.8", "g/dL", ""), ("platelets", "88", "10^9/L", "")]),
    "a day of its own for each line": (
        "Creatinine\t71\tumol/L\t28.04.26\nCreatinine\t80\tumol/L\t12.03.26",
        [("creatinine", "71", "umol/L", "04-28"), ("creatinine", "80", "umol/L", "03-12")],
    ),
    "bars": ("| Hb | 12.6 | g/dL |\n| WBC | 5 | /nl |", [("hb", "12.6", "g/dL", ""), ("wbc", "5", "10^9/L", "")]),
    "unit behind the name": ("Kreatinin mg/dl\t0,9\nQuick %\t95", [("creatinine", "0.9", "mg/dL", ""), ("prothrombin_ratio", "95", "%", "")]),
}  # fmt: skip


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name):
    text, expected = BLOCKS[name]
    assert read(text) == expected


def only(text):
    (row,) = parse_lab_table(text).rows
    return row


@pytest.mark.parametrize("text", ["Creatinine\t71", "Creatinine\t0.8", "Bilirubin\t12", "Hb\t12.6"])
def test_a_unit_that_is_not_stated_is_asked_where_two_would_fit(text):
    row = only(text)
    assert (row.unit, row.unit_sure) == ("", "ask") and "Choose the unit" in " ".join(row.asks)


@pytest.mark.parametrize(
    ("text", "unit", "sure"),
    [("Hb\t126", "g/L", "likely"), ("Plt\t214", "10^9/L", "likely"), ("MCV\t98", "fL", "likely"), ("CgA\t80", "ug/L", "likely")],
)  # fmt: skip
def test_a_unit_is_likely_only_where_one_fits(text, unit, sure):
    assert (only(text).unit, only(text).unit_sure) == (unit, sure)


def test_a_stated_unit_that_cannot_be_is_asked():
    row = only("Creatinine\t71\tmg/dL")
    assert row.unit == "" and row.asks[0] == "71 mg/dL is improbable; it would fit umol/L. Choose the unit."


def test_an_unknown_name_is_kept_and_asked():
    row = only("Ferritin\t12\tug/L")
    assert row.analyte == "" and "is not known here" in row.asks[0]


def test_three_digits_behind_the_only_sign_are_doubtful_until_another_number_tells():
    assert "thousands" in " ".join(only("CgA\t1.234\tng/mL").asks)
    rows = parse_lab_table("CgA\t1.234\tng/mL\nHb\t12,6\tg/dL").rows
    assert rows[0].value == 1234 and "thousands" in " ".join(rows[0].asks)
    assert parse_lab_table("CgA\t1.234,5\tng/mL\nHb\t12,6\tg/dL").rows[0].value == D("1234.5")


def test_a_day_that_reads_both_ways_is_said():
    row = only("Hb\t12.6\tg/dL\t03/04/2026")
    assert (row.day, row.day_sure) == (dt.date(2026, 4, 3), "likely")
    assert day_of("28/04/2026").is_doubtful is False
    assert day_of("03.04.2026").is_doubtful is False


def test_lines_that_are_no_values_are_told():
    table = parse_lab_table("Hb\t12.6\tg/dL\nKommentar: folgt\nPLT\thaemolytic")
    assert [row.analyte for row in table.rows] == ["hb"]
    assert table.unread == ("Kommentar: folgt", "PLT\thaemolytic")


@pytest.mark.parametrize("found", units.ANALYTES.values(), ids=lambda one: one.code)
def test_every_analyte_and_unit_of_the_vocabulary_is_known_by_its_own_name(found):
    assert analyte_of(found.label) == found.code
    assert [unit_of(unit, found.code) for unit in found.units] == list(found.units)


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_no_text_brings_it_down(text):
    for row in parse_lab_table(text).rows:
        assert row.analyte == "" or row.unit == "" or row.unit in units.ANALYTES[row.analyte].units


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(units.ANALYTES)), st.decimals(1, 900, places=2), st.integers(0, 5)), min_size=1, max_size=8
    ),
    st.sampled_from(["\t", ";", "|", "   "]),
    st.booleans(),
)  # fmt: skip
def test_what_is_written_is_read_again(values, mark, is_comma):
    """Names, numbers and units come back as written; a unit is never another than the one that stands there."""
    lines, expected = [], []
    for code, value, which in values:
        found = units.ANALYTES[code]
        unit = found.units[which % len(found.units)]
        number = f"{value:.2f}".replace(".", "," if is_comma else ".")
        lines.append(mark.join([found.label, number, unit, "2026-04-28"]))
        expected.append((code, D(f"{value:.2f}"), unit))
    rows = parse_lab_table("\n".join(lines)).rows
    assert [(row.analyte, row.value) for row in rows] == [(code, value) for code, value, _ in expected]
    assert all(row.unit in ("", unit) for row, (_, _, unit) in zip(rows, expected, strict=True))
    assert all(row.day == APRIL for row in rows)


def test_numbers():
    assert number_of("12,6", "").value == D("12.6")
    assert number_of("1'234", "").value == 1234
    assert (number_of("< 0,3", ",").sign, number_of("≥5", "").sign) == ("<", ">")
    assert number_of("12/13", "") is None and number_of("positive", "") is None
