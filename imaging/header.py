"""From the raw elements of one PET or CT slice to the values we use, each read strictly (``dicom_values``).

Vendor quirks end here: GE and Philips private elements are found with their private creator, without one, or as UN.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Protocol

from imaging import dicom_values as read
from imaging.domain.errors import VolumeUnavailable
from imaging.domain.geometry import check_plane
from imaging.domain.vocabulary import find_nuclide, find_tracer
from imaging.instances import NATIVE_SYNTAXES

MAX_ROWS = 4096
MAX_NAME_CHARS = 400
UNDEFINED_LENGTH = 0xFFFFFFFF
TIME_COUNTS = (0x00540101, 0x00540071, 0x00540061)
SINGLE_BYTE = frozenset(f"ISO_IR {n}" for n in (100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203))
LOSSY_SYNTAXES = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81"})


class Unusable(Exception):
    """This file cannot be used; ``code`` is a key of the reasons catalogue."""

    def __init__(self, code: str, detail: str = ""):
        super().__init__(code)
        self.code = code
        self.detail = detail


class Elements(Protocol):
    """Raw values by tag number; ``text`` decodes with the character set of the file."""

    is_little_endian: bool

    def get(self, tag: int) -> bytes | None: ...
    def items(self, tag: int) -> list["Elements"]: ...
    def text(self, tag: int) -> str: ...
    def identifier(self, tag: int) -> str: ...
    def person(self, tag: int) -> str: ...


def identify(elements: Elements) -> dict[str, str]:
    """The four UIDs without which an object has no place."""
    found = {
        "sop_class_uid": read.uid(elements.get(0x00080016)),
        "sop_uid": read.uid(elements.get(0x00080018)),
        "study_uid": read.uid(elements.get(0x0020000D)),
        "series_uid": read.uid(elements.get(0x0020000E)),
    }
    if None in found.values():
        raise Unusable("uid_invalid")
    return {name: value for name, value in found.items() if value is not None}


def describe_image(elements: Elements) -> dict[str, Any]:
    """Size and bit layout of the single frame; raises ``Unusable`` for what we never decode."""
    frames = elements.get(0x00280008)
    if frames and read.integer(frames) != 1:
        raise Unusable("multiframe_unsupported")
    if _short(elements, 0x00280002) != 1 or not read.text(elements.get(0x00280004)).startswith("MONOCHROME"):
        raise Unusable("colour_image")
    image = {
        "rows": _short(elements, 0x00280010),
        "columns": _short(elements, 0x00280011),
        "bits_allocated": _short(elements, 0x00280100),
        "bits_stored": _short(elements, 0x00280101),
        "high_bit": _short(elements, 0x00280102),
    }
    if not 0 < image["rows"] <= MAX_ROWS or not 0 < image["columns"] <= MAX_ROWS:
        raise Unusable("image_size", f"{image['rows']} x {image['columns']}")
    if image["bits_allocated"] not in {8, 16, 32} or not (
        0 < image["bits_stored"] <= image["high_bit"] + 1 <= image["bits_allocated"]
    ):
        raise Unusable("image_header_invalid", "(0028,0100)")
    sign = _short(elements, 0x00280103)
    if sign > 1:
        raise Unusable("image_header_invalid", "(0028,0103)")
    return {**image, "is_signed": bool(sign)}


def describe(elements: Elements) -> dict[str, Any]:
    """Everything but the UIDs, the image and the place of its pixels."""
    problems: list[str] = []
    reader = _Reader(elements, problems)
    return {
        **_person(elements, reader),
        **_times(elements, reader),
        **_geometry(elements, reader),
        **_quantity(elements, reader),
        **_radiopharmaceutical(elements, problems, reader.scanner_offset),
        **_vendor(elements, reader),
        "problems": problems,
    }


def check_place(values: dict[str, Any]) -> None:
    """A slice that lies nowhere is none, whatever the others of its series say."""
    if values["position"] is None:
        raise Unusable("position_missing")
    if code := _objection(values["orientation"], values["pixel_spacing"]):
        raise Unusable(code)


@lru_cache(64)
def _objection(orientation: tuple[float, ...] | None, pixel_spacing: tuple[float, ...] | None) -> str:
    """Remembered, as all slices of a series have the same."""
    try:
        check_plane(orientation or (), pixel_spacing or ())
    except VolumeUnavailable as refusal:
        return refusal.code
    return ""


def frame_bytes(image: dict[str, Any]) -> int:
    return int(image["rows"] * image["columns"] * image["bits_allocated"] // 8)


def place_pixels(image: dict[str, Any], syntax: str, offset: int, length: int, size: int) -> dict[str, int]:
    """Check what the header promises against what the file holds, before anybody decodes or trusts it."""
    expected = frame_bytes(image)
    if syntax not in NATIVE_SYNTAXES:
        if length != UNDEFINED_LENGTH or offset >= size:
            raise Unusable("pixel_data_length")
        return {"pixel_offset": offset, "pixel_length": size - offset}
    if length == UNDEFINED_LENGTH:
        raise Unusable("pixel_data_length")
    check_end(offset, length, size)
    if not expected <= length < 2 * expected:
        raise Unusable("pixel_data_length")
    return {"pixel_offset": offset, "pixel_length": expected}


def check_end(offset: int, length: int, size: int) -> None:
    if length != UNDEFINED_LENGTH and offset + length > size:
        raise Unusable("file_truncated")


class _Reader:
    """Reads numbers and dates; what is present but unusable is noted once and counts as missing."""

    def __init__(self, elements: Elements, problems: list[str]):
        self._elements = elements
        self._problems = problems
        self.scanner_offset = read.utc_offset(elements.get(0x00080201))

    def take(self, tag: int, convert: Callable[[bytes | None], Any]) -> Any:
        value = self._elements.get(tag)
        converted = convert(value)
        if converted is None and (value or b"").strip(b" \0"):
            self._problems.append(f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
        return converted

    def number(self, tag: int) -> float | None:
        found: float | None = self.take(tag, read.decimal)
        return found

    def numbers(self, tag: int, count: int) -> tuple[float, ...] | None:
        found: tuple[float, ...] | None = self.take(tag, lambda value: read.decimals(value, count))
        return found

    def day(self, tag: int) -> date | None:
        found: date | None = self.take(tag, read.day)
        return found

    def clock(self, tag: int) -> time | None:
        found: time | None = self.take(tag, read.clock)
        return found

    def moment(self, tag: int) -> datetime | None:
        found: datetime | None = self.take(tag, lambda value: read.moment(value, scanner_offset=self.scanner_offset))
        return found


def _iso(value: date | time | datetime | None) -> str:
    return value.isoformat() if value is not None else ""


def _together(day: date | None, clock: time | None) -> str:
    return datetime.combine(day, clock).isoformat() if day is not None and clock is not None else ""


def _person(elements: Elements, reader: _Reader) -> dict[str, Any]:
    return {
        "patient_id": elements.identifier(0x00100020),
        "issuer": issuer_of(elements),
        "patient_name": name_of(elements),
        "is_charset_doubtful": is_charset_doubtful(elements),
        "birth_date": _iso(reader.day(0x00100030)),
        "sex": reader.take(0x00100040, read.sex) or "",
        "body_weight_kg": reader.number(0x00101030),
        "body_height_m": reader.number(0x00101020),
    }


def issuer_of(elements: Elements) -> str:
    """Who gave the patient's ID; of senders that name it in the qualifiers alone, its universal entity ID."""
    qualifiers = elements.items(0x00100024)
    return elements.identifier(0x00100021) or (qualifiers[0].identifier(0x00400032) if qualifiers else "")


