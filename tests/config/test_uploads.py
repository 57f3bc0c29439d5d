"""A large file of a form has no name on disk while it waits, and is whole."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import RequestFactory

LARGE = b"ZQCANARY " * 500_000


@pytest.fixture
def places(tmp_path, settings):
    """The folder of the data, and that for temporary files."""
    settings.DATA_DIR, before = tmp_path / "data", set(Path("/tmp").glob("*.upload*"))
    settings.DATA_DIR.mkdir()
    return lambda: [*settings.DATA_DIR.iterdir(), *(set(Path("/tmp").glob("*.upload*")) - before)]


def received(*sizes: int):
    sent = [SimpleUploadedFile("x.ZQCANARY", LARGE[:size]) for size in sizes]
    return RequestFactory().post("/", {"files": sent}).FILES.getlist("files")


def test_a_large_file_waits_without_a_name(places):
    (large,) = received(len(LARGE))
    assert places() == [], "no name while it waits"
    kept = os.fstat(large.file.fileno())
    assert kept.st_nlink == 0 and kept.st_dev == os.stat(settings.DATA_DIR).st_dev
    assert large.name == "x.ZQCANARY" and large.size == len(LARGE) and large.read() == LARGE


def test_files_of_every_size_arrive_whole(places):
    few = received(0, 1, 3_000_000, len(LARGE))
    assert [(one.size, one.read() == LARGE[: one.size]) for one in few] == [
        (n, True) for n in (0, 1, 3_000_000, len(LARGE))
    ]
    assert b"".join(few[3].chunks()) == LARGE and HttpResponse(few[2]).content == LARGE[:3_000_000]
