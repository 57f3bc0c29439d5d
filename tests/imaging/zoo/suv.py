"""Cases 55 to 80: what an SUV is calculated from."""

import numpy as np
from pydicom.dataset import Dataset

from tests.imaging.dicom_files import pixels, radiopharmaceutical, to_bytes
from tests.imaging.object_files import segment, segmentation
from tests.imaging.zoo.box import Box, pet_series, pet_with, raw
from tests.imaging.zoo.expected import NONE, PROVISIONAL, Case, Expected, SeriesSeen, control, of, pet

UNREADABLE, DIFFER = "header_value_unreadable", "header_values_differ"
CREATOR = b"Philips PET Private Group"


def dose(**changes: object):
    """Elements of the radiopharmaceutical replaced; ``None`` deletes."""

    def tweak(ds: Dataset, _: int) -> None:
        item = radiopharmaceutical(ds)
        for name, value in changes.items():
            if value is None:
                delattr(item, name)
            else:
                setattr(item, name, value)

    return pet_with(tweak)


def per_slice(name: str, *values: object):
    def tweak(ds: Dataset, k: int) -> None:
        setattr(ds, name, values[k])

    return pet_with(tweak)


def weight_of_ct_differs(box: Box) -> None:
    box.series()
    for k in range(3):
        box.add(f"ct{k}.dcm", to_bytes(box.ct(k, PatientWeight="95")))


def two_injections(ds: Dataset, _: int) -> None:
    ds.RadiopharmaceuticalInformationSequence = [radiopharmaceutical(ds), radiopharmaceutical(ds)]


def injected(moment: str | None, clock: str | None = None):
    return dose(RadiopharmaceuticalStartDateTime=moment, RadiopharmaceuticalStartTime=clock)


def in_1970(ds: Dataset, _: int) -> None:
    moved_to(ds, "19700101")


def moved_to(ds: Dataset, day: str) -> None:
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = day
    radiopharmaceutical(ds).RadiopharmaceuticalStartDateTime = f"{day}110000"


def other_tracer(value: str, meaning: str, nuclide: tuple[str, str], half_life: str):
    def tweak(ds: Dataset, _: int) -> None:
        item = radiopharmaceutical(ds)
        item.RadionuclideHalfLife = half_life
        for code, (number, words) in ((item.RadiopharmaceuticalCodeSequence[0], (value, meaning)),
                                      (item.RadionuclideCodeSequence[0], nuclide)):  # fmt: skip
            code.CodeValue, code.CodeMeaning = number, words

    return pet_with(tweak)


def post_processed(ds: Dataset, _: int) -> None:
    ds.SeriesTime = "153000"


def ge_time(ds: Dataset, _: int) -> None:
    ds.Manufacturer = "GE MEDICAL SYSTEMS"
    ds.add_new(0x00090010, "LO", "GEMS_PETD_01")
    ds.add_new(0x0009100D, "DT", "20250310121500.00")


def philips(*factors: tuple[int, bytes], vendor: str = "Philips Medical Systems"):
    def tweak(ds: Dataset, _: int) -> None:
        ds.Manufacturer, ds.Units = vendor, "CNTS"
        raw(ds, 0x70530010, "LO", CREATOR)
        for element, value in factors:
            raw(ds, 0x70530000 | element, "DS", value)

    return pet_with(tweak)


def philips_differs(ds: Dataset, k: int) -> None:
    ds.Manufacturer, ds.Units = "Philips Medical Systems", "CNTS"
    raw(ds, 0x70530010, "LO", CREATOR)
    raw(ds, 0x70531000, "DS", f"0.000{k + 1}".encode())


def philips_differs_beside_another(ds: Dataset, k: int) -> None:
    philips_differs(ds, k)
    raw(ds, 0x70531009, "DS", b"1.25")


def suv_type_of_one_slice(ds: Dataset, k: int) -> None:
    """Already SUV; of what kind, one slice says."""
    ds.Units, ds.RescaleSlope = "GML", "0.001"
    if k == 1:
        ds.SUVType = "LBMJAMES128"


def tracer_of_one_slice(ds: Dataset, k: int) -> None:
    if k == 1:
        code = radiopharmaceutical(ds).RadiopharmaceuticalCodeSequence[0]
        code.CodeValue, code.CodeMeaning = PSMA[0], PSMA[1]


