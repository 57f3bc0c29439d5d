"""A compressed frame with its bytes changed, unpacked where the importer unpacks: in the sandbox.

Decoders are written in C; there a damaged frame does not raise but reads past its end, or never comes back.
"""

import dataclasses
import random
import tempfile
from functools import cache
from pathlib import Path

from imaging import sandbox
from imaging.header import frame_bytes
from imaging.instances import FileRefusal
from tests.fuzz.importer import Broken, check_refusal
from tests.imaging.dicom_files import pet_slice, write
from tests.imaging.recompress import recompress

NAMES = ("RLELossless", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless")
ENDED = frozenset({"parser_crash", "parser_timeout", "memory_limit"})
HEADER_ENDS = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff"


@cache
def packed(name: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="prrt-fuzz-") as folder:
        plain = write(Path(folder) / "plain.dcm", pet_slice())
        return recompress(plain, Path(folder) / "packed.dcm", name).read_bytes()


def changed(rng: random.Random) -> bytes:
    data = packed(rng.choice(NAMES))
    start = data.rindex(HEADER_ENDS) + len(HEADER_ENDS)
    frame = bytearray(data[start:])
    for _ in range(rng.randint(1, 6)):
        place, kind = rng.randrange(len(frame)), rng.random()
        if kind < 0.6:
            frame[place] = rng.randrange(256)
        elif kind < 0.8:
            del frame[place : place + rng.randint(1, 30)]
        else:
            frame[place:place] = rng.randbytes(rng.randint(1, 30))
    return data[:start] + bytes(frame)


def unpack(data: bytes) -> str:
    """What became of it; raises ``Broken`` where a decoder was ended, or gave more or less than one frame."""
    with tempfile.TemporaryDirectory(prefix="prrt-fuzz-") as folder:
        path = Path(folder) / "a.dcm"
        path.write_bytes(data)
        (found,) = sandbox.parse_files([path])
        if not isinstance(found, FileRefusal):
            image = dataclasses.asdict(found)
            (found,) = sandbox.decode_frames([(path, image)])
    if isinstance(found, FileRefusal):
        check_refusal(found)
        if found.code in ENDED:
            raise Broken(f"a decoder was ended: {found.code}")
        return found.code
    if len(found) != frame_bytes(image):
        raise Broken(f"{len(found)} bytes of a frame of {frame_bytes(image)}")
    return "unpacked"
