"""Work in the background seen in a real browser: it moves without a reload, can be cancelled and tried again."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from imaging import jobs
from imaging.models import Job
from tests.board.factories import add_scan, suv_of
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reader():
    return make_user("nuclear_medicine")


@pytest.fixture
def job(reader):
    """A look at an unread scan that waits."""
    scan = add_scan(reader, make_patient(by=reader, case_number="W-1"), dt.date(2026, 5, 1))
    suv_of(scan, factors={"bw": 1e-4})
    return jobs.request(
        kind=Job.Kind.SCAN, subject_id=scan.pk, input_digest="0" * 64, method_version="t", patient=scan.patient
    )


def begin(job):
    lease = jobs.Lease(job.pk, jobs.claim(job.pk))
    lease.progress("looking for foci", 1, 4)
    return lease


def test_progress_moves_and_the_end_shows_without_a_reload(page, sign_in, reader, job):
    sign_in(reader)
    page.evaluate("window.notReloaded = true")
    row = page.locator(".home-background [data-job]").first
    expect(row).to_contain_text("Waiting, next in line.")
    lease = begin(job)
    expect(row).to_contain_text("Step 3 of 7: looking for foci, 1 of 4.", timeout=10_000)
    lease.progress("looking for foci", 3, 4)
    expect(row).to_contain_text("3 of 4", timeout=10_000)
    assert row.locator("progress").evaluate("bar => bar.value") == int(100 * 2.75 / 7)
    lease.finish()
    expect(page.locator(".home-reading .chip").first).to_have_text("new", timeout=10_000)
    expect(page.locator("[data-live-said]")).to_have_text("No work is running.")
    assert page.evaluate("window.notReloaded")


def test_running_work_is_seen_again_after_a_reload(page, sign_in, reader, job):
    begin(job)
    sign_in(reader)
    page.reload()
    expect(page.locator(".home-reading li").first).to_contain_text("Step 3 of 7: looking for foci, 1 of 4.")


def test_cancelled_and_tried_again_with_buttons(page, sign_in, reader, job):
    begin(job)
    sign_in(reader)
    page.locator(".home-background").get_by_role("button", name="Cancel").click()
    expect(page.locator(".home-background")).to_contain_text(f"Cancelled by {reader.username}")
    assert Job.objects.get(pk=job.pk).cancelled_by == reader
    page.locator(".home-background").get_by_role("button", name="Retry").click()
    expect(page.locator(".home-background")).to_contain_text("Waiting, next in line.")
    assert Job.objects.get(pk=job.pk).state == Job.State.QUEUED


def test_a_list_under_the_hand_of_a_person_is_not_taken_away(page, sign_in, reader, job):
    sign_in(reader)
    button = page.locator(".home-background").get_by_role("button", name="Cancel")
    button.focus()
    jobs.finish(job.pk, jobs.claim(job.pk))
    page.wait_for_timeout(4000)
    assert page.evaluate("document.activeElement.textContent.includes('Cancel')")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    expect(page.locator(".home-reading .chip").first).to_have_text("new", timeout=10_000)


@pytest.mark.parametrize("expected_errors", [["Failed to load resource", "net::ERR"]])
def test_a_server_that_does_not_answer_is_said_and_forgiven(page, sign_in, reader, job):
    sign_in(reader)
    page.route("**/imaging/jobs/state/", lambda route: route.abort())
    lost = page.locator("[data-live-lost]")
    expect(lost).to_contain_text("The server does not answer.", timeout=10_000)
    page.unroute("**/imaging/jobs/state/")
    expect(lost).to_be_empty(timeout=15_000)


def test_a_hidden_page_asks_nothing(page, sign_in, reader, job):
    sign_in(reader)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.wait_for_timeout(2500)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/jobs/state/" in request.url else None)
    page.wait_for_timeout(4000)
    assert asked == []
    page.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(1000)
    assert len(asked) >= 1


@pytest.mark.parametrize("path", ["/", "/imaging/jobs/", "/patients/?captem=1&q=W"])
def test_pages_are_legible_in_both_themes_and_sizes(
    page, live_server, sign_in, reader, job, path, has_no_serious_finding, shows_every_cell_whole, shoot
):
    begin(job)
    sign_in(reader)
    page.goto(live_server.url + path)
    has_no_serious_finding()
    shows_every_cell_whole()
    page.get_by_role("button", name="Light or dark").click()
    has_no_serious_finding()
    shoot(f"work-{path.strip('/').split('?')[0].replace('/', '-') or 'home'}")
    page.set_viewport_size({"width": 683, "height": 384})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_j_k_and_enter_walk_the_list(page, live_server, sign_in, reader):
    for number in (1, 2, 3):
        make_patient(by=reader, case_number=f"K-{number}")
    sign_in(reader, "/patients/")
    for key, there in (("j", "K-1"), ("j", "K-2"), ("j", "K-3"), ("j", "K-3"), ("k", "K-2")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == there
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/patients/K-2/")


def test_a_site_is_searched_from_the_top_bar(page, live_server, sign_in, reader):
    from patients.models import Diagnosis
    from patients.services import record

    patient = make_patient(by=reader, case_number="K-1")
    make_patient(by=reader, case_number="K-2")
    record(Diagnosis, by=reader, patient=patient, primary_site="pancreas", clinical_date=dt.date(2026, 1, 1))
    sign_in(reader)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("pancreas")
    page.keyboard.press("Enter")
    page.wait_for_url("**/patients/?q=pancreas")
    assert page.locator("[data-row]").all_inner_texts() == ["K-1"]


def test_a_list_that_could_not_be_read_once_is_read_again(page, sign_in, reader, job, expected_errors):
    expected_errors.append("Failed to load resource")
    sign_in(reader)
    failed = []

    def fail_once(route):
        if failed or route.request.is_navigation_request():
            return route.continue_()
        failed.append(route.request.url)
        route.abort()

    page.route(page.url, fail_once)
    jobs.finish(job.pk, jobs.claim(job.pk))
    expect(page.locator(".home-reading .chip").first).to_have_text("new", timeout=20_000)
    assert failed