def all_zero(ds: Dataset, _: int) -> None:
    ds.PixelData = bytes(len(ds.PixelData))


def too_hot(ds: Dataset, _: int) -> None:
    ds.RescaleSlope = "2500"


def negative(ds: Dataset, _: int) -> None:
    ds.PixelData = (pixels(0) - 500).astype("<i2").tobytes()


def without_sex(ds: Dataset, _: int) -> None:
    ds.PatientSex = ""


def outlined(*, with_images: bool = True, is_empty: bool = False, series: str = "{uid}.2", **changes: object):
    """A segmentation, beside the images it is drawn on or alone; ``{uid}`` in a value is the specimen's own."""

    def make(box: Box) -> None:
        if with_images:
            box.series(8)
        mask = np.zeros((8, 24, 20), bool)
        mask[1:2, 4:9, 4:9] = True
        own = {name: v.format(uid=box.uid) if isinstance(v, str) else v for name, v in changes.items()}
        ds = segmentation([mask], series=series.format(uid=box.uid), **{"FrameOfReferenceUID": f"{box.uid}.9", **own})
        if is_empty:
            ds.PixelData = bytes(len(ds.PixelData))
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = (f"{box.uid}.{n}" for n in (1, 20, 30))
        box.add("seg.dcm", to_bytes(ds))

    return make


def beside_images(*codes: str) -> Expected:
    """What was sent is kept; of the object the codes of its one region."""
    return Expected({"stored": 9}, (SeriesSeen(), SeriesSeen(suv=NONE, outlines=frozenset(codes))))


FACTORS_DIFFER = pet("slices_disagree", DIFFER, held="ask_philips_factor")
OBJECT = Expected({"stored": 1}, (SeriesSeen(suv=NONE, outlines=frozenset({"referenced_series_absent"})),))
FDG = ("35321007", "Fluorodeoxyglucose F^18^", ("77004003", "^18^Fluorine"), "6586.2")
PSMA = ("99PSMA", "PSMA-11 Ga^68^", ("35337001", "^68^Gallium"), "4062.6")
CONFLICT = ("724025002", "Dotatate Ga^68^", ("77004003", "^18^Fluorine"), "6586.2")

