"""Marks on pictures: the outline of a region, and lines that point at a position without covering it."""

import numpy as np
from numpy.typing import NDArray

OUTLINE_RGB = (0, 200, 120)
CROSSHAIR_ON_LIGHT_RGB = (0, 92, 200)
CROSSHAIR_ON_DARK_RGB = (124, 196, 240)
CROSSHAIR_GAP_PIXELS = 10


def draw_outline(rgb: NDArray[np.uint8], inside: NDArray[np.bool_]) -> None:
    """Colour the pixels around ``inside`` [row, column]; those within stay as they are."""
    wide = np.pad(inside, 1)
    around = wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    rgb[around & ~inside] = OUTLINE_RGB


def draw_crosshair(rgb: NDArray[np.uint8], pixel: tuple[int, int], *, is_light: bool) -> None:
    """Lines to the four edges from ``CROSSHAIR_GAP_PIXELS`` around ``pixel`` (row, column)."""
    row, column = pixel
    colour = CROSSHAIR_ON_LIGHT_RGB if is_light else CROSSHAIR_ON_DARK_RGB
    gap = CROSSHAIR_GAP_PIXELS
    rows, columns = rgb.shape[:2]
    if 0 <= row < rows:
        rgb[row, : max(0, column - gap)] = colour
        rgb[row, max(0, column + gap + 1) :] = colour
    if 0 <= column < columns:
        rgb[: max(0, row - gap), column] = colour
        rgb[max(0, row + gap + 1) :, column] = colour
