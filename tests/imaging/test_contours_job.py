"""Outlines and reports of other workstations: into the right case, onto the right images, each part with its outcome."""

import datetime as dt
import json

import pytest
from django.apps import apps
from django.urls import reverse

from eligibility.selectors import case_facts
from imaging import masks, selectors, store
from imaging.dicom_export import make_uid
from imaging.models import ForeignObject, Job, Lesion, LesionFinding, Proposal, Scan, UptakeMeasurement, Voi
from imaging.scan_numbers import scan_numbers
from imaging.services import accept_as_lesion, correct_suv_input
from imaging.services.running import run, run_until_done
from patients.services import create_patient
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.phantom_objects import mask_of, write_report, write_rtstruct, write_seg
from tests.imaging.scan_rows import HOT_BODY, OTHER_BODY, bring_scan, drawn, fresh, new_lesion, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def imported(scan) -> list[Proposal]:
    return list(Proposal.objects.filter(scan=scan, kind="imported").order_by("source__kind", "number"))


def object_of(kind: str) -> ForeignObject:
    return ForeignObject.objects.get(kind=kind)


def page(client, doctor, scan) -> str:
    client.force_login(doctor)
    return client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()


def test_images_outlines_and_report_in_one_upload(tmp_path, phantom_case, doctor, import_files, client):
    files = [write_seg(tmp_path / "o"), write_rtstruct(tmp_path / "o"), write_report(tmp_path / "o")]
    upload = import_files([*files, *write_pet(tmp_path / "a", paint=two_bodies)], patient=phantom_case)
    assert set(upload.items.values_list("outcome", flat=True)) == {"stored"}
    scan = Scan.objects.get()
    assert {found.scan for found in ForeignObject.objects.all()} == {scan}
    rows = imported(scan)
    assert [(row.source.kind, row.number, row.state) for row in rows] == [
        ("rtstruct", 1, "open"),
        ("seg", 1, "open"),
        ("seg", 2, "open"),
    ]
    first = rows[1]
    found = masks.load(first.mask_sha256).mask
    assert found.bounds == HOT_BODY and found.voxels.all()
    assert first.numbers["suv_max"] == pytest.approx(22.2, abs=0.1), "in SUV although the outline was read first"
    assert not Voi.objects.exists() and not Lesion.objects.exists()
    for model in apps.get_models():
        assert "ZQCANARY" not in json.dumps(list(model._base_manager.values()), default=str), model._meta.label
    shown = page(client, doctor, scan)
    assert "From other workstations" in shown and "77.7" in shown and "ZQCANARY" not in shown


@pytest.mark.parametrize("writer", [write_seg, write_rtstruct, write_report])
def test_outlines_that_came_days_before_their_images_wait_for_them(
    tmp_path, phantom_case, doctor, import_files, writer, client
):
    upload = import_files([writer(tmp_path / "o")], patient=phantom_case)
    found = ForeignObject.objects.get()
    assert found.scan is None and found.refusal_code == "referenced_series_absent"
    client.force_login(doctor)
    assert "eferenced series absent" in client.get(reverse("imaging:upload_detail", args=[upload.pk])).content.decode()
    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies)
    found.refresh_from_db()
    assert (found.scan, found.refusal_code) == (scan, "")
    assert len(imported(scan)) == {"seg": 2, "rtstruct": 1, "sr": 0}[found.kind]
    assert not Job.objects.exclude(state="done").exists()


def test_a_frame_of_reference_that_differs_is_a_sentence_per_segment(tmp_path, scan, import_files):
    import_files([write_seg(tmp_path / "o", FrameOfReferenceUID="1.2.3.4")], patient=scan.patient)
    found = object_of("seg")
    assert found.scan == scan and imported(scan) == []
    assert [(o["number"], o["state"], o["code"]) for o in found.outcomes] == [
        (1, "refused", "frame_of_reference_differs"),
        (2, "refused", "frame_of_reference_differs"),
    ]
    assert all(o["message"].endswith(".") and o["own_volume_ml"] > 1 for o in found.outcomes)


