"""Never lost: the invariant holds in the transaction of every board write, within one round of news, and every night."""

import datetime as dt
import json
import os

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from board import looking, nightly, watching
from board.chart import Chart
from board.closing import close_case, reopen_case
from board.contacts import log_contact
from board.domain.due import DueRulesRefused, Level
from board.domain.watch import Kind, is_lost
from board.due_rules import PACKAGED, due_rules
from board.follow_up import ask, follow_up
from board.looking import read_news
from board.models import BoardDecision, CaseClosing, Contact, MissedLook, WatchCheck, WatchState
from board.nightly import check_everybody, is_check_due, late_sentence
from board.services import record_decision
from board.tasks import look_again_at_all
from board.tasks import read_news as read_news_task
from board.watch_rows import watch_facts
from board.watching import has_date, keep_watch
from imaging.models import Scan
from patients.models import AuditEvent, Patient, TreatmentLine
from patients.services import grant_access, record, revise, update_patient, withdraw
from tests.eligibility.cases import DAY, add_finding, add_lesion, add_reading, add_scan
from tests.eligibility.test_guideline_files import GOOD
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
NEXT_MONTH, YESTERDAY = TODAY + dt.timedelta(days=30), TODAY - dt.timedelta(days=1)
SAID = {"contacted_on": TODAY, "who": "patient", "outcome": "reached"}


@pytest.fixture
def user():
    return make_user("nuclear_medicine")


@pytest.fixture
def patient(user):
    return make_patient(by=user)


def decide(user, patient, **values):
    words = {"decided_on": TODAY, "outcome": "not_yet", "text": "Repeat the scan.", "owner": "Dr K"} | values
    return record_decision(by=user, patient=patient, **words)


def contact(user, patient, **values):
    return log_contact(by=user, patient=patient, **SAID | {"next_for": "labs", "next_on": NEXT_MONTH} | values)


def state(patient) -> WatchState:
    return WatchState.objects.get(patient=patient)


def kinds(patient) -> set[str]:
    return {reason["kind"] for reason in state(patient).reasons}


def poor_scan(user, patient, score=(1, 1), on=DAY):
    scan = add_scan(user, patient, on=on)
    lesion = add_lesion(user, patient, "L01")
    add_finding(user, lesion, scan, size="22")
    add_reading(user, scan, {lesion: score})
    return scan


# --- by news and by night -----------------------------------------------------------------------------


def test_a_new_patient_stands_in_red_after_one_round_of_news(user, patient):
    assert not WatchState.objects.exists()
    read_news_task()
    assert (state(patient).is_open, state(patient).has_no_date, kinds(patient)) == (True, True, {"no_date"})


def test_captem_that_ended_after_a_poor_scan_is_found_by_the_news(user, patient):
    poor_scan(user, patient)
    record(
        TreatmentLine, by=user, patient=patient, treatment_class="chemo", regimen="CAPTEM", cycles=4,
        clinical_date=DAY + dt.timedelta(days=10), stop_date=DAY + dt.timedelta(days=130),
    )  # fmt: skip
    read_news_task()
    found = next(reason for reason in state(patient).reasons if reason["kind"] == "sstr_line")
    assert found["sentence"] == ("SSTR-poor on 20 Apr 2026; CAPTEM ×4 ended 28 Aug 2026; no SSTR scan since.")
    assert found["due"] == (DAY + dt.timedelta(days=10 + 112 + 84)).isoformat()
    assert [source["model"] for source in found["sources"]] == ["imaging.Scan", "patients.TreatmentLine"]
    record(Scan, by=user, patient=patient, clinical_date=DAY + dt.timedelta(days=200), tracer="68Ga-DOTATATE")
    read_news_task()
    assert "sstr_line" not in kinds(patient) and "unread" in kinds(patient)


