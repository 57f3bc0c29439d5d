"""One random change of a series of files: bits, lengths, VRs, values, ends; or one critical tag of one slice."""

import random
import re
import struct
from collections.abc import Callable

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.imaging.dicom_files import pet_slice, radiopharmaceutical, to_bytes
from tests.imaging.zoo.box import raw

SLICES = 3
SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
GARBAGE = (
    *(b"", b"0", b"-1", b"NaN", b"inf", b"1e400", b"1,5", b"7O", b"70\\71", b"\xff\xfe", b"\0", b"\x1b$B", b"99999999"),
    *(
        b"20990101",
        b"00000000",
        b"240000",
        b"1" * 70,
        b"9" * 5000,
        b"\\" * 40,
        b"../../x",
        b"<script>",
        b"GML",
        b"CNTS",
    ),
    *(b"ADMIN", b"NONE", b"ISO 2022 IR 87", b"1.2.840.10008.1.2.5", b"4294967296", b"-0", b"+1.E-5", b"."),
)
USUAL_VRS = re.compile(rb"DS|LO|CS|UI|SQ|US|DA|TM")
VRS = (b"UL", b"US", b"SQ", b"OB", b"UN", b"DS", b"LO", b"AT", b"FD", b"zz", b"\0\0")

# What an SUV rests on and all slices must share: (tag, VR, in the radiopharmaceutical item, another plausible value).
CRITICAL: tuple[tuple[int, str, bool, bytes], ...] = (
    (0x00101030, "DS", False, b"71"),
    (0x00541001, "CS", False, b"GML"),
    (0x00541102, "CS", False, b"ADMIN"),
    (0x00280051, "CS", False, b"NORM\\ATTN"),
    (0x00080031, "TM", False, b"121500"),
    (0x00080021, "DA", False, b"20250309"),
    (0x00181074, "DS", True, b"151000000"),
    (0x00181075, "DS", True, b"6586.2"),
    (0x00181078, "DT", True, b"20250310111500"),
    (0x00181072, "TM", True, b"111500"),
    (0x00541006, "CS", False, b"LBMJAMES128"),
    (0x70531000, "DS", False, b"0.0006"),
    (0x70531009, "DS", False, b"1.5"),
)
# What else an SUV may come from: Philips counts with one or both factors, and images that are SUV already.
PHILIPS = ((0x70530010, "LO", b"Philips PET Private Group"), (0x70531009, "DS", b"1.25"), (0x70531000, "DS", b"0.0005"))


def series(rng: random.Random) -> list[Dataset]:
    patient_id, kind = f"FUZZ-{rng.randrange(10)}", rng.random()
    slices = [pet_slice(k, PatientID=patient_id) for k in range(SLICES)]
    if kind < 0.2:
        both = rng.random() < 0.5
        for ds in slices:
            ds.Manufacturer, ds.Units = "Philips Medical Systems", "CNTS"
            for tag, vr, value in PHILIPS if both else PHILIPS[:2]:
                raw(ds, tag, vr, value)
    elif kind < 0.4:
        suv_type = rng.choice(["", "BW", "LBM", "IBW"])
        for ds in slices:
            ds.Units, ds.RescaleSlope, ds.SUVType = "GML", "0.001", suv_type
    return slices


def flip(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def flip_header(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(128, _pixels(data))] = rng.randrange(256)


def cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def insert(rng: random.Random, data: bytearray) -> None:
    place = rng.randrange(132, len(data))
    data[place:place] = rng.randbytes(rng.randint(1, 40))


def delete(rng: random.Random, data: bytearray) -> None:
    place = rng.randrange(132, len(data))
    del data[place : place + rng.randint(1, 40)]


def repeat(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(132, len(data))
    data[start:start] = data[start : start + rng.randint(1, 400)] * rng.randint(1, 20)


def lie_about_length(rng: random.Random, data: bytearray) -> None:
    place = rng.randrange(132, _pixels(data)) & ~1
    lie = rng.choice([0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, rng.getrandbits(32)])
    if rng.random() < 0.5:
        struct.pack_into("<I", data, min(place, len(data) - 4), lie)
    else:
        struct.pack_into("<H", data, min(place, len(data) - 2), lie & 0xFFFF)


def swap_vr(rng: random.Random, data: bytearray) -> None:
    found = [match.start() for match in USUAL_VRS.finditer(data, 136, _pixels(data))]
    if found:
        place = rng.choice(found)
        data[place : place + 2] = rng.choice(VRS)


def _pixels(data: bytearray) -> int:
    at = data.rfind(b"\xe0\x7f\x10\x00")
    return at if at > 140 else len(data)


BYTES: tuple[Callable[[random.Random, bytearray], None], ...] = (
    flip, flip_header, cut, insert, delete, repeat, lie_about_length, lie_about_length, swap_vr,
)  # fmt: skip


def garbage(rng: random.Random, slices: list[Dataset]) -> None:
    """A value that none is, in one slice or in all, at the top or in the radiopharmaceutical."""
    of_item = rng.random() < 0.3
    tags = [int(e.tag) for e in (radiopharmaceutical(slices[0]) if of_item else slices[0]) if int(e.tag) != 0x7FE00010]
    tag, value = rng.choice(tags), rng.choice(GARBAGE) if rng.random() < 0.8 else rng.randbytes(rng.randint(1, 60))
    for ds in slices if rng.random() < 0.5 else [rng.choice(slices)]:
        target = radiopharmaceutical(ds) if of_item else ds
        if target.get_item(tag) is not None and target.get_item(tag).VR != "SQ":
            raw(target, tag, target.get_item(tag).VR, value)


def disagree(rng: random.Random, slices: list[Dataset]) -> None:
    """One slice with another value of one critical tag, or without it."""
    tag, vr, of_item, value = rng.choice(CRITICAL)
    ds = rng.choice(slices)
    target = radiopharmaceutical(ds) if of_item else ds
    if rng.random() < 0.2 and target.get_item(tag) is not None:
        del target[tag]
    else:
        raw(target, tag, vr, value)


def mutated(rng: random.Random) -> list[bytes]:
    """The files of one series; up to all of them changed."""
    slices, kind = series(rng), rng.random()
    if kind < 0.35:
        disagree(rng, slices)
    elif kind < 0.7:
        garbage(rng, slices)
    syntax = SYNTAXES[0] if kind < 0.7 else rng.choice(SYNTAXES)  # pydicom would convert what is garbage
    files = [bytearray(to_bytes(ds, syntax)) for ds in slices]
    if kind >= 0.6:
        for data in files if rng.random() < 0.5 else [rng.choice(files)]:
            rng.choice(BYTES)(rng, data)
    return [bytes(data) for data in files]
