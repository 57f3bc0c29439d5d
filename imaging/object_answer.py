"""From what the sandboxed child sent (JSON and bytes) to the content of an object, if it holds together."""

from dataclasses import fields
from typing import Any

import numpy as np

from imaging.domain.vocabulary import Code
from imaging.instances import RTSTRUCT, SEG, ParsedObject, from_json
from imaging.objects import (
    Contour,
    Evaluation,
    Frame,
    MeasurementGroup,
    ObjectContent,
    Region,
    Report,
    ReportedValue,
    Segment,
    Segmentation,
    StructureSet,
)


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
