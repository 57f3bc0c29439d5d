"""An outline reaches a scan only as its patient's: held, taken back or overtaken, it is on nobody's page."""

import datetime as dt

import pytest
from django.urls import reverse

from imaging.models import ForeignObject, ImageProduct, Job, LesionMatch, Proposal, ProposalRun, Scan, Series
from imaging.services import accept_as_lesion, confirm_identity, contours, detach_series, reject_identity
from imaging.services.running import run_until_done
from patients.services import StillInUse, create_patient
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.phantom_objects import write_report, write_rtstruct, write_seg
from tests.imaging.scan_rows import bring_scan, refusal_of, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def seg_series() -> Series:
    return Series.objects.get(modality="SEG")


def everywhere() -> list:
    return [*Proposal.objects.filter(kind="imported"), *ForeignObject.objects.filter(scan__isnull=False)]


@pytest.mark.parametrize(
    "writer, wrong",
    [
        *((write_seg, wrong) for wrong in ({"PatientBirthDate": "19500101"}, {"PatientSex": "M"}, {"PatientID": ""})),
        *((writer, {"PatientID": "SOMEBODY"}) for writer in (write_seg, write_rtstruct, write_report)),
    ],
)
def test_an_object_of_another_identity_is_placed_on_nobody(tmp_path, scan, import_files, wrong, writer):
    upload = import_files([writer(tmp_path / "o", **wrong)], patient=scan.patient)
    assert list(upload.items.values_list("outcome", flat=True)) == ["held"]
    assert everywhere() == [] and ForeignObject.objects.get().outcomes == []
    assert Job.objects.filter(kind="contours").count() == 0
    found = ForeignObject.objects.get()
    Job.objects.create(kind="contours", subject_id=found.pk, input_digest="x", method_version="x")
    work_off()
    assert everywhere() == [], "not even by a job that was asked for too early"


def test_held_before_its_images_it_is_not_placed_when_they_come(tmp_path, phantom_case, import_files):
    import_files([write_seg(tmp_path / "o", PatientID="SOMEBODY")], patient=phantom_case)
    bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies)
    assert everywhere() == []


def test_after_a_person_confirmed_whose_it_is_it_is_placed(tmp_path, scan, colleague, import_files):
    import_files([write_seg(tmp_path / "o", PatientID="OTHER-HOSPITAL")], patient=scan.patient)
    confirm_identity(by=colleague, series=seg_series(), patient=scan.patient, reason="request form")
    work_off()
    assert Proposal.objects.filter(scan=scan, kind="imported").count() == 2


def test_the_page_that_confirms_rings_for_it(tmp_path, scan, colleague, import_files, client, monkeypatch):
    from imaging.views import series as view

    rung = []
    monkeypatch.setattr(view, "ring", rung.extend)
    import_files([write_seg(tmp_path / "o", PatientID="OTHER-HOSPITAL")], patient=scan.patient)
    client.force_login(colleague)
    address = reverse("imaging:confirm", args=[seg_series().pk])
    assert client.get(reverse("imaging:series", args=[seg_series().pk])).status_code == 200
    answer = client.post(address, {"case": scan.patient.case_number, "reason": "request form"})
    assert answer.status_code == 302
    assert Job.objects.get(kind="contours").pk in rung


def test_a_rejected_object_is_never_placed(tmp_path, scan, colleague, import_files):
    path = write_seg(tmp_path / "o", PatientID="OTHER-HOSPITAL")
    import_files([path], patient=scan.patient)
    reject_identity(by=colleague, series=seg_series(), reason="of another patient")
    import_files([path], patient=scan.patient)
    work_off()
    assert everywhere() == []


def test_images_confirmed_later_are_looked_at_and_get_the_outlines_that_wait(
    tmp_path, phantom_case, colleague, import_files
):
    """Their SUV was computed while they were held: nothing else would ever ask for proposals and pictures."""
    import_files([write_seg(tmp_path / "o")], patient=phantom_case)
    pet = write_pet(tmp_path / "a", patient_id="OTHER-HOSPITAL", paint=two_bodies)
    import_files(pet, patient=phantom_case)
    assert not Scan.objects.exists() and not ProposalRun.objects.exists()
    series = Series.objects.get(modality="PT")
    confirm_identity(by=colleague, series=series, patient=phantom_case, reason="request form")
    work_off()
    scan = Scan.objects.get()
    assert ProposalRun.objects.filter(scan=scan, superseded_at=None).count() == 1
    assert ImageProduct.objects.filter(scan=scan).exists()
    assert Proposal.objects.filter(scan=scan, kind="imported").count() == 2


