"""What tells two files of one object apart: a digest of each element, so that no value leaves the sandboxed child."""

import hashlib
import os
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from imaging.dicom import DEFLATED, Source, guarded, open_source
from imaging.dicom_objects import CONTENT_LIMITS
from imaging.header import UNDEFINED_LENGTH

CHUNK = 1 << 20
GROUP_LENGTH = 0x00020000
PADDING = b" \0"


def read_digests(descriptor: int) -> tuple[dict[str, Any], bytes]:
    """``elements``: tag in hexadecimal -> keyword, digest; or the fields of ``FileRefusal``."""
    return guarded(lambda: ({"elements": _digests(descriptor)}, b""))


def _digests(descriptor: int) -> dict[str, tuple[str, str]]:
    source = open_source(descriptor, CONTENT_LIMITS)
    found = {tag: _of_bytes(value) for tag, value in source.meta.items() if tag != GROUP_LENGTH}
    found |= _of_elements(source.dataset)
    if source.pixels is not None:
        found[0x7FE00010] = _of_pixels(source, descriptor)
    return {f"{tag:08X}": (keyword_for_tag(tag), digest) for tag, digest in found.items()}


def _of_elements(dataset: Dataset) -> dict[int, str]:
    return {int(tag): _of_element(dataset, tag) for tag in sorted(dataset.keys())}


def _of_element(dataset: Dataset, tag: BaseTag) -> str:
    """A sequence by what is in it, however its length is written."""
    element = dataset.get_item(tag)
    if isinstance(element, RawDataElement) and _vr(element) != "SQ":
        return _of_bytes(element.value or b"")
    value = dataset[tag].value
    shown = [sorted(_of_elements(item).items()) for item in value] if isinstance(value, Sequence) else value
    return _of_bytes(repr(shown).encode())


def _vr(element: RawDataElement) -> str:
    return element.VR or (dictionary_VR(element.tag) if dictionary_has_tag(element.tag) else "")


def _of_bytes(value: bytes) -> str:
    return hashlib.sha256(value.rstrip(PADDING)).hexdigest()


def _of_pixels(source: Source, descriptor: int) -> str:
    offset, length = source.pixels or (0, 0)
    if source.syntax == DEFLATED:
        return _of_bytes(source.content[offset : offset + length])
    end = source.size if length == UNDEFINED_LENGTH else min(offset + length, source.size)
    digest = hashlib.sha256()
    while chunk := os.pread(descriptor, min(CHUNK, end - offset), offset):
        digest.update(chunk)
        offset += len(chunk)
    return digest.hexdigest()
