"""Lesions of the scan before: every one is asked about, a person's word is kept with its author, nothing is silent."""

import pytest
from django.urls import reverse

from imaging import store
from imaging.domain.vocabulary import Tracer
from imaging.models import LesionFinding, LesionMatch, Proposal, Voi
from imaging.scan_forms import MatchForm
from imaging.services import accept_as_lesion, confirm_match, reject_proposal, remove_voi, withdraw_lesion
from patients.domain.roles import Capability, Role, role_may
from patients.models import AuditEvent
from patients.services import create_patient, record
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import (
    OTHER_BODY,
    bring_scan,
    current_run,
    drawn,
    focus,
    look_again,
    match,
    new_lesion,
    refusal_of,
    work_off,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def before(tmp_path, phantom_case, import_files):
    return bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies)


@pytest.fixture
def lesion(before, doctor):
    return new_lesion(doctor, before.patient)


@pytest.fixture
def scan(tmp_path, before, lesion, import_files):
    return bring_scan(import_files, tmp_path, before.patient, "b", paint=two_bodies, days_later=60)


def finding(lesion, scan) -> LesionFinding:
    return LesionFinding.objects.get(lesion=lesion, scan=scan)


def test_confirming_records_the_finding_and_accepts_the_region(before, scan, lesion, doctor):
    region = focus(scan)
    row = match(scan, before, lesion, proposal=region, confidence=0.9)
    confirm_match(by=doctor, match=row)
    found = finding(lesion, scan)
    assert (found.status, found.recorded_by, found.related_lesion) == ("present", doctor, None)
    voi = Voi.objects.get(scan=scan)
    assert (voi.lesion, voi.mask_sha256) == (lesion, region.mask_sha256)
    region.refresh_from_db()
    row.refresh_from_db()
    assert (region.state, region.voi) == ("accepted", voi)
    assert (row.state, row.decided_status, row.decided_by) == ("confirmed", "present", doctor)
    event = AuditEvent.objects.get(action="confirm_match")
    assert (event.by, event.patient, event.after["status"]) == (doctor, scan.patient, "present")
    assert refusal_of(confirm_match, by=doctor, match=row) == "match_decided"


def test_a_correction_needs_its_reason_and_keeps_what_was_proposed(before, scan, lesion, doctor):
    row = match(scan, before, lesion, proposal=focus(scan), confidence=0.4)
    assert refusal_of(confirm_match, by=doctor, match=row, status="resolved") == "reason_missing"
    other = focus(scan, 2, OTHER_BODY)
    assert refusal_of(confirm_match, by=doctor, match=row, proposal=other) == "reason_missing"
    confirm_match(by=doctor, match=row, status="resolved", reason="nothing there on CT")
    row.refresh_from_db()
    assert (row.status, row.state, row.decided_status) == ("present", "corrected", "resolved")
    assert row.decision_reason == "nothing there on CT" and finding(lesion, scan).status == "resolved"
    assert not Voi.objects.filter(scan=scan).exists() and Proposal.objects.filter(state="accepted").count() == 0


def test_the_other_region_is_the_lesion(before, scan, lesion, doctor):
    row = match(scan, before, lesion, proposal=focus(scan))
    other = focus(scan, 2, OTHER_BODY)
    confirm_match(by=doctor, match=row, proposal=other, reason="the upper one")
    assert Voi.objects.get(scan=scan).mask_sha256 == other.mask_sha256
    row.refresh_from_db()
    assert row.state == "corrected"


def test_merged_names_the_lesion_it_went_into(before, scan, lesion, doctor):
    second = new_lesion(doctor, before.patient, "L02")
    row = match(scan, before, second, "merged", related_lesion=lesion)
    stranger = new_lesion(doctor, create_patient(by=doctor, case_number="NET-9"))
    third = new_lesion(doctor, before.patient, "L03")
    for wrong in (stranger, second):
        assert refusal_of(confirm_match, by=doctor, match=row, related_lesion=wrong, reason="x") == (
            "match_without_region"
        )
    assert refusal_of(confirm_match, by=doctor, match=row, related_lesion=third) == "reason_missing"
    confirm_match(by=doctor, match=row)
    assert (finding(second, scan).status, finding(second, scan).related_lesion) == ("merged", lesion)
    orphan = match(scan, before, third, "merged")
    assert refusal_of(confirm_match, by=doctor, match=orphan) == "match_without_region"


