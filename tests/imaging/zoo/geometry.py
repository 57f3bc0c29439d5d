"""Cases 34 to 54: what makes a series, and where its slices lie."""

import math
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from tests.imaging.dicom_files import pixels, to_bytes
from tests.imaging.zoo.box import Box, one_slice, pet_series, pet_with, with_raw
from tests.imaging.zoo.expected import NONE, Case, Expected, SeriesSeen, control, of, pet, refused, several

SPLIT = SeriesSeen(held="ask_series_split", warnings=frozenset({"series_split"}))
SHARED = SeriesSeen(held="series_uid_shared")


def two_series(box: Box) -> None:
    box.series(name="a")
    box.series(
        name="b", tweak=lambda ds, k: _as(ds, SOPInstanceUID=f"{box.uid}.6.{k}", SeriesInstanceUID=f"{box.uid}.8")
    )


def one_uid_twice(**changes: object):
    """Two sets of slices under one SeriesInstanceUID; ``{uid}`` in a value is the specimen's own."""

    def make(box: Box) -> None:
        box.series(name="a")
        own = {name: v.format(uid=box.uid) if isinstance(v, str) else v for name, v in changes.items()}
        box.series(name="b", tweak=lambda ds, k: _as(ds, SOPInstanceUID=f"{box.uid}.6.{k}", **own))

    return make


def ct_under_the_same_uid(box: Box) -> None:
    box.series(name="a")
    for k in range(3):
        box.add(f"b{k}.dcm", to_bytes(box.ct(k, SeriesInstanceUID=f"{box.uid}.2")))


def _as(ds: Dataset, **values: object) -> None:
    for name, value in values.items():
        setattr(ds, name, value)


def at(*depths: float):
    """Slices of a series at these depths."""

    def tweak(ds: Dataset, k: int) -> None:
        ds.ImagePositionPatient = [-40, -48, depths[k]]

    return pet_with(tweak, len(depths))


def turned(*cosines: float):
    """Orientation, with slices stacked along the normal."""
    normal = np.cross(cosines[:3], cosines[3:])

    def tweak(ds: Dataset, k: int) -> None:
        ds.ImageOrientationPatient = list(cosines)
        ds.ImagePositionPatient = [round(float(v), 6) for v in np.array([-40, -48, 0]) + 4 * k * normal]

    return pet_with(tweak)


def tilted(ds: Dataset, k: int) -> None:
    ds.ImagePositionPatient = [-40, -48 + k, 4 * k]


def repeated(is_same: bool):
    """A slice again under another SOP Instance UID at the same place."""

    def make(box: Box) -> None:
        box.series()
        again = box.pet(1, SOPInstanceUID=f"{box.uid}.3.99")
        if not is_same:
            again.PixelData = pixels(7).tobytes()
        box.add("again.dcm", to_bytes(again))

    return make


def exact_copy(box: Box) -> None:
    box.series()
    box.add("again.dcm", to_bytes(box.pet(1)))


def same_uid_other_pixels(box: Box) -> None:
    box.series()
    box.add("z-again.dcm", to_bytes(box.pet(1, PixelData=pixels(7).tobytes())))


def one_more_without_position(box: Box) -> None:
    box.series()
    box.add("3.dcm", to_bytes(box.pet(3, ImagePositionPatient=None)))


def other_matrix(box: Box) -> None:
    box.series()
    for k in range(3):
        values = pixels(k, 20, 20).tobytes()
        box.add(f"b{k}.dcm", to_bytes(box.pet(k + 3, Rows=20, Columns=20, PixelData=values)))


def other_spacing(box: Box) -> None:
    box.series()
    for k in range(3):
        box.add(f"b{k}.dcm", to_bytes(box.pet(k + 3, PixelSpacing=[3, 3])))


def announced(ds: Dataset, _: int) -> None:
    ds.NumberOfSlices = 5


def numbers(*found: object):
    def tweak(ds: Dataset, k: int) -> None:
        if found[k] is None:
            del ds.InstanceNumber
        else:
            ds.InstanceNumber = found[k]

    return pet_with(tweak)


def two_time_points(box: Box) -> None:
    """Every place twice, an hour apart, in a series that does not call itself dynamic."""
    for k in range(6):
        ds = box.pet(k, ImagePositionPatient=[-40, -48, 4 * (k % 3)], NumberOfTimeSlices=2)
        ds.AcquisitionTime = f"1{2 + k // 3}0000"
        box.add(f"{k}.dcm", to_bytes(ds))


def enhanced(sop_class: str, **changes: object):
    """Two frames in one file, their places in functional groups as such objects have them."""

    def make(box: Box) -> None:
        ds = box.pet(0, SOPClassUID=sop_class, ImagePositionPatient=None, ImageOrientationPatient=None, **changes)
        shared, measures, orientation = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, measures.SliceThickness = [4, 4], "4"
        orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
        ds.SharedFunctionalGroupsSequence, frames = [shared], []
        for k in range(2):
            frame, place = Dataset(), Dataset()
            place.ImagePositionPatient = [-40, -48, 4 * k]
            frame.PlanePositionSequence = [place]
            frames.append(frame)
        ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames = frames, 2
        ds.PixelData = pixels(0).tobytes() + pixels(1).tobytes()
        box.add(f"{sop_class[-5:]}.dcm", to_bytes(ds))

    return make


