"""What an outline or report of another workstation holds, as the sandboxed child read it: typed, frozen, no pydicom.

Segments and regions are told apart by their number and their tracking UID. Labels are shown, never compared: ten
segments of one file can carry the same one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.vocabulary import Code
from imaging.instances import ParsedObject


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a SEG. ``algorithm_type``: MANUAL, SEMIAUTOMATIC or AUTOMATIC."""

    number: int
    label: str
    description: str
    tracking_id: str
    tracking_uid: str
    category: Code | None
    property_type: Code | None
    anatomic_region: Code | None
    algorithm_type: str
    algorithm_name: str


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One plane. ``values`` [y, x] are those inside ``box`` (y0, y1, x0, x1); all others are zero.

    ``segment`` is 0 in a label map, whose values are segment numbers. ``position``: centre of the frame's first pixel,
    LPS mm, whatever the box.
    """

    segment: int
    position: tuple[float, float, float]
    source_sop_uid: str
    box: tuple[int, int, int, int]
    values: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """``kind`` BINARY, FRACTIONAL (values up to ``maximum``; PROBABILITY or OCCUPANCY) or LABELMAP.

    ``orientation``: 6 cosines; ``pixel_spacing``: between rows, between columns; ``plane_spacing``
    and ``thickness``: mm, 0 if the file does not say. ``frames``: only those in which something is drawn;
    ``frame_count`` and ``plane_positions``: of all.
    """

    header: ParsedObject
    kind: str
    rows: int
    columns: int
    maximum: int
    fractional_type: str
    orientation: tuple[float, ...]
    pixel_spacing: tuple[float, float]
    plane_spacing: float
    thickness: float
    segments: tuple[Segment, ...]
    frames: tuple[Frame, ...]
    frame_count: int
    plane_positions: tuple[tuple[float, float, float], ...]
    source_sop_uids: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """``geometric_type``: CLOSED_PLANAR, CLOSEDPLANAR_XOR, OPEN_PLANAR, POINT...; ``points`` [n, 3] in LPS mm."""

    geometric_type: str
    points: NDArray[np.float64]
    source_sop_uid: str


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One ROI of a structure set; ``problem`` is a reason code when its points cannot be used, else ""."""

    number: int
    name: str
    description: str
    algorithm: str
    interpreted_type: str
    frame_of_reference_uid: str
    contours: tuple[Contour, ...]
    problem: str


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    header: ParsedObject
    regions: tuple[Region, ...]
    source_sop_uids: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReportedValue:
    """A number as reported; ``value`` is None where the report has none that can be read.

    ``background``: what a ratio is to (DCM 126040).
    """

    name: Code
    value: float | None
    unit: Code | None
    derivation: Code | None
    method: Code | None
    background: Code | None

    @property
    def role(self) -> str:
        """Our word for it (``suv_max``, ``volume_ml``...), so that it can stand beside ours; "" if it has none."""
        if self.name.value in VOLUMES:
            return "volume_ml" if self.unit and self.unit.value.lower() == "ml" else ""
        if self.name.value != SUV_BW or self.derivation is None:
            return ""
        role = DERIVATIONS.get(self.derivation.value, "")
        return role + PEAKS.get(self.method.value, "") if role == "suv_peak" and self.method else role


SUV_BW = "126401"
VOLUMES = frozenset({"118565006", "G-D705"})
DERIVATIONS = {
    "56851009": "suv_max",
    "G-A437": "suv_max",
    "373098007": "suv_mean",
    "R-00317": "suv_mean",
    "255605001": "suv_min",
    "R-404FB": "suv_min",
    "386136009": "suv_sd",
    "R-10047": "suv_sd",
    "126031": "suv_peak",
}
PEAKS = {"VJGA": "_local", "0F91": "_global"}  # IBSI; other workstations do not say which of the two they mean


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A qualitative statement: a code, or words where the report has only words."""

    name: Code
    value: Code | None
    text: str


@dataclass(frozen=True, slots=True)
class MeasurementGroup:
    """What a report says of one lesion. ``segment_sop_uid`` and ``segment_number`` name its outline, if any."""

    tracking_id: str
    tracking_uid: str
    finding: Code | None
    finding_site: Code | None
    method: Code | None
    segment_sop_uid: str
    segment_number: int
    source_series_uids: tuple[str, ...]
    measurements: tuple[ReportedValue, ...]
    evaluations: tuple[Evaluation, ...]


@dataclass(frozen=True, slots=True)
class Report:
    header: ParsedObject
    title: Code | None
    is_complete: bool
    is_verified: bool
    groups: tuple[MeasurementGroup, ...]


ObjectContent = Segmentation | StructureSet | Report
