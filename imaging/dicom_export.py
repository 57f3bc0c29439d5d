"""Write PET and CT series as DICOM files: the one door out, beside ``dicom.py``, the one door in.

Every UID is made from what it names (uuid5 under 2.25), so writing the same thing twice gives the same objects.
PET goes out as Bq/mL, decay-corrected to the start of the series, 16 bits with one slope per slice.
"""

import datetime as dt
import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, PositronEmissionTomographyImageStorage
from pydicom.valuerep import DSfloat

from imaging.dicom_export_file import SeriesFiles
from imaging.domain.vocabulary import NUCLIDE_CODES, NUCLIDES, TRACER_CODES, Code, Tracer, nuclide_of

_UID_NAMESPACE = uuid.UUID("6f0cb0f4-6c7c-5f7b-8f5e-5f2f3d1c9a10")
_IMPLEMENTATION_UID = f"2.25.{uuid.uuid5(_UID_NAMESPACE, 'implementation').int}"
_POSITRON_FRACTION = {"68Ga": 0.889, "64Cu": 0.175, "18F": 0.967}
_PET_FULL_SCALE = 32767
_CT_INTERCEPT = -1024


@dataclass(frozen=True)
class Subject:
    """Who is on the images. ``patient_id`` of generated data starts with ``SYN-``.

    A value of ``None``, here and in ``PetAcquisition``, leaves its attribute out, as incomplete headers do.
    """

    patient_id: str
    family_name: str
    birth_date: dt.date | None
    sex: str
    body_weight_kg: float | None
    body_height_m: float | None = None
    is_synthetic: bool = True


@dataclass(frozen=True)
class SeriesIdentity:
    """Where a series belongs: the same study and frame of reference for a PET and its CT."""

    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    number: int
    description: str
    study_started_at: dt.datetime
    series_started_at: dt.datetime


@dataclass(frozen=True)
class PetAcquisition:
    """What SUV needs beside the body weight, and how the patient was moved through the scanner."""

    tracer: Tracer
    injected_activity_bq: float | None
    administered_at: dt.datetime | None
    seconds_per_bed: int = 150
    slices_per_bed: int = 44


def make_uid(*parts: str) -> str:
    """A UID that depends only on ``parts``."""
    return f"2.25.{uuid.uuid5(_UID_NAMESPACE, '/'.join(parts)).int}"


def write_pet_series(
    folder: Path,
    *,
    activity_bq_ml: np.ndarray,
    affine: np.ndarray,
    subject: Subject,
    identity: SeriesIdentity,
    acquisition: PetAcquisition,
) -> list[Path]:
    """Write [z, y, x] activity concentrations, corrected to ``identity.series_started_at``; the paths, feet first.

    ``affine`` takes index (column, row, slice) to LPS mm.
    """
    ds = _common(subject, identity)
    ds.SOPClassUID, ds.Modality = PositronEmissionTomographyImageStorage, "PT"
    _image_plane(ds, activity_bq_ml.shape, affine)
    _pet_series(ds, identity, acquisition, len(activity_bq_ml))
    files = SeriesFiles(ds, _IMPLEMENTATION_UID)
    nuclide = NUCLIDES[nuclide_of(acquisition.tracer)]
    decay = math.log(2) / nuclide.half_life_s
    paths = []
    for index, own, path in _slices("PT", folder, identity, affine, len(activity_bq_ml)):
        slope = float(DSfloat(max(float(activity_bq_ml[index].max()), 1e-3) / _PET_FULL_SCALE, auto_format=True))
        stored = np.rint(activity_bq_ml[index] / slope).clip(0, 65535).astype("<u2")
        own.RescaleSlope, own.ImageIndex = DSfloat(slope, auto_format=True), own.InstanceNumber
        bed_start = (len(activity_bq_ml) - 1 - index) // acquisition.slices_per_bed * acquisition.seconds_per_bed
        _pet_frame(own, identity, acquisition.seconds_per_bed, bed_start, decay)
        files.write(path, own, stored.tobytes())
        paths.append(path)
    return paths


def write_ct_series(
    folder: Path, *, hu: np.ndarray, affine: np.ndarray, subject: Subject, identity: SeriesIdentity
) -> list[Path]:
    """Write [z, y, x] CT numbers (HU); the paths, feet first. ``affine`` takes index to LPS mm."""
    ds = _common(subject, identity)
    ds.SOPClassUID, ds.Modality = CTImageStorage, "CT"
    _image_plane(ds, hu.shape, affine)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PatientPosition, ds.KVP, ds.AcquisitionNumber, ds.RescaleType = "HFS", "120", 1, "HU"
    ds.RescaleIntercept, ds.RescaleSlope = _CT_INTERCEPT, 1
    ds.BitsStored, ds.HighBit = 12, 11
    _stamp(ds, "Acquisition", identity.series_started_at)
    files, paths = SeriesFiles(ds, _IMPLEMENTATION_UID), []
    for index, own, path in _slices("CT", folder, identity, affine, len(hu)):
        files.write(path, own, (hu[index].astype(np.int32) - _CT_INTERCEPT).clip(0, 4095).astype("<u2").tobytes())
        paths.append(path)
    return paths


