"""The health of the installation: what is wrong is red, what is stale says so, and nothing of a case is in it."""

import datetime as dt
import json
from dataclasses import replace

import pytest
from django.utils import timezone

from board.models import ChainHead
from config import health_views
from config.health_lights import ago, lights, worst
from config.health_reading import read
from imaging import store, store_check, store_names
from imaging.models import BackupNote, Job, StoreCheck, Upload, UploadItem, WorkerBeat, WrongFile
from imaging.upkeep import say_alive, say_gone
from patients.domain.roles import Role
from tests.board.chain_rows import small_chain
from tests.contracts.world import make_world
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def before(**ago) -> dt.datetime:
    return NOW - dt.timedelta(**ago)


@pytest.fixture
def well(db, settings, tmp_path, monkeypatch):
    """An installation at its best, read at NOW."""
    settings.ANCHOR_FILE = str(tmp_path / "anchor.txt")
    WorkerBeat.objects.create(name="a", kind="worker", seen_at=before(seconds=5))
    WorkerBeat.objects.create(name="beat", kind="beat", seen_at=before(seconds=50))
    StoreCheck.objects.create(started_at=before(hours=9), finished_at=before(hours=9), is_full=True, files=7)
    BackupNote.objects.create(finished_at=before(hours=10), files=1, rows=1, digest="0" * 64)
    monkeypatch.setattr("config.health_reading.late_sentence", lambda *_: "")
    return replace(read(NOW), disk_used_percent=50.0)


def colours(health) -> dict[str, str]:
    return {one.name: one.colour for one in lights(health)}


def test_all_is_well(well):
    assert set(colours(well).values()) == {"green"} and worst(lights(well)) == "green"


@pytest.mark.parametrize(
    ("name", "changed", "colour", "words"),
    [
        ("database", {"migrations_waiting": 2}, "red", "manage.py migrate"),
        ("queue", {"jobs_waiting": 3, "oldest_waiting_s": 130.0}, "amber", "oldest for 2 minutes"),
        ("queue", {"jobs_waiting": 3, "oldest_waiting_s": 7200.0}, "red", "oldest for 2 hours"),
        ("leases", {"oldest_lease_overdue_s": 300.0}, "red", "lost its worker"),
        ("failures", {"jobs_failed_day": 1}, "amber", "1 job failed"),
        ("workers", {"workers": 0}, "red", "No worker"),
        ("workers", {"workers_silent": 1}, "amber", "fell silent"),
        ("beat", {"beat_s": None}, "amber", "Never heard"),
        ("beat", {"beat_s": 7200.0}, "amber", "Last heard 2 hours ago"),
        ("disk", {"disk_used_percent": 81.0}, "amber", "81 %"),
        ("disk", {"disk_used_percent": 93.0}, "red", "refused"),
        ("files", {"store_wrong": 1}, "red", "storage_check --full"),
        ("files", {"store_open_s": 7200.0}, "amber", "2 hours ago has not ended"),
        ("files", {"store_s": 40 * 3600.0}, "amber", "1 day ago"),
        ("files", {"store_full_s": None}, "amber", "Last read whole: never"),
        ("backup", {"backup_s": None}, "red", "None was ever made"),
        ("backup", {"backup_s": 27 * 3600.0}, "amber", "1 day ago"),
        ("backup", {"backup_s": 8 * 86400.0}, "red", "8 days ago"),
        ("signed", {"head_holds": False}, "red", "verify_chain"),
        ("anchor", {"anchor_kept": False}, "amber", "PRRT_ANCHOR_FILE"),
        ("anchor", {"anchor_problems": 1}, "red", "differs"),
        ("anchor", {"anchor_missing": 4}, "red", "4 entries before"),
        ("night", {"night_sentence": "List may be incomplete: x."}, "amber", "List may be incomplete"),
    ],
)
def test_each_sign_has_its_colour_and_words(well, name, changed, colour, words):
    found = {one.name: one for one in lights(replace(well, **changed))}
    assert found.pop(name).colour == colour
    assert words in {one.name: one.sentence for one in lights(replace(well, **changed))}[name]
    assert {one.colour for one in found.values()} == {"green"}, "one sign changes one light"


def test_figures_come_from_the_rows(well):
    by = make_user("chair")
    small_chain(by, make_patient(by=by), 2)
    Job.objects.create(
        kind="scan", subject_id=make_patient().pk, input_digest="1", method_version="t", created_at=before(minutes=20)
    )
    Job.objects.create(
        kind="scan",
        subject_id=make_patient().pk,
        input_digest="2",
        method_version="t",
        state="running",
        lease_until=before(minutes=4),
    )
    WorkerBeat.objects.filter(name="a").update(seen_at=before(minutes=5))
    found = read(NOW)
    assert (found.jobs_waiting, found.oldest_waiting_s, found.oldest_lease_overdue_s) == (1, 1200.0, 240.0)
    assert (found.workers, found.workers_silent, found.signed, found.head_holds) == (0, 1, 2, True)
    ChainHead.objects.update(sequence=1)
    assert not read(NOW).head_holds


