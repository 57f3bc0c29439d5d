"""Exports: valid by dciodvfy, the same to highdicom, and the same voxels and numbers when they come back to us."""

import dataclasses
import datetime as dt
import subprocess
import sys
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread

from imaging import dicom_objects_export, sandbox
from imaging.assemble import AssembledSeries
from imaging.dicom_export import make_uid
from imaging.dicom_objects_export import (
    ExportRefused,
    Filing,
    for_tumour_board,
    lesion_report,
    lesion_segmentation,
    to_bytes,
)
from imaging.domain import uptake
from imaging.domain.vocabulary import ORGAN_CODES
from imaging.domain.voi import Mask, sphere
from imaging.domain.volume import Bounds
from imaging.folder import read_folder
from imaging.object_export import (
    SEMIAUTOMATIC,
    Author,
    KrenningStatement,
    LesionExport,
    LesionNumbers,
    source_from_manifest,
)
from imaging.outlines import Images, place_outlines, plane_stack
from imaging.suv_report import suv_volume
from tests.imaging.phantom import write_pet

AUTHOR = Author("Reader 1", dt.datetime.fromisoformat("2026-05-04T08:30"), "0.2.0")
DCIODVFY = Path(sys.executable).parent / "dciodvfy"


def verified(file: Path) -> str:
    done = subprocess.run([DCIODVFY, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error"))


def source_of(series: AssembledSeries, **changes):
    first = series.first
    identity = {
        "study_uid": first.study_uid,
        "series_uid": first.series_uid,
        "patient_id": first.patient_id,
        "birth_date": dt.date.fromisoformat(first.birth_date) if first.birth_date else None,
        "sex": first.sex,
        "filing": Filing(study_date=first.study_date.replace("-", ""), study_time="091500"),
    }
    return source_from_manifest(series.manifest(), **identity | changes)


def lesion(number, mask, volume, **changes) -> LesionExport:
    found = uptake.measure(volume, mask)
    numbers = LesionNumbers(
        unit=volume.unit, suv_max=found.suv_max, suv_mean=found.suv_mean, suv_peak_local=found.suv_peak_local,
        suv_peak_global=found.suv_peak_global, volume_ml=found.volume_ml,
        total_lesion_sstr_expression=found.total_lesion_sstr_expression, liver_ratio=found.suv_peak_global / 3.7,
    )  # fmt: skip
    values = {
        "label": "lesion",
        "tracking_id": f"Lesion {number}",
        "tracking_uid": make_uid("lesion", str(number)),
        "finding_site": ORGAN_CODES["liver"],
        "numbers": numbers,
        "krenning": KrenningStatement(3, "KR-MOD", "KRENNING-PET/1.0", "above"),
    }
    return LesionExport(number=number, mask=mask, **values | changes)


@pytest.fixture
def phantom(tmp_path):
    write_pet(tmp_path / "pet")
    (series,) = read_folder(tmp_path / "pet").pet
    return series, suv_volume(series)


def write_all(folder: Path, source, lesions) -> dict[str, Path]:
    segmentation = lesion_segmentation(source, lesions, AUTHOR, key="reading-1")
    report = lesion_report(source, lesions, segmentation, AUTHOR, key="reading-1")
    board = for_tumour_board(source, [segmentation, report], AUTHOR, key="reading-1", description="Case 7")
    files = {}
    for name, written in (("seg", segmentation), ("sr", report), ("ko", board)):
        files[name] = folder / f"{name}.dcm"
        files[name].write_bytes(to_bytes(written))
    return files


def check_round_trip(files, series, volume, lesions) -> None:
    images = Images(volume, series.series_uid, frozenset(series.manifest()["sop_uid"]))
    content = sandbox.read_object(files["seg"])
    groups = {group.tracking_uid: group for group in sandbox.read_object(files["sr"]).groups}
    for out, back in zip(lesions, place_outlines(content, images), strict=True):
        sent = out.mask.trimmed()
        assert (back.state, back.warnings, back.placed.method) == ("placed", (), "grid-exact/1")
        assert back.placed.mask.bounds == sent.bounds and np.array_equal(back.placed.mask.voxels, sent.voxels)
        assert (back.number, back.label, back.tracking_uid) == (out.number, out.label, out.tracking_uid)
        assert uptake.measure(volume, dataclasses.replace(back.placed.mask)) == uptake.measure(volume, sent)
        group = groups[out.tracking_uid]
        said = {one.role: one.value for one in group.measurements if one.role}
        wanted = ("suv_max", "suv_mean", "suv_peak_local", "suv_peak_global", "volume_ml")
        assert said == {name: getattr(out.numbers, name) for name in wanted}, "to the last digit"
        assert (group.segment_sop_uid, group.segment_number) == (content.header.sop_uid, out.number)


def two_lesions(volume) -> list[LesionExport]:
    first = lesion(1, sphere(volume, (-24, 0, -376), 9), volume)
    voxels = np.random.default_rng(0).random((4, 5, 3)) < 0.5
    voxels[0, 0, 0] = voxels[-1, -1, -1] = True
    second = lesion(
        2, Mask(Bounds((2, 20, 21), (6, 25, 24)), voxels), volume,
        algorithm_type=SEMIAUTOMATIC, algorithm_name="percent_of_max 41", algorithm_version="segmentation/1.0",
    )  # fmt: skip
    return [first, second]


def test_the_phantom_out_and_back(tmp_path, phantom):
    series, volume = phantom
    lesions = two_lesions(volume)
    files = write_all(tmp_path, source_of(series), lesions)
    assert {name: verified(file) for name, file in files.items()} == {"seg": "", "sr": "", "ko": ""}
    check_round_trip(files, series, volume, lesions)


def test_dciodvfy_would_find_an_error(tmp_path, phantom):
    series, volume = phantom
    files = write_all(tmp_path, source_of(series), two_lesions(volume))
    for name, file in files.items():
        ds = dcmread(file)
        del ds.StudyID
        del ds[0x00620002 if name == "seg" else 0x0040A040]
        ds.save_as(file)
        done = subprocess.run([DCIODVFY, file], capture_output=True, text=True, check=False)
        assert "Error" in done.stdout + done.stderr, name


@pytest.mark.parametrize("radius", [9, 2.5])
def test_one_lesion_and_one_voxel(tmp_path, phantom, radius):
    """What all frames share is written once; it comes back all the same."""
    series, volume = phantom
    lesions = [lesion(1, sphere(volume, (-24, 0, -376), radius), volume)]
    files = write_all(tmp_path, source_of(series), lesions)
    assert {name: verified(file) for name, file in files.items()} == {"seg": "", "sr": "", "ko": ""}
    shared = dcmread(files["seg"]).SharedFunctionalGroupsSequence[0]
    assert shared.PixelMeasuresSequence[0].SpacingBetweenSlices == 4
    check_round_trip(files, series, volume, lesions)


def test_overlapping_lesions_keep_every_voxel(tmp_path, phantom):
    series, volume = phantom
    lesions = [
        lesion(1, sphere(volume, (-24, 0, -376), 11), volume),
        lesion(2, sphere(volume, (-20, 0, -376), 11), volume),
    ]
    files = write_all(tmp_path, source_of(series), lesions)
    assert verified(files["seg"]) == "" and dcmread(files["seg"]).SegmentsOverlap == "YES"
    check_round_trip(files, series, volume, lesions)


def test_a_real_series_with_uneven_slices_out_and_back(tmp_path, shared_data):
    """267 slices with gaps of 3.19 and 3.29 mm among 3.27: positions go out as they are, and match when they return."""
    (series,) = read_folder(shared_data / "sts001-wholebody-ge").pet
    volume = suv_volume(series)
    drawn = sandbox.read_object(shared_data / "sts001-wholebody-ge" / "FDG_PET" / "mask" / "1-1.dcm")
    images = Images(volume, series.series_uid, frozenset())
    lesions = [lesion(one.number, one.placed.mask, volume) for one in place_outlines(drawn, images)]
    files = write_all(tmp_path, source_of(series), lesions)
    assert {name: verified(file) for name, file in files.items()} == {"seg": "", "sr": "", "ko": ""}
    check_round_trip(files, series, volume, lesions)


def test_highdicom_reads_the_same(tmp_path, phantom):
    series, volume = phantom
    lesions, source = two_lesions(volume), source_of(series)
    files = write_all(tmp_path, source, lesions)
    segmentation = hd.seg.segread(files["seg"])
    for out in lesions:
        full = np.zeros(volume.shape, bool)
        full[out.mask.bounds.slices] = out.mask.voxels
        pixels = segmentation.get_pixels_by_source_instance(
            [one.sop_uid for one in source.slices], segment_numbers=[out.number], assert_missing_frames_are_empty=True
        )
        assert np.array_equal(pixels[..., 0].astype(bool), full)
        described = segmentation.get_segment_description(out.number)
        assert (described.tracking_uid, described.segment_label) == (out.tracking_uid, out.label)
        assert described.segmented_property_type.value == "255046005"
        assert described.anatomic_regions[0].value == "10200004"
    content = hd.sr.srread(files["sr"]).content
    groups = content.get_volumetric_roi_measurement_groups()
    assert [group.tracking_uid for group in groups] == [out.tracking_uid for out in lesions]
    for group, out in zip(groups, lesions, strict=True):
        assert group.finding_type.value == "255046005" and group.finding_sites[0].topographical_modifier is None
        suv = [one.value for one in group.get_measurements() if one.name.value == "126401"]
        numbers = out.numbers
        assert suv == [numbers.suv_max, numbers.suv_mean, numbers.suv_peak_local, numbers.suv_peak_global]
        assert [e.value.value for e in group.get_qualitative_evaluations()] == [
            "KR3", "KRENNING-PET/1.0", "REL_LIVER_ABOVE",
        ]  # fmt: skip
        assert {e.value.scheme_designator for e in group.get_qualitative_evaluations()} == {"99PRRT"}
    board = hd.ko.KeyObjectSelectionDocument.from_dataset(dcmread(files["ko"]))
    assert board.ConceptNameCodeSequence[0].CodeValue == "128203"
    named = {item.referenced_sop_instance_uid for item in board.content.get_references()}
    expected = {one.sop_uid for one in source.slices}
    assert named == expected | {segmentation.SOPInstanceUID, dcmread(files["sr"]).SOPInstanceUID}


def test_what_the_report_says_besides_suv(tmp_path, phantom):
    series, volume = phantom
    lesions = two_lesions(volume)
    files = write_all(tmp_path, source_of(series), lesions)
    report = sandbox.read_object(files["sr"])
    assert report.title.value == "126000" and report.is_complete and not report.is_verified
    assert report.header.referenced_series_uids[0] == series.series_uid
    group = report.groups[0]
    by_code = {(one.name.scheme, one.name.value): one for one in group.measurements}
    ratio = by_code["DCM", "126039"]
    assert (ratio.background.value, ratio.derivation.value, ratio.unit.value) == ("10200004", "126031", "{ratio}")
    total = by_code["99PRRT", "TLSRE"]
    assert (total.value, total.unit.value) == (lesions[0].numbers.total_lesion_sstr_expression, "g")
    assert group.method.value == "126410" and group.finding_site.value == "10200004"
    assert [(e.name.value, e.value.value) for e in group.evaluations] == [
        ("KRENNING_MOD", "KR3"),
        ("KRENNING_SCALE", "KRENNING-PET/1.0"),
        ("REL_LIVER", "REL_LIVER_ABOVE"),
    ]


def test_the_same_input_gives_the_same_bytes(phantom):
    series, volume = phantom
    source, lesions = source_of(series), two_lesions(volume)

    def all_bytes() -> list[bytes]:
        segmentation = lesion_segmentation(source, lesions, AUTHOR, key="k")
        report = lesion_report(source, lesions, segmentation, AUTHOR, key="k")
        return [to_bytes(o) for o in (segmentation, report, for_tumour_board(source, [report], AUTHOR, key="k"))]

    assert all_bytes() == all_bytes()
    assert lesion_segmentation(source, lesions, AUTHOR, key="other").SOPInstanceUID != lesion_segmentation(
        source, lesions, AUTHOR, key="k"
    ).SOPInstanceUID  # fmt: skip


def test_whose_it_is_as_in_the_images(tmp_path, phantom):
    series, volume = phantom
    filing = Filing("Müller^Åsa=山田^太郎", "Réf^érent", "20260503", "091500.25", "S1", "PET/CT", "A1")
    source = source_of(series, patient_id="SYN-ü", issuer="HOSPITAL", filing=filing)
    files = write_all(tmp_path, source, two_lesions(volume))
    for name, file in files.items():
        ds = dcmread(file)
        assert (ds.PatientName, ds.PatientID, ds.PatientSex) == (filing.patient_name, "SYN-ü", "F"), name
        assert (ds.StudyDate, ds.StudyTime, ds.StudyID) == ("20260503", "091500.25", "S1")
        assert (ds.ReferringPhysicianName, ds.StudyDescription) == ("Réf^érent", "PET/CT")
        assert (ds.PatientBirthDate, ds.StudyInstanceUID, ds.AccessionNumber) == ("19670302", source.study_uid, "A1")
        assert ds.IssuerOfPatientID == "HOSPITAL" and ds.ContentDate == "20260504"
        assert verified(file) == ""
    only_what_must_be = source_of(series, birth_date=None, sex="", filing=Filing())
    for file in write_all(tmp_path, only_what_must_be, two_lesions(volume)).values():
        assert verified(file) == ""


def test_what_cannot_be_written_is_refused(phantom):
    series, volume = phantom
    source, (first, second) = source_of(series), two_lesions(volume)

    def refused(*lesions) -> str:
        with pytest.raises(ExportRefused) as found:
            segmentation = lesion_segmentation(source, lesions, AUTHOR, key="k")
            lesion_report(source, lesions, segmentation, AUTHOR, key="k")
        return str(found.value)

    change = dataclasses.replace
    assert "no lesion" in refused()
    assert "without gaps" in refused(first, first)
    assert "tracking UID" in refused(first, change(second, tracking_uid=first.tracking_uid))
    assert "outside" in refused(change(first, mask=Mask(Bounds((0, 0, 0), (1, 1, 99)), np.ones((1, 1, 99), bool))))
    assert "no voxel" in refused(change(first, mask=Mask(Bounds((0, 0, 0), (1, 1, 1)), np.zeros((1, 1, 1), bool))))
    assert "name and version" in refused(change(first, algorithm_type=SEMIAUTOMATIC))
    assert "No lesion has" in refused(change(first, numbers=None))
    assert "cannot be reported" in refused(change(first, numbers=change(first.numbers, unit="cm2/ml{SUVbsa}")))


def test_a_lesion_hidden_under_others_keeps_its_frames(tmp_path, phantom):
    """Odd sizes too: a frame of the phantom cut to 31 x 29 voxels ends inside a byte."""
    series, volume = phantom
    whole, core = sphere(volume, (-24, 0, -376), 13), sphere(volume, (-24, 0, -376), 5)
    lesions = [lesion(1, core, volume), lesion(2, whole, volume), lesion(3, core, volume)]
    files = write_all(tmp_path, source_of(series), lesions)
    check_round_trip(files, series, volume, lesions)
    odd = dataclasses.replace(source_of(series), rows=31, columns=29)
    file = tmp_path / "odd.dcm"
    file.write_bytes(to_bytes(lesion_segmentation(odd, lesions, AUTHOR, key="k")))
    assert verified(file) == ""
    content = sandbox.read_object(file)
    for out in lesions:
        assert plane_stack(content, out.number).voxel_count == out.mask.voxels.sum()


def test_highdicom_is_not_imported_until_something_is_written():
    check = "import sys, imaging.dicom_objects_export; print('highdicom' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


PLAIN, RLE, JPEG_LS = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80"


@pytest.mark.parametrize(
    ("kind", "syntax"),
    [("BINARY", PLAIN), ("FRACTIONAL", PLAIN), ("FRACTIONAL", RLE), ("LABELMAP", RLE), ("LABELMAP", JPEG_LS)],
)
def test_what_highdicom_writes_is_read_by_us(tmp_path, phantom, kind, syntax):
    """An independent writer: every kind of segmentation, plain and compressed."""
    series, volume = phantom
    source = source_of(series)
    labels = np.random.default_rng(4).integers(0, 4, volume.shape).astype(np.uint8)
    labels[:, :5] = labels[3] = 0
    described = [
        dicom_objects_export._description(lesion(k, sphere(volume, (0, 0, -376), 9), volume)) for k in (1, 2, 3)
    ]
    values = np.stack([(labels == k) * (0.2 * k) for k in (1, 2, 3)], axis=-1) if kind == "FRACTIONAL" else labels
    written = hd.seg.Segmentation(
        [dicom_objects_export._image(source, k) for k in range(len(source.slices))], values, kind, described,
        series_instance_uid="2.25.1", series_number=1, sop_instance_uid="2.25.2", instance_number=1,
        manufacturer="x", manufacturer_model_name="x", software_versions="1", device_serial_number="1",
        transfer_syntax_uid=syntax,
    )  # fmt: skip
    written.save_as(tmp_path / "seg.dcm")
    content = sandbox.read_object(tmp_path / "seg.dcm")
    assert content.kind == kind and len(content.segments) == 3
    images = Images(volume, series.series_uid, frozenset())
    for found in place_outlines(content, images, fraction=0.5):
        expected = labels == found.number if kind != "FRACTIONAL" or found.number == 3 else np.zeros_like(labels, bool)
        full = np.zeros(volume.shape, bool)
        if found.placed:
            full[found.placed.mask.bounds.slices] = found.placed.mask.voxels
            assert found.placed.method == "grid-exact/1"
        assert np.array_equal(full, expected)
