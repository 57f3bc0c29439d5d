"""Segmentations, structure sets and reports made for tests with pydicom, on the series of ``dicom_files``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pack_bits

from tests.imaging.dicom_files import COLUMNS, ROOT, ROWS

SEG, LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
RTSTRUCT, SR = "1.2.840.10008.5.1.4.1.1.481.3", "1.2.840.10008.5.1.4.1.1.88.33"
PET = "1.2.840.10008.5.1.4.1.1.128"
SLICES = 8
FRAME_OF_REFERENCE, SERIES = f"{ROOT}.9", f"{ROOT}.2"


def blob(seed: int = 0, shape: tuple[int, ...] = (SLICES, ROWS, COLUMNS)) -> np.ndarray:
    """A mask that fills neither its slices nor its volume."""
    mask = np.random.default_rng(seed).random(shape) < 0.4
    mask[0] = mask[-1] = False
    mask[:, :3] = mask[:, :, -2:] = False
    return mask


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _object(sop_class: str, modality: str) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = sop_class, f"{ROOT}.50.1", modality
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = f"{ROOT}.1", f"{ROOT}.50", FRAME_OF_REFERENCE
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "SYN-0001^", "SYN-0001", "19600102", "F"
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = "20250311"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "090000"
    ds.SeriesDescription, ds.Manufacturer = "outlines", "Other workstation"
    return ds


def _reference(sop_class: str, sop_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_uid
    return item


def _referenced_series(series: str) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = series
    item.ReferencedInstanceSequence = [_reference(PET, _slice_uid(series, k)) for k in range(SLICES)]
    return item


def _slice_uid(series: str, k: int) -> str:
    return f"{ROOT}.3.{k + 1}" if series == SERIES else f"{series}.3.{k + 1}"


def _group(**elements: object) -> list[Dataset]:
    item = Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    return [item]


def segment(number: int, label: str = "lesion", tracking_uid: str = "", **elements: object) -> Dataset:
    item = Dataset()
    item.SegmentNumber, item.SegmentLabel, item.SegmentAlgorithmType = number, label, "MANUAL"
    item.SegmentedPropertyCategoryCodeSequence = [code("49755003", "SCT", "Morphologically Abnormal Structure")]
    item.SegmentedPropertyTypeCodeSequence = [code("255046005", "SCT", "Neuroendocrine tumor")]
    if tracking_uid:
        item.TrackingID, item.TrackingUID = f"L{number}", tracking_uid
    for name, value in elements.items():
        setattr(item, name, value)
    return item


def segmentation(
    masks: Sequence[np.ndarray], kind: str = "BINARY", *, maximum: int = 200, bits: int = 8, series: str = SERIES,
    origin: Sequence[float] = (-40, -48, 0), spacing: Sequence[float] = (4, 4, 4), **changes: Any,
) -> Dataset:  # fmt: skip
    """One segment per mask [z, y, x]; of a LABELMAP the only "mask" is the label array. Empty frames are left out."""
    ds = _object(LABEL_MAP if kind == "LABELMAP" else SEG, "SEG")
    ds.ReferencedSeriesSequence = [_referenced_series(series)]
    ds.SegmentationType, ds.ContentLabel = kind, "LESIONS"
    numbers = sorted(set(np.unique(masks[0])) - {0}) if kind == "LABELMAP" else range(1, len(masks) + 1)
    ds.SegmentSequence = [segment(int(number), tracking_uid=f"{ROOT}.77.{number}") for number in numbers]
    if kind == "FRACTIONAL":
        ds.MaximumFractionalValue, ds.SegmentationFractionalType = maximum, "PROBABILITY"
    x, y, z = spacing
    shared = _group(
        PlaneOrientationSequence=_group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        PixelMeasuresSequence=_group(SliceThickness=z, SpacingBetweenSlices=z, PixelSpacing=[y, x]),
    )
    ds.SharedFunctionalGroupsSequence = shared
    per_frame, frames = [], []
    for number, mask in enumerate(masks, 1):
        for k in np.flatnonzero(mask.any(axis=(1, 2))):
            item = _group(PlanePositionSequence=_group(ImagePositionPatient=[*origin[:2], origin[2] + z * int(k)]))[0]
            if kind != "LABELMAP":
                item.SegmentIdentificationSequence = _group(ReferencedSegmentNumber=number)
            derived = _group(SourceImageSequence=[_reference(PET, _slice_uid(series, int(k)))])
            item.DerivationImageSequence = derived
            per_frame.append(item)
            frames.append(mask[k])
    ds.PerFrameFunctionalGroupsSequence = per_frame
    _pixels(ds, np.array(frames), kind, bits)
    for name, value in changes.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    return ds


def _pixels(ds: Dataset, frames: np.ndarray, kind: str, bits: int) -> None:
    ds.NumberOfFrames, ds.Rows, ds.Columns = frames.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated = ds.BitsStored = 1 if kind == "BINARY" else bits
    ds.HighBit = ds.BitsStored - 1
    packed = pack_bits(frames.astype(np.uint8).ravel()) if kind == "BINARY" else frames.astype(f"<u{bits // 8}")
    content = packed if isinstance(packed, bytes) else packed.tobytes()
    ds.PixelData = content + b"\0" * (len(content) % 2)
    ds["PixelData"].VR = "OB" if ds.BitsAllocated <= 8 else "OW"


def contour(points: Sequence[Sequence[float]], geometric_type: str = "CLOSED_PLANAR", **elements: object) -> Dataset:
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = geometric_type, len(points)
    item.ContourData = [f"{value:.3f}" for point in points for value in point]
    for name, value in elements.items():
        setattr(item, name, value)
    return item


def square_mm(x0: float, y0: float, x1: float, y1: float, z: float) -> list[list[float]]:
    return [[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]


def structure_set(rois: dict[str, Sequence[Dataset]], *, series: str = SERIES, **changes: Any) -> Dataset:
    """One region per name, numbered from 1."""
    ds = _object(RTSTRUCT, "RTSTRUCT")
    del ds.FrameOfReferenceUID
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = "outlines", "20250311", "100000"
    referenced = _group(SeriesInstanceUID=series, ContourImageSequence=[_reference(PET, f"{ROOT}.3.1")])
    study = _group(ReferencedSOPInstanceUID=f"{ROOT}.1", RTReferencedSeriesSequence=referenced)
    frame = _group(FrameOfReferenceUID=FRAME_OF_REFERENCE, RTReferencedStudySequence=study)
    ds.ReferencedFrameOfReferenceSequence = frame
    ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []
    for number, (name, contours) in enumerate(rois.items(), 1):
        ds.StructureSetROISequence += _group(
            ROINumber=number, ReferencedFrameOfReferenceUID=FRAME_OF_REFERENCE, ROIName=name,
            ROIGenerationAlgorithm="MANUAL",
        )  # fmt: skip
        ds.ROIContourSequence += _group(ReferencedROINumber=number, ContourSequence=list(contours))
        ds.RTROIObservationsSequence += _group(
            ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="GTV"
        )
    for name, value in changes.items():
        setattr(ds, name, value)
    return ds


def item(kind: str, name: tuple[str, str], relation: str = "CONTAINS", **elements: object) -> Dataset:
    found = Dataset()
    found.RelationshipType, found.ValueType = relation, kind
    found.ConceptNameCodeSequence = [code(*name, "name")]
    for key, value in elements.items():
        setattr(found, key, value)
    return found


def number(name: tuple[str, str], value: str, unit: str, *modifiers: Dataset) -> Dataset:
    measured = _group(NumericValue=value, MeasurementUnitsCodeSequence=[code(unit, "UCUM", unit)])
    return item("NUM", name, MeasuredValueSequence=measured, ContentSequence=list(modifiers))


def report(groups: Sequence[Sequence[Dataset]], **changes: Any) -> Dataset:
    ds = _object(SR, "SR")
    del ds.FrameOfReferenceUID
    ds.ValueType, ds.ConceptNameCodeSequence = "CONTAINER", [code("126000", "DCM", "Imaging Measurement Report")]
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    series = _group(SeriesInstanceUID=SERIES, ReferencedSOPSequence=[_reference(PET, f"{ROOT}.3.1")])
    ds.CurrentRequestedProcedureEvidenceSequence = _group(StudyInstanceUID=f"{ROOT}.1", ReferencedSeriesSequence=series)
    containers = [item("CONTAINER", ("125007", "DCM"), ContentSequence=list(group)) for group in groups]
    ds.ContentSequence = [item("CONTAINER", ("126010", "DCM"), ContentSequence=containers)]
    for name, value in changes.items():
        setattr(ds, name, value)
    return ds