@pytest.mark.parametrize("writer", [write_seg, write_rtstruct])
def test_images_that_are_here_but_cannot_be_read_are_not_called_absent(
    tmp_path, phantom_case, doctor, import_files, writer, client
):
    """A PET of which one slice has no readable image any more: its outlines have images, and these have no volume."""
    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies)
    store.path(scan.pet_series.instances.first().sha256).unlink()
    import_files([writer(tmp_path / "o")], patient=phantom_case)
    found = ForeignObject.objects.get()
    assert found.scan == scan and found.refusal_code == "" and imported(scan) == []
    assert {o["code"] for o in found.outcomes} == {"referenced_series_unreadable"}
    assert all("are here" in o["message"] and "could not be read" in o["message"] for o in found.outcomes)
    shown = page(client, doctor, scan)
    assert "are here, but cannot be used" in shown and "eferenced series absent" not in shown


def test_a_damaged_segmentation_costs_only_itself(tmp_path, phantom_case, doctor, import_files, client):
    good, damaged = write_seg(tmp_path / "o"), write_seg(tmp_path / "p", kind="seg-2")
    whole = damaged.read_bytes()
    for content in (whole[:-40], whole[:9000], whole.replace(b"BINARY", b"BANANA")):
        damaged.write_bytes(content)
        import_files([damaged, good, *write_pet(tmp_path / "a", paint=two_bodies)], patient=phantom_case)
    scan = Scan.objects.get()
    assert len(imported(scan)) == 2
    for found in ForeignObject.objects.exclude(series__series_uid=make_uid("a", "seg")):
        assert found.refusal_code and found.refusal_message.endswith(".")
    assert not Job.objects.filter(state="failed").exists()
    assert scan.pet_series.instance_count == 12


def test_ten_segments_of_one_label_are_kept_apart(tmp_path, scan, doctor, import_files):
    ten = [mask_of(type(HOT_BODY)((k, 10, 10), (k + 1, 12, 12))) for k in range(10)]
    import_files([write_seg(tmp_path / "o", masks=ten)], patient=scan.patient)
    rows = imported(scan)
    assert [row.number for row in rows] == list(range(1, 11)) and {row.label for row in rows} == {"lesion"}
    assert len({row.mask_sha256 for row in rows}) == len({row.tracking_uid for row in rows}) == 10
    accept_as_lesion(by=doctor, proposal=rows[3], organ="liver")
    assert [row.state for row in imported(scan)].count("accepted") == 1
    assert masks.load(Voi.objects.get().mask_sha256).mask.bounds.start[0] == 3


def test_a_tracking_uid_finds_the_lesion_of_this_patient_only(tmp_path, scan, doctor, import_files):
    known = new_lesion(doctor, scan.patient)
    stranger = create_patient(by=doctor, case_number="NET-9")
    theirs = new_lesion(doctor, stranger)
    path = write_seg(tmp_path / "o", uids=[known.tracking_uid, theirs.tracking_uid])
    import_files([path], patient=scan.patient)
    mine, foreign = imported(scan)
    assert (mine.lesion, foreign.lesion) == (known, None)
    lesion, _, _ = accept_as_lesion(by=doctor, proposal=foreign, organ="bone")
    assert lesion.patient == scan.patient and lesion.tracking_uid != theirs.tracking_uid, "one UID is one lesion"
    uids = [one.tracking_uid for one in Lesion.objects.all()]
    assert len(set(uids)) == len(uids)


def test_a_new_lesion_keeps_the_uid_it_came_with(tmp_path, scan, doctor, import_files):
    uid = make_uid("drawn elsewhere")
    import_files([write_seg(tmp_path / "o", uids=[uid])], patient=scan.patient)
    lesion, voi, _ = accept_as_lesion(by=doctor, proposal=imported(scan)[0], organ="liver")
    assert lesion.tracking_uid == uid and voi.origin["how"] == "imported"
    assert voi.origin["sop_uid"] == make_uid("a", "seg", "object") and voi.origin["segment"] == 1
    work_off()
    assert [item.state for item in selectors.measurements(fresh(scan))] == [selectors.CURRENT]


