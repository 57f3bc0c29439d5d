"""Decisions wake up: what changes a criterion under a standing decision is told once a day per patient, worst first, and
stays open until somebody answers. To assign it to somebody is no answer yet.
"""

import datetime as dt
import importlib
import threading
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import close_old_connections, connection
from django.urls import reverse
from django.utils import timezone

from board import services
from board.chart import Chart
from board.closing import close_case, reopen_case
from board.decision_view import decision_lines
from board.decisions import EVIDENCE, decisions
from board.follow_up import follow_up
from board.looking import read_news
from board.models import BoardDecision, DayNotice, DecisionFollowUp, DecisionNotice, WatchState
from board.nightly import check_everybody
from board.services import look_again, record_decision
from board.tasks import read_news as read_news_task
from board.worklist import worklist
from eligibility.case_rows import VERSIONED, CaseRows, fetch
from eligibility.loader import PACKAGED
from eligibility.selectors import facts_from
from imaging.models import Lesion, LesionFinding, Voi
from patients.models import AuditEvent, HistologySpecimen, IhcResult, LabResult, SsaInjection, TreatmentLine, User
from patients.services import grant_access, record, revise, revoke_access, update_patient
from tests.eligibility.cases import DAY, add_finding, add_lab, add_reading, add_scan, complete_case
from tests.eligibility.test_guideline_files import GOOD
from tests.patients.factories import make_patient, make_user

LATER = DAY + dt.timedelta(days=40)
TODAY = timezone.localdate()


def decide(by, patient, **values):
    words = {"decided_on": DAY, "outcome": "treat", "text": "PRRT", "owner": "reader"} | values
    return record_decision(by=by, patient=patient, **words)


@pytest.fixture
def decided(db):
    by, patient, *_ = complete_case()
    decision = decide(by, patient)
    read_news_task()
    assert not DecisionNotice.objects.exists()
    return by, patient, decision


def platelets(by, value) -> None:
    row = LabResult.objects.get(analyte="platelets")
    revise(row, by=by, reason="typing error", value=Decimal(value))


def texts(patient) -> list[str]:
    return [line["text"] for event in DayNotice.objects.filter(patient=patient) for line in event.lines]


# --- what wakes a decision, with the exact difference -----------------------------------------------------


def new_lab(by, patient):
    add_lab(by, patient, "platelets", "70", "10^9/L", on=LATER)
    return "Platelets below 75: clear to triggered (210 10^9/L to 70 10^9/L)"


def new_scan(by, patient):
    lesion = patient.lesion_rows.get()
    scan = add_scan(by, patient, on=LATER)
    add_finding(by, lesion, scan, size="24")
    add_reading(by, scan, {lesion: (1, 1)})
    return "met to not met"


def new_biopsy(by, patient):
    record(HistologySpecimen, by=by, patient=patient, differentiation="well", ki67_text="45 %", clinical_date=LATER)
    return "Well differentiated (G1 and G2): met to not met"


def correction(by, patient):
    platelets(by, 60)
    return "Platelets below 75: clear to triggered (210 10^9/L to 60 10^9/L)"


def test_every_dated_row_that_a_fact_reads_is_evidence(decided):
    """What is dated by its scan, its specimen or its lesion becomes evidence with that."""
    _, patient, _ = decided
    case, asked = fetch(patient), set()

    class Watched(CaseRows):
        def of(self, model):
            asked.add(model)
            return super().of(model)

    facts_from(Watched(case.patient, case.known_at, case.by_model), TODAY)
    read = asked & set(VERSIONED)
    assert SsaInjection in EVIDENCE and TreatmentLine in read
    assert read - {IhcResult, Lesion, LesionFinding, Voi} <= set(EVIDENCE)


@pytest.mark.parametrize("happens", [new_lab, new_scan, new_biopsy, correction])
def test_whatever_changes_a_criterion_is_told_with_the_difference(decided, happens):
    by, patient, decision = decided
    said = happens(by, patient)
    read_news_task()
    event = DayNotice.objects.get()
    assert (event.patient, event.decision) == (patient, decision)
    assert said.split(": ")[-1] in " | ".join(texts(patient)), texts(patient)
    reasons = WatchState.objects.get(patient=patient).reasons
    assert "stale_decision" in {reason["kind"] for reason in reasons}


