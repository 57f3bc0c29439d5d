"""What the scan job says of lesions of earlier scans: a row for each, with its reason, whatever could not be read."""

import pytest
from django.urls import reverse

from imaging import store
from imaging.domain.vocabulary import Tracer
from imaging.models import LesionFinding, LesionMatch
from imaging.services import confirm_match, remove_voi
from patients.services import record
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import bring_scan, current_run, drawn, fresh, look_again, new_lesion, work_off

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