@pytest.mark.parametrize(("score", "is_listed"), [((3, 3), False), ((1, 1), True), ((2, 3), True), (None, True)])
def test_only_a_scan_known_to_be_rich_asks_for_nothing(user, patient, score, is_listed):
    poor_scan(user, patient, score)
    record(TreatmentLine, by=user, patient=patient, treatment_class="chemo", regimen="CAPTEM", is_ongoing=True)
    read_news_task()
    assert ("sstr_line" in kinds(patient)) is is_listed


@pytest.mark.parametrize(("tracer", "is_asked"), [("", True), ("other", True), ("18F-FDG", False)])
def test_only_a_scan_known_to_be_sstr_is_the_one_that_was_asked_for(user, patient, tracer, is_asked):
    poor_scan(user, patient)
    stop = DAY + dt.timedelta(days=130)
    record(TreatmentLine, by=user, patient=patient, treatment_class="chemo", regimen="CAPTEM", cycles=4, stop_date=stop)
    added = record(Scan, by=user, patient=patient, clinical_date=stop + dt.timedelta(days=70), tracer=tracer)
    read_news_task()
    assert ("untyped_scan" in kinds(patient)) is is_asked
    found = next(reason for reason in state(patient).reasons if reason["kind"] == "sstr_line")
    assert found["sentence"].startswith("SSTR-poor on 20 Apr 2026; CAPTEM")
    revise(added, by=user, reason="asked the site", tracer="68Ga-DOTATATE")
    read_news_task()
    assert not {"sstr_line", "untyped_scan"} & kinds(patient) and "unread" in kinds(patient)


def test_an_untyped_scan_older_than_the_newest_sstr_scan_is_no_question(user, patient):
    poor_scan(user, patient)
    record(Scan, by=user, patient=patient, clinical_date=DAY - dt.timedelta(days=9), tracer="")
    read_news_task()
    assert "untyped_scan" not in kinds(patient)


def test_a_withdrawn_scan_and_a_death_reach_the_list_by_the_news(user, patient):
    scan = add_scan(user, patient)
    contact(user, patient, next_for="scan", next_on=YESTERDAY, contacted_on=DAY - dt.timedelta(days=1))
    assert state(patient).has_no_date, "the scan has met the date"
    withdraw(scan, by=user, reason="another patient's")
    read_news_task()
    assert not state(patient).has_no_date and kinds(patient) == {"scan_planned"}
    update_patient(patient, by=user, reason="letter", vital_status="deceased")
    read_news_task()
    assert (state(patient).is_open, state(patient).has_no_date, state(patient).reasons) == (False, False, [])


def test_a_reader_that_dies_between_two_patients_is_made_good_by_the_next(user, monkeypatch):
    patients = [make_patient(by=user) for _ in range(3)]
    real, seen = looking.keep_watch, []

    def dies(patient):
        if seen:
            raise KeyboardInterrupt
        seen.append(patient)
        return real(patient)

    monkeypatch.setattr(looking, "keep_watch", dies)
    with pytest.raises(KeyboardInterrupt):
        read_news()
    assert WatchState.objects.count() == 1
    monkeypatch.setattr(looking, "keep_watch", real)
    read_news_task()
    assert {row.patient for row in WatchState.objects.filter(has_no_date=True)} == set(patients)


@pytest.mark.parametrize("broken_part", ["look_again", "keep_watch"])
def test_a_case_that_cannot_be_read_holds_up_no_news_and_is_tried_again(client, user, monkeypatch, broken_part):
    check_everybody()
    broken, other = make_patient(by=user), make_patient(by=user)
    real = getattr(looking, broken_part)
    monkeypatch.setattr(looking, broken_part, lambda patient: 1 / 0 if patient == broken else real(patient))
    read_news_task()
    assert state(other).has_no_date and read_news() == 0, "the cursor has moved on"
    assert [row.patient for row in MissedLook.objects.all()] == [broken]
    client.force_login(user)
    page = client.get("/watch/")
    assert "List may be incomplete: 1 case could not be looked at." in page.content.decode()
    check_everybody()
    assert WatchCheck.objects.latest("started_at").failed == 1 and MissedLook.objects.get().tries == 2
    monkeypatch.setattr(looking, broken_part, real)
    read_news_task()
    assert state(broken).has_no_date and not MissedLook.objects.exists()
    again = client.get("/watch/", headers={"if-none-match": page["ETag"]})
    assert again.status_code == 200 and "could not be looked at" not in again.content.decode()


