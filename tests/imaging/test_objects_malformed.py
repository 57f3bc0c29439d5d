"""Objects that are damaged, absurd or hostile: each ends with a reason, in bounded time, and nothing else is touched."""

import json
import os
import random
import struct
import time

import numpy as np
import psutil
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from imaging import dicom_frames, dicom_objects, object_contours, object_frames, object_report, sandbox
from imaging.domain.volume import Volume
from imaging.instances import FileRefusal, ParsedObject
from imaging.object_answer import content_from
from imaging.objects import Report, StructureSet
from imaging.outlines import Images, place_outlines
from imaging.reasons import FILE_REASONS
from tests.imaging.dicom_files import ROOT, ROWS, pet_slice, to_bytes, write
from tests.imaging.object_files import (
    SERIES,
    blob,
    contour,
    item,
    report,
    segment,
    segmentation,
    square_mm,
    structure_set,
)
from tests.imaging.test_objects_read import groups, indefinite


def refused(path) -> str:
    found = sandbox.read_object(path)
    assert isinstance(found, FileRefusal), found
    assert found.code in FILE_REASONS
    return found.code


def changed(tmp_path, ds, *edits) -> str:
    for edit in edits:
        edit(ds)
    return refused(write(tmp_path / "object.dcm", ds))


def deleting(*names):
    def edit(ds):
        for name in names:
            delattr(ds, name)

    return edit


def setting(**elements):
    def edit(ds):
        for name, value in elements.items():
            setattr(ds, name, value)

    return edit


def drop_a_frame(ds):
    del ds.PerFrameFunctionalGroupsSequence[-1]


def repeat_a_segment(ds):
    ds.SegmentSequence = [segment(1), segment(1)]


def point_to_no_segment(ds):
    ds.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence[0].ReferencedSegmentNumber = 7


def lose_a_position(ds):
    del ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence


def turn_a_frame(ds):
    other = segmentation([blob()]).SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    other[0].ImageOrientationPatient = [0, 1, 0, 1, 0, 0]
    ds.PerFrameFunctionalGroupsSequence[1].PlaneOrientationSequence = other


def refer_to_itself(ds):
    ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[
        0
    ].ReferencedSOPInstanceUID = ds.SOPInstanceUID


def flat_pixels(ds):
    ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0, 4]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (drop_a_frame, "frames_disagree"),
        (setting(NumberOfFrames=600), "frames_disagree"),
        (setting(NumberOfFrames=0), "frames_disagree"),
        (setting(NumberOfFrames=2_000_000_000), "too_many_frames"),
        (setting(PixelData=b"\0" * 40), "pixel_data_length"),
        (deleting("PixelData"), "pixel_data_missing"),
        (setting(Rows=65535, Columns=65535), "image_size"),
        (setting(Rows=0), "image_size"),
        (deleting("Rows"), "image_header_invalid"),
        (setting(BitsAllocated=8), "image_header_invalid"),
        (setting(SegmentationType="SURFACE"), "segmentation_type_unknown"),
        (deleting("SegmentationType"), "segmentation_type_unknown"),
        (deleting("SegmentSequence"), "segments_disagree"),
        (repeat_a_segment, "segments_disagree"),
        (point_to_no_segment, "segments_disagree"),
        (lose_a_position, "segment_geometry_missing"),
        (flat_pixels, "segment_geometry_missing"),
        (deleting("SharedFunctionalGroupsSequence"), "segment_geometry_missing"),
        (turn_a_frame, "segment_geometry_differs"),
        (refer_to_itself, "object_refers_to_itself"),
        (setting(SOPInstanceUID=""), "uid_invalid"),
    ],
)
def test_malformed_segmentations(tmp_path, edit, expected):
    assert changed(tmp_path, segmentation([blob()]), edit) == expected


@pytest.mark.parametrize(
    "edit",
    [setting(MaximumFractionalValue=0), deleting("MaximumFractionalValue"), deleting("SegmentationFractionalType")],
)
def test_a_fraction_of_what(tmp_path, edit):
    ds = segmentation([blob() * np.uint8(9)], "FRACTIONAL")
    assert changed(tmp_path, ds, edit) in {"segmentation_type_unknown", "image_header_invalid"}


def in_process(ds) -> str:
    """As the child does, but here: so that a test can lower its limits."""
    descriptor = os.memfd_create("object")
    try:
        os.write(descriptor, to_bytes(ds))
        return json.loads(json.dumps(dicom_objects.read_object(descriptor)[0], allow_nan=False)).get("code", "read")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("module", "limit", "most", "make", "expected"),
    [
        (object_frames, "MAX_SEGMENTS", 2, lambda: segmentation([blob(k) for k in range(3)]), "too_many_segments"),
        (object_frames, "MAX_FRAMES", 17, lambda: segmentation([blob(k) for k in range(3)]), "too_many_frames"),
        (object_frames, "MAX_BODY_BYTES", 500, lambda: segmentation([blob(k) for k in range(3)]), "object_too_large"),
        (dicom_frames, "MAX_PIXEL_BYTES", 1079, lambda: segmentation([blob(k) for k in range(3)]), "object_too_large"),
        (object_contours, "MAX_ROIS", 2, lambda: structure_set({"a": [], "b": [], "c": []}), "too_many_segments"),
        (object_contours, "MAX_CONTOURS", 2, lambda: structure_set({"a": three(), "b": []}), "too_many_contours"),
        (object_contours, "MAX_POINTS", 11, lambda: structure_set({"a": three(), "b": []}), "too_many_points"),
        (object_report, "MAX_CONTENT_ITEMS", 10, lambda: report(groups()), "too_many_content_items"),
        (object_report, "MAX_DEPTH", 1, lambda: report(groups()), "nesting_too_deep"),
    ],
)
def test_every_limit_has_its_reason(monkeypatch, module, limit, most, make, expected):
    assert in_process(make()) == "read"
    assert getattr(module, limit) > most
    monkeypatch.setattr(module, limit, most)
    assert in_process(make()) == expected


