"""Files that pages show of a scan, made by the worker from the pictures of ``domain``: sprite, still, key slices.

The sprite holds coded SUV that a page windows by itself, so it is lossless: WebP at quality 80 has a tenth of
the size but moves uptake by up to 5 SUV. Everything is deterministic: the same pixels give the
same bytes from the same versions of the encoder. Names and versions of what was done travel in ``about``.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.domain.keyslices import KeySlices
from imaging.domain.mip import RotatingMip
from imaging.domain.palettes import palette

METHOD_VERSION = "products/1.0"

WEBP, PNG = "image/webp", "image/png"
SPRITE_COLUMNS = 9
STILL_SUV_MAX = 15.0
STILL_MAX_HEIGHT = 900
KEY_SLICE_QUALITY, KEY_SLICE_METHOD = 90, 4


@dataclass(frozen=True)
class Encoding:
    """A picture format and what its encoder is told."""

    media_type: str
    options: dict[str, Any]

    @property
    def extension(self) -> str:
        return self.media_type.removeprefix("image/")


# Both lose nothing. A whole body of 2 mm: 1.5 MB in half a second, or 1.9 MB in a tenth of one. WebP of method 0 is
# neither smaller than the second nor quicker.
SMALL = Encoding(WEBP, {"lossless": True, "method": 4, "quality": 25})
QUICK = Encoding(PNG, {"compress_level": 1})


@dataclass(frozen=True)
class Product:
    """One file: its bytes, and in ``about`` what a page needs to show it and a physicist to check it."""

    name: str
    media_type: str
    data: bytes
    about: dict[str, Any]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def about_json(self) -> str:
        return json.dumps(self.about, sort_keys=True, separators=(",", ":"))


def mip_sprite(mip: RotatingMip, *, encoding: Encoding = SMALL) -> Product:
    """All frames in one picture, row by row from the front view on; pixels are codes of SUV, not grey levels."""
    frames, rows, columns = mip.frames.shape
    across = min(SPRITE_COLUMNS, frames)
    sheet = np.zeros((-(-frames // across) * rows, across * columns), np.uint8)
    for k, frame in enumerate(mip.frames):
        top, left = k // across * rows, k % across * columns
        sheet[top : top + rows, left : left + columns] = frame
    about = {
        "frames": frames,
        "tiles_across": across,
        "tile_width": columns,
        "tile_height": rows,
        "column_mm": round(mip.column_mm, 5),
        "row_mm": round(mip.row_mm, 5),
        "coding": mip.code.parameters(),
        "mip": mip.parameters(),
        "encoding": {"media_type": encoding.media_type, **encoding.options},
        "method": METHOD_VERSION,
    }
    return Product(f"mip-sprite.{encoding.extension}", encoding.media_type, _encoded(sheet, encoding), about)


def mip_still(mip: RotatingMip, *, suv_max: float = STILL_SUV_MAX, encoding: Encoding = SMALL) -> Product:
    """The front view in inverse grey with square pixels, for pages without script and for print; interpolated."""
    share = np.clip(mip.code.decode(mip.frames[0]) / np.float32(suv_max), 0, 1)
    grey = palette("inverse_grey")[np.rint(share * 255).astype(np.uint8)][..., 0]
    pixel_mm = max(mip.column_mm, mip.row_mm * grey.shape[0] / STILL_MAX_HEIGHT)
    size = (round(grey.shape[1] * mip.column_mm / pixel_mm), round(grey.shape[0] * mip.row_mm / pixel_mm))
    picture = Image.fromarray(grey).resize((max(1, size[0]), max(1, size[1])), Image.Resampling.BILINEAR)
    about = {
        "width": picture.width,
        "height": picture.height,
        "mm_per_pixel": round(pixel_mm, 5),
        "window_suv": [0.0, suv_max],
        "mip": mip.parameters(),
        "method": METHOD_VERSION,
    }
    data = _encoded(np.asarray(picture), encoding)
    return Product(f"mip-still.{encoding.extension}", encoding.media_type, data, about)


def key_slice_files(made: KeySlices) -> Iterator[Product]:
    """One WebP per picture. Lossy: a picture with its window is for looking at, and is drawn from nothing else."""
    encoding = Encoding(WEBP, {"quality": KEY_SLICE_QUALITY, "method": KEY_SLICE_METHOD})
    for picture in made.slices:
        rows, columns, _ = picture.rgb.shape
        about = {
            **made.parameters,
            "plane": picture.plane,
            "kind": picture.kind,
            "window": list(picture.window),
            "position_mm": round(picture.position_mm, 3),
            "width": columns,
            "height": rows,
            "without_ct": made.without_ct,
            "encoding": {"media_type": WEBP, **encoding.options},
            "product_method": METHOD_VERSION,
        }
        yield Product(f"{picture.plane}-{picture.kind}.webp", WEBP, _encoded(picture.rgb, encoding), about)


def _encoded(pixels: NDArray[np.uint8], encoding: Encoding) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, encoding.extension.upper(), **encoding.options)
    return out.getvalue()