def test_a_case_that_ends_its_process_is_left_alone_after_three_looks_and_said(client, user, monkeypatch):
    """A kill runs no handler: what is raised here is none that a look catches."""
    check_everybody()
    fatal, other = make_patient(by=user), make_patient(by=user)
    real, looks = looking.look_again, []

    def ends(patient):
        looks.append(patient)
        if patient == fatal:
            raise SystemExit
        return real(patient)

    monkeypatch.setattr(looking, "look_again", ends)
    for _ in range(3):
        with pytest.raises(SystemExit):
            read_news_task()
    for _ in range(2):
        read_news_task()
    assert looks.count(fatal) == 3 and state(other).has_no_date and read_news() == 0, "the cursor has moved on"
    assert (MissedLook.objects.get().patient, MissedLook.objects.get().unreturned) == (fatal, 3)
    check_everybody()
    assert looks.count(fatal) == 3 and WatchCheck.objects.latest("started_at").failed == 1
    client.force_login(user)
    assert "List may be incomplete: 1 case could not be looked at." in client.get("/watch/").content.decode()
    MissedLook.objects.update(last_at=timezone.now() - looking.LEFT_ALONE)
    with pytest.raises(SystemExit):
        read_news_task()
    read_news_task()
    assert looks.count(fatal) == 4, "once a day"
    MissedLook.objects.update(last_at=timezone.now() - looking.LEFT_ALONE)
    monkeypatch.setattr(looking, "look_again", real)
    read_news_task()
    assert state(fatal).has_no_date and not MissedLook.objects.exists()


def test_the_same_rows_leave_the_state_as_it_is(user, patient):
    first = keep_watch(patient)
    again = keep_watch(patient)
    assert (again.digest, again.changed_at) == (first.digest, first.changed_at) and again.checked_at > first.checked_at


def test_the_night_looks_at_everybody_though_no_row_was_written(user, patient):
    WatchState.objects.all().delete()
    assert is_check_due()
    look_again_at_all()
    check = WatchCheck.objects.get()
    assert (check.checked, check.without_date, check.failed) == (1, 1, 0) and check.finished_at
    assert state(patient).has_no_date and not is_check_due()
    look_again_at_all()
    assert WatchCheck.objects.count() == 1


def test_a_check_that_was_cut_off_goes_on_where_it_stopped(user, monkeypatch):
    patients = [make_patient(by=user) for _ in range(5)]
    monkeypatch.setattr(nightly, "CHUNK", 2)
    real, seen = looking.keep_watch, []

    def killed(patient):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(patient)
        return real(patient)

    monkeypatch.setattr(looking, "keep_watch", killed)
    with pytest.raises(KeyboardInterrupt):
        check_everybody()
    assert not is_check_due(), "somebody may still be at it"
    assert is_check_due(timezone.now() + dt.timedelta(minutes=6))
    monkeypatch.setattr(looking, "keep_watch", lambda patient: seen.append(patient) or real(patient))
    check = check_everybody()
    assert WatchCheck.objects.get() == check and WatchState.objects.count() == len(patients)
    assert len(seen) == 3 + 3, "the two of the chunk that was finished are not looked at again"


def test_one_case_that_cannot_be_read_hides_no_other(user, monkeypatch):
    broken, other = make_patient(by=user), make_patient(by=user)
    real = looking.keep_watch
    monkeypatch.setattr(looking, "keep_watch", lambda patient: 1 / 0 if patient == broken else real(patient))
    check = check_everybody()
    assert (check.failed, check.checked) == (1, 1) and state(other).has_no_date
    assert late_sentence(check, timezone.now()) == "List may be incomplete: 1 case could not be looked at."


