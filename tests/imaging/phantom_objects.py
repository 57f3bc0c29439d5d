"""Outlines and reports of another workstation, drawn on the phantom of ``phantom.write_pet``."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from imaging.dicom_export import make_uid
from imaging.domain.volume import Bounds
from tests.imaging import object_files
from tests.imaging.dicom_files import write
from tests.imaging.object_files import contour, item, number, square_mm
from tests.imaging.scan_rows import HOT_BODY, OTHER_BODY

ORIGIN = (-64, -64, -400)
UCUM = "g/ml{SUVbw}"


def of_subject(ds: Dataset, name: str, kind: str, **changes: Any) -> Dataset:
    """Whose it is and in which study; ``kind`` also tells the series of one study apart."""
    ds.StudyInstanceUID, ds.SeriesInstanceUID = make_uid(name, "study"), make_uid(name, kind)
    ds.SOPInstanceUID = make_uid(name, kind, "object")
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "SYN-a^", "SYN-a", "19670302", "F"
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = "20260503"
    for element, value in changes.items():
        setattr(ds, element, value)
    return ds


def mask_of(bounds: Bounds) -> np.ndarray:
    mask = np.zeros((12, 32, 32), bool)
    z, y, x = (slice(a, b) for a, b in zip(bounds.start, bounds.stop, strict=True))
    mask[z, y, x] = True
    return mask


def write_seg(folder: Path, name: str = "a", masks=None, *, kind: str = "seg", uids=None, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    masks = [mask_of(b) for b in (HOT_BODY, OTHER_BODY)] if masks is None else masks
    ds = object_files.segmentation(masks, series=make_uid(name, "pet"), origin=ORIGIN)
    ds.FrameOfReferenceUID = make_uid(name, "frame")
    for one, uid in zip(ds.SegmentSequence, uids or [], strict=False):
        one.TrackingUID = uid
    return write(folder / f"{kind}.dcm", of_subject(ds, name, kind, **changes))


def write_rtstruct(folder: Path, name: str = "a", **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    squares = [contour(square_mm(-30, -6, -18, 6, z)) for z in (-380, -376, -372)]
    ds = object_files.structure_set({"GTV": squares}, series=make_uid(name, "pet"))
    ds.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = make_uid(name, "frame")
    for roi in ds.StructureSetROISequence:
        roi.ReferencedFrameOfReferenceUID = make_uid(name, "frame")
    return write(folder / "rtstruct.dcm", of_subject(ds, name, "rtstruct", **changes))


def write_report(folder: Path, name: str = "a", suv_max: str = "77.7", **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    derivation = item(
        "CODE",
        ("121401", "DCM"),
        "HAS CONCEPT MOD",
        ConceptCodeSequence=[object_files.code("56851009", "SCT", "Maximum")],
    )
    group = [
        item("TEXT", ("112039", "DCM"), "HAS OBS CONTEXT", TextValue="Their L1"),
        item("UIDREF", ("112040", "DCM"), "HAS OBS CONTEXT", UID=make_uid("their lesion")),
        number(("126401", "DCM"), suv_max, UCUM, derivation),
    ]
    ds = object_files.report([group])
    ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].SeriesInstanceUID = make_uid(
        name, "pet"
    )
    return write(folder / "report.dcm", of_subject(ds, name, "report", **changes))
