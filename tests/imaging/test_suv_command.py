"""``manage.py suv``: published truth, exact shape of the JSON, refusals with exit status 3, no database."""

import json
import os
import subprocess
import sys
from io import StringIO

import nibabel
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.imaging.dicom_files import ct_slice, pet_slice, pixels, radiopharmaceutical, write, write_series

KINDS = ["bw", "lbm_james", "lbm_janmahasatian", "bsa", "ibw"]


def run(*arguments) -> tuple[int, str, str]:
    """Exit status, stdout, stderr. Not marked for the database: any query would fail the test."""
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command("suv", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as stop:
        status = stop.code
    return status, out.getvalue(), err.getvalue()


def series_of(path, status=0) -> list[dict]:
    found_status, out, err = run(path, "--json")
    assert found_status == status, err
    return json.loads(out)["series"]


def one(path, status=0) -> dict:
    (entry,) = series_of(path, status)
    return entry


def codes(entry) -> set[str]:
    return {warning["code"] for warning in entry["warnings"]}


# --- published truth -------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["DRO_0_0", "DRO_1_0", "DRO_2_4", "DRO_3_1", "DRO_5_0"])
def test_reference_objects_inside_their_mask(shared_data, tmp_path, name):
    folder = shared_data / "ibsi-suv-dro" / name
    status, _, err = run(folder, "--nifti", tmp_path / "suv.nii.gz")
    assert status == 0, err
    image = nibabel.load(tmp_path / "suv.nii.gz")
    mask = nibabel.load(folder / "mask" / "DRO_mask.nii.gz")
    assert np.allclose(image.affine, mask.affine)
    inside = np.asarray(image.dataobj)[np.asarray(mask.dataobj) > 0]
    assert inside.min() == pytest.approx(0.20, rel=0.005)
    assert np.median(inside) == pytest.approx(1.00, abs=0.005)
    assert inside.max() == pytest.approx(4.00, rel=0.005)


def test_all_reference_series_are_listed_although_they_share_a_study(shared_data):
    found = series_of(shared_data / "ibsi-suv-dro")
    assert len(found) == 5 and len({entry["series_uid"] for entry in found}) == 5
    assert {entry["units"] for entry in found} == {"BQML", "CNTS"}
    for entry in found:
        assert entry["refusal"] is None and entry["suv"]["bw"]["max"] == pytest.approx(4.0, rel=0.005)


def test_factors_of_the_real_whole_body_series(shared_data):
    entry = one(shared_data / "sts001-wholebody-ge")
    published = dict(zip(KINDS, [2.42903e-4, 1.84108e-4, 1.80829e-4, 6.04173e-5, 2.04107e-4], strict=True))
    for kind, factor in published.items():
        assert entry["suv"][kind]["factor"] == pytest.approx(factor, rel=1e-3)
    assert entry["suv"]["bw"]["max"] == pytest.approx(66.5215, rel=1e-3)
    assert "uneven_slices" in codes(entry)


@pytest.mark.parametrize("name", ["STS_001", "STS_002"])
def test_a_series_that_is_in_suv_already(shared_data, name):
    entry = one(shared_data / "sts-petct" / "dicom" / name)
    assert entry["units"] == "GML" and entry["suv"]["bw"]["factor"] == 1
    assert entry["refusal"] is None


# --- shape -----------------------------------------------------------------------------------------
def test_the_shape_of_the_json(tmp_path):
    write_series(tmp_path, 4, PatientSize=None)
    write_series(tmp_path / "ct", 3, ct_slice)
    entry = one(tmp_path)
    assert list(entry) == ["series_uid", "units", "suv", "inputs", "warnings", "refusal"]
    assert list(entry["suv"]) == KINDS
    assert set(entry["suv"]["bw"]) == {"factor", "min", "median", "max"}
    assert [kind for kind in KINDS if entry["suv"][kind] is None] == ["lbm_james", "lbm_janmahasatian", "bsa", "ibw"]
    assert all(set(item) == {"value", "source"} for item in entry["inputs"].values())
    assert entry["inputs"]["injected_activity_bq"] == {"value": 150e6, "source": "header (0018,1074)"}
    assert entry["refusal"] is None


def test_factor_and_statistics_by_hand(tmp_path):
    write_series(tmp_path, 4)
    factor = 70_000 / (150e6 * 2 ** (-3600 / 4062.6))
    stored = np.stack([pixels(k) for k in range(4)]) * 2.5 * factor
    found = one(tmp_path)["suv"]["bw"]
    assert found["factor"] == pytest.approx(factor, rel=1e-9)
    for name in ("min", "median", "max"):
        assert found[name] == pytest.approx(float(getattr(np, name)(stored)), rel=1e-6)


def test_a_factor_per_slice_is_a_list_in_volume_order(tmp_path):
    for k in range(3):
        changes = {"DecayCorrection": "NONE", "CorrectedImage": ["ATTN", "NORM"], "AcquisitionTime": f"12{10 * k:02}00"}
        write(tmp_path / f"{9 - k}.dcm", pet_slice(k, **changes))
    factors = one(tmp_path)["suv"]["bw"]["factor"]
    assert len(factors) == 3
    assert factors[1] / factors[0] == pytest.approx(2 ** (600 / 4062.6))
    assert "first of 3 slices" in run(tmp_path)[1]


def test_the_table_for_people(tmp_path):
    write_series(tmp_path, 3)
    status, out, _ = run(tmp_path)
    assert status == 0
    assert "SUV bw" in out and "68Ga-DOTATATE" in out and "not a certified medical device" in out
    assert "CANARY" not in out and "SYN-0001" not in out


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    folder = tmp_path / "series"
    write_series(folder)
    with pytest.raises(CommandError, match="cannot be written"):
        run(folder, "--nifti", tmp_path / "nowhere" / "suv.nii.gz")


def test_nifti_in_ras(tmp_path):
    folder = tmp_path / "series"
    write_series(folder, 4)
    assert run(folder, "--nifti", tmp_path / "suv.nii.gz")[0] == 0
    image = nibabel.load(tmp_path / "suv.nii.gz")
    assert image.shape == (20, 24, 4) and image.get_data_dtype() == np.float32
    assert image.affine[:3, 3].tolist() == [40, 48, 0] and np.diag(image.affine).tolist() == [-4, -4, 4, 1]
    factor = one(folder)["suv"]["bw"]["factor"]
    assert np.asarray(image.dataobj)[5, 7, 2] == pytest.approx(pixels(2)[7, 5] * 2.5 * factor, rel=1e-6)


# --- provisional and refused -----------------------------------------------------------------------
def test_a_dose_in_mbq_is_printed_with_a_provisional_warning(tmp_path):
    for k in range(3):
        ds = pet_slice(k)
        radiopharmaceutical(ds).RadionuclideTotalDose = "150"
        write(tmp_path / f"{k}.dcm", ds)
    entry = one(tmp_path)
    assert {"dose_in_mbq", "suv_provisional"} <= codes(entry)
    assert entry["suv"]["bw"]["factor"] == pytest.approx(70_000 / (150e6 * 2 ** (-3600 / 4062.6)))
    assert "provisional" in run(tmp_path)[1]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PatientWeight": None}, "patient_weight_missing"),
        ({"PatientWeight": "0"}, "patient_weight_zero"),
        ({"CorrectedImage": ["NORM", "DECY"]}, "not_attenuation_corrected"),
        ({"CorrectedImage": ["NORM", "ATTN"]}, "not_decay_corrected"),
        ({"Units": "PROPCPS"}, "units_unknown"),
        ({"Units": "CNTS"}, "philips_factors_missing"),
        ({"SeriesTime": "103000", "AcquisitionTime": "103000"}, "scan_before_injection"),
        ({"RadiopharmaceuticalInformationSequence": None}, "dose_missing"),
    ],
)
def test_a_refusal_exits_3_with_its_sentence(tmp_path, changes, code):
    write_series(tmp_path, 3, **changes)
    status, out, err = run(tmp_path, "--json")
    (entry,) = json.loads(out)["series"]
    assert status == 3 and entry["refusal"]["code"] == code
    assert entry["suv"] == dict.fromkeys(KINDS)
    assert entry["refusal"]["message"] in err


