"""From files to series: every file has an outcome, nothing is stored twice or overwritten, late slices count."""

import io
import threading
import zipfile
from collections import Counter

import numpy as np
import pydicom
import pytest
from django.db import connection
from django.utils import timezone

from imaging import archive, job_lines, jobs, selectors, store
from imaging.models import (
    ImageProduct,
    Instance,
    Job,
    Proposal,
    ProposalRun,
    Scan,
    Series,
    Study,
    SuvResult,
    Upload,
    UploadItem,
    UptakeMeasurement,
)
from imaging.refused import Refused, sentence
from imaging.services import add_file, add_files, close_upload, open_upload, running
from imaging.services.running import run_until_done
from imaging.services.uploads import clean_label
from imaging.views import stages
from patients.domain.roles import Role
from tests.imaging.phantom import write_pet

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]


def outcomes(upload):
    return Counter(upload.items.values_list("outcome", "reason_code"))


def test_a_series_becomes_a_scan_with_suv(tmp_path, phantom_case, import_files):
    upload = import_files(write_pet(tmp_path / "a"), patient=phantom_case)
    assert upload.state == Upload.State.DONE
    assert outcomes(upload) == {("stored", ""): 12}
    scan = Scan.objects.get()
    assert (scan.patient, scan.tracer, scan.pet_series.instance_count) == (phantom_case, "68Ga-DOTATATE", 12)
    found = selectors.current_suv(scan.pet_series)
    assert found.state == selectors.CURRENT and found.is_fact
    # 30,000 Bq/mL at 60 kg, 150 MBq decayed for one hour
    expected = 30_000 * 60_000 / (150e6 * 2 ** (-3600 / 4062.6))
    assert found.result.statistics["bw"]["max"] == pytest.approx(expected, rel=2e-3)
    assert found.result.uptake_time_s == 3600
    series = scan.pet_series
    assert series.geometry["shape"] == [12, 32, 32] and store.exists(series.volume_sha256)