def test_other_rule_sets_make_a_check_due(user, patient, settings, tmp_path):
    check_everybody()
    assert not is_check_due()
    settings.GUIDELINE_DIR = str(tmp_path)
    (tmp_path / "site.toml").write_text(GOOD)
    assert is_check_due()


@pytest.mark.parametrize(("started", "is_due"), [((1, 59), True), ((2, 1), False)])
def test_a_check_is_due_after_two_at_night_of_the_local_clock(settings, started, is_due):
    settings.TIME_ZONE = "Australia/Sydney"
    with timezone.override("Australia/Sydney"):
        morning = dt.datetime(2026, 5, 14, 9, tzinfo=timezone.get_current_timezone())
        at = morning.replace(hour=started[0], minute=started[1])
        WatchCheck.objects.create(started_at=at, finished_at=at, alive_at=at, edition=nightly.edition_digest())
        assert is_check_due(morning) is is_due
        assert is_check_due(morning + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("hours", "said"),
    [(1, ""), (29, ""), (31, "last check 1 day ago"), (73, "last check 3 days ago"), (None, "has not run yet")],
)
def test_a_late_night_says_so(hours, said):
    now = timezone.now()
    check = None if hours is None else WatchCheck(finished_at=now - dt.timedelta(hours=hours))
    sentence = late_sentence(check, now)
    assert said in sentence and bool(sentence) == bool(said)


# --- in the transaction of a board write ----------------------------------------------------------------


def test_every_board_write_keeps_the_state_in_its_own_transaction(user, patient):
    steps = [
        (lambda: ask(by=user, patient=patient, text="Now?"), True),
        (lambda: contact(user, patient), False),
        (lambda: decide(user, patient, due_date=NEXT_MONTH), False),
        (lambda: close_case(by=user, patient=patient, reason="declined"), False),
        (lambda: reopen_case(by=user, patient=patient, text="changed her mind"), False),
    ]
    for write, has_none in steps:
        WatchState.objects.all().delete()
        write()
        assert state(patient).has_no_date is has_none


def test_what_is_rolled_back_leaves_the_state_untouched(user, patient):
    contact(user, patient)
    before = state(patient)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        close_case(by=user, patient=patient, reason="declined")
        assert not state(patient).is_open
        raise ZeroDivisionError
    after = state(patient)
    assert (after.digest, after.changed_at) == (before.digest, before.changed_at) and after.is_open