def test_one_refused_series_does_not_hide_the_others(tmp_path):
    write_series(tmp_path / "good", 3)
    for k in range(3):
        uids = {"SeriesInstanceUID": "2.25.5", "SOPInstanceUID": f"2.25.5.{k + 1}"}
        write(tmp_path / "bad" / f"{k}.dcm", pet_slice(k, PatientWeight=None, **uids))
    found = series_of(tmp_path, status=3)
    assert sorted(entry["refusal"] is None for entry in found) == [False, True]


def test_a_missing_slice_blocks_the_volume_not_the_factors(tmp_path):
    files = write_series(tmp_path / "series", 5)
    whole = one(tmp_path / "series")["suv"]["bw"]["factor"]
    files[2].unlink()
    entry = one(tmp_path / "series", status=3)
    assert entry["refusal"]["code"] == "missing_slices"
    assert entry["suv"]["bw"] == {"factor": whole, "min": None, "median": None, "max": None}
    assert run(tmp_path / "series", "--nifti", tmp_path / "x.nii.gz")[0] == 3
    assert not (tmp_path / "x.nii.gz").exists()


def test_objects_that_are_not_used_are_left_aside(shared_data, tmp_path):
    folder = shared_data / "ibsi-suv-dro" / "DRO_0_0"
    assert len(series_of(folder)) == 1
    status, out, err = run(folder / "RS", "--json")
    assert (status, json.loads(out)) == (3, {"series": []})
    assert "no PET series" in err and "outlines or reports" in err


