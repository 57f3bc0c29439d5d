"""Head up, patient's right on the left of the image."""

import numpy as np
import pytest

from imaging.domain.mip import coronal_mip
from imaging.domain.volume import Volume

AXIAL = np.diag([2.0, 2.0, 3.0, 1.0])


def test_feet_down_and_right_on_the_left():
    values = np.zeros((10, 6, 8), np.int16)
    values[8, 3, 1] = 10  # near the head, patient's right
    image = coronal_mip(Volume.of_array(values, AXIAL), 10)
    assert image.shape == (10, 8)
    assert np.argwhere(image == 255).tolist() == [[1, 1]]


def test_grey_is_linear_and_saturates():
    values = np.zeros((2, 2, 3), np.int16)
    values[0, 0] = (5, 10, 30)
    image = coronal_mip(Volume.of_array(values, AXIAL), 10)
    assert image[1].tolist() == [127, 255, 255]


@pytest.mark.parametrize(
    ("axes", "where"),
    [
        ([[0, 2, 0], [2, 0, 0], [0, 0, 3]], (8, 1, 3)),  # rows run left, columns run back
        ([[2, 0, 0], [0, 0, 2], [0, -3, 0]], (3, 8, 1)),  # coronal slices, rows run to the feet
        ([[-2, 0, 0], [0, -2, 0], [0, 0, -3]], (8, 3, 1)),
    ],
)
def test_other_orientations(axes, where):
    affine = np.eye(4)
    affine[:3, :3] = axes
    values = np.zeros((10, 10, 10), np.int16)
    values[where] = 10
    row, column = np.argwhere(coronal_mip(Volume.of_array(values, affine), 10) == 255)[0]
    x, _, z = affine[:3, :3] @ np.array(where[::-1])
    corners = affine[:3, :3] @ np.array(np.meshgrid([0, 9], [0, 9], [0, 9])).reshape(3, -1)
    step_x, step_z = 2, 3
    assert column == round((x - corners[0].min()) / step_x)
    assert row == round((corners[2].max() - z) / step_z)