def _common(subject: Subject, identity: SeriesIdentity) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SyntheticData = "YES" if subject.is_synthetic else "NO"
    ds.PatientName, ds.PatientID, ds.PatientSex = subject.family_name, subject.patient_id, subject.sex
    ds.PatientBirthDate = f"{subject.birth_date:%Y%m%d}" if subject.birth_date else ""
    _body_size(ds, subject)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = identity.study_uid, identity.series_uid
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = identity.frame_of_reference_uid, ""
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "1", "", ""
    ds.SeriesNumber, ds.SeriesDescription = identity.number, identity.description
    _stamp(ds, "Study", identity.study_started_at)
    _stamp(ds, "Series", identity.series_started_at)
    _stamp(ds, "Content", identity.series_started_at)
    ds.Manufacturer, ds.ManufacturerModelName = "PRRT Board", "Digital phantom"
    ds.BodyPartExamined, ds.BurnedInAnnotation, ds.LossyImageCompression = "WHOLEBODY", "NO", "00"
    return ds


def _image_plane(ds: Dataset, shape: tuple[int, ...], affine: np.ndarray) -> None:
    ds.Rows, ds.Columns = shape[1], shape[2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    along_row, along_column, along_stack = (np.asarray(affine, dtype=float)[:3, i] for i in range(3))
    steps = [float(np.linalg.norm(v)) for v in (along_row, along_column, along_stack)]
    ds.PixelSpacing = [_ds(steps[1]), _ds(steps[0])]
    ds.SliceThickness = _ds(steps[2])
    ds.ImageOrientationPatient = [_ds(v) for v in (*(along_row / steps[0]), *(along_column / steps[1]))]


def _body_size(ds: Dataset, subject: Subject) -> None:
    if subject.body_weight_kg is not None:
        ds.PatientWeight = _ds(subject.body_weight_kg)
    if subject.body_height_m is not None:
        ds.PatientSize = _ds(subject.body_height_m)


def _pet_series(ds: Dataset, identity: SeriesIdentity, acquisition: PetAcquisition, slices: int) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SeriesType, ds.NumberOfSlices = ["WHOLE BODY", "IMAGE"], slices
    ds.Units, ds.CountsSource, ds.DecayCorrection, ds.CollimatorType = "BQML", "EMISSION", "START", "NONE"
    ds.RescaleIntercept = 0
    ds.CorrectedImage = ["NORM", "DTIM", "RAN", "ATTN", "SCAT", "DECY"]
    ds.RandomsCorrectionMethod, ds.AttenuationCorrectionMethod = "DLYD", "measured, CT"
    ds.ScatterCorrectionMethod, ds.ReconstructionMethod = "model", "phantom"
    ds.RadiopharmaceuticalInformationSequence = Sequence([_radiopharmaceutical(acquisition)])
    recumbent = _code(Code("102538003", "SCT", "recumbent"))
    recumbent.PatientOrientationModifierCodeSequence = Sequence([_code(Code("40199007", "SCT", "supine"))])
    ds.PatientOrientationCodeSequence = Sequence([recumbent])
    ds.PatientGantryRelationshipCodeSequence = Sequence([_code(Code("102540008", "SCT", "headfirst"))])


def _radiopharmaceutical(acquisition: PetAcquisition) -> Dataset:
    item, nuclide = Dataset(), nuclide_of(acquisition.tracer)
    item.Radiopharmaceutical = acquisition.tracer.value
    item.RadionuclideHalfLife = _ds(NUCLIDES[nuclide].half_life_s)
    if nuclide in _POSITRON_FRACTION:
        item.RadionuclidePositronFraction = _ds(_POSITRON_FRACTION[nuclide])
    if acquisition.injected_activity_bq is not None:
        item.RadionuclideTotalDose = _ds(acquisition.injected_activity_bq)
    if acquisition.administered_at is not None:
        item.RadiopharmaceuticalStartTime = _time(acquisition.administered_at)
        item.RadiopharmaceuticalStartDateTime = f"{acquisition.administered_at:%Y%m%d%H%M%S.%f}"
    item.RadionuclideCodeSequence = Sequence([_code(NUCLIDE_CODES[nuclide])])
    item.RadiopharmaceuticalCodeSequence = Sequence([_code(TRACER_CODES[acquisition.tracer])])
    return item


def _pet_frame(ds: Dataset, identity: SeriesIdentity, duration_s: int, start_s: int, decay_per_s: float) -> None:
    """Times of one bed position; the decay factor is the correction from its mean to the start of the series."""
    span = decay_per_s * duration_s
    mean_s = math.log(span / (1 - math.exp(-span))) / decay_per_s
    ds.ActualFrameDuration = duration_s * 1000
    ds.FrameReferenceTime = _ds((start_s + mean_s) * 1000)
    ds.DecayFactor = _ds(math.exp(decay_per_s * (start_s + mean_s)))
    _stamp(ds, "Acquisition", identity.series_started_at + dt.timedelta(seconds=start_s))


def _slices(
    modality: str, folder: Path, identity: SeriesIdentity, affine: np.ndarray, count: int
) -> Iterator[tuple[int, Dataset, Path]]:
    """What differs from slice to slice; instance numbers run from head to feet, as scanners count."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        own, position = Dataset(), (np.asarray(affine, dtype=float) @ (0, 0, index, 1))[:3]
        own.ImagePositionPatient = [_ds(v) for v in position]
        own.SliceLocation = _ds(position[2])
        own.InstanceNumber = count - index
        own.SOPInstanceUID = make_uid(identity.series_uid, str(index))
        yield index, own, folder / f"{modality}{count - index:04d}.dcm"


def _stamp(ds: Dataset, what: str, moment: dt.datetime) -> None:
    setattr(ds, f"{what}Date", f"{moment:%Y%m%d}")
    setattr(ds, f"{what}Time", _time(moment))


def _time(moment: dt.datetime) -> str:
    return f"{moment:%H%M%S.%f}"


def _ds(value: float) -> DSfloat:
    return DSfloat(round(float(value), 9), auto_format=True)


def _code(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme, code.meaning
    return item
