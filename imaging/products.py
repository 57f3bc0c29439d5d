"""Files that pages show of a scan, made by the worker from the pictures of ``domain``: sprite, still, key slices.

The sprite holds coded SUV that a page windows by itself, so it is lossless: WebP at quality 80 moves uptake of a
hot organ by several SUV, a twelfth of the size notwithstanding. Everything is deterministic: the same pixels give the
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

WEBP = "image/webp"
SPRITE_COLUMNS = 9
STILL_SUV_MAX = 15.0
STILL_MAX_HEIGHT = 900
# Lossless WebP, (method, effort): the worker has time, a waiting person has not.
IN_WORKER = (4, 50)
IN_REQUEST = (0, 0)
KEY_SLICE_QUALITY = 90


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


def mip_sprite(mip: RotatingMip, *, effort: tuple[int, int] = IN_WORKER) -> Product:
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
        "encoding": {"format": "webp", "is_lossless": True, "method": effort[0], "effort": effort[1]},
        "method": METHOD_VERSION,
    }
    return Product("mip-sprite.webp", WEBP, _lossless(sheet, effort), about)


def mip_still(mip: RotatingMip, *, suv_max: float = STILL_SUV_MAX, effort: tuple[int, int] = IN_WORKER) -> Product:
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
    return Product("mip-still.webp", WEBP, _lossless(np.asarray(picture), effort), about)


def key_slice_files(made: KeySlices, *, method: int = IN_WORKER[0]) -> Iterator[Product]:
    """One WebP per picture. Lossy: a picture with its window is for looking at, and is drawn from nothing else."""
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
            "encoding": {"format": "webp", "is_lossless": False, "method": method, "quality": KEY_SLICE_QUALITY},
            "product_method": METHOD_VERSION,
        }
        data = _webp(picture.rgb, quality=KEY_SLICE_QUALITY, method=method)
        yield Product(f"{picture.plane}-{picture.kind}.webp", WEBP, data, about)


def _lossless(pixels: NDArray[np.uint8], effort: tuple[int, int]) -> bytes:
    return _webp(pixels, lossless=True, method=effort[0], quality=effort[1])


def _webp(pixels: NDArray[np.uint8], **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", **options)
    return out.getvalue()