def test_a_piece_accepted_as_new_is_split_from_its_lesion(before, scan, lesion, doctor):
    piece = focus(scan, 2, OTHER_BODY)
    row = match(scan, before, None, "split", related_lesion=lesion, proposal=piece)
    new, _, _ = accept_as_lesion(by=doctor, proposal=piece, organ="liver")
    assert (finding(new, scan).status, finding(new, scan).related_lesion) == ("split", lesion)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("confirmed", doctor)


def test_a_new_region_becomes_a_new_lesion_by_accepting_it(before, scan, lesion, doctor):
    region = focus(scan)
    row = match(scan, before, None, "new", proposal=region)
    assert refusal_of(confirm_match, by=doctor, match=row) == "match_without_region"
    new, _, _ = accept_as_lesion(by=doctor, proposal=region, organ="bone")
    assert finding(new, scan).status == "new" and new != lesion


@pytest.mark.parametrize("status", ["resolved", "not_assessable"])
def test_gone_or_not_to_be_seen(before, scan, lesion, doctor, status):
    confirm_match(by=doctor, match=match(scan, before, lesion, status))
    assert finding(lesion, scan).status == status and not Voi.objects.filter(scan=scan).exists()


@pytest.mark.parametrize("status", ["new", "nonsense"])
def test_a_lesion_of_the_scan_before_cannot_be_new(before, scan, lesion, doctor, status):
    row = match(scan, before, lesion)
    assert refusal_of(confirm_match, by=doctor, match=row, status=status, reason="x") == "match_without_region"


def test_what_a_person_already_said_about_the_region_stands(before, scan, lesion, doctor):
    """Confirming must not claim a region that marks another lesion, or that is none."""
    other = new_lesion(doctor, before.patient, "L02")
    region = focus(scan)
    accept_as_lesion(by=doctor, proposal=region, lesion=other)
    assert refusal_of(confirm_match, by=doctor, match=match(scan, before, lesion, proposal=region)) == (
        "proposal_decided"
    )
    rejected = focus(scan, 2, OTHER_BODY)
    reject_proposal(by=doctor, proposal=rejected)
    assert refusal_of(confirm_match, by=doctor, match=match(scan, before, lesion, proposal=rejected)) == (
        "proposal_decided"
    )
    assert not LesionFinding.objects.filter(lesion=lesion).exists()
    confirm_match(by=doctor, match=match(scan, before, other, proposal=region))
    assert finding(other, scan).status == "present" and Voi.objects.filter(scan=scan).count() == 1


def test_not_across_scans_runs_or_roles(tmp_path, before, scan, lesion, doctor, django_user_model):
    row = match(scan, before, lesion)
    elsewhere = focus(before)
    assert refusal_of(confirm_match, by=doctor, match=row, proposal=elsewhere, reason="x") == "voi_of_other_scan"
    for role in Role:
        if role_may(role, Capability.MEASURE) and role_may(role, Capability.EDIT_CLINICAL):
            continue
        by = django_user_model.objects.create_user(f"u-{role}", role=role)
        assert refusal_of(confirm_match, by=by, match=row) == "not_permitted"
    look_again(scan)
    assert refusal_of(confirm_match, by=doctor, match=row) == "proposal_outdated"
    row = LesionMatch.objects.create(
        run=current_run(scan), scan=scan, previous_scan=before, lesion=lesion, status="present"
    )
    withdraw_lesion(by=doctor, lesion=lesion, reason="artefact")
    assert refusal_of(confirm_match, by=doctor, match=row) == "lesion_taken_back"


@pytest.mark.parametrize("sent, chosen", [
    ({}, {}),
    ({"status": "present", "region": "mine"}, {"status": "present", "proposal": "mine"}),
    ({"status": "present", "region": ""}, {"status": "present", "proposal": None}),
    ({"status": "resolved"}, {"status": "resolved", "proposal": None}),
])  # fmt: skip
def test_the_form_says_exactly_what_was_chosen(scan, sent, chosen):
    """ "None" in the list of regions is an answer, not silence: it must not bring the proposed region back."""
    region = focus(scan)
    form = MatchForm({k: str(region.pk) if v == "mine" else v for k, v in sent.items()}, scan=scan)
    assert form.is_valid(), form.errors
    values = form.service_values()
    assert values["reason"] == ""
    wanted = {k: region if v == "mine" else v for k, v in chosen.items()}
    assert {k: v for k, v in values.items() if k in {"status", "proposal"}} == wanted


# --- what the job says --------------------------------------------------------------------------------------------


def rows_of(scan) -> dict:
    return {row.lesion.label: row for row in LesionMatch.objects.filter(run=current_run(scan), lesion__isnull=False)}


