"""The minimum data of a case, from its rows."""

import datetime as dt

import pytest

from board.case_data import case_points, pre_read_by
from board.chart import Chart
from board.checks import check_minimum_data
from board.domain.minimum_data import State, Weight
from board.minimum_rules import PACKAGED, MinimumDataRefused, minimum_rules
from imaging.models import Scan
from patients.models import Diagnosis, HistologySpecimen, LabResult, PerformanceStatus, TreatmentLine
from patients.services import record
from tests.board.factories import TODAY, add_scan
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
UNITS = {
    "hb": "g/dL", "wbc": "10^9/L", "platelets": "10^9/L", "creatinine": "umol/L", "bilirubin_total": "umol/L",
    "albumin": "g/L",
}  # fmt: skip
VALUES = {"hb": 12, "wbc": 5, "platelets": 200, "creatinine": 80, "bilirubin_total": 10, "albumin": 40}


@pytest.fixture
def user(db):
    return make_user("nuclear_medicine")


@pytest.fixture
def patient(user):
    return make_patient(user)


def found(patient, question="PRRT now?") -> dict:
    return {point.key: point for point in case_points(Chart(patient, TODAY), question=question)}


def blood(user, patient, day, *names):
    for name in names or UNITS:
        record(
            LabResult, by=user, patient=patient, analyte=name, value=VALUES[name], unit=UNITS[name], clinical_date=day
        )


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def test_of_an_empty_case_everything_is_missing(patient):
    points = found(patient, question="")
    assert {point.state for point in points.values()} == {State.MISSING}
    assert set(points) == {"question", "histology", "labs", "sstr", "lines", "tumour", "response", "status", "markers"}


def test_blood_is_as_old_as_its_oldest_value_and_names_what_lacks(user, patient):
    blood(user, patient, ago(3), "hb", "wbc", "platelets", "creatinine", "bilirubin_total")
    assert found(patient)["labs"].words == "Labs without albumin"
    blood(user, patient, ago(20), "albumin")
    assert found(patient)["labs"].words == "Labs 20 d, stale"
    blood(user, patient, ago(2), "albumin")
    assert (found(patient)["labs"].state, found(patient)["labs"].age_days) == (State.CURRENT, 3)


def test_a_value_dated_ahead_does_not_count(user, patient):
    blood(user, patient, TODAY + dt.timedelta(days=1))
    assert found(patient)["labs"].state is State.MISSING


def test_histology_before_a_systemic_line_is_stale(user, patient):
    specimen = {"ki67_text": "5 %", "differentiation": "well", "clinical_date": ago(300)}
    record(HistologySpecimen, by=user, patient=patient, **specimen)
    assert found(patient)["histology"].state is State.CURRENT
    line = {"treatment_class": "chemo", "regimen": "CAPTEM", "clinical_date": ago(200)}
    record(TreatmentLine, by=user, patient=patient, **line)
    assert found(patient)["histology"].why == "Histology: taken before CAPTEM"
    assert found(patient)["lines"].why == "Treatment lines: cycles of CAPTEM missing"


@pytest.mark.parametrize(("ki67", "asked"), [("10 %", False), ("11 %", True), ("8-12 %", True)])
def test_fdg_is_asked_for_above_ten_per_cent(user, patient, ki67, asked):
    record(HistologySpecimen, by=user, patient=patient, ki67_text=ki67, differentiation="well", clinical_date=ago(10))
    assert ("fdg" in found(patient)) == asked


def test_an_sstr_pet_counts_once_it_is_read(user, patient):
    add_scan(user, patient, ago(10))
    assert found(patient)["sstr"].state is State.MISSING
    assert found(patient)["sstr"].words.startswith("SSTR PET without signed reading")
    assert pre_read_by(Chart(patient, TODAY)) == ""


def test_the_published_case_is_read_and_its_pet_current(published):
    user, patient = published
    points = found(patient)
    assert points["sstr"].state is State.CURRENT and points["sstr"].age_days == (TODAY - dt.date(2026, 4, 20)).days
    assert pre_read_by(Chart(patient, TODAY)) == user.username
    assert Scan.objects.filter(patient=patient).count() == 2


def test_weights_depend_on_the_question(patient):
    assert found(patient, "PRRT now?")["sstr"].weight is Weight.RED
    assert found(patient, "Surgery?")["sstr"].weight is Weight.AMBER


def test_site_stage_and_status(user, patient):
    record(Diagnosis, by=user, patient=patient, primary_site="pancreas", stage="unknown", clinical_date=ago(400))
    record(PerformanceStatus, by=user, patient=patient, instrument="ECOG", value=1, clinical_date=ago(93))
    points = found(patient)
    assert points["tumour"].words == "Tumour without stage"
    assert points["status"].state is State.STALE


def packaged() -> str:
    return PACKAGED.read_text()


def test_a_site_replaces_the_ages(settings, tmp_path, user, patient):
    settings.MINIMUM_DATA_FILE = str(tmp_path / "own.toml")
    (tmp_path / "own.toml").write_text(packaged().replace("max_days = 14", "max_days = 30"))
    blood(user, patient, ago(20))
    assert found(patient)["labs"].state is State.CURRENT


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('[labs]\nlabel = "Labs"', '[lab]\nlabel = "Labs"', "lab is no known item"),
        ('weight = "info"', 'weight = "mild"', "mild"),
        ("max_days = 14", "max_days = -1", "days of labs"),
        ('label = "Labs"\n', "", "labs needs label"),
        ("version", "[version", "own.toml"),
    ],
)
def test_a_wrong_file_is_refused_by_name(settings, tmp_path, was, now, said):
    settings.MINIMUM_DATA_FILE = str(tmp_path / "own.toml")
    text = packaged()
    assert was in text
    (tmp_path / "own.toml").write_text(text.replace(was, now, 1))
    with pytest.raises(MinimumDataRefused, match=said):
        minimum_rules()


def test_a_file_that_is_not_there_is_refused_by_name(settings, tmp_path):
    settings.MINIMUM_DATA_FILE = str(tmp_path / "absent.toml")
    with pytest.raises(MinimumDataRefused, match=r"absent\.toml"):
        minimum_rules()


def test_the_product_does_not_start_on_a_wrong_file(settings, tmp_path):
    assert check_minimum_data(None) == []
    settings.MINIMUM_DATA_FILE = str(tmp_path / "absent.toml")
    (error,) = check_minimum_data(None)
    assert error.id == "board.E002" and "absent.toml" in error.msg
