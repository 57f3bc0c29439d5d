"""``manage.py measure --seg`` and ``--rtstruct``: published tumours, own geometry, and what is refused by name."""

import json
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from imaging import sandbox
from imaging.folder import read_folder
from imaging.models import SuvResult
from imaging.outline_report import folder_target
from imaging.outlines import place_outlines
from tests.imaging.dicom_files import ROOT, pet_slice, pixels, write, write_series
from tests.imaging.object_files import blob, contour, report, segmentation, square_mm, structure_set
from tests.imaging.test_measure_command import give_suv, stored  # noqa: F401 - a fixture

KEYS = [
    "segment_number", "label", "tracking_uid", "voxels", "volume_ml", "suv_max", "suv_mean", "suv_peak_local",
    "suv_peak_global", "total_lesion_uptake", "volume_mesh_ml",
]  # fmt: skip
FACTOR = 2.5 * 70_000 / (150e6 * 2 ** (-3600 / 4062.6))


def run(*arguments) -> tuple[int, dict, str]:
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command("measure", *map(str, arguments), "--json", stdout=out, stderr=err)
    except SystemExit as stop:
        status = stop.code
    return status, json.loads(out.getvalue()), err.getvalue()


def measured(*arguments) -> list[dict]:
    status, found, err = run(*arguments)
    assert status == 0 and list(found) == ["vois"], err
    return found["vois"]


def codes(voi) -> set[str]:
    return {warning["code"] for warning in voi["warnings"]}


TUMOURS = [
    ("sts-petct/dicom/STS_001/PET", "sts-petct/dicom/STS_001/PET/mask/RS.dcm", (7.9107, 5.3130, 6.0784), (366, 367)),
    ("sts-petct/dicom/STS_001/PET", "sts-petct/dicom/STS_001/CT/mask/RS.dcm", (7.9107, 5.3130, 6.0784), (365, 367)),
    ("sts-petct/dicom/STS_002/PET", "sts-petct/dicom/STS_002/PET/mask/RS.dcm", (21.6757, 17.3933, 18.7627), (51.6, 54.3)),
    ("sts-petct/dicom/STS_002/PET", "sts-petct/dicom/STS_002/CT/mask/RS.dcm", (21.6757, 17.3933, 18.7627), (51.6, 54.3)),
    ("sts001-wholebody-ge", "sts001-wholebody-ge/FDG_PET/mask/1-1.dcm", (7.9107, 5.3130, 6.0784), (366, 367)),
]  # fmt: skip


@pytest.mark.parametrize(("series", "file", "suv", "volume"), TUMOURS)
def test_the_published_tumours(shared_data, series, file, suv, volume):
    voi = measured(shared_data / series, "--rtstruct", shared_data / file)[0]
    assert list(voi)[: len(KEYS)] == KEYS and voi["label"].startswith("GTV_Mass") and voi["refusal"] is None
    found = [voi[name] for name in ("suv_max", "suv_peak_local", "suv_peak_global")]
    assert found == pytest.approx(suv, abs=6e-5) and volume[0] <= voi["volume_ml"] <= volume[1]
    assert voi["total_lesion_uptake"] == pytest.approx(voi["suv_mean"] * voi["volume_ml"])
    assert 0.97 < voi["volume_mesh_ml"] / voi["volume_ml"] < 1
    assert ("outline_on_other_series" in codes(voi)) == ("CT" in file)
    assert voi["method"] == "contours-even-odd/1"


