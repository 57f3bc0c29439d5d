"""A proposal is never a lesion until a person accepts it; every decision is one person's, once, and can be traced."""

import datetime as dt

import pytest

from eligibility.selectors import case_facts
from imaging import masks, selectors
from imaging.domain import uptake
from imaging.models import Lesion, LesionFinding, Proposal, UptakeMeasurement, Voi
from imaging.services import (
    accept_as_lesion,
    accept_reference,
    place_voi,
    reject_proposal,
    remove_voi,
    reopen_proposal,
    score_lesion,
    start_reading,
    withdraw_lesion,
)
from patients.domain.roles import Capability, Role, role_may
from patients.models import AuditEvent
from patients.services import create_patient, withdraw
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import (
    BODY,
    OTHER_BODY,
    bring_scan,
    current_run,
    focus,
    fresh,
    new_lesion,
    new_reference,
    refusal_of,
    solid,
    volume_of,
    work_off,
)
from tests.imaging.signing import sign

pytestmark = pytest.mark.django_db


def facts(scan):
    return case_facts(scan.patient, as_of=dt.date(2026, 6, 1))


def test_open_proposals_are_nothing_yet(scan, doctor):
    lesion = new_lesion(doctor, scan.patient)
    reading = start_reading(by=doctor, scan=scan)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3)
    sign(by=doctor, reading=reading)
    before = facts(scan)
    focus(scan, 1, must_ask=True)
    focus(scan, 2, OTHER_BODY, guess="liver", lesion=lesion)
    focus(scan, 3, kind="imported", run=None, tracking_uid=lesion.tracking_uid, lesion=lesion)
    assert facts(scan) == before
    assert list(Lesion.objects.all()) == [lesion]
    assert not Voi.objects.exists() and not LesionFinding.objects.exists() and not UptakeMeasurement.objects.exists()
    assert selectors.measurements(scan) == [] and selectors.krenning_proposals(scan) == []


def test_accepted_as_a_new_lesion(scan, doctor):
    proposal = focus(scan)
    lesion, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, organ=" liver ", segment="VII", kind="metastasis")
    work_off()
    assert (lesion.label, lesion.organ, lesion.kind, lesion.recorded_by) == ("L01", "liver", "metastasis", doctor)
    finding = LesionFinding.objects.get(lesion=lesion, scan=scan)
    assert (finding.status, finding.recorded_by) == ("present", doctor), "there is no earlier scan to be new against"
    found = Voi.objects.get(pk=voi.pk)
    assert (found.mask_sha256, found.method) == (proposal.mask_sha256, "mask")
    assert found.origin["how"] == "focus" and found.origin["proposal"] == str(proposal.pk)
    assert found.origin["method"] == current_run(scan).method_version
    (item,) = selectors.measurements(fresh(scan))
    assert item.measurement.suv_max == uptake.measure(volume_of(scan), solid()).suv_max
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by, proposal.voi) == ("accepted", doctor, voi)
    event = AuditEvent.objects.get(action="decide_proposal")
    assert (event.by, event.patient, event.after["state"]) == (doctor, scan.patient, "accepted")


def test_accepted_as_a_known_lesion(scan, doctor):
    known = new_lesion(doctor, scan.patient, "L07")
    lesion, voi, _ = accept_as_lesion(by=doctor, proposal=focus(scan), lesion=known)
    assert lesion == known and voi.lesion == known and Lesion.objects.count() == 1


def test_a_lesion_first_seen_beside_an_earlier_scan_of_its_tracer_is_new(tmp_path, scan, doctor, import_files):
    later = bring_scan(import_files, tmp_path, scan.patient, "b", paint=two_bodies, days_later=90)
    lesion, _, _ = accept_as_lesion(by=doctor, proposal=focus(later), organ="bone")
    assert LesionFinding.objects.get(lesion=lesion).status == "new"


def test_another_patients_lesion_is_refused_and_nothing_is_kept(scan, doctor):
    other = new_lesion(doctor, create_patient(by=doctor, case_number="NET-9"))
    proposal = focus(scan)
    assert refusal_of(accept_as_lesion, by=doctor, proposal=proposal, lesion=other) == "voi_of_other_patient"
    proposal.refresh_from_db()
    assert proposal.state == "open" and not Voi.objects.exists()


def test_a_lesion_taken_back_is_refused(scan, doctor):
    lesion = new_lesion(doctor, scan.patient)
    withdraw_lesion(by=doctor, lesion=lesion, reason="artefact")
    assert refusal_of(accept_as_lesion, by=doctor, proposal=focus(scan), lesion=lesion) == "lesion_taken_back"


def test_labels_are_never_used_twice(scan, doctor):
    new_lesion(doctor, scan.patient, "L02")
    taken = new_lesion(doctor, scan.patient, "L09")
    new_lesion(doctor, scan.patient, "TARGET")
    withdraw(taken, by=doctor, reason="typed by mistake")
    lesion, _, _ = accept_as_lesion(by=doctor, proposal=focus(scan), organ="liver")
    assert lesion.label == "L10"
    other = create_patient(by=doctor, case_number="NET-9")
    from imaging.services.lesions import next_label

    assert next_label(other) == "L01"


