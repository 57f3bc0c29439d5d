"""DICOM slices made for tests with pydicom: a plausible 68Ga PET, changed one thing at a time."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

PET = "1.2.840.10008.5.1.4.1.1.128"
CT = "1.2.840.10008.5.1.4.1.1.2"
ROOT = "2.25.7777"
ROWS, COLUMNS = 24, 20


def pixels(k: int, rows: int = ROWS, columns: int = COLUMNS, dtype: str = "<i2") -> np.ndarray:
    """Stored integers of slice k: smooth, all different, never negative."""
    y, x = np.mgrid[:rows, :columns]
    return ((y * 37 + x * 11 + k * 101) % 30000).astype(dtype)


def pet_slice(k: int = 0, **changes: object) -> Dataset:
    """Slice ``k`` of a series of 4 mm; keyword arguments replace elements, ``None`` deletes them."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = PET, f"{ROOT}.3.{k + 1}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = f"{ROOT}.1", f"{ROOT}.2", f"{ROOT}.9"
    ds.Modality, ds.Manufacturer, ds.ImageType = "PT", "SIEMENS", ["ORIGINAL", "PRIMARY"]
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = "20250310"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = "120000"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "", "SYN-0001", "19600102", "F"
    ds.PatientWeight, ds.PatientSize = "70", "1.70"
    ds.InstanceNumber = k + 1
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-40, -48, 4 * k], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [4, 4], "4"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleSlope, ds.RescaleIntercept = "2.5", "0"
    ds.Units, ds.DecayCorrection, ds.SeriesType = "BQML", "START", ["WHOLE BODY", "IMAGE"]
    ds.CorrectedImage = ["NORM", "ATTN", "DECY", "SCAT"]
    ds.ActualFrameDuration = "180000"
    item, nuclide, tracer = Dataset(), Dataset(), Dataset()
    nuclide.CodeValue, nuclide.CodingSchemeDesignator, nuclide.CodeMeaning = "35337001", "SCT", "^68^Gallium"
    tracer.CodeValue, tracer.CodingSchemeDesignator, tracer.CodeMeaning = "724025002", "SCT", "Dotatate Ga^68^"
    item.RadiopharmaceuticalStartDateTime, item.RadiopharmaceuticalStartTime = "20250310110000", "110000"
    item.RadionuclideTotalDose, item.RadionuclideHalfLife = "150000000", "4062.6"
    item.RadionuclideCodeSequence, item.RadiopharmaceuticalCodeSequence = [nuclide], [tracer]
    ds.RadiopharmaceuticalInformationSequence = [item]
    ds.PixelData = pixels(k).tobytes()
    ds["PixelData"].VR = "OW"
    for name, value in changes.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    if "PatientName" not in changes:  # as of a pseudonymised scan
        ds.PatientName = f"{ds.get('PatientID', '')}^"
    return ds


def ct_slice(k: int = 0, **changes: object) -> Dataset:
    absent = ("Units", "DecayCorrection", "SeriesType", "CorrectedImage", "RadiopharmaceuticalInformationSequence")
    base = {
        "SOPClassUID": CT,
        "Modality": "CT",
        "SeriesInstanceUID": f"{ROOT}.4",
        "SOPInstanceUID": f"{ROOT}.5.{k + 1}",
    }
    return pet_slice(
        k, **{**dict.fromkeys(absent), **base, "RescaleIntercept": "-1024", "RescaleSlope": "1", **changes}
    )


def radiopharmaceutical(ds: Dataset) -> Dataset:
    return ds.RadiopharmaceuticalInformationSequence[0]


def to_bytes(ds: Dataset, syntax: str = ExplicitVRLittleEndian, *, has_meta: bool = True, **meta: object) -> bytes:
    """The file of a dataset; ``meta`` replaces elements of the file meta information, ``None`` deletes them."""
    info = FileMetaDataset()
    info.FileMetaInformationVersion = b"\0\1"
    info.MediaStorageSOPClassUID, info.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.get("SOPInstanceUID", "")
    info.TransferSyntaxUID, info.ImplementationClassUID = syntax, f"{ROOT}.8"
    for name, value in meta.items():
        if value is None:
            delattr(info, name)
        else:
            setattr(info, name, value)
    body = BytesIO()
    ds.save_as(body, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=syntax != "1.2.840.10008.1.2.2")
    if not has_meta:
        return body.getvalue()
    head = BytesIO()
    head.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(head, info, enforce_standard=False)
    return head.getvalue() + body.getvalue()


def write(path: Path, ds: Dataset, syntax: str = ExplicitVRLittleEndian, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(ds, syntax, **options))
    return path


def write_series(
    folder: Path, count: int = 5, make: Callable[..., Dataset] = pet_slice, **changes: object
) -> list[Path]:
    """Files in an order that is not the order of the slices."""
    return [write(folder / f"{count - k:03}.dcm", make(k, **changes)) for k in range(count)]
