"""Hostile files by name, each with the reasons of which one must be given."""

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.imaging.test_sandbox import (
    deep_sequences,
    four_gigabytes_declared,
    gigabyte_of_zeros,
    huge_rle,
    wide_sequence,
)
from tests.imaging.zoo import container
from tests.imaging.zoo.box import Box


class Bomb(NamedTuple):
    name: str
    data: bytes
    codes: set[str]


ARCHIVES: dict[str, tuple[Callable[[Box], None], set[str]]] = {
    "ratio": (container.bomb_in_zip, {"archive_bomb"}),
    "zip_in_zip": (container.zip_in_zip, {"archive_nested"}),
    "quine": (container.quine, {"archive_nested"}),
    "many_entries": (container.many_entries, {"too_many_files"}),
    "lying_size": (container.lying_size, {"archive_damaged"}),
    "overlapping": (container.overlapping, {"archive_bomb"}),
    "links": (container.links_in_zip, {"archive_link"}),
    "elsewhere": (container.named("../@a", "/etc/@b", "..\\@c", "C:/x/@d", "\\\\server\\@e"), {"archive_unsafe_name"}),
    "encrypted": (container.encrypted, {"archive_encrypted"}),
}
TOO_SLOW = "parser_timeout"  # on a machine that is busy enough, before anything else is found
FILES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "gigabyte": (gigabyte_of_zeros, {"inflates_too_large"}),
    "deep": (deep_sequences, {"nesting_too_deep"}),
    "wide": (wide_sequence, {"too_many_elements"}),
    "declared": (four_gigabytes_declared, {"file_truncated"}),
    "rle": (huge_rle, {"image_size"}),
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