def test_damage_stays_red_until_that_very_file_is_whole(well, monkeypatch):
    upload = Upload.objects.create(by=make_user("nuclear_medicine"), source="browser", state=Upload.State.DONE)
    wrong, other = store.put_bytes(b"wrong"), store.put_bytes(b"other")
    for one in (wrong, other):
        UploadItem.objects.create(upload=upload, label="x", sha256=one.sha256, size=one.size)
    damage(wrong.sha256, b"wr0ng")
    assert store_check.check(sample=None)[1].damaged == [wrong.sha256]
    assert colours(read())["files"] == "red"
    monkeypatch.setattr(store_check._Chosen, "take", lambda _self: [])  # a sample that does not meet it
    assert store_check.check(sample=1)[1].damaged == [wrong.sha256] and read().store_wrong == 1
    damage(wrong.sha256, b"wrong")
    assert store_check.check(sample=1)[0].is_good and read().store_wrong == 0


def test_damage_found_before_files_were_kept_by_name_stays_red_until_the_next_check(well):
    StoreCheck.objects.create(finished_at=timezone.now(), is_full=True, files=9, damaged=1)
    assert read().store_wrong == 1 and colours(read())["files"] == "red"
    store_check.check(sample=None)
    assert read().store_wrong == 0


def test_only_a_check_of_everything_forgets_what_no_row_names_any_more(well):
    WrongFile.objects.create(digest="a" * 64)
    store_check.check(sample=5)
    assert read().store_wrong == 1
    store_check.check(sample=None)
    assert read().store_wrong == 0


def test_damage_that_a_check_found_before_it_was_cut_off_is_red(well, monkeypatch):
    upload = Upload.objects.create(by=make_user("nuclear_medicine"), source="browser", state=Upload.State.DONE)
    UploadItem.objects.create(upload=upload, label="x", sha256="0" * 64, size=5)
    real = store_names.there
    monkeypatch.setattr(store_names, "there", lambda part: real(part) if part < "80" else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store_check.check(sample=None)
    assert read().store_wrong == 1
    assert read(timezone.now() + dt.timedelta(hours=2)).store_open_s > 7000


def damage(digest: str, content: bytes) -> None:
    store.path(digest).chmod(0o640)
    store.path(digest).write_bytes(content)


def test_a_worker_says_that_it_lives_and_when_it_goes(db):
    say_alive("one")
    say_alive("one")
    assert read(timezone.now()).workers == 1
    say_gone("one")
    assert read(timezone.now()).workers == 0


def test_ages_in_words():
    assert [ago(s) for s in (None, 4, 60, 3599, 7200, 90000)] == [
        "never", "less than a minute ago", "1 minute ago", "59 minutes ago", "2 hours ago", "1 day ago"
    ]  # fmt: skip


def test_the_page_and_its_json_say_nothing_of_a_case(client, well):
    make_world("ZQCANARY", make_user("nuclear_medicine"))
    client.force_login(make_user(Role.SYSTEM_ADMIN.value))
    page, said = client.get("/health/").content.decode(), client.get("/health/state/")
    for text in (page, said.content.decode()):
        assert "ZQCANARY" not in text and "1901" not in text
    assert 'data-light="backup"' in page and "decision support, not a certified medical device" in page
    assert {one["name"] for one in json.loads(said.content)["lights"]} == set(colours(well))


def test_others_may_not_look(client):
    client.force_login(make_user("nuclear_medicine"))
    assert client.get("/health/").status_code == 403 and client.get("/health/state/").status_code == 403


def test_ready_only_with_the_tables_of_this_version(client, monkeypatch):
    monkeypatch.setattr(health_views, "_ready_until", 0.0)
    monkeypatch.setattr(health_views, "migrations_waiting", lambda: 1)
    assert client.get("/readyz").status_code == 503 and client.get("/healthz").status_code == 200
    monkeypatch.setattr(health_views, "migrations_waiting", lambda: 0)
    assert client.get("/readyz").status_code == 200


def test_not_ready_without_a_database(client, monkeypatch):
    from django.db import OperationalError

    def broken():
        raise OperationalError("password authentication failed for user secret")

    monkeypatch.setattr(health_views, "_ready_until", 0.0)
    monkeypatch.setattr(health_views, "migrations_waiting", broken)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and b"secret" not in answer.content