@pytest.mark.parametrize("name", ["DRO_0_0", "DRO_1_0", "DRO_2_4", "DRO_3_1", "DRO_5_0"])
def test_the_reference_objects_hold_their_published_values(shared_data, name):
    """The contours lie inside the NIfTI mask, whose minimum, median and maximum are 0.20, 1.00 and 4.00."""
    import nibabel

    folder = shared_data / "ibsi-suv-dro" / name
    (file,) = (folder / "RS").glob("*.dcm")
    content = sandbox.read_object(file)
    target = folder_target(read_folder(folder).pet, content)
    (found,) = place_outlines(content, target.images)
    mask = np.asarray(nibabel.load(folder / "mask" / "DRO_mask.nii.gz").dataobj).transpose(2, 1, 0) > 0
    placed = found.placed.mask
    assert not (placed.voxels & ~mask[placed.bounds.slices]).any() and placed.voxels.sum() == 174_690
    suv = target.images.volume.crop(placed.bounds)[placed.voxels]
    assert (suv.min(), np.median(suv), suv.max()) == pytest.approx((0.2, 1.0, 4.0), rel=0.005)


@pytest.mark.parametrize("series", ["pet-sr-seg-rwvm", "sts-petct/dicom/STS_002/PET"])
def test_a_segmentation_without_its_images_keeps_its_own_volume(shared_data, series):
    """Where no PET is, and where another one is."""
    status, found, err = run(shared_data / series, "--seg", shared_data / "pet-sr-seg-rwvm" / "seg.dcm")
    (voi,) = found["vois"]
    assert status == 0 and "Referenced series absent" in err
    assert voi["refusal"]["code"] == "referenced_series_absent"
    assert (voi["segment_number"], voi["label"], voi["voxels"]) == (1, "Neoplasm, Primary", 795)
    assert voi["volume_ml"] == pytest.approx(33.5824, abs=5e-5) and voi["suv_max"] is None


def test_a_segmentation_on_its_pet(tmp_path):
    write_series(tmp_path / "pet", 8)
    masks = [blob(1), blob(2)]
    first, second = measured(tmp_path / "pet", "--seg", write(tmp_path / "seg.dcm", segmentation(masks)))
    stack = np.stack([pixels(k) for k in range(8)]) * FACTOR
    for voi, mask in ((first, masks[0]), (second, masks[1])):
        assert (voi["voxels"], voi["volume_ml"]) == (mask.sum(), pytest.approx(mask.sum() * 0.064))
        assert voi["suv_max"] == pytest.approx(stack[mask].max()) and voi["suv_mean"] == pytest.approx(
            stack[mask].mean()
        )
        assert (voi["method"], voi["state"]) == ("grid-exact/1", "placed")
    assert (first["label"], second["label"]) == ("lesion", "lesion")
    assert [voi["tracking_uid"] for voi in (first, second)] == [f"{ROOT}.77.1", f"{ROOT}.77.2"]


def test_a_finer_grid_is_resampled_and_says_so(tmp_path):
    write_series(tmp_path / "pet", 8)
    fine = np.zeros((30, 60, 50), bool)
    fine[6:22, 20:40, 15:35] = True
    ds = segmentation([fine], origin=(-40, -48, 0), spacing=(1, 1, 1), series="2.25.1")
    (voi,) = measured(tmp_path / "pet", "--seg", write(tmp_path / "seg.dcm", ds))
    assert (
        codes(voi) == {"outline_resampled", "outline_on_other_series"} and voi["method"] == "grid-nearest-neighbour/1"
    )
    assert voi["volume_ml"] == pytest.approx(6.4, rel=0.1)


def test_a_fractional_segmentation_is_cut_and_says_where(tmp_path):
    write_series(tmp_path / "pet", 8)
    values = blob() * np.random.default_rng(5).integers(1, 201, blob().shape).astype(np.uint8)
    (voi,) = measured(tmp_path / "pet", "--seg", write(tmp_path / "seg.dcm", segmentation([values], "FRACTIONAL")))
    assert voi["voxels"] == np.count_nonzero(values >= 100) and "fraction_cut" in codes(voi)
    assert (voi["parameters"]["fraction"], voi["parameters"]["fractional_type"]) == (0.5, "PROBABILITY")


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"PatientWeight": None}, "patient_weight_missing", "weight"),
        ({"RescaleSlope": "2500"}, "suv_implausible", "above 1000"),
    ],
)
def test_without_suv_the_shape_remains(tmp_path, changes, code, word):
    write_series(tmp_path / "pet", 8, **changes)
    status, found, err = run(tmp_path / "pet", "--seg", write(tmp_path / "seg.dcm", segmentation([blob()])))
    (voi,) = found["vois"]
    assert status == 0 and voi["refusal"]["code"] == code and word in err
    assert voi["voxels"] == blob().sum() and voi["suv_max"] is None


