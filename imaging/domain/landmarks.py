"""Body outline, midline and lungs on the coarse grid: the frame in which organs are looked for.

Plain geometry. With CT the body is what is denser than air and the lungs are the air inside it; without CT the body is
what holds uptake and there are no lungs. LPS: x rises to the patient's left, y to the back, z to the head.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.domain.coarse import Coarse, Voxels
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray
from imaging.domain.splitting import box_around

BODY_HU = -300.0  # local convention: between fat and air
LUNG_HU = -500.0  # local convention: the usual upper limit of aerated lung
BODY_SHARE_OF_MEAN = 0.5  # local convention: of the mean of the whole field of view
LUNG_MIN_ML = 400.0  # local convention: both lungs of a small adult in expiration hold more
TRACHEA_MM = 12.0  # local convention: air thinner than this is not lung
_BLUR_MM = 10.0
_MARGIN = (3, 3, 3)  # voxels


@dataclass(frozen=True, eq=False)
class Landmarks:
    """``body``, ``right_lung``, ``left_lung``: boolean [z, y, x]; ``midline_mm``, ``front_mm``, ``back_mm``: per slice,
    LPS mm; ``background_suv``: median uptake of the body. Lungs are None without a CT that shows them."""

    body: Voxels
    midline_mm: FloatArray
    front_mm: FloatArray
    back_mm: FloatArray
    background_suv: float
    right_lung: Voxels | None
    left_lung: Voxels | None


def landmarks(whole: Coarse) -> tuple[Coarse, Landmarks]:
    """The picture cut to the body, and the frame of that body. Raises ``MeasurementRefused`` where there is none."""
    everywhere = _body(whole)
    if not everywhere.any():
        raise MeasurementRefused("body_not_found")
    box = box_around(everywhere, _MARGIN)
    image, body = whole.cut(box), everywhere[box]
    midline, front, back = _frame(image, body)
    background = float(np.median(image.suv[body]))
    right, left = _lungs(image, body, midline)
    return image, Landmarks(body, midline, front, back, background, right, left)


def left_of_midline_mm(image: Coarse, found: Landmarks) -> FloatArray:
    """mm to the patient's left of the midline, [z, 1, x]."""
    return image.x_mm[None, None, :] - found.midline_mm[:, None, None]


def largest(voxels: Voxels) -> Voxels:
    """The largest connected part (6 neighbours)."""
    labels, sizes = parts(voxels)
    return np.asarray(labels == 1 + int(sizes.argmax())) if sizes.size else voxels


def parts(voxels: Voxels) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Labels 1..n of connected parts (6 neighbours), and the size of each in voxels."""
    from scipy import ndimage

    labels, count = ndimage.label(voxels)
    return np.asarray(labels), np.bincount(labels.ravel(), minlength=count + 1)[1:]


def _body(image: Coarse) -> Voxels:
    from scipy import ndimage

    if image.hu is not None:
        dense = ndimage.binary_opening(image.hu > BODY_HU, iterations=1)
    else:
        blurred = image.blurred(_BLUR_MM)
        dense = blurred > BODY_SHARE_OF_MEAN * float(blurred.mean())
    body = largest(np.asarray(dense))
    for k in range(body.shape[0]):
        body[k] = ndimage.binary_fill_holes(body[k])
    return body


def _frame(image: Coarse, body: Voxels) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Midline, front and back of each slice; slices without body take those of the nearest slice with one."""
    from scipy import ndimage

    used = np.flatnonzero(body.any(axis=(1, 2)))
    rows = []
    for k in used:
        columns, lines = body[k].sum(axis=0), np.flatnonzero(body[k].any(axis=1))
        middle = float(columns @ image.x_mm / columns.sum())
        rows.append((middle, image.y_mm[lines[0]], image.y_mm[lines[-1]]))
    every = np.arange(body.shape[0])
    smooth = [ndimage.median_filter(np.interp(every, used, line), 15) for line in np.array(rows).T]
    return smooth[0], smooth[1], smooth[2]


def _lungs(image: Coarse, body: Voxels, midline: FloatArray) -> tuple[Voxels | None, Voxels | None]:
    from scipy import ndimage

    if image.hu is None:
        return None, None
    air = body & (image.hu < LUNG_HU)
    steps = max(1, round(TRACHEA_MM / 2 / min(image.spacing)))
    core = ndimage.binary_opening(air, iterations=steps)
    labels, sizes = parts(np.asarray(core))
    big = 1 + np.flatnonzero(sizes * image.voxel_ml >= LUNG_MIN_ML / 2)
    lungs = np.isin(labels, big)
    if lungs.sum() * image.voxel_ml < LUNG_MIN_ML:
        return None, None
    is_left = image.x_mm[None, None, :] > midline[:, None, None]
    return lungs & ~is_left, lungs & is_left