def test_a_state_that_cannot_be_kept_stores_no_write(user, patient, monkeypatch):
    monkeypatch.setattr(watching, "watch_facts", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        contact(user, patient)
    assert not Contact.objects.exists() and not AuditEvent.objects.filter(action="log_contact").exists()


def test_a_decision_that_takes_the_last_date_away_is_refused_with_everything_it_wrote(user, patient):
    first = decide(user, patient, due_date=NEXT_MONTH)
    with pytest.raises(ValidationError, match="without a next date") as caught:
        decide(user, patient, outcome="treat", supersedes=first)
    assert list(caught.value.message_dict) == ["due_date"]
    assert BoardDecision.objects.get() == first and not state(patient).has_no_date
    contact(user, patient)
    decide(user, patient, outcome="treat", supersedes=first)
    assert not state(patient).has_no_date, "the contact still gives a date"


def test_a_first_decision_without_a_date_is_stored_and_stands_in_red(user, patient):
    decide(user, patient)
    assert state(patient).has_no_date and kinds(patient) == {"no_date", "waiting_decision"}


def test_what_was_done_is_true_and_stored_though_no_date_is_left(user, patient):
    decision = decide(user, patient, due_date=NEXT_MONTH)
    follow_up(by=user, decision=decision, kind="partly", reason="one of two")
    assert not state(patient).has_no_date
    follow_up(by=user, decision=decision, kind="done")
    assert state(patient).has_no_date and kinds(patient) == {"no_date"}


def test_a_contact_after_which_nothing_comes_needs_another_date_or_a_closed_case(user, patient):
    nothing = {"next_for": "nothing", "next_on": None, "note": "treated elsewhere"}
    with pytest.raises(ValidationError, match="close the case with a reason"):
        contact(user, patient, **nothing)
    assert not Contact.objects.exists()
    decision = decide(user, patient, due_date=NEXT_MONTH)
    contact(user, patient, **nothing)
    assert not CaseClosing.objects.exists() and not state(patient).has_no_date
    follow_up(by=user, decision=decision, kind="done")
    close_case(by=user, patient=patient, reason="transferred")
    contact(user, patient, **nothing | {"note": "says goodbye"})
    assert Contact.objects.count() == 2 and not state(patient).is_open


# --- closing --------------------------------------------------------------------------------------------


def test_a_closed_case_reminds_nobody_and_opens_again_in_red(user, patient):
    contact(user, patient, next_on=TODAY)
    closed = close_case(by=user, patient=patient, reason="declined", text=" moved ")
    assert (closed.text, closed.recorded_by) == ("moved", user)
    assert AuditEvent.objects.get(action="close_case").after["reason"] == "declined"
    assert (state(patient).is_open, state(patient).reasons, Contact.objects.waiting().count()) == (False, [], 0)
    reopen_case(by=user, patient=patient, text="came back")
    assert state(patient).is_open and Contact.objects.waiting().count() == 1
    assert [row.is_closed for row in CaseClosing.objects.all()] == [True, False]


def test_closing_needs_a_reason_and_other_a_word(user, patient):
    for values, field in (({"reason": ""}, "reason"), ({"reason": "bored"}, "reason"), ({"reason": "other"}, "text")):
        with pytest.raises(ValidationError) as caught:
            close_case(by=user, patient=patient, **values)
        assert list(caught.value.message_dict) == [field]
    with pytest.raises(ValidationError, match="is open"):
        reopen_case(by=user, patient=patient, text="why not")
    assert not CaseClosing.objects.exists()


def test_closing_twice_is_closing_once_and_another_reason_needs_opening_first(user, patient):
    first = close_case(by=user, patient=patient, reason="declined")
    assert close_case(by=user, patient=patient, reason="declined") == first
    with pytest.raises(ValidationError, match="closed already"):
        close_case(by=user, patient=patient, reason="transferred")
    with pytest.raises(ValidationError, match="Say why"):
        reopen_case(by=user, patient=patient, text=" ")


def test_no_date_lies_more_than_two_years_ahead(user, patient):
    edge = TODAY + dt.timedelta(days=731)
    for write in (lambda on: contact(user, patient, next_on=on), lambda on: decide(user, patient, due_date=on)):
        with pytest.raises(ValidationError, match="more than two years"):
            write(edge + dt.timedelta(days=1))
        write(edge)


def test_a_date_on_a_closed_case_is_refused(user, patient):
    close_case(by=user, patient=patient, reason="transferred")
    for write in (lambda: contact(user, patient), lambda: decide(user, patient, due_date=NEXT_MONTH)):
        with pytest.raises(ValidationError, match=r"transferred to another centre.*Open it again"):
            write()
    decide(user, patient)


def test_rows_are_only_ever_added(user, patient):
    row = close_case(by=user, patient=patient, reason="declined")
    for write in (row.save, row.delete, CaseClosing.objects.all().delete):
        with pytest.raises(TypeError, match="append-only"):
            write()


@pytest.mark.parametrize("role", ["data_entry", "researcher", "observer"])
def test_who_may_not_follow_up_closes_nothing(user, patient, role):
    reader = make_user(role)
    grant_access(by=user, patient=patient, user=reader, kind="care_team", reason="reads along")
    with pytest.raises(PermissionDenied):
        close_case(by=reader, patient=patient, reason="declined")
    with pytest.raises(PermissionDenied, match="no access"):
        close_case(by=make_user("chair"), patient=patient, reason="declined")


# --- one meaning -----------------------------------------------------------------------------------------


def test_the_query_and_the_rule_mean_the_same_date(user, patient):
    def agree() -> bool:
        fresh = Patient.objects.get(pk=patient.pk)
        facts = watch_facts(Chart(fresh, TODAY), due_rules())
        assert is_lost(facts) == (facts.is_open and not has_date(fresh))
        return has_date(fresh)

    said = [agree()]
    decision = decide(user, patient, due_date=NEXT_MONTH)
    said.append(agree())
    follow_up(by=user, decision=decision, kind="done")
    said.append(agree())
    contact(user, patient, next_for="scan", next_on=YESTERDAY, contacted_on=YESTERDAY)
    said.append(agree())
    add_scan(user, patient, on=TODAY)
    said.append(agree())
    contact(user, patient)
    said.append(agree())
    close_case(by=user, patient=patient, reason="declined")
    said.append(agree())
    assert said == [False, True, False, True, False, True, False]


# --- site settings ----------------------------------------------------------------------------------------


def test_the_packaged_rules_are_the_proposal():
    rules = due_rules()
    assert (rules.evidence, rules.status) == ("D", "proposal, clinicians to set")
    assert (rules.after_cycle, rules.first_weeks, rules.last_weeks, rules.repeat_weeks) == (4, 8, 12, 26)
    assert rules.counted_regimen == "CAPTEM" and "local" not in rules.systemic_classes


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("repeat_weeks = 26", "", "repeat_weeks is missing"),
        ("repeat_weeks = 26", "repeat_weeks = '26'", "repeat_weeks must be a whole number"),
        ("repeat_weeks = 26", "repeat_weeks = 26\nreapeat = 1", "reapeat is not a due rule"),
        ("first_weeks = 8", "first_weeks = 13", "first_weeks lies after last_weeks"),
        ('"ssa", ', '"ssa", "magic", ', "systemic_classes must be a list of"),
        ("repeat_weeks = 26", "repeat_weeks", "Expected"),
    ],
)
def test_a_wrong_file_is_refused_by_name_before_anything_starts(settings, tmp_path, old, new, named):
    from board.checks import check_due_rules

    file = tmp_path / "due.toml"
    file.write_text(PACKAGED.read_text().replace(old, new))
    settings.DUE_RULES_FILE = str(file)
    with pytest.raises(DueRulesRefused, match=named):
        due_rules()
    (error,) = check_due_rules(None)
    assert str(file) in error.msg and named in error.msg
    settings.DUE_RULES_FILE = str(tmp_path / "absent.toml")
    assert "No such file" in check_due_rules(None)[0].msg


