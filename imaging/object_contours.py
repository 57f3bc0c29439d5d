"""A DICOM RT structure set as its regions of interest and their contours, in LPS mm.

A region whose points cannot be used is named with its ``problem``; the others are not affected.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging import dicom_values as read
from imaging.header import Unusable
from imaging.object_header import Content, frame_of_reference

MAX_ROIS = 1024
MAX_CONTOURS = 50_000
MAX_POINTS = 2_000_000
MAX_MM = 1e5
_NUMBERS = re.compile(rb"[0-9eE+\-. \\]*\Z")  # what float() takes beyond this (nan, inf, 1_0) is no decimal string


def read_structure_set(elements: Content) -> tuple[dict[str, Any], bytes]:
    """JSON with the points' places in the bytes (float64, x y z). Raises ``Unusable``."""
    rois = _rois(elements)
    if elements.get(0x30060039) is None:
        raise Unusable("segments_disagree")  # demanded by the standard: without it the file may be cut off
    points = _Points()
    for item in elements.each(0x30060039):
        number = read.integer(item.get(0x30060084))
        if number not in rois:
            raise Unusable("segments_disagree")
        rois[number] |= {"contours": [], "problem": ""}
        _add_contours(rois[number], item, points)
    sources = {contour["source"] for roi in rois.values() for contour in roi["contours"]} - {""}
    return {"rois": list(rois.values()), "sources": sorted(sources)}, bytes(points.body)


def _rois(elements: Content) -> dict[int, dict[str, Any]]:
    kinds = {read.integer(item.get(0x30060084)): item for item in elements.each(0x30060080)}
    own, rois = frame_of_reference(elements), {}
    for item in elements.each(0x30060020):
        number = read.integer(item.get(0x30060022))
        if number is None or number in rois:
            raise Unusable("segments_disagree")
        if len(rois) >= MAX_ROIS:
            raise Unusable("too_many_segments")
        rois[number] = {
            "number": number,
            "name": item.text(0x30060026)[:64],
            "description": item.text(0x30060028)[:1024],
            "algorithm": read.text(item.get(0x30060036))[:16],
            "interpreted_type": read.text(kinds[number].get(0x300600A4))[:16] if number in kinds else "",
            "frame_of_reference_uid": read.uid(item.get(0x30060024)) or own,
            "contours": [],
            "problem": "",
        }
    return rois


class _Points:
    """Points of all contours one behind the other, up to the limits."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.contours = 0

    def add(self, values: NDArray[np.float64]) -> None:
        self.body += values.astype("<f8").tobytes()
        if len(self.body) > 24 * MAX_POINTS:
            raise Unusable("too_many_points")

    def count_contour(self) -> None:
        self.contours += 1
        if self.contours > MAX_CONTOURS:
            raise Unusable("too_many_contours")


def _add_contours(roi: dict[str, Any], item: Content, points: _Points) -> None:
    for contour in item.each(0x30060040):
        points.count_contour()
        try:
            values = _coordinates(contour)
        except Unusable as refusal:
            roi["problem"] = refusal.code
            continue
        points.add(values)
        roi["contours"].append(
            {
                "type": read.text(contour.get(0x30060042))[:16],
                "points": values.size // 3,
                "source": next(_images(contour.each(0x30060016)), ""),
            }
        )


def _coordinates(contour: Content) -> NDArray[np.float64]:
    """x, y, z of each point. Raises ``Unusable`` if one is no plausible place or they are not as many as announced."""
    content = contour.whole(0x30060050).strip(b" \0")
    try:
        values = np.array([float(part) for part in content.split(b"\\")] if content else [], np.float64)
    except ValueError:
        raise Unusable("contour_points_invalid") from None
    announced = read.integer(contour.get(0x30060046))
    is_plausible = not values.size or np.abs(values).max() <= MAX_MM
    if not _NUMBERS.match(content) or values.size % 3 or announced not in {None, values.size // 3} or not is_plausible:
        raise Unusable("contour_points_invalid")
    return values


def _images(items: Iterable[Content]) -> Iterator[str]:
    for item in items:
        if found := read.uid(item.get(0x00081155)):
            yield found
