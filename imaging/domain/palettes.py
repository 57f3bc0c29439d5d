"""Colour tables of 256 entries for uptake over CT.

``EVEN_HEAT`` is the usual picture: black, red, orange, yellow, white, with lightness L* (CIE 1976) rising by the same
amount at every step, so that equal differences of uptake look equal, also to readers who do not tell red from green.
``HOT_IRON`` is the standard palette of DICOM PS3.6 annex B.1.1, kept for those who are used to it; its lightness
does not rise evenly. ``GREY`` and ``INVERSE_GREY`` are what they say.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from imaging.domain.geometry import FloatArray

NAMES = ("even_heat", "hot_iron", "grey", "inverse_grey")
_HUE_DEGREES = (20.0, 100.0)  # from red to yellow
_WHITE = np.array([0.95047, 1.0, 1.08883])  # D65, 2 degrees
_XYZ_TO_RGB = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)


@cache
def palette(name: str) -> NDArray[np.uint8]:
    """uint8 [256, 3]: red, green, blue. ``name`` is one of ``NAMES``."""
    ramp = np.arange(256)
    if name == "even_heat":
        return _even_heat()
    if name == "hot_iron":
        iron = np.stack([2 * ramp, 2 * (ramp - 128), 4 * (ramp - 191)], axis=1)
        iron[-1] = 255
        return iron.clip(0, 255).astype(np.uint8)
    if name not in NAMES:
        raise KeyError(name)
    grey = ramp if name == "grey" else 255 - ramp
    return np.repeat(grey[:, None], 3, axis=1).astype(np.uint8)


def _even_heat() -> NDArray[np.uint8]:
    """Lightness 0 to 100 in even steps, hue from red to yellow, as colourful as the screen can show of each."""
    lightness = np.linspace(0, 100, 256)
    hue = np.radians(np.linspace(*_HUE_DEGREES, 256))
    chroma = np.zeros(256)
    for step in (32.0, 16.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.25):
        for _ in range(3):
            wider = _linear_rgb(lightness, chroma + step, hue)
            fits = (wider >= 0).all(axis=1) & (wider <= 1).all(axis=1)
            chroma = np.where(fits, chroma + step, chroma)
    linear = np.clip(_linear_rgb(lightness, 0.96 * chroma, hue), 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    result: NDArray[np.uint8] = np.rint(255 * encoded).astype(np.uint8)
    return result


def _linear_rgb(lightness: FloatArray, chroma: FloatArray, hue: FloatArray) -> FloatArray:
    y = (lightness + 16) / 116
    f = np.stack([y + chroma * np.cos(hue) / 500, y, y - chroma * np.sin(hue) / 200], axis=1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    result: FloatArray = xyz @ _XYZ_TO_RGB.T
    return result