def three() -> list:
    return [contour(square_mm(-20, -20, 4, 4, z)) for z in (0, 4, 8)]


def test_a_report_nested_without_end(tmp_path):
    deep = item("CONTAINER", ("125007", "DCM"))
    for _ in range(100):
        deep = item("CONTAINER", ("125007", "DCM"), ContentSequence=[deep])
    assert changed(tmp_path, report([[deep]])) == "nesting_too_deep"


def test_items_by_reference_are_not_followed(tmp_path):
    """A content item that points to its own ancestor would be a loop for who follows it."""
    loop = item("CONTAINER", ("125007", "DCM"))
    loop.ReferencedContentItemIdentifier = [1, 1]
    found = sandbox.read_object(write(tmp_path / "sr.dcm", report([[loop]])))
    assert [group.measurements for group in found.groups] == [(), ()]


BAD_POINTS = [b"nan", b"inf", b"1,5", b"1_0", b"1e9", b"--1", b"0x1", b""]


@pytest.mark.parametrize("number", BAD_POINTS)
def test_a_region_with_a_point_that_is_none_is_named_and_the_other_kept(tmp_path, number):
    bad = contour(square_mm(777.777, 0, 9, 9, 8))
    good = contour(square_mm(-20, -20, 4, 4, 8))
    file = write(tmp_path / "rs.dcm", structure_set({"bad": [good, bad], "good": [good]}))
    file.write_bytes(file.read_bytes().replace(b"777.777", number.ljust(7)))
    first, second = place_outlines(sandbox.read_object(file), images())
    assert (first.state, first.refusal.code, second.state) == ("refused", "contour_points_invalid", "placed")


def test_contours_that_are_not_as_long_as_they_say(tmp_path):
    drawn = contour(square_mm(-20, -20, 4, 4, 8), NumberOfContourPoints=900)
    (found,) = place_outlines(sandbox.read_object(write(tmp_path / "a.dcm", structure_set({"a": [drawn]}))), images())
    assert found.refusal.code == "contour_points_invalid"
    drawn = contour([[0, 0, 0]], ContourData=["1", "2"])
    (found,) = place_outlines(sandbox.read_object(write(tmp_path / "b.dcm", structure_set({"a": [drawn]}))), images())
    assert found.refusal.code == "contour_points_invalid"


def test_contours_of_an_unlisted_region(tmp_path):
    ds = structure_set({"a": [contour(square_mm(0, 0, 9, 9, 8))]})
    ds.ROIContourSequence[0].ReferencedROINumber = 9
    assert changed(tmp_path, ds) == "segments_disagree"


def images(frame: str = f"{ROOT}.9") -> Images:
    affine = np.array([[4.0, 0, 0, -40], [0, 4.0, 0, -48], [0, 0, 4.0, 0], [0, 0, 0, 1]])
    ones = np.ones((8, ROWS, 20), np.float32)
    volume = Volume.of_series(
        ones, slopes=1, intercepts=0, factor=1, affine=affine, unit="", frame_of_reference_uid=frame
    )
    return Images(volume, SERIES, frozenset())


@pytest.mark.parametrize("series", [SERIES, "2.25.1"])
def test_another_frame_of_reference_is_refused_whatever_the_series(tmp_path, series):
    expected = "frame_of_reference_differs" if series == SERIES else "referenced_series_absent"
    drawn = contour(square_mm(-20, -20, 4, 4, 8))
    for ds in (segmentation([blob()], series=series), structure_set({"a": [drawn]}, series=series)):
        (found,) = place_outlines(sandbox.read_object(write(tmp_path / "o.dcm", ds)), images("2.25.99"))
        assert (found.state, found.refusal.code, found.placed) == ("refused", expected, None)


