"""A decision taken back: the focus or match is open again, and region, finding and lesion are as they were before it."""

import pytest

from imaging.models import Lesion, LesionFinding, LesionMatch, Proposal, Voi
from imaging.services import (
    accept_as_lesion,
    confirm_match,
    outlines,
    remove_voi,
    restore,
    score_lesion,
    start_reading,
    take_back_acceptance,
    take_back_match,
)
from patients.domain.roles import Capability, Role, role_may
from patients.models import AuditEvent
from patients.services import Conflict, record, revise
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import (
    OTHER_BODY,
    bring_scan,
    drawn,
    focus,
    look_again,
    match,
    refusal_of,
    work_off,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(tmp_path, scan, lesion, import_files):
    """A scan after the one on which the lesion was found."""
    return bring_scan(import_files, tmp_path, scan.patient, "b", paint=two_bodies, days_later=60)


def now(row):
    return type(row)._base_manager.get(pk=row.pk)


def back(doctor, proposal, voi):
    seen_at = Voi.versions.get(pk=voi.pk).recorded_at
    return take_back_acceptance(by=doctor, proposal=proposal, reason="undone", seen_at=seen_at)


def unmatch(doctor, row, voi=None):
    seen_at = Voi.versions.get(pk=voi.pk).recorded_at if voi else None
    return take_back_match(by=doctor, match=row, reason="undone", seen_at=seen_at)


def test_a_focus_that_redrew_a_region_is_open_again_and_the_region_as_before(scan, lesion, doctor):
    present = drawn(scan, lesion, doctor)
    outlines.widen(by=doctor, voi=present, by_mm=4.0, reason="x")
    work_off()
    wide, proposal = now(present), focus(scan)
    _, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, lesion=lesion)
    assert voi.pk == present.pk and voi.mask_sha256 != wide.mask_sha256
    region, is_gone, is_lesion_gone, _ = back(doctor, proposal, voi)
    assert (region.pk, region.mask_sha256, is_gone, is_lesion_gone) == (voi.pk, wide.mask_sha256, False, False)
    assert (now(proposal).state, now(proposal).voi) == ("open", None)
    assert not LesionFinding.objects.filter(scan=scan, lesion=lesion).exists(), "it had come with the decision"
    told = AuditEvent.objects.filter(reason="undone", by=doctor).values_list("action", flat=True)
    assert sorted(told) == ["decide_proposal", "revise", "withdraw"]
    accept_as_lesion(by=doctor, proposal=now(proposal), lesion=lesion)
    assert Voi.objects.get(lesion=lesion).mask_sha256 == proposal.mask_sha256


def test_a_focus_that_came_with_a_new_lesion_takes_it_along_unless_it_is_scored(scan, doctor):
    proposal = focus(scan)
    lesion, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, organ="liver")
    assert back(doctor, proposal, voi)[1:3] == (True, True)
    assert not Lesion.objects.exists() and not LesionFinding.objects.exists() and not Voi.objects.exists()
    lesion, voi, _ = accept_as_lesion(by=doctor, proposal=now(proposal), organ="liver")
    reading = start_reading(by=doctor, scan=scan)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3)
    assert back(doctor, proposal, voi)[1:3] == (True, False)
    assert Lesion.objects.get() == lesion and not Voi.objects.exists()


def test_a_lesion_that_was_there_before_stays(scan, lesion, doctor):
    proposal = focus(scan)
    _, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, lesion=lesion)
    assert back(doctor, proposal, voi)[1:3] == (True, False) and Lesion.objects.get() == lesion


def test_what_was_changed_since_is_not_taken_back(scan, lesion, doctor):
    proposal = focus(scan)
    _, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, organ="liver")
    values = {"by": doctor, "proposal": proposal, "reason": "x"}
    with pytest.raises(Conflict):
        take_back_acceptance(**values, seen_at=None)
    outlines.widen(by=doctor, voi=now(voi), by_mm=4.0, reason="x")
    for seen_at in (voi.recorded_at, now(voi).recorded_at):
        with pytest.raises(Conflict):
            take_back_acceptance(**values, seen_at=seen_at)
    restore(by=doctor, voi=now(voi), version=voi.recorded_at, reason="x")
    assert back(doctor, proposal, voi)[1] is True, "widened and back again is what was accepted"
    assert refusal_of(take_back_acceptance, **values, seen_at=voi.recorded_at) == "proposal_decided"


def test_a_region_that_was_taken_away_and_came_back_still_knows_what_it_was(scan, lesion, doctor):
    present, proposal = drawn(scan, lesion, doctor), focus(scan, bounds=OTHER_BODY)
    outlines.widen(by=doctor, voi=present, by_mm=30.0, reason="so that both lie over each other")
    work_off()
    wide = now(present)
    _, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, lesion=lesion)
    assert voi.pk == present.pk
    remove_voi(by=doctor, voi=voi, reason="x")
    again, _ = restore(by=doctor, voi=voi, version=voi.recorded_at, reason="x")
    assert back(doctor, proposal, again)[0].mask_sha256 == wide.mask_sha256
    found, _ = restore(by=doctor, voi=again, version=present.recorded_at, reason="further back")
    assert found.pk == again.pk and found.mask_sha256 == present.mask_sha256