def name_of(elements: Elements) -> str:
    """The patient's name. It goes no further than ``instances.from_json``, which makes a print of it."""
    return elements.person(0x00100010)[:MAX_NAME_CHARS]


def is_charset_doubtful(elements: Elements) -> bool:
    """Letters beyond ASCII without a character set, or that are UTF-8 under one of single bytes."""
    declared = read.texts(elements.get(0x00080005))
    written = b"".join(elements.get(tag) or b"" for tag in (0x00100010, 0x00100020, 0x0008103E))
    if written.isascii() or (declared and not set(declared) <= SINGLE_BYTE):
        return False
    return not declared or _is_utf8(written)


def _is_utf8(written: bytes) -> bool:
    try:
        written.decode()
    except UnicodeDecodeError:
        return False
    return True


def _times(elements: Elements, reader: _Reader) -> dict[str, Any]:
    whole = reader.moment(0x0008002A) if elements.get(0x0008002A) else None
    return {
        "study_date": _iso(reader.day(0x00080020)),
        "series_at": _together(reader.day(0x00080021), reader.clock(0x00080031)),
        "acquired_at": _together(reader.day(0x00080022), reader.clock(0x00080032)) or _iso(whole),
        "utc_offset": read.text(elements.get(0x00080201)) if reader.scanner_offset is not None else "",
        "frame_reference_time_ms": reader.number(0x00541300),
        "frame_duration_ms": reader.number(0x00181242),
    }


