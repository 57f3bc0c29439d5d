"""A real browser against a real server, with the background work done by a thread of this process."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from django.db import connection

from demo.site import chromium
from tests.imaging.conftest import colleague, doctor, import_files, phantom_case  # noqa: F401
from tests.journeys.room import small_board

RESULTS = Path(__file__).resolve().parents[2] / "test-results"
SIZES = {"1920x1080": (1920, 1080), "1366x768": (1366, 768)}


def pytest_collection_modifyitems(items):
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.journey)
            if chromium() is None:
                item.add_marker(pytest.mark.skip(reason="no chromium found: install it or set PRRT_CHROMIUM"))


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """The same engine without windows costs two thirds of the time, where it is installed; a browser with its history and
    stores on disk is started by the tests that look for those.
    """
    engine = shutil.which("chromium-headless-shell") if "PRRT_CHROMIUM" not in os.environ else None
    return {"executable_path": engine or chromium(), "args": ["--no-sandbox", "--force-color-profile=srgb"]}


@pytest.fixture
def browser_context_args():
    return {"viewport": {"width": 1366, "height": 768}, "locale": "en-GB", "timezone_id": "UTC"}


@pytest.fixture
def expected_errors() -> list[str]:
    """Words of console errors that a journey brings about on purpose."""
    return []


@pytest.fixture(autouse=True)
def no_script_was_refused(request, expected_errors):
    """The strict content-security-policy must never have to stop anything of ours, nor a script fail."""
    if "page" not in request.fixturenames:
        yield
        return
    page, said = request.getfixturevalue("page"), []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield
    assert [text for text in said if not any(part in text for part in expected_errors)] == []


@pytest.fixture
def chair_of_three(transactional_db, kept_rows):
    """The chair of a small board of three cases (room.py), in a database that holds nothing else."""
    from patients.models import User

    kept_rows.bring(small_board)
    return User.objects.get(username="chair")


@pytest.fixture
def worker(transactional_db):
    """Runs every waiting job, as a worker process would."""
    from imaging.models import Job
    from imaging.services import running

    stop = threading.Event()

    def work():
        while not stop.wait(0.05):
            for pk in list(Job.objects.filter(state=Job.State.QUEUED).values_list("pk", flat=True)):
                running.run(pk)
        connection.close()

    thread = threading.Thread(target=work, name="journey-worker")
    thread.start()
    yield
    stop.set()
    thread.join(60)


@pytest.fixture
def shoot(page):
    """``shoot(name)``: the page at both sizes the team uses, kept in test-results/."""

    def take(name: str) -> None:
        RESULTS.mkdir(exist_ok=True)
        before = page.viewport_size
        for label, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=RESULTS / f"{name}-{label}.png")
        page.set_viewport_size(before)

    return take


CUT = """() => [...document.querySelectorAll('main .table-scroll, main .table-scroll th, main .table-scroll td')]
  .filter(e => e.clientWidth && !e.classList.contains('between') && e.scrollWidth > e.clientWidth + 1)
  .map(e => [e.tagName, e.clientWidth, e.scrollWidth, e.textContent.replace(/\\s+/g, ' ').trim().slice(0, 60)])"""


@pytest.fixture
def shows_every_cell_whole(page):
    """No table of the page is wider than its box and no cell runs into the next, at both sizes the team uses."""

    def check() -> None:
        before = page.viewport_size
        for label, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
            assert page.evaluate(CUT) == [], (page.url, label)
        page.set_viewport_size(before)

    return check


def serious_findings(page, **options) -> list:
    """What axe-core calls serious or critical on the page as it stands.

    Without "preload": axe would copy the styles of the mirror's shadow root into inline styles, which our policy stops.
    """
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False, **options}).response["violations"]
    return [
        (v["id"], [node["html"][:160] for node in v["nodes"]][:4])
        for v in found
        if v["impact"] in {"serious", "critical"}
    ]


@pytest.fixture
def has_no_serious_finding(page):
    def check() -> None:
        assert serious_findings(page) == []

    return check


@pytest.fixture
def sign_in(page, live_server):
    def enter(user, path: str = "/") -> None:
        page.goto(f"{live_server.url}{path}")
        page.get_by_label("User name").fill(user.username)
        page.get_by_label("Password").fill("not-a-real-password")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")

    return enter


def becomes(page, asked, expected) -> None:
    """The page says so at once; the answer of the server may take its time."""
    for _ in range(200):
        if asked() == expected:
            return
        page.wait_for_timeout(50)
    assert asked() == expected


class HeldAnswer:
    """The first answer to such a request: given by the server, kept from the page until it is let go."""

    def __init__(self, page, address):
        self.page, self.is_asked, self.found = page, False, None
        page.route(address, self._take)

    def _take(self, route) -> None:
        if self.is_asked:
            return route.continue_()
        self.is_asked = True
        self.found = (route, route.fetch())

    def wait(self) -> "HeldAnswer":
        for _ in range(200):
            if self.found:
                return self
            self.page.wait_for_timeout(50)
        raise AssertionError("nothing was asked")

    def let_go(self) -> None:
        """The page has it and has had the time to take it over."""
        route, answer = self.wait().found
        route.fulfill(response=answer)
        self.page.wait_for_timeout(500)
