"""Rigid registration: digital phantoms moved by a known amount, and everything that must not be called good."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from demo.anatomy import Figure
from demo.phantom import CT_GRID, PET_GRID, Phantom
from imaging.domain import outline
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import index_to_lps
from imaging.domain.registration import Anatomy, Method, Quality, register
from imaging.domain.volume import Volume
from tests.science.reference import load

PLACES = np.array([(-80, 0, -500), (20, -40, -600), (80, 30, -520), (0, 0, -330), (0, 30, -700)], dtype=float)
ORGANS = {
    "liver": (-70.0, 0.0, -520.0),
    "spleen": (95.0, 48.0, -513.0),
    "kidney left": (66.0, 52.0, -596.0),
    "kidney right": (-66.0, 52.0, -618.0),
    "bladder": (0.0, -22.0, -842.0),
}


def rigid(shift=(0, 0, 0), degrees=(0, 0, 0), pivot=(0, 0, -550)):
    from scipy.spatial.transform import Rotation

    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = np.array(pivot) + shift - matrix[:3, :3] @ np.array(pivot)
    return matrix


@lru_cache(maxsize=4)
def pet(seed=7, stretch=(1.0, 1.0, 1.0)):
    return Phantom(Figure(stretch, False, {}, seed), (), 5.4, seed).pet()


def part(values, first, last, scale=1.0, unit="g/ml{SUVbw}"):
    affine = PET_GRID.affine
    affine[:3, 3] = index_to_lps(affine, (0, 0, first))
    return Volume.of_array(values[first:last] * np.float32(scale), affine, unit)


def moved(values, matrix, first, last):
    affine = PET_GRID.affine
    affine[:3, 3] = index_to_lps(affine, (0, 0, first))
    back = np.linalg.inv(PET_GRID.affine) @ np.linalg.inv(matrix) @ affine
    swap = np.eye(4)[[2, 1, 0, 3]]
    back = swap @ back @ swap
    shape = (last - first, *values.shape[1:])
    return Volume.of_array(
        ndimage.affine_transform(values, back[:3, :3], back[:3, 3], output_shape=shape, order=1), affine
    )


def aligned(before, after, organs_before=(), organs_after=()):
    return register(
        Anatomy(outline.of_pet(before), dict(organs_before)), Anatomy(outline.of_pet(after), dict(organs_after))
    )


def off(found, truth):
    return float(np.linalg.norm(index_to_lps(found.transform, PLACES) - index_to_lps(truth, PLACES), axis=1).max())


@pytest.mark.parametrize(
    ("shift", "degrees", "before", "after"),
    [
        ((0, 0, 0), (0, 0, 0), (0, 260), (0, 260)),
        ((30, -25, 90), (4, -3, 5), (40, 230), (20, 240)),
        ((-20, 12, -110), (-5, 2, -4), (0, 190), (60, 260)),
    ],
)
def test_a_known_movement_is_found_over_another_range(shift, degrees, before, after):
    truth = rigid(shift, degrees)
    found = aligned(part(pet(), *before), moved(pet(11, (1.01, 0.99, 1.0)), truth, *after))
    assert found.quality is Quality.GOOD and found.method is Method.OUTLINE and not found.reasons
    assert found.residual_mm < 3.5 and off(found, truth) < 9
    assert found.parameters["good_up_to_mm"] == 4.0 and found.method_version == "rigid-registration/1.0"


def test_the_same_scans_give_the_same_bits():
    before, after = part(pet(), 30, 240), moved(pet(11, (1.01, 0.99, 1.0)), rigid((9, 9, 40), (2, 2, 2)), 20, 250)
    assert (aligned(before, after).transform == aligned(before, after).transform).all()


def test_the_unit_of_the_images_does_not_matter():
    suv, activity = outline.of_pet(part(pet(), 0, 260)), outline.of_pet(part(pet(), 0, 260, 3.1e3, "Bq/ml"))
    assert (suv.is_body != activity.is_body).mean() < 1e-4


def test_ct_outlines_leave_the_couch_out():
    values = Phantom(Figure(seed=7), (), 5.4, 7).ct()
    affine = CT_GRID.affine
    shifted = affine.copy()
    shifted[:3, 3] += (18, -11, 64)
    before, after = (outline.of_ct(Volume.of_array(values, a, "[hnsf'U]")) for a in (affine, shifted))
    assert before.body_points()[:, 1].max() < 118  # the couch lies at 123 and beyond
    found = register(Anatomy(before), Anatomy(after))
    assert found.quality is Quality.GOOD and off(found, rigid((18, -11, 64))) < 2


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (lambda: part(pet(11, (1.25, 1.3, 0.88)), 0, 260), "another person"),
        (lambda: moved(pet(), rigid(degrees=(0, 0, 180)), 0, 260), "front to back"),
        (lambda: moved(pet(), rigid(degrees=(0, 24, 0)), 0, 260), "tilted"),
        (lambda: part(pet(), 0, 44), "only the thighs"),
    ],
)
def test_what_does_not_fit_is_never_called_good(other, what):
    found = aligned(part(pet(), 30, 240) if "thighs" not in what else part(pet(), 200, 260), other())
    assert found.quality is not Quality.GOOD, what
    assert found.reasons or found.refusal
    assert found.quality.value in found.sentence and len(found.sentence.split(". ")) > 1


def test_a_tube_has_no_level():
    """Nothing of a cylinder says where along its axis a scan lies: the level is said to be unsure."""
    z, y, x = np.indices((110, 96, 128), dtype=np.float32)
    tube = np.where(((x - 64) / 38) ** 2 + ((y - 48) / 26) ** 2 <= 1, 0.8, 0.002) + 0.001 * np.sin(z)
    found = aligned(part(tube.astype(np.float32), 0, 100), part(tube.astype(np.float32), 10, 110))
    assert found.quality is Quality.POOR and "registration_level_unsure" in {c.code for c in found.reasons}


def test_a_couch_that_touches_is_left_out():
    y, x = np.indices((90, 110), dtype=np.float32)
    body = ((x - 55) / 30) ** 2 + ((y - 40) / 18) ** 2 <= 1
    level = np.where(body, 40, np.where((y >= 58) & (y < 59) & (abs(x - 55) < 36), -200, -1000)).astype(np.int16)
    volume = Volume.of_array(np.repeat(level[None], 40, axis=0), np.diag([6.0, 6.0, 6.0, 1.0]), "[hnsf'U]")
    assert (outline.of_ct(volume).is_body == body).mean() > 0.995


def test_too_short_a_shared_part_is_refused():
    found = aligned(part(pet(), 0, 30), part(pet(), 0, 260))
    assert found.quality is Quality.REFUSED and found.refusal.code == "registration_overlap_small"
    with pytest.raises(MeasurementRefused, match="registration_overlap_small"):
        assert found.transform is None


def test_no_body_no_outline():
    with pytest.raises(MeasurementRefused, match="body_outline_missing"):
        outline.of_pet(part(pet() * 0, 0, 260))
    with pytest.raises(MeasurementRefused, match="body_outline_missing"):
        outline.of_ct(Volume.of_array(np.full((60, 60, 60), -1000, np.int16), PET_GRID.affine))


def carried(matrix, organs=ORGANS):
    return {name: tuple(float(v) for v in index_to_lps(matrix, place)) for name, place in organs.items()}


shifts, turns = st.tuples(*(st.floats(-200, 200),) * 3), st.tuples(*(st.floats(-8, 8),) * 3)


@given(shifts, turns, st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_centroids_alone_find_any_small_movement(shift, degrees, random):
    truth = rigid(shift, degrees)
    names = random.sample(sorted(ORGANS), len(ORGANS))
    found = register(Anatomy(organs={n: ORGANS[n] for n in names}), Anatomy(organs=carried(truth)))
    assert found.quality is Quality.GOOD and found.method is Method.CENTROIDS
    assert off(found, truth) < 1 and found.residual_mm < 0.5


def test_one_misplaced_organ_is_said_and_does_not_carry_the_rest_away():
    truth = rigid((10, -10, 60), (2, 1, -2))
    organs = {**carried(truth), "spleen": tuple(np.array(carried(truth)["spleen"]) + (0, 0, 90))}
    found = register(Anatomy(organs=ORGANS), Anatomy(organs=organs))
    assert found.quality is Quality.POOR and {c.code for c in found.reasons} == {"registration_organs_differ"}
    others = [n for n in ORGANS if n != "spleen"]
    away = [np.linalg.norm(index_to_lps(found.transform, ORGANS[n]) - organs[n]) for n in others]
    assert max(away) < 25


def test_organs_on_the_wrong_side_are_never_called_good():
    """The outline is nearly the same from both sides: only organs tell left from right."""
    mirrored = {name: (-x, y, z) for name, (x, y, z) in ORGANS.items()}
    alone = register(Anatomy(organs=ORGANS), Anatomy(organs=mirrored))
    both = aligned(part(pet(), 40, 230), part(pet(), 20, 240), ORGANS, mirrored)
    assert alone.quality is not Quality.GOOD and both.quality is not Quality.GOOD


def test_few_organs_shift_without_turning():
    two = {n: ORGANS[n] for n in ("liver", "spleen")}
    found = register(Anatomy(organs=two), Anatomy(organs=carried(rigid((5, 6, 70)), two)))
    assert found.quality is Quality.POOR and {c.code for c in found.reasons} == {"registration_few_organs"}
    np.testing.assert_allclose(found.transform[:3, :3], np.eye(3), atol=1e-12)
    assert off(found, rigid((5, 6, 70))) < 0.5


def test_nothing_in_common_is_refused():
    found = register(Anatomy(organs={"liver": ORGANS["liver"]}), Anatomy(organs={"spleen": ORGANS["spleen"]}))
    assert found.quality is Quality.REFUSED and found.refusal.code == "registration_inputs_missing"
    assert "neither outlines nor an organ in common" in found.sentence


def test_outline_and_organs_together():
    truth = rigid((12, -9, 70), (3, -2, 3))
    found = aligned(part(pet(), 40, 230), moved(pet(11, (1.01, 0.99, 1.0)), truth, 20, 240), ORGANS, carried(truth))
    assert found.quality is Quality.GOOD and found.method is Method.BOTH and off(found, truth) < 6
    assert {"skin_mm", "organs_mm", "turn_degrees", "overlap_mm"} <= set(found.measures)


def test_a_real_scan_on_itself_over_another_range(shared_data):
    """Real FDG scan, 267 slices: its upper and its lower two thirds, moved apart by 57 mm."""
    loaded = load(shared_data / "sts001-wholebody-ge" / "FDG_PET" / "image")
    whole = loaded.volume(1.0)
    upper, lower = whole.affine.copy(), whole.affine.copy()
    upper[:3, 3] = index_to_lps(whole.affine, (0, 0, 90)) + (0, 14, 57)

    def cut(first, last, affine):
        rows = slice(first, last)
        return Volume(
            whole.stored[rows], whole.slopes[rows], whole.intercepts[rows], whole.factors[rows], affine, "Bq/ml"
        )

    found = aligned(cut(0, 180, lower), cut(90, 267, upper))
    assert found.quality is Quality.GOOD
    np.testing.assert_allclose(found.transform[:3, 3] - found.transform[:3, :3] @ [0, 0, 0], (0, 14, 57), atol=6)
