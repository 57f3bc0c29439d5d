"""Exports on a disk that is really full: they say so, keep nothing half-made, and go on when there is room."""

import pytest
from django.urls import reverse

from board.cohort import export_page, running
from board.cohort import services as cohort_services
from board.export_claims import NO_ROOM, NO_ROOM_SENTENCE
from board.export_patient import services
from tests.board.cohort.test_export import ask, full  # noqa: F401
from tests.contracts.world import make_world
from tests.patients.factories import make_user
from tests.small_disk import small_disk


@pytest.fixture
def disk(tmp_path, settings):
    with small_disk(tmp_path / "small", 24) as made:
        settings.DATA_DIR, settings.COHORT_EXPORT_DIR = str(made.place), made.place / "exports"
        settings.FILE_STORE_DIR, settings.DISK_RESERVE_BYTES = made.place / "store", 0
        yield made


def left(disk) -> list[str]:
    found = [path for path in disk.place.rglob("*") if path.is_file() and path.name != "ballast"]
    return [str(path.relative_to(disk.place)) for path in found if "store/" not in str(path.relative_to(disk.place))]


@pytest.mark.django_db
@pytest.mark.parametrize("reserve", [0, 1 << 20], ids=["full", "less than what is kept for the database"])
def test_the_archive_of_a_patient_waits_for_room_and_is_made_when_there_is(disk, settings, client, reserve):
    settings.DISK_RESERVE_BYTES = reserve
    world = make_world("ZQOWN", make_user("nuclear_medicine"))
    export = services.request_export(by=world.owner, patient=world.patient)
    disk.fill(leave=reserve // 2)
    for _ in range(4):
        services.make_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.reason_code, export.attempts) == ("queued", NO_ROOM, 0)
    assert left(disk) == []
    client.force_login(world.owner)
    assert NO_ROOM_SENTENCE in client.get(reverse("board:patient_export", args=[export.pk])).content.decode()
    disk.make_room()
    services.make_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.reason_code) == ("done", "")
    assert left(disk) == [f"patient-exports/{export.pk}.zip"]


@pytest.mark.django_db
def test_an_export_of_the_cohort_waits_for_room_and_is_made_when_there_is(full, disk):  # noqa: F811
    researcher, approver, _ = full
    export = cohort_services.approve_export(by=approver, export=ask(researcher))
    disk.fill()
    for _ in range(4):
        running.run(export.pk)
    export.refresh_from_db()
    assert (export.state, export.reason_code, export.attempts) == ("queued", NO_ROOM, 0)
    assert export_page.words_of(export) == NO_ROOM_SENTENCE and left(disk) == []
    disk.make_room()
    assert running.run(export.pk)
    export.refresh_from_db()
    assert export.state == "done" and left(disk) == [f"exports/{running.path_of(export).name}"]