def test_another_version_of_a_rule_set_is_a_change_and_a_new_set_is_none(decided, settings, tmp_path):
    settings.GUIDELINE_DIR = str(tmp_path)
    (tmp_path / "site.toml").write_text(GOOD)
    check_everybody()
    assert not DayNotice.objects.exists(), "a set that did not exist then cannot have changed"
    text = (PACKAGED / "krenning-gt2.toml").read_text()
    (tmp_path / "k.toml").write_text(text.replace('version = "2"', 'version = "3"'))
    check_everybody()
    (event,) = DayNotice.objects.all()
    assert [(line["row_id"], line["cause"]) for line in event.lines] == [("SET", "rule set")]


def test_a_set_that_was_taken_away_is_a_change(db, settings, tmp_path):
    settings.GUIDELINE_DIR = str(tmp_path)
    (tmp_path / "site.toml").write_text(GOOD)
    by, patient, *_ = complete_case()
    decide(by, patient)
    (tmp_path / "site.toml").unlink()
    check_everybody()
    assert "in use to no longer here" in texts(patient)[0]


# --- one event per patient and day --------------------------------------------------------------------------


def test_later_changes_of_a_day_go_into_its_event_and_nothing_is_lost(decided):
    by, patient, _ = decided
    platelets(by, 60)
    read_news_task()
    add_lab(by, patient, "hb", "7.0", "g/dL", on=LATER)
    read_news_task()
    event = DayNotice.objects.get()
    assert {"RCI.PLATELETS", "RCI.HAEMOGLOBIN"} <= {line["row_id"] for line in event.lines}
    assert event.notices.count() == DecisionNotice.objects.count() == 2
    assert event.last_at > event.first_at


def test_the_worst_change_stands_first(decided):
    by, patient, _ = decided
    platelets(by, 205)
    read_news_task()
    assert DayNotice.objects.get().severity == 3, "a value alone"
    revise(HistologySpecimen.objects.get(), by=by, reason="lost", differentiation="not_stated", stated_grade="")
    read_news_task()
    assert DayNotice.objects.get().severity == 1, "no longer answered"
    add_lab(by, patient, "hb", "7.0", "g/dL", on=LATER)
    read_news_task()
    event = DayNotice.objects.get()
    assert event.severity == 0 and event.lines[0]["row_id"] == "RCI.HAEMOGLOBIN"
    assert [line["severity"] for line in event.lines] == sorted(line["severity"] for line in event.lines)


def test_several_decisions_of_one_patient_are_one_event(decided):
    by, patient, first = decided
    second = decide(by, patient, outcome="more_data")
    platelets(by, 60)
    read_news_task()
    event = DayNotice.objects.get()
    assert {line["decision"] for line in event.lines} == {str(first.pk), str(second.pk)}
    follow_up(by=by, decision=first, kind="acknowledged", reason="seen", seen=seen(first))
    assert worklist(by, today=TODAY).stale == [event], "the other decision is still unanswered"
    follow_up(by=by, decision=second, kind="acknowledged", reason="seen", seen=seen(second))
    assert worklist(by, today=TODAY).stale == []


def test_two_patients_have_an_event_each(decided):
    by, _, _ = decided
    platelets(by, 60)
    other_by, other, *_ = complete_case()
    decide(other_by, other)
    row = LabResult.objects.get(patient=other, analyte="platelets")
    revise(row, by=other_by, reason="typing error", value=Decimal(60))
    read_news_task()
    assert DayNotice.objects.count() == 2


@pytest.mark.parametrize(("minutes", "events"), [(10, 2), (-10, 1)])
def test_the_day_ends_at_midnight_of_the_local_clock(decided, settings, monkeypatch, minutes, events):
    """23:50 and ten minutes past midnight in Auckland are one day in UTC, and two events."""
    by, _, _ = decided
    with timezone.override("Pacific/Auckland"):
        zone = timezone.get_current_timezone()
        midnight = dt.datetime(2027, 3, 2, tzinfo=zone)
        for moment, value in (
            (midnight - dt.timedelta(minutes=20), 60),
            (midnight + dt.timedelta(minutes=minutes), 50),
        ):
            monkeypatch.setattr("django.utils.timezone.now", lambda moment=moment: moment.astimezone(dt.UTC))
            platelets(by, value)
            read_news_task()
    days = [event.day for event in DayNotice.objects.order_by("day")]
    assert days == [dt.date(2027, 3, 1), dt.date(2027, 3, 2)][:events]