def test_a_file_that_is_no_dicom(tmp_path):
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7")
    status, out, err = run(tmp_path / "report.pdf", "--json")
    assert (status, json.loads(out)) == (3, {"series": []}) and "not a DICOM file" in err


def test_copies_of_a_file_count_once(tmp_path):
    write_series(tmp_path / "a", 3)
    write_series(tmp_path / "b", 3)
    entry = one(tmp_path)
    assert entry["warnings"] == [] and entry["suv"]["bw"]["max"] is not None


def test_wrong_calls(tmp_path):
    with pytest.raises(CommandError, match="no such"):
        run(tmp_path / "absent")
    with pytest.raises(CommandError, match="nii"):
        run(tmp_path, "--nifti", tmp_path / "out.txt")
    write_series(tmp_path / "a", 3)
    for k in range(3):
        uids = {"SeriesInstanceUID": "2.25.5", "SOPInstanceUID": f"2.25.5.{k + 1}"}
        write(tmp_path / "b" / f"{k}.dcm", pet_slice(k, **uids))
    with pytest.raises(CommandError, match="more than one"):
        run(tmp_path, "--nifti", tmp_path / "out.nii.gz")


def test_works_without_any_database(tmp_path):
    """The real command line, with a database server that is not there."""
    write_series(tmp_path / "series", 3)
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "PRRT_DATA_DIR": str(tmp_path / "data"),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "suv", str(tmp_path / "series"), "--json"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["series"]) == 1
    assert not list((tmp_path / "data").rglob("*.dcm")) and not (tmp_path / "data" / "store").exists()


def test_an_suv_above_1000_gives_no_number_and_no_volume(tmp_path):
    for k in range(3):
        write(tmp_path / "in" / f"{k}.dcm", pet_slice(k, RescaleSlope="2500"))
    entry = one(tmp_path / "in", status=3)
    assert entry["refusal"]["code"] == "suv_implausible" and set(entry["suv"].values()) == {None}
    status, _, err = run(tmp_path / "in", "--nifti", tmp_path / "suv.nii.gz")
    assert status == 3 and "above 1000" in err and not (tmp_path / "suv.nii.gz").exists()


def test_a_note_is_called_a_note(tmp_path):
    for k in range(3):
        write(tmp_path / f"{k}.dcm", pet_slice(k, SeriesTime="153000", PatientWeight="260"))
    _, out, _ = run(tmp_path)
    assert "  note: The series time is later" in out and "  warning: The body weight of 260 kg is unusual" in out


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        ("35321007", "Fluorodeoxyglucose F^18^", "The tracer is 18F-FDG, not a somatostatin-receptor tracer"),
        ("99LM3", "LM3 Ga^68^", "The tracer is LM3 Ga^68^, not known as a somatostatin-receptor tracer"),
        ("99X", "", ""),
    ],
)
def test_a_tracer_that_no_sstr_rule_reads_is_named_where_it_is_known(tmp_path, code, text, said):
    for k in range(3):
        ds = pet_slice(k)
        item = radiopharmaceutical(ds)
        item.Radiopharmaceutical = ""
        item.RadiopharmaceuticalCodeSequence[0].CodeValue = code
        item.RadiopharmaceuticalCodeSequence[0].CodeMeaning = text
        write(tmp_path / f"{k}.dcm", ds)
    entry = one(tmp_path)
    messages = [warning["message"] for warning in entry["warnings"] if warning["code"] == "tracer_not_sstr"]
    assert messages == ([f"{said}: no rule on SSTR uptake reads this scan."] if said else [])
