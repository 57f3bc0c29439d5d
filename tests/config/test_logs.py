"""A log line has a fixed list of fields; whatever is said around it, no value of a case can be in it."""

import io
import json
import logging

import pytest
from django.urls import path

from config.log_reporter import PlacesOnlyReporter
from config.logs import JsonLines, Text, settings_of

SECRET = "ZQCANARYNAME"
ALLOWED = {"time", "level", "logger", "event", "request", "route", "method", "status", "ms", "user", "error", "at"}


def broken_view(request, number):
    raise ValueError(f"no such patient: {SECRET}")


urlpatterns = [path("broken/<str:number>/", broken_view)]


def record_of(logger: str, message: str, *args, error: BaseException | None = None, **extra) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(logger, logging.ERROR, __file__, 1, message, args, info)
    vars(record).update(extra)
    return record


def raised() -> ValueError:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as first:
            raise ValueError(f"row of {SECRET}") from first
    except ValueError as error:
        return error


@pytest.mark.parametrize("formatter", [JsonLines(), Text()])
@pytest.mark.parametrize(
    "record",
    [
        record_of("prrt.jobs", "job %s given up", 7, error=raised()),
        record_of("django.request", "Not Found: %s", f"/patients/{SECRET}/"),
        record_of("django.request", "%s: %s", "Internal Server Error", f"/patients/{SECRET}/", error=raised()),
        record_of("celery.app.trace", "Task %(name)s raised: %(exc)s", {"name": "x", "exc": SECRET}, error=raised()),
        record_of("some.library", f"could not read {SECRET}"),
        record_of("py.warnings", f"UserWarning: {SECRET}"),
        record_of("prrt.import", "stopped", error=raised(), patient=SECRET, args_of_form=SECRET),
        record_of("gunicorn.error", "Error handling request %s", f"/patients/{SECRET}/", error=raised()),
    ],
    ids=lambda value: value.name if isinstance(value, logging.LogRecord) else type(value).__name__,
)
def test_no_value_gets_into_a_line(formatter, record):
    line = formatter.format(record)
    assert SECRET not in line and "\n" not in line
    if isinstance(formatter, JsonLines):
        assert set(json.loads(line)) <= ALLOWED
    if record.exc_info:
        assert "ValueError from KeyError" in line and "test_logs.py" in line


def test_our_own_lines_say_what_they_say():
    assert json.loads(JsonLines().format(record_of("prrt.jobs", "job %s given up", 7)))["event"] == "job 7 given up"


@pytest.fixture
def logged():
    """Every line of every logger, as it is written."""
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    requests, level = logging.getLogger("prrt.request"), root.level
    requests.setLevel(logging.INFO)
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield written.getvalue
    root.removeHandler(handler)
    root.setLevel(level)
    requests.setLevel(logging.ERROR)


def test_a_request_is_its_pattern(client, logged, db):
    answer = client.get(f"/patients/{SECRET}/?q={SECRET}")
    line = next(said for said in map(json.loads, logged().splitlines()) if said["logger"] == "prrt.request")
    assert line["route"] == "patients/<case:case_number>/" and line["method"] == "GET"
    assert line["status"] == answer.status_code and line["request"] == answer["X-Request-ID"]
    assert isinstance(line["ms"], int) and line["user"] is None and SECRET not in json.dumps(line)


@pytest.mark.urls("tests.config.test_logs")
def test_an_unexpected_error_is_told_by_kind_and_place(client, logged, settings, db):
    from django.contrib.auth import get_user_model

    client.force_login(get_user_model().objects.create_user("x", password="x"))
    client.raise_request_exception = False
    assert client.get(f"/broken/{SECRET}/?q={SECRET}").status_code == 500
    told = logged()
    assert "ValueError" in told and "broken_view" in told and SECRET not in told
    assert all(json.loads(line).get("request") for line in told.splitlines() if "django.request" in line)


def test_a_method_that_nobody_knows_is_no_way_into_a_line(client, logged, db):
    client.generic(SECRET, "/healthz")
    assert logged() and SECRET not in logged()


def test_the_report_of_an_error_has_no_values(rf):
    error = raised()
    report = PlacesOnlyReporter(rf.get(f"/?q={SECRET}"), type(error), error, error.__traceback__)
    assert SECRET not in report.get_traceback_text() + report.get_traceback_html()
    assert "test_logs.py" in report.get_traceback_text()


def test_no_mail_is_sent_about_an_error():
    """Django would send one with the whole request to ADMINS."""
    from django.conf import settings

    assert settings.LOGGING["loggers"]["django"]["handlers"] == []
    assert settings_of("json", is_demo=False)["formatters"]["line"]["()"].endswith("JsonLines")


def test_gunicorn_has_no_access_log_and_no_address_in_an_error(capsys):
    from pathlib import Path

    from gunicorn.config import Config

    found: dict = {}
    exec(compile(Path("gunicorn.conf.py").read_text(), "gunicorn.conf.py", "exec"), found)
    assert found["accesslog"] is None
    logger = found["logger_class"](Config())
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("Error handling request %s", f"/patients/{SECRET}/")
    said = capsys.readouterr().err
    assert "ValueError" in said and SECRET not in said


@pytest.fixture
def hooked(monkeypatch, capsys):
    """What a process prints by itself, with the hooks of the product in place."""
    import sys
    import threading

    from config import uncaught

    for place, name in ((threading, "excepthook"), (sys, "unraisablehook"), (sys, "excepthook")):
        monkeypatch.setattr(place, name, getattr(place, f"__{name}__"))
    monkeypatch.setattr(logging.config, "dictConfig", lambda _: None)
    monkeypatch.setattr(logging, "captureWarnings", lambda _: None)
    uncaught.configure({})
    return lambda: "".join(capsys.readouterr())


def test_what_nobody_caught_is_told_by_kind_and_place(hooked, logged):
    import sys
    import threading

    thread = threading.Thread(target=lambda: (_ for _ in ()).throw(raised()))
    thread.start()
    thread.join()
    sys.unraisablehook(type("Found", (), {"exc_type": ValueError, "exc_value": raised(), "exc_traceback": None}))
    sys.excepthook(ValueError, error := raised(), error.__traceback__)
    told = logged()
    assert told.count("ValueError from KeyError") == 3 and "ended by an error" in told
    assert SECRET not in told + hooked()


def test_whoever_runs_a_command_is_told_what_is_wrong_with_the_installation(hooked, logged):
    import sys

    from django.db import OperationalError

    sys.excepthook(OperationalError, OperationalError(f"connection refused\nDETAIL: {SECRET}"), None)
    assert "ended by an error: connection refused" in logged() and SECRET not in logged()


def test_words_with_a_value_written_into_them_are_withheld(logged, client, db):
    """Libraries say a refusal of a request in its own words."""
    assert client.get("/healthz", HTTP_HOST=f"{SECRET}.example.org").status_code == 400
    told = logged()
    assert "DisallowedHost" in told and "(text withheld)" in told and SECRET.lower() not in told.lower()


def test_constant_words_are_kept(logged):
    logging.getLogger("django.test").error("the words of a library")
    logging.getLogger("celery.test").error("with %s", SECRET)
    assert "the words of a library" in logged() and "with %s" in logged() and SECRET not in logged()
