"""Log lines that cannot carry a clinical value: a fixed list of fields, one object per line or one line of text.

Our own loggers say ids and counts. What libraries say is cut to the words that stand in their source, without the
values put into them; of an exception only its kind and the places are kept, since its text may quote a row.
"""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")

OURS = "prrt"
# Their message is a constant of their source, the values are arguments; of all others not even the words are kept, nor
# of theirs where a value was written into the words.
WORDS_ARE_CONSTANT = ("django", "celery", "kombu", "gunicorn", "axes")
WITHHELD = "(text withheld)"
# Beside time, level, logger, event and place: the only names a line may have.
FIELDS = ("request", "route", "method", "status", "ms", "user")
PLACES = 6


def said(record: logging.LogRecord) -> str:
    top = record.name.split(".")[0]
    if top == OURS:
        return record.getMessage()
    return str(record.msg) if top in WORDS_ARE_CONSTANT and (record.args or is_constant(record)) else WITHHELD


def is_constant(record: logging.LogRecord) -> bool:
    """Whether the words stand in the source of whoever says them; "could not open " + name does not."""
    frame = sys._getframe()
    while frame and (frame.f_code.co_filename, frame.f_code.co_name) != (record.pathname, record.funcName):
        frame = frame.f_back
    if frame is None or not isinstance(record.msg, str):
        return False
    return record.msg in frame.f_code.co_consts or any(record.msg is word for word in frame.f_globals.values())


def failed(record: logging.LogRecord) -> dict[str, object]:
    """Kind and places of what was raised, and of what it was raised from."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return {}
    return {"error": kinds_of(error), "at": places_of(error)}


def kinds_of(error: BaseException) -> str:
    kinds, seen = [], error
    while seen is not None and len(kinds) < PLACES:
        kinds.append(type(seen).__name__)
        seen = seen.__cause__ or seen.__context__
    return " from ".join(kinds)


def places_of(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in frames]


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    given = {name: getattr(record, f"prrt_{name}") for name in FIELDS if hasattr(record, f"prrt_{name}")}
    if "request" not in given and (current := request_id.get()):
        given["request"] = current
    if "route" not in given and hasattr(record, "request"):
        given["route"] = route_of(record.request)
    return given


def route_of(request) -> str:
    """The pattern, never the address: that may hold the number of a case."""
    match = getattr(request, "resolver_match", None)
    return match.route if match else "unmatched"


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "level": record.levelname, "logger": record.name, "event": said(record)}
        return json.dumps(line | fields_of(record) | failed(record), default=str)


class Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        more = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        found = failed(record)
        error = f" {found['error']} at {', '.join(found['at'])}" if found else ""
        return f"{self.formatTime(record)} {record.levelname} {record.name} {said(record)}{more}{error}"


def settings_of(kind: str, *, is_demo: bool) -> dict:
    """The terminal of a demonstration is for its reader: there a request is a line only when it failed."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"config.logs.{'JsonLines' if kind == 'json' else 'Text'}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "prrt": {"level": "INFO"},
            "prrt.request": {"level": "ERROR" if is_demo else "INFO"},
            # Django would add mails with the whole request, and lines with the address, to its own.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "pydicom": {"level": "ERROR"},
            "axes": {"level": "ERROR"},
        },
    }
