"""What goes out as DICOM objects, as plain frozen values. ``dicom_objects_export`` writes it.

Patient and study are repeated as the images' own header has them, the name too: an archive holds back what differs.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imaging.domain.vocabulary import ORGAN_CODES, Code
from imaging.domain.voi import Mask

PRIVATE_SCHEME = "99PRRT"
PET_CLASS = "1.2.840.10008.5.1.4.1.1.128"
NEUROENDOCRINE_TUMOUR = Code("255046005", "SCT", "Neuroendocrine tumor")
LESION = Code("52988006", "SCT", "Lesion")
BACKGROUND_LIVER = ORGAN_CODES["liver"]
MANUAL, SEMIAUTOMATIC, AUTOMATIC = "MANUAL", "SEMIAUTOMATIC", "AUTOMATIC"


class ExportRefused(ValueError):
    """These lesions cannot be written as one object; the message says why."""


@dataclass(frozen=True)
class SourceSlice:
    """``position``: Image Position (Patient), LPS mm, as in the file."""

    sop_uid: str
    position: tuple[float, float, float]


@dataclass(frozen=True)
class Filing:
    """What an archive files an object by, as the header of the images has it; "" for what it has not.

    Names come from a stored file and go into a written one, on no other way: they are not even in the ``repr``.
    """

    patient_name: str = field(default="", repr=False)
    referring_physician: str = field(default="", repr=False)
    study_date: str = ""
    study_time: str = ""
    study_id: str = ""
    study_description: str = ""
    accession_number: str = ""


@dataclass(frozen=True)
class SourceSeries:
    """The PET the lesions were measured on, and whose it is. ``slices`` in volume order.

    ``pixel_spacing``: between rows, then between columns. What is not known of patient and study is "" or None and is
    written empty. ``patient_id`` is the DICOM patient ID of the images, not our case number.
    """

    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    slices: tuple[SourceSlice, ...]
    rows: int
    columns: int
    pixel_spacing: tuple[float, float]
    orientation: tuple[float, ...]
    slice_spacing: float
    patient_id: str
    issuer: str = ""
    birth_date: dt.date | None = None
    sex: str = ""
    filing: Filing = Filing()
    sop_class_uid: str = PET_CLASS

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.slices), self.rows, self.columns


def source_from_manifest(manifest: dict[str, Any], **identity: Any) -> SourceSeries:
    """Images of a series' manifest; ``identity``: the other fields of ``SourceSeries``."""
    affine = np.array(manifest["affine"], np.float64)
    along_row, along_column, along_stack = affine[:3, 0], affine[:3, 1], affine[:3, 2]
    between_columns, between_rows, step = (float(np.linalg.norm(v)) for v in (along_row, along_column, along_stack))
    slices = zip(manifest["sop_uid"], manifest["position"], strict=True)
    return SourceSeries(
        frame_of_reference_uid=manifest["frame_of_reference_uid"],
        slices=tuple(SourceSlice(uid, (float(p[0]), float(p[1]), float(p[2]))) for uid, p in slices),
        rows=manifest["image"]["rows"],
        columns=manifest["image"]["columns"],
        pixel_spacing=(between_rows, between_columns),
        orientation=(*(along_row / between_columns).tolist(), *(along_column / between_rows).tolist()),
        slice_spacing=step,
        **identity,
    )


@dataclass(frozen=True)
class LesionNumbers:
    """Measurements of one lesion. SUV in ``unit`` (UCUM); volume in mL; total in SUV x mL; None: not exported.

    ``liver_ratio`` is that of ``liver_ratio_of`` (suv_max, suv_mean or suv_peak) to the mean of the liver reference.
    """

    unit: str
    suv_max: float
    suv_mean: float
    suv_peak_local: float | None
    suv_peak_global: float | None
    volume_ml: float
    total_lesion_sstr_expression: float | None = None
    liver_ratio: float | None = None
    liver_ratio_of: str = "suv_peak"


@dataclass(frozen=True)
class KrenningStatement:
    """A reader's score, always with its scale, the version of the scale, and how the lesion compares with liver.

    ``relation_to_liver``: none, below, equal or above.
    """

    score: int
    scale: str
    version: str
    relation_to_liver: str


@dataclass(frozen=True, eq=False)
class LesionExport:
    """``number``: segment number from 1; ``tracking_uid``: the same for this lesion on every scan."""

    number: int
    label: str
    tracking_id: str
    tracking_uid: str
    mask: Mask
    algorithm_type: str = MANUAL
    algorithm_name: str = ""
    algorithm_version: str = ""
    finding: Code = NEUROENDOCRINE_TUMOUR
    finding_site: Code | None = None
    numbers: LesionNumbers | None = None
    krenning: KrenningStatement | None = None


@dataclass(frozen=True)
class Author:
    """``name``: of the person who answers for the outlines and scores, as a label (may be a role or initials)."""

    name: str
    created_at: dt.datetime
    software_version: str
    device_uid: str = ""
