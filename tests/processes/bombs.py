"""Hostile files by name, each with the reasons of which one must be given."""

import gzip
import io
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pydicom.encaps import encapsulate
from pydicom.uid import ImplicitVRLittleEndian, JPEGLSLossless

from tests.imaging.dicom_files import pet_slice, to_bytes
from tests.imaging.test_sandbox import (
    deep_sequences,
    four_gigabytes_declared,
    gigabyte_of_zeros,
    huge_rle,
    wide_sequence,
)
from tests.imaging.zoo import archives
from tests.imaging.zoo.box import Box


class Bomb(NamedTuple):
    name: str
    data: bytes
    codes: set[str]


ARCHIVES: dict[str, tuple[Callable[[Box], None], set[str]]] = {
    "ratio": (archives.bomb_in_zip, {"archive_bomb"}),
    "zip_in_zip": (archives.zip_in_zip, {"archive_nested"}),
    "quine": (archives.quine, {"archive_nested"}),
    "many_entries": (archives.many_entries, {"too_many_files"}),
    "zip64": (archives.many_entries_by_zip64, {"too_many_files"}),
    "inside_each_other": (archives.inside_each_other, {"archive_bomb"}),
    "method": (archives.unknown_method, {"archive_method"}),
    "long_name": (archives.named("@" + "a" * 60_000), {"archive_unsafe_name"}),
    "nul_name": (archives.with_nul_name, {"archive_unsafe_name"}),
    "lying_size": (archives.lying_size, {"archive_damaged"}),
    "overlapping": (archives.overlapping, {"archive_bomb"}),
    "links": (archives.links_in_zip, {"archive_link"}),
    "elsewhere": (archives.named("../@a", "/etc/@b", "..\\@c", "C:/x/@d", "\\\\server\\@e"), {"archive_unsafe_name"}),
    "encrypted": (archives.encrypted, {"archive_encrypted"}),
}
LARGE = 1 << 20


def packed_twice() -> bytes:
    """A gigabyte of zeros in a gzip in a gzip."""
    inner = io.BytesIO()
    with gzip.GzipFile(fileobj=inner, mode="w", compresslevel=9, mtime=0) as target:
        for _ in range(1024):
            target.write(bytes(LARGE))
    return gzip.compress(inner.getvalue(), mtime=0)


def tar_of_links() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as target:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("device", tarfile.BLKTYPE)):
            info = tarfile.TarInfo(f"../../{name}")
            info.type, info.linkname = kind, "/etc/passwd"
            target.addfile(info)
    return made.getvalue()


def huge_codestream() -> bytes:
    """A JPEG-LS frame of 65,535 by 65,535 behind a header of 24 by 20."""
    frame = b"\xff\xd8\xff\xf7" + struct.pack(">HBHHB", 11, 16, 65535, 65535, 1) + b"\1\x11\0\xff\xda" + bytes(40)
    ds = pet_slice()
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return to_bytes(ds, JPEGLSLossless)


def private_block() -> bytes:
    data = to_bytes(pet_slice(), ImplicitVRLittleEndian)
    cut = data.index(struct.pack("<HH", 0x0010, 0x0010))
    return data[:cut] + struct.pack("<HHI", 0x0009, 0x1002, 40 * LARGE) + bytes(40 * LARGE) + data[cut:]


TOO_SLOW = "parser_timeout"  # on a machine that is busy enough, before anything else is found
FILES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "gigabyte": (gigabyte_of_zeros, {"inflates_too_large"}),
    "deep": (deep_sequences, {"nesting_too_deep"}),
    "wide": (wide_sequence, {"too_many_elements"}),
    "declared": (four_gigabytes_declared, {"file_truncated"}),
    "rle": (huge_rle, {"image_size"}),
    "codestream": (huge_codestream, {"pixels_disagree_with_header"}),
    "private": (private_block, {"header_too_large"}),
    "gzip": (packed_twice, {"not_dicom"}),
    "tar": (tar_of_links, {"not_dicom"}),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(LARGE), {"not_dicom"}),
    "rar": (lambda: b"Rar!\x1a\x07\x01\0" + bytes(LARGE), {"not_dicom"}),
}


def small_entries(number: int = 400, size: int = 1 << 20) -> bytes:
    """Thousands of files, each small enough to compress as it likes, all together far more than their archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for n in range(number):
            target.writestr(f"{n}.dcm", n.to_bytes(4, "big") + bytes(size - 4))
    return packed.getvalue()


def nested(depth: int = 40) -> bytes:
    data = b"the innermost"
    for _ in range(depth):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as target:
            target.writestr("in.zip", data)
        data = packed.getvalue()
    return data


def bombs(folder: Path, seed: int = 1) -> list[Bomb]:
    """All of them; another seed, other bytes."""
    box = Box(folder, f"2.25.7003.{seed}", f"{seed}-")
    made = []
    for name, (make, codes) in ARCHIVES.items():
        make(box)
        made.append(Bomb(f"{name}.zip", (folder / f"{seed}-a.zip").read_bytes(), codes))
    made += [Bomb(f"{name}.dcm", make(), codes | {TOO_SLOW}) for name, (make, codes) in FILES.items()]
    made += [
        Bomb("small_entries.zip", small_entries(), {"archive_bomb"}),
        Bomb("nested.zip", nested(), {"archive_nested"}),
    ]
    random.Random(seed).shuffle(made)
    return made