# --- open until somebody answers ------------------------------------------------------------------------------


def seen(decision) -> str:
    lines = decision_lines(Chart(decision.patient, TODAY))
    return next(line.seen for line in lines if line.decision.pk == decision.pk)


def test_an_event_stays_until_it_is_answered_and_wakes_up_again(decided):
    by, _, decision = decided
    platelets(by, 60)
    read_news_task()
    DayNotice.objects.update(day=TODAY - dt.timedelta(days=90))
    DecisionNotice.objects.update(noticed_at=timezone.now() - dt.timedelta(days=90))
    assert len(worklist(by, today=TODAY).stale) == 1
    follow_up(by=by, decision=decision, kind="acknowledged", reason="typing error", seen=seen(decision))
    assert worklist(by, today=TODAY).stale == []
    platelets(by, 50)
    read_news_task()
    assert len(worklist(by, today=TODAY).stale) == 1


def test_one_answer_answers_every_day_before_it(decided):
    by, _, decision = decided
    for ago, value in ((3, 60), (2, 50)):
        platelets(by, value)
        read_news_task()
        DayNotice.objects.filter(day=TODAY).update(day=TODAY - dt.timedelta(days=ago))
    assert len(worklist(by, today=TODAY).stale) == 2
    follow_up(by=by, decision=decision, kind="relisted", seen=seen(decision))
    assert worklist(by, today=TODAY).stale == []


def test_what_changed_and_changed_back_can_still_be_answered(decided, client):
    by, patient, decision = decided
    platelets(by, 60)
    read_news_task()
    platelets(by, 210)
    read_news_task()
    assert not decisions(patient)[0].is_stale and len(worklist(by, today=TODAY).stale) == 1
    client.force_login(by)
    page = client.get(reverse("board:patient", args=[patient.case_number]), {"tab": "decisions"}).content.decode()
    assert "read as before again" in page and "Acknowledge" in page
    follow_up(by=by, decision=decision, kind="acknowledged", reason="mended", seen=seen(decision))
    assert worklist(by, today=TODAY).stale == []


def test_the_same_change_again_after_it_was_taken_back_is_told_again(decided):
    by, patient, decision = decided
    platelets(by, 60)
    read_news_task()
    follow_up(by=by, decision=decision, kind="acknowledged", reason="typing error", seen=seen(decision))
    platelets(by, 210)
    read_news_task()
    read_news_task()
    assert AuditEvent.objects.filter(patient=patient, action="notice_changed_back").count() == 1
    platelets(by, 60)
    read_news_task()
    read_news_task()
    assert DecisionNotice.objects.filter(decision=decision).count() == 2
    assert len(worklist(by, today=TODAY).stale) == 1
    (line,) = decision_lines(Chart(patient, TODAY))
    assert line.needs_answer, "it was acknowledged before it was taken back"
    follow_up(by=by, decision=decision, kind="acknowledged", reason="it is 60", seen=seen(decision))
    assert worklist(by, today=TODAY).stale == []
    assert not decision_lines(Chart(patient, TODAY))[0].needs_answer


def test_a_change_that_comes_back_after_another_one_is_told_again(decided):
    by, _, decision = decided
    for value in (60, 50, 60, 60):
        platelets(by, value)
        read_news_task()
    assert [n.changes[0]["text"].split(" (")[1] for n in DecisionNotice.objects.order_by("noticed_at")] == [
        "210 10^9/L to 60 10^9/L)", "210 10^9/L to 50 10^9/L)", "210 10^9/L to 60 10^9/L)",
    ]  # fmt: skip
    follow_up(by=by, decision=decision, kind="acknowledged", reason="it is 60", seen=seen(decision))
    assert worklist(by, today=TODAY).stale == []


