"""A decision keeps what it rested on, and hears when that changes."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from board import services
from board.decisions import decisions
from board.models import BoardDecision, DecisionNotice
from board.nightly import check_everybody
from board.services import look_again, read_news, record_decision
from board.tasks import read_news as read_news_task
from eligibility.loader import PACKAGED, guidelines
from eligibility.models import Assessment
from imaging import digests
from imaging.models import SuvInput, SuvResult, UptakeMeasurement
from patients.models import AuditEvent, HistologySpecimen, LabResult
from patients.services import Conflict, grant_access, record, revise, withdraw
from tests.eligibility.cases import (
    DAY,
    add_finding,
    add_lab,
    add_lesion,
    add_pet_series,
    add_reading,
    add_scan,
    add_uptake,
    complete_case,
)
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
WORDS = {"outcome": "treat", "text": "PRRT, four cycles", "owner": "reader"}


def decide(by, patient, **changes):
    return record_decision(by=by, patient=patient, **{"decided_on": DAY, **WORDS, **changes})


def decided_case():
    by, patient, scan, lesion, _ = complete_case()
    series = add_pet_series(by)
    scan.pet_series = series
    scan.save()
    add_uptake(by, scan, series, lesion=lesion, suv=9.09)
    return by, patient, scan, lesion, decide(by, patient)


def stale(patient):
    return {change.row_id: change for change in decisions(patient)[0].changes}


def test_a_decision_freezes_every_rule_set_with_its_facts():
    _, patient, _, _, decision = decided_case()
    frozen = {a.guideline_id: a for a in decision.assessments.all()}
    assert set(frozen) == set(guidelines())
    gate, label = frozen["krenning-gt2"], frozen["lutathera-smpc-eu"]
    assert (gate.verdict, label.verdict) == ("met", "active_rows_met")
    assert label.verdict_text.startswith("active rows met, 7 not verified, under lutathera-smpc-eu v2024-05.2 (")
    assert len(label.guideline_sha256) == 64 and label.as_of == DAY
    assert label.facts["platelets"]["text"] == "210 10^9/L"
    assert label.facts["crcl_cockcroft_gault"]["sources"][1]["model"] == "patients.BodyMeasure"
    assert {row["id"]: row["state"] for row in label.rows}["CI.RENAL"] == "clear"
    assert not decisions(patient)[0].is_stale
    event = AuditEvent.objects.get(action="record_decision")
    assert event.patient == patient
    assert event.after["assessments"] == {name: found.verdict for name, found in frozen.items()}


def test_decisions_and_assessments_are_append_only():
    *_, decision = decided_case()
    for row in (decision, decision.assessments.first()):
        with pytest.raises(TypeError, match="append-only"):
            row.save()
        with pytest.raises(TypeError, match="append-only"):
            row.delete()
    for rows in (BoardDecision.objects.all(), Assessment.objects.all()):
        with pytest.raises(TypeError, match="append-only"):
            rows.update(patient=None)
        with pytest.raises(TypeError, match="append-only"):
            rows.delete()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "  "}, "text"),
        ({"owner": ""}, "owner"),
        ({"outcome": "perhaps"}, "outcome"),
        ({"decided_on": dt.date(2999, 1, 1)}, "decided_on"),
        ({"due_date": DAY - dt.timedelta(days=1)}, "due_date"),
    ],
)
def test_an_incomplete_decision_is_refused_by_field(change, field):
    by, patient, *_ = complete_case()
    with pytest.raises(ValidationError) as caught:
        decide(by, patient, **change)
    assert list(caught.value.message_dict) == [field]
    assert not BoardDecision.objects.exists() and not Assessment.objects.exists()


def test_only_with_role_and_access():
    by, patient, *_ = complete_case()
    with pytest.raises(PermissionDenied):
        decide(make_user("clinician"), patient)
    observer = make_user("observer")
    grant_access(by=by, patient=patient, user=observer, kind="care_team")
    with pytest.raises(PermissionDenied):
        decide(observer, patient)


def test_a_later_decision_supersedes_once():
    by, patient, *_, first = decided_case()
    second = decide(by, patient, outcome="not_yet", supersedes=first)
    with pytest.raises(Conflict):
        decide(by, patient, supersedes=first)
    other = make_patient(by=by)
    with pytest.raises(ValidationError):
        decide(by, other, supersedes=second)
    found = decisions(patient)
    assert [d.decision for d in found] == [second, first]
    assert [d.is_superseded for d in found] == [False, True]


def test_a_corrected_laboratory_value_marks_the_decision():
    by, patient, *_, decision = decided_case()
    revise(LabResult.objects.get(analyte="platelets"), by=by, reason="typing error", value=Decimal(70))
    change = stale(patient)["RCI.PLATELETS"]
    assert (change.cause, change.old_state, change.new_state) == ("corrected", "clear", "triggered")
    assert change.text == "Platelets below 75: clear to triggered (210 10^9/L to 70 10^9/L)"
    assert read_news() > 0
    notice = DecisionNotice.objects.get()
    assert notice.decision == decision
    assert "RCI.PLATELETS" in {c["row_id"] for c in notice.changes}
    decision.refresh_from_db()
    assert decision.assessments.get(guideline_id="lutathera-smpc-eu").verdict == "active_rows_met"


def test_a_corrected_biopsy_marks_the_decision():
    by, patient, *_ = decided_case()
    revise(HistologySpecimen.objects.get(), by=by, reason="second opinion", ki67_text="25 %", stated_grade="G3")
    assert stale(patient)["IND.GRADE"].new_state == "not met"


def correct_weight(by, scan):
    """As the imaging services do it: a correction, then, from the worker, a new result and new measurements."""
    return record(SuvInput, by=by, series=scan.pet_series, name="body_weight_kg", value="80", justification="scale")


def recompute(scan, suv):
    series = scan.pet_series
    now = timezone.now()
    SuvResult.objects.filter(series=series).update(superseded_at=now)
    UptakeMeasurement.objects.filter(voi__scan=scan).update(superseded_at=now)
    result = SuvResult.objects.create(
        series=series, input_digest=digests.of_series(series), method_version="suv/1.0", factors={"bw": 0.6}
    )
    for voi in scan.vois.all():
        digest = digests.of_measurement(voi, result, None)
        UptakeMeasurement.objects.create(
            voi=voi, suv_result=result, input_digest=digest, method_version="uptake/1.0", suv_max=suv, suv_mean=suv
        )


def test_a_corrected_weight_marks_the_decision_while_and_after_recomputing():
    by, patient, scan, _, decision = decided_case()
    old = UptakeMeasurement.objects.get()
    correct_weight(by, scan)
    change = stale(patient)["SSTR.UPTAKE"]
    assert "SUV being computed again" in change.new_value and "9.09" in change.old_value
    recompute(scan, 11.28)
    change = stale(patient)["SSTR.UPTAKE"]
    assert "SUVmax 11.28" in change.new_value and change.new_state == "met"
    read_news()
    assert "11.28" in str(decision.notices.get().changes)
    old.refresh_from_db()
    assert old.superseded_at is not None and old.suv_max == 9.09


def test_the_worker_announces_new_numbers():
    """Without this row the reader of news would never hear that a recomputation has finished."""
    from imaging.services.measuring import announce

    _, patient, scan, _, _ = decided_case()
    announce(scan, SuvResult.objects.get())
    event = AuditEvent.objects.latest("id")
    assert (event.patient, event.by, event.action) == (patient, None, "compute")


def test_newer_evidence_marks_the_decision_and_time_alone_does_not():
    by, patient, *_ = decided_case()
    assert not decisions(patient, today=DAY + dt.timedelta(days=400))[0].is_stale
    add_lab(by, patient, "platelets", "70", "10^9/L", on=DAY + dt.timedelta(days=40))
    found = decisions(patient, today=DAY + dt.timedelta(days=60))[0]
    changes = {c.row_id: c for c in found.changes}
    assert changes["RCI.PLATELETS"].cause == "newer" and changes["RCI.PLATELETS"].new_state == "triggered"
    assert "RCI.HAEMOGLOBIN" not in changes  # it only grew old


def test_a_newer_scan_marks_the_decision():
    by, patient, _, lesion, _ = decided_case()
    day = DAY + dt.timedelta(days=90)
    scan = add_scan(by, patient, on=day)
    add_finding(by, lesion, scan, size="24")
    add_reading(by, scan, {lesion: (1, 1)})
    changes = {c.row_id: c for c in decisions(patient, today=day)[0].changes}
    assert changes["SSTR.ABOVE_LIVER"].new_state == "not met"


def test_withdrawn_evidence_marks_the_decision():
    by, patient, *_ = decided_case()
    withdraw(LabResult.objects.get(analyte="hb"), by=by, reason="another patient's")
    assert stale(patient)["RCI.HAEMOGLOBIN"].new_state == "unknown"


def test_a_changed_rule_set_marks_the_decision(tmp_path, settings):
    _, patient, *_ = decided_case()
    text = (PACKAGED / "krenning-gt2.toml").read_text()
    (tmp_path / "k.toml").write_text(text.replace('version = "2"', 'version = "3"'))
    settings.GUIDELINE_DIR = str(tmp_path)
    change = stale(patient)["SET"]
    assert change.cause == "rule set" and (change.old_value, change.new_value) == ("v2", "v3")
    assert check_everybody().checked == 1 and DecisionNotice.objects.count() == 1


def test_what_concerns_no_rule_does_not_mark():
    by, patient, *_ = decided_case()
    add_lab(by, patient, "cga", "300", "ug/L")
    add_lesion(by, make_patient(by=by), "L01")
    read_news()
    assert not decisions(patient)[0].is_stale and not DecisionNotice.objects.exists()


def test_the_same_news_is_told_once_and_other_news_again():
    by, patient, *_ = decided_case()
    platelets = LabResult.objects.get(analyte="platelets")
    platelets = revise(platelets, by=by, reason="typing error", value=Decimal(70))
    read_news()
    assert look_again(patient) == 0
    revise(platelets, by=by, reason="typing error", value=Decimal(60))
    read_news()
    assert DecisionNotice.objects.count() == 2


def test_a_superseded_decision_is_left_in_peace():
    by, patient, *_, first = decided_case()
    decide(by, patient, outcome="not_yet", supersedes=first)
    revise(LabResult.objects.get(analyte="platelets"), by=by, reason="typing error", value=Decimal(70))
    read_news()
    assert [n.decision.outcome for n in DecisionNotice.objects.all()] == ["not_yet"]


def test_the_reader_goes_on_where_it_stopped_and_repeats_what_it_did_not_finish(monkeypatch):
    by, *_ = decided_case()
    read_news_task()
    assert read_news() == 0
    revise(LabResult.objects.get(analyte="platelets"), by=by, reason="typing error", value=Decimal(70))
    real = services.look_again
    monkeypatch.setattr(services, "look_again", lambda patient: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read_news()
    monkeypatch.setattr(services, "look_again", real)
    read_news_task()
    assert DecisionNotice.objects.count() == 1


def test_beat_rings_for_the_news_within_a_minute():
    from config.celery import app

    entry = app.conf.beat_schedule["read-news"]
    assert entry["task"] in app.tasks and entry["schedule"] <= 30
