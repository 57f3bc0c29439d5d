"""What a browser keeps on its computer: nothing of a case after pages were looked at, and no words after signing out."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from tests.contracts import canary_fields
from tests.contracts.canary import WORD, has_a_word, names_the_case_only
from tests.contracts.canary_rows import full_world
from tests.journeys.room import opened_room
from tests.patients.factories import make_user
from tests.processes.canary.words import all_found_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PASSWORD = "not-a-real-password"
KEPT = """async () => JSON.stringify({
  local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie,
  caches: "caches" in window ? await Promise.all((await caches.keys()).map(async (k) => (await (await caches.open(k)).keys()).map((r) => r.url))) : [],
  databases: indexedDB.databases ? await indexedDB.databases() : [],
  workers: navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
  name: window.name, state: history.state,
})"""


@pytest.fixture
def expected_errors():
    return ["Failed to load resource"]


def test_looking_leaves_nothing_on_the_computer(page, live_server, sign_in, transactional_db):
    """Referers too: to another host none is sent, and the page of a case is the only address that names it."""
    user = make_user("nuclear_medicine")
    world = full_world(user)
    referers = []
    page.on("request", lambda request: referers.append((request.url, request.headers.get("referer", ""))))
    sign_in(user)
    case = f"/patients/{world.patient.case_number}/"
    paths = [case, f"{case}?tab=audit", f"{case}decide/", "/imaging/held/", "/imaging/upload/", "/watch/"]
    paths += [f"/imaging/scans/{world.objects['scan'].pk}/", f"/imaging/series/{world.objects['held_series'].pk}/"]
    paths += [f"/meetings/{world.objects['meeting'].pk}/"]
    seen = 0
    for path in paths:
        page.goto(live_server.url + path)
        seen += WORD in page.content()
        kept = page.evaluate(KEPT)
        assert not has_a_word(kept), (path, kept[:400])
        assert '"workers":0' in kept and '"databases":[]' in kept
    assert seen >= 8, "no page showed the case, so nothing was tested"
    assert all(url.startswith((live_server.url, "data:", "blob:")) for url, _ in referers)
    assert all(cookie["httpOnly"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")


@pytest.fixture
def room(browser, live_server, chair_of_three):
    found = opened_room(browser, live_server.url, chair_of_three, PASSWORD)
    found.begin()
    found.press("PageDown")
    found.shows("Case 1 of 3")
    yield found
    found.close()


def test_words_kept_without_a_network_are_forgotten_at_sign_out(room):
    """The console keeps what could not be sent, on purpose (docs/meetings.md): until it is sent, or the person leaves."""
    console = room.console
    expect(console.locator(".console-identity h2")).to_have_text("Case 0001")
    console.context.set_offline(True)
    console.get_by_label("Minuted note on case 0001").fill(f"said about {WORD}")
    console.wait_for_function("word => JSON.stringify({ ...localStorage }).includes(word)", arg=WORD, timeout=15_000)
    kept = console.evaluate("Object.keys(localStorage).filter((k) => localStorage[k].includes('ZQCANARY'))")
    assert kept and all(name.startswith(("prrt.outbox.", "prrt.draft.")) for name in kept)
    console.route("**/items/**", lambda route: route.abort())
    console.context.set_offline(False)
    console.goto(f"{room.base}/")
    assert WORD in console.evaluate("JSON.stringify({ ...localStorage })"), "another page sends nothing of the console"
    console.get_by_role("button", name="Sign out").click()
    console.wait_for_url("**/accounts/login/**")
    assert WORD not in console.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")


def test_an_entry_typed_without_a_network_is_forgotten_at_sign_out(page, live_server, sign_in, transactional_db):
    """The form keeps on the computer what it cannot send, on purpose (docs/entry.md), and only under its own name."""
    clerk = make_user("data_entry")
    sign_in(clerk, "/patients/new/")
    page.wait_for_selector("form[data-is-ready]")
    page.context.set_offline(True)
    for name in ("patient.case_number", "patient.question", "patient.centre", "tumour.tnm"):
        page.locator(f"[name='{name}']").fill(f"{WORD}-{name}")
    page.wait_for_function("word => JSON.stringify({ ...localStorage }).includes(word)", arg=WORD, timeout=30_000)
    kept = page.evaluate("Object.keys(localStorage).filter((k) => localStorage[k].includes('ZQCANARY'))")
    assert kept and all(name.startswith("prrt.entry.") for name in kept)
    assert WORD not in page.title() and WORD not in page.url
    page.route("**/patients/new/**", lambda route: route.abort())
    page.context.set_offline(False)
    page.goto(f"{live_server.url}/")
    assert WORD in page.evaluate(KEPT), "the control: until then it is there, and the same search finds it"
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert_nothing_is_kept(page)


def assert_nothing_is_kept(page) -> None:
    kept = page.evaluate(KEPT)
    assert not has_a_word(kept), kept[:400]
    assert '"workers":0' in kept and '"databases":[]' in kept and '"caches":[]' in kept and '"session":{}' in kept
    for entry in history_of(page):
        assert WORD not in re.sub(rf"{WORD}-CASE-\d+", "", entry["title"]), entry
        assert names_the_case_only(entry["url"].split("//", 1)[-1].partition("/")[2]), entry


def history_of(page) -> list[dict[str, str]]:
    return page.context.new_cdp_session(page).send("Page.getNavigationHistory")["entries"]


def test_history_names_the_case_at_most_and_going_back_shows_none_of_it(page, live_server, sign_in, transactional_db):
    user = make_user("nuclear_medicine")
    world = full_world(user)
    sign_in(user)
    case = f"/patients/{world.patient.case_number}/"
    paths = [
        case,
        f"{case}?tab=audit",
        f"{case}decide/",
        f"{case}entry/",
        "/imaging/held/",
        "/watch/",
        "/imaging/jobs/",
    ]
    paths += [f"/imaging/scans/{world.objects['scan'].pk}/", f"/imaging/scans/{world.objects['scan'].pk}/read/"]
    for path in paths:
        page.goto(live_server.url + path)
    entries = history_of(page)
    assert len(entries) > len(paths)
    page.evaluate(f"history.replaceState(null, '', '?name={WORD}')")
    assert not names_the_case_only(history_of(page)[-1]["url"].partition("//")[2]), (
        "the control: an address that leaks is found"
    )
    page.evaluate("history.replaceState(null, '', location.pathname)")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert_nothing_is_kept(page)
    page.go_back(wait_until="load")
    assert WORD not in page.content(), "a page of the case came back out of the browser's memory"


@pytest.fixture
def profile(browser_type, browser_type_launch_args, tmp_path):
    """A browser of a person with a profile on disk, as on a computer of the ward."""
    folder = tmp_path / "profile"
    context = browser_type.launch_persistent_context(str(folder), **browser_type_launch_args)
    yield context, folder
    with suppress(Error):
        context.close()


def test_the_profile_on_disk_holds_no_page_of_the_case(profile, live_server, transactional_db):
    """Cache, session, saved forms, thumbnails: every file that the browser has written, after it was closed."""
    context, folder = profile
    user = make_user("nuclear_medicine")
    world = full_world(user)
    page = context.new_page()
    page.goto(f"{live_server.url}/")
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    case = f"{live_server.url}/patients/{world.patient.case_number}/"
    for address in (case, f"{case}decide/", f"{live_server.url}/imaging/series/{world.objects['held_series'].pk}/"):
        page.goto(address)
        assert WORD in page.content()
    page.goto(f"{live_server.url}/static/icon.svg?control=ZQCONTROL")
    page.goto(case)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    context.close()
    kept = [(path.name, path.read_bytes()) for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any(b"ZQCONTROL" in data for _, data in kept), "the control: an address is found in the files"
    words = [word for word in canary_fields.words() if word not in (WORD, WORD.lower())]
    words += [str(value) for value in canary_fields.values().values() if str(value).startswith(WORD)]
    words += [f"{WORD}-{part}" for part in ("DICOM", "CENTRE", "TEXT", "REASON", "QUESTION", "FILE")]
    hits = all_found_in(kept, tuple(words))
    assert hits == []