def test_the_outcomes_of_one_file_are_independent(tmp_path):
    far = [contour(square_mm(900, 900, 950, 950, 8))]
    tilted = [contour([[0, 0, 0], [20, 0, 4], [20, 20, 9]])]
    ds = structure_set(
        {"good": [contour(square_mm(-20, -20, 4, 4, 8))], "far": far, "empty": [], "tilted": tilted,
         "mark": [contour([[0, 0, 8]], "POINT")]}
    )  # fmt: skip
    found = list(place_outlines(sandbox.read_object(write(tmp_path / "rs.dcm", ds)), images()))
    assert [(one.state, one.refusal.code if one.refusal else "") for one in found] == [
        ("placed", ""),
        ("outside", "voi_outside_volume"),
        ("empty", "voi_empty"),
        ("refused", "contour_not_parallel"),
        ("refused", "contour_not_closed"),
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: segmentation([blob()]),
        lambda: structure_set({"a": [contour(square_mm(-20, -20, 4, 4, 8))]}),
        lambda: report(groups()),
    ],
)
@pytest.mark.parametrize("is_undefined", [False, True])
def test_cut_off_anywhere(tmp_path, make, is_undefined):
    """Never half an object. A report may end before its content begins: then it says nothing at all."""
    ds = indefinite(make()) if is_undefined else make()
    whole = to_bytes(ds, ImplicitVRLittleEndian)
    (tmp_path / "whole.dcm").write_bytes(whole)
    complete = sandbox.read_object(tmp_path / "whole.dcm")
    for size in range(140, len(whole) - 1, max(1, len(whole) // 40)):
        (tmp_path / "cut.dcm").write_bytes(whole[:size])
        found = sandbox.read_object(tmp_path / "cut.dcm")
        if isinstance(found, Report):
            assert found.groups == ()
        elif isinstance(found, StructureSet):  # cut behind the contours
            assert np.array_equal(found.regions[0].contours[0].points, complete.regions[0].contours[0].points)
        else:
            assert isinstance(found, FileRefusal) and found.code in FILE_REASONS, size
            assert found.code not in {"parser_crash", "parser_timeout"}, size


@pytest.mark.parametrize("seed", range(3))
def test_random_damage_never_ends_the_reader_and_never_leaks_a_name(tmp_path, seed):
    rng, file = random.Random(seed), tmp_path / "damaged.dcm"
    make = [
        lambda: segmentation([blob()]),
        lambda: structure_set({"a": [contour(square_mm(-20, -20, 4, 4, 8))]}),
        lambda: report(groups()),
    ][seed]
    whole = to_bytes(make())
    for _ in range(50):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 5)):
            place = rng.randrange(132, len(data))
            if rng.random() < 0.5:
                data[place] = rng.randrange(256)
            else:
                del data[place : place + rng.randint(1, 12)]
        file.write_bytes(data)
        found = sandbox.read_object(file)
        if isinstance(found, FileRefusal):
            assert found.code in FILE_REASONS and found.code not in {"parser_crash", "parser_timeout"}, found
        for one in sandbox.parse_files([file]):
            assert isinstance(one, ParsedObject) or one.code in FILE_REASONS


def spoil_a_box(content):
    content["places"][0]["box"] = [0, 999, 0, 999]


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_a_box,
        lambda content: content["places"].pop(),
        lambda content: content.pop("rows"),
        lambda content: content.update(pixel_spacing=[]),
        lambda content: content["segments"][0].update(extra=1),
        lambda content: content.update(segments=7),
        lambda content: content.update(type="FRACTIONAL"),
    ],
)
def test_an_answer_that_does_not_hold_together_is_none(tmp_path, monkeypatch, spoil):
    """A child that was taken over cannot make its parent read beyond what it sent."""
    file = write(tmp_path / "seg.dcm", segmentation([blob()]))

    def answer(values, body):
        spoil(values["content"])
        return content_from(values, body)

    monkeypatch.setattr(sandbox, "content_from", answer)
    assert refused(file) == "parser_crash"


def test_an_image_is_no_object(tmp_path):
    assert refused(write(tmp_path / "pet.dcm", pet_slice())) == "object_expected"
    (tmp_path / "note.txt").write_text("nothing")
    assert refused(tmp_path / "note.txt") == "not_dicom"
    (tmp_path / "link.dcm").symlink_to(tmp_path / "pet.dcm")
    assert refused(tmp_path / "link.dcm") == "not_a_regular_file"


def test_a_sequence_of_a_million_items_is_refused_in_bounded_time_and_memory(tmp_path):
    data = to_bytes(structure_set({"a": []}), "1.2.840.10008.1.2")
    cut = data.index(struct.pack("<HH", 0x3006, 0x0039))
    one = struct.pack("<HHIHHI", 0xFFFE, 0xE000, 14, 0x3006, 0x0084, 6) + b"1     "
    start, end = struct.pack("<HHI", 0x3006, 0x0039, 0xFFFFFFFF), struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    (tmp_path / "bomb.dcm").write_bytes(data[:cut] + start + one * 1_000_000 + end)
    write(tmp_path / "good.dcm", report(groups()))
    assert not isinstance(sandbox.read_object(tmp_path / "good.dcm"), FileRefusal)
    before, start = psutil.Process().memory_info().rss, time.monotonic()
    assert refused(tmp_path / "bomb.dcm") in {"parser_timeout", "memory_limit", "too_many_elements"}
    assert time.monotonic() - start < sandbox.OBJECT_WALL_SECONDS + 5
    assert psutil.Process().memory_info().rss - before < 64 << 20
    assert not isinstance(sandbox.read_object(tmp_path / "good.dcm"), FileRefusal)
