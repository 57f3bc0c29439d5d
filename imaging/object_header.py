"""From the raw elements of a segmentation, structure set or report to what is stored about it.

Only the header: who, when, on which series. The content is read when somebody asks for it (``dicom_objects``).
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from typing import Any, Protocol

from imaging import dicom_values as read
from imaging.header import Elements, issuer_of, name_of
from imaging.instances import RTSTRUCT, SEG, SR

SEG_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
LABEL_MAP_CLASS = "1.2.840.10008.5.1.4.1.1.66.7"
RTSTRUCT_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
SR_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{n}" for n in (22, 33, 34))
OBJECT_CLASSES = {**dict.fromkeys(SEG_CLASSES, SEG), RTSTRUCT_CLASS: RTSTRUCT, **dict.fromkeys(SR_CLASSES, SR)}

# Where the content begins and the header pass stops: Shared Functional Groups, ROI Contour and Content Sequence.
CONTENT_STARTS = {SEG: 0x52009229, RTSTRUCT: 0x30060039, SR: 0x0040A730}
MAX_SERIES = 64


class Content(Elements, Protocol):
    """Elements of which long values and all items of a sequence can be had."""

    def whole(self, tag: int) -> bytes: ...
    def each(self, tag: int) -> Iterator["Content"]: ...


def describe_object(elements: Elements, kind: str) -> dict[str, Any]:
    """Everything but the UIDs that ``header.identify`` reads."""
    problems: list[str] = []

    def take(tag: int, convert: Callable[[bytes | None], Any]) -> Any:
        value = elements.get(tag)
        converted = convert(value)
        if converted is None and (value or b"").strip(b" \0"):
            problems.append(f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
        return converted

    def moment(day_tag: int, time_tag: int) -> str:
        return _together(take(day_tag, read.day), take(time_tag, read.clock))

    content = (0x30060008, 0x30060009) if kind == RTSTRUCT else (0x00080023, 0x00080033)
    return {
        "frame_of_reference_uid": frame_of_reference(elements),
        "referenced_series_uids": referenced_series(elements, kind)[:MAX_SERIES],
        "modality": read.text(elements.get(0x00080060))[:16],
        "patient_id": elements.identifier(0x00100020),
        "issuer": issuer_of(elements),
        "patient_name": name_of(elements),
        "birth_date": _iso(take(0x00100030, read.day)),
        "sex": take(0x00100040, read.sex) or "",
        "study_date": _iso(take(0x00080020, read.day)),
        "series_at": moment(0x00080021, 0x00080031),
        "content_at": moment(*content),
        "content_label": _label(elements, kind),
        "series_description": elements.text(0x0008103E)[:64],
        "manufacturer": elements.text(0x00080070)[:64],
        "problems": problems,
    }


def frame_of_reference(elements: Elements) -> str:
    """The object's own; for a structure set the one of its first referenced frame."""
    nested = (read.uid(item.get(0x00200052)) for item in elements.items(0x30060010))
    return read.uid(elements.get(0x00200052)) or next(filter(None, nested), "")


def referenced_series(elements: Elements, kind: str) -> list[str]:
    """Series Instance UIDs the object says it was made on, in its own order, each once."""
    readers = {RTSTRUCT: _of_structure_set, SEG: _of_segmentation, SR: _of_report}
    found = readers[kind](elements) if kind in readers else iter(())
    return list(dict.fromkeys(uid for item in found if (uid := read.uid(item.get(0x0020000E)))))


def referenced_sops(items: Iterable[Content], within: int = 0x0008114A) -> Iterator[str]:
    """SOP Instance UIDs named in the sequence ``within`` of each item."""
    for item in items:
        for reference in item.each(within):
            if found := read.uid(reference.get(0x00081155)):
                yield found


def _of_segmentation(elements: Elements) -> Iterator[Elements]:
    yield from elements.items(0x00081115)
    for study in elements.items(0x00081200):
        yield from study.items(0x00081115)


def _of_structure_set(elements: Elements) -> Iterator[Elements]:
    for frame in elements.items(0x30060010):
        for study in frame.items(0x30060012):
            yield from study.items(0x30060014)


def _of_report(elements: Elements) -> Iterator[Elements]:
    for tag in (0x0040A375, 0x0040A385):
        for study in elements.items(tag):
            yield from study.items(0x00081115)


def _label(elements: Elements, kind: str) -> str:
    if kind == SR:
        title = elements.items(0x0040A043)
        return title[0].text(0x00080104)[:64] if title else ""
    return elements.text(0x30060002 if kind == RTSTRUCT else 0x00700080)[:64]


def _iso(value: date | None) -> str:
    return value.isoformat() if value is not None else ""


def _together(day: date | None, clock: time | None) -> str:
    if day is None:
        return ""
    return day.isoformat() if clock is None else datetime.combine(day, clock).isoformat()
