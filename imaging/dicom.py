"""The only place that reads DICOM with pydicom. Runs inside the sandboxed child, on open descriptors, never on paths.

``dicom_source`` reads a header to its limits, ``dicom_pixels`` unpacks a compressed frame; here a file becomes fields.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from imaging import dicom_values as read
from imaging import preamble
from imaging.dicom_bytes import EXPLICIT
from imaging.dicom_pixels import bytes_to_check, check_size, decompress, has_lost
from imaging.dicom_source import (
    COMPRESSED,
    DEFLATED,
    MAX_VALUE_BYTES,
    RLE,
    Limits,
    RawElements,
    Source,
    open_source,
    route,
)
from imaging.header import (
    LOSSY_SYNTAXES,
    Unusable,
    check_end,
    check_place,
    describe,
    describe_image,
    frame_bytes,
    identify,
    place_pixels,
)
from imaging.instances import OBJECT_KINDS, PICTURE_KINDS
from imaging.object_header import describe_object
from imaging.picture_header import describe_picture, kind_of

__all__ = [
    "COMPRESSED",
    "DEFLATED",
    "MAX_VALUE_BYTES",
    "RLE",
    "Limits",
    "RawElements",
    "Source",
    "decode",
    "decompress",
    "describe_file",
    "guarded",
    "open_source",
    "parse",
    "route",
]


def parse(descriptor: int) -> dict[str, Any]:
    """One file to the fields of ``ParsedInstance``, ``ParsedObject`` or ``FileRefusal``; a bad file never raises."""
    return guarded(lambda: (_parse(descriptor), b""))[0]


def decode(descriptor: int, image: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The stored integers of a compressed or deflated slice, little endian, row by row; or a refusal and no bytes.

    ``image`` holds the size and layout as parsed at import; a codestream of another size is refused.
    """
    return guarded(lambda: ({}, _decode(descriptor, image)))


def guarded(work: Callable[[], tuple[dict[str, Any], bytes]]) -> tuple[dict[str, Any], bytes]:
    try:
        return work()
    except Unusable as refusal:
        return {"code": refusal.code, "detail": refusal.detail}, b""
    except RecursionError:
        return {"code": "nesting_too_deep", "detail": ""}, b""
    except MemoryError:
        return {"code": "memory_limit", "detail": ""}, b""
    except Exception as error:  # pydicom raises nine classes on damaged files; none may stop the batch
        return {"code": "dicom_damaged", "detail": type(error).__name__}, b""


def _decode(descriptor: int, image: dict[str, Any]) -> bytes:
    source = open_source(descriptor)
    if source.pixels is None:
        raise Unusable("pixel_data_missing")
    if source.syntax in COMPRESSED:
        size = source.size - source.pixels.offset
        found = decompress(source.syntax, os.pread(descriptor, size, source.pixels.offset), image)
    else:
        body = source.content[source.pixels.offset :][: frame_bytes(image)]
        found = np.frombuffer(body, f"<i{image['bits_allocated'] // 8}")
    kind = "i" if image["is_signed"] else "u"
    return found.astype(f"<{kind}{image['bits_allocated'] // 8}").tobytes()


def _parse(descriptor: int) -> dict[str, Any]:
    source = open_source(descriptor)
    elements = source.elements
    kind = route(read.uid(elements.get(0x00080016)))
    if kind in OBJECT_KINDS:
        return describe_file(source, kind)
    kind = kind_of(elements, kind)
    if source.pixels is None:
        raise Unusable("pixel_data_missing")
    uids = identify(elements)
    _check_meta(source.meta, uids)
    layout, size = (EXPLICIT, len(source.content)) if source.syntax == DEFLATED else (source.syntax, source.size)
    if kind in PICTURE_KINDS:
        check_end(*source.pixels, size)
        return _about(source, uids, describe_picture(elements, kind), kind)
    image = describe_image(elements)
    image |= place_pixels(image, layout, *source.pixels, size)
    values = describe(elements) | {"has_preamble": preamble.is_foreign(os.pread(descriptor, preamble.HEAD, 0))}
    check_place(values)
    values["is_lossy"] = values["is_lossy"] or source.syntax in LOSSY_SYNTAXES
    if source.syntax in COMPRESSED:
        start = os.pread(descriptor, bytes_to_check(source.syntax, image), source.pixels.offset)
        check_size(source.syntax, start, image)
        values["is_lossy"] = values["is_lossy"] or has_lost(source.syntax, start)
    return _about(source, uids, image | values, kind)


def _about(source: Source, uids: dict[str, str], values: dict[str, Any], kind: str) -> dict[str, Any]:
    return {**uids, **values, "kind": kind, "size": source.size, "transfer_syntax": source.syntax}


def _check_meta(meta: dict[int, bytes], uids: dict[str, str]) -> None:
    for tag, name in ((0x00020002, "sop_class_uid"), (0x00020003, "sop_uid")):
        if read.uid(meta.get(tag)) not in {None, uids[name]}:
            raise Unusable("uid_contradicted", name)


def describe_file(source: Source, kind: str) -> dict[str, Any]:
    """The fields of ``ParsedObject``.

    Structure sets whose file header names another instance are in circulation (PET images like that are refused): the
    dataset's own UID counts, and the contradiction is listed among the problems.
    """
    uids = identify(source.elements)
    if read.uid(source.meta.get(0x00020002)) not in {None, uids["sop_class_uid"]}:
        raise Unusable("uid_contradicted", "sop_class_uid")
    values = describe_object(source.elements, kind)
    if read.uid(source.meta.get(0x00020003)) not in {None, uids["sop_uid"]}:
        values["problems"].append("(0002,0003)")
    return _about(source, uids, values, kind)
