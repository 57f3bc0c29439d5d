"""What the web server itself writes: every layer breaks with words of the case in its error, and requests that are none."""

import pytest
from django.test import Client

from board.models import CaseQuestion
from tests.contracts.canary import WORD
from tests.contracts.canary_rows import full_world
from tests.patients.factories import make_user
from tests.processes.canary.words import all_found_in
from tests.processes.conftest import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.long]

BESIDE = ("thread", "warning", "unraisable")
BREAKS = ("view", "middleware", "server", "stream", *BESIDE)
ENDS = ("aborts", "stops the process", "dies")
SAYS = (
    "RuntimeError", "a request could not be answered", "a request could not be read: InvalidRequestLine", "InvalidHeaderName",
    "InvalidChunkSize", "DisallowedHost", "a thread ended by an error", "came too late", "py.warnings", "WORKER TIMEOUT", "SIGKILL",
)  # fmt: skip
NO_REQUESTS = (
    b"GET /patients/%b HTTP/9.9\r\n\r\n",
    b"%b-CASE 1901-02-03\r\n\r\n",
    b"GET /patients/%b-CASE-1/\r\n\r\n",
    b"%b /patients/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /patients/%b/ HTTP/1.1\r\nBad Header %b: x\r\n\r\n",
    b"GET /patients/%b/ HTTP/1.1\r\nHost: 127.0.0.1\r\n folded %b\r\n\r\n",
    b"GET /patients/%b" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: %b" + b"x" * 9000 + b"\r\n\r\n",
    b"POST /patients/%b/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n%b\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: %b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: %b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: %b.example.org\r\n\r\n",
    b"GET /%%ZZ/%b?q=%b HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: %b\r\nReferer: https://x/%b\r\n\r\n",
    b"PROXY TCP4 %b %b 1 1\r\nGET / HTTP/1.1\r\n\r\n",
    b"POST /patients/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\nreason=%b",
)


@pytest.fixture
def reader(deployed):
    user = make_user("nuclear_medicine")
    client = Client()
    client.force_login(user)
    client.world = full_world(user)
    return client


def test_nothing_of_a_case_is_in_what_the_web_server_says(deployed, reader):
    deployed.start("web", "--log-level", "debug", "--access-logfile", "-")
    case = f"/patients/{reader.world.patient.case_number}/"
    assert WORD in deployed.ask("GET", case, who=reader).text.decode()
    answers = [break_it(deployed, reader, case, how) for how in BREAKS]
    assert not all_found_in(("answer to an error", text) for status, text in answers if status == 500)
    for raw in NO_REQUESTS:
        deployed.say(raw.replace(b"%b", WORD.encode()).replace(b"%%", b"%"))
    for how in ENDS:
        with pytest.raises(OSError):
            deployed.ask("GET", case, who=reader, X_Break=how)
        wait_for(deployed._answers, 60, f"a worker after it {how}")
    deployed.ask("GET", case, who=reader, X_Break="leaks")
    deployed.end("web")
    told = deployed.text("web").splitlines()
    leaks = [line for line in told if "prrt.leak" in line]
    rest = "\n".join(line for line in told if "prrt.leak" not in line)
    assert [line for line in SAYS if line not in rest] == []
    assert all_found_in([("web", rest.encode())]) == []
    assert len(all_found_in([("control", leaks[0].encode())])) >= 3


def break_it(deployed, reader, case, how) -> tuple[int, bytes]:
    newest = CaseQuestion.objects.filter(patient=reader.world.patient).latest("recorded_at")
    typed = {"text": f"{WORD}-TYPED-{how}", "instead_of": str(newest.pk)}
    answer = deployed.ask("POST", f"{case}ask/", who=reader, body=typed, X_Break=how)
    assert answer.status == (200 if how == "stream" else 302 if how in BESIDE else 500), how
    again = deployed.ask("GET", f"{case}?q={WORD}", who=reader, X_Break=how)
    return again.status, again.text


def test_no_process_shows_the_case_in_its_arguments_or_environment(deployed, reader):
    deployed.start("web")
    deployed.ask("GET", f"/patients/{reader.world.patient.case_number}/", who=reader)
    deployed.start("control", command=["/bin/sleep", "20"], NAME=f"{WORD}-1")
    deployed.start("other control", command=["/bin/sh", "-c", f"sleep 20; : {WORD}"])
    wait_for(lambda: sum(WORD.encode() in one for one in deployed.seen) >= 2, 20, "both controls")
    deployed.kill("control", "other control")
    seen = [("process", one) for one in deployed.seen]
    assert any(b"gunicorn" in one for _, one in seen) and any(b"TMPDIR=" in one for _, one in seen)
    hits = all_found_in(seen, (WORD, "1901-02-03"))
    assert len(hits) == 2 and all("NAME=" in hit or "sleep 20" in hit for hit in hits)
