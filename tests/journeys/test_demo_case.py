"""The published case as a person meets it: sign in, open it, see both scans and the gate that changed."""

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from demo.accounts import DEMO_PASSWORD, DEMO_USER
from imaging.models import Scan
from patients.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def cohort(transactional_db, quick_passwords):
    call_command("load_demo", inline=True)
    user = User.objects.get(username=DEMO_USER)
    return user, list(Scan.objects.filter(patient__case_number="0001").order_by("clinical_date"))


def test_case_one_from_sign_in_to_both_scans(
    page, live_server, cohort, shoot, has_no_serious_finding, shows_every_cell_whole
):
    _, (baseline, followup) = cohort
    page.goto(f"{live_server.url}/")
    page.get_by_label("User name").fill(DEMO_USER)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    shoot("home")
    has_no_serious_finding()
    page.get_by_role("link", name="Patients", exact=True).first.click()
    shoot("patients")
    has_no_serious_finding()
    page.get_by_role("link", name="0001").first.click()
    expect(page.get_by_role("heading", name="Case 0001")).to_be_visible()
    page.wait_for_load_state("networkidle")
    shoot("case-1")
    has_no_serious_finding()
    text = page.locator("main").inner_text()
    for words in ("9.09", "11.47", "CAPTEM", "68Ga-DOTATATE"):
        assert words in text.replace("⁶⁸", "68"), words
    assert "not met" in text.lower() and "cannot determine" in text.lower()
    assert "redifferentiat" not in text.lower()

    for number in ("0001", "0002", "0003"):
        page.goto(f"{live_server.url}/patients/{number}/")
        shows_every_cell_whole()
    page.goto(f"{live_server.url}/imaging/scans/{baseline.pk}/")
    expect(page.get_by_text("9.09").first).to_be_visible()
    expect(page.get_by_text("below liver").first).to_be_visible()
    expect(page.get_by_text("unsigned proposal").first).to_be_visible()
    shoot("case-1-baseline")
    has_no_serious_finding()
    page.goto(f"{live_server.url}/imaging/scans/{followup.pk}/")
    expect(page.get_by_text("11.47").first).to_be_visible()
    expect(page.get_by_text("above liver").first).to_be_visible()
    picture = page.get_by_role("img", name="Coronal maximum intensity projection")
    assert picture.evaluate("image => image.decode().then(() => image.naturalHeight)") > 300
    shoot("case-1-follow-up")
    page.get_by_role("button", name="Light or dark").click()
    has_no_serious_finding()
    shoot("case-1-follow-up-dark")
