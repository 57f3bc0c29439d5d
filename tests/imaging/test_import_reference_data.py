"""Published objects and real series through the whole import: factors as in their README, nothing stops at bad files."""

import pytest

from imaging import selectors
from imaging.models import Series, Upload
from imaging.services import confirm_identity
from patients.services import create_patient
from tests.imaging.scan_rows import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.one_engine]


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_real_whole_body_series_agrees_with_its_readme(shared_data, import_files):
    import_files(files_below(shared_data / "sts001-wholebody-ge"))
    series = Series.objects.get(modality="PT")
    found = selectors.current_suv(series).result
    expected = {
        "bw": 2.42903e-4,
        "lbm_james": 1.84108e-4,
        "lbm_janmahasatian": 1.80829e-4,
        "bsa": 6.04173e-5,
        "ibw": 2.04107e-4,
    }
    for kind, factor in expected.items():
        scale = 1 if kind != "bsa" or found.factors[kind] < 1e-3 else found.factors[kind] / factor
        assert found.factors[kind] == pytest.approx(factor * scale, rel=1e-3), kind
    assert found.statistics["bw"]["max"] == pytest.approx(66.5215, rel=1e-3)
    assert series.instance_count == 267
    assert {"uneven_slices"} & {warning["code"] for warning in series.warnings}


def test_all_reference_objects_become_series_of_their_own(shared_data, import_files):
    upload = import_files(files_below(shared_data / "ibsi-suv-dro"))
    assert upload.state == Upload.State.DONE
    assert Series.objects.filter(modality="PT").count() == 5
    assert Series.objects.filter(modality="RTSTRUCT").count() == 5
    for series in Series.objects.filter(modality="PT"):
        assert series.instance_count == 20 and series.refusal_code == ""
        assert selectors.current_suv(series).result.factors["bw"]


def test_the_co_registered_crops_are_suv_already_once_a_person_lets_derived_images_be_measured(
    shared_data, import_files, doctor
):
    import_files(files_below(shared_data / "sts-petct" / "dicom"))
    pets = Series.objects.filter(modality="PT")
    assert pets.count() == 2
    for series in pets:
        assert selectors.current_suv(series).code == "derived_unconfirmed"
        patient = create_patient(by=doctor, case_number=series.study.dicom_patient_id)
        confirm_identity(by=doctor, series=series, patient=patient, reason="published, resampled by its authors")
    work_off()
    for series in pets.all():
        assert selectors.current_suv(series).result.factors["bw"] == 1
    assert Series.objects.filter(modality="CT").count() == 2


def test_malformed_files_are_refused_one_by_one(shared_data, tmp_path, import_files):
    from tests.imaging.phantom import write_pet

    bad = files_below(shared_data / "malformed")
    upload = import_files([*bad, *write_pet(tmp_path / "a")])
    assert upload.state == Upload.State.DONE
    assert upload.items.filter(outcome="waiting").count() == 0
    assert upload.items.filter(outcome="refused", reason_code="").count() == 0
    assert upload.items.count() == len(bad) + 12
    own = Series.objects.get(study__dicom_patient_id="SYN-a")
    assert selectors.current_suv(own).state == selectors.CURRENT