def test_steps_on_a_region_are_done_again_on_the_one_that_came_with_the_same_focus(scan, lesion, doctor):
    proposal = focus(scan)
    _, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, lesion=lesion)
    wide, _ = outlines.widen(by=doctor, voi=voi, by_mm=4.0, reason="x")
    restore(by=doctor, voi=wide, version=voi.recorded_at, reason="undone")
    back(doctor, proposal, voi)
    _, again, _ = accept_as_lesion(by=doctor, proposal=now(proposal), lesion=lesion)
    found, _ = restore(by=doctor, voi=again, version=wide.recorded_at, reason="done again")
    assert (found.pk, found.mask_sha256) == (again.pk, wide.mask_sha256) and again.pk != voi.pk
    refused = {"by": doctor, "voi": voi, "version": voi.recorded_at, "reason": "x"}
    assert refusal_of(restore, **refused) == "region_back_already", "it is there under its other name"


def test_a_confirmed_match_waits_again_and_leaves_nothing_behind(scan, later, lesion, doctor):
    region = focus(later)
    row = match(later, scan, lesion, proposal=region, confidence=0.9)
    confirm_match(by=doctor, match=row)
    voi = Voi.objects.get(scan=later)
    assert unmatch(doctor, row, voi)[:2] == (voi, True)
    assert not Voi.objects.filter(scan=later).exists() and not LesionFinding.objects.filter(scan=later).exists()
    assert (now(region).state, now(region).voi) == ("open", None) and Lesion.objects.get() == lesion
    found = now(row)
    assert (found.state, found.decided_status, found.decided_by, found.decided_at) == ("open", "", None, None)
    event = AuditEvent.objects.get(action="reopen_match")
    assert (event.by, event.patient, event.reason, event.before["state"]) == (
        doctor,
        scan.patient,
        "undone",
        "confirmed",
    )
    confirm_match(by=doctor, match=row)
    assert LesionFinding.objects.get(scan=later).status == "present"


def test_a_finding_from_before_the_match_is_as_it_was(scan, later, lesion, doctor):
    finding = record(LesionFinding, by=doctor, scan=later, lesion=lesion, status="not_assessable", long_axis_mm=12)
    row = match(later, scan, lesion, "resolved")
    confirm_match(by=doctor, match=row)
    assert unmatch(doctor, row)[:2] == (None, False)
    found = LesionFinding.objects.get(pk=finding.pk)
    assert (found.status, found.long_axis_mm) == ("not_assessable", 12)
    same = match(later, scan, lesion, "not_assessable")
    confirm_match(by=doctor, match=same)
    unmatch(doctor, same)
    assert LesionFinding.objects.get(pk=finding.pk).recorded_at == found.recorded_at, "confirming had changed nothing"


def test_a_match_is_not_taken_back_over_a_later_word(scan, later, lesion, colleague, doctor):
    region = focus(later)
    row = match(later, scan, lesion, proposal=region)
    confirm_match(by=doctor, match=row)
    voi, finding = Voi.objects.get(scan=later), LesionFinding.objects.get(scan=later)
    with pytest.raises(Conflict):
        take_back_match(by=doctor, match=row, reason="x")
    revise(finding, by=colleague, reason="measured", long_axis_mm=11)
    with pytest.raises(Conflict):
        unmatch(doctor, row, voi)
    assert now(row).state == "confirmed" and Voi.objects.filter(pk=voi.pk).exists()


def test_only_a_confirmed_match_of_the_present_look_and_by_those_who_may(
    scan, later, lesion, doctor, django_user_model
):
    row = match(later, scan, lesion, "resolved")
    assert refusal_of(take_back_match, by=doctor, match=row, reason="x") == "match_not_confirmed"
    confirm_match(by=doctor, match=row)
    assert refusal_of(take_back_match, by=doctor, match=row, reason=" ") == "reason_missing"
    for role in Role:
        if not (role_may(role, Capability.MEASURE) and role_may(role, Capability.EDIT_CLINICAL)):
            by = django_user_model.objects.create_user(f"u-{role}", role=role)
            assert refusal_of(take_back_match, by=by, match=row, reason="x") == "not_permitted"
    look_again(later)
    assert refusal_of(take_back_match, by=doctor, match=row, reason="x") == "proposal_outdated"


def test_a_piece_that_was_accepted_as_new_is_a_piece_again_when_that_is_taken_back(scan, later, lesion, doctor):
    piece = focus(later, 2, OTHER_BODY)
    row = match(later, scan, None, "split", related_lesion=lesion, proposal=piece)
    _, voi, _ = accept_as_lesion(by=doctor, proposal=piece, organ="liver")
    back(doctor, piece, voi)
    assert now(row).state == LesionMatch.State.OPEN
    new, _, _ = accept_as_lesion(by=doctor, proposal=now(piece), organ="liver")
    assert LesionFinding.objects.get(lesion=new).related_lesion == lesion
    assert Proposal.objects.get(pk=piece.pk).voi.lesion == new
