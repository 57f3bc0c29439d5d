"""A DICOM segmentation (binary, fractional, label map) as its segments and its frames, cut to what is not zero."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging import dicom_values as read
from imaging.header import MAX_ROWS, Unusable
from imaging.object_header import LABEL_MAP_CLASS, Content, referenced_sops

MAX_SEGMENTS = 1024
MAX_FRAMES = 10_000
MAX_BODY_BYTES = 64 << 20
BITS = {"BINARY": (1,), "FRACTIONAL": (8,), "LABELMAP": (8, 16)}
TILED = frozenset({"TILED_FULL", "TILED_SPARSE"})
FRACTIONAL_TYPES = frozenset({"PROBABILITY", "OCCUPANCY"})

Image = dict[str, Any]


def read_segmentation(
    elements: Content, sop_class: str, frames: Callable[[Image], Iterable[NDArray[Any]]]
) -> tuple[dict[str, Any], bytes]:
    """JSON with the cut frames' places in the bytes. Raises ``Unusable``."""
    image = _image(elements, sop_class)
    segments = [_segment(item) for item in _limited("too_many_segments", elements.each(0x00620002), MAX_SEGMENTS)]
    numbers = {segment["number"] for segment in segments}
    if not segments or len(numbers) < len(segments):
        raise Unusable("segments_disagree")
    shared = next(iter(elements.each(0x52009229)), None)
    places = _places(elements, shared, image)
    if not {place["segment"] for place in places if place["segment"]} <= numbers:
        raise Unusable("segments_disagree")
    body = _cut(frames(image), places, is_packed=image["type"] == "BINARY")
    if image["type"] == "LABELMAP":
        segments = [segment for segment in segments if segment["number"]]  # number 0 is the background
    sources = {place["source"] for place in places} | set(referenced_sops(elements.each(0x00081115)))
    return {**image, "segments": segments, "places": places, "sources": sorted(sources - {""})}, body


def _image(elements: Content, sop_class: str) -> Image:
    if read.text(elements.get(0x00209311)) in TILED or elements.get(0x00480006):
        raise Unusable("tiled_segmentation")
    if read.text(elements.get(0x00282110)) == "01":
        raise Unusable("outlines_lossy")
    kind = "LABELMAP" if sop_class == LABEL_MAP_CLASS else read.text(elements.get(0x00620001))
    image = {
        "type": kind,
        "frames": 1 if not elements.get(0x00280008) else read.integer(elements.get(0x00280008)),
        "rows": _short(elements, 0x00280010),
        "columns": _short(elements, 0x00280011),
        "bits_allocated": _short(elements, 0x00280100),
    }
    if kind not in BITS:
        raise Unusable("segmentation_type_unknown")
    if image["bits_allocated"] not in BITS[kind] or read.text(elements.get(0x00280004)) == "RGB":
        raise Unusable("image_header_invalid", "(0028,0100)")
    if not 0 < image["rows"] <= MAX_ROWS or not 0 < image["columns"] <= MAX_ROWS:
        raise Unusable("image_size", f"{image['rows']} x {image['columns']}")
    if image["frames"] is None or image["frames"] < 1:
        raise Unusable("frames_disagree")
    if image["frames"] > MAX_FRAMES:
        raise Unusable("too_many_frames")
    return image | _fraction(elements, kind)


def _fraction(elements: Content, kind: str) -> dict[str, Any]:
    if kind != "FRACTIONAL":
        return {"maximum": 1, "fractional_type": ""}
    maximum, meaning = _short(elements, 0x0062000E), read.text(elements.get(0x00620010))
    if not 0 < maximum < 256 or meaning not in FRACTIONAL_TYPES:
        raise Unusable("segmentation_type_unknown")
    return {"maximum": maximum, "fractional_type": meaning}


def _segment(item: Content) -> dict[str, Any]:
    return {
        "number": _short(item, 0x00620004),
        "label": item.text(0x00620005)[:64],
        "description": item.text(0x00620006)[:1024],
        "tracking_id": item.text(0x00620020)[:64],
        "tracking_uid": read.uid(item.get(0x00620021)) or "",
        "category": code_of(item, 0x00620003),
        "property_type": code_of(item, 0x0062000F),
        "anatomic_region": code_of(item, 0x00082218),
        "algorithm_type": read.text(item.get(0x00620008))[:16],
        "algorithm_name": item.text(0x00620009)[:64],
    }