def _short(elements: Elements, tag: int) -> int:
    value = read.unsigned_short(elements.get(tag), is_little_endian=elements.is_little_endian)
    if value is None:
        raise Unusable("image_header_invalid", f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
    return value


def _geometry(elements: Elements, reader: _Reader) -> dict[str, Any]:
    counts = [read.unsigned_short(elements.get(tag), is_little_endian=elements.is_little_endian) for tag in TIME_COUNTS]
    return {
        "time_points": max(1, *(count or 1 for count in counts)),
        "frame_of_reference_uid": read.uid(elements.get(0x00200052)) or "",
        "position": reader.numbers(0x00200032, 3),
        "orientation": reader.numbers(0x00200037, 6),
        "pixel_spacing": reader.numbers(0x00280030, 2),
        "instance_number": reader.take(0x00200013, read.integer),
        "slice_count": read.unsigned_short(elements.get(0x00540081), is_little_endian=elements.is_little_endian),
    }


def _quantity(elements: Elements, reader: _Reader) -> dict[str, Any]:
    slope, intercept = reader.number(0x00281053), reader.number(0x00281052)
    if slope is None or slope <= 0:
        raise Unusable("rescale_unusable")
    if intercept is None and (elements.get(0x00281052) or b"").strip(b" \0"):
        raise Unusable("rescale_unusable")
    corrected = elements.get(0x00280051)
    return {
        "slope": slope,
        "intercept": intercept or 0.0,
        "modality": read.text(elements.get(0x00080060)),
        "manufacturer": elements.text(0x00080070)[:64],
        "model_name": elements.text(0x00081090)[:64],
        "series_description": elements.text(0x0008103E)[:64],
        "image_type": read.texts(elements.get(0x00080008)),
        "series_type": read.texts(elements.get(0x00541000)),
        "corrected_image": None if corrected is None else read.texts(corrected),
        "reconstruction": "|".join((elements.text(0x00541103), elements.text(0x00181210)))[:128].strip("|"),
        "units": read.text(elements.get(0x00541001)),
        "suv_type": read.text(elements.get(0x00541006)),
        "decay_correction": read.text(elements.get(0x00541102)),
        "is_lossy": read.text(elements.get(0x00282110)) == "01",
        "burned_in": read.text(elements.get(0x00280301)),
    }


def _radiopharmaceutical(elements: Elements, problems: list[str], scanner_offset: timedelta | None) -> dict[str, Any]:
    items = elements.items(0x00540016)
    if not items:
        return {**_NO_RADIOPHARMACEUTICAL}
    item = items[0]
    reader = _Reader(item, problems)
    reader.scanner_offset = scanner_offset
    nuclide_code, nuclide_text = _code(item, 0x00540300)
    tracer_code, tracer_text = _code(item, 0x00540304)
    name = item.text(0x00180031)
    nuclide = find_nuclide(nuclide_code, nuclide_text) or find_nuclide(text=f"{tracer_text} {name}")
    return {
        "administrations": len(items),
        "total_dose": reader.number(0x00181074),
        "half_life_s": reader.number(0x00181075),
        "administered_at": _iso(reader.moment(0x00181078)),
        "administered_time": _iso(reader.clock(0x00181072)),
        "nuclide": nuclide,
        "tracer": str(find_tracer(tracer_code, f"{tracer_text} {name}", nuclide)),
        "radiopharmaceutical": (name or tracer_text)[:64],
    }


_NO_RADIOPHARMACEUTICAL: dict[str, Any] = {
    "administrations": 0,
    "total_dose": None,
    "half_life_s": None,
    "administered_at": "",
    "administered_time": "",
    "nuclide": "",
    "tracer": "",
    "radiopharmaceutical": "",
}


def _code(item: Elements, tag: int) -> tuple[str, str]:
    codes = item.items(tag)
    if not codes:
        return "", ""
    return read.text(codes[0].get(0x00080100)), codes[0].text(0x00080104)


def _vendor(elements: Elements, reader: _Reader) -> dict[str, Any]:
    vendor = read.text(elements.get(0x00080070)).lower()
    ge = _private_block(elements, 0x00090000, "GEMS_PETD_01", vendor.startswith("ge"))
    philips = _private_block(elements, 0x70530000, "Philips PET Private Group", vendor.startswith("philips"))
    decay = elements.get(ge | 0x0D) if ge else None
    return {
        "ge_decay_at": _iso(read.moment(decay, scanner_offset=reader.scanner_offset)),
        "philips_suv_factor": read.decimal(elements.get(philips)) if philips else None,
        "philips_activity_factor": read.decimal(elements.get(philips | 0x09)) if philips else None,
    }


def _private_block(elements: Elements, group: int, creator: str, is_vendor: bool) -> int:
    """First tag of the block that the creator reserved; of the first block where the file names no creator; or 0."""
    names = [elements.get(group | block) for block in range(0x10, 0x14)]
    if not any(names):
        return group | 0x1000 if is_vendor else 0
    for block, name in enumerate(names, 0x10):
        if read.text(name) == creator:
            return group | block << 8
    return 0
