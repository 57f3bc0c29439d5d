"""A researcher asks for an export, a coordinator approves it, the researcher fetches it: by keyboard where there is one."""

import zipfile

import pytest

from board.cohort import running
from board.models import CohortExport
from patients.services import grant_access
from tests.board.factories import published_case
from tests.patients.factories import make_user

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
HOSTILE = "<img src=x onerror=document.title='run'>"


def test_two_people_and_one_archive(
    page, live_server, sign_in, settings, tmp_path, monkeypatch, has_no_serious_finding
):
    settings.COHORT_EXPORT_DIR = tmp_path / "exports"
    rung = []
    monkeypatch.setattr("board.cohort.export_views.run_export.delay_on_commit", rung.append)
    by, patient = published_case()
    researcher, coordinator = make_user("researcher"), make_user("coordinator")
    for user in (researcher, coordinator):
        grant_access(by=by, patient=patient, kind="care_team", user=user)
    sign_in(researcher)
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/cohort/")
    page.select_option("#q-grade", "G2")
    page.locator("[data-count]").get_by_text("n = fewer than 5").wait_for()
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_label("Keep this question as").fill(HOSTILE)
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("nothing has changed").wait_for()
    page.locator("h1").click()
    page.keyboard.press("e")
    page.get_by_label("Data use agreement").fill("DUA-7")
    page.get_by_label("What it is for").fill(HOSTILE)
    page.get_by_role("button", name="Ask for approval").click()
    address = page.url.removeprefix(live_server.url)
    page.get_by_text("somebody else approves").wait_for()
    page.get_by_role("button", name="Sign out").click()
    sign_in(coordinator, address)
    has_no_serious_finding()
    page.get_by_role("button", name="Approve and run").click()
    page.get_by_text("Approved, waiting for a worker.").wait_for()
    (export,) = CohortExport.objects.all()
    assert rung == [str(export.pk)] and running.run(export.pk)
    page.get_by_text("1 patient, 23 rows, ready.").wait_for()  # the page noticed by itself
    assert page.title() != "run" and page.get_by_role("link", name="Download").count() == 0
    for tab in ("swimmer", "conversion", "kpi", "quality"):
        page.goto(f"{live_server.url}/cohort/?small=1&tab={tab}")
        has_no_serious_finding()
    page.get_by_role("button", name="Sign out").click()
    sign_in(researcher, address)
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(fetched.value.path()) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "TA-SSTR-UP/1.0" in text and "2025-09-01" not in text and researcher.username not in text
