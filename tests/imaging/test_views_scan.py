"""The scan page: numbers only while they rest on today's inputs, the computed proposal beside the reader's score."""

import pytest
from django.urls import reverse

from imaging.models import Lesion, Scan
from imaging.services import place_voi, score_lesion, start_reading
from patients.services import record
from tests.imaging.phantom import BORN, write_pet
from tests.imaging.signing import sign
from tests.imaging.test_views_series import bring, post, run_all
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
HOT = (-24.0, 0.0, -376.0)  # LPS mm of the hot voxel of tests.imaging.phantom


@pytest.fixture
def user(client):
    user = make_user("nuclear_medicine", is_staff=True)
    client.force_login(user)
    return user


@pytest.fixture
def scan(user, tmp_path) -> Scan:
    patient = make_patient(by=user, case_number="SYN-a", birth_date=BORN, sex_for_formulas="F")
    bring(user, write_pet(tmp_path), patient)
    return Scan.objects.get()


@pytest.fixture
def lesion(scan, user) -> Lesion:
    found = record(Lesion, by=user, patient=scan.patient, label="L01", organ="liver", segment="VII/VIII")
    for role, centre, of in (("lesion", HOT, found), ("liver", (20.0, 0.0, -376.0), None)):
        place_voi(by=user, scan=scan, role=role, lesion=of, method="sphere", centre_lps=centre, radius_mm=10)
    run_all()
    return found


def page(client, scan: Scan) -> str:
    return client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()


def test_an_empty_scan_says_what_belongs_here(client, scan):
    shown = page(client, scan)
    for words in (
        "Case SYN-a",
        "68Ga-DOTATATE",
        "60 min after injection",
        "No lesions yet",
        "No volumes of interest yet",
    ):
        assert words in shown
    assert reverse("admin:imaging_scan_change", args=[scan.pk]) in shown


def test_measurements_carry_units_method_and_version(client, scan, lesion):
    shown = page(client, scan)
    for words in ("L01 liver VII/VIII", "SUVbw in g/mL", "IBSI 0F91", "uptake/1.0", "Volume, mL", "sphere"):
        assert words in shown
    measured = scan.vois.get(role="lesion").measurements.get()
    assert f"{measured.suv_max:.2f}" in shown and f"{measured.volume_ml:.2f}" in shown


def test_the_proposal_stands_beside_the_reader(client, scan, lesion, user):
    shown = page(client, scan)
    assert "unsigned proposal" in shown and "KRENNING-PET/1.0" in shown and "not read" in shown
    reading = start_reading(by=user, scan=scan)
    score_lesion(by=user, reading=reading, lesion=lesion, score_low=0, score_high=1, text="low uptake")
    assert "not read" in page(client, scan), "a draft is not a reading"
    sign(by=user, reading=reading)
    shown = page(client, scan)
    assert "≤1" in shown and "low uptake" in shown and "KR-ORIG" in shown and "unsigned proposal" in shown


def test_a_corrected_weight_hides_the_numbers_until_they_are_computed_again(client, scan, lesion):
    before = f"{scan.vois.get(role='lesion').measurements.get().suv_max:.2f}"
    assert before in page(client, scan)
    post(client, "suv_input", scan.pet_series, name="body_weight_kg", value="30", reason="mistyped")
    shown = page(client, scan)
    assert "recomputing" in shown and "Recomputing" in shown
    current, _, superseded = shown.partition("Superseded values")
    assert before not in current and before in superseded
    run_all()
    shown = page(client, scan)
    assert "Recomputing" not in shown
    current, _, superseded = shown.partition("Superseded values")
    assert before in superseded and before not in current
    assert client.get(reverse("imaging:scan_state", args=[scan.pk])).json()["is_computing"] is False


def test_a_scan_without_weight_shows_no_number(client, user, tmp_path):
    patient = make_patient(by=user, case_number="SYN-w", birth_date=BORN)
    bring(user, write_pet(tmp_path, "w", body_weight_kg=None), patient)
    shown = page(client, Scan.objects.get())
    assert "The PET header has no body weight." in shown and "No picture" in shown


def test_without_weight_every_row_says_the_weight_and_leads_to_its_form(client, user, tmp_path):
    patient = make_patient(by=user, case_number="SYN-w", birth_date=BORN, sex_for_formulas="F")
    bring(user, write_pet(tmp_path, "w", body_weight_kg=None), patient)
    scan = Scan.objects.get()
    lesion = record(Lesion, by=user, patient=patient, label="L01", organ="liver")
    place_voi(by=user, scan=scan, role="lesion", lesion=lesion, method="sphere", centre_lps=HOT, radius_mm=10)
    run_all()
    shown = page(client, scan)
    assert "60 min after injection" in shown, "injection and acquisition are both known"
    assert f"{reverse('imaging:series', args=[scan.pet_series_id])}#correct" in shown
    assert "The lesion has no uptake value" not in shown
    home = client.get("/").content.decode()
    assert "No SUV:" in home and "The PET header has no body weight." in home


def test_one_slice_is_not_called_a_calculated_series(client, user, tmp_path):
    from imaging.models import Upload

    bring(user, write_pet(tmp_path)[:1], None)
    shown = client.get(reverse("imaging:upload_detail", args=[Upload.objects.get().pk])).content.decode()
    assert "0 of 1 PET series" in shown and "factor only, no volume" in shown
    assert "One slice is not a volume." in shown


def test_links_to_the_data_desk_are_for_those_who_may_use_it(client, scan):
    reader = make_user("clinician", is_staff=False)
    from patients.services import grant_access

    grant_access(by=reader, patient=scan.patient, kind="care_team", user=reader)
    client.force_login(reader)
    assert "/admin/imaging/" not in page(client, scan)
