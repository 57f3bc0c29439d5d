"""What people do on a scan's page: every refusal is a sentence, every step comes back to where it was taken."""

import html
import io
import uuid
import zipfile

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from imaging.models import (
    ImageProduct,
    Job,
    Lesion,
    LesionFinding,
    LesionMatch,
    Proposal,
    Reading,
    Voi,
)
from imaging.services import accept_as_lesion, reject_proposal
from patients.services import create_patient, record
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import (
    OTHER_BODY,
    bring_scan,
    current_run,
    drawn,
    focus,
    match,
    new_lesion,
    new_reference,
    seen,
    work_off,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, doctor):
    client.force_login(doctor)
    return client


def send(client, name: str, row, **data):
    """Post, and give back where it led and what it said."""
    answer = client.post(reverse(f"imaging:{name}", args=[row.pk]), data)
    assert answer.status_code == 302, answer.status_code
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    for words in said:
        assert words.endswith(".") and "\n" not in words and "Error" not in words, words
    shown = html.unescape(client.get(answer["Location"]).content.decode())
    assert all(words in shown for words in said)
    return answer["Location"], said


def at(scan, anchor: str) -> str:
    return f"{reverse('imaging:scan', args=[scan.pk])}#{anchor}"


def test_accepting_on_the_page(desk, scan, doctor):
    where, said = send(desk, "accept", focus(scan), lesion="new", organ="liver", kind="metastasis")
    assert (where, said) == (at(scan, "proposals"), [])
    lesion = Lesion.objects.get()
    assert (lesion.organ, lesion.kind, lesion.recorded_by) == ("liver", "metastasis", doctor)
    assert Job.objects.filter(kind="measure", state="queued").exists()
    where, said = send(desk, "accept", focus(scan, 2, OTHER_BODY), lesion=str(lesion.pk), organ="ignored")
    assert said == [] and Voi.objects.filter(lesion=lesion).count() == 2


def test_what_cannot_be_accepted_is_said(desk, scan):
    proposal = focus(scan)
    for data in (
        {},
        {"lesion": "new"},
        {"lesion": "nonsense", "organ": "x"},
        {"lesion": str(uuid.uuid4()), "organ": "x"},
        {"organ": "x" * 25},
        {"organ": "liver", "kind": "benign"},
        {"organ": " "},
    ):
        where, said = send(desk, "accept", proposal, **data)
        assert where == at(scan, "proposals") and said and not Lesion.objects.exists(), data


def test_a_lesion_of_another_patient_is_no_choice(desk, scan, doctor):
    other = new_lesion(doctor, create_patient(by=doctor, case_number="NET-9"))
    _, said = send(desk, "accept", focus(scan), lesion=str(other.pk))
    assert said == ["Choose a lesion of this patient, or a new one."] and not Voi.objects.exists()


def test_references_matches_and_regions_come_back_to_their_own_panel(desk, scan, doctor):
    liver = new_reference(scan, run=current_run(scan))
    liver.save()
    assert send(desk, "accept", liver) == (at(scan, "references"), [])
    lesion = new_lesion(doctor, scan.patient)
    voi = drawn(scan, lesion, doctor)
    steps = {"step": "widen", "number": "4", "reason": "too tight"}
    assert send(desk, "outline", voi, **steps, **seen(voi)) == (at(scan, "regions"), [])
    row = match(scan, scan, lesion, "resolved")
    assert send(desk, "confirm_match", row) == (at(scan, "matches"), [])
    assert LesionFinding.objects.get().status == "resolved"
    shown = desk.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    for anchor in ("proposals", "references", "regions", "matches"):
        assert f'id="{anchor}"' in shown


BAD_STEPS = [
    {"step": "widen", "reason": "x"}, {"step": "widen", "number": "51", "reason": "x"},
    {"step": "widen", "number": "-40", "reason": "x"}, {"step": "widen", "number": "NaN", "reason": "x"},
    {"step": "regrow", "rule": "suv", "number": "0", "reason": "x"}, {"step": "regrow", "rule": "liver", "reason": "x"},
    {"step": "regrow", "rule": "percent", "number": "100", "reason": "x"}, {"step": "merge", "reason": "x"},
    {"step": "subtract", "other": str(uuid.uuid4()), "reason": "x"}, {"step": "explode", "reason": "x"}, {},
    {"step": "regrow", "rule": "suv", "number": "999", "reason": "x"}, {"step": "widen", "number": "4", "reason": "x" * 201},
]  # fmt: skip


def test_an_outline_step_that_cannot_be_taken_is_said(desk, scan, doctor):
    voi = drawn(scan, new_lesion(doctor, scan.patient), doctor)
    for data in BAD_STEPS:
        where, said = send(desk, "outline", voi, **data, **seen(voi, voi))
        assert where == at(scan, "regions") and said and "version" not in " ".join(said), data
    assert Voi.objects.get(pk=voi.pk).recorded_at == voi.recorded_at


