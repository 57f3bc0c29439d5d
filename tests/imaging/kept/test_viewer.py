"""The reading workspace on the server's side: what it offers, what it hides, and where each lesion is."""

import base64
import gzip
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from imaging import masks, store, viewer, volumes
from imaging.domain.geometry import index_to_lps
from imaging.domain.suv_code import WORD_LEVELS, SqrtCode
from imaging.domain.vocabulary import Tracer
from imaging.models import ImageProduct, Lesion, LesionMatch, Proposal, Scan
from imaging.services import place_voi
from patients.services import record
from tests.imaging.phantom import BORN, write_pet
from tests.imaging.scan_rows import fresh
from tests.imaging.test_views_series import bring, post, run_all
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
HOT = (-24.0, 0.0, -376.0)  # LPS mm of the hot voxel of tests.imaging.phantom
NODE = shutil.which("node")
MODULES = Path(__file__).resolve().parents[3] / "static" / "js" / "reading"


@pytest.fixture(scope="module")
def staff(kept_store):
    return make_user("nuclear_medicine", is_staff=True)


@pytest.fixture
def user(staff, client):
    client.force_login(staff)
    return staff


@pytest.fixture(scope="module")
def patient(staff):
    return make_patient(by=staff, case_number="SYN-a", birth_date=BORN, sex_for_formulas="F")


@pytest.fixture(scope="module")
def made_pair(staff, patient, folder) -> list[Scan]:
    bring(staff, write_pet(folder / "a", "a"), patient)
    bring(staff, write_pet(folder / "b", "b", days_later=14, patient_id="SYN-a", family_name="SYN-a^"), patient)
    run_all()
    return list(Scan.objects.order_by("clinical_date"))


@pytest.fixture
def pair(user, made_pair) -> list[Scan]:
    """Two scans a fortnight apart, of one tracer."""
    return [fresh(scan) for scan in made_pair]


@pytest.fixture
def lesion(pair, user, patient) -> Lesion:
    found = record(Lesion, by=user, patient=patient, label="L01", organ="liver")
    for scan in pair:
        place_voi(by=user, scan=scan, role="lesion", lesion=found, method="sphere", centre_lps=HOT, radius_mm=10)
    run_all()
    return found


def data(client, scan: Scan, **query) -> dict:
    return client.get(reverse("imaging:viewer", args=[scan.pk]), query).json()


def page(client, scan: Scan, **query) -> str:
    return client.get(reverse("imaging:read", args=[scan.pk]), query).content.decode()


def test_the_scan_before_stands_on_the_left(client, pair, lesion):
    before, after = pair
    found = data(client, after)
    assert [(one["role"], one["id"]) for one in found["scans"]] == [("old", str(before.pk)), ("new", str(after.pk))]
    shown = page(client, after)
    assert shown.index("Earlier scan") < shown.index("This scan") and "after injection" in shown
    assert [one["role"] for one in data(client, before)["scans"]] == ["new"]
    assert [one["role"] for one in data(client, after, **{"with": "none"})["scans"]] == ["new"]


def test_only_an_earlier_scan_of_the_same_patient_may_stand_beside(client, pair, user, tmp_path):
    before, after = pair
    other = make_patient(by=user, case_number="SYN-c", birth_date=BORN, sex_for_formulas="F")
    bring(user, write_pet(tmp_path / "c", "c"), other)
    stranger = Scan.objects.get(patient=other)
    for route in ("imaging:viewer", "imaging:read"):
        for scan, beside in ((after, stranger), (before, after), (after, after)):
            assert client.get(reverse(route, args=[scan.pk]), {"with": beside.pk}).status_code == 404
        assert client.get(reverse(route, args=[after.pk]), {"with": "no-uuid"}).status_code == 404
        assert client.get(reverse(route, args=[after.pk]), {"with": before.pk}).status_code == 200
    assert str(stranger.pk) not in page(client, after)


def test_both_scans_have_one_scale(client, pair, lesion):
    views = [one["view"] for one in data(client, pair[1])["scans"]]
    assert views[0]["width_mm"] == views[1]["width_mm"] and views[0]["depth_mm"] == views[1]["depth_mm"]
    heights = {view["top_mm"] - view["bottom_mm"] for view in views}
    assert len(heights) == 1
    sprite = ImageProduct.objects.get(scan=pair[0], kind="mip_sprite", superseded_at=None)
    sprite.meta["mip"]["field_of_view"]["width_mm"] = 700.0
    sprite.save()
    assert [one["view"]["width_mm"] for one in data(client, pair[1])["scans"]] == [700.0, 700.0]


