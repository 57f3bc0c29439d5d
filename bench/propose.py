"""C1, C2: the candidate finder against SimpleITK and scipy on a whole-body PET, and 100 growing regions.

The phantom is a body of SUV 0.6 to 1.0 with 300 spheres of 5 to 60 mm, SUV 3 to 30, with the soft edges of a 5 mm point
spread, and noise; 16-bit integers with a slope per slice, as a scanner stores it. Ours reads the integers; the peers
get the SUV as floats, ready made, and their threshold is part of the work as ours is.
"""

from functools import cache

import numpy as np
from scipy import ndimage, special

from bench.harness import Result, medians, ratio, shown, skipped
from imaging.domain import segmentation
from imaging.domain.components import Components, components
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Index, Volume

SHAPE = (600, 400, 400)
SPACING = (3.0, 2.03642, 2.03642)  # mm: slices, rows, columns
LESIONS = 300
POINT_SPREAD_SD_MM = 5.0 / 2.3548
THRESHOLD = 2.5  # SUV: every sphere that blur leaves hot enough, and none of the noise
SEEDS = 100
PERCENTS = (41.0, 50.0)
MARGIN_MM = 10.0
_EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=int)


def run() -> list[Result]:
    return [finder_against_simpleitk(), finder_against_scipy(), growing_against_simpleitk()]


def finder_against_simpleitk() -> Result:
    what = "threshold, components, count, maximum and sum of a whole body, SimpleITK over ours"
    try:
        import SimpleITK as sitk
    except ImportError:
        return skipped("C1", what, 4, "SimpleITK is not installed")
    volume, _ = phantom()
    image = _image(sitk, _suv())

    def peer():
        """Threshold and components once; shape and intensity statistics in one filter."""
        hot = sitk.BinaryThreshold(image, float(np.float32(THRESHOLD)), 1e9)
        labels = sitk.ConnectedComponent(hot, True)
        found = sitk.LabelIntensityStatisticsImageFilter()
        found.ComputePerimeterOff()
        found.ComputeFeretDiameterOff()
        found.Execute(labels, image)
        return [(found.GetNumberOfPixels(n), found.GetMaximum(n), found.GetSum(n)) for n in found.GetLabels()]

    def shapes_only():
        hot = sitk.BinaryThreshold(image, float(np.float32(THRESHOLD)), 1e9)
        found = sitk.LabelShapeStatisticsImageFilter()
        found.ComputePerimeterOff()
        found.Execute(sitk.ConnectedComponent(hot, True))
        return found.GetNumberOfLabels()

    agrees = _agree(_ours(volume), np.array(peer()))
    cases = {"ours": lambda: components(volume, THRESHOLD), "SimpleITK": peer, "SimpleITK shapes": shapes_only}
    times = medians(cases)
    faster = min(ratio("SimpleITK", "ours", times), ratio("SimpleITK shapes", "ours", times))
    return Result("C1", what, faster, 4, agrees=agrees, note=f"{len(_ours(volume))} components, {shown(times)}")


def finder_against_scipy() -> Result:
    volume, _ = phantom()
    suv = _suv()

    def peer():
        labels, count = ndimage.label(suv >= np.float32(THRESHOLD), _EVERY_NEIGHBOUR)
        each = np.arange(1, count + 1)
        ndimage.find_objects(labels)
        return np.stack(
            [
                np.bincount(labels.ravel())[1:],
                ndimage.maximum(suv, labels, each),
                ndimage.sum_labels(suv, labels, each),
            ],
            axis=1,
        )

    agrees = _agree(_ours(volume), peer())
    times = medians({"ours": lambda: components(volume, THRESHOLD), "scipy": peer}, rounds=3, warm_up=0)
    what = "the same, scipy.ndimage on the whole volume over ours"
    return Result("C1", what, ratio("scipy", "ours", times), 100, agrees=agrees, note=shown(times))


def growing_against_simpleitk() -> Result:
    what = (
        f"{SEEDS} regions growing at {PERCENTS[0]:.0f} and {PERCENTS[1]:.0f} %, SimpleITK on the same crops over ours"
    )
    try:
        import SimpleITK as sitk
    except ImportError:
        return skipped("C2", what, 3, "SimpleITK is not installed")
    volume, _ = phantom()
    suv, tasks = _suv(), _tasks()

    def ours():
        return [segmentation.grow(volume, within, seed, threshold) for within, seed, threshold in tasks]

    def peer():
        return [_itk_grown(sitk, suv, *task) for task in tasks]

    pairs = zip(ours(), peer(), (within.bounds for within, _, _ in tasks), strict=True)
    agrees = all(np.array_equal(found.over(bounds), expected) for found, expected, bounds in pairs)
    times = medians({"ours": ours, "SimpleITK": peer}, rounds=21)
    return Result("C2", what, ratio("SimpleITK", "ours", times), 3, agrees=agrees, note=shown(times))