def test_every_outline_step_from_the_page(desk, scan, doctor):
    voi = drawn(scan, new_lesion(doctor, scan.patient), doctor)
    other = drawn(scan, new_lesion(doctor, scan.patient, "L02"), doctor, OTHER_BODY)
    for data in (
        {"step": "regrow", "rule": "percent", "number": "45"},
        {"step": "widen", "number": "4"},
        {"step": "subtract", "other": str(other.pk)},
        {"step": "merge", "other": str(other.pk)},
    ):
        assert send(desk, "outline", voi, reason="as seen on CT", **data, **seen(voi, other))[1] == [], data
        work_off()
    assert send(desk, "region_withdraw", voi, reason="no lesion after all", **seen(voi))[1] == []
    assert not Voi.objects.exists()


def test_opening_again_needs_a_reason_that_fits(desk, scan, doctor):
    proposal = reject_proposal(by=doctor, proposal=focus(scan))
    for reason in ("", "x" * 201, "x" * 1000):
        where, said = send(desk, "reopen", proposal, reason=reason)
        proposal.refresh_from_db()
        assert where == at(scan, "proposals") and said and proposal.state == "rejected"
    assert send(desk, "reopen", proposal, reason="seen on CT")[1] == []


def test_rejecting_keeps_the_reason_or_says_that_it_does_not_fit(desk, scan):
    proposal = focus(scan)
    assert send(desk, "reject_proposal", proposal, reason="x" * 201)[1]
    proposal.refresh_from_db()
    assert proposal.state == "open", "a reason is not dropped in silence"
    send(desk, "reject_proposal", proposal, reason="spill", is_physiologic="on")
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decision_reason) == ("physiologic", "spill")


def test_the_second_of_two_people_is_told(desk, scan, colleague):
    proposal = focus(scan)
    accept_as_lesion(by=colleague, proposal=proposal, organ="liver")
    for name in ("accept", "reject_proposal"):
        assert "meanwhile" in send(desk, name, proposal, organ="bone")[1][0]


def test_a_correction_without_reason_and_with_a_foreign_region(desk, tmp_path, scan, doctor, import_files):
    other = bring_scan(import_files, tmp_path, scan.patient, "b", paint=two_bodies, days_later=9)
    lesion = new_lesion(doctor, scan.patient)
    row = match(scan, other, lesion, proposal=focus(scan))
    assert "reason" in send(desk, "confirm_match", row, status="resolved")[1][0]
    assert send(desk, "confirm_match", row, status="present", region=str(focus(other).pk), reason="x")[1]
    assert send(desk, "confirm_match", row, status="gone", reason="x")[1]
    row.refresh_from_db()
    assert row.state == LesionMatch.State.OPEN and not LesionFinding.objects.exists()


def test_looking_again_and_netpet(desk, scan, doctor, phantom_case):
    assert send(desk, "look", scan) == (at(scan, "proposals"), [])
    assert send(desk, "netpet", scan, netpet_class="P9")[1]
    from imaging.models import Scan

    fdg = record(Scan, by=doctor, patient=phantom_case, clinical_date=scan.clinical_date, tracer="18F-FDG")
    assert send(desk, "netpet", scan, netpet_class="P4a", paired_scan=str(scan.pk))[1], "not an FDG scan"
    assert not Reading.objects.exists(), "a refused step leaves no draft behind"
    assert send(desk, "netpet", fdg, netpet_class="P4a", paired_scan=str(scan.pk)) == (at(fdg, "fdg"), [])
    assert Reading.objects.get().netpet_class == "P4a"


def test_a_scan_without_images_is_no_crash(desk, doctor, phantom_case):
    from imaging.models import Scan

    bare = record(Scan, by=doctor, patient=phantom_case, clinical_date="2026-01-01", tracer="68Ga-DOTATATE")
    for name in ("look", "export"):
        answer = desk.post(reverse(f"imaging:{name}", args=[bare.pk]))
        assert answer.status_code == 302
    assert desk.get(reverse("imaging:scan", args=[bare.pk])).status_code == 200


def test_the_export_is_a_file_or_a_sentence(desk, scan, doctor):
    answer = desk.post(reverse("imaging:export", args=[scan.pk]))
    assert answer.status_code == 302 and "lesion" in str(next(iter(get_messages(answer.wsgi_request))))
    drawn(scan, new_lesion(doctor, scan.patient), doctor)
    answer = desk.post(reverse("imaging:export", args=[scan.pk]))
    assert answer["Content-Type"] == "application/zip" and "SYN" not in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["for-tumour-board-ko.dcm", "lesions-seg.dcm", "measurements-sr.dcm"]


def test_a_picture_is_sent_as_it_is_kept_by_no_browser_and_404_when_it_is_gone(desk, scan):
    from imaging import store

    row = ImageProduct.objects.filter(scan=scan, kind="mip_still").get()
    answer = desk.get(reverse("imaging:product", args=[row.pk]))
    assert (answer.status_code, answer["Content-Type"]) == (200, row.content_type)
    assert "no-store" in answer["Cache-Control"] and answer["X-Content-Type-Options"] == "nosniff"
    with store.open_stored(row.sha256) as file:
        assert answer.content == file.read()
    store.path(row.sha256).unlink()
    assert desk.get(reverse("imaging:product", args=[row.pk])).status_code == 404


