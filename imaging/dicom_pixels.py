"""The pixels of one compressed frame, unpacked inside the sandboxed child; a codestream of another size is refused."""

import struct
import warnings
from typing import Any

from numpy.typing import NDArray
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from imaging.codestream import frame_size, is_reversible
from imaging.dicom_source import ITEM, RLE
from imaging.header import Unusable, frame_bytes
from imaging.run_lengths import check_run_lengths

CODESTREAM_START = 64 << 10
ITEM_HEAD = struct.Struct("<4sI")
JPEG2000_LOSSLESS, JPEG2000 = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"


def decompress(syntax: str, encapsulated: bytes, image: dict[str, Any]) -> NDArray[Any]:
    if syntax != RLE:
        _check_codestream(next(generate_frames(encapsulated, number_of_frames=1)), image)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="The decoded RLE segment contains")
        array, _ = get_decoder(UID(syntax)).as_array(
            encapsulated,
            raw=True,
            decoding_plugin="pydicom" if syntax == RLE else "",
            rows=image["rows"],
            columns=image["columns"],
            bits_allocated=image["bits_allocated"],
            bits_stored=image["bits_stored"],
            pixel_representation=int(image["is_signed"]),
            number_of_frames=1,
            samples_per_pixel=1,
            photometric_interpretation="MONOCHROME2",
            pixel_keyword="PixelData",
            transfer_syntax_uid=UID(syntax),
        )
    return array


def bytes_to_check(syntax: str, image: dict[str, Any]) -> int:
    """How much of the pixels says their size: run-length data all, at most two bytes for each they unpack to."""
    return CODESTREAM_START + (2 * frame_bytes(image) if syntax == RLE else 0)


def check_size(syntax: str, encapsulated: bytes, image: dict[str, Any]) -> None:
    """Compare header and codestream by the beginning of the pixels; what does not show there shows when unpacked."""
    if syntax == RLE:
        check_run_lengths(next(generate_frames(encapsulated, number_of_frames=1)), image)
    elif (stream := _first_fragment(encapsulated)) is not None and frame_size(stream) is not None:
        _check_codestream(stream, image)


def has_lost(syntax: str, encapsulated: bytes) -> bool:
    """JPEG 2000 packs with and without loss under one UID, and senders forget to say which: the codestream knows."""
    if syntax not in {JPEG2000_LOSSLESS, JPEG2000}:
        return False
    found = is_reversible(_first_fragment(encapsulated) or b"")
    return not found if syntax == JPEG2000 else found is False


def _first_fragment(encapsulated: bytes) -> bytes | None:
    """What follows the offset table, as far as it is here."""
    if len(encapsulated) < ITEM_HEAD.size or encapsulated[:4] != ITEM:
        return None
    table = ITEM_HEAD.size + ITEM_HEAD.unpack_from(encapsulated)[1]
    return encapsulated[table + ITEM_HEAD.size :] if encapsulated[table : table + 4] == ITEM else None


def _check_codestream(stream: bytes, image: dict[str, Any]) -> None:
    found = frame_size(stream)
    if found is None:
        raise Unusable("dicom_damaged", "codestream")
    if (found.rows, found.columns, found.components) != (image["rows"], image["columns"], 1):
        raise Unusable("pixels_disagree_with_header")
    if not image["bits_stored"] <= found.bits <= image["bits_allocated"]:
        raise Unusable("pixels_disagree_with_header")
