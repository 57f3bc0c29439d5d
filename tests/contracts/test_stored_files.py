"""A stored file of a patient has one way out: a page that asks who may see it. No address leads into the folders."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.views import static

from board.export_patient.services import folder
from imaging import store
from patients.domain.roles import Role
from tests.contracts.conftest import drawn
from tests.contracts.matrix import text_of
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
WORD = "ZQSTORED"
MEANT = "files are handed to anybody"


@pytest.fixture(scope="module")
def files(once) -> list[Path]:
    """One of each folder, each with the word in it: a stored picture, a drawn one, an archive, the rest of the data."""
    world = drawn(make_world(WORD, make_user("nuclear_medicine")))
    (folder() / f"{WORD}.zip").write_text(WORD)
    (Path(settings.DATA_DIR) / "anything").write_text(WORD)
    found = [
        path for path in Path(settings.DATA_DIR).rglob("*") if path.is_file() and WORD.encode() in path.read_bytes()
    ]
    names = {path.relative_to(settings.DATA_DIR).parts[0] for path in found}
    assert {"store", "pictures", "patient-exports", "anything"} <= names
    assert store.path(world.objects["product"].sha256) in found
    return found


def addresses(path: Path) -> list[str]:
    """What somebody would try who knows the name of a file and the layout of the folders."""
    inside = path.relative_to(settings.DATA_DIR).as_posix()
    climbing = os.path.relpath(path, settings.BASE_DIR / "static")
    plain = [inside, path.name, f"var/{inside}", f"media/{inside}", f"files/{inside}", f"static/{inside}",
             f"static/{path.name}", f"static/{climbing}", f"static/{path}", f"static/x/../{climbing}"]  # fmt: skip
    coded = [f"static/{quote(climbing, safe='')}", f"static/{climbing.replace('..', '%2e%2e')}",
             f"static/{climbing.replace('../', '..%2f')}", f"static/{climbing.replace('/', '%5c')}"]  # fmt: skip
    return [f"/{one.lstrip('/')}" for one in (*plain, *coded)]


def test_no_address_leads_into_the_folders(files):
    signed_in = Client()
    signed_in.force_login(make_user(Role.SYSTEM_ADMIN.value, is_staff=True, is_superuser=True))
    for path in files:
        for client in (Client(), signed_in):
            for address in addresses(path):
                answer = client.get(address)
                assert answer.status_code in {302, 400, 404}, address
                assert WORD not in text_of(answer).replace(path.name, "").replace(quote(path.name), ""), address


def test_a_file_that_is_public_is_served_so_the_others_would_be():
    assert Client().get("/static/css/tokens.css").status_code == 200


def views(patterns) -> set:
    return {
        view
        for one in patterns
        for view in (views(one.url_patterns) if isinstance(one, URLResolver) else {one.callback})
    }


def test_no_route_hands_out_a_folder():
    assert static.serve not in views(get_resolver().url_patterns)
    assert not settings.MEDIA_ROOT
    public = [Path(one).resolve() for one in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS)]
    for one in public:
        assert not Path(settings.DATA_DIR).resolve().is_relative_to(one)
        assert not one.is_relative_to(Path(settings.DATA_DIR).resolve())


@pytest.mark.parametrize("below", ["static", "static/uploads", "staticfiles/data"])
def test_data_among_public_files_are_refused_at_start(below, tmp_path):
    """Whoever names such a folder is told so, before anything is stored there."""
    place = settings.BASE_DIR / below / f"never-{tmp_path.name}" if below != "static" else settings.BASE_DIR / below
    was_there = place.exists()
    command = [sys.executable, "-c", "import django; django.setup()"]
    environment = os.environ | {"PRRT_DATA_DIR": str(place), "DJANGO_SETTINGS_MODULE": "config.settings"}
    said = subprocess.run(command, check=False, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
    assert said.returncode != 0 and MEANT in said.stderr
    assert place.exists() is was_there