def test_the_outline_on_the_page_is_the_mask_that_was_measured(client, pair, lesion):
    """Voxel by voxel, and the SUV that the page's codes have inside it is the one that was measured."""
    scan = pair[1]
    side = next(one for one in data(client, scan)["scans"] if one["role"] == "new")
    region = next(one for one in side["regions"] if one["kind"] == "lesion")
    bits = np.unpackbits(np.frombuffer(base64.b64decode(region["bits"]), np.uint8))
    inside = bits[: int(np.prod(region["shape"]))].reshape(region["shape"]).astype(bool)
    z, y, x = np.nonzero(inside) + np.array(region["start"])[:, None]
    grid = np.array(side["pet"]["affine"])
    row = scan.vois.get(role="lesion").measurements.get(superseded_at=None)
    stored = masks.load(row.mask_sha256)
    k, j, i = np.nonzero(stored.mask.voxels) + np.array(stored.mask.bounds.start)[:, None]
    ours = index_to_lps(grid, np.stack([x, y, z], axis=-1))
    theirs = index_to_lps(stored.affine, np.stack([i, j, k], axis=-1))
    assert {tuple(p) for p in ours.round(3)} == {tuple(p) for p in theirs.round(3)} and len(ours) == row.voxel_count

    planes = [_bytes(scan, name).reshape(side["pet"]["shape"]).astype(int) for name in ("upper", "lower")]
    for name in ("upper", "lower"):
        product = ImageProduct.objects.get(scan=scan, name=f"suv-{name}.u8.gz", superseded_at=None)
        assert side["pet"][name] == reverse("imaging:product", args=[product.pk])
    codes = 256 * planes[0] + planes[1]
    suv = SqrtCode(side["pet"]["suv_max"], side["pet"]["levels"]).decode(codes)[z, y, x]
    assert abs(float(suv.max()) - row.suv_max) < 1e-3 and abs(float(suv.mean()) - row.suv_mean) < 1e-3
    assert side["pet"]["unit_words"] == "SUVbw g/mL" and region["point"] == row.hottest_voxel["lps_mm"]


def _bytes(scan: Scan, plane: str) -> np.ndarray:
    product = ImageProduct.objects.get(scan=scan, name=f"suv-{plane}.u8.gz", superseded_at=None)
    with store.open_stored(product.sha256) as file:
        return np.frombuffer(gzip.decompress(file.read()), np.uint8)


def test_each_lesion_has_its_own_place_on_each_scan(client, pair, lesion):
    found = data(client, pair[1])["lesions"][0]
    for role, scan in zip(("old", "new"), pair, strict=True):
        row = scan.vois.get(role="lesion").measurements.get(superseded_at=None)
        assert found["points"][role] == {"lps": row.hottest_voxel["lps_mm"], "how": "measured"}


def test_a_lesion_marked_on_one_scan_only_is_looked_for_where_the_registration_puts_it(pair, user, patient):
    lesion = record(Lesion, by=user, patient=patient, label="L07", organ="bone")
    place_voi(by=user, scan=pair[0], role="lesion", lesion=lesion, method="sphere", centre_lps=HOT, radius_mm=10)
    run_all()
    sides = [viewer.side(scan) for scan in pair]
    matrix = [[1, 0, 0, 4], [0, 1, 0, -8], [0, 0, 1, 12], [0, 0, 0, 1]]
    LesionMatch.objects.filter(scan=pair[1]).update(proposal=None)
    places = viewer.lesion_points([lesion], sides, matrix)[lesion.pk]
    hottest = places[pair[0].pk]["lps"]
    assert places[pair[1].pk] == {"lps": [hottest[0] + 4, hottest[1] - 8, hottest[2] + 12], "how": "registered"}
    assert list(viewer.lesion_points([lesion], sides, None)[lesion.pk]) == [pair[0].pk], "no registration, no place"


def test_a_registration_counts_only_for_the_scan_it_was_made_with(pair, lesion):
    before, after = pair
    run = after.proposal_runs.get(superseded_at=None)
    run.registration = {"matrix": np.eye(4).tolist(), "sentence": "Registration by body outline: good."}
    run.save()
    assert run.matches.filter(previous_scan=before).exists()
    assert viewer.link(after, before)["matrix"] == np.eye(4).tolist()
    run.matches.update(previous_scan=after)
    assert viewer.link(after, before) == {"matrix": None, "sentence": viewer.SHIFT}
    assert viewer.link(after, None)["matrix"] is None


def test_without_suv_there_is_no_volume_no_number_and_the_page_says_why(client, user, patient, tmp_path):
    series = bring(user, write_pet(tmp_path / "n", "n", patient_id="SYN-a", body_weight_kg=None), patient)
    run_all()
    scan = Scan.objects.get(pet_series=series)
    side = data(client, scan)["scans"][0]
    assert side["pet"] is None and side["mip"] is None and side["regions"] == []
    assert "no body weight" in side["why"]
    shown = page(client, scan)
    assert "no body weight" in shown and "No volumes" in shown and "no number is shown without SUV" in shown


