"""Contours to voxels: against a slow point-in-polygon test, against areas that are known, and what is refused."""

import time

import numpy as np
import pytest

from imaging.domain import contours
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import index_to_lps
from imaging.domain.volume import Volume

AFFINE = np.array([[2.0, 0, 0, -40], [0, 2.0, 0, -50], [0, 0, 4.0, 100], [0, 0, 0, 1]])
SHAPE = (12, 40, 36)


def volume(affine=AFFINE, shape=SHAPE) -> Volume:
    return Volume.of_array(np.zeros(shape, np.float32), np.asarray(affine, float))


def lps(index, affine=AFFINE) -> np.ndarray:
    return index_to_lps(np.asarray(affine, float), index)


def square(x0, y0, x1, y1, k, affine=AFFINE) -> np.ndarray:
    return lps([[x0, y0, k], [x1, y0, k], [x1, y1, k], [x0, y1, k]], affine)


def full(placed, shape=SHAPE) -> np.ndarray:
    out = np.zeros(shape, bool)
    out[placed.mask.bounds.slices] = placed.mask.voxels
    return out


def codes(placed) -> set[str]:
    return {warning.code for warning in placed.warnings}


def is_inside(x, y, polygons) -> bool:
    """Even-odd by a ray to the left, one edge at a time; the half-open rule of the standard textbook."""
    odd = False
    for polygon in polygons:
        for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            if (y0 <= y) != (y1 <= y) and x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x:
                odd = not odd
    return odd


@pytest.mark.parametrize("seed", range(12))
def test_any_polygons_equal_the_slow_test_voxel_by_voxel(seed):
    rng = np.random.default_rng(seed)
    polygons = [rng.uniform(-6, 42, (rng.integers(3, 30), 2)).round(3) for _ in range(rng.integers(1, 4))]
    found = full(contours.place([lps(np.column_stack([p, np.full(len(p), 5)])) for p in polygons], volume()))
    expected = [[is_inside(x, y, polygons) for x in range(SHAPE[2])] for y in range(SHAPE[1])]
    assert np.array_equal(found[5], expected) and not found[[4, 6]].any()


def test_an_edge_through_voxel_centres_belongs_to_one_side_only():
    left, right = square(4, 10, 9, 15, 5), square(9, 10, 14, 15, 5)
    a, b = full(contours.place([left], volume())), full(contours.place([right], volume()))
    assert a.sum() == b.sum() == 25 and not (a & b).any()
    assert full(contours.place([left, right], volume())).sum() == 50


def test_a_disc_has_its_area():
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ring = np.column_stack([17.3 + 12 * np.cos(angle), 20.1 + 12 * np.sin(angle), np.full(400, 3)])
    found = contours.place([lps(ring)], volume())
    assert found.mask.voxels.sum() == pytest.approx(np.pi * 144, rel=0.01)


def test_holes_keyholes_and_repeats():
    outer, inner = square(4.5, 4.5, 20.5, 20.5, 5), square(8.5, 8.5, 12.5, 12.5, 5)
    ring = full(contours.place([outer, inner], volume()))
    assert ring.sum() == 256 - 16
    keyhole = np.concatenate([outer, outer[:1], inner[::-1], inner[::-1][:1]])
    assert np.array_equal(full(contours.place([keyhole], volume())), ring)
    again = contours.place([outer, outer.copy(), inner], volume())
    assert np.array_equal(full(again), ring) and codes(again) == {"contour_repeated"}
    closed = np.concatenate([outer, outer[:1]])
    assert np.array_equal(full(contours.place([closed, inner], volume())), ring)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_planes_parallel_to_slices_rows_or_columns(axis):
    """The same box drawn in axial, coronal and sagittal planes gives the same voxels."""
    low, high = np.array([5, 8, 2]), np.array([11, 15, 6])
    across = [a for a in range(3) if a != axis]
    planes = []
    for k in range(low[axis], high[axis] + 1):
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
        index = np.zeros((4, 3))
        index[:, axis] = k
        index[:, across] = np.where(corners, high[across] + 0.5, low[across] - 0.5)
        planes.append(lps(index))
    found = contours.place(planes, volume())
    expected = np.zeros(SHAPE, bool)
    expected[2:7, 8:16, 5:12] = True
    assert np.array_equal(full(found), expected)
    assert found.parameters["plane_axis"] == ("column", "row", "slice")[axis] and found.method == contours.METHOD


@pytest.mark.parametrize("turn", [np.diag([-1.0, -1, 1, 1]), np.diag([1.0, -1, -1, 1])])
def test_other_patient_positions_and_tilted_stacks(turn):
    affine = turn @ AFFINE
    affine[1, 2] += 0.7  # the slices are shifted against each other
    drawn = [square(4.5, 6.5, 9.5, 12.5, k, affine) for k in (3, 4, 5)]
    found = full(contours.place(drawn, volume(affine)))
    assert found.sum() == 3 * 5 * 6 and found[3:6, 7:13, 5:10].all()


def test_fine_planes_of_a_ct_on_thick_slices():
    """Planes every 1 mm over 21 mm on slices of 4 mm: the volume is kept, and the method says how."""
    drawn = [square(4.5, 4.5, 14.5, 14.5, (z - 100) / 4) for z in 110.3 + np.arange(21)]
    found = contours.place(drawn, volume())
    assert found.parameters["planes"] == 21 and found.parameters["plane_spacing_mm"] == 1.0
    assert found.mask.voxels.sum() * volume().voxel_volume_ml == pytest.approx(21 * 0.4, rel=0.1)
    assert codes(found) == {"contour_planes_between_slices"}
    assert found.parameters["largest_plane_offset_mm"] == pytest.approx(0.3, abs=0.01)


