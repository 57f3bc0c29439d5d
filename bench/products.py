"""R1: a rotating projection of 36 frames against one pass over the volume, OpenCV and scipy.

Ours starts from the stored integers. The peers start from SUV that is ready for them: OpenCV from 8 bits per voxel,
its fastest, scipy from floats; both turn one frame, which is counted 36 times (all frames cost them the same).
"""

import numpy as np

from bench import whole_body
from bench.harness import Result, medians, ratio, shown, skipped
from bench.whole_body import PT200, PT400, Grid
from imaging.domain.body_columns import FLOOR_SUV
from imaging.domain.field_of_view import FieldOfView
from imaging.domain.mip import FRAMES, RotatingMip, rotating_mip
from imaging.domain.scratch import Scratch
from imaging.domain.volume import Volume

TURNED = 4  # the frame that peers compute: 40 degrees
GREY = 15 / 255  # one grey level of the usual window


def run() -> list[Result]:
    return [result for grid in (PT400, PT200) for result in _of(grid)]


def _of(grid: Grid) -> list[Result]:
    volume, scratch = whole_body.volume(grid), Scratch()
    suv = whole_body.floats(volume)

    def ours() -> RotatingMip:
        return rotating_mip(volume, scratch=scratch)

    is_front_exact = _front_is_exact(ours(), volume, suv)
    passes = {"one pass over floats": suv.max, "one pass over stored integers": volume.stored.max}
    found = medians({"ours": ours, **passes}, rounds=15)
    name = f"{grid.name}, {FRAMES} frames"
    limit = "one pass over floats"
    results = [
        Result(
            "R1",
            f"{name}, ours / {limit}",
            ratio("ours", limit, found),
            10,
            is_limit=True,
            agrees=is_front_exact,
            note=shown(found),
        )
    ]
    return [*results, _against_opencv(name, ours, volume, suv), _against_scipy(name, ours, suv)]


def _front_is_exact(found: RotatingMip, volume: Volume, suv: np.ndarray) -> bool:
    """The front view equals the projection along the axis: a step of the code, or a grey level in what is not seen."""
    view = found.field_of_view
    first = round((view.x_mm - volume.affine[0, 3]) / volume.spacing[0]) - found.frames.shape[2] // 2
    exact = suv.max(axis=1)[::-1, first : first + found.frames.shape[2]]
    steps = np.abs(found.frames[0].astype(int) - found.code.encode(exact))
    is_seen = exact > FLOOR_SUV
    return bool(
        (steps[is_seen] <= 1).all() and (np.abs(found.code.decode(found.frames[0]) - exact)[~is_seen] <= GREY).all()
    )


def _against_opencv(name: str, ours, volume: Volume, suv: np.ndarray) -> Result:
    what = f"{name}, OpenCV warpAffine per axial slice / ours"
    try:
        import cv2
    except ImportError:
        return skipped("R1", what, 40, "OpenCV is not installed")
    grey = np.clip(suv * (255 / 15), 0, 255).astype(np.uint8)
    depth, _, columns = grey.shape
    middle = columns // 2
    turn = cv2.getRotationMatrix2D((middle, middle), 360 * TURNED / FRAMES, 1.0)

    def peer() -> np.ndarray:
        turned = np.empty((depth, columns), np.uint8)
        for k in range(depth):
            cv2.warpAffine(grey[k], turn, (columns, columns)).max(0, out=turned[k])
        return turned[::-1]

    place = volume.affine[0, 3] + middle * volume.spacing[0]
    view = FieldOfView(place, place, (2 * middle - 1) * volume.spacing[0], 1.0, *_ends(volume))
    agrees = _shows_the_same(rotating_mip(volume, field_of_view=view), peer()[:, 1:])
    found = medians({"ours": ours, "OpenCV, one frame": peer}, rounds=7)
    faster = FRAMES * ratio("OpenCV, one frame", "ours", found)
    return Result("R1", what, faster, 40, agrees=agrees, note=f"{shown(found)}, counted {FRAMES} times")


def _against_scipy(name: str, ours, suv: np.ndarray) -> Result:
    from scipy import ndimage

    def peer() -> np.ndarray:
        return ndimage.rotate(suv, 360 * TURNED / FRAMES, axes=(1, 2), reshape=False, order=1).max(axis=1)

    found = medians({"ours": ours, "ndimage.rotate, one frame": peer}, rounds=3 if suv.size > 5e7 else 9)
    faster = FRAMES * ratio("ndimage.rotate, one frame", "ours", found)
    agrees = bool(peer().max() <= suv.max())
    note = f"{shown(found)}, counted {FRAMES} times"
    return Result("R1", f"{name}, ndimage.rotate / ours", faster, 500, agrees=agrees, note=note)


def _ends(volume: Volume) -> tuple[float, float]:
    low, half = volume.affine[2, 3], volume.spacing[2] / 2
    return low - half, low + volume.spacing[2] * (volume.shape[0] - 1) + half


def _shows_the_same(ours: RotatingMip, peer: np.ndarray) -> bool:
    """Interpolation only lowers: the peer is nowhere above what ours has within a pixel, and on average close below."""
    mine = np.clip(ours.code.decode(ours.frames[TURNED]) * (255 / 15), 0, 255)
    theirs = peer.astype(float)
    around = np.max([np.roll(mine, step, axis=1) for step in (-1, 0, 1)], axis=0)
    step = 2 * np.sqrt(around * 15 / 255 * 64) / 255 * (255 / 15)
    is_below = theirs <= around + step + 1.5
    body = around > 25
    mirrored = np.abs(mine[:, ::-1] - theirs)[body].mean()
    return bool(is_below.mean() > 0.9999 and np.abs(mine - theirs)[body].mean() < 0.25 * mirrored)
