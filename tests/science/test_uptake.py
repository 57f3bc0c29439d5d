"""Uptake against the IBSI phantom, a real lesion, and a direct sum over the sphere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.domain import uptake, voi
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import index_to_lps
from imaging.domain.suv import SuvKind, suv_factors
from imaging.domain.uptake import PEAK_RADIUS_MM, measure
from imaging.domain.volume import Bounds, Volume

from .reference import contoured, load, nifti, shared


def grid(dx=4.0, dy=4.0, dz=4.0) -> np.ndarray:
    return np.diag([dx, dy, dz, 1.0])


def box(start, stop) -> voi.Mask:
    bounds = Bounds(start, stop)
    return voi.Mask(bounds, np.ones(bounds.shape, dtype=bool))


def direct_peaks(volume: Volume) -> np.ndarray:
    """Mean over existing voxel centres within the sphere, one voxel at a time."""
    suv = volume.crop(volume.everything).astype(float)
    z, y, x = np.meshgrid(*map(np.arange, suv.shape), indexing="ij")
    centres = index_to_lps(volume.affine, np.stack([x, y, z], axis=-1).reshape(-1, 3))
    return np.array(
        [suv.ravel()[((centres - c) ** 2).sum(axis=1) <= PEAK_RADIUS_MM**2].mean() for c in centres]
    ).reshape(suv.shape)


def test_radius_is_that_of_one_millilitre():
    assert pytest.approx(6.2035, abs=1e-4) == PEAK_RADIUS_MM


def test_ibsi_digital_phantom():
    image, affine = nifti(shared("ibsi-digital-phantom", "nifti", "image", "phantom.nii.gz"))
    labels, _ = nifti(shared("ibsi-digital-phantom", "nifti", "mask", "mask.nii.gz"))
    found = measure(Volume.of_array(image, affine), voi.from_labels(labels))
    assert found.voxel_count == 74
    assert 1000 * found.volume_ml == pytest.approx(592)
    assert found.suv_mean == pytest.approx(2.15, abs=0.005)
    assert found.suv_sd**2 == pytest.approx(3.05, abs=0.005)
    assert found.suv_max == 6
    assert found.suv_peak_local == pytest.approx(2.6, abs=0.05)
    assert found.suv_peak_global == pytest.approx(3.1, abs=0.05)


@pytest.mark.parametrize("folder", ["sts001-wholebody-ge/FDG_PET", "sts-petct/dicom/STS_001/PET"])
def test_real_lesion_has_its_published_uptake(folder):
    series = load(shared(folder, "image"))
    volume = series.volume(suv_factors(series.inputs).by_kind[SuvKind.BW])
    structures = next(shared(folder, "mask").glob("*.dcm"))
    name = "GTV_Mass" if "wholebody" in folder else "GTV_Mass_PET"
    found = measure(volume, contoured(volume, structures, name))
    assert found.suv_max == pytest.approx(7.9107, abs=2e-4)
    assert found.suv_peak_local == pytest.approx(5.3130, abs=2e-4)
    assert found.suv_peak_global == pytest.approx(6.0784, abs=2e-4)


def test_second_real_lesion_by_mask():
    series = load(shared("sts-petct", "dicom", "STS_002", "PET", "image"))
    labels, _ = nifti(shared("sts-petct", "nifti_pet", "STS_002", "PET_mask.nii.gz"))
    found = measure(series.volume(1.0), voi.from_labels(labels))
    assert found.suv_max == pytest.approx(21.6757, abs=2e-4)
    assert found.suv_peak_local == pytest.approx(17.3933, abs=2e-4)
    assert found.suv_peak_global == pytest.approx(18.7627, abs=2e-4)
    assert 51.6 <= found.volume_ml <= 54.4


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(*[st.floats(1.6, 7.0)] * 3),
    st.floats(-0.4, 0.4),
    st.tuples(*[st.integers(4, 9)] * 3),
)
def test_prefix_sums_equal_the_direct_sum_for_any_grid(seed, spacing, shear, shape):
    affine = np.diag([*spacing, 1.0])
    affine[1, 2] = shear * spacing[2]
    values = np.random.default_rng(seed).integers(0, 4000, shape).astype(np.int16)
    volume = Volume.of_array(values, affine)
    found = uptake.peak_means(volume, volume.everything)
    np.testing.assert_allclose(found, direct_peaks(volume), rtol=1e-12)


def test_at_the_edge_only_existing_voxels_count():
    volume = Volume.of_array(np.full((9, 9, 9), 7, np.int16), grid())
    found = measure(volume, box((0, 0, 0), (1, 1, 1)))
    assert found.suv_peak_global == pytest.approx(7)
    assert "peak_at_edge" in {note.code for note in found.warnings}


def test_ties_of_the_maximum_are_resolved_by_the_highest_peak():
    values = np.ones((15, 15, 15), np.int16)
    values[3, 3, 3] = values[11, 11, 11] = 9
    values[10:13, 10:13, 10] = 6
    found = measure(Volume.of_array(values, grid()), box((0, 0, 0), (15, 15, 15)))
    assert found.hottest_index == (11, 11, 11)


def test_peak_above_max_is_said():
    values = np.ones((15, 15, 15), np.int16)
    values[6:9, 6:9, 7] = 50
    found = measure(Volume.of_array(values, grid()), box((7, 7, 6), (8, 8, 7)))
    assert found.suv_peak_global > found.suv_max
    assert {"peak_exceeds_max", "peak_beyond_region"} <= {note.code for note in found.warnings}


def test_total_is_mean_times_counted_volume():
    values = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    found = measure(Volume.of_array(values, grid(10, 10, 10)), box((0, 0, 0), (3, 3, 3)))
    assert found.volume_ml == pytest.approx(27)
    assert found.total_lesion_sstr_expression == pytest.approx(13 * 27)
    assert found.hottest_index == (2, 2, 2)
    assert found.hottest_lps == (20, 20, 20)


def test_values_that_are_not_numbers_are_never_measured():
    values = np.ones((9, 9, 9), np.float32)
    values[4, 4, 4] = np.nan
    with pytest.raises(MeasurementRefused) as refused:
        measure(Volume.of_array(values, grid()), box((4, 4, 4), (5, 5, 5)))
    assert refused.value.code == "uptake_not_finite"


def test_a_hole_beside_the_region_is_refused_too():
    values = np.ones((9, 9, 9), np.float32)
    values[4, 4, 5] = np.inf
    with pytest.raises(MeasurementRefused):
        measure(Volume.of_array(values, grid()), box((4, 4, 4), (5, 5, 5)))


@given(st.floats(0.1, 50))
def test_uptake_scales_with_the_factor(by):
    values = np.random.default_rng(3).integers(1, 3000, (8, 9, 10)).astype(np.uint16)
    mask = box((2, 2, 2), (6, 6, 6))
    one = measure(Volume.of_array(values, grid()), mask)
    scaled = Volume.of_series(values, slopes=1.0, intercepts=0.0, factor=by, affine=grid(), unit="g/ml{SUVbw}")
    other = measure(scaled, mask)
    for name in ("suv_max", "suv_mean", "suv_sd", "suv_peak_global", "suv_peak_local", "total_lesion_sstr_expression"):
        assert getattr(other, name) == pytest.approx(by * getattr(one, name), rel=1e-5)
    assert other.volume_ml == one.volume_ml


def test_intensity_agrees_with_measure():
    values = np.random.default_rng(5).integers(1, 3000, (8, 9, 10)).astype(np.uint16)
    volume, mask = Volume.of_array(values, grid()), box((2, 2, 2), (6, 6, 6))
    short, full = uptake.intensity(volume, mask), measure(volume, mask)
    assert (short.suv_max, short.suv_mean, short.suv_sd, short.volume_ml) == (
        full.suv_max,
        full.suv_mean,
        full.suv_sd,
        full.volume_ml,
    )


def test_only_voxels_of_the_region_are_its_maximum():
    values = np.ones((15, 15, 15), np.int16)
    values[4, 4, 4] = values[10, 10, 10] = 9
    values[9:12, 9:12, 9] = 8
    everything = box((0, 0, 0), (15, 15, 15))
    everything.voxels[10, 10, 10] = False
    found = measure(Volume.of_array(values, grid()), everything)
    assert found.hottest_index == (4, 4, 4)


def test_intensity_of_values_that_are_not_numbers_is_refused():
    values = np.full((3, 3, 3), np.nan, np.float32)
    with pytest.raises(MeasurementRefused):
        uptake.intensity(Volume.of_array(values, grid()), box((0, 0, 0), (2, 2, 2)))
