"""Tables come in: tried, taken over, found again, taken back; nothing of another's case is told."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from patients import models
from patients.bulk.importing import import_tables
from patients.bulk.reading import MOST_ROWS, FileRefused, read
from patients.bulk.templates_out import documentation, template_csv, template_xlsx
from patients.bulk.undoing import UndoRefused, undo_import
from patients.domain.bulk_columns import CHOICE, TABLES, UNKNOWN
from patients.domain.bulk_reasons import REASONS
from patients.models import AuditEvent, BodyMeasure, ImportBatch, LabResult, Patient, TreatmentLine
from patients.services import record, revise, store_team
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def clerk(db):
    return make_user("data_entry")


def csv(text: str, encoding="utf-8") -> bytes:
    return text.encode(encoding)


def trial(data, by):
    return import_tables(by=by, found=read(data), is_trial=True)


def take(data, by, **how):
    return import_tables(by=by, found=read(data), is_trial=False, **how)


def codes(report):
    return [(line.outcome, line.code) for line in report.lines]


LABS = "case_number,date,analyte,value,unit\n"


def workbook(sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_the_columns_fit_the_models():
    for table in TABLES.values():
        model = getattr(models, table.model)
        for column in table.columns:
            field = model._meta.get_field(column.field) if column.field != "case_number" or model is Patient else None
            if field is not None and column.kind == CHOICE and field.choices:
                stored = {"U" if c == UNKNOWN and column.field == "sex_for_formulas" else c for c in column.choices}
                assert stored == {value for value, _ in field.choices if value}, column.name


def test_the_page_is_written_from_the_columns():
    assert (ROOT / "docs/import-tables.md").read_text() == documentation()


def test_every_template_comes_back_as_it_went_out(clerk):
    for data in [template_xlsx(list(TABLES.values()))]:
        report = trial(data, clerk)
        assert {line.code for line in report.lines} == {"case_opened", "recorded"}
        assert len(report.lines) == len(TABLES)
    take(template_csv(TABLES["patients"]).encode(), clerk)
    for table in list(TABLES.values())[1:]:
        assert codes(take(template_csv(table).encode(), clerk)) == [("new", "recorded")]


def test_a_trial_stores_nothing_and_the_second_time_everything_is_here(clerk):
    data = template_xlsx(list(TABLES.values()))
    trial(data, clerk)
    assert not Patient.objects.exists() and not ImportBatch.objects.exists()
    report = take(data, clerk)
    assert report.new == len(TABLES)
    assert {line.code for line in trial(data, clerk).lines} == {"already_here", "unknown_not_added"}
    with pytest.raises(FileRefused) as refused:
        take(data, clerk)
    assert refused.value.code == "nothing_new"
    assert AuditEvent.objects.filter(action="import_table").count() == 1


def test_exactly_the_file_that_was_tried(clerk):
    make_patient(by=clerk, case_number="A-1")
    with pytest.raises(FileRefused) as refused:
        take(csv(LABS + "A-1,2024-01-02,hb,12,g/dL\n"), clerk, sha256="0" * 64)
    assert refused.value.code == "not_this_file"


def test_one_bad_row_stops_all_unless_chosen(clerk):
    make_patient(by=clerk, case_number="A-1")
    data = csv(LABS + "A-1,2024-01-02,hb,12,g/dL\nA-1,2024-01-02,platelets,many,10^9/L\n")
    with pytest.raises(FileRefused):
        take(data, clerk)
    assert not LabResult.objects.exists()
    report = take(data, clerk, only_good=True)
    assert codes(report) == [("new", "recorded"), ("refused", "number_not_understood")]
    assert report.lines[1].column == "value"
    assert LabResult.objects.count() == 1


def test_a_case_of_others_is_answered_like_none(clerk):
    make_patient(case_number="X-1")
    rows = "{0},2024-01-02,hb,12,g/dL\n"
    hidden, absent = (trial(csv(LABS + rows.format(n)), clerk).lines[0] for n in ("X-1", "X-9"))
    assert (hidden.code, hidden.sentence, hidden.outcome) == (absent.code, absent.sentence, absent.outcome)
    assert hidden.code == "case_not_found"
    assert codes(trial(csv("case_number,centre\nX-1,Ours\n"), clerk)) == [("refused", "case_not_found")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A-1,,hb,12,g/dL", "cell_missing"),
        ("A-1,2024-02-30,hb,12,g/dL", "date_not_understood"),
        ("A-1,2024-01-02,iron,12,g/dL", "choice_unknown"),
        ("A-1,2024-01-02,hb,unknown,g/dL", "unknown_not_possible"),
        ('A-1,2024-01-02,hb,"1,234",g/dL', "number_ambiguous"),
        ("A-1,2024-01-02,hb,12,pints", "not_accepted"),
        ("A-1,2024-01-02,hb,99,g/dL", "not_accepted"),
        ("A-1,2024-01-02,hb,12,g/dL,more", "cell_without_column"),
        ("../A,2024-01-02,hb,12,g/dL", "case_number_refused"),
        ("A-1,2024-01-02,hb,12,g/dL\x07", "cell_not_storable"),
        ("A-1,2024-01-02,hb,12," + "g" * 501, "cell_too_long"),
    ],
)
def test_a_row_is_refused_by_name(clerk, row, code):
    make_patient(by=clerk, case_number="A-1")
    line = trial(csv(LABS + row + "\n"), clerk).lines[0]
    assert (line.outcome, line.code) == ("refused", code)
    assert line.sentence


def test_unknown_is_not_empty(clerk):
    make_patient(by=clerk, case_number="A-1")
    head = "case_number;start;treatment_class;regimen;cycles;stop\n"
    take(csv(head + "A-1;unknown;chemo;CAPTEM;unknown;\nA-1;2020;ssa;lanreotide;;unknown\n"), clerk)
    said, silent = TreatmentLine.objects.get(regimen="CAPTEM"), TreatmentLine.objects.get(regimen="lanreotide")
    assert (said.clinical_date, said.cycles, said.note) == (None, None, "")
    assert (silent.clinical_date_precision, silent.cycles, silent.note) == ("year", None, "")


@pytest.mark.parametrize(("note", "before"), [("", "Not known: reference low."), ("x", "x Not known: reference low.")])
def test_a_row_whose_note_says_what_is_not_known_is_the_same(clerk, note, before):
    make_patient(by=clerk, case_number="A-1")
    head = "case_number,date,analyte,value,unit,reference_low,note\n"
    take(csv(f"{head}A-1,2024-01-02,hb,12,g/dL,,{before}\n"), clerk)
    assert codes(trial(csv(f"{head}A-1,2024-01-02,hb,12,g/dL,unknown,{note}\n"), clerk)) == [
        ("already here", "unknown_not_added")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_separators_and_decimal_commas(clerk, encoding, separator):
    make_patient(by=clerk, case_number="A-1")
    rows = [
        ["case_number", "date", "measure", "value", "note"],
        ["A-1", "15.03.2024", "weight_kg", '"68,5"', "Müller-Waage"],
    ]
    report = take(csv("\r\n".join(separator.join(row) for row in rows), encoding), clerk)
    row = BodyMeasure.objects.get()
    assert (str(row.value), row.note, row.clinical_date.isoformat()) == ("68.50", "Müller-Waage", "2024-03-15")
    assert ("Windows-1252" if encoding == "cp1252" else "UTF-8") in report.said


def test_another_value_of_the_same_entry_differs(clerk):
    make_patient(by=clerk, case_number="A-1")
    first = LABS + "A-1,2024-01-02,hb,12,g/dL\n"
    take(csv(first), clerk)
    assert codes(trial(csv(first.replace("12", "11")), clerk)) == [("differs", "row_differs")]
    twice = trial(csv(LABS + "A-1,2024-02-02,hb,12,g/dL\nA-1,2024-02-02,hb,11,g/dL\n"), clerk)
    assert codes(twice) == [("new", "recorded"), ("refused", "twice_in_file")]


def test_a_formula_in_a_workbook_is_refused_and_numbers_are_read(clerk):
    make_patient(by=clerk, case_number="A-1")
    head = ["case_number", "date", "analyte", "value", "unit"]
    rows = [head, ["A-1", 2024, "hb", "=6+6", "g/dL"], ["A-1", 2024, "hb", 12.5, "g/dL"]]
    report = trial(workbook({"Labs": rows}), clerk)
    assert codes(report) == [("refused", "cell_is_formula"), ("new", "recorded")]
    assert report.lines[0].column == "value"
    assert str(report.lines[1].row.value) == "12.5"


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 80_000_000)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"x" * (5 * 1024 * 1024 + 1), "file_too_large"),
        (b"\xff\xfea\x00,\x00", "file_kind"),
        (b"PK\x03\x04 nothing", "file_damaged"),
        (b"name,birthday\nx,y\n", "table_unknown"),
        (b"case_number,centre,centre\nA,b,c\n", "column_twice"),
        (LABS.encode(), "file_empty"),
        ((LABS + "A-1,2024-01-02,hb,12,g/dL\n" * (MOST_ROWS + 1)).encode(), "too_many_rows"),
    ],
)
def test_a_file_is_refused_as_a_whole(data, code):
    with pytest.raises(FileRefused) as refused:
        read(data)
    assert refused.value.code == code


def test_a_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(FileRefused) as refused:
        read(bomb())
    assert refused.value.code == "archive_refused"


def test_a_role_that_may_not_enter_is_refused(db):
    from django.core.exceptions import PermissionDenied

    with pytest.raises(PermissionDenied):
        trial(csv(LABS + "A-1,2024-01-02,hb,12,g/dL\n"), make_user("observer"))


def test_undo_takes_back_what_nobody_touched(clerk):
    data = template_xlsx(list(TABLES.values()))
    batch = ImportBatch.objects.get(pk=take(data, clerk).batch_id)
    touched = LabResult.objects.get()
    revise(touched, by=clerk, reason="typing error", value=72)
    undo_import(batch, by=clerk, reason="wrong table")
    found = dict(batch.rows.values_list("table", "undone"))
    assert found["labs"] == "changed_since" and found["patients"] == "case_in_use"
    assert {found[name] for name in found if name not in ("labs", "patients")} == {"taken_back"}
    assert LabResult.objects.count() == 1 and not TreatmentLine.objects.exists()
    assert AuditEvent.objects.filter(action="withdraw").count() == len(TABLES) - 2
    with pytest.raises(UndoRefused):
        undo_import(batch, by=clerk, reason="again")


def test_initials_with_points_are_the_same_when_they_come_again(clerk):
    data = csv("case_number,initials\nN-1,A. B.\n")
    assert codes(take(data, clerk)) == [("new", "case_opened")]
    assert Patient.objects.get().initials == "AB"
    assert codes(trial(data, clerk)) == [("already here", "already_here")]
    assert codes(trial(csv("case_number,initials\nN-2,Erika\n"), clerk)) == [("refused", "initials_not_understood")]


def test_an_empty_case_is_closed_and_the_same_file_opens_it_again(clerk):
    data = template_xlsx(list(TABLES.values()))
    for _ in range(2):
        batch = ImportBatch.objects.get(pk=take(data, clerk).batch_id)
        assert Patient.objects.visible_to(clerk).count() == 1
        undo_import(batch, by=clerk, reason="wrong hospital")
        assert set(batch.rows.values_list("undone", flat=True)) == {"taken_back", "case_closed"}
        assert not Patient.objects.visible_to(clerk).exists() and Patient.objects.count() == 1
    other = make_user("data_entry")
    assert "case_not_found" in {line.code for line in trial(data, other).lines}


def test_a_case_that_is_opened_again_is_its_centres_again(clerk):
    owner, member = make_user("system_admin"), make_user("clinician")
    centre = store_team(models.Team(name="North", kind="centre", opens_its_cases=True), by=owner)
    member.teams.add(centre)
    data = csv("case_number,initials,sex_for_formulas,birth_date,centre,vital_status,deceased_on\nA-1,,,1961,North,,\n")
    for _ in range(2):
        batch = ImportBatch.objects.get(pk=take(data, clerk).batch_id)
        assert Patient.objects.visible_to(member).count() == 1
        undo_import(batch, by=clerk, reason="wrong hospital")
        assert not Patient.objects.visible_to(member).exists()


def test_nobody_takes_back_what_another_brought(clerk):
    from django.core.exceptions import PermissionDenied

    batch = ImportBatch.objects.get(pk=take(template_xlsx([TABLES["patients"]]), clerk).batch_id)
    with pytest.raises(PermissionDenied):
        undo_import(batch, by=make_user("data_entry"), reason="not mine")


def test_every_reason_in_the_code_has_its_sentence():
    import re

    text = "".join(path.read_text() for path in (ROOT / "patients/bulk").glob("*.py"))
    text += (ROOT / "patients/domain/bulk_cells.py").read_text() + (ROOT / "patients/domain/numbers.py").read_text()
    used = set(re.findall(r'(?:Refused|return|=|,|NEW,|SAME,)\s*\(?"([a-z0-9]+(?:_[a-z0-9]+)+)"', text))
    assert {code for code in REASONS if f'"{code}"' not in text} <= {
        "ki67_text_not_understood",
        "initials_not_understood",
    }
    assert used & set(REASONS)


def test_the_commands(clerk, tmp_path, capsys):
    file = tmp_path / "t.xlsx"
    file.write_bytes(template_xlsx(list(TABLES.values())))
    call_command("import_table", file, by=clerk.username, dry_run=True)
    assert "dry run" in capsys.readouterr().out and not Patient.objects.exists()
    call_command("import_table", file, by=clerk.username)
    with pytest.raises(CommandError):
        call_command("import_table", file, by=clerk.username)
    call_command("undo_import", str(ImportBatch.objects.get().pk), by=clerk.username, reason="a test")
    assert "Taken back." in capsys.readouterr().out


def test_a_number_shown_as_per_cent_is_refused(clerk):
    """Excel keeps 18 % as 0.18: stored as it is, a G2 would be a G1."""
    make_patient(by=clerk, case_number="A-1")
    book = openpyxl.load_workbook(io.BytesIO(workbook({"S": [["case_number", "date", "ki67"], ["A-1", 2024, 0.18]]})))
    book.active["C2"].number_format = "0%"
    target = io.BytesIO()
    book.save(target)
    assert codes(trial(target.getvalue(), clerk)) == [("refused", "cell_is_percent")]


def told(report):
    return [[(one.column, one.stored, one.brought) for one in line.differences] for line in report.lines]


def test_what_differs_is_shown_beside_what_is_recorded(clerk):
    make_patient(by=clerk, case_number="A-1", centre="North", birth_date="1961-05-01", birth_date_precision="month")
    head = "case_number,date,primary_site,stage,tnm,metastatic_sites,note\n"
    take(csv(f"{head}A-1,2024-03,pancreas,localised,T3,liver,by CT\n"), clerk)
    report = trial(csv(f"{head}A-1,2024-03,pancreas,unknown,unknown,liver; bone,by CT\n"), clerk)
    assert told(report) == [
        [("stage", "localised", "unknown"), ("tnm", "T3", "unknown"), ("metastatic_sites", "liver", "liver; bone")]
    ]
    report = trial(csv("case_number,birth_date,centre\nA-1,1961,North\n"), clerk)
    assert told(report) == [[("birth_date", "1961-05", "1961")]]
    report = trial(csv(LABS + "A-1,2024-01-02,hb,12,g/dL\n"), clerk)
    assert told(report) == [[]]
    take(csv(LABS + "A-1,2024-01-02,hb,12.5,g/dL\n"), clerk)
    head = "case_number,date,analyte,value,unit,reference_low\n"
    report = trial(csv(f"{head}A-1,2024-01-02,hb,11,g/dL,10\n"), clerk)
    assert told(report) == [[("value", "12.5", "11"), ("reference_low", "(empty)", "10")]]


def test_nothing_of_a_case_of_others_is_shown_as_different(clerk):
    make_patient(case_number="X-1", centre="Hidden")
    report = trial(csv("case_number,centre\nX-1,Ours\n"), clerk)
    assert codes(report) == [("refused", "case_not_found")] and told(report) == [[]]


def test_the_command_shows_both_values_and_leaves_a_line_in_the_trail(clerk, tmp_path, capsys):
    patient = make_patient(by=clerk, case_number="A-1", centre="North")
    file = tmp_path / "t.csv"
    file.write_text("case_number,centre\nA-1,South\n")
    call_command("import_table", file, by=clerk.username, dry_run=True)
    assert "centre: recorded North | in the table South" in capsys.readouterr().out
    read_by = models.AccessEvent.objects.get(patient=patient)
    assert (read_by.user, read_by.route) == (clerk, "import_table")


@pytest.mark.parametrize("word", ["unknown", "Unknown"])
def test_a_row_that_kept_the_word_unknown_is_the_same_row(clerk, word):
    """An earlier version stored the word where nothing is stored now."""
    patient = make_patient(by=clerk, case_number="A-1")
    record(models.HistologySpecimen, by=clerk, patient=patient, site=word, clinical_date="2024-01-02")
    line = {"treatment_class": "chemo", "regimen": "CAPTEM", "drugs": [word], "clinical_date": "2024-01-02"}
    record(TreatmentLine, by=clerk, patient=patient, **line)
    specimen = csv("case_number,date,site,procedure,ki67\nA-1,2024-01-02,unknown,unknown,\n")
    lines = csv("case_number,start,treatment_class,regimen,drugs\nA-1,2024-01-02,chemo,CAPTEM,unknown\n")
    for data in (specimen, lines):
        assert codes(trial(data, clerk)) == [("already here", "unknown_not_added")]


def test_a_cycle_that_names_its_line_is_the_same_cycle(clerk):
    patient = make_patient(by=clerk, case_number="A-1")
    line = record(TreatmentLine, by=clerk, patient=patient, treatment_class="prrt", regimen="PRRT")
    cycle = {"number": 1, "activity_mbq": 7400, "clinical_date": "2024-09-03"}
    record(models.PrrtCycle, by=clerk, patient=patient, line=line, **cycle)
    head = "case_number,date,number,compound,activity_mbq\n"
    same = csv(f"{head}A-1,2024-09-03,1,177Lu-DOTATATE,7400\n")
    assert codes(trial(same, clerk)) == [("already here", "already_here")]
