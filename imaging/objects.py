"""What an outline or report of another workstation holds, as the sandboxed child read it: typed, frozen, no pydicom.

Segments and regions are told apart by their number and their tracking UID. Labels are shown, never compared: ten
segments of one file can carry the same one.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.vocabulary import Code
from imaging.instances import RTSTRUCT, SEG, ParsedObject, from_json


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


def content_from(values: dict[str, Any], body: bytes) -> ObjectContent:
    """Rebuild what the child sent. ``TypeError``, ``KeyError`` or ``ValueError``: it does not hold together."""
    header, content = from_json(values["header"]), values["content"]
    if not isinstance(header, ParsedObject):
        raise TypeError("the header is not one of an object")
    if header.kind == SEG:
        return _segmentation(header, content, body)
    if header.kind == RTSTRUCT:
        return _structure_set(header, content, body)
    return _report(header, content)


def _segmentation(header: ParsedObject, content: dict[str, Any], body: bytes) -> Segmentation:
    frames, at = [], 0
    for place in content["places"]:
        if place["box"] is None:
            continue
        frame, at = _frame(place, content, body, at)
        frames.append(frame)
    _expect(at == len(body))
    return Segmentation(
        header=header,
        kind=content["type"],
        rows=content["rows"],
        columns=content["columns"],
        maximum=content["maximum"],
        fractional_type=content["fractional_type"],
        orientation=tuple(content["orientation"]),
        pixel_spacing=(content["pixel_spacing"][0], content["pixel_spacing"][1]),
        plane_spacing=content["plane_spacing"],
        thickness=content["thickness"],
        segments=tuple(_coded(Segment, segment) for segment in content["segments"]),
        frames=tuple(frames),
        frame_count=content["frames"],
        plane_positions=tuple(sorted({_triple(place["position"]) for place in content["places"]})),
        source_sop_uids=frozenset(content["sources"]),
    )


def _frame(place: dict[str, Any], content: dict[str, Any], body: bytes, at: int) -> tuple[Frame, int]:
    y0, y1, x0, x1 = place["box"]
    _expect(0 <= y0 < y1 <= content["rows"] and 0 <= x0 < x1 <= content["columns"])
    shape = (y1 - y0, x1 - x0)
    count = shape[0] * shape[1]
    if content["type"] == "BINARY":
        size = (count + 7) // 8
        values = np.unpackbits(np.frombuffer(body, np.uint8, size, at), count=count).astype(bool)
    else:
        dtype = np.dtype(f"<u{content['bits_allocated'] // 8}")
        size = count * dtype.itemsize
        values = np.frombuffer(body, dtype, count, at)
    frame = Frame(
        place["segment"], _triple(place["position"]), place["source"], (y0, y1, x0, x1), values.reshape(shape)
    )
    return frame, at + size


def _structure_set(header: ParsedObject, content: dict[str, Any], body: bytes) -> StructureSet:
    points, at, regions = np.frombuffer(body, "<f8").reshape(-1, 3), 0, []
    for roi in content["rois"]:
        contours = []
        for contour in roi.pop("contours"):
            found = points[at : at + contour["points"]]
            at += contour["points"]
            contours.append(Contour(contour["type"], found, contour["source"]))
        regions.append(Region(**roi, contours=tuple(contours)))
    _expect(at == len(points))
    return StructureSet(header, tuple(regions), frozenset(content["sources"]))


def _report(header: ParsedObject, content: dict[str, Any]) -> Report:
    return Report(
        header=header,
        title=_code(content["title"]),
        is_complete=content["is_complete"],
        is_verified=content["is_verified"],
        groups=tuple(_group(group) for group in content["groups"]),
    )


def _group(values: dict[str, Any]) -> MeasurementGroup:
    segment = values["segment"] or {"sop_uid": "", "number": 0}
    return MeasurementGroup(
        tracking_id=values["tracking_id"],
        tracking_uid=values["tracking_uid"],
        finding=_code(values["finding"]),
        finding_site=_code(values["finding_site"]),
        method=_code(values["method"]),
        segment_sop_uid=segment["sop_uid"],
        segment_number=segment["number"],
        source_series_uids=tuple(values["source_series_uids"]),
        measurements=tuple(_coded(ReportedValue, one) for one in values["measurements"]),
        evaluations=tuple(_coded(Evaluation, one) for one in values["evaluations"]),
    )


def _coded(kind: type, values: dict[str, Any]) -> Any:
    """``kind`` with its codes rebuilt: what arrives as a list of three is one."""
    _expect(set(values) == {field.name for field in fields(kind)})
    return kind(**{name: _code(value) if isinstance(value, list) else value for name, value in values.items()})


def _code(values: list[str] | None) -> Code | None:
    return None if values is None else Code(*values)


def _triple(values: list[float]) -> tuple[float, float, float]:
    x, y, z = values
    return (x, y, z)


def _expect(is_so: bool) -> None:
    if not is_so:
        raise ValueError("the answer does not hold together")