def test_thick_planes_fill_the_slices_between():
    drawn = [square(4.5, 4.5, 14.5, 14.5, k) for k in (2, 4, 6)]
    found = contours.place(drawn, volume())
    assert np.flatnonzero(full(found).any(axis=(1, 2))).tolist() == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]  # 2 planes of 8 mm and their halves
    assert codes(found) == {"contour_planes_skipped"}


def test_planes_half_way_between_slices_give_as_many_slices_as_planes():
    found = contours.place([square(4.5, 4.5, 14.5, 14.5, k + 0.5) for k in (2, 3, 4)], volume())
    assert full(found).any(axis=(1, 2)).sum() == 3


def test_two_parts_far_apart_are_not_joined():
    found = contours.place([square(4.5, 4.5, 14.5, 14.5, k) for k in (1, 9)], volume())
    assert np.flatnonzero(full(found).any(axis=(1, 2))).tolist() == [1, 9] and not found.warnings
    nearer = contours.place([square(4.5, 4.5, 14.5, 14.5, k) for k in (1, 2, 7, 8)], volume())
    assert np.flatnonzero(full(nearer).any(axis=(1, 2))).tolist() == [1, 2, 7, 8]


def test_a_plane_a_little_off_its_slice_is_that_slice():
    found = contours.place([square(4.5, 4.5, 14.5, 14.5, k + 0.005) for k in (2, 3)], volume())
    assert full(found).any(axis=(1, 2)).sum() == 2 and not found.warnings


def test_what_goes_past_the_edge_is_cut_and_said():
    found = contours.place([square(-5, -5, 5.5, 5.5, 0)], volume())
    assert found.mask.is_clipped and found.mask.voxels.sum() == 36
    assert not contours.place([square(-0.5, -0.5, 5.5, 5.5, 0)], volume()).mask.is_clipped


def tilted() -> np.ndarray:
    return lps([[4, 4, 2], [20, 4, 2], [20, 20, 3], [4, 20, 3]])


def broken(coordinate: float) -> np.ndarray:
    """One coordinate as a file could state it: of an index it would be no single coordinate in mm."""
    drawn = square(4, 4, 9, 9, 5)
    drawn[2, 0] = coordinate
    return drawn


@pytest.mark.parametrize(
    ("drawn", "code"),
    [
        ([tilted()], "contour_not_parallel"),
        ([square(4, 4, 9, 9, 5), lps([[4, 5, 2], [9, 5, 2], [9, 5, 6], [4, 5, 6]])], "contour_not_parallel"),
        ([broken(np.nan)], "contour_not_finite"),
        ([broken(np.inf)], "contour_not_finite"),
        ([], "voi_empty"),
        ([lps([[4, 4, 5], [5, 5, 5]]), lps([[1, 1, 1]])], "voi_empty"),
        ([square(4.2, 4.2, 4.6, 4.6, 5)], "voi_empty"),
        ([square(100, 4, 120, 9, 5)], "voi_outside_volume"),
        ([square(4, 4, 9, 9, 40)], "voi_outside_volume"),
        ([square(4, 4, 9, 9, -1)], "voi_outside_volume"),
    ],
)
def test_refused_by_name(drawn, code):
    with pytest.raises(MeasurementRefused) as refused:
        contours.place(drawn, volume())
    assert refused.value.code == code


def test_open_contours_and_points_enclose_nothing():
    contours.check_closed(["CLOSED_PLANAR", "CLOSEDPLANAR_XOR"])
    with pytest.raises(MeasurementRefused, match="POINT"):
        contours.check_closed(["CLOSED_PLANAR", "POINT"])


def test_contours_of_two_points_are_left_out_and_counted():
    found = contours.place([square(4.5, 4.5, 9.5, 9.5, 5), lps([[1, 1, 5], [2, 2, 5]])], volume())
    assert found.mask.voxels.sum() == 25 and codes(found) == {"contour_degenerate"}


def test_a_zigzag_costs_bounded_time_and_memory():
    """A million and a half points that run across the whole image: refused before anything is laid out for them."""
    zigzag = np.zeros((1_500_000, 3))
    zigzag[:, 0] = np.linspace(0, 35, len(zigzag))
    zigzag[1::2, 1] = 39
    start = time.monotonic()
    with pytest.raises(MeasurementRefused) as refused:
        contours.place([lps(zigzag)], volume())
    assert refused.value.code == "contour_too_complex" and time.monotonic() - start < 15


def test_pieces_give_the_same_as_one_piece(monkeypatch):
    rng = np.random.default_rng(3)
    drawn = [lps(np.column_stack([rng.uniform(0, 36, (500, 2)), np.full(500, 5)]))]
    whole = full(contours.place(drawn, volume()))
    monkeypatch.setattr(contours, "_CHUNK", 37)
    assert np.array_equal(full(contours.place(drawn, volume())), whole)


@pytest.mark.parametrize("name", ["STS_001", "STS_002"])
def test_the_published_masks_of_real_tumours(shared_data, name):
    """Contours to mask, voxel for voxel as the reference implementation published it (NIfTI)."""
    import nibabel
    import pydicom

    folder = shared_data / "sts-petct"
    image = nibabel.load(folder / "nifti_pet" / name / "PET_mask.nii.gz")
    mask = np.asarray(image.dataobj).transpose(2, 1, 0) > 0
    affine = np.diag([-1.0, -1, 1, 1]) @ image.affine
    sequence = pydicom.dcmread(folder / "dicom" / name / "PET" / "mask" / "RS.dcm").ROIContourSequence[0]
    drawn = [np.reshape(np.array(c.ContourData, float), (-1, 3)) for c in sequence.ContourSequence]
    assert np.array_equal(full(contours.place(drawn, volume(affine, mask.shape)), mask.shape), mask)