def test_nothing_of_an_earlier_suv_is_shown_while_a_new_one_is_computed(client, pair, lesion):
    scan = pair[1]
    assert next(s for s in data(client, scan)["scans"] if s["role"] == "new")["pet"]
    post(client, "suv_input", scan.pet_series, name="body_weight_kg", value="30", reason="mistyped")
    side = next(s for s in data(client, scan)["scans"] if s["role"] == "new")
    assert side["pet"] is None and side["regions"] == [] and side["why"]
    run_all()
    side = next(s for s in data(client, scan)["scans"] if s["role"] == "new")
    assert side["pet"] and [r for r in side["regions"] if r["kind"] == "lesion"]


def test_foci_are_drawn_while_they_are_open_and_of_the_current_look(client, pair, lesion):
    scan = pair[1]
    mask = scan.vois.get(role="lesion").measurements.get(superseded_at=None).mask_sha256
    run = scan.proposal_runs.get(superseded_at=None)
    about = {"kind": "focus", "number": 7, "label": "F07", "mask_sha256": mask, "centre_lps_mm": list(HOT)}
    focus = Proposal.objects.create(scan=scan, run=run, **about)

    def drawn() -> list[str]:
        side = next(s for s in data(client, scan)["scans"] if s["role"] == "new")
        return [r["label"] for r in side["regions"] if r["kind"] == "focus" and r["bits"]]

    assert drawn() == ["F07"] and "F07" in page(client, scan)
    Proposal.objects.filter(pk=focus.pk).update(state=Proposal.State.REJECTED)
    assert drawn() == [] and "F07" not in page(client, scan)
    Proposal.objects.filter(pk=focus.pk).update(state=Proposal.State.OPEN)
    run.superseded_at = timezone.now()
    run.save()
    assert drawn() == [], "of an earlier look"


def test_without_scripts_the_page_has_stills_slices_and_the_list(client, pair, lesion):
    shown = page(client, pair[1])
    stills = ImageProduct.objects.filter(kind="mip_still", superseded_at=None)
    slices = ImageProduct.objects.filter(kind="key_slice", scan=pair[1], superseded_at=None)
    assert stills.count() == 2 and slices.exists()
    for product in (*stills, *slices):
        assert reverse("imaging:product", args=[product.pk]) in shown
    assert "L01" in shown and f'data-lesion="{lesion.pk}"' in shown and 'id="key-L01"' in shown


def test_tracers_that_differ_are_said_and_never_paired_unasked(client, pair, user, patient, tmp_path):
    about = {"patient_id": "SYN-a", "family_name": "SYN-a^"}
    bring(user, write_pet(tmp_path / "f", "f", days_later=7, tracer=Tracer.F18_FDG, **about), patient)
    fdg = Scan.objects.get(tracer=Tracer.F18_FDG)
    assert "never compared" in page(client, pair[1], **{"with": fdg.pk})
    shown = page(client, pair[1])
    assert "never compared" not in shown and data(client, pair[1])["scans"][0]["id"] == str(pair[0].pk)


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_a_browser_decodes_codes_as_the_server_does():
    codes = [0, 1, 255, 256, 8191, 31727, 40000, WORD_LEVELS]
    script = (
        f"import {{ suvOf }} from '{MODULES.as_uri()}/colour.js';"
        f"console.log(JSON.stringify({codes}.map((c) => suvOf(c, {{ suv_max: 71.5, levels: {WORD_LEVELS} }}))));"
    )
    done = subprocess.run([NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    ours = np.array(json.loads(done.stdout))
    assert np.allclose(ours, SqrtCode(71.5, WORD_LEVELS).decode(np.array(codes)), rtol=1e-6)


def test_the_volume_of_the_page_is_the_stored_one(pair):
    """One voxel off, the read-out would be wrong everywhere: every voxel of the compact volume against the images."""
    scan = pair[1]
    side = viewer.side(scan)
    volume = volumes.load_volume(scan.pet_series, side.suv.result)
    meta = side.products["suv-upper.u8.gz"].meta
    codes = 256 * _bytes(scan, "upper").astype(int) + _bytes(scan, "lower")
    suv = SqrtCode(meta["coding"]["suv_max"], meta["coding"]["levels"]).decode(codes.reshape(meta["shape"]))
    z, y, x = np.nonzero(suv >= 0)
    index = np.linalg.inv(volume.affine) @ np.array(meta["affine"]) @ np.stack([x, y, z, np.ones_like(x)])
    i, j, k = index[:3].round().astype(int)
    everything = volume.crop(volume.everything)
    assert np.abs(everything[k, j, i] - suv[z, y, x]).max() < 2e-3


def test_each_scan_leads_to_its_own_study_in_the_hospitals_viewer(client, pair, settings):
    page = client.get(reverse("imaging:read", args=[pair[1].pk])).content.decode()
    assert "Hospital viewer" not in page
    settings.HOSPITAL_VIEWER_URL = "https://pacs.example.org/view?study={study_uid}&tool=mpr"
    page = client.get(reverse("imaging:read", args=[pair[1].pk])).content.decode()
    for scan in pair:
        address = f"https://pacs.example.org/view?study={scan.pet_series.study.study_uid}&amp;tool=mpr"
        assert page.count(f'href="{address}"') == 1
