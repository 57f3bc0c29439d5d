"""``manage.py measure``: a sphere on a folder that is not stored, and on a stored series with its current SUV."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from imaging import digests, sandbox, store, volumes
from imaging.assemble import assemble
from imaging.domain.suv import METHOD_VERSION, suv_factors
from imaging.models import Series, Study, SuvResult
from patients.models import User
from tests.imaging.dicom_files import pet_slice, pixels, to_bytes, write_series


def run(*arguments) -> tuple[int, str, str]:
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command("measure", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as stop:
        status = stop.code
    return status, out.getvalue(), err.getvalue()


def numbers(*arguments) -> dict:
    status, out, err = run(*arguments, "--json")
    assert status == 0, err
    return json.loads(out)


def test_the_published_tumour(shared_data):
    """Hottest voxel of the mass of STS_002; values from the data's README."""
    found = numbers(shared_data / "sts-petct" / "dicom" / "STS_002" / "PET", "--sphere", "79.3,123.05,-566.89,12")
    assert found["suv_max"] == pytest.approx(21.6757, rel=1e-3)
    assert found["suv_peak_local"] == pytest.approx(17.3933, rel=1e-3)
    assert found["unit"] == "g/ml{SUVbw}" and found["refusal"] is None


def test_a_folder_is_measured_in_place(tmp_path):
    write_series(tmp_path, 8)
    found = numbers(tmp_path, "--sphere", "-12,-20,16,5")
    factor = 70_000 / (150e6 * 2 ** (-3600 / 4062.6))
    centre = pixels(4)[7, 7] * 2.5 * factor
    assert found["voxel_count"] == 7 and found["volume_ml"] == pytest.approx(7 * 0.064)
    assert found["volume_mesh_ml"] == pytest.approx(4.5 * 0.064)  # eight half cells, 24 cells of 1/48
    assert found["suv_max"] >= centre > 0
    assert found["sphere"] == {"centre_lps_mm": [-12, -20, 16], "radius_mm": 5}
    assert "suv_max" in run(tmp_path, "--sphere", "-12,-20,16,5")[1]


def test_refusals_exit_3(tmp_path):
    write_series(tmp_path / "a", 5)
    status, out, err = run(tmp_path / "a", "--sphere", "900,0,0,5", "--json")
    assert status == 3 and json.loads(out)["refusal"]["code"] == "voi_outside_volume" and "outside" in err
    assert json.loads(out)["suv_max"] is None
    write_series(tmp_path / "b", 5, PatientWeight=None)
    status, out, _ = run(tmp_path / "b", "--sphere", "0,0,8,5", "--json")
    assert status == 3 and json.loads(out)["refusal"]["code"] == "patient_weight_missing"


@pytest.mark.parametrize("sphere", ["1,2,3", "a,b,c,d", ""])
def test_a_sphere_is_four_numbers(tmp_path, sphere):
    with pytest.raises(CommandError, match="four numbers"):
        run(tmp_path, f"--sphere={sphere}")


@pytest.fixture
def stored(db, settings, tmp_path):
    settings.FILE_STORE_DIR = tmp_path / "store"
    keys = [store.put_bytes(to_bytes(pet_slice(k))).sha256 for k in range(8)]
    (assembled,) = assemble(zip(keys, sandbox.parse_files(map(store.path, keys)), strict=True))
    values = volumes.load_from_manifest(assembled.manifest())
    row = Series.objects.create(
        study=Study.objects.create(study_uid=assembled.first.study_uid, identity_digest="x" * 64),
        series_uid=assembled.series_uid,
        split_key=assembled.split_key,
        modality="PT",
        sop_class_uid=assembled.first.sop_class_uid,
        header=assembled.header,
        manifest_sha256=store.put_bytes(json.dumps(assembled.manifest()).encode()).sha256,
        volume_sha256=store.put_bytes(volumes.pack(values)).sha256,
        uploaded_by=User.objects.create_user("reader"),
    )
    return row, assembled


def give_suv(row, **values):
    return SuvResult.objects.create(
        series=row, input_digest=digests.of_series(row), method_version=METHOD_VERSION, **values
    )


def test_a_stored_series_with_its_current_suv(stored, tmp_path):
    row, assembled = stored
    give_suv(row, factors={"bw": suv_factors(assembled.suv_inputs).by_kind["bw"]})
    write_series(tmp_path / "folder", 8)
    from_store = numbers(row.series_uid, "--sphere", "-12,-20,16,9")
    assert from_store == {
        **numbers(tmp_path / "folder", "--sphere", "-12,-20,16,9"),
        "warnings": from_store["warnings"],
    }


def test_a_stored_refusal_is_repeated_word_for_word(stored):
    row, _ = stored
    give_suv(row, refusal_code="patient_weight_missing", refusal_message="No weight, said then.")
    status, out, err = run(row.series_uid, "--sphere", "0,0,8,5", "--json")
    assert status == 3 and err.strip() == "No weight, said then."
    assert json.loads(out)["refusal"]["code"] == "patient_weight_missing"


def test_no_current_suv_no_number(stored):
    row, assembled = stored
    result = give_suv(row, factors={"bw": suv_factors(assembled.suv_inputs).by_kind["bw"]})
    result.input_digest = "old"
    result.save()
    status, out, _ = run(row.series_uid, "--sphere", "0,0,8,5", "--json")
    assert status == 3 and json.loads(out)["suv_max"] is None


def test_an_unknown_series(db):
    with pytest.raises(CommandError, match="0 stored"):
        run("1.2.3", "--sphere", "0,0,0,5")
