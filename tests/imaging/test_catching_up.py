"""After an update every number comes back by itself: nothing waits for somebody to touch it."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError

from imaging import digests, selectors, tasks
from imaging.models import ForeignObject, ImageProduct, Job, Proposal, ProposalRun, Scan, Series
from imaging.services import correct_suv_input, reject_identity
from imaging.services.catching_up import catch_up, catch_up_once
from imaging.services.requests import contours_digest
from imaging.services.running import run_until_done
from tests.imaging.dicom_files import write_series
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.phantom_objects import write_seg
from tests.imaging.scan_rows import work_off
from tests.imaging.test_questions import case  # noqa: F401 - the case whose number pet_slice carries
from tests.imaging.test_recompute import place

pytestmark = pytest.mark.django_db
METHODS = [
    (digests, "SUV_VERSION"),
    (digests, "MEASURE_VERSION"),
    (digests, "LOOK_VERSION"),
    (digests, "PICTURE_VERSION"),
]


@pytest.fixture
def measured(tmp_path, phantom_case, import_files, doctor):
    import_files(write_pet(tmp_path / "a"), patient=phantom_case)
    scan = Scan.objects.get()
    place(scan, doctor, "liver")
    work_off()
    return scan


def states() -> list[str]:
    scan = Scan.objects.get()
    return [selectors.current_suv(scan.pet_series).state, *(one.state for one in selectors.measurements(scan))]


def are_of_today() -> bool:
    scan = Scan.objects.get()
    suv = selectors.current_suv(scan.pet_series).result
    pictures = set(ImageProduct.objects.filter(superseded_at=None).values_list("input_digest", flat=True))
    looks = set(ProposalRun.objects.filter(superseded_at=None).values_list("input_digest", flat=True))
    return pictures == {digests.of_pictures(scan, suv)} and looks == {digests.of_look(scan, suv)}


@pytest.mark.parametrize(("where", "name"), METHODS, ids=[name for _, name in METHODS])
def test_numbers_and_pictures_of_an_earlier_method_are_made_again(measured, monkeypatch, where, name):
    monkeypatch.setattr(where, name, "of the next version")
    assert states() != ["current", "current"] or not are_of_today()
    assert catch_up()
    work_off()
    assert states() == ["current", "current"] and are_of_today()
    assert catch_up() == []


def test_outlines_read_by_an_earlier_method_are_read_again(tmp_path, phantom_case, import_files, monkeypatch):
    files = [write_seg(tmp_path / "o"), *write_pet(tmp_path / "a", paint=two_bodies)]
    import_files(files, patient=phantom_case)
    found = ForeignObject.objects.get()
    assert found.input_digest == contours_digest(found) and catch_up() == []
    monkeypatch.setattr(digests, "CONTOURS_VERSION", "of the next version")
    assert [job.kind for job in catch_up()] == [Job.Kind.CONTOURS]
    work_off()
    found.refresh_from_db()
    assert found.input_digest == contours_digest(found) and catch_up() == []
    proposals = Proposal.objects.filter(kind="imported")
    assert sorted(proposals.values_list("number", flat=True)) == [1, 2], "none is there twice"


def test_outlines_without_images_are_read_again_too(tmp_path, phantom_case, import_files, monkeypatch):
    import_files([write_seg(tmp_path / "o")], patient=phantom_case)
    assert catch_up() == []
    monkeypatch.setattr(digests, "CONTOURS_VERSION", "of the next version")
    assert [job.kind for job in catch_up()] == [Job.Kind.CONTOURS]


def test_what_is_current_asks_for_nothing(measured):
    before = Job.objects.count()
    assert catch_up() == [] and Job.objects.count() == before


def test_a_converted_suv_of_an_earlier_version_comes_back(tmp_path, case, doctor, import_files, monkeypatch):  # noqa: F811
    import_files(write_series(tmp_path / "suv", 8, Units="GML", RescaleSlope="0.001"), patient=case)
    series = Series.objects.get()
    with monkeypatch.context() as earlier:
        earlier.setattr(digests, "SCANNERS_UNITS", frozenset())
        run_until_done(
            correct_suv_input(by=doctor, series=series, name="body_weight_kg", value="35", reason="weighed").pk
        )
    assert states() == ["recomputing"]
    catch_up()
    work_off()
    assert states() == ["current"]


def test_what_failed_or_was_cancelled_or_rejected_is_left_to_persons(tmp_path, doctor, import_files, monkeypatch):
    for name in "abc":
        import_files(write_pet(tmp_path / name, name))
    monkeypatch.setattr(digests, "SUV_VERSION", "of the next version")
    asked = {job.subject_id: job for job in catch_up()}
    failed, cancelled, rejected = Series.objects.order_by("pk")
    Job.objects.filter(pk=asked[failed.pk].pk).update(state=Job.State.FAILED)
    Job.objects.filter(pk=asked[cancelled.pk].pk).update(state=Job.State.CANCELLED)
    Job.objects.filter(pk=asked[rejected.pk].pk).delete()
    reject_identity(by=doctor, series=rejected, reason="not ours")
    catch_up()
    assert sorted(Job.objects.filter(pk__in=[job.pk for job in asked.values()]).values_list("state", flat=True)) == [
        "cancelled",
        "failed",
    ]
    assert not Job.objects.filter(state=Job.State.QUEUED).exists()


@pytest.mark.parametrize(("fails", "asked"), [(0, 1), (2, 3)], ids=["done", "the database was away"])
def test_a_look_out_that_has_asked_leaves_it_for_a_minute(monkeypatch, fails, asked):
    calls, rounds = [], []

    def catch() -> list:
        calls.append(1)
        if len(calls) <= fails:
            raise DatabaseError
        return []

    def take() -> None:
        rounds.append(1)
        if len(rounds) == 5:
            tasks._stopping.set()

    monkeypatch.setattr(tasks.catching_up, "catch_up_once", catch)
    monkeypatch.setattr(tasks, "_take_unheard", take)
    monkeypatch.setattr(tasks.settings, "JOB_SWEEP_SECONDS", 0.001)
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    tasks._stopping.clear()
    tasks._look_out()
    assert (len(rounds), len(calls)) == (5, asked)


def test_the_look_out_asks_once_for_each_set_of_methods(measured, monkeypatch):
    cache.clear()
    rung = []
    monkeypatch.setattr(tasks, "ring", rung.extend)
    monkeypatch.setattr(tasks, "_take_unheard", tasks._stopping.set)
    monkeypatch.setattr(tasks.settings, "JOB_SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    monkeypatch.setattr(digests, "SUV_VERSION", "of the next version")
    tasks._stopping.clear()
    tasks._look_out()
    assert len(rung) == 1
    assert catch_up_once() == []
    monkeypatch.setattr(digests, "METHODS", "others")
    assert len(catch_up_once()) == 1
