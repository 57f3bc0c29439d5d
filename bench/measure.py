"""M1-M3: uptake of 300 lesions on a whole-body PET against SimpleITK, mirp and ndimage.convolve.

The phantom is noise with 300 spheres of 5 to 60 mm that do not touch, stored as the scanner stores it: 16-bit
integers with a slope per slice. Ours reads the integers; the peers get the SUV as floats, ready made.
"""

import logging
import tempfile
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from bench.harness import Result, medians, ratio, shown, skipped
from imaging.domain import uptake
from imaging.domain.mesh import mesh_volume_ml
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume

SHAPE = (600, 400, 400)
SPACING = (3.0, 2.03642, 2.03642)  # mm: slices, rows, columns
LESIONS = 300
MIRP_LESIONS = 30


def run() -> list[Result]:
    return [intensity_against_simpleitk(), all_metrics_against_mirp(), peak_against_convolve()]


def intensity_against_simpleitk() -> Result:
    what = f"max, mean, volume of {LESIONS} lesions, SimpleITK LabelIntensityStatistics over ours"
    try:
        import SimpleITK as sitk
    except ImportError:
        return skipped("M1", what, 20, "SimpleITK is not installed")
    volume, masks, labels = phantom()
    image = sitk.GetImageFromArray(volume.crop(volume.everything))
    label_image = sitk.GetImageFromArray(labels)
    for each in (image, label_image):
        each.SetSpacing(SPACING[::-1])

    def ours():
        return [uptake.intensity(volume, mask) for mask in masks]

    def peer():
        filter_ = sitk.LabelIntensityStatisticsImageFilter()
        filter_.ComputePerimeterOff()
        filter_.ComputeFeretDiameterOff()
        filter_.Execute(label_image, image)
        return [(filter_.GetMaximum(n), filter_.GetMean(n), filter_.GetPhysicalSize(n)) for n in range(1, LESIONS + 1)]

    expected = np.array(peer())
    found = np.array([(i.suv_max, i.suv_mean, 1000 * i.volume_ml) for i in ours()])
    times = medians({"ours": ours, "SimpleITK": peer})
    return Result("M1", what, ratio("SimpleITK", "ours", times), 20, agrees=_agree(found, expected), note=shown(times))


