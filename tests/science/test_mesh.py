"""The volume inside the mesh: the IBSI phantom's published value, and scikit-image's mesh for every case."""

import numpy as np
import pytest
from skimage.measure import marching_cubes

from imaging.domain import voi
from imaging.domain.errors import MeasurementRefused
from imaging.domain.mesh import mesh_volume_ml
from imaging.domain.volume import Bounds, Volume

from .reference import nifti, shared

CUBIC_CM = np.diag([10.0, 10.0, 10.0, 1.0])


def region(voxels: np.ndarray) -> voi.Mask:
    return voi.Mask(Bounds((0, 0, 0), voxels.shape), voxels)


def ours(voxels: np.ndarray, affine: np.ndarray = CUBIC_CM) -> float:
    return mesh_volume_ml(Volume.of_array(np.zeros(voxels.shape, np.int16), affine), region(voxels))


def in_the_mesh(voxels: np.ndarray) -> float:
    """In voxels: the signed tetrahedra between the origin and each triangle of the closed mesh."""
    vertices, faces, _, _ = marching_cubes(np.pad(voxels, 1).astype(float), 0.5)
    a, b, c = (vertices[faces[:, n]].astype(float) for n in range(3))
    return abs(float(np.einsum("ij,ij->", a, np.cross(b, c)))) / 6


def test_ibsi_digital_phantom():
    image, affine = nifti(shared("ibsi-digital-phantom", "nifti", "image", "phantom.nii.gz"))
    labels, _ = nifti(shared("ibsi-digital-phantom", "nifti", "mask", "mask.nii.gz"))
    found = 1000 * mesh_volume_ml(Volume.of_array(image, affine), voi.from_labels(labels))
    assert found == pytest.approx(556, abs=0.5)  # published to the whole mm3, tolerance 4
    assert found == pytest.approx(8 * in_the_mesh(np.asarray(labels == 1)), rel=1e-12)


@pytest.mark.parametrize("first", range(0, 256, 32))
def test_every_case_of_a_cell_is_the_mesh_of_scikit_image(first):
    for case in range(max(first, 1), first + 32):
        voxels = np.array([case >> corner & 1 for corner in range(8)], bool).reshape(2, 2, 2)
        assert ours(voxels) == pytest.approx(in_the_mesh(voxels), rel=1e-12), f"case {case}"


@pytest.mark.parametrize("seed", range(60))
def test_random_regions_are_the_mesh_of_scikit_image(seed):
    random = np.random.default_rng(seed)
    voxels = random.random(random.integers(2, 12, 3)) < random.uniform(0.1, 0.9)
    voxels.flat[0] = True
    assert ours(voxels) == pytest.approx(in_the_mesh(voxels), rel=1e-12)


def test_one_voxel_is_a_sixth_and_a_bar_loses_its_edges():
    assert ours(np.ones((1, 1, 1), bool)) == pytest.approx(1 / 6)
    assert ours(np.ones((1, 1, 9), bool)) == pytest.approx(8 / 2 + 1 / 6)


def test_spacing_and_shear_count_as_in_the_counted_volume():
    sheared = np.diag([2.0, 3.0, 5.0, 1.0])
    sheared[1, 2] = 1.5
    assert ours(np.ones((3, 4, 5), bool), sheared) == pytest.approx(0.03 * ours(np.ones((3, 4, 5), bool)))


def test_a_large_ball_has_the_volume_of_a_ball():
    volume = Volume.of_array(np.zeros((60, 60, 60), np.int16), np.diag([1.0, 1.0, 1.0, 1.0]))
    found = mesh_volume_ml(volume, voi.sphere(volume, (30, 30, 30), 25))
    assert found == pytest.approx(4 / 3 * np.pi * 2.5**3, rel=0.01)


def test_an_empty_region_is_refused():
    with pytest.raises(MeasurementRefused) as refused:
        ours(np.zeros((3, 3, 3), bool))
    assert refused.value.code == "voi_empty"
