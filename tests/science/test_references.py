"""Liver, spleen and blood pool on phantoms with known truth, and what is refused with its numbers."""

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from demo.anatomy import Figure
from demo.phantom import PET_GRID, Phantom, PhantomLesion
from demo.variants import as_scanned
from imaging.domain import references
from imaging.domain.coarse import coarse
from imaging.domain.errors import MeasurementRefused
from imaging.domain.reference_region import place_sphere
from imaging.domain.references import Reference, RefusedReference
from imaging.domain.splitting import edge_distance
from imaging.domain.uptake import intensity
from imaging.domain.voi import sphere
from imaging.domain.volume import Volume

from .phantoms import SEEDS, proposed, real_fdg, result
from .reference import load, shared

FIGURE = Figure(stretch=(1.03, 0.98, 1.04), seed=3, fat_mm=14)


@pytest.fixture(scope="module")
def suv() -> np.ndarray:
    return Phantom(FIGURE, noise_seed=4).pet()


@pytest.fixture(scope="module")
def found(suv) -> references.References:
    return references.propose(as_scanned(suv))


SMALL = 413  # a small body: few spheres fit into its spleen; 3.4 % off with references/1.1


@pytest.mark.parametrize("seed", [*SEEDS, SMALL])
def test_liver_and_spleen_are_within_three_percent_of_the_truth(seed):
    found = result(seed)
    assert abs(found.liver_error) <= 0.03
    assert abs(found.spleen_error) <= 0.03


def within(radius_mm: float, *, is_rod: bool) -> np.ndarray:
    """A ball, or a rod along z, of voxels of 4 mm in the middle of a cube of 21."""
    z, y, x = np.meshgrid(*(4.0 * (np.arange(21) - 10),) * 3, indexing="ij")
    return (0 * z if is_rod else z**2) + y**2 + x**2 <= radius_mm**2


@pytest.mark.parametrize(("organ", "radius_mm"), [(within(28, is_rod=False), 12.5), (within(12, is_rod=True), 10.0)])
@pytest.mark.parametrize("seed", range(3))
def test_no_sphere_in_the_organ_is_nearer_to_what_is_typical_below_its_outermost_voxels(organ, radius_mm, seed):
    texture = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(organ.shape), 1.2)
    pet = as_scanned(ndimage.gaussian_filter(np.where(organ, 20 + 8 * texture, 1), 0.8))
    image = coarse(pet)
    depth = edge_distance(organ, image.spacing)
    typical = image.suv[(depth > 4) & (depth >= 0.3 * depth.max())].mean()
    middles = image.lps(np.argwhere(depth >= radius_mm))
    means = np.array([intensity(pet, sphere(pet, middle, radius_mm)).suv_mean for middle in middles])
    rules = references.SSTR
    taken = place_sphere(pet, image, organ="spleen", tissue=organ, allowed=organ, radii_mm=(radius_mm,), rules=rules)
    assert len(means) > 10
    assert abs(taken.mean - typical) == pytest.approx(np.abs(means - typical).min(), abs=2e-3)


def test_in_slices_thicker_than_the_organ_is_deep_something_typical_remains():
    organ = within(10, is_rod=True)
    along = np.linspace(15, 25, 21)[:, None, None]
    pet = Volume.of_array(np.where(organ, along, 1).astype(np.float32), np.diag([4.0, 4.0, 12.0, 1.0]))
    places = {"tissue": organ, "allowed": organ, "radii_mm": (10.0,)}
    assert place_sphere(pet, coarse(pet), organ="spleen", **places, rules=references.SSTR).mean == pytest.approx(20)


def test_a_reference_is_what_its_sphere_measures_and_says_how_it_was_made(suv, found):
    pet, liver = as_scanned(suv), found.liver
    measured = intensity(pet, sphere(pet, liver.centre_lps, liver.radius_mm))
    assert (liver.mean, liver.sd) == (measured.suv_mean, measured.suv_sd)
    assert liver.cov == pytest.approx(liver.sd / liver.mean)
    assert (liver.radius_mm, liver.method) == (15.0, "references/1.2")
    assert liver.parameters["cov_limit"] == 0.25
    assert liver.centre_lps[0] < 0
    assert "reference_without_ct" in {c.code for c in liver.cautions}