def test_rules_that_break_while_running_leave_the_last_good_ones(settings, tmp_path, user, patient):
    from board.checks import check_due_rules

    file = tmp_path / "due.toml"
    file.write_text(PACKAGED.read_text().replace("read_days = 7", "read_days = 21"))
    settings.DUE_RULES_FILE = str(file)
    check_everybody()
    assert due_rules().read_days == 21 and not is_check_due()
    file.write_text("read_days = ")
    os.utime(file, ns=(1, 1))
    decide(user, patient, due_date=NEXT_MONTH)
    assert due_rules().read_days == 21 and not state(patient).has_no_date
    assert len(check_due_rules(None)) == 1, "the check still refuses the file"


def test_other_due_rules_make_a_check_due(settings, tmp_path):
    check_everybody()
    assert not is_check_due()
    file = tmp_path / "due.toml"
    file.write_text(PACKAGED.read_text().replace("read_days = 7", "read_days = 21"))
    settings.DUE_RULES_FILE = str(file)
    assert is_check_due()
    check_everybody()
    assert not is_check_due()


def test_a_site_sets_its_own_weeks(settings, tmp_path, user, patient):
    file = tmp_path / "due.toml"
    file.write_text(PACKAGED.read_text().replace("read_days = 7", "read_days = 21"))
    settings.DUE_RULES_FILE = str(file)
    add_scan(user, patient)
    read_news_task()
    unread = next(reason for reason in state(patient).reasons if reason["kind"] == Kind.UNREAD)
    assert unread["due"] == (DAY + dt.timedelta(days=21)).isoformat()
    assert Level.AGENDA.words.startswith("overdue") and json.dumps(unread)
