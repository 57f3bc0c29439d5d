"""Bringing back: a new version of the region, or a new region with its trace. Nothing of the history is rewritten."""

import pytest

from imaging.models import Proposal, Voi
from imaging.services import (
    accept_as_lesion,
    move_voi,
    outlines,
    place_voi,
    remove_voi,
    reopen_proposal,
    restore,
    withdraw_lesion,
)
from patients.domain.roles import Capability, Role, role_may
from patients.services import Conflict
from tests.imaging.scan_rows import BODY, SECOND, focus, refusal_of, work_off

pytestmark = pytest.mark.django_db


def history(scan) -> list[tuple]:
    """Every version that there ever was, without what superseding it changes."""
    names = ("lineage", "recorded_at", "method", "mask_sha256", "centre_x_mm", "radius_mm", "origin")
    return sorted(tuple(str(getattr(v, n)) for n in names) for v in Voi.versions.filter(scan=scan))


def back(doctor, voi, version) -> Voi:
    return restore(by=doctor, voi=voi, version=version, reason="undone")[0]


def test_an_outline_comes_back_as_a_new_version(scan, both, doctor):
    outlines.widen(by=doctor, voi=both, by_mm=4.0, reason="x")
    before = history(scan)
    found = back(doctor, both, both.recorded_at)
    assert found.pk == both.pk and found.mask_sha256 == both.mask_sha256 and found.recorded_at > both.recorded_at
    assert found.origin["how"] == "region_growing" and found.origin["thresholds"] == both.origin["thresholds"]
    assert found.origin["restored"] == {"voi": str(both.pk), "recorded_at": both.recorded_at.isoformat()}
    assert set(before) < set(history(scan)), "what was there stays"
    work_off()
    assert found.measurements.filter(superseded_at=None).count() == 1


def test_a_sphere_comes_back_from_another_place_and_from_being_an_outline(scan, doctor):
    liver, _ = place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    moved, _ = move_voi(by=doctor, voi=liver, reason="x", centre_lps=SECOND)
    outlines.widen(by=doctor, voi=moved, by_mm=4.0, reason="x")
    found = back(doctor, liver, liver.recorded_at)
    assert (found.method, found.mask_sha256, float(found.centre_x_mm), float(found.radius_mm)) == (
        "sphere",
        "",
        32.0,
        12,
    )
    assert found.role == "liver" and Voi.objects.count() == 1


def test_fifty_steps_back(scan, lesion, doctor):
    place = {"role": "lesion", "lesion": lesion, "method": "sphere", "centre_lps": BODY}
    voi, _ = place_voi(by=doctor, scan=scan, radius_mm=5, **place)
    for step in range(50):
        voi, _ = move_voi(by=doctor, voi=voi, reason="x", radius_mm=6 + step)
    kept = list(Voi.versions.filter(lineage=voi.lineage).order_by("-recorded_at"))
    for version in kept[1:]:
        found = back(doctor, voi, version.recorded_at)
        assert found.radius_mm == version.radius_mm
    assert float(found.radius_mm) == 5 and Voi.versions.filter(lineage=voi.lineage).count() == 101


def test_what_was_taken_away_comes_back_once(scan, both, lesion, doctor):
    remove_voi(by=doctor, voi=both, reason="x")
    before = history(scan)
    found = back(doctor, both, both.recorded_at)
    assert (found.lesion, found.role, found.mask_sha256) == (lesion, "lesion", both.mask_sha256)
    assert found.pk != both.pk and found.origin["restored"]["first"] == str(both.pk)
    assert set(before) < set(history(scan)) and Voi.versions.get(pk=both.pk).superseded_at is not None
    values = {"by": doctor, "voi": both, "version": both.recorded_at, "reason": "x"}
    assert refusal_of(restore, **values) == "region_back_already"
    outlines.widen(by=doctor, voi=found, by_mm=4.0, reason="its origin no longer says where it came from")
    assert refusal_of(restore, **values) == "region_back_already"
    gone = Voi.objects.get(pk=found.pk)
    remove_voi(by=doctor, voi=gone, reason="x")
    third = back(doctor, gone, gone.recorded_at)
    assert third.mask_sha256 == gone.mask_sha256 != both.mask_sha256
    for earlier in (both, gone):
        values = {"by": doctor, "voi": earlier, "version": earlier.recorded_at, "reason": "x"}
        assert refusal_of(restore, **values) == "region_back_already"
    assert Voi.objects.count() == 1


def test_an_earlier_version_of_what_was_taken_away(scan, both, doctor):
    outlines.widen(by=doctor, voi=both, by_mm=4.0, reason="x")
    remove_voi(by=doctor, voi=both, reason="x")
    assert back(doctor, both, both.recorded_at).mask_sha256 == both.mask_sha256


def test_what_must_not_come_back(scan, both, lesion, doctor, django_user_model):
    outlines.widen(by=doctor, voi=both, by_mm=4.0, reason="x")
    now = Voi.objects.get(pk=both.pk)
    good = {"by": doctor, "voi": now, "version": both.recorded_at, "reason": "x"}
    assert refusal_of(restore, **good | {"reason": " "}) == "reason_missing"
    assert refusal_of(restore, **good | {"version": now.recorded_at}) == "version_is_current"
    for role in Role:
        if not role_may(role, Capability.MEASURE):
            person = django_user_model.objects.create_user(f"u-{role}", role=role)
            assert refusal_of(restore, **good | {"by": person}) == "not_permitted"
    with pytest.raises(Conflict):
        restore(**good, expected_recorded_at=both.recorded_at)
    other, _ = place_voi(by=doctor, scan=scan, role="spleen", method="sphere", centre_lps=SECOND, radius_mm=5)
    assert refusal_of(restore, **good | {"version": other.recorded_at}) == "version_unknown"
    remove_voi(by=doctor, voi=now, reason="x")
    withdraw_lesion(by=doctor, lesion=lesion, reason="artefact")
    assert refusal_of(restore, **good) == "lesion_taken_back"
    assert not Voi.objects.filter(role="lesion").exists()


def test_an_accepted_proposal_follows_its_region_back(scan, doctor):
    proposal = focus(scan)
    _, voi, _ = accept_as_lesion(by=doctor, proposal=proposal, organ="liver")
    remove_voi(by=doctor, voi=voi, reason="x")
    found = back(doctor, voi, voi.recorded_at)
    proposal = Proposal.objects.get(pk=proposal.pk)
    assert proposal.voi == found
    assert refusal_of(reopen_proposal, by=doctor, proposal=proposal, reason="x") == "proposal_decided"