def test_images_given_their_case_by_a_second_import_are_looked_at_too(tmp_path, phantom_case, import_files):
    pet, seg = write_pet(tmp_path / "a", paint=two_bodies), write_seg(tmp_path / "o")
    import_files([*pet, seg])
    assert not Scan.objects.exists()
    import_files([*pet, seg], patient=phantom_case)
    scan = Scan.objects.get()
    assert ProposalRun.objects.filter(scan=scan, superseded_at=None).count() == 1
    assert Proposal.objects.filter(scan=scan, kind="imported").count() == 2


def test_an_object_taken_back_leaves_the_page_with_everything_read_from_it(
    tmp_path, scan, doctor, colleague, import_files, client
):
    import_files([write_seg(tmp_path / "o"), write_report(tmp_path / "o")], patient=scan.patient)
    stale = Proposal.objects.filter(kind="imported").first()
    for series in Series.objects.filter(modality__in=["SEG", "SR"]):
        detach_series(by=colleague, series=series, reason="another patient's")
    client.force_login(doctor)
    shown = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert "From other workstations" not in shown and "77.7" not in shown
    assert everywhere() == [] and ForeignObject.objects.filter(measurements=[], outcomes=[]).count() == 2
    with pytest.raises(Exception, match=r"decided|does not exist|changed"):
        accept_as_lesion(by=doctor, proposal=stale, organ="liver")
    work_off()
    assert everywhere() == []


def test_an_object_whose_outline_marks_a_lesion_is_not_taken_back_unseen(
    tmp_path, scan, doctor, colleague, import_files
):
    import_files([write_seg(tmp_path / "o")], patient=scan.patient)
    lesion, _, _ = accept_as_lesion(by=doctor, proposal=Proposal.objects.filter(kind="imported").first(), organ="liver")
    with pytest.raises(StillInUse, match=lesion.label):
        detach_series(by=colleague, series=seg_series(), reason="another patient's")
    assert seg_series().identity == "attached"


def test_an_object_taken_back_while_a_worker_reads_it_is_not_placed(
    tmp_path, scan, colleague, import_files, monkeypatch
):
    placed = contours._place

    def overtaken(*args, **more):
        found = placed(*args, **more)
        detach_series(by=colleague, series=seg_series(), reason="another patient's")
        return found

    monkeypatch.setattr(contours, "_place", overtaken)
    import_files([write_seg(tmp_path / "o")], patient=scan.patient)
    assert everywhere() == [] and not Job.objects.filter(state__in=["queued", "failed"]).exists()


def test_images_that_come_while_a_worker_reads_the_outline_are_not_missed(
    tmp_path, phantom_case, import_files, monkeypatch
):
    placed = contours._place

    def overtaken(*args, **more):
        monkeypatch.setattr(contours, "_place", placed)
        found = placed(*args, **more)
        bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies)
        return found

    monkeypatch.setattr(contours, "_place", overtaken)
    import_files([write_seg(tmp_path / "o")], patient=phantom_case)
    work_off()
    assert Proposal.objects.filter(scan=Scan.objects.get(), kind="imported").count() == 2


def test_images_moved_to_their_right_case_take_the_outlines_along_only_if_those_are_moved_too(
    tmp_path, scan, doctor, colleague, import_files
):
    """PET and SEG went into the wrong chart; after both are moved the outline is on the new scan, and there only."""
    import_files([write_seg(tmp_path / "o")], patient=scan.patient)
    right = create_patient(by=colleague, case_number="NET-0042", sex_for_formulas="F", birth_date=dt.date(1967, 3, 2))
    detach_series(by=colleague, series=scan.pet_series, reason="wrong chart")
    assert refusal_of(detach_series, by=doctor, series=scan.pet_series, reason="x") == "identity_not_attached"
    assert Scan.objects.count() == 0
    detach_series(by=colleague, series=seg_series(), reason="wrong chart")
    from patients.services import update_patient

    update_patient(scan.patient, by=colleague, case_number="SYN-elsewhere", reason="typed for another")
    for series in Series.objects.order_by("modality"):
        confirm_identity(by=colleague, series=series, patient=right, reason="checked")
    work_off()
    new = Scan.objects.get()
    assert new.patient == right
    assert {row.scan_id for row in Proposal.objects.filter(kind="imported", state="open")} == {new.pk}
    assert ForeignObject.objects.get().scan == new and not LesionMatch.objects.exists()


def test_a_series_confirmed_twice_asks_once(tmp_path, scan, colleague, import_files):
    import_files([write_seg(tmp_path / "o", PatientID="OTHER")], patient=scan.patient)
    confirm_identity(by=colleague, series=seg_series(), patient=scan.patient, reason="request form")
    for job in Job.objects.filter(kind="contours"):
        run_until_done(job.pk)
    assert Job.objects.filter(kind="contours").count() == 1
