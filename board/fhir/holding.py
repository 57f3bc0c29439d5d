"""Bundles that wait for confirmation: files under names of chance, for an hour, for whoever brought them."""

import os
import time
import uuid
from pathlib import Path

from django.conf import settings
from django.core import signing

SALT = "board.fhir.holding"
SECONDS = 3600
MOST = 100


def hold(data: bytes, *, by, case_number: str) -> str:
    """A ticket with which the same user finds the bundle, and the case it was tried for, again."""
    clear()
    name = uuid.uuid4().hex
    with os.fdopen(os.open(_folder() / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    return signing.dumps({"name": name, "user": str(by.pk), "case": case_number}, salt=SALT)


def held(ticket: str, *, by) -> tuple[bytes, str] | None:
    """The bundle and the case named with it; None for a ticket of somebody else, used up or older than an hour."""
    found = _opened(ticket, by)
    try:
        return ((_folder() / found["name"]).read_bytes(), found["case"]) if found else None
    except FileNotFoundError:
        return None


def let_go(ticket: str, *, by) -> None:
    """Once it was taken over it waits no longer."""
    if found := _opened(ticket, by):
        (_folder() / found["name"]).unlink(missing_ok=True)


def _opened(ticket: str, by) -> dict | None:
    try:
        found = signing.loads(ticket, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    return found if found["user"] == str(by.pk) else None


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "fhir-waiting"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def clear() -> None:
    """Remove what nobody confirmed in time, and the oldest where too many wait."""
    files = sorted(((_changed(file), file) for file in _folder().iterdir()), reverse=True)
    limit = time.time() - SECONDS
    for number, (changed, file) in enumerate(files, start=1):
        if number >= MOST or changed < limit:
            file.unlink(missing_ok=True)


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # another process has cleared it
        return 0.0
