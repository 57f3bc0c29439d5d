"""A measurement report (TID 1500) as its measurement groups: whose lesion, found where, and each value with its codes.

Numbers are as the other workstation wrote them. They are shown beside ours and never mixed with them.
"""

import math
import struct
from collections.abc import Iterator
from typing import Any

from imaging import dicom_values as read
from imaging.header import Unusable
from imaging.object_frames import code_of
from imaging.object_header import Content, referenced_sops

MAX_CONTENT_ITEMS = 50_000
MAX_DEPTH = 32

MEASUREMENT_GROUP = "125007"
TRACKING_ID, TRACKING_UID = "112039", "112040"
FINDING, FINDING_SITES = "121071", frozenset({"363698007", "G-C0E3"})
SEGMENT, SEGMENT_FRAME, SOURCE_SERIES = "121191", "121214", "121232"
BACKGROUND = "126040"
DERIVATION, METHODS = "121401", frozenset({"370129005", "G-C036"})
TIME_POINT = frozenset({"126070", "126071", "126072", "126073", "C2348792"})


def read_report(elements: Content) -> dict[str, Any]:
    """Groups in the order of the tree. Items given by reference are not followed. Raises ``Unusable``."""
    groups = [_group(item) for item in _walk(elements, [0], 0) if _name(item)[0] == MEASUREMENT_GROUP]
    return {
        "title": code_of(elements, 0x0040A043),
        "is_complete": read.text(elements.get(0x0040A491)) == "COMPLETE",
        "is_verified": read.text(elements.get(0x0040A493)) == "VERIFIED",
        "groups": groups,
        "sources": sorted({uid for tag in (0x0040A375, 0x0040A385) for uid in _evidence(elements, tag)}),
    }


def _walk(item: Content, count: list[int], depth: int) -> Iterator[Content]:
    if depth > MAX_DEPTH:
        raise Unusable("nesting_too_deep")
    for child in item.each(0x0040A730):
        count[0] += 1
        if count[0] > MAX_CONTENT_ITEMS:
            raise Unusable("too_many_content_items")
        yield child
        yield from _walk(child, count, depth + 1)


def _group(group: Content) -> dict[str, Any]:
    found: dict[str, Any] = {
        "tracking_id": "",
        "tracking_uid": "",
        "finding": None,
        "finding_site": None,
        "method": None,
        "segment": None,
        "source_series_uids": [],
        "measurements": [],
        "evaluations": [],
    }
    for item in group.each(0x0040A730):
        _add(found, item)
    return found


def _add(found: dict[str, Any], item: Content) -> None:
    kind, name = read.text(item.get(0x0040A040)), _name(item)
    if kind == "NUM":
        found["measurements"].append(_measurement(item, name))
    elif kind == "CODE":
        _add_code(found, name, code_of(item, 0x0040A168))
    elif kind == "TEXT" and name[0] == TRACKING_ID:
        found["tracking_id"] = item.text(0x0040A160)[:256]
    elif kind == "TEXT" and name[0] not in TIME_POINT:
        found["evaluations"].append({"name": name, "value": None, "text": item.text(0x0040A160)[:1024]})
    elif kind == "UIDREF":
        _add_uid(found, name[0], read.uid(item.get(0x0040A124)) or "")
    elif kind == "IMAGE" and name[0] in {SEGMENT, SEGMENT_FRAME}:
        found["segment"] = _segment(item)


def _add_code(found: dict[str, Any], name: list[str], value: list[str] | None) -> None:
    if name[0] == FINDING:
        found["finding"] = value
    elif name[0] in FINDING_SITES:
        found["finding_site"] = value
    elif name[0] in METHODS:
        found["method"] = value
    elif value:
        found["evaluations"].append({"name": name, "value": value, "text": ""})


def _add_uid(found: dict[str, Any], name: str, uid: str) -> None:
    if name == TRACKING_UID:
        found["tracking_uid"] = uid
    elif name == SOURCE_SERIES and uid:
        found["source_series_uids"].append(uid)


def _segment(item: Content) -> dict[str, Any]:
    reference = next(item.each(0x00081199), None)
    number = reference.get(0x0062000B) if reference else None
    return {
        "sop_uid": (read.uid(reference.get(0x00081155)) if reference else None) or "",
        "number": read.unsigned_short(number, is_little_endian=item.is_little_endian) or 0,
    }


def _measurement(item: Content, name: list[str]) -> dict[str, Any]:
    measured = next(item.each(0x0040A300), None)
    modifiers = [(_name(child)[0], code_of(child, 0x0040A168)) for child in item.each(0x0040A730)]
    return {
        "name": name,
        "value": _number(measured) if measured else None,
        "unit": code_of(measured, 0x004008EA) if measured else None,
        "derivation": next((code for what, code in modifiers if what == DERIVATION), None),
        "method": next((code for what, code in modifiers if what in METHODS), None),
        "background": next((code for what, code in modifiers if what == BACKGROUND), None),
    }


def _number(measured: Content) -> float | None:
    """The decimal string, which has 16 characters; the exact number where the report gives one that agrees with it."""
    written, exact = read.decimal(measured.get(0x0040A30A)), measured.get(0x0040A161)
    if written is None or exact is None or len(exact) != 8:
        return written
    (found,) = struct.unpack("<d" if measured.is_little_endian else ">d", exact)
    return found if math.isclose(found, written, rel_tol=1e-6) else written


def _name(item: Content) -> list[str]:
    return code_of(item, 0x0040A043) or ["", "", ""]


def _evidence(elements: Content, tag: int) -> Iterator[str]:
    for study in elements.each(tag):
        yield from referenced_sops(study.each(0x00081115), within=0x00081199)
