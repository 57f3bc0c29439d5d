"""The pixels of one compressed frame, unpacked inside the sandboxed child; a codestream of another size is refused."""

import warnings
from typing import Any

from numpy.typing import NDArray
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from imaging.codestream import frame_size
from imaging.dicom_source import RLE
from imaging.header import Unusable


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


def _check_codestream(stream: bytes, image: dict[str, Any]) -> None:
    found = frame_size(stream)
    if found is None:
        raise Unusable("dicom_damaged", "codestream")
    if (found.rows, found.columns, found.components) != (image["rows"], image["columns"], 1):
        raise Unusable("pixels_disagree_with_header")
    if not image["bits_stored"] <= found.bits <= image["bits_allocated"]:
        raise Unusable("pixels_disagree_with_header")
