"""Pictures of a screen, and ultrasound, which may have a name burned in: only their header is read, never a pixel."""

import re
from typing import Any

from imaging import dicom_values as read
from imaging.header import Elements, Unusable
from imaging.instances import SC, US
from imaging.object_header import describe_object

_STORAGE = "1.2.840.10008.5.1.4.1.1."
SCREEN_CLASSES = frozenset(_STORAGE + part for part in ("7", "7.1", "7.2", "7.3", "7.4"))
ULTRASOUND_CLASSES = frozenset(_STORAGE + part for part in ("3", "3.1", "6", "6.1", "6.2"))
PICTURE_CLASSES = {**dict.fromkeys(SCREEN_CLASSES, SC), **dict.fromkeys(ULTRASOUND_CLASSES, US)}

# Dose pages and screen saves are also sent as CT or PET images; their image type says what they are.
_NO_SLICE = re.compile(r"SCREEN|DOSE[ _]?(INFO|REPORT|RECORD)|[ _]PROT\Z")


def kind_of(elements: Elements, kind: str) -> str:
    """The kind by class, unless the image type knows better. Ultrasound that says it shows no text is not used."""
    if kind == US and read.text(elements.get(0x00280301)) == "NO":
        raise Unusable("not_used_here", read.uid(elements.get(0x00080016)) or "")
    words = read.texts(elements.get(0x00080008))
    return SC if any(_NO_SLICE.search(word.upper()) for word in words) else kind


def describe_picture(elements: Elements, kind: str) -> dict[str, Any]:
    return describe_object(elements, kind) | {"hold": _hold(kind)}


def _hold(kind: str) -> str:
    return "ultrasound_picture" if kind == US else "secondary_capture"
