"""Segmentations, structure sets and reports as the sandbox gives them: every voxel, every point, every number."""

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging import sandbox
from imaging.folder import read_folder
from imaging.instances import FileRefusal, ParsedInstance, ParsedObject
from imaging.objects import Report, Segmentation, StructureSet
from imaging.outlines import plane_stack
from tests.imaging.dicom_files import ROOT, pet_slice, write, write_series
from tests.imaging.object_files import (
    SERIES,
    blob,
    code,
    contour,
    item,
    number,
    report,
    segment,
    segmentation,
    square_mm,
    structure_set,
)


def content(path):
    found = sandbox.read_object(path)
    assert not isinstance(found, FileRefusal), found
    return found


def voxels(found: Segmentation, number: int, shape, **options) -> np.ndarray:
    """A segment on its file's own grid, planes in the order of z; cut as the reader cuts it, then put back."""
    out = np.zeros(shape, bool)
    for frame in found.frames:
        if found.kind != "LABELMAP" and frame.segment != number:
            continue
        z = round((frame.position[2] - min(p[2] for p in found.plane_positions)) / 4)
        y0, y1, x0, x1 = frame.box
        values = frame.values == number if found.kind == "LABELMAP" else frame.values > 0
        out[z, y0:y1, x0:x1] |= values
    return out


def indefinite(ds):
    """All sequences and items of undefined length, as some writers make them."""
    for element in ds:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for one in element.value:
                one.is_undefined_length_sequence_item = True
                indefinite(one)
    return ds


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("shape", [(8, 24, 20), (6, 5, 7), (6, 9, 11)])
@pytest.mark.parametrize("is_undefined", [False, True])
def test_a_binary_segmentation_bit_by_bit(tmp_path, syntax, shape, is_undefined):
    """Also where a frame does not end with a byte (5 x 7 and 9 x 11 voxels)."""
    masks = [blob(1, shape), blob(2, shape)]
    ds = segmentation(masks)
    found = content(write(tmp_path / "seg.dcm", indefinite(ds) if is_undefined else ds, syntax))
    assert isinstance(found, Segmentation) and (found.kind, found.rows, found.columns) == ("BINARY", *shape[1:])
    inner = (shape[0] - 2, *shape[1:])
    for segment_number, mask in enumerate(masks, 1):
        assert np.array_equal(voxels(found, segment_number, inner), mask[1:-1])
    assert found.orientation == (1, 0, 0, 0, 1, 0) and found.pixel_spacing == (4, 4) and found.plane_spacing == 4


def test_what_a_segment_says_of_itself(tmp_path):
    ds = segmentation([blob()])
    ds.SegmentSequence[0].SegmentDescription = "im Pankreaskörper"
    ds.SegmentSequence[0].AnatomicRegionSequence = [code("15776009", "SCT", "Pancreas")]
    ds.SegmentSequence[0].SegmentAlgorithmType, ds.SegmentSequence[0].SegmentAlgorithmName = "SEMIAUTOMATIC", "iso 41"
    found = content(write(tmp_path / "seg.dcm", ds))
    (only,) = found.segments
    assert (only.number, only.label, only.description) == (1, "lesion", "im Pankreaskörper")
    assert (only.tracking_id, only.tracking_uid) == ("L1", f"{ROOT}.77.1")
    assert only.anatomic_region.value == "15776009" and only.property_type.value == "255046005"
    assert only.category.value == "49755003" and (only.algorithm_type, only.algorithm_name) == (
        "SEMIAUTOMATIC",
        "iso 41",
    )
    assert found.header.referenced_series_uids == (SERIES,) and f"{ROOT}.3.2" in found.source_sop_uids


def test_ten_segments_of_one_label_stay_ten(tmp_path):
    masks = [blob(seed) for seed in range(10)]
    found = content(write(tmp_path / "seg.dcm", segmentation(masks)))
    assert {one.label for one in found.segments} == {"lesion"}
    assert [one.number for one in found.segments] == list(range(1, 11))
    assert len({one.tracking_uid for one in found.segments}) == 10
    for segment_number, mask in enumerate(masks, 1):
        assert plane_stack(found, segment_number).voxel_count == mask.sum()