def test_every_lesion_of_the_scan_before_gets_a_row(before, lesion, doctor, scan):
    drawn(before, lesion, doctor)
    without_region = new_lesion(doctor, before.patient, "L02")
    record(LesionFinding, by=doctor, lesion=without_region, scan=before)
    gone = new_lesion(doctor, before.patient, "L03")
    record(LesionFinding, by=doctor, lesion=gone, scan=before, status="resolved")
    look_again(scan)
    found = rows_of(scan)
    assert set(found) == {"L01", "L02"}
    assert found["L02"].status == "not_assessable" and "no region on the scan before" in found["L02"].reason
    assert all(row.reason for row in found.values())


def test_a_lesion_nobody_answered_for_is_not_lost_on_the_scan_after(
    tmp_path, before, lesion, doctor, scan, import_files
):
    """The match on the second scan was never confirmed: the third scan still has to ask."""
    drawn(before, lesion, doctor)
    work_off()
    third = bring_scan(import_files, tmp_path, before.patient, "c", paint=two_bodies, days_later=120)
    work_off()
    assert set(rows_of(third)) == {"L01"}
    confirm_match(by=doctor, match=rows_of(scan)["L01"], status="resolved", reason="gone on CT")
    work_off()
    assert set(rows_of(third)) == set(), "what resolved on the scan before has nothing to answer for"


@pytest.mark.parametrize("how", ["no weight", "other tracer", "images of this scan", "images of the scan before"])
def test_nothing_is_silent_when_images_cannot_be_used(tmp_path, before, lesion, doctor, import_files, how):
    drawn(before, lesion, doctor)
    more = {"body_weight_kg": None} if how == "no weight" else {}
    scan = bring_scan(import_files, tmp_path, before.patient, "b", paint=two_bodies, days_later=60, **more)
    if how == "other tracer":
        from patients.services import revise

        for one in (before, scan):
            revise(one, by=doctor, reason="typed", tracer="18F-NaF")
    if how.startswith("images"):
        series = (scan if how == "images of this scan" else before).pet_series
        for sha256 in series.instances.values_list("sha256", flat=True):
            store.path(sha256).unlink()
    look_again(scan)
    (row,) = rows_of(scan).values()
    assert (row.lesion, row.status, row.state) == (lesion, "not_assessable", "open")
    assert "L01" in row.reason and row.reason.endswith(".")


def test_sstr_is_compared_with_sstr_and_fdg_with_fdg(tmp_path, before, lesion, doctor, import_files):
    drawn(before, lesion, doctor)
    fdg = bring_scan(import_files, tmp_path, before.patient, "f", days_later=9, tracer=Tracer.F18_FDG)
    after = bring_scan(import_files, tmp_path, before.patient, "g", days_later=60, tracer=Tracer.F18_FDG)
    from imaging.digests import previous_scan
    from patients.services import revise

    assert previous_scan(fdg) is None and previous_scan(after) == fdg
    revise(fdg, by=doctor, reason="typed", tracer="")
    assert previous_scan(after) is None, "a scan whose tracer nobody recorded is not an FDG scan"


def test_a_confirmed_match_stays_confirmed_when_the_scan_is_looked_at_again(before, scan, lesion, doctor, client):
    drawn(before, lesion, doctor)
    look_again(scan)
    confirm_match(by=doctor, match=rows_of(scan)["L01"], status="resolved", reason="gone on CT")
    look_again(scan)
    row = rows_of(scan)["L01"]
    assert (row.state, row.decided_status, row.decided_by) == ("corrected", "resolved", doctor)
    assert row.decision_reason == "gone on CT"
    client.force_login(doctor)
    page = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert "gone on CT" in page and f"/imaging/matches/{row.pk}/confirm/" not in page


def test_a_match_is_asked_again_when_its_finding_was_changed_since(before, scan, lesion, doctor):
    from patients.services import revise

    drawn(before, lesion, doctor)
    look_again(scan)
    confirm_match(by=doctor, match=rows_of(scan)["L01"], status="not_assessable", reason="motion")
    revise(finding(lesion, scan), by=doctor, reason="seen on MR", status="present")
    look_again(scan)
    assert rows_of(scan)["L01"].state == "open"


def test_a_region_taken_away_on_the_scan_before_is_said(before, lesion, doctor, scan):
    voi = drawn(before, lesion, doctor)
    record(LesionFinding, by=doctor, lesion=lesion, scan=before)
    remove_voi(by=doctor, voi=voi, reason="redraw")
    work_off()
    assert "no region on the scan before" in rows_of(scan)["L01"].reason