def test_who_may_decide(scan, doctor, django_user_model):
    proposal = focus(scan)
    for role in Role:
        if role_may(role, Capability.MEASURE):
            continue
        by = django_user_model.objects.create_user(f"u-{role}", role=role)
        assert refusal_of(accept_as_lesion, by=by, proposal=proposal, organ="liver") == "not_permitted"
        assert refusal_of(reject_proposal, by=by, proposal=proposal) == "not_permitted"
        assert refusal_of(accept_reference, by=by, proposal=proposal) == "not_permitted"
        assert refusal_of(reopen_proposal, by=by, proposal=proposal, reason="x") == "not_permitted"
    proposal.refresh_from_db()
    assert proposal.state == "open"


@pytest.mark.parametrize("first", ["accept", "reject", "physiologic"])
def test_the_second_decision_is_refused(scan, doctor, colleague, first):
    """Two people with the same page open: the stale object of the second still says open."""
    proposal = focus(scan)
    stale = Proposal.objects.get(pk=proposal.pk)
    if first == "accept":
        accept_as_lesion(by=doctor, proposal=proposal, organ="liver")
    else:
        reject_proposal(by=doctor, proposal=proposal, is_physiologic=first == "physiologic")
    assert refusal_of(accept_as_lesion, by=colleague, proposal=stale, organ="bone") == "proposal_decided"
    assert refusal_of(reject_proposal, by=colleague, proposal=stale) == "proposal_decided"
    assert Lesion.objects.count() == Voi.objects.count() == (first == "accept")
    proposal.refresh_from_db()
    assert proposal.decided_by == doctor


def test_what_cannot_be_accepted(scan, doctor):
    liver = new_reference(scan, run=current_run(scan))
    liver.save()
    refused = new_reference(scan, "spleen", run=current_run(scan), refusal_code="reference_no_room")
    refused.save()
    assert refusal_of(accept_as_lesion, by=doctor, proposal=liver, organ="liver") == "proposal_not_lesion"
    assert refusal_of(accept_reference, by=doctor, proposal=refused) == "proposal_refused"
    assert refusal_of(accept_reference, by=doctor, proposal=focus(scan)) == "proposal_refused"
    assert refusal_of(accept_as_lesion, by=doctor, proposal=focus(scan, 2), organ="  ") == "lesion_label_missing"
    assert refusal_of(accept_as_lesion, by=doctor, proposal=focus(scan, 3, mask_sha256=""), organ="x") == (
        "proposal_refused"
    )
    assert not Lesion.objects.exists() and not Voi.objects.exists()


def test_a_rejection_is_taken_back_with_a_reason(scan, doctor, colleague):
    proposal = reject_proposal(by=doctor, proposal=focus(scan), reason="spill", is_physiologic=True)
    assert (proposal.state, proposal.decision_reason) == ("physiologic", "spill")
    assert refusal_of(reopen_proposal, by=colleague, proposal=proposal, reason=" ") == "reason_missing"
    reopen_proposal(by=colleague, proposal=proposal, reason="CT shows a node")
    accept_as_lesion(by=colleague, proposal=proposal, organ="lymph_node")
    assert refusal_of(reopen_proposal, by=doctor, proposal=proposal, reason="no") == "proposal_decided"
    trail = AuditEvent.objects.filter(action="decide_proposal").order_by("pk")
    assert [(e.before["state"], e.after["state"]) for e in trail] == [
        ("open", "physiologic"),
        ("physiologic", "open"),
        ("open", "accepted"),
    ]


def test_an_accepted_focus_whose_region_is_taken_away_can_be_decided_again(scan, doctor, client):
    """Else the focus would be gone from every list while nothing marks it."""
    proposal = focus(scan)
    _, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, organ="liver")
    remove_voi(by=doctor, voi=voi, reason="not a lesion")
    client.force_login(doctor)
    page = client.get(f"/imaging/scans/{scan.pk}/").content.decode()
    assert f"/imaging/proposals/{proposal.pk}/reopen/" in page and "region taken away" in page
    reopen_proposal(by=doctor, proposal=proposal, reason="look again")
    reject_proposal(by=doctor, proposal=proposal)


def test_an_accepted_reference_replaces_the_sphere(scan, doctor):
    old, _ = place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=(24, 8, -376), radius_mm=9)
    proposal = new_reference(scan, run=current_run(scan))
    proposal.save()
    voi, _ = accept_reference(by=doctor, proposal=proposal)
    work_off()
    (only,) = Voi.objects.filter(scan=scan, role="liver")
    assert only.pk == old.pk == voi.pk and float(only.centre_x_mm) == BODY[0] and float(only.radius_mm) == 12
    assert Voi.versions.filter(lineage=old.pk, superseded_at__isnull=False).get().radius_mm == 9
    (item,) = selectors.measurements(fresh(scan))
    assert item.state == selectors.CURRENT and masks.load(item.measurement.mask_sha256).mask.voxels.sum() > 80
