"""A real deployment: cookies that belong to this host and HTTPS, HSTS, and bodies refused before they are read."""

import json
import os
import subprocess
import sys

import pytest

from config import body_caps
from patients.domain.roles import Role
from tests import template
from tests.patients.factories import make_user

ASK = """
import django, json
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
call_command("migrate", verbosity=0)
from patients.models import User
User.objects.create_user("someone", password="a-long-enough-password", role="clinician")
plain, client = Client(), Client()
behind = {"HTTP_X_FORWARDED_PROTO": "https"}
page = client.get("/accounts/login/", **behind)
signed = client.post("/accounts/login/", {"login": "someone", "password": "a-long-enough-password"}, **behind)
cookies = {m.key: {"secure": bool(m["secure"]), "httponly": bool(m["httponly"]), "path": m["path"], "domain": m["domain"], "samesite": m["samesite"]} for m in client.cookies.values()}
print("@@" + json.dumps({
    "plain": [plain.get("/").status_code, plain.get("/")["Location"]],
    "page": dict(page.headers), "signed": signed.status_code, "cookies": cookies,
    "debug": settings.DEBUG, "reporter": settings.DEFAULT_EXCEPTION_REPORTER,
    "format": settings.LOGGING["formatters"]["line"]["()"], "requests": settings.LOGGING["loggers"]["prrt.request"]["level"],
}))
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """What a process in production mode answers behind its proxy."""
    folder = tmp_path_factory.mktemp("production")
    template.copy_to(folder / "prrt.sqlite3")
    env = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "PRRT_LOG"}} | {
        "PRRT_MODE": "production",
        "SECRET_KEY": "only-for-this-test-" * 4,
        "ALLOWED_HOSTS": "testserver",
        "PRRT_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert "@@" in done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout.partition("@@")[2])


def test_plain_http_goes_nowhere_but_to_https(deployed):
    assert deployed["plain"] == [301, "https://testserver/"]


def test_a_browser_keeps_to_https_for_a_year(deployed):
    assert "max-age=31536000" in deployed["page"]["Strict-Transport-Security"]
    assert "includeSubDomains" in deployed["page"]["Strict-Transport-Security"]


def test_cookies_belong_to_this_host_over_https(deployed):
    assert deployed["signed"] == 302 and set(deployed["cookies"]) >= {"__Host-session", "__Host-csrf"}
    for name in ("__Host-session", "__Host-csrf"):
        found = deployed["cookies"][name]
        assert found["secure"] and found["path"] == "/" and not found["domain"] and found["samesite"] == "Lax"
    assert deployed["cookies"]["__Host-session"]["httponly"]


def test_nothing_tells_more_than_it_must(deployed):
    assert deployed["debug"] is False and deployed["reporter"] == "config.log_reporter.PlacesOnlyReporter"
    assert deployed["format"] == "config.logs.JsonLines" and deployed["requests"] == "INFO"
    assert "no-store" in deployed["page"]["Cache-Control"] and "camera=()" in deployed["page"]["Permissions-Policy"]


class NeverRead:
    """A body whose first byte, if it were asked for, fails the test."""

    def read(self, *_):
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize("path", ["/import/fhir/", "/patients/0001/decide/", "/accounts/login/", "/no/such/page/"])
def test_a_body_that_says_it_is_too_large_is_not_read(client, db, settings, path):
    settings.REQUEST_MAX_BYTES = 1000
    client.force_login(make_user(Role.NUCLEAR_MEDICINE.value))
    answer = client.generic("POST", path, b"", CONTENT_LENGTH="1001", **{"wsgi.input": NeverRead()})
    assert answer.status_code == 413 and "Nothing was read" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"] and "default-src 'none'" in answer["Content-Security-Policy"]


def test_an_import_has_its_own_cap(client, db, settings):
    settings.REQUEST_MAX_BYTES = 1000
    client.force_login(make_user(Role.NUCLEAR_MEDICINE.value))
    answer = client.generic("POST", "/imaging/upload/", b"", CONTENT_LENGTH=str(10**12), **{"wsgi.input": NeverRead()})
    assert answer.status_code == 413 and "4 GB" in answer.content.decode()


@pytest.mark.parametrize("stated", ["", "-5", "x", "1e9", "\u0661"])
def test_a_length_that_is_no_number_counts_as_none(rf, stated):
    request = rf.get("/")
    request.META["CONTENT_LENGTH"] = stated
    assert body_caps._stated_length(request) == 0
