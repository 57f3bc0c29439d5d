"""The candidate finder: components against scipy, separation, and phantoms with known truth."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from demo.anatomy import Figure
from demo.phantom import PAINTED_SHARE_OF_MAX, Phantom, PhantomLesion
from demo.variants import as_scanned
from imaging.domain import candidates, references
from imaging.domain.components import components
from imaging.domain.errors import MeasurementRefused
from imaging.domain.references import RefusedReference
from imaging.domain.uptake import measure
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume

from .phantoms import SEEDS, made, real_fdg, result
from .reference import contoured, shared

AFFINE = np.diag([2.0, 2.5, 3.0, 1.0])
EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=int)


@settings(max_examples=80)
@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(1, 11)] * 3), st.floats(0.02, 0.98), st.booleans())
def test_components_are_those_of_scipy(seed, shape, threshold, is_float):
    random = np.random.default_rng(seed)
    stored = random.integers(0, 65535, shape, dtype=np.uint16)
    slopes = random.uniform(0.9, 1.1, shape[0]) / 65535
    volume = Volume.of_series(stored, slopes=slopes, intercepts=0.0, factor=1.0, affine=AFFINE, unit="u")
    suv = volume.crop(volume.everything)
    if is_float:
        volume = Volume.of_array(suv, AFFINE)
    found = components(volume, threshold)
    labels, count = ndimage.label(suv >= np.float32(threshold), EVERY_NEIGHBOUR)
    assert len(found) == count
    for number in range(count):
        expected = labels == number + 1
        mask = found.mask(number)
        np.testing.assert_array_equal(mask.over(volume.everything), expected)
        assert mask.bounds == Mask(volume.everything, expected).trimmed().bounds
        assert found.counts[number] == expected.sum()
        assert found.maxima[number] == suv[expected].max()
        assert found.sums[number] == pytest.approx(suv[expected].sum(dtype=np.float64), rel=1e-9)


def test_runs_at_the_edges_do_not_join_across_them():
    values = np.zeros((3, 4, 5), np.uint16)
    values[0, 0, 4] = values[0, 1, 0] = values[0, 3, 2] = values[1, 0, 2] = 9
    assert len(components(Volume.of_array(values, AFFINE), 5)) == 4


def test_nothing_hot_makes_no_component():
    assert len(components(Volume.of_array(np.zeros((3, 3, 3), np.uint16), AFFINE), 5)) == 0


def balls(*placed: tuple[tuple[float, float, float], float, float], blur_mm: float = 6.0) -> Volume:
    z, y, x = np.meshgrid(*(np.arange(n) * 3.0 for n in (40, 40, 60)), indexing="ij")
    suv = np.full(z.shape, 0.5, np.float32)
    for (cx, cy, cz), radius, value in placed:
        suv[(x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 <= radius**2] = value
    return Volume.of_array(ndimage.gaussian_filter(suv, blur_mm / 2.3548 / 3.0), np.diag([3.0, 3.0, 3.0, 1.0]))


def parts_of(volume: Volume, threshold: float) -> list[Mask]:
    found = components(volume, threshold)
    return [part for n in range(len(found)) for part in candidates.separated(volume, found.mask(n))]


def test_two_hot_balls_that_touch_are_told_apart():
    volume = balls(((60, 60, 60), 14, 20), ((92, 60, 60), 14, 18))
    assert len(components(volume, 3)) == 1
    first, second = parts_of(volume, 3)
    assert {round(measure(volume, m).hottest_lps[0] / 76) for m in (first, second)} == {1}
    assert first.voxels.sum() + second.voxels.sum() == components(volume, 3).counts[0]


def test_a_colder_ball_on_a_hot_one_is_split_off_though_there_is_no_seam():
    volume = balls(((60, 60, 60), 24, 20), ((96, 60, 60), 12, 6))
    parts = parts_of(volume, 3)
    assert len(parts) >= 2
    assert any(
        part.over(volume.everything)[20, 20, 33] and not part.over(volume.everything)[20, 20, 20] for part in parts
    )


def test_one_ball_stays_one():
    assert len(parts_of(balls(((60, 60, 60), 20, 20)), 3)) == 1


def test_separation_keeps_every_voxel_and_is_the_same_twice():
    volume = balls(((50, 60, 60), 16, 20), ((84, 62, 58), 13, 9), ((110, 60, 60), 12, 14))
    first, second = parts_of(volume, 3), parts_of(volume, 3)
    total = sum(part.over(volume.everything).astype(int) for part in first)
    np.testing.assert_array_equal(total, (volume.crop(volume.everything) >= np.float32(3)).astype(int))
    for a, b in zip(first, second, strict=True):
        assert a.bounds == b.bounds
        np.testing.assert_array_equal(a.voxels, b.voxels)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_hot_lesion_of_twelve_millimetres_is_found_and_none_is_set_apart(seed):
    wanted = [r for r in result(seed).lesions if r.must_be_found]
    assert wanted
    assert [r.outcome for r in wanted] == ["found"] * len(wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_lesions_colder_than_the_liver_are_expected_misses(seed):
    cold = [r for r in result(seed).lesions if max(r.contrast, r.shown) < 1]
    assert all(r.outcome == "missed" for r in cold)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_set_apart_is_physiologic(seed):
    assert not any("lesion" in what for what in result(seed).set_apart)
    assert len(result(seed).false_proposals) <= 16


@pytest.fixture(scope="module")
def scan() -> tuple[Volume, references.References]:
    figure = Figure(stretch=(1.0, 1.02, 0.97), seed=8)
    node = PhantomLesion((24, -22, -716), 9, 14 / PAINTED_SHARE_OF_MAX, 1.0, seed=3)
    pet = as_scanned(Phantom(figure, (node,), noise_seed=9, has_tuned_maxima=False).pet())
    return pet, references.propose(pet)


def test_nothing_is_a_lesion_and_the_answer_says_that_it_is_not_complete(scan):
    found = candidates.propose(*scan)
    assert "foci_never_complete" in {c.code for c in found.cautions}
    assert not hasattr(found.foci[0], "lesion")
    assert found.foci == (*found.to_ask, *found.to_confirm, *found.physiologic)


def test_the_threshold_is_mean_plus_two_sd_and_is_stored(scan):
    pet, found = scan
    foci = candidates.propose(pet, found)
    assert foci.threshold_suv == found.liver.mean + 2 * found.liver.sd
    assert foci.parameters["threshold_suv"] == foci.threshold_suv
    assert (foci.parameters["deviations"], foci.method) == (2.0, "foci/1.0")


def test_each_focus_is_measured_from_its_mask(scan):
    pet, found = scan
    foci = candidates.propose(pet, found)
    for focus in foci.foci:
        assert focus.uptake == measure(pet, focus.mask)
        assert pet.crop(focus.mask.bounds)[focus.mask.voxels].min() >= np.float32(foci.threshold_suv)


def test_foci_do_not_overlap(scan):
    pet, found = scan
    covered = np.zeros(pet.shape, np.uint8)
    for focus in candidates.propose(pet, found).foci:
        covered[focus.mask.bounds.slices] += focus.mask.voxels
    assert covered.max() == 1


def test_too_many_foci_are_cut_with_a_caution(scan):
    pet, found = scan
    rules = dataclasses.replace(candidates.SSTR, most=3)
    foci = candidates.propose(pet, found, rules=rules)
    assert "foci_too_many" in {c.code for c in foci.cautions}


def test_a_focus_that_fills_the_body_stays_whole_with_a_caution(scan):
    pet, found = scan
    rules = dataclasses.replace(candidates.SSTR, separate_up_to_voxels=100)
    assert "foci_not_separated" in {c.code for c in candidates.propose(pet, found, rules=rules).cautions}


def test_without_a_liver_a_threshold_must_be_given_and_every_focus_is_asked(scan):
    pet, found = scan
    none = RefusedReference("liver", "reference_organ_not_found", "")
    without = dataclasses.replace(found, liver=none, spleen=none, liver_tissue=None)
    with pytest.raises(MeasurementRefused) as refused:
        candidates.propose(pet, without)
    assert refused.value.code == "liver_reference_missing"
    assert all(f.guess.must_ask for f in candidates.propose(pet, without, threshold_suv=8.0).foci)


def test_the_tumour_of_a_real_fdg_scan_is_among_the_foci():
    pet, found = real_fdg()
    tumour = contoured(pet, next(shared("sts001-wholebody-ge", "FDG_PET", "mask").glob("*.dcm")), "GTV_Mass")
    foci = candidates.propose(pet, found, organs=None)
    assert foci.to_ask == foci.foci  # nothing is guessed on FDG, so nothing is set apart
    hottest = measure(pet, tumour).hottest_index
    held = [f for f in foci.foci if f.mask.over(pet.everything)[hottest]]
    assert len(held) == 1
    assert held[0].guess.must_ask
    assert held[0].uptake.suv_max == pytest.approx(7.9107, abs=2e-4)


def test_a_large_metastasis_in_the_back_of_the_liver_is_not_taken_for_a_kidney():
    figure = Figure(seed=3)
    metastasis = PhantomLesion((-100, 20, -530), 30, 20, 1.0)
    phantom = Phantom(figure, (metastasis,), noise_seed=5, has_tuned_maxima=False)
    pet = as_scanned(phantom.pet())
    labels, names = phantom.labels()
    lesion = labels == names.index("lesion 0")
    foci = candidates.propose(pet, references.propose(pet))
    held = [f for f in foci.foci if lesion[f.mask.bounds.slices][f.mask.voxels].sum() > lesion.sum() / 2]
    assert [(f.guess.organ, f.guess.must_ask) for f in held] == [("liver", True)]
    assert any(f.guess.organ == "right kidney" for f in foci.foci if f is not held[0])


def test_a_variant_is_the_same_twice():
    again = made.__wrapped__(SEEDS[0])
    assert again.lesions == made(SEEDS[0]).lesions
