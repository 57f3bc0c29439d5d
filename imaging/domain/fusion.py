"""Windows, and uptake in colour over CT: the more uptake, the less of the CT shows through."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imaging.domain.palettes import palette
from imaging.domain.reslice import Plane, sample
from imaging.domain.volume import Volume

Kind = Literal["pet", "ct", "fused"]

PET_WINDOW = (0.0, 15.0)  # SUV; local convention, the window of the projections
CT_WINDOW = (-160.0, 240.0)  # HU: soft tissue, level 40 width 400
FUSED_OPACITY = 0.8  # of uptake at the top of the window; local convention
FUSED_RISE = 0.25  # share of the window over which opacity rises to that: CT stays clear where there is no uptake
CT_OUTSIDE_HU = -1024.0


def pictures(
    pet: Volume, ct: Volume | None, plane: Plane, pet_window: tuple[float, float], fused_palette: str
) -> dict[Kind, NDArray[np.uint8]]:
    """RGB uint8 [row, column, 3] of ``plane``: PET in inverse grey, and where there is a CT that and both together."""
    suv, _ = sample(pet, plane)
    uptake = _windowed(suv, pet_window)
    made: dict[Kind, NDArray[np.uint8]] = {"pet": palette("inverse_grey")[_levels(uptake)]}
    if ct is None:
        return made
    hu, inside = sample(ct, plane)
    hu[~inside] = CT_OUTSIDE_HU
    made["ct"] = palette("grey")[_levels(_windowed(hu, CT_WINDOW))]
    made["fused"] = _over(made["ct"], palette(fused_palette)[_levels(uptake)], uptake)
    return made


def _windowed(values: NDArray[np.float32], window: tuple[float, float]) -> NDArray[np.float32]:
    low, high = window
    result: NDArray[np.float32] = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return result


def _levels(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = np.rint(share * 255).astype(np.uint8)
    return result


def _over(below: NDArray[np.uint8], above: NDArray[np.uint8], uptake: NDArray[np.float32]) -> NDArray[np.uint8]:
    opacity = (FUSED_OPACITY * np.minimum(uptake / FUSED_RISE, 1))[..., None]
    result: NDArray[np.uint8] = np.rint(below * (1 - opacity) + above * opacity).astype(np.uint8)
    return result
