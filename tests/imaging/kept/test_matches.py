"""Lesions of the scan before: every one is asked about, a person's word is kept with its author, nothing is silent."""

import pytest

from imaging.models import LesionFinding, LesionMatch, Proposal, Voi
from imaging.scan_forms import MatchForm
from imaging.services import accept_as_lesion, confirm_match, reject_proposal, withdraw_lesion
from patients.domain.roles import Capability, Role, role_may
from patients.models import AuditEvent
from patients.services import create_patient
from tests.imaging.scan_rows import (
    OTHER_BODY,
    current_run,
    focus,
    fresh,
    look_again,
    match,
    new_lesion,
    refusal_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def before(made_two):
    return fresh(made_two[0])


@pytest.fixture
def lesion(made_two):
    return fresh(made_two[1])


@pytest.fixture
def scan(made_two):
    return fresh(made_two[2])


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


def test_the_form_says_exactly_what_was_chosen(scan, doctor):
    """ "None" in the list of regions is an answer, not silence: it must not bring the proposed region back."""
    region = focus(scan)
    for sent, chosen in (
        ({}, {}),
        ({"status": "present", "region": str(region.pk)}, {"status": "present", "proposal": region}),
        ({"status": "present", "region": ""}, {"status": "present", "proposal": None}),
        ({"status": "resolved"}, {"status": "resolved", "proposal": None}),
    ):
        form = MatchForm(sent, scan=scan)
        assert form.is_valid(), form.errors
        assert form.service_values() == {"reason": "", "related_lesion": None} | chosen
