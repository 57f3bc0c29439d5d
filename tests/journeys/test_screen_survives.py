"""The display while its server is killed and comes back: never blank, never silent about it, right again by itself."""

import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from django.utils import timezone
from playwright.sync_api import Error

from board.models import Display, ScreenState
from board.pairing import digest_of
from board.screen import command
from tests.board.factories import published_case
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient
from tests.processes.conftest import REPOSITORY, _database_url, wait_for
from tests.servers import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TOKEN = "token-of-the-room"
SHOWN = "(document.querySelector('.wall:not([hidden]):not([data-layer])')?.innerText ?? '')"
WORD = "document.querySelector('[data-word]').textContent"


class Web:
    """gunicorn as in the product, on the database of this test, always on the same port."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        env = os.environ | {"DATABASE_URL": _database_url(), "PRRT_DATA_DIR": str(self.folder), "PRRT_MODE": "demo"}
        serve = [sys.executable, "-m", "gunicorn", "config.wsgi", "-b", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            [*serve, "--threads", "16", "--log-level", "error"], cwd=REPOSITORY, env=env, start_new_session=True
        )

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def expected_errors():
    return ["ERR_CONNECTION", "ERR_INCOMPLETE", "ERR_EMPTY_RESPONSE", "ERR_NETWORK", "ERR_SOCKET", "410", "404"]


@pytest.fixture
def web(tmp_path):
    found = Web(tmp_path)
    yield found
    found.kill()


@pytest.fixture
def meeting():
    user, patient = published_case()
    user.role = "chair"
    user.save()
    found = make_meeting(user, state="running")
    make_item(found, patient, user, question="Is PRRT possible now?")
    make_item(found, make_patient(by=user), user, question="And for the second one?")
    Display.objects.create(meeting=found, token_digest=digest_of(TOKEN), code_until=timezone.now())
    command(by=user, meeting=found, action="next")
    return found


def within(seconds: float, page, expression: str, what: str) -> float:
    began = time.monotonic()
    wait_for(lambda: _holds(page, expression), seconds, what)
    return time.monotonic() - began


def test_the_picture_stays_the_word_comes_and_goes_and_the_newest_is_shown(page, web, meeting):
    web.start()
    page.context.add_cookies([{"name": "room_display", "value": TOKEN, "url": f"{web.address}/display/"}])
    wait_for(lambda: _opens(page, f"{web.address}/display/"), 30, "the first page")
    within(10, page, f"{SHOWN}.includes('Is PRRT possible now?')", "the case on the display")
    page.wait_for_timeout(3000)
    assert page.evaluate(WORD) == ""
    web.kill()
    within(5, page, f"{WORD} === 'reconnecting'", "the word")
    assert "Is PRRT possible now?" in page.evaluate(SHOWN)
    command(by=meeting.created_by, meeting=meeting, action="next")
    page.wait_for_timeout(6000)
    assert "Is PRRT possible now?" in page.evaluate(SHOWN)
    web.start()
    wait_for(lambda: _answers(web.address), 30, "the server")
    within(10, page, f"{WORD} === '' && {SHOWN}.includes('And for the second one?')", "recovery")


def test_a_display_that_is_unpaired_shows_a_code_by_itself(page, web, meeting):
    web.start()
    page.context.add_cookies([{"name": "room_display", "value": TOKEN, "url": f"{web.address}/display/"}])
    wait_for(lambda: _opens(page, f"{web.address}/display/"), 30, "the first page")
    within(10, page, f"{SHOWN}.includes('Is PRRT possible now?')", "the case on the display")
    Display.objects.update(ended_at=timezone.now())
    within(15, page, f"/[0-9]{{3}} [0-9]{{3}}/.test({SHOWN})", "a code")
    assert "Is PRRT possible now?" not in page.content()
    assert ScreenState.objects.get().item is not None


def _holds(page, expression: str) -> bool:
    try:
        return bool(page.evaluate(expression))
    except Error:  # the page is being loaded again
        return False


def _opens(page, address: str) -> bool:
    try:
        return page.goto(address).ok
    except Error:  # refused while the server starts
        return False


def _answers(address: str) -> bool:

    try:
        return urllib.request.urlopen(f"{address}/healthz", timeout=1).status == 200
    except OSError:
        return False