def all_metrics_against_mirp() -> Result:
    what = f"all five metrics of {MIRP_LESIONS} pre-cropped lesions, mirp over ours"
    try:
        import mirp
        import nibabel
    except ImportError:
        return skipped("M2", what, 40, "mirp is not installed")
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    volume, masks, _ = phantom()
    chosen = masks[:: len(masks) // MIRP_LESIONS][:MIRP_LESIONS]
    with tempfile.TemporaryDirectory() as folder:
        files = [_written(volume, mask, Path(folder) / str(n), nibabel) for n, mask in enumerate(chosen)]

        def ours():
            return [uptake.measure(volume, mask) for mask in chosen]

        def peer():
            return [_mirp_metrics(mirp, *pair) for pair in files]

        expected = np.array([(*row, _mirp_mesh(mirp, *pair)) for row, pair in zip(peer(), files, strict=True)])
        meshes = [1000 * mesh_volume_ml(volume, mask) for mask in chosen]
        peaks = [(u.suv_max, u.suv_mean, u.suv_peak_local, u.suv_peak_global) for u in ours()]
        found = np.column_stack([peaks, meshes])
        times = medians({"ours": ours, "mirp": peer}, rounds=3, warm_up=0)
    return Result("M2", what, ratio("mirp", "ours", times), 40, agrees=_agree(found, expected), note=shown(times))


def peak_against_convolve() -> Result:
    volume, masks, _ = phantom()
    kernel, reach = _kernel()

    def ours():
        return [float(uptake.peak_means(volume, mask.bounds)[mask.voxels].max()) for mask in masks]

    def peer():
        return [_convolved_peak(volume, mask, kernel, reach) for mask in masks]

    agrees = _agree(np.array(ours()), np.array(peer()), 1e-6)
    times = medians({"ours": ours, "ndimage.convolve": peer})
    what = f"SUVpeak of {LESIONS} lesions, ndimage.convolve per box over ours"
    return Result("M3", what, ratio("ndimage.convolve", "ours", times), 2.5, agrees=agrees, note=shown(times))


@cache
def phantom() -> tuple[Volume, list[Mask], np.ndarray]:
    """The volume, a mask per lesion, and the label image 1..300 that the peers need."""
    random = np.random.default_rng(11)
    stored = random.integers(300, 900, SHAPE, dtype=np.uint16)
    labels = np.zeros(SHAPE, np.uint16)
    masks = []
    for diameter in np.sort(np.exp(random.uniform(np.log(5), np.log(60), LESIONS)))[::-1]:
        bounds, voxels = _free_sphere(diameter / 2, labels, random)
        peak = random.integers(3000, 30000)
        stored[bounds.slices][voxels] = (peak * random.uniform(0.6, 1.0, int(voxels.sum()))).astype(np.uint16)
        masks.append(Mask(bounds, voxels).trimmed())
        labels[bounds.slices][voxels] = len(masks)
    slopes = random.uniform(0.5, 2.0, SHAPE[0])
    affine = np.diag([*SPACING[::-1], 1.0])
    volume = Volume.of_series(stored, slopes=slopes, intercepts=0.0, factor=2.4e-4, affine=affine, unit="g/ml{SUVbw}")
    return volume, masks, labels


def _free_sphere(radius: float, labels: np.ndarray, random: np.random.Generator) -> tuple[Bounds, np.ndarray]:
    reach = [int(np.ceil((radius + 4) / s)) for s in SPACING]
    grid = np.meshgrid(*(np.arange(-r, r + 1) * s for r, s in zip(reach, SPACING, strict=True)), indexing="ij")
    distance = np.sqrt(sum(g**2 for g in grid))
    while True:
        centre = [int(random.integers(r, n - r)) for r, n in zip(reach, SHAPE, strict=True)]
        start = tuple(c - r for c, r in zip(centre, reach, strict=True))
        stop = tuple(c + r + 1 for c, r in zip(centre, reach, strict=True))
        bounds = Bounds(start, stop)
        if not labels[bounds.slices][distance < radius + 4].any():
            return bounds, distance <= max(radius, 1.8)


def _kernel() -> tuple[np.ndarray, list[int]]:
    reach = [int(uptake.PEAK_RADIUS_MM // s) for s in SPACING]
    grid = np.meshgrid(*(np.arange(-r, r + 1) * s for r, s in zip(reach, SPACING, strict=True)), indexing="ij")
    inside = sum(g**2 for g in grid) <= uptake.PEAK_RADIUS_MM**2
    return inside / inside.sum(), reach


def _convolved_peak(volume: Volume, mask: Mask, kernel: np.ndarray, reach: list[int]) -> float:
    wide = _widened(volume, mask.bounds, reach)
    means = ndimage.convolve(volume.crop(wide).astype(np.float64), kernel, mode="constant")
    start = [a - b for a, b in zip(mask.bounds.start, wide.start, strict=True)]
    inner = tuple(slice(a, a + n) for a, n in zip(start, mask.bounds.shape, strict=True))
    return float(means[inner][mask.voxels].max())


def _widened(volume: Volume, bounds: Bounds, by: list[int]) -> Bounds:
    start = tuple(max(0, a - b) for a, b in zip(bounds.start, by, strict=True))
    stop = tuple(min(n, a + b) for a, b, n in zip(bounds.stop, by, volume.shape, strict=True))
    return Bounds(start, stop)


def _written(volume: Volume, mask: Mask, stem: Path, nibabel) -> tuple[str, str]:
    wide = _widened(volume, mask.bounds, [int(np.ceil(15 / s)) for s in SPACING])
    region = np.zeros(wide.shape, np.uint8)
    start = [a - b for a, b in zip(mask.bounds.start, wide.start, strict=True)]
    region[tuple(slice(a, a + n) for a, n in zip(start, mask.bounds.shape, strict=True))] = mask.voxels
    names = (f"{stem}_image.nii", f"{stem}_mask.nii")
    for name, values in zip(names, (volume.crop(wide), region), strict=True):
        nibabel.Nifti1Image(values.transpose(2, 1, 0), volume.affine).to_filename(name)
    return names


def _mirp_metrics(mirp, image: str, mask: str) -> tuple[float, float, float, float]:
    families = ["statistics", "local_intensity"]
    row = mirp.extract_features(
        image=image, mask=mask, image_modality="pet", base_feature_families=families, num_cpus=1
    )[0].iloc[0]
    return row["stat_max"], row["stat_mean"], row["loc_peak_loc"], row["loc_peak_glob"]


def _mirp_mesh(mirp, image: str, mask: str) -> float:
    """mm3; compared only, never timed: mirp's family of shapes computes much that nobody asked for."""
    found = mirp.extract_features(
        image=image, mask=mask, image_modality="pet", base_feature_families="morphology", num_cpus=1
    )
    return found[0].iloc[0]["morph_volume"]


def _agree(found: np.ndarray, expected: np.ndarray, within: float = 1e-6) -> bool:
    return bool(np.allclose(found, expected, rtol=within, atol=0))