def both(*makes):
    return lambda box: [make(box) for make in makes] and None


def pet_and_ct_apart(box: Box) -> None:
    box.series()
    for k in range(3):
        box.add(f"ct{k}.dcm", to_bytes(box.ct(k, FrameOfReferenceUID=f"{box.uid}.99")))


def twelve_bits(ds: Dataset, _: int) -> None:
    """Unsigned, 12 of 16 bits, an old overlay in the upper ones."""
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, 0
    ds.PixelData = (pixels(0, dtype="<u2") % 4096 | 0x8000).astype("<u2").tobytes()


def slopes(ds: Dataset, k: int) -> None:
    ds.RescaleSlope = f"{2.5 + k}"


def missing(count: int) -> Expected:
    return pet(volume="missing_slices", held="ask_missing_slices", count=count)


COSINE = round(math.cos(0.3), 6), round(math.sin(0.3), 6)

CASES = [
    Case(34, "Several series in one upload", "H", (of("two", two_series, several(SeriesSeen(), SeriesSeen())),)),
    Case(35, "One series UID for two", "Q", (
        of("studies", one_uid_twice(StudyInstanceUID="{uid}.11"), several(SHARED, SHARED)),
        of("patients", one_uid_twice(PatientID="HOSP-77"), several(SHARED, SHARED)),
        of("frames of reference", one_uid_twice(FrameOfReferenceUID="{uid}.19"), several(SPLIT, SPLIT)),
        of("modalities", ct_under_the_same_uid, several(SPLIT, replace(SPLIT, suv=NONE))),
    )),
    Case(36, "One series UID for two reconstructions", "Q", (
        of("matrix", other_matrix, several(SPLIT, SPLIT)),
        of("kernel", one_uid_twice(ConvolutionKernel="XYZ Gauss 5.00"), several(SPLIT, SPLIT)),
        of("with and without attenuation correction", one_uid_twice(CorrectedImage=["NORM", "DECY"]), several(
            SPLIT, replace(SPLIT, suv="not_attenuation_corrected"))),
    )),
    Case(37, "Missing slices", "B+Q", (
        of("one inside", at(0, 4, 8, 16, 20), missing(5)),
        of("several", at(0, 4, 12, 16, 20, 28), missing(6)),
        of("at the end, as announced", pet_with(announced), missing(3)),
    ), proof="tests/imaging/test_questions.py::test_late_slices_answer_the_question"),
    Case(38, "A slice twice", "H or Q", (
        of("the same file", exact_copy, pet(more={"already": 1})),
        of("same UID, other pixels", same_uid_other_pixels, pet(more={"held sop_uid_conflict": 1})),
        of("other UID, same pixels", repeated(True), pet(more={"stored slice_repeated": 1})),
        of("other UID, other pixels", repeated(False),
           pet(volume="duplicate_slices", held="ask_slices_at_one_place", count=4)),
    )),
    Case(39, "Uneven spacing", "B+W", (
        of("0.3 mm off", at(0, 4, 8.6, 12, 16), pet(volume="uneven_slices", count=5)),
        control("0.08 mm off", at(0, 4.08, 8, 12), pet("fact", "uneven_slices", count=4)),
    )),
    Case(40, "Slice thickness is not the spacing", "H", (
        of("thickness of 9 mm", pet_series(SliceThickness="9"), pet()),
        of("negative spacing between slices", pet_series(SpacingBetweenSlices="-4"), pet()),
    )),
    Case(41, "Gantry tilt", "W", (of("shifted by 1 mm a slice", pet_with(tilted), pet("fact", "slices_tilted")),)),
    Case(42, "Every orientation", "H", (
        of("feet first, prone", turned(-1, 0, 0, 0, -1, 0), pet()),
        of("lying on the side", turned(0, 1, 0, -1, 0, 0), pet()),
        of("coronal", turned(1, 0, 0, 0, 0, -1), pet()),
        of("oblique", turned(COSINE[0], COSINE[1], 0, -COSINE[1], COSINE[0], 0), pet()),
        of("reversed order", at(8, 4, 0), pet()),
    ), proof="tests/science/test_geometry.py::test_there_and_back"),
    Case(43, "Orientation or position unusable", "R", (
        of("not unit vectors", pet_series(ImageOrientationPatient=[2, 0, 0, 0, 2, 0]),
           refused("orientation_invalid", 3)),
        of("not at a right angle", pet_series(ImageOrientationPatient=[1, 0, 0, 0.6, 0.8, 0]),
           refused("orientation_invalid", 3)),
        of("a vector longer by 0.002", pet_series(ImageOrientationPatient=[1.002, 0, 0, 0, 1, 0]),
           refused("orientation_invalid", 3)),
        control("a vector longer by 0.0009", pet_series(ImageOrientationPatient=[1.0009, 0, 0, 0, 1, 0]), pet()),
        of("no orientation", pet_series(ImageOrientationPatient=None), refused("orientation_invalid", 3)),
        of("no position", pet_series(ImagePositionPatient=None), refused("position_missing", 3)),
        of("no position of one slice more", one_more_without_position, pet(more={"refused position_missing": 1})),
    )),
    Case(44, "Pixel spacing", "R or H", (
        of("missing", pet_series(PixelSpacing=None), refused("pixel_spacing_invalid", 3)),
        of("zero", pet_series(PixelSpacing=[0, 4]), refused("pixel_spacing_invalid", 3)),
        of("unequal", pet_series(PixelSpacing=[4, 3]), pet()),
    )),
    Case(45, "Size or spacing differ between slices", "Q", (
        of("matrix", other_matrix, several(SPLIT, SPLIT)),
        of("spacing", other_spacing, several(SPLIT, SPLIT)),
    )),
    Case(46, "Instance numbers missing, double, unordered", "H", (
        of("missing", numbers(None, None, None), pet()),
        of("double", numbers(1, 1, 1), pet()),
        of("unordered", numbers(3, 1, 2), pet()),
    )),
    Case(47, "PET and CT in two frames of reference", "W", (
        of("in one study", pet_and_ct_apart, several(
            SeriesSeen(warnings=frozenset({"pet_ct_frames_differ"})), SeriesSeen(suv=NONE))),
    ), proof="tests/imaging/test_identity.py::test_the_ct_on_the_same_frame_and_study_joins_in_either_order"),
    Case(48, "Enhanced PET", "H or R", (
        of("two frames with their groups", enhanced("1.2.840.10008.5.1.4.1.1.130"), refused("enhanced_unsupported")),
    )),
    Case(49, "Legacy-converted enhanced", "R", (
        of("PET and CT", both(enhanced("1.2.840.10008.5.1.4.1.1.128.1"), enhanced("1.2.840.10008.5.1.4.1.1.2.2")),
           refused("enhanced_unsupported", 2)),
        of("part of a concatenation", enhanced(
            "1.2.840.10008.5.1.4.1.1.128.1", ConcatenationUID="2.25.1", InConcatenationNumber=1),
           refused("enhanced_unsupported")),
    )),
    Case(50, "Dynamic, gated, several beds", "B+W", (
        of("dynamic", pet_series(SeriesType=["DYNAMIC", "IMAGE"]), pet(volume="dynamic_series")),
        of("gated", pet_series(SeriesType=["GATED", "IMAGE"]), pet(volume="dynamic_series")),
        of("two time points that it does not call dynamic", two_time_points, pet(volume="dynamic_series", count=6)),
        of("one of ten time points", pet_series(SeriesType=None, NumberOfTimeSlices=10), pet(volume="dynamic_series")),
        of("one of eight gates", pet_series(SeriesType=None, NumberOfTimeSlots=8), pet(volume="dynamic_series")),
        control("bed positions that GE counts as time slices", pet_series(NumberOfTimeSlices=6), pet()),
        control("whole body", pet_series(SeriesType=["WHOLE BODY", "IMAGE"]), pet()),
    )),
    Case(51, "One slice, projection, derived", "B+Q", (
        of("one slice", one_slice(), pet(volume="single_slice", held="ask_single_slice", count=1)),
        of("MIP", pet_series(ImageType=["DERIVED", "SECONDARY", "MIP"]),
           pet("derived_unconfirmed", "derived_images", volume="projection_image", held="ask_projection")),
        of("derived", pet_series(ImageType=["DERIVED", "PRIMARY"]),
           pet("derived_unconfirmed", "derived_images", held="ask_derived")),
    ), proof="tests/imaging/test_questions.py::test_derived_images_are_measured_once_a_person_has_said_so"),
    Case(52, "Bits and signs", "H", (
        of("12 of 16 bits, overlay above", pet_with(twelve_bits), pet()),
        of("high bit 14", pet_series(BitsStored=15, HighBit=14), pet()),
    ), proof="tests/imaging/test_volumes.py::test_overlays_in_unused_bits_do_not_reach_the_values"),
    Case(53, "A slope for every slice", "H", (of("2.5, 3.5, 4.5", pet_with(slopes), pet()),)),
    Case(54, "Slope and intercept", "R or W", (
        *(of(f"slope {value.decode() or 'missing'}", with_raw(0x00281053, "DS", value),
             refused("rescale_unusable", 3)) for value in (b"0", b"", b"-1", b"NaN")),
        of("intercept of 5", pet_series(RescaleIntercept="5"), pet("fact", "rescale_intercept_in_pet")),
    )),
]  # fmt: skip