def test_a_blotchy_liver_is_refused_with_its_cov(suv):
    spots = np.random.default_rng(1).random(tuple(n // 6 + 1 for n in suv.shape)) < 0.45
    blotches = np.kron(spots, np.ones((6, 6, 6), bool))[tuple(slice(n) for n in suv.shape)]
    z, y, x = (np.abs(a - b) for a, b in zip(PET_GRID.axes()[::-1], (-530.0, 0.0, -60.0), strict=True))
    around = np.broadcast_to((z < 110) & (y < 95) & (x < 95), suv.shape)
    is_liver = around & (suv > 3.2) & (suv < 9)
    answer = references.propose(as_scanned(np.where(is_liver & blotches, suv * 3, suv))).liver
    assert isinstance(answer, RefusedReference)
    assert answer.code == "reference_not_homogeneous"
    assert answer.sentence.startswith("liver reference unusable: CoV ")
    assert "limit 25 %" in answer.sentence


WITHOUT_SPLEEN = dataclasses.replace(FIGURE, uptake={"spleen": 0.3})
NO_SPLEEN = "spleen reference unusable: no region found that could be this organ."


def test_a_pair_of_kidneys_is_not_taken_for_a_missing_spleen():
    found = proposed(Phantom(WITHOUT_SPLEEN, noise_seed=5))
    assert isinstance(found.liver, Reference)
    assert found.spleen.sentence == NO_SPLEEN


def test_a_single_left_kidney_is_not_taken_for_a_missing_spleen_it_lies_too_low():
    phantom = Phantom(WITHOUT_SPLEEN, noise_seed=5)
    labels, names = phantom.labels()
    right = np.isin(labels, [names.index(name) for name in ("kidney", "renal sinus", "renal pelvis")])
    suv = np.where(ndimage.binary_dilation(right, iterations=3), 0.5, phantom.pet())
    found = references.propose(as_scanned(suv))
    assert isinstance(found.liver, Reference)
    assert found.spleen.sentence == NO_SPLEEN


def test_a_hot_mass_with_a_partner_on_the_right_is_not_taken_for_a_missing_spleen():
    masses = tuple(PhantomLesion((x, 46, -514), 26, 24, 1.0) for x in (90, -90))
    found = proposed(Phantom(WITHOUT_SPLEEN, masses, noise_seed=5, has_tuned_maxima=False))
    assert isinstance(found.liver, Reference)
    assert found.spleen.sentence == NO_SPLEEN


def test_with_ct_the_aorta_is_found_and_the_liver_stays():
    phantom = Phantom(FIGURE, noise_seed=4)
    found = proposed(phantom, with_ct=True)
    x, _, _ = found.blood_pool.centre_lps
    assert 0 < x < 50
    assert found.blood_pool.mean == pytest.approx(FIGURE.suv("blood"), rel=0.2)
    assert found.liver.mean == pytest.approx(FIGURE.suv("liver"), rel=0.03)
    assert "reference_without_ct" not in {c.code for c in found.liver.cautions}


def test_without_ct_the_blood_pool_is_refused_by_name(found):
    assert found.blood_pool.code == "reference_needs_ct"


def test_the_order_of_the_axes_does_not_matter(suv, found):
    """The same patient stored feet first and with the columns running the other way."""
    straight = found.liver
    affine = PET_GRID.affine.copy()
    for axis in (0, 2):
        affine[:3, 3] += affine[:3, axis] * (suv.shape[2 - axis] - 1)
        affine[:3, axis] *= -1
    flipped = Volume.of_array(suv[::-1, :, ::-1].copy(), affine)
    mirrored = references.propose(flipped).liver
    assert mirrored.centre_lps == pytest.approx(straight.centre_lps, abs=1e-6)
    assert mirrored.mean == pytest.approx(straight.mean, rel=1e-3)


def test_frames_that_differ_and_slices_that_are_not_axial_are_refused(suv):
    pet = as_scanned(suv)
    other = dataclasses.replace(pet, frame_of_reference_uid="1.2.3")
    with pytest.raises(MeasurementRefused) as refused:
        references.propose(pet, other)
    assert refused.value.code == "frames_differ"
    coronal = dataclasses.replace(pet, affine=pet.affine[:, [0, 2, 1, 3]])
    with pytest.raises(MeasurementRefused) as refused:
        references.propose(coronal)
    assert refused.value.code == "slices_not_axial"


def test_nothing_in_the_images_is_refused():
    with pytest.raises(MeasurementRefused) as refused:
        references.propose(Volume.of_array(np.zeros((20, 20, 20), np.float32), np.diag([4.0, 4.0, 4.0, 1.0])))
    assert refused.value.code == "body_not_found"


def test_the_liver_of_a_real_fdg_scan_is_plausible():
    liver = real_fdg()[1].liver
    assert 1.5 <= liver.mean <= 3.0
    assert -440 < liver.centre_lps[2] < -310  # between dome and lower edge, read from the coronal picture
    assert liver.centre_lps[0] < -30


def test_fdg_does_not_tell_where_the_spleen_is():
    found = real_fdg()[1]
    assert found.spleen.code == "reference_needs_sstr"
    assert "reference_unusual" not in {note.code for note in found.liver.cautions}


@pytest.mark.parametrize("patient", ["STS_001", "STS_002"])
def test_a_crop_without_a_liver_is_refused(patient):
    series = load(shared("sts-petct", "dicom", patient, "PET", "image"))
    found = references.propose(series.volume(1.0))
    for answer in (found.liver, found.spleen, found.blood_pool):
        assert isinstance(answer, RefusedReference)
        assert "unusable" in answer.sentence


def test_a_liver_outside_published_normals_is_said(suv):
    """As a wrong weight or dose would make it: the whole image four times as hot."""
    hot = references.propose(as_scanned(suv * 4)).liver
    assert "reference_unusual" in {note.code for note in hot.cautions}


def test_a_liver_within_published_normals_has_no_such_note(found):
    assert "reference_unusual" not in {note.code for note in found.liver.cautions}