def test_no_step_is_taken_by_a_link_or_without_its_token(desk, scan, doctor):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(doctor)
    proposal = focus(scan)
    voi = drawn(scan, new_lesion(doctor, scan.patient), doctor)
    rows = {"accept": proposal, "reject_proposal": proposal, "reopen": proposal, "outline": voi, "look": scan}
    rows |= {"region_new": scan, "region_withdraw": voi, "region_restore": voi}
    rows |= {"netpet": scan, "export": scan, "confirm_match": match(scan, scan, voi.lesion)}
    rows["reopen_match"] = rows["confirm_match"]
    for name, row in rows.items():
        address = reverse(f"imaging:{name}", args=[row.pk])
        assert desk.get(address).status_code == 405, name
        assert strict.post(address, {"organ": "liver", "reason": "x", "step": "remove"}).status_code == 403, name
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.OPEN and Voi.objects.filter(pk=voi.pk).exists()


def ask(client, name: str, row, **data):
    """As a viewer does."""
    answer = client.post(reverse(f"imaging:{name}", args=[row.pk]), data, headers={"accept": "application/json"})
    return answer.status_code, answer.json()


def test_a_viewer_gets_the_region_of_what_it_accepted(desk, scan):
    found = focus(scan)
    status, said = ask(desk, "accept", found, lesion="new", organ="liver")
    assert (status, said["ok"], said["before"], said["lesion"]["label"]) == (200, True, None, "L01")
    assert said["numbers"]["provisional"] and said["outline"]["bits"]
    status, said = ask(desk, "accept", found, lesion="new", organ="liver")
    assert (status, said["ok"], said["code"]) == (422, False, "proposal_decided") and said["sentence"].endswith(".")


def test_a_viewer_is_told_which_version_an_accepted_outline_replaced(desk, scan, lesion, doctor):
    present = drawn(scan, lesion, doctor)
    status, said = ask(desk, "accept", focus(scan), lesion=str(lesion.pk))
    assert (status, said["voi"], said["before"]) == (200, str(present.pk), present.recorded_at.isoformat())


def test_a_viewer_rejects_opens_again_and_confirms(desk, scan, lesion, tmp_path, phantom_case, import_files):
    found = focus(scan)
    assert ask(desk, "reject_proposal", found, is_physiologic="on") == (200, {"ok": True})
    assert ask(desk, "reopen", found)[0] == 422
    assert ask(desk, "reopen", found, reason="undone") == (200, {"ok": True})
    later = bring_scan(import_files, tmp_path, phantom_case, "b", paint=two_bodies, days_later=30)
    region = focus(later)
    row = match(later, scan, lesion, proposal=region)
    status, said = ask(desk, "confirm_match", row)
    assert (status, said["lesion"]["label"], said["before"]) == (200, "L01", None)
    assert ask(desk, "confirm_match", row)[1]["code"] == "match_decided"
    assert set(ask(desk, "confirm_match", row, status="dancing")[1]) == {"ok", "code", "sentence"}


def test_a_viewer_takes_back_what_it_accepted_and_confirmed(desk, scan, lesion, tmp_path, phantom_case, import_files):
    found = focus(scan)
    said = ask(desk, "accept", found, lesion="new", organ="liver")[1]
    stale = {"reason": "undone", "recorded_at": "2026-01-01T00:00:00+00:00"}
    assert ask(desk, "reopen", found, **stale) == (409, ask(desk, "reopen", found, **stale)[1])
    status, gone = ask(desk, "reopen", found, reason="undone", recorded_at=said["recorded_at"])
    assert (status, gone["voi"], gone["state"], gone["is_lesion_gone"]) == (200, said["voi"], "withdrawn", True)
    later = bring_scan(import_files, tmp_path, phantom_case, "b", paint=two_bodies, days_later=30)
    row = match(later, scan, lesion, proposal=focus(later))
    said = ask(desk, "confirm_match", row)[1]
    assert ask(desk, "reopen_match", row, recorded_at=said["recorded_at"])[0] == 422, "without a reason"
    status, gone = ask(desk, "reopen_match", row, reason="undone", recorded_at=said["recorded_at"])
    assert (status, gone["state"], gone["is_lesion_gone"]) == (200, "withdrawn", False)
    bare = match(later, scan, lesion, "resolved")
    assert ask(desk, "confirm_match", bare) == (200, {"ok": True})
    assert ask(desk, "reopen_match", bare, reason="undone") == (200, {"ok": True})
    row.refresh_from_db()
    assert row.state == LesionMatch.State.OPEN and not Voi.objects.exists()


def test_lists_of_the_reading_page_follow(desk, scan):
    first, second = focus(scan, 1), focus(scan, 2, OTHER_BODY)
    address = reverse("imaging:read_lists", args=[scan.pk])
    assert "Foci to decide, 2" in desk.get(address).content.decode()
    ask(desk, "reject_proposal", first)
    ask(desk, "accept", second, lesion="new", organ="liver")
    shown = desk.get(address).content.decode()
    assert "Foci to decide" not in shown and "L01" in shown and 'class="grade-lesion"' in shown
