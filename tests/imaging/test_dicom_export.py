"""Files we write are valid, repeatable, and say the same thing back to an independent reader."""

import datetime as dt
import io
import math

import numpy as np
import pydicom
import pytest

from imaging.dicom_export import (
    PetAcquisition,
    SeriesIdentity,
    Subject,
    make_uid,
    write_ct_series,
    write_pet_series,
)
from imaging.domain.vocabulary import Tracer

START = dt.datetime.fromisoformat("2025-07-14T10:00")
INJECTED = dt.datetime.fromisoformat("2025-07-14T09:00")
AFFINE = np.array([[3.0, 0, 0, -30], [0, 4.0, 0, -40], [0, 0, 5.0, -500], [0, 0, 0, 1]])
SUBJECT = Subject("SYN-T1", "SYN-T1^", dt.date(1967, 3, 2), "F", 58.0, 1.63)
ACQUISITION = PetAcquisition(Tracer.GA68_DOTATATE, 150e6, INJECTED, seconds_per_bed=150, slices_per_bed=2)


def identity(number=2):
    return SeriesIdentity(
        make_uid("t", "study"),
        make_uid("t", "series", str(number)),
        make_uid("t", "frame"),
        number,
        "PET",
        INJECTED,
        START,
    )


def activity():
    rng = np.random.default_rng(3)
    return rng.uniform(0, 20_000, (5, 6, 7)) * np.array([1, 0.1, 1e-6, 3, 1])[:, None, None]


def write(folder, **changes):
    wanted = {"activity_bq_ml": activity(), "affine": AFFINE, "subject": SUBJECT, "acquisition": ACQUISITION}
    return write_pet_series(folder, identity=identity(), **wanted | changes)


def read(paths):
    return [pydicom.dcmread(p) for p in paths]


def test_activity_comes_back_within_half_a_step_of_each_slice(tmp_path):
    wanted = activity()
    for index, ds in enumerate(read(write(tmp_path))):
        found = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
        assert np.abs(found - wanted[index]).max() <= 0.501 * float(ds.RescaleSlope)


def test_slices_have_their_own_slopes_and_each_uses_the_full_scale(tmp_path):
    files = read(write(tmp_path))
    assert len({float(ds.RescaleSlope) for ds in files}) == 5
    assert all(ds.pixel_array.max() in (32766, 32767, 32768) for ds in files if float(ds.RescaleSlope) > 1e-6)


def test_position_orientation_and_spacing_follow_the_affine(tmp_path):
    files = read(write(tmp_path))
    assert [float(ds.ImagePositionPatient[2]) for ds in files] == [-500, -495, -490, -485, -480]
    assert [float(v) for v in files[0].ImagePositionPatient[:2]] == [-30, -40]
    assert [float(v) for v in files[0].PixelSpacing] == [4, 3]  # between rows first
    assert [float(v) for v in files[0].ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
    assert (files[0].Rows, files[0].Columns) == (6, 7)
    assert [ds.InstanceNumber for ds in files] == [5, 4, 3, 2, 1]


def test_radiopharmaceutical_is_coded_as_the_standard_codes_it(tmp_path):
    ds = read(write(tmp_path))[0]
    item = ds.RadiopharmaceuticalInformationSequence[0]
    assert (ds.Units, ds.DecayCorrection, ds.PatientWeight) == ("BQML", "START", 58)
    assert item.RadionuclideHalfLife == pytest.approx(4062.6)
    assert item.RadionuclideTotalDose == pytest.approx(150e6)
    assert item.RadiopharmaceuticalCodeSequence[0].CodeValue == "724025002"
    assert item.RadionuclideCodeSequence[0].CodeValue == "35337001"
    assert item.RadiopharmaceuticalStartDateTime.startswith("20250714090000")


def test_bed_positions_start_at_the_head_and_carry_their_decay(tmp_path):
    files = read(write(tmp_path))
    head, feet = files[-1], files[0]
    assert head.AcquisitionTime == head.SeriesTime == "100000.000000"
    assert feet.AcquisitionTime == "100500.000000"  # third bed position, 2 x 150 s later
    later = float(feet.DecayFactor) / float(head.DecayFactor)
    assert later == pytest.approx(2 ** (300 / 4062.6), rel=1e-6)
    assert float(head.FrameReferenceTime) == pytest.approx(75_000, rel=0.01)
    assert math.log2(float(head.DecayFactor)) == pytest.approx(float(head.FrameReferenceTime) / 4062.6e3, rel=1e-6)


def test_what_is_not_known_is_not_written(tmp_path):
    nobody = Subject("SYN-T2", "SYN-T2^", None, "O", None)
    bare = PetAcquisition(Tracer.GA68_DOTATATE, None, None)
    ds = read(write(tmp_path, subject=nobody, acquisition=bare))[0]
    item = ds.RadiopharmaceuticalInformationSequence[0]
    assert "PatientWeight" not in ds
    assert "PatientSize" not in ds
    assert "RadionuclideTotalDose" not in item
    assert "RadiopharmaceuticalStartTime" not in item
    assert "RadiopharmaceuticalStartDateTime" not in item


def test_generated_objects_say_so_and_twice_the_same_is_the_same(tmp_path):
    first, second = write(tmp_path / "a"), write(tmp_path / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    ds = read(first)[0]
    assert (ds.SyntheticData, ds.BurnedInAnnotation) == ("YES", "NO")
    assert ds.SOPInstanceUID.startswith("2.25.")
    assert len(ds.SOPInstanceUID) <= 64
    assert len({d.SOPInstanceUID for d in read(first)}) == 5


def test_every_file_has_the_bytes_that_pydicom_would_write(tmp_path):
    hu = np.zeros((5, 6, 7), np.int16)
    ct = write_ct_series(tmp_path / "ct", hu=hu, affine=AFFINE, subject=SUBJECT, identity=identity(3))
    for path in [*write(tmp_path / "pet"), *ct]:
        ds, again = pydicom.dcmread(path), io.BytesIO()
        assert len(list(ds.iterall())) > 50  # every element is decoded, so that it is encoded anew
        ds.save_as(again, enforce_file_format=True)
        assert path.read_bytes() == again.getvalue()


def test_ct_numbers_come_back_exactly(tmp_path):
    hu = np.arange(-1024, -1024 + 5 * 6 * 7 * 10, 10).reshape(5, 6, 7).astype(np.int16)
    paths = write_ct_series(tmp_path, hu=hu, affine=AFFINE, subject=SUBJECT, identity=identity(3))
    for index, ds in enumerate(read(paths)):
        assert (ds.Modality, ds.RescaleType, ds.PatientPosition) == ("CT", "HU", "HFS")
        assert np.array_equal(ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept), hu[index])