def test_among_several_pet_series_the_one_it_was_drawn_on(tmp_path):
    write_series(tmp_path / "a", 8)
    other = {"SeriesInstanceUID": f"{ROOT}.222", "RescaleSlope": "5"}
    for k in range(8):
        write(tmp_path / "b" / f"{k}.dcm", pet_slice(k, SOPInstanceUID=f"{ROOT}.33.{k}", **other))
    file = write(tmp_path / "seg.dcm", segmentation([blob()]))
    both, one = measured(tmp_path, "--seg", file), measured(tmp_path / "a", "--seg", file)
    assert both == one


def test_files_that_are_not_what_they_are_called(tmp_path):
    write_series(tmp_path / "pet", 8)
    structures = write(tmp_path / "rs.dcm", structure_set({"a": [contour(square_mm(0, 0, 9, 9, 8))]}))
    with pytest.raises(CommandError, match="another kind"):
        run(tmp_path / "pet", "--seg", structures)
    with pytest.raises(CommandError, match="another kind"):
        run(tmp_path / "pet", "--rtstruct", write(tmp_path / "sr.dcm", report([])))
    (tmp_path / "note.txt").write_text("nothing")
    status, found, err = run(tmp_path / "pet", "--seg", tmp_path / "note.txt")
    assert (status, found["vois"], found["refusal"]["code"]) == (3, [], "not_dicom") and "not a DICOM file" in err
    with pytest.raises(CommandError, match="no folder"):
        run(tmp_path / "absent", "--seg", write(tmp_path / "seg.dcm", segmentation([blob()])))
    with pytest.raises(CommandError, match="not allowed with"):
        run(tmp_path / "pet", "--sphere", "0,0,0,5", "--seg", structures)
    with pytest.raises(CommandError, match="required"):
        run(tmp_path / "pet")


def test_a_region_that_cannot_be_used_costs_only_itself(tmp_path):
    write_series(tmp_path / "pet", 8)
    ds = structure_set({"point": [contour([[0, 0, 8]], "POINT")], "good": [contour(square_mm(-22, -22, 2, 2, 8))]})
    point, good = measured(tmp_path / "pet", "--rtstruct", write(tmp_path / "rs.dcm", ds))
    assert point["refusal"]["code"] == "contour_not_closed" and point["voxels"] is None
    assert good["voxels"] == 36 and good["suv_max"] > 0


def test_a_stored_series(stored, tmp_path):  # noqa: F811
    row, _ = stored
    file = write(tmp_path / "seg.dcm", segmentation([blob()]))
    status, found, _ = run(row.series_uid, "--seg", file)
    assert status == 0 and found["vois"][0]["voxels"] == blob().sum() and found["vois"][0]["suv_max"] is None
    give_suv(row, factors={"bw": FACTOR / 2.5})
    write_series(tmp_path / "folder", 8)
    assert measured(row.series_uid, "--seg", file) == measured(tmp_path / "folder", "--seg", file)
    assert SuvResult.objects.count() == 1


def test_a_series_that_is_not_stored(db, tmp_path):
    _, found, err = run("1.2.3", "--seg", write(tmp_path / "seg.dcm", segmentation([blob()])))
    assert found["vois"][0]["refusal"]["code"] == "referenced_series_absent" and "absent" in err
    assert found["vois"][0]["volume_ml"] == pytest.approx(blob().sum() * 0.064)
