"""Where a focus lies in the patient and what shape it has, in the terms in which anatomy is described."""

from dataclasses import dataclass

import numpy as np

from imaging.domain.geometry import FloatArray, index_to_lps
from imaging.domain.references import Reference, References
from imaging.domain.regions import dilate, spacing_zyx
from imaging.domain.segmentation import above, voxel_at
from imaging.domain.splitting import edge_distance, is_near
from imaging.domain.uptake import Uptake
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume

CORE_SHARE = 0.41
SHELL_MM = (8.0, 14.0)
UNCINATE_LEFT_MM = (-55.0, 20.0)
UNCINATE_DEPTH = (0.25, 0.62)
UNCINATE_HEIGHT_MM = (-60.0, 70.0)  # over the lower end of the liver
_BALL_MM, _BUMP_MM = 8.0, 3.0
_HULL_AT_LEAST = 30  # voxels; fewer make no meaningful hull
_HULL_VOXEL_SHARE = 0.5


@dataclass(frozen=True)
class FocusShape:
    """``left_mm`` of the midline (right is negative); ``depth`` 0 at the front of the body, 1 at the back; heights over
    the liver along z, mm; ``extent_mm`` (x, y, z). At 41 % of the maximum: ``solidity``, volume over that of the convex
    hull, and ``bump_ml``, the largest piece that no ball of 8 mm radius inside comes within 3 mm of. ``suv_ratio``:
    SUVmax over the liver; ``in_liver``: its hottest voxel lies there; ``liver_around``: share of its surround that
    does; ``uncinate_share`` of it that lies in the region of the uncinate process."""

    centroid_lps: tuple[float, float, float]
    left_mm: float
    depth: float
    above_liver_top_mm: float
    above_liver_middle_mm: float
    above_liver_bottom_mm: float
    extent_mm: tuple[float, float, float]
    volume_ml: float
    solidity: float
    bump_ml: float
    suv_max: float
    suv_mean: float
    suv_ratio: float
    in_liver: bool
    liver_around: float
    uncinate_share: float
    holds_spleen: bool

    @property
    def longest_mm(self) -> float:
        return max(self.extent_mm)


def describe(pet: Volume, mask: Mask, uptake: Uptake, references: References) -> FocusShape:
    """The shape of one focus in the frame of ``references``, whose liver must have been found."""
    liver, frame, image = references.liver_tissue, references.landmarks, references.image
    assert liver is not None
    points, core = _points(pet, mask), above(pet, mask, CORE_SHARE * uptake.suv_max)
    x, y, z = (float(v) for v in points.mean(axis=0))
    k = image.index((x, y, z))[0]
    front, back = float(frame.front_mm[k]), float(frame.back_mm[k])
    size = points.max(axis=0) - points.min(axis=0) + np.array(pet.spacing)
    return FocusShape(
        centroid_lps=(x, y, z),
        left_mm=x - float(frame.midline_mm[k]),
        depth=(y - front) / (back - front) if back > front else 0.5,
        above_liver_top_mm=z - liver.top_mm,
        above_liver_middle_mm=z - liver.middle_mm,
        above_liver_bottom_mm=z - liver.bottom_mm,
        extent_mm=(float(size[0]), float(size[1]), float(size[2])),
        volume_ml=uptake.volume_ml,
        solidity=_solidity(_points(pet, core), float(core.voxels.sum()) * pet.voxel_volume_ml, pet),
        bump_ml=_bump_ml(core, pet),
        suv_max=uptake.suv_max,
        suv_mean=uptake.suv_mean,
        suv_ratio=uptake.suv_max / liver.level,
        in_liver=bool(liver.region[image.index(uptake.hottest_lps)]),
        liver_around=_liver_around(pet, mask, references),
        uncinate_share=_uncinate_share(points, references),
        holds_spleen=_holds(pet, mask, references.spleen),
    )


def _liver_around(pet: Volume, mask: Mask, references: References) -> float:
    """Share of a shell that starts beyond the blur of the focus which is liver: most of it around a metastasis, the
    front of it around the right kidney."""
    liver, image = references.liver_tissue, references.image
    assert liver is not None
    near, far = (dilate(pet, mask, by_mm) for by_mm in SHELL_MM)
    shell = Mask(far.bounds, far.voxels & ~near.over(far.bounds))
    if not shell.voxels.any():
        return 0.0
    x, y, z = _points(pet, shell).T
    places = (
        np.abs(axis[:, None] - at).argmin(axis=0) for axis, at in ((image.z_mm, z), (image.y_mm, y), (image.x_mm, x))
    )
    return float(liver.region[tuple(places)].mean())


def _uncinate_share(points: FloatArray, references: References) -> float:
    """Share of the voxels around head and uncinate process of the pancreas: bands of adult anatomy."""
    liver, frame, z_mm = references.liver_tissue, references.landmarks, references.image.z_mm
    assert liver is not None
    x, y, z = points.T
    left = x - np.interp(z, z_mm, frame.midline_mm)
    front, back = np.interp(z, z_mm, frame.front_mm), np.interp(z, z_mm, frame.back_mm)
    depth = (y - front) / np.maximum(back - front, 1)
    inside = (left >= UNCINATE_LEFT_MM[0]) & (left <= UNCINATE_LEFT_MM[1])
    inside &= (depth >= UNCINATE_DEPTH[0]) & (depth <= UNCINATE_DEPTH[1])
    height = z - liver.bottom_mm
    return float((inside & (height >= UNCINATE_HEIGHT_MM[0]) & (height <= UNCINATE_HEIGHT_MM[1])).mean())


def _points(pet: Volume, mask: Mask) -> FloatArray:
    z, y, x = np.nonzero(mask.voxels)
    start = mask.bounds.start
    return index_to_lps(pet.affine, np.stack([x + start[2], y + start[1], z + start[0]], axis=-1))


def _solidity(points: FloatArray, volume_ml: float, pet: Volume) -> float:
    """Counted volume over that of the hull of the voxels' corners; 1 for the smallest foci."""
    if len(points) < _HULL_AT_LEAST:
        return 1.0
    from scipy.spatial import ConvexHull

    half = np.array(pet.spacing) * _HULL_VOXEL_SHARE
    corners = np.vstack([points + half * sign for sign in ((1, 1, 1), (-1, -1, -1), (1, -1, 1), (-1, 1, -1))])
    return float(min(1.0, 1000 * volume_ml / ConvexHull(corners).volume))


def _bump_ml(core: Mask, pet: Volume) -> float:
    """What sticks out of a rounded body: a small lesion on the surface of an organ does."""
    from scipy import ndimage

    filled = np.asarray(ndimage.binary_fill_holes(core.voxels))
    deep = edge_distance(filled, spacing_zyx(pet)) > _BALL_MM
    if not deep.any():
        return 0.0
    far = filled & ~is_near(deep, spacing_zyx(pet), _BALL_MM + _BUMP_MM)
    labels, count = ndimage.label(far, structure=np.ones((3, 3, 3), dtype=int))
    return float(np.bincount(labels.ravel())[1:].max()) * pet.voxel_volume_ml if count else 0.0


def _holds(pet: Volume, mask: Mask, spleen: object) -> bool:
    if not isinstance(spleen, Reference):
        return False
    at = [i - a for i, a in zip(voxel_at(pet, spleen.centre_lps), mask.bounds.start, strict=True)]
    if any(i < 0 or i >= n for i, n in zip(at, mask.voxels.shape, strict=True)):
        return False
    return bool(mask.voxels[at[0], at[1], at[2]])
