"""Coronal MIP of a PET series as a PNG: inverse grey, one fixed SUV window, kept by what it was computed from."""

import hashlib
import io
import os
import uuid
from pathlib import Path

import numpy as np
from django.conf import settings
from PIL import Image

from imaging.domain.errors import ImagingRefusal
from imaging.domain.mip import coronal_mip, pixel_spacing
from imaging.models import Series, SuvResult

METHOD_VERSION = "mip/1.0"
SUV_MAX = 15
MAX_HEIGHT = 900


def is_available(series: Series, result: SuvResult | None) -> bool:
    if not series.manifest_sha256 or series.refusal_code or result is None:
        return False
    return not result.refusal_code and result.factors.get("bw") is not None


def why_none(series: Series | None, result: SuvResult | None) -> str:
    if series is None:
        return "This scan has no PET images."
    if series.refusal_code:
        return "There is no volume of this series."
    if result is None:
        return "Not computed yet."
    return "Without SUVbw the fixed window would mean nothing, so no picture is shown."


def coronal_mip_png(series: Series, result: SuvResult | None) -> bytes | None:
    """PNG bytes, from the cache where these inputs were drawn before; None where no SUVbw volume exists."""
    if not is_available(series, result):
        return None
    kept = _place(series, result)
    if kept.is_file():
        return kept.read_bytes()
    try:
        png = _draw(series, result)
    except ImagingRefusal:
        return None
    _keep(kept, png)
    return png


def _draw(series: Series, result: SuvResult) -> bytes:
    from imaging.volumes import load_volume

    volume = load_volume(series, result, kind="bw")
    grey = np.subtract(255, coronal_mip(volume, SUV_MAX))
    row_mm, column_mm = pixel_spacing(volume)
    height, width = grey.shape[0] * row_mm, grey.shape[1] * column_mm
    scale = min(1.0, MAX_HEIGHT / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False, compress_level=4)
    return out.getvalue()


def _place(series: Series, result: SuvResult) -> Path:
    made_from = [series.manifest_sha256, result.input_digest, result.method_version, METHOD_VERSION, str(SUV_MAX)]
    digest = hashlib.sha256("\n".join(made_from).encode()).hexdigest()
    return Path(settings.DATA_DIR) / "pictures" / f"{digest}.png"


def _keep(place: Path, png: bytes) -> None:
    """Complete or absent; it can be drawn again, so nothing waits for the disk."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(uuid.uuid4().hex)
    draft.write_bytes(png)
    os.replace(draft, place)
