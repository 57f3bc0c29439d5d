"""200 random regions measured by us and by SimpleITK: maximum, mean and volume are the same numbers."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from imaging.domain.uptake import measure
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume

REGIONS = 200


def scan() -> Volume:
    random = np.random.default_rng(5)
    stored = random.integers(0, 32000, (60, 90, 90)).astype(np.uint16)
    slopes = random.uniform(0.5, 2.0, 60)
    affine = np.diag([2.03642, 2.1, 3.27, 1.0])
    return Volume.of_series(stored, slopes=slopes, intercepts=0.0, factor=2.43e-4, affine=affine, unit="g/ml{SUVbw}")


def regions(volume: Volume) -> list[Mask]:
    random = np.random.default_rng(6)
    found = []
    for _ in range(REGIONS):
        size = random.integers(1, 16, 3)
        start = [int(random.integers(0, n - s + 1)) for n, s in zip(volume.shape, size, strict=True)]
        bounds = Bounds(tuple(start), tuple(int(a + s) for a, s in zip(start, size, strict=True)))
        voxels = ndimage.gaussian_filter(random.random(bounds.shape), 1) > 0.5
        voxels.flat[int(random.integers(voxels.size))] = True
        found.append(Mask(bounds, voxels).trimmed())
    return found


def test_maximum_mean_and_volume_are_those_of_simpleitk():
    volume = scan()
    for mask in regions(volume):
        image = sitk.GetImageFromArray(volume.crop(mask.bounds).astype(np.float64))
        labels = sitk.GetImageFromArray(mask.voxels.astype(np.uint8))
        for each in (image, labels):
            each.SetSpacing(volume.spacing)
        peer = sitk.LabelIntensityStatisticsImageFilter()
        peer.Execute(labels, image)
        ours = measure(volume, mask)
        assert ours.suv_max == pytest.approx(peer.GetMaximum(1), rel=1e-6)
        assert ours.suv_mean == pytest.approx(peer.GetMean(1), rel=1e-6)
        assert 1000 * ours.volume_ml == pytest.approx(peer.GetPhysicalSize(1), rel=1e-6)