def test_numbers_of_a_report_are_beside_ours_and_used_by_nothing(tmp_path, scan, doctor, import_files, client):
    drawn(scan, new_lesion(doctor, scan.patient), doctor)
    as_of = dt.date(2026, 6, 1)
    facts, numbers = case_facts(scan.patient, as_of=as_of), scan_numbers(fresh(scan))
    import_files([write_report(tmp_path / "o")], patient=scan.patient)
    assert object_of("sr").measurements[0]["measurements"][0]["value"] == 77.7
    assert case_facts(scan.patient, as_of=as_of) == facts
    assert repr(scan_numbers(fresh(scan))) == repr(numbers)
    assert UptakeMeasurement.objects.filter(suv_max__gt=70).count() == 0
    assert not LesionFinding.objects.exists() and "77.7" in page(client, doctor, scan)


def test_the_same_file_again_is_already_here(tmp_path, scan, doctor, import_files):
    path = write_seg(tmp_path / "o")
    import_files([path], patient=scan.patient)
    accept_as_lesion(by=doctor, proposal=imported(scan)[0], organ="liver")
    upload = import_files([path], patient=scan.patient)
    assert list(upload.items.values_list("outcome", flat=True)) == ["already"]
    assert ForeignObject.objects.count() == 1 and [row.state for row in imported(scan)] == ["accepted", "open"]
    path.write_bytes(path.read_bytes().replace(b"LESIONS ", b"OTHERS  "))
    upload = import_files([path], patient=scan.patient)
    assert list(upload.items.values_list("outcome", "reason_code")) == [("held", "sop_uid_conflict")]


def test_a_job_that_runs_again_leaves_the_same_rows_once(tmp_path, scan, import_files):
    import_files([write_seg(tmp_path / "o")], patient=scan.patient)
    before = [(row.number, row.mask_sha256, row.numbers) for row in imported(scan)]
    for job in Job.objects.filter(kind="contours"):
        Job.objects.filter(pk=job.pk).update(state="queued", attempts=0)
        run(job.pk)
    assert [(row.number, row.mask_sha256, row.numbers) for row in imported(scan)] == before
    assert ForeignObject.objects.count() == 1


def test_a_worker_killed_while_it_places_loses_nothing(tmp_path, scan, import_files, monkeypatch):
    from imaging.services import contours

    placed = contours._keep
    monkeypatch.setattr(contours, "_keep", lambda *args: (_ for _ in ()).throw(MemoryError()))
    import_files([write_seg(tmp_path / "o")], patient=scan.patient)
    assert imported(scan) == [] and Job.objects.get(kind="contours").state == "queued"
    monkeypatch.setattr(contours, "_keep", placed)
    run_until_done(Job.objects.get(kind="contours").pk)
    assert len(imported(scan)) == 2


def test_a_corrected_weight_measures_imported_outlines_again(tmp_path, scan, doctor, import_files, client):
    import_files([write_seg(tmp_path / "o")], patient=scan.patient)
    accept_as_lesion(by=doctor, proposal=imported(scan)[1], organ="liver")
    work_off()
    before = [row.numbers["suv_max"] for row in imported(scan)]
    job = correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="weighed")
    assert f"{before[0]:.1f}" not in page(client, doctor, scan)
    run_until_done(job.pk)
    rows = imported(scan)
    assert [row.numbers["suv_max"] for row in rows] == pytest.approx([1.5 * value for value in before], rel=1e-6)
    assert [row.state for row in rows] == ["open", "accepted"]


def test_outlines_on_images_without_suv_get_their_suv_with_the_weight(tmp_path, phantom_case, doctor, import_files):
    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies, body_weight_kg=None)
    import_files([write_seg(tmp_path / "o")], patient=phantom_case)
    assert set(imported(scan)[0].numbers) & {"suv_max", "suv_mean"} == set()
    assert imported(scan)[0].numbers["volume_ml"] == pytest.approx(27 * 0.064)
    job = correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="60", reason="weighed")
    run_until_done(job.pk)
    assert imported(scan)[0].numbers["suv_max"] == pytest.approx(22.2, abs=0.1)
    assert {b.start for b in (HOT_BODY, OTHER_BODY)} == {
        masks.load(r.mask_sha256).mask.bounds.start for r in imported(scan)
    }