@pytest.mark.parametrize("maximum", [1, 200, 255])
def test_a_fractional_segmentation_keeps_its_values(tmp_path, maximum):
    values = (np.random.default_rng(5).random((8, 24, 20)) * maximum).round().astype(np.uint8) * blob()
    found = content(write(tmp_path / "seg.dcm", segmentation([values], "FRACTIONAL", maximum=maximum)))
    assert (found.kind, found.maximum, found.fractional_type) == ("FRACTIONAL", maximum, "PROBABILITY")
    half = plane_stack(found, 1)
    assert half.voxel_count == np.count_nonzero(values >= maximum / 2)
    if maximum > 1:
        assert plane_stack(found, 1, fraction=0.9).voxel_count == np.count_nonzero(values >= 0.9 * maximum)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_label_map(tmp_path, bits):
    labels = blob(1) * np.random.default_rng(0).integers(1, 4 if bits == 8 else 300, (8, 24, 20))
    found = content(write(tmp_path / "seg.dcm", segmentation([labels], "LABELMAP", bits=bits)))
    assert found.kind == "LABELMAP" and {one.number for one in found.segments} == set(np.unique(labels)) - {0}
    for one in found.segments[:5]:
        assert np.array_equal(voxels(found, one.number, (6, 24, 20)), labels[1:-1] == one.number)


def test_a_label_map_may_list_its_background(tmp_path):
    ds = segmentation([blob() * 2], "LABELMAP")
    ds.SegmentSequence = [segment(0, "background"), *ds.SegmentSequence]
    assert [one.number for one in content(write(tmp_path / "seg.dcm", ds)).segments] == [2]


def test_a_structure_set(tmp_path):
    first = [contour(square_mm(-20, -20, 4, 4, z)) for z in (8, 12)]
    ds = structure_set({"Läsion 1": first, "empty": [], "mark": [contour([[0, 0, 8]], "POINT")]})
    found = content(write(tmp_path / "rs.dcm", ds))
    assert isinstance(found, StructureSet)
    assert [(one.number, one.name, len(one.contours)) for one in found.regions] == [
        (1, "Läsion 1", 2), (2, "empty", 0), (3, "mark", 1),
    ]  # fmt: skip
    lesion = found.regions[0]
    assert lesion.contours[1].points.tolist() == square_mm(-20, -20, 4, 4, 12)
    assert (lesion.algorithm, lesion.interpreted_type, lesion.frame_of_reference_uid) == ("MANUAL", "GTV", f"{ROOT}.9")
    assert found.header.content_label == "outlines" and found.header.content_at == "2025-03-11T10:00:00"


def groups() -> list:
    maximum = item("CODE", ("121401", "DCM"), "HAS CONCEPT MOD", ConceptCodeSequence=[code("56851009", "SCT", "Max")])
    liver = item("CODE", ("126040", "DCM"), "HAS CONCEPT MOD", ConceptCodeSequence=[code("10200004", "SCT", "Liver")])
    return [
        [
            item("TEXT", ("112039", "DCM"), "HAS OBS CONTEXT", TextValue="L1"),
            item("UIDREF", ("112040", "DCM"), "HAS OBS CONTEXT", UID=f"{ROOT}.77.1"),
            item("CODE", ("363698007", "SCT"), ConceptCodeSequence=[code("10200004", "SCT", "Liver")]),
            number(("126401", "DCM"), "12.5", "g/ml{SUVbw}", maximum),
            number(("126039", "DCM"), "3.25", "{ratio}", liver),
            number(("118565006", "SCT"), "77777.77", "ml"),
            item("CODE", ("KRENNING_MOD", "99X"), ConceptCodeSequence=[code("KR3", "99X", "3")]),
            item("TEXT", ("C1", "99X"), TextValue="necrotic centre"),
        ],
        [item("TEXT", ("112039", "DCM"), "HAS OBS CONTEXT", TextValue="L2")],
    ]