def test_one_bad_file_costs_only_itself(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    whole = paths[3].read_bytes()
    bad = {"text.dcm": b"hello", "empty.dcm": b"", "cut.dcm": whole[: len(whole) // 2]}
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    upload = import_files([*paths, *(tmp_path / name for name in bad)], patient=phantom_case)
    refused = dict(upload.items.filter(outcome="refused").values_list("label", "reason_code"))
    assert refused == {"text.dcm": "not_dicom", "empty.dcm": "file_empty", "cut.dcm": "file_truncated"}
    assert Scan.objects.get().pet_series.instance_count == 12


def test_the_same_files_again_are_already_here(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    import_files(paths, patient=phantom_case)
    before = (Series.objects.get().revision, SuvResult.objects.get().pk, Job.objects.count())
    again = import_files(paths, patient=phantom_case)
    assert outcomes(again) == {("already", ""): 12}
    assert set(again.items.values_list("series", flat=True)) == {Series.objects.get().pk}
    assert (Series.objects.get().revision, SuvResult.objects.get().pk, Job.objects.count() - 1) == before
    assert Instance.objects.count() == 12


def test_the_same_file_twice_in_one_upload_is_stored_once(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    upload = import_files([*paths, paths[0]], patient=phantom_case, labels=[*(p.name for p in paths), "copy.dcm"])
    assert outcomes(upload) == {("stored", ""): 12, ("already", ""): 1}


def test_the_same_uid_with_other_content_is_left_out(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    import_files(paths, patient=phantom_case)
    first = Series.objects.get()
    hashes = dict(Instance.objects.values_list("sop_uid", "sha256"))
    heavier = write_pet(tmp_path / "b", body_weight_kg=90.0)
    upload = import_files(heavier, patient=phantom_case)
    assert outcomes(upload) == {("held", "sop_uid_conflict"): 12}
    assert dict(Instance.objects.values_list("sop_uid", "sha256")) == hashes
    assert all(store.exists(sha256) for sha256 in hashes.values())
    assert Series.objects.get().revision == first.revision


def test_a_uid_of_another_identity_is_left_out_as_well(tmp_path, phantom_case, import_files):
    import_files(write_pet(tmp_path / "a"), patient=phantom_case)
    stranger = write_pet(tmp_path / "b", patient_id="SYN-b")
    upload = import_files(stranger)
    assert outcomes(upload) == {("held", "sop_uid_conflict"): 12}
    assert Study.objects.count() == 1


def test_two_files_of_one_uid_in_one_upload_keep_the_first(tmp_path, phantom_case, import_files):
    paths, other = write_pet(tmp_path / "a"), write_pet(tmp_path / "b", body_weight_kg=90.0)
    upload = import_files([*paths, other[0]], patient=phantom_case)
    assert outcomes(upload) == {("stored", ""): 12, ("held", "sop_uid_conflict"): 1}


@pytest.mark.parametrize("seed", range(4))
def test_late_slices_make_a_new_revision_and_the_same_volume(tmp_path, phantom_case, import_files, seed):
    paths = write_pet(tmp_path / "a")
    order = np.random.default_rng(seed).permutation(len(paths))
    parts = np.array_split(order, 3)
    for number, part in enumerate(parts, start=1):
        import_files([paths[k] for k in part], patient=phantom_case)
        series = Series.objects.get()
        assert (series.revision, series.instance_count) == (number, sum(map(len, parts[:number])))
    found = selectors.current_suv(series)
    assert found.state == selectors.CURRENT
    assert SuvResult.objects.filter(superseded_at__isnull=True).count() == 1
    assert Scan.objects.count() == 1
    assert series.geometry["shape"] == [12, 32, 32] and series.refusal_code == ""
    whole = _volume_hash_of(paths, tmp_path)
    assert series.volume_sha256 == whole


def _volume_hash_of(paths, tmp_path):
    """What the volume packs to when all slices are read at once."""
    from imaging import sandbox, volumes
    from imaging.assemble import assemble

    parsed = sandbox.parse_files(paths)
    part = assemble([(str(path), instance) for path, instance in zip(paths, parsed, strict=True)])[0]
    return store.put_bytes(volumes.pack(volumes.load_from_manifest(part.manifest()))).sha256


def test_missing_slices_block_the_volume_and_say_so(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    import_files(paths[:5] + paths[6:], patient=phantom_case)
    series = Series.objects.get()
    assert series.refusal_code == "missing_slices" and series.volume_sha256 == ""
    found = selectors.current_suv(series)
    assert found.state == selectors.CURRENT and found.result.factors["bw"] > 0
    import_files([paths[5]], patient=phantom_case)
    series.refresh_from_db()
    assert series.refusal_code == "" and series.volume_sha256


def test_two_identities_in_one_upload_are_judged_alone(tmp_path, phantom_case, import_files):
    own, foreign = write_pet(tmp_path / "a"), write_pet(tmp_path / "b", "b")
    upload = import_files([*own, *foreign], patient=phantom_case)
    assert outcomes(upload) == {("stored", ""): 12, ("held", "identity_id_unknown"): 12}
    held = Series.objects.get(identity=Series.Identity.HELD)
    assert held.candidate_patient == phantom_case
    assert Scan.objects.get().pet_series != held
    assert selectors.current_suv(held).state == selectors.CURRENT, "SUV is computed for the one who resolves it"


def test_one_series_uid_under_two_identities_is_held(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    foreign = []
    for path in paths[:6]:
        ds = pydicom.dcmread(path)
        ds.PatientID = "SYN-z"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID[:50]}.9"
        foreign.append(tmp_path / f"z-{path.name}")
        ds.save_as(foreign[-1])
    import_files(paths, patient=phantom_case)
    upload = import_files(foreign, patient=phantom_case)
    assert outcomes(upload) == {("held", "series_uid_shared"): 6}
    assert import_files(foreign).items.first().outcome == "already"
    fresh = Series.objects.get(identity=Series.Identity.HELD)
    assert fresh.study.dicom_patient_id == "SYN-z"


def test_without_a_case_suv_is_computed_and_a_later_import_with_the_case_attaches(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    import_files(paths)
    series = Series.objects.get()
    assert series.identity == Series.Identity.UNASSIGNED
    assert selectors.current_suv(series).state == selectors.CURRENT
    assert outcomes(import_files(paths, patient=phantom_case)) == {("already", ""): 12}
    assert Scan.objects.get().patient == phantom_case


def test_a_zip_is_opened_file_by_file(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    with zipfile.ZipFile(tmp_path / "scan.zip", "w", zipfile.ZIP_DEFLATED) as target:
        for path in paths:
            target.write(path, f"DICOM/{path.name}")
        target.writestr("../evil.dcm", paths[0].read_bytes())
        target.writestr("inner.zip", b"PK\x05\x06" + bytes(18))
    upload = import_files([tmp_path / "scan.zip"], patient=phantom_case)
    assert outcomes(upload) == {
        ("stored", "archive_opened"): 1,
        ("stored", ""): 12,
        ("refused", "archive_unsafe_name"): 1,
        ("refused", "archive_nested"): 1,
    }
    assert Scan.objects.get().pet_series.instance_count == 12
    assert not any("/" in label or ".." in label for label in upload.items.values_list("label", flat=True))


def test_a_broken_zip_is_refused_and_the_rest_arrives(tmp_path, phantom_case, import_files):
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and nothing else")
    upload = import_files([tmp_path / "broken.zip", *write_pet(tmp_path / "a")], patient=phantom_case)
    assert outcomes(upload) == {("refused", "archive_damaged"): 1, ("stored", ""): 12}


def test_q1_two_jobs_per_series_whatever_its_size(tmp_path, phantom_case, import_files):
    import_files(write_pet(tmp_path / "a", slices=40), patient=phantom_case)
    jobs = Job.objects.exclude(kind="scan")  # done in the task of its series
    assert Counter(jobs.values_list("kind", flat=True)) == {"import": 1, "series": 1}


def test_proposals_and_pictures_are_made_in_the_task_of_the_series(tmp_path, phantom_case, doctor):
    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    paths = write_pet(tmp_path / "a")
    add_files(by=doctor, upload=upload, files=[(path.name, io.BytesIO(path.read_bytes())) for path in paths])
    series_jobs = running.run_with_scan(close_upload(by=doctor, upload=upload).pk)
    assert [job.kind for job in Job.objects.filter(pk__in=series_jobs)] == ["series"]
    running.run_with_scan(series_jobs[0])
    assert Job.objects.get(kind="scan").state == Job.State.DONE


def test_a_failed_series_job_gets_another_try_when_the_files_come_again(tmp_path, phantom_case, import_files):
    paths = write_pet(tmp_path / "a")
    import_files(paths, patient=phantom_case)
    ImageProduct.objects.all().delete()
    UptakeMeasurement.objects.all().delete()
    Proposal.objects.all().delete()
    ProposalRun.objects.all().delete()
    SuvResult.objects.all().delete()
    Job.objects.filter(kind="series").update(state=Job.State.FAILED)
    assert selectors.current_suv(Series.objects.get()).state == selectors.FAILED
    import_files(paths, patient=phantom_case)
    assert selectors.current_suv(Series.objects.get()).state == selectors.CURRENT


def test_a_worker_that_stops_in_the_middle_leaves_whole_series_and_the_next_goes_on(
    tmp_path, phantom_case, doctor, monkeypatch
):
    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    paths = [*write_pet(tmp_path / "a"), *write_pet(tmp_path / "b", "b")]
    add_files(by=doctor, upload=upload, files=[(path.name, io.BytesIO(path.read_bytes())) for path in paths])
    job = close_upload(by=doctor, upload=upload)
    real, calls = running.run_import.__globals__["store_series"], []

    def stops_after_one(*args, **options):
        if calls:
            raise MemoryError
        calls.append(1)
        return real(*args, **options)

    monkeypatch.setitem(running.run_import.__globals__, "store_series", stops_after_one)
    run_until_done(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.QUEUED, 1)
    assert outcomes(upload) == {("stored", ""): 12, ("waiting", ""): 12}
    monkeypatch.setitem(running.run_import.__globals__, "store_series", real)
    run_until_done(job.pk)
    assert outcomes(upload) == {("stored", ""): 12, ("held", "identity_id_unknown"): 12}
    assert Series.objects.count() == 2 and Instance.objects.count() == 24


@pytest.mark.django_db(transaction=True)
def test_the_same_new_series_from_many_uploads_at_once_is_stored_once(tmp_path, phantom_case, doctor):
    paths = write_pet(tmp_path / "a")
    started = []
    for number in range(4):
        upload = open_upload(by=doctor, patient=phantom_case, source="command")
        share = paths[number:] + paths[: number + 3]
        add_files(by=doctor, upload=upload, files=[(path.name, io.BytesIO(path.read_bytes())) for path in share])
        started.append((upload, close_upload(by=doctor, upload=upload)))
    gate, errors = threading.Barrier(len(started)), []

    def work(pk):
        gate.wait()
        try:
            run_until_done(pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(job.pk,)) for _, job in started]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while waiting := list(Job.objects.filter(state__in=["queued", "running"]).values_list("pk", flat=True)):
        for pk in waiting:
            run_until_done(pk)
    assert not errors
    assert Series.objects.count() == Study.objects.count() == Scan.objects.count() == 1
    assert Instance.objects.count() == 12
    found = UploadItem.objects.values_list("outcome", flat=True)
    assert set(found) <= {"stored", "already"}
    assert selectors.current_suv(Series.objects.get()).state == selectors.CURRENT


def test_an_import_overtaken_by_another_assembles_with_its_slices(
    tmp_path, phantom_case, doctor, import_files, monkeypatch
):
    from imaging.services import storing

    paths = write_pet(tmp_path / "a")
    real, calls = storing._assemble, []

    def while_another_import_ends(*args):
        calls.append(1)
        found = real(*args)
        if len(calls) == 1:
            import_files(paths[6:], patient=phantom_case)
        return found

    monkeypatch.setattr(storing, "_assemble", while_another_import_ends)
    import_files(paths[:6], patient=phantom_case)
    series = Series.objects.get()
    assert (series.instance_count, series.geometry["shape"][0]) == (12, 12)
    assert len(calls) == 3
    assert selectors.current_suv(series).state == selectors.CURRENT


def test_an_import_waits_for_room_on_the_disk_and_then_goes_on(tmp_path, phantom_case, doctor, monkeypatch):
    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    files = [(path.name, io.BytesIO(path.read_bytes())) for path in write_pet(tmp_path / "a")]
    add_files(by=doctor, upload=upload, files=files)
    job = close_upload(by=doctor, upload=upload)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "fsync", full)
        for _ in range(5):
            run_until_done(job.pk)
    job.refresh_from_db()
    upload.refresh_from_db()
    assert (job.state, job.reason_code, job.attempts) == ("queued", "job_waits_for_room", 0)
    assert job_lines.sentence_of(job, timezone.now(), ahead=0) == sentence("job_waits_for_room")
    assert upload.state == "received" and not Series.objects.exists()
    found = selectors.upload_progress(upload)
    assert stages.sentence(upload, found, stages.rows(upload, found)) == sentence("job_waits_for_room")
    run_until_done(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason_code, job.message) == ("done", "", "") and Series.objects.count() == 1


def test_while_less_is_free_than_is_kept_for_the_database_no_work_is_begun(tmp_path, phantom_case, doctor, settings):
    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    files = [(path.name, io.BytesIO(path.read_bytes())) for path in write_pet(tmp_path / "a")]
    add_files(by=doctor, upload=upload, files=files)
    job = close_upload(by=doctor, upload=upload)
    reserve, settings.DISK_RESERVE_BYTES = settings.DISK_RESERVE_BYTES, 1 << 60
    run_until_done(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason_code, job.attempts) == ("queued", "job_waits_for_room", 0)
    with pytest.raises(store.StoreError, match="disk_full"):
        store.put_bytes(b"one byte more")
    settings.DISK_RESERVE_BYTES = reserve
    run_until_done(job.pk)
    job.refresh_from_db()
    assert job.state == "done"


def test_a_zombies_import_changes_nothing(tmp_path, phantom_case, doctor):
    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    paths = write_pet(tmp_path / "a")
    add_files(by=doctor, upload=upload, files=[(path.name, io.BytesIO(path.read_bytes())) for path in paths])
    job = close_upload(by=doctor, upload=upload)
    stale = jobs.claim(job.pk)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    run_until_done(job.pk)
    before = (Series.objects.get().revision, Job.objects.get(pk=job.pk).finished_at, outcomes(upload))
    with pytest.raises(jobs.LeaseLost):
        running.run_import(job, jobs.Lease(job.pk, stale))
    assert (Series.objects.get().revision, Job.objects.get(pk=job.pk).finished_at, outcomes(upload)) == before


def test_the_door_is_closed_to_others_and_after_closing(tmp_path, doctor, colleague, django_user_model):
    observer = django_user_model.objects.create_user("o", role=Role.OBSERVER)
    with pytest.raises(Refused, match="role"):
        open_upload(by=observer, source="browser")
    upload = open_upload(by=doctor, source="browser")
    with pytest.raises(Refused):
        add_file(by=colleague, upload=upload, label="x", stream=io.BytesIO(b"x"))
    with pytest.raises(Refused, match="no file"):
        close_upload(by=doctor, upload=upload)
    add_file(by=doctor, upload=upload, label="x", stream=io.BytesIO(b"x"))
    assert close_upload(by=doctor, upload=upload).pk == close_upload(by=doctor, upload=upload).pk
    with pytest.raises(Refused, match="closed"):
        add_file(by=doctor, upload=upload, label="y", stream=io.BytesIO(b"y"))


def test_caps_of_one_import(doctor, monkeypatch):
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 10)
    upload = open_upload(by=doctor, source="browser")
    sizes = {"fits": 10, "large": 11, "third": 3}
    items = [add_file(by=doctor, upload=upload, label=n, stream=io.BytesIO(b"x" * s)) for n, s in sizes.items()]
    assert [item.reason_code for item in items] == ["", "file_too_large", "too_many_files"]


@pytest.mark.parametrize(
    "name, label",
    [
        ("a/b/c.dcm", "c.dcm"),
        ("C:\\x\\y.dcm", "y.dcm"),
        ("../..", ".."),
        ("a\x00b\u202ecd\n", "abcd"),
        ("", "(no name)"),
    ],
)
def test_labels_are_the_last_part_without_tricks(name, label):
    assert clean_label(name) == label


def test_a_full_disk_is_said_and_nothing_is_half_there(doctor, monkeypatch):
    upload = open_upload(by=doctor, source="browser")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(store.StoreError) as refusal:
        add_file(by=doctor, upload=upload, label="x", stream=io.BytesIO(b"x"))
    assert refusal.value.code == "disk_full"
    assert not upload.items.exists()
