"""The content of segmentations, structure sets and reports, read inside the sandboxed child: JSON and bytes.

What the objects mean for a volume is decided elsewhere (``outlines``); here they are only read, strictly and to limits.
"""

from typing import Any

from imaging import dicom_values as read
from imaging.dicom import Limits, Source, describe_file, guarded, open_source, route
from imaging.dicom_frames import Frames
from imaging.header import Unusable
from imaging.instances import OBJECT_KINDS, RTSTRUCT, SEG
from imaging.object_contours import read_structure_set
from imaging.object_frames import read_segmentation
from imaging.object_report import read_report

CONTENT_LIMITS = Limits(header_bytes=64 << 20, elements=400_000)


def read_object(descriptor: int) -> tuple[dict[str, Any], bytes]:
    """``header`` (the fields of ``ParsedObject``) and ``content`` with its bytes; or the fields of ``FileRefusal``."""
    return guarded(lambda: _read(descriptor))


def _read(descriptor: int) -> tuple[dict[str, Any], bytes]:
    source = open_source(descriptor, CONTENT_LIMITS)
    kind = route(read.uid(source.elements.get(0x00080016)))
    if kind not in OBJECT_KINDS:
        raise Unusable("object_expected")
    header = describe_file(source, kind)
    content, body = _content(source, descriptor, kind, header["sop_class_uid"])
    if header["sop_uid"] in content.get("sources", ()):
        raise Unusable("object_refers_to_itself")
    return {"header": header, "content": content}, body


def _content(source: Source, descriptor: int, kind: str, sop_class: str) -> tuple[dict[str, Any], bytes]:
    if kind == SEG:
        return read_segmentation(source.elements, sop_class, lambda image: Frames(source, descriptor, image))
    if kind == RTSTRUCT:
        return read_structure_set(source.elements)
    return read_report(source.elements), b""