def test_a_report(tmp_path):
    file = write(tmp_path / "sr.dcm", report(groups()))
    file.write_bytes(file.read_bytes().replace(b"77777.77", b"n/a     "))
    found = content(file)
    assert isinstance(found, Report) and found.is_complete and not found.is_verified
    first, second = found.groups
    assert (first.tracking_id, first.tracking_uid, second.tracking_id) == ("L1", f"{ROOT}.77.1", "L2")
    hottest, ratio, volume = first.measurements
    assert (hottest.value, hottest.role, hottest.unit.value) == (12.5, "suv_max", "g/ml{SUVbw}")
    assert (ratio.value, ratio.background.value) == (3.25, "10200004")
    assert (volume.value, volume.role) == (None, "volume_ml"), "a number that is none stays none"
    assert [(one.name.value, one.value and one.value.value, one.text) for one in first.evaluations] == [
        ("KRENNING_MOD", "KR3", ""),
        ("C1", None, "necrotic centre"),
    ]


def test_the_published_report_and_segmentation(shared_data):
    folder = shared_data / "pet-sr-seg-rwvm"
    (group,) = content(folder / "sr.dcm").groups
    found = {one.role: one.value for one in group.measurements if one.role}
    assert {name: found[name] for name in ("suv_mean", "suv_min", "suv_max", "suv_peak", "volume_ml")} == {
        "suv_mean": 6.01529, "suv_min": 2.91136, "suv_max": 10.3814, "suv_peak": 9.45534, "volume_ml": 33.5824,
    }  # fmt: skip
    segmentation = content(folder / "seg.dcm")
    assert group.segment_sop_uid == segmentation.header.sop_uid and group.segment_number == 1
    assert group.source_series_uids == segmentation.header.referenced_series_uids
    assert plane_stack(segmentation, 1).volume_ml == pytest.approx(33.5824, abs=5e-5)


# --- on arrival ------------------------------------------------------------------------------------
def test_the_header_on_arrival(tmp_path):
    files = [
        write(tmp_path / "seg.dcm", segmentation([blob()])),
        write(tmp_path / "rs.dcm", structure_set({"a": [contour(square_mm(0, 0, 9, 9, 8))]})),
        write(tmp_path / "sr.dcm", report(groups())),
        write(tmp_path / "pet.dcm", pet_slice()),
    ]
    seg, structures, sr, pet = sandbox.parse_files(files)
    assert [one.kind for one in (seg, structures, sr, pet)] == ["seg", "rtstruct", "sr", "pet"]
    assert isinstance(pet, ParsedInstance)
    for found in (seg, structures, sr):
        assert isinstance(found, ParsedObject) and found.identity == ("SYN-0001", "", "1960-01-02", "F")
        assert found.referenced_series_uids == (SERIES,) and found.study_uid == pet.study_uid
        assert "CANARY" not in str(found) and "CANARY" not in str(sandbox.read_object(tmp_path / f"{found.kind}.dcm"))
    assert (seg.frame_of_reference_uid, structures.frame_of_reference_uid) == (f"{ROOT}.9", f"{ROOT}.9")
    assert (seg.content_label, sr.content_label) == ("LESIONS", "Imaging Measurement Report")


def test_a_folder_lists_its_objects_beside_its_series(tmp_path):
    write_series(tmp_path, 4)
    write(tmp_path / "seg.dcm", segmentation([blob()]))
    found = read_folder(tmp_path)
    assert len(found.pet) == 1 and [one.kind for _, one in found.objects] == ["seg"]
    assert found.left_out == {"not_used_here": 1}, "of the series"


def test_a_structure_set_whose_file_header_names_another_instance_is_read_and_marked(shared_data):
    (file,) = (shared_data / "ibsi-suv-dro" / "DRO_0_0" / "RS").glob("*.dcm")
    assert "(0002,0003)" in content(file).header.problems