def code_of(item: Content, tag: int) -> list[str] | None:
    """Value, scheme and meaning of the first code of a sequence."""
    return next((code_values(code) for code in item.each(tag)), None)


def code_values(code: Content) -> list[str]:
    value = code.get(0x00080100) or code.get(0x00080119) or code.get(0x00080120)
    return [read.text(value)[:64], read.text(code.get(0x00080102))[:16], code.text(0x00080104)[:64]]


def _places(elements: Content, shared: Content | None, image: Image) -> list[dict[str, Any]]:
    per_frame = list(_limited("too_many_frames", elements.each(0x52009230), MAX_FRAMES))
    if len(per_frame) != image["frames"]:
        raise Unusable("frames_disagree")
    places = [_place([item, *([shared] if shared else [])]) for item in per_frame]
    image |= {name: places[0].pop(name) for name in ("orientation", "pixel_spacing", "plane_spacing", "thickness")}
    for place in places[1:]:
        if any(place.pop(name) != image[name] for name in ("orientation", "pixel_spacing")):
            raise Unusable("segment_geometry_differs")
        del place["plane_spacing"], place["thickness"]
    if image["type"] == "LABELMAP":
        places = [{**place, "segment": 0} for place in places]
    elif any(place["segment"] == 0 for place in places):
        raise Unusable("segments_disagree")
    return places


def _place(groups: list[Content]) -> dict[str, Any]:
    """Functional groups of one frame: its own first, then those all frames share."""
    measures = _group(groups, 0x00289110)
    position, orientation = _group(groups, 0x00209113), _group(groups, 0x00209116)
    spacing = read.decimals(measures.get(0x00280030), 2) if measures else None
    origin = read.decimals(position.get(0x00200032), 3) if position else None
    cosines = read.decimals(orientation.get(0x00200037), 6) if orientation else None
    if measures is None or spacing is None or origin is None or cosines is None:
        raise Unusable("segment_geometry_missing")
    if min(spacing) <= 0 or max(spacing) > 1000 or max(map(abs, origin)) > 1e5:
        raise Unusable("segment_geometry_missing")
    identification = _group(groups, 0x0062000A)
    return {
        "segment": _short(identification, 0x0062000B) if identification else 0,
        "position": origin,
        "orientation": cosines,
        "pixel_spacing": spacing,
        "plane_spacing": abs(read.decimal(measures.get(0x00180088)) or 0.0),
        "thickness": abs(read.decimal(measures.get(0x00180050)) or 0.0),
        "source": next(referenced_sops(_group_items(groups, 0x00089124), within=0x00082112), ""),
    }


def _group(groups: list[Content], tag: int) -> Content | None:
    return next((item for group in groups for item in group.items(tag)), None)


def _group_items(groups: list[Content], tag: int) -> Iterable[Content]:
    return (item for group in groups for item in group.each(tag))


def _cut(frames: Iterable[NDArray[Any]], places: list[dict[str, Any]], *, is_packed: bool) -> bytes:
    """Adds ``box`` (y0, y1, x0, x1), or None where all is zero; packs the insides one behind the other."""
    body = bytearray()
    for frame, place in zip(frames, places, strict=True):
        place["box"] = box = _box(frame)
        if box:
            inside = np.ascontiguousarray(frame[box[0] : box[1], box[2] : box[3]])
            body += (np.packbits(inside) if is_packed else inside).tobytes()
        if len(body) > MAX_BODY_BYTES:
            raise Unusable("object_too_large")
    return bytes(body)


def _box(frame: NDArray[Any]) -> list[int] | None:
    rows = np.flatnonzero(frame.any(axis=1))
    if not rows.size:
        return None
    columns = np.flatnonzero(frame[rows[0] : rows[-1] + 1].any(axis=0))
    return [int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1]


def _limited(code: str, items: Iterable[Content], most: int) -> Iterable[Content]:
    for count, item in enumerate(items):
        if count >= most:
            raise Unusable(code)
        yield item


def _short(elements: Content, tag: int) -> int:
    value = read.unsigned_short(elements.get(tag), is_little_endian=elements.is_little_endian)
    if value is None:
        raise Unusable("image_header_invalid", f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
    return value