def _itk_grown(sitk, suv: np.ndarray, within: Mask, seed: Index, threshold: float) -> np.ndarray:
    image = sitk.GetImageFromArray(suv[within.bounds.slices])
    at = [i - a for i, a in zip(seed, within.bounds.start, strict=True)][::-1]
    full = sitk.ConnectedThresholdImageFilter.FullConnectivity
    return sitk.GetArrayFromImage(sitk.ConnectedThreshold(image, [at], float(np.float32(threshold)), 1e9, 1, full)) > 0


@cache
def phantom() -> tuple[Volume, list[Mask]]:
    """The volume, and a box with its sphere for each lesion."""
    random = np.random.default_rng(11)
    suv = np.zeros(SHAPE, np.float32)
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in SHAPE[1:])
    body = (y[:, None] / 0.3) ** 2 + (x[None, :] / 0.45) ** 2 < 1
    suv[:, body] = random.uniform(0.6, 1.0, int(body.sum())).astype(np.float32)
    taken = np.zeros(SHAPE, bool)
    masks = []
    for diameter in np.sort(np.exp(random.uniform(np.log(5), np.log(60), LESIONS)))[::-1]:
        bounds, distance = _free_place(diameter / 2, taken, random)
        edge = 0.5 * special.erfc((distance - diameter / 2) / (np.sqrt(2) * POINT_SPREAD_SD_MM))
        grain = ndimage.gaussian_filter(random.standard_normal(distance.shape), 1.0) * 0.3
        suv[bounds.slices] += (edge * random.uniform(3, 30) * (1 + grain)).astype(np.float32)
        voxels = distance <= max(diameter / 2, 1.8)
        taken[bounds.slices] |= distance <= diameter / 2 + 5
        masks.append(Mask(bounds, voxels).trimmed())
    slopes = np.round(np.maximum(suv.max(axis=(1, 2)), 1) / 32000 / 2.4e-4, 9)
    stored = np.empty(SHAPE, np.uint16)
    for k in range(SHAPE[0]):
        stored[k] = np.rint(suv[k] / (slopes[k] * 2.4e-4))
    affine = np.diag([*SPACING[::-1], 1.0])
    volume = Volume.of_series(stored, slopes=slopes, intercepts=0.0, factor=2.4e-4, affine=affine, unit="g/ml{SUVbw}")
    return volume, masks


def _free_place(radius: float, taken: np.ndarray, random: np.random.Generator) -> tuple[Bounds, np.ndarray]:
    """A box that holds a sphere and its soft edge, clear of the others, and each voxel's distance from the centre."""
    reach = [int(np.ceil((radius + 12) / s)) for s in SPACING]
    grid = np.meshgrid(*(np.arange(-r, r + 1) * s for r, s in zip(reach, SPACING, strict=True)), indexing="ij")
    distance = np.sqrt(sum(g**2 for g in grid))
    while True:
        centre = [int(random.integers(r, n - r)) for r, n in zip(reach, SHAPE, strict=True)]
        start = tuple(c - r for c, r in zip(centre, reach, strict=True))
        stop = tuple(c + r + 1 for c, r in zip(centre, reach, strict=True))
        if not taken[Bounds(start, stop).slices][distance < radius + 5].any():
            return Bounds(start, stop), distance


@cache
def _tasks() -> list[tuple[Mask, Index, float]]:
    """A box around each of 100 lesions, its hottest voxel, and the SUV that is 41 or 50 % of it."""
    volume, masks = phantom()
    tasks = []
    for number, mask in enumerate(masks[:: len(masks) // SEEDS][:SEEDS]):
        margin = [round(MARGIN_MM / s) for s in SPACING]
        start = tuple(max(0, a - m) for a, m in zip(mask.bounds.start, margin, strict=True))
        stop = tuple(min(n, b + m) for b, m, n in zip(mask.bounds.stop, margin, volume.shape, strict=True))
        within = Mask(Bounds(start, stop), np.ones(Bounds(start, stop).shape, bool))
        threshold = segmentation.share_of_max(volume, mask, PERCENTS[number % len(PERCENTS)])
        tasks.append((within, segmentation.hottest_index(volume, mask), threshold))
    return tasks


def _ours(volume: Volume) -> np.ndarray:
    found: Components = components(volume, THRESHOLD)
    return np.stack([found.counts, found.maxima, found.sums], axis=1)


@cache
def _suv() -> np.ndarray:
    volume, _ = phantom()
    return volume.crop(volume.everything)


def _image(sitk, suv: np.ndarray):
    image = sitk.GetImageFromArray(suv)
    image.SetSpacing(SPACING[::-1])
    return image


def _agree(ours: np.ndarray, peers: np.ndarray) -> bool:
    """Voxel counts and maxima equal, sums to 1e-6 (added in another order), whatever the order of the components."""
    if ours.shape != peers.shape:
        return False
    a, b = (rows[np.lexsort(rows.T[::-1])] for rows in (ours, peers))
    return bool((a[:, :2] == b[:, :2]).all() and np.allclose(a[:, 2], b[:, 2], rtol=1e-6, atol=0))
