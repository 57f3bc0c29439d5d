"""What a browser keeps on its computer: nothing of a case after pages were looked at, and no words after signing out."""

import pytest
from playwright.sync_api import expect

from tests.contracts.canary import WORD, WORDS
from tests.contracts.world import make_world
from tests.journeys.room import opened_room, small_board
from tests.patients.factories import make_user

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
    world = make_world(WORD, user)
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
        assert [word for word in WORDS if word in kept] == [], (path, kept[:400])
        assert '"workers":0' in kept and '"databases":[]' in kept
    assert seen >= 8, "no page showed the case, so nothing was tested"
    assert all(url.startswith((live_server.url, "data:", "blob:")) for url, _ in referers)
    assert all(cookie["httpOnly"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")


@pytest.fixture
def room(browser, live_server, transactional_db):
    found = opened_room(browser, live_server.url, small_board(), PASSWORD)
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