CASES = [
    Case(55, "No body weight", "B", (
        of("missing", pet_series(PatientWeight=None), pet("patient_weight_missing")),
        of("empty", pet_series(PatientWeight=""), pet("patient_weight_missing")),
        of("zero", pet_series(PatientWeight="0"), pet("patient_weight_zero")),
    )),
    Case(56, "Weight in grams, or not that of the chart", "B", (
        of("70,000", pet_series(PatientWeight="70000"), pet("patient_weight_implausible")),
        of("301", pet_series(PatientWeight="301"), pet("patient_weight_implausible")),
        of("81, 15.7 % above the chart", pet_series(PatientWeight="81"), pet("patient_weight_differs")),
        of("154, pounds", pet_series(PatientWeight="154"), pet("patient_weight_differs")),
        control("80, 14.3 % above", pet_series(PatientWeight="80"), pet()),
    ), proof="tests/imaging/test_chart_weight.py::test_a_weight_far_from_the_chart_blocks_suv_until_a_person_confirms_it"),
    Case(57, "Two weights", "Q", (
        of("between slices", per_slice("PatientWeight", "70", "70", "71"), pet("patient_weight_missing", DIFFER, held="ask_weights")),
        of("PET and CT", weight_of_ct_differs, Expected({"held ask_weights": 6}, (
            SeriesSeen(held="ask_weights"), SeriesSeen(held="ask_weights", suv=NONE)))),
    )),
    Case(58, "No radiopharmaceutical", "B", (
        of("missing", pet_series(RadiopharmaceuticalInformationSequence=None), pet("dose_missing")),
        of("empty", pet_series(RadiopharmaceuticalInformationSequence=[]), pet("dose_missing")),
    )),
    Case(59, "Two injections", "B+Q", (of("two items", pet_with(two_injections), pet("several_administrations", held="ask_administrations")),)),
    Case(60, "Injected activity unusable", "B", (
        of("missing", dose(RadionuclideTotalDose=None), pet("dose_missing")),
        of("zero", dose(RadionuclideTotalDose="0"), pet("dose_not_positive")),
        of("negative", dose(RadionuclideTotalDose="-150000000"), pet("dose_not_positive")),
    )),
    Case(61, "Activity in MBq", "W", (
        of("150", dose(RadionuclideTotalDose="150"), pet(PROVISIONAL, "dose_in_mbq")),
    )),
    Case(62, "Activity outside the usual", "W", (
        of("900 MBq", dose(RadionuclideTotalDose="900000000"), pet("fact", "dose_unusual")),
        of("50 GBq", dose(RadionuclideTotalDose="50000000000"), pet(PROVISIONAL, "dose_implausible")),
    )),
    Case(63, "Injected after the scan", "B or Q", (
        of("by 30 min", injected("20250310123000"), pet("scan_before_injection", held="ask_injection_time")),
        of("by hours", injected("20250310180000"), pet("scan_before_injection")),
        control("across midnight, time only", pet_with(lambda ds, _: _at_midnight(ds)),
                pet("fact", "injection_before_midnight")),
    )),
    Case(64, "Injection time without date", "W", (
        of("11:00", injected(None, "110000"), pet("fact", "injection_day_assumed")),
    )),
    Case(65, "De-identified dates, interval kept", "H+W", (
        of("1970", pet_with(in_1970), pet("fact", "dates_deidentified")),
    ), proof="tests/imaging/test_deidentified_dates.py::test_a_study_moved_to_1900_with_its_patient_is_used_with_a_warning"),
    Case(66, "Half-life", "W or B", (
        of("missing, nuclide known", dose(RadionuclideHalfLife=None), pet("fact", "half_life_from_table")),
        of("zero", dose(RadionuclideHalfLife="0"), pet("fact", "half_life_from_table")),
        of("of another nuclide", dose(RadionuclideHalfLife="6586"), pet(PROVISIONAL, "half_life_replaced")),
        of("missing, nuclide unknown", pet_with(lambda ds, _: _nameless(ds)), pet("half_life_missing")),
        control("4080 s", dose(RadionuclideHalfLife="4080"), pet()),
    )),
    Case(67, "Nuclide and tracer disagree", "Q", (
        of("18F and DOTATATE", other_tracer(*CONFLICT), pet(PROVISIONAL, "nuclide_conflict", held="ask_nuclide")),
    )),
    Case(68, "Another tracer", "W", (
        of("FDG", other_tracer(*FDG), pet("fact", "tracer_not_sstr")),
        of("PSMA", other_tracer(*PSMA), pet("fact", "tracer_not_sstr")),
        of("one slice says PSMA", pet_with(tracer_of_one_slice), pet("fact", DIFFER)),
    ), proof="tests/board/test_watch.py::test_only_a_scan_known_to_be_sstr_is_the_one_that_was_asked_for"),
    Case(69, "Decay correction", "H or B", (
        of("START", pet_series(DecayCorrection="START"), pet()),
        of("ADMIN", pet_series(DecayCorrection="ADMIN"), pet()),
        of("NONE", pet_series(DecayCorrection="NONE", CorrectedImage=["ATTN"]), pet("fact", "decay_within_frame")),
        of("missing", pet_series(DecayCorrection=None), pet("decay_correction_unknown")),
        of("other", pet_series(DecayCorrection="MAYBE"), pet("decay_correction_unknown")),
    )),
    Case(70, "Series time later than the acquisition", "H", (
        of("post-processed", pet_with(post_processed), pet("fact", "reference_time_from_acquisition")),
        of("GE private time", pet_with(ge_time), pet("fact", "reference_time_from_ge_private")),
    )),
    Case(71, "Corrections missing", "B", (
        of("attenuation", pet_series(CorrectedImage=["NORM", "DECY"]), pet("not_attenuation_corrected")),
        of("decay", pet_series(CorrectedImage=["NORM", "ATTN"]), pet("not_decay_corrected")),
        of("not said", pet_series(CorrectedImage=None), pet("corrections_unknown")),
    )),
    Case(72, "Units", "H or B", (
        of("BQML", pet_series(Units="BQML"), pet()),
        of("GML", pet_series(Units="GML", RescaleSlope="0.001"), pet()),
        of("GML, IBW", pet_series(Units="GML", SUVType="IBW", RescaleSlope="0.001"), pet()),
        of("GML, LBM", pet_series(Units="GML", SUVType="LBMJAMES128", RescaleSlope="0.001"), pet()),
        of("GML, of a kind that one slice alone states", pet_with(suv_type_of_one_slice), pet("slices_disagree", DIFFER)),
        of("CM2ML", pet_series(Units="CM2ML", RescaleSlope="0.001"), pet()),
        of("PROPCPS", pet_series(Units="PROPCPS"), pet("units_unknown")),
        of("NONE", pet_series(Units="NONE"), pet("units_unknown")),
        of("missing", pet_series(Units=None), pet("units_unknown")),
    )),
    Case(73, "Philips counts", "H or B", (
        of("SUV factor", philips((0x1000, b"0.0005")), pet()),
        of("activity factor", philips((0x1009, b"1.25")), pet()),
        of("neither", philips(), pet("philips_factors_missing")),
        of("zero", philips((0x1000, b"0")), pet("philips_factors_missing")),
        of("not Philips", pet_series(Units="CNTS"), pet("philips_factors_missing")),
    )),
    Case(74, "Philips factor differs between slices", "Q", (
        of("three factors", pet_with(philips_differs), FACTORS_DIFFER),
        of("three factors, and one of activity", pet_with(philips_differs_beside_another), FACTORS_DIFFER),
    )),
    Case(75, "No sex or height for SUL", "H", (
        of("no height", pet_series(PatientSize=None), pet()),
        of("no sex", pet_with(without_sex), pet()),
    ), proof="tests/science/test_suv_rules.py::test_a_missing_body_measure_takes_away_only_the_kinds_that_need_it"),
    Case(76, "Extravasation, residual activity", "W",
         proof="tests/imaging/test_reading_answers.py::test_everything_missing_is_named_at_once"),
    Case(77, "Liver or spleen outside published normals", "W",
         proof="tests/science/test_references.py::test_a_liver_outside_published_normals_is_said"),
    Case(78, "Uptake time outside the usual", "W or B", (
        of("25 min", injected("20250310113500"), pet("fact", "uptake_time_unusual")),
        of("5 min", injected("20250310115500"), pet(PROVISIONAL, "uptake_time_to_confirm", "uptake_time_unusual")),
        of("a day", injected("20250309110000"), pet("uptake_time_implausible")),
    )),
    Case(79, "Values that cannot be", "W, B, H", (
        of("all zero", pet_with(all_zero), pet("fact", "suv_all_zero")),
        of("above SUV 1000", pet_with(too_hot), pet("suv_implausible")),
        of("below zero", pet_with(negative), pet()),
    ), proof="tests/imaging/test_chart_weight.py::test_an_suv_above_1000_is_blocked_until_a_person_confirms_the_dose"),
    Case(80, "Outlines of other images", "R", (
        control("as it should be", outlined(), beside_images("")),
        of("images absent", outlined(with_images=False), OBJECT),
        of("of another series", outlined(series="{uid}.77", FrameOfReferenceUID="{uid}.78"), beside_images("referenced_series_absent")),
        of("in another frame of reference", outlined(FrameOfReferenceUID="{uid}.79"), beside_images("frame_of_reference_differs")),
        of("on a grid of its own", outlined(Rows=30, Columns=16), beside_images("")),
        of("of a segment that is not listed", outlined(SegmentSequence=[segment(7)]), beside_images("segments_disagree")),
        of("empty", outlined(is_empty=True), beside_images("voi_empty")),
    ), differs="On a matrix of its own in the same frame of reference an outline is placed by millimetres (docs/numbers.md): the standard "
       "allows it, and cropped segmentations are common. Voxels that do not coincide are said by outline_resampled. What is refused "
       "is kept, with its reason instead of a number, for the day its images come.",
       proof="tests/imaging/test_contours_job.py::test_a_frame_of_reference_that_differs_is_a_sentence_per_segment"),
]  # fmt: skip


def _at_midnight(ds: Dataset) -> None:
    ds.SeriesTime = ds.AcquisitionTime = "003000"
    item = radiopharmaceutical(ds)
    del item.RadiopharmaceuticalStartDateTime
    item.RadiopharmaceuticalStartTime = "233000"


def _nameless(ds: Dataset) -> None:
    item = radiopharmaceutical(ds)
    del item.RadionuclideHalfLife, item.RadionuclideCodeSequence, item.RadiopharmaceuticalCodeSequence
