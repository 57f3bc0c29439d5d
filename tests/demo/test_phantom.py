"""The phantom measures to what its case says, with the product's own measuring, through the written files."""

import datetime as dt

import numpy as np
import pydicom
import pytest

from demo.anatomy import BLOOD_REFERENCE, LIVER_REFERENCE, SPLEEN_REFERENCE
from demo.case_discordant import discordant_case
from demo.case_equal_uptake import equal_uptake_case
from demo.case_published import published_case
from demo.case_without_weight import case_without_weight
from demo.loading import CASES
from demo.phantom import LIVER_VOI_RADIUS_MM, PET_GRID, TRUNK
from demo.scanner import acquire
from imaging.domain import krenning, segmentation, uptake
from imaging.domain.voi import sphere
from imaging.domain.volume import Volume

TODAY = dt.date(2026, 5, 14)


def volume_of(folder, affine=PET_GRID.affine):
    """SUVbw volume from the written files alone, by the textbook formula."""
    files = sorted(
        (pydicom.dcmread(p) for p in folder.glob("PET/*.dcm")), key=lambda d: float(d.ImagePositionPatient[2])
    )
    first = files[0]
    drug = first.RadiopharmaceuticalInformationSequence[0]
    scan_start = dt.datetime.fromisoformat(f"{first.SeriesDate}T{first.SeriesTime}")
    injected = dt.datetime.fromisoformat(
        f"{drug.RadiopharmaceuticalStartDateTime[:8]}T{drug.RadiopharmaceuticalStartTime}"
    )
    left = float(drug.RadionuclideTotalDose) * 2 ** (
        -(scan_start - injected).total_seconds() / float(drug.RadionuclideHalfLife)
    )
    factor = float(first.PatientWeight) * 1000 / left
    return Volume(
        stored=np.stack([f.pixel_array for f in files]),
        slopes=np.array([float(f.RescaleSlope) for f in files]),
        intercepts=np.zeros(len(files)),
        factors=np.full(len(files), factor),
        affine=affine,
        unit="g/ml{SUVbw}",
        frame_of_reference_uid=first.FrameOfReferenceUID,
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Uptake of every region of both scans of the published case."""
    case = published_case(TODAY)
    found = {}
    for scan in case.scans:
        folder = tmp_path_factory.mktemp(scan.key)
        acquire(case, scan, folder)
        found[scan.key] = measured(scan, volume_of(folder))
    return found


def measured(scan, volume):
    found = {}
    for name, point, radius in (
        ("liver", LIVER_REFERENCE, LIVER_VOI_RADIUS_MM),
        ("spleen", SPLEEN_REFERENCE, 9.0),
        ("blood_pool", BLOOD_REFERENCE, 5.0),
    ):
        found[name] = uptake.measure(volume, sphere(volume, scan.place(point), radius))
    for label, seen in scan.lesions.items():
        mask = sphere(volume, scan.place(seen.drawn.centre), seen.drawn.voi_radius_mm)
        if seen.contour_percent:
            mask = segmentation.percent_of_max(volume, mask, seen.contour_percent)
        found[label] = uptake.measure(volume, mask)
    return found


def test_gastric_mass_measures_what_was_published(published):
    assert published["baseline"]["L01"].suv_max == pytest.approx(9.09, rel=0.005)
    assert published["follow-up"]["L01"].suv_max == pytest.approx(11.47, rel=0.005)


def test_liver_mean_is_in_the_range_that_fits_the_published_reading(published):
    for regions in published.values():
        assert 8.5 <= regions["liver"].suv_mean <= 10.2
        assert regions["liver"].suv_sd / regions["liver"].suv_mean < 0.1  # tumour-free


@pytest.mark.parametrize("value", ["suv_max", "suv_peak_global"])
def test_computed_relations_do_not_contradict_the_reader(published, value):
    def relation(scan, label):
        regions = published[scan]
        means = (krenning.exact(regions[name].suv_mean) for name in ("liver", "spleen", "blood_pool"))
        return krenning.propose(krenning.exact(getattr(regions[label], value)), *means, visible=True).relation

    assert {relation("baseline", label) for label in ("L02", "L03", "L04")} == {"below"}
    assert relation("baseline", "L01") in {"below", "equal"}
    assert {relation("follow-up", label) for label in ("L01", "L02", "L03", "L04")} == {"above"}


def test_physiologic_order_of_uptake(published):
    for regions in published.values():
        assert 15 < regions["spleen"].suv_mean < 35
        assert regions["spleen"].suv_sd / regions["spleen"].suv_mean < 0.1  # the reference lies inside the spleen
        assert 1 < regions["blood_pool"].suv_mean < 2


def test_lesions_are_drawn_smaller_at_follow_up(published):
    baseline, follow_up = published_case(TODAY).scans
    for label, seen in baseline.lesions.items():
        later = follow_up.lesions[label]
        assert later.drawn.radius_mm < seen.drawn.radius_mm
        assert max(later.size_mm) < max(seen.size_mm)


def test_equal_uptake_is_equal_to_liver():
    scan = equal_uptake_case(TODAY).scans[0]
    suv = scan.phantom().pet()
    flat = Volume(
        stored=np.rint(suv * 100).astype(np.uint16),
        slopes=np.full(len(suv), 0.01),
        intercepts=np.zeros(len(suv)),
        factors=np.ones(len(suv)),
        affine=PET_GRID.affine,
        unit="g/ml{SUVbw}",
        frame_of_reference_uid="1",
    )
    regions = measured(scan, flat)
    for label in scan.lesions:
        ratio = regions[label].suv_peak_global / regions["liver"].suv_mean
        assert 0.93 < ratio < 1.07


def test_missing_weight_is_missing_in_every_file_and_nowhere_else(tmp_path):
    case = case_without_weight(TODAY)
    for path in acquire(case, case.scans[0], tmp_path):
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        assert "PatientWeight" not in ds
        assert ds.PatientSize
        assert ds.PatientID == "SYN-0003"


def test_a_coarser_scan_of_another_tracer_measures_to_what_its_case_says(tmp_path):
    """5 mm voxels, 18F with its own half-life: SUV comes back from the files as it was drawn."""
    case = discordant_case(TODAY)
    for scan in case.scans:
        acquire(case, scan, tmp_path / scan.key)
        regions = measured(scan, volume_of(tmp_path / scan.key, TRUNK.pet.affine))
        assert regions["liver"].suv_mean == pytest.approx(scan.liver_suv_mean, rel=0.005)
        for label, seen in scan.lesions.items():
            assert regions[label].suv_max == pytest.approx(seen.drawn.suv_max, rel=0.005)
    first = pydicom.dcmread(next((tmp_path / "fdg").glob("PET/*.dcm")), stop_before_pixels=True)
    drug = first.RadiopharmaceuticalInformationSequence[0]
    assert drug.Radiopharmaceutical == "18F-FDG" and float(drug.RadionuclideHalfLife) == pytest.approx(6586.2)


def clear_of_each_other(lesions):
    for n, one in enumerate(lesions):
        for other in lesions[n + 1 :]:
            gap = np.linalg.norm(np.subtract(one.centre, other.centre)) - one.radius_mm - other.radius_mm
            if gap < 8:
                yield one.centre, other.centre, gap


@pytest.mark.parametrize("number", ["0004", "0005", "0006", "0007", "0008"])
def test_lesions_of_a_coarse_scan_are_large_and_apart(number):
    """At 5 mm a lesion is measured well only where it is wide and blur of its neighbour does not reach it."""
    for scan in CASES[number](TODAY).scans:
        drawn = [seen.drawn for seen in scan.lesions.values()]
        assert scan.matrix is TRUNK
        assert min(lesion.radius_mm for lesion in drawn) >= 10
        assert list(clear_of_each_other(drawn)) == []


def test_same_seed_gives_the_same_voxels():
    scan = published_case(TODAY).scans[0]
    assert np.array_equal(scan.phantom().pet(), scan.phantom().pet())
    one, other = (discordant_case(TODAY).scans[1].phantom() for _ in range(2))
    assert np.array_equal(one.pet(), other.pet()) and np.array_equal(one.ct(), other.ct())


def test_only_published_facts_are_recorded_for_the_published_case():
    """A tripwire: whoever adds a row to case 0001 has to find it in the publication first."""
    case = published_case(TODAY)
    assert [name for name, _ in case.rows] == ["Diagnosis", "HistologySpecimen", "TreatmentLine", "ClinicalEvent"]
    facts = {
        key: value for _, values in case.rows for key, value in values.items() if "date" not in key and key != "note"
    }
    assert facts == {
        "primary_site": "stomach",
        "stage": "metastatic",
        "metastatic_sites": ["liver"],
        "ki67_text": "7-8 %",
        "ki67_method": "MIB1",
        "stated_grade": "G2",
        "treatment_class": "chemo",
        "regimen": "CAPTEM",
        "drugs": ["capecitabine", "temozolomide"],
        "cycles": 6,
        "is_ongoing": False,
        "response_text": "lesions smaller",
        "symptom": "abdominal pain",
        "course": "relieved",
        "context": "after six cycles of CAPTEM",
    }
    baseline, follow_up = ({k: (s.score.low, s.score.high) for k, s in scan.lesions.items()} for scan in case.scans)
    assert baseline == {"L01": (None, None), "L02": (0, 1), "L03": (0, 1), "L04": (0, 1)}
    assert set(follow_up.values()) == {(3, 3)}
    assert {scan.ssa_status for scan in case.scans} == {"unknown"}
    assert case.has_illustrative_sizes
    assert "llustrative, not from the publication" in case.patient["demo_note"]


def test_the_patient_of_the_published_case_is_58_at_both_scans():
    case = published_case(TODAY)
    born = case.patient["birth_date"]
    for scan in case.scans:
        assert scan.day.year - born.year - ((scan.day.month, scan.day.day) < (born.month, 28)) == 58
