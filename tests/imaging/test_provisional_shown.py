"""An SUV whose inputs wait for a person says so in every panel of the scan page that shows numbers made with it."""

import re

import pytest
from django.urls import reverse
from pydicom import dcmread

from imaging.models import Scan
from imaging.services import correct_suv_input, place_voi
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.scan_rows import BODY, FIRST, new_lesion, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
MARK = "provisional: not used as a fact"


@pytest.fixture
def scan(tmp_path, phantom_case, import_files, doctor) -> Scan:
    """A dose in MBq waits for a person."""
    paths = write_pet(tmp_path / "m", "a", paint=two_bodies)
    for path in paths:
        ds = dcmread(path)
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = "150"
        ds.save_as(path)
    import_files(paths, patient=phantom_case)
    found = phantom_case.scan_rows.get()
    lesion = new_lesion(doctor, phantom_case)
    place_voi(by=doctor, scan=found, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    place_voi(by=doctor, scan=found, role="lesion", lesion=lesion, method="sphere", centre_lps=FIRST, radius_mm=7)
    work_off()
    return found


def panel(client, scan: Scan, name: str) -> str:
    page = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    return re.search(rf'<section[^>]*aria-labelledby="{name}-title".*?</section>', page, re.S).group()


@pytest.mark.parametrize("name", ["numbers", "proposals", "references"])
def test_a_panel_marks_numbers_of_a_provisional_suv_until_it_is_confirmed(name, scan, doctor, client):
    client.force_login(doctor)
    shown = panel(client, scan, name)
    assert MARK in shown.partition("</header>")[0]
    if name == "numbers":
        assert "SUV × mL" in shown, "there are numbers to mark"
    correct_suv_input(
        by=doctor, series=scan.pet_series, name="injected_activity_bq", value="150000000", reason="calibrator log"
    )
    work_off()
    shown = panel(client, scan, name)
    assert MARK not in shown and (name != "numbers" or "SUV × mL" in shown)
