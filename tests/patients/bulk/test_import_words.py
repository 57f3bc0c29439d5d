"""Tables as clerks write them: names of analytes in two languages, decimal commas, and every fault of a row at once."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.urls import reverse

from patients.bulk.importing import import_tables
from patients.bulk.reading import read
from patients.bulk.templates_out import template_xlsx
from patients.domain import units
from patients.domain.bulk_columns import TABLES
from patients.domain.lab_table_words import names_of, stated_analyte
from patients.models import BodyMeasure, LabResult
from tests.patients.bulk.test_import import LABS, codes, csv, take, trial
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(db):
    user = make_user("data_entry")
    make_patient(by=user, case_number="A-1")
    return user


def faults(text, clerk):
    (line,) = trial(csv(text), clerk).lines
    return [(one.column, one.code) for one in line.said]


@pytest.mark.parametrize(
    ("word", "value", "unit", "analyte"),
    [
        ("haemoglobin", "12,6", "g/dL", "hb"),
        ("Hemoglobin", "12.6", "g/dL", "hb"),
        ("Ha\u0308moglobin", "7,8", "mmol/L", "hb"),
        ("Hb", "126", "g/L", "hb"),
        ("platelets", "214", "10^9/L", "platelets"),
        ("Thrombo cytes", "214", "G/l", "platelets"),
        ("Leucocytes/WBC", "4,2", "/nl", "wbc"),
        ("Kreatinin", "71", "µmol/l", "creatinine"),
        ("S-Creatinine", "71", "umol/L", "creatinine"),
        ("Bilirubin", "12", "umol/L", "bilirubin_total"),
        ("Chromogranin A", "80", "ng/mL", "cga"),
        ("CgA", "5", "nmol/L", "cga_molar"),
    ],
)
def test_an_analyte_goes_by_any_of_its_names(clerk, word, value, unit, analyte):
    report = take(csv(LABS + f'A-1,2024-01-02,{word},"{value}",{unit}\n'), clerk)
    assert codes(report) == [("new", "recorded")]
    row = LabResult.objects.get()
    assert (row.analyte, row.value) == (analyte, Decimal(value.replace(",", ".")))
    assert row.unit == units.normalise_unit(row.unit, analyte)


@pytest.mark.parametrize(
    "word",
    ["direct bilirubin", "Bilirubin (direct)", "konjugiertes Bilirubin", "Hb S", "HbA1c", "Creatinine (urine)", "CrCl", "GFR",
     "Neutrophils %", "haemoglobin in plasma"],
)  # fmt: skip
def test_a_name_that_is_another_test_or_may_be_is_refused(clerk, word):
    unit = "umol/L" if "ilirubin" in word else "g/dL"
    assert faults(LABS + f"A-1,2024-01-02,{word},12,{unit}\n", clerk) == [("analyte", "choice_unknown")]


def test_the_same_value_under_another_name_is_here_already(clerk):
    take(csv(LABS + "A-1,2024-01-02,hb,12.6,g/dL\n"), clerk)
    report = trial(csv(LABS + 'A-1,2024-01-02,Hämoglobin,"12,6",g/dl\n'), clerk)
    assert codes(report) == [("already here", "already_here")]


def test_every_name_that_is_offered_is_taken(clerk):
    for code in units.ANALYTES:
        assert {stated_analyte(name) for name in names_of(code)} == {code}
    workbook = read(template_xlsx([TABLES["labs"]]))
    assert len(workbook.tables) == 1  # the sheet of names is no table


@pytest.mark.parametrize(("value", "stored"), [("72,5", "72.5"), ("72.5", "72.5"), ("72.500", "72.5")])
def test_one_decimal_comma_is_taken(clerk, value, stored):
    text = f'case_number,date,measure,value,note\nA-1,2024-01-02,weight_kg,"{value}",so it is\n'
    assert codes(take(csv(text), clerk)) == [("new", "recorded")]
    assert BodyMeasure.objects.get().value == Decimal(stored)


def test_thousands_or_decimals_are_asked_with_both_readings(clerk):
    (line,) = trial(csv(LABS + 'A-1,2024-01-02,platelets,"1,500",/uL\n'), clerk).lines
    assert (line.code, line.sentence) == (
        "number_ambiguous",
        "“1,500” can be thousands or decimals. Write 1500 or 1.500.",
    )


def test_all_faults_of_a_row_are_told_at_once(clerk):
    row = 'A-1,2024-02-30,iron,"1,500",\n'
    assert faults(LABS + row, clerk) == [
        ("date", "date_not_understood"),
        ("analyte", "choice_unknown"),
        ("value", "number_ambiguous"),
        ("unit", "cell_missing"),
    ]


def test_what_the_model_says_is_told_beside_the_cells_and_the_case(clerk):
    assert faults(LABS + "X-9,2024-02-30,hb,12,pints\n", clerk) == [
        ("date", "date_not_understood"),
        ("case_number", "case_not_found"),
        ("unit", "not_accepted"),
    ]
    text = "case_number,date,instrument,score,note\nX-9,2024-01-02,ECOG,9,\n"
    assert faults(text, clerk) == [("case_number", "case_not_found"), ("score", "not_accepted")]


def test_a_formula_hides_no_other_fault(clerk):
    text = LABS + "A-1,2024-01-02,iron,12,g/dL\x07,more,and more\n"
    assert faults(text, clerk) == [
        ("unit", "cell_not_storable"),
        ("", "cell_without_column"),
        ("analyte", "choice_unknown"),
    ]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda one: one.name)
def test_a_row_with_nothing_right_is_refused_and_breaks_nothing(clerk, table):
    for bad in ("\x07", "1,500", "?", "", "unknown", "31.02.2024"):
        line = ",".join(f'"{bad}"' for _ in table.names)
        (found,) = trial(csv(",".join(table.names) + "\n" + line + (",x" if not bad else "") + "\n"), clerk).lines
        assert found.outcome == "refused" and found.said[0].code == found.code
        named = [one.column for one in found.said if one.column]
        assert len(named) == len(set(named))


def test_page_and_command_tell_every_fault(clerk, client, tmp_path, capsys):
    from django.core.files.uploadedfile import SimpleUploadedFile

    data = csv(LABS + "A-1,2024-02-30,iron,12,g/dL\n")
    client.force_login(clerk)
    page = client.post(reverse("board:import_table"), {"file": SimpleUploadedFile("t.csv", data)}, follow=True)
    text = page.content.decode()
    assert "date_not_understood, choice_unknown" in text and "<strong>analyte</strong>" in text
    file = tmp_path / "t.csv"
    file.write_bytes(data)
    call_command("import_table", file, by=clerk.username, dry_run=True)
    said = capsys.readouterr().out
    assert "labs 2 date:" in said and "labs 2 analyte:" in said and "1 refused" in said


def test_a_good_row_has_no_fault(clerk):
    report = import_tables(by=clerk, found=read(csv(LABS + "A-1,2024-01-02,hb,12,g/dL\n")), is_trial=True)
    assert not report.lines[0].faults and report.lines[0].row.clinical_date == dt.date(2024, 1, 2)
