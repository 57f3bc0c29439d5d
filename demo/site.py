"""The demonstration on a web server of its own, in a folder that goes away: for benches and for pictures of pages."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.accounts import DEMO_PASSWORD, DEMO_USER

REPOSITORY = Path(__file__).resolve().parent.parent
READY_SECONDS = 60


def chromium() -> str | None:
    named = os.environ.get("PRRT_CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def demo_site(*then: str) -> Iterator[str]:
    """Its address, with the cohort loaded; each of ``then`` is Python that runs before the server starts."""
    with tempfile.TemporaryDirectory(prefix="prrt-site-") as folder:
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | {"PRRT_DATA_DIR": folder}
        for command in (
            ("migrate", "-v0"),
            ("load_demo", "--inline"),
            *(("shell", "-v0", "-c", code) for code in then),
        ):
            manage = [sys.executable, "manage.py", *command]
            subprocess.run(manage, cwd=REPOSITORY, env=environment, check=True, stdout=subprocess.DEVNULL)
        with _served(environment) as address:
            yield address


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=REPOSITORY, env=environment, **quiet)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _wait(address: str) -> None:
    limit = time.monotonic() + READY_SECONDS
    while time.monotonic() < limit:
        try:
            urllib.request.urlopen(address, timeout=2)  # noqa: S310 - our own loopback address
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(address)


def scripted(module: str, function: str, argument: str) -> str:
    """Python for ``demo_site``: one call."""
    return f"from {module} import {function}; {function}({argument!r})"


def sign_in(page, site: str, username: str = DEMO_USER) -> None:
    page.goto(site)
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")


def scans_of(page, site: str, case_number: str) -> list[str]:
    """Addresses of the case's scan pages, the latest scan first."""
    page.goto(f"{site}/patients/{case_number}/?tab=scans")
    links = page.locator("main a[href*='/imaging/scans/']")
    found = [link.get_attribute("href").split("#")[0] for link in links.all()]
    return [f"{site}{path}" for path in dict.fromkeys(found)]