def test_an_answer_given_before_the_news_was_read_counts(decided):
    by, _, decision = decided
    platelets(by, 60)
    follow_up(by=by, decision=decision, kind="acknowledged", reason="I typed it", seen=seen(decision))
    read_news_task()
    assert DecisionNotice.objects.count() == 1 and worklist(by, today=TODAY).stale == []


# --- assigned -----------------------------------------------------------------------------------------------


@pytest.fixture
def colleague(decided):
    by, patient, _ = decided
    user = make_user("clinician", first_name="Kim", last_name="Keller")
    grant_access(by=by, patient=patient, user=user, kind="care_team", reason="treats her")
    return user


def test_what_is_assigned_stays_open_and_stands_first_for_its_assignee(decided, colleague, client):
    by, patient, decision = decided
    for number in range(3):
        other = complete_case(by=by)[1]
        decide(by, other)
        add_lab(by, other, "platelets", str(60 + number), "10^9/L", on=LATER)
        grant_access(by=by, patient=other, user=colleague, kind="care_team", reason="treats her")
    read_news_task()
    platelets_of(by, patient, 60)
    read_news_task()
    assert worklist(colleague, today=TODAY).stale[-1].patient == patient
    client.force_login(by)
    typed = {"kind": "assigned", "assignee": str(colleague.pk), "seen": seen(decision)}
    assert client.post(reverse("board:follow_up", args=[decision.pk]), typed).status_code == 302
    row = DecisionFollowUp.objects.get()
    assert (row.assignee, row.kind) == (colleague, "assigned")
    assert AuditEvent.objects.get(action="follow_up").after["assignee_id"] == colleague.pk
    assert worklist(colleague, today=TODAY).stale[0].patient == patient
    assert len(worklist(by, today=TODAY).stale) == 4 and worklist(by, today=TODAY).stale[0].patient != patient
    page = client.get(reverse("board:patient", args=[patient.case_number]), {"tab": "decisions"}).content.decode()
    assert "Assigned to Kim Keller" in page and "Acknowledge" in page
    client.force_login(colleague)
    assert "assigned to you" in client.get("/").content.decode()
    follow_up(by=colleague, decision=decision, kind="acknowledged", reason="no change", seen=seen(decision))
    assert patient not in [event.patient for event in worklist(colleague, today=TODAY).stale]


def platelets_of(by, patient, value):
    row = LabResult.objects.get(patient=patient, analyte="platelets")
    revise(row, by=by, reason="typing error", value=Decimal(value))


def test_what_changes_after_an_answer_was_assigned_to_nobody(decided, colleague):
    by, patient, decision = decided

    def words() -> str:
        found = WatchState.objects.get(patient=patient).reasons
        return next(reason["sentence"] for reason in found if reason["kind"] == "stale_decision")

    platelets(by, 60)
    read_news_task()
    follow_up(by=by, decision=decision, kind="assigned", assignee=colleague, seen=seen(decision))
    assert "assigned to Kim Keller" in words() and worklist(colleague, today=TODAY).stale[0].is_mine
    follow_up(by=colleague, decision=decision, kind="acknowledged", reason="no change", seen=seen(decision))
    platelets(by, 50)
    read_news_task()
    assert "assigned" not in words() and not worklist(colleague, today=TODAY).stale[0].is_mine


def test_what_changes_while_assigned_is_not_assigned_with_it(decided, colleague):
    by, patient, decision = decided
    platelets(by, 60)
    read_news_task()
    follow_up(by=by, decision=decision, kind="assigned", assignee=colleague, seen=seen(decision))
    platelets(by, 50)
    read_news_task()
    found = WatchState.objects.get(patient=patient).reasons
    assert not any("assigned to" in reason["sentence"] for reason in found)
    assert worklist(colleague, today=TODAY).stale[0].is_mine, "the first change still is"


# --- closed cases --------------------------------------------------------------------------------------------


def closes(by, patient):
    close_case(by=by, patient=patient, reason="declined")
    return lambda: reopen_case(by=by, patient=patient, text="came back")


def dies(by, patient):
    update_patient(patient, by=by, reason="letter", vital_status="deceased")
    return lambda: update_patient(patient, by=by, reason="another patient's", vital_status="alive")


@pytest.mark.parametrize("ends", [closes, dies])
def test_nothing_of_a_closed_case_needs_a_look_until_it_is_opened_again(decided, ends):
    by, patient, _ = decided
    platelets(by, 60)
    read_news_task()
    assert len(worklist(by, today=TODAY).stale) == 1
    begins_again = ends(by, patient)
    assert worklist(by, today=TODAY).stale == []
    platelets(by, 50)
    read_news_task()
    assert DecisionNotice.objects.count() == 1
    patient.refresh_from_db()
    begins_again()
    read_news_task()
    assert DecisionNotice.objects.count() == 2 and len(worklist(by, today=TODAY).stale) == 1


def test_only_somebody_who_may_answer_can_be_asked(decided, colleague, client):
    by, patient, decision = decided
    platelets(by, 60)
    reader, stranger = make_user("observer"), make_user("clinician")
    grant_access(by=by, patient=patient, user=reader, kind="care_team", reason="reads along")
    gone = make_user("clinician", is_active=False)
    grant_access(by=by, patient=patient, user=gone, kind="care_team", reason="left")
    for user, said in ((reader, "may not"), (stranger, "may not"), (gone, "may not"), (None, "Choose who")):
        with pytest.raises(ValidationError, match=said):
            follow_up(by=by, decision=decision, kind="assigned", assignee=user, seen=seen(decision))
    client.force_login(by)
    page = client.get(reverse("board:patient", args=[patient.case_number]), {"tab": "decisions"}).content.decode()
    assert f'value="{colleague.pk}"' in page and f'value="{by.pk}"' in page
    assert not any(f'<option value="{user.pk}"' in page for user in (reader, stranger, gone))
    response = client.post(reverse("board:follow_up", args=[decision.pk]), {"kind": "assigned", "seen": seen(decision)})
    assert response.status_code == 422 and "Choose who" in response.content.decode()
    revoke_access(patient.grants.get(user=colleague), by=by, reason="moved")
    with pytest.raises(ValidationError, match="may not"):
        follow_up(
            by=by, decision=decision, kind="assigned", assignee=User.objects.get(pk=colleague.pk), seen=seen(decision)
        )
    assert not DecisionFollowUp.objects.exists()


def test_where_nothing_changed_there_is_nothing_to_assign(decided, colleague):
    by, _, decision = decided
    with pytest.raises(ValidationError, match="nothing to assign"):
        follow_up(by=by, decision=decision, kind="assigned", assignee=colleague)


# --- two readers, and rows from before -----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_readers_of_the_same_news_make_one_event():
    by, patient, *_ = complete_case()
    decide(by, patient)
    platelets(by, 60)
    start, failed = threading.Barrier(2), []

    def reads():
        try:
            start.wait(timeout=20)
            look_again(patient)
            services.keep_watch(patient)
        except Exception as error:
            failed.append(error)
        finally:
            close_old_connections()
            connection.close()

    readers = [threading.Thread(target=reads) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(timeout=60)
    assert failed == []
    assert (DayNotice.objects.count(), DecisionNotice.objects.count(), WatchState.objects.count()) == (1, 1, 1)
    assert AuditEvent.objects.filter(action="notice_change").count() == 1


def test_notices_from_before_get_their_event(decided):
    by, _, decision = decided
    platelets(by, 60)
    read_news()
    DecisionNotice.objects.update(event=None)
    before = DayNotice.objects.get()
    DayNotice.objects.all().delete()
    migration = importlib.import_module("board.migrations.0005_events_of_earlier_notices")
    migration.make_events(apps, None)
    event = DayNotice.objects.get()
    assert (event.lines, event.severity, event.decision) == (before.lines, before.severity, decision)
    assert DecisionNotice.objects.get().event == event and worklist(by, today=TODAY).stale == [event]


def test_a_case_without_a_standing_decision_is_left_in_peace(db):
    by = make_user("nuclear_medicine")
    patient = make_patient(by=by)
    assert look_again(patient) == 0 and not BoardDecision.objects.exists()
