"""Who must have a next date, and by when: every due rule on both sides of its edge, and nobody is ever without either."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.due import DueRules, DueRulesRefused, Level, level_of
from board.domain.sstr_class import ANY, SstrClass, class_words, possible_classes
from board.domain.watch import Kind, is_lost, watch
from board.domain.watch_facts import (
    BookedReview,
    GivenLine,
    NextDate,
    OpenNotice,
    SstrScan,
    StandingDecision,
    UnsettledChange,
    UntypedScan,
    WatchFacts,
)
from board.domain.watch_reason import day_words
from eligibility.domain.facts import LesionFact, Source

RULES = DueRules(
    version="t", evidence="D", status="test", systemic_classes=frozenset({"chemo", "ssa"}), counted_regimen="CAPTEM",
    after_cycle=4, cycle_days=28, first_weeks=8, last_weeks=12, repeat_weeks=26, read_days=7, answer_days=7,
    unsure_days=28, booking_grace_days=7,
)  # fmt: skip
TODAY = dt.date(2026, 5, 14)
POOR, RICH = frozenset({SstrClass.POOR}), frozenset({SstrClass.RICH})
ROW = Source("m", "1", "row")
SCAN_DAY, STOP = dt.date(2025, 7, 14), dt.date(2026, 2, 15)


def days(number: int) -> dt.timedelta:
    return dt.timedelta(days=number)


def scan(classes=POOR, day=SCAN_DAY, **more) -> SstrScan:
    return SstrScan(day, "14 Jul 2025", ROW, classes, **more)


def line(stop=STOP, start=dt.date(2025, 9, 1), **more) -> GivenLine:
    values = {"words": "CAPTEM ended", "treatment_class": "chemo", "source": ROW} | more
    return GivenLine(start=start and (start, start), stop=stop and (stop, stop), **values)


def decision(outcome="not_yet", due=None, **more) -> StandingDecision:
    return StandingDecision(
        outcome, outcome.replace("_", " "), more.pop("on", dt.date(2026, 4, 20)), "Dr K", ROW, due, **more
    )


def reasons(*, today=TODAY, **facts):
    return {reason.kind: reason for reason in watch(WatchFacts(**facts), RULES, today)}


DATED = {"decisions": (decision("treat", due=dt.date(2027, 1, 1)),)}


# --- how late --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until_due", "level"),
    [
        (31, Level.LATER), (30, Level.SOON), (1, Level.SOON), (0, Level.DUE), (-13, Level.DUE),
        (-14, Level.OVERDUE), (-59, Level.OVERDUE), (-60, Level.AGENDA), (-600, Level.AGENDA),
    ],
)  # fmt: skip
def test_levels_on_both_sides_of_their_edges(until_due, level):
    assert level_of(None, TODAY + days(until_due), TODAY) is level


@pytest.mark.parametrize(
    ("until_opens", "level"), [(31, Level.LATER), (30, Level.SOON), (1, Level.SOON), (0, Level.DUE), (-20, Level.DUE)]
)
def test_a_window_is_due_from_the_day_it_opens(until_opens, level):
    opens = TODAY + days(until_opens)
    assert level_of(opens, opens + days(28), TODAY) is level


def test_a_reason_without_a_day_is_due_now():
    assert level_of(None, None, TODAY) is Level.DUE


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"first_weeks": 13}, "first_weeks"), ({"answer_days": -1}, "answer_days"), ({"cycle_days": 0}, "cycle_days"),
        ({"repeat_weeks": 0}, "repeat_weeks"), ({"after_cycle": True}, "after_cycle"),
    ],
)  # fmt: skip
def test_rules_no_calendar_could_follow_are_refused_by_name(changes, named):
    with pytest.raises(DueRulesRefused, match=named):
        replace(RULES, **changes)
    assert replace(RULES, first_weeks=12).window(TODAY)[0] == TODAY + days(84)


# --- the class of a scan ---------------------------------------------------------------------------


def lesion(*relations: str, reason="", size=None) -> LesionFact:
    relation = frozenset(relations) or None
    measured = None if size is None else Decimal(size)
    return LesionFact("L01", "liver", True, False, relation, measured, reason)


ABOVE, BELOW, EQUAL, OPEN = lesion("above"), lesion("below"), lesion("equal"), lesion(reason="not_scored")
STRADDLES = lesion("equal", "above")


@pytest.mark.parametrize(
    ("lesions", "said"),
    [
        ([ABOVE], "SSTR-rich"),
        ([ABOVE, ABOVE], "SSTR-rich"),
        ([ABOVE, EQUAL], "SSTR-mixed"),
        ([ABOVE, EQUAL, OPEN], "SSTR-mixed"),
        ([BELOW, EQUAL], "SSTR-poor"),
        ([BELOW, OPEN], "SSTR-mixed or poor"),
        ([BELOW, STRADDLES], "SSTR-mixed or poor"),
        ([ABOVE, OPEN], "SSTR class unknown"),
        ([STRADDLES], "SSTR class unknown"),
        ([OPEN], "SSTR class unknown"),
        ([], "SSTR class unknown"),
        ([lesion("below", size="9.9")], "SSTR class unknown"),
        ([ABOVE, lesion("below", size="9.9")], "SSTR-rich"),
        ([ABOVE, lesion("below", size="10")], "SSTR-mixed"),
        ([ABOVE, lesion("below", reason="not_assessable")], "SSTR-rich"),
    ],
)
def test_the_class_is_known_only_where_every_reading_agrees(lesions, said):
    assert class_words(possible_classes(lesions)) == said


_RELATIONS = st.sampled_from(["below", "equal", "above"])


@given(st.lists(_RELATIONS, min_size=1, max_size=6), st.data())
def test_what_a_reader_leaves_open_only_adds_classes(stated, data):
    """Whatever is known of the lesions, the true class is among the possible ones."""
    truth = possible_classes([lesion(relation) for relation in stated])
    hidden = data.draw(st.lists(st.booleans(), min_size=len(stated), max_size=len(stated)))
    read = [
        lesion(reason="not_scored") if hide else lesion(relation) for hide, relation in zip(hidden, stated, strict=True)
    ]
    assert truth <= possible_classes(read) and len(truth) == 1


# --- scans after a systemic line --------------------------------------------------------------------


def test_captem_ended_and_nothing_booked_opens_after_eight_and_is_due_after_twelve_weeks():
    found = reasons(scan=scan(), lines=(line(),), **DATED)[Kind.SSTR_LINE]
    assert (found.opens, found.due) == (STOP + days(56), STOP + days(84))
    assert found.sentence == "SSTR-poor on 14 Jul 2025; CAPTEM ended; no SSTR scan since."
    assert (found.since, found.action, found.sources) == (STOP, "Book an SSTR scan", (ROW, ROW))


@pytest.mark.parametrize(
    ("late", "level"),
    [(-57, Level.SOON), (-29, Level.SOON), (-28, Level.DUE), (13, Level.DUE), (14, Level.OVERDUE), (60, Level.AGENDA)],
)
def test_the_window_grows_late_day_by_day(late, level):
    today = STOP + days(84 + late)
    assert reasons(scan=scan(), lines=(line(),), today=today, **DATED)[Kind.SSTR_LINE].level is level


@pytest.mark.parametrize(
    ("cycles", "stop", "is_ongoing", "anchor"),
    [
        (4, None, True, dt.date(2025, 9, 1) + days(112)),
        (2, None, True, dt.date(2025, 9, 1) + days(112)),
        (None, None, True, dt.date(2025, 9, 1) + days(112)),
        (6, STOP, False, dt.date(2025, 9, 1) + days(112)),
        (4, STOP, False, dt.date(2025, 9, 1) + days(112)),
        (3, dt.date(2025, 11, 20), False, dt.date(2025, 11, 20)),
        (4, dt.date(2025, 12, 1), False, dt.date(2025, 12, 1)),
        (3, STOP, False, STOP),
    ],
)  # fmt: skip
def test_the_fourth_cycle_or_the_end_whichever_comes_first(cycles, stop, is_ongoing, anchor):
    given_line = line(stop, cycles=cycles, is_ongoing=is_ongoing, is_counted=True)
    found = reasons(scan=scan(), lines=(given_line,), **DATED)[Kind.SSTR_LINE]
    assert (found.opens, found.due) == RULES.window(anchor)


def test_another_regimen_has_no_fourth_cycle():
    found = reasons(scan=scan(), lines=(line(cycles=6),), **DATED)[Kind.SSTR_LINE]
    assert found.opens == STOP + days(56)


def test_a_line_that_goes_on_past_the_scan_after_its_fourth_cycle_counts_from_its_end():
    imaged = scan(day=dt.date(2026, 1, 10))
    found = reasons(scan=imaged, lines=(line(cycles=6, is_counted=True),), **DATED)[Kind.SSTR_LINE]
    assert found.opens == STOP + days(56)


@pytest.mark.parametrize(
    ("stop", "is_since"), [(SCAN_DAY - days(1), False), (SCAN_DAY, False), (SCAN_DAY + days(1), True), (None, True)]
)
def test_a_line_counts_unless_it_surely_ended_by_the_scan(stop, is_since):
    found = reasons(scan=scan(), lines=(line(stop, start=dt.date(2025, 1, 1)),), **DATED)
    assert (Kind.SSTR_LINE in found) is is_since


def test_an_end_known_to_the_month_of_the_scan_may_lie_after_it():
    in_july = GivenLine("x", "chemo", ROW, stop=(dt.date(2025, 7, 1), dt.date(2025, 7, 31)))
    found = reasons(scan=scan(), lines=(in_july,), **DATED)[Kind.SSTR_LINE]
    assert found.due == dt.date(2025, 7, 31) + days(84)


def test_a_line_without_any_end_is_imaged_again_six_months_after_the_scan():
    found = reasons(scan=scan(), lines=(line(None),), **DATED)[Kind.SSTR_LINE]
    assert found.due == SCAN_DAY + days(182)


def test_without_any_date_it_is_due_now():
    undated = line(None, start=None)
    found = reasons(lines=(undated,), **DATED)[Kind.SSTR_LINE]
    assert (found.due, found.level) == (None, Level.DUE) and "No SSTR scan on record" in found.sentence
    assert "made" not in found.sentence  # a scan elsewhere may only not be recorded


@pytest.mark.parametrize(
    ("classes", "is_listed"), [(RICH, False), (POOR, True), (ANY, True), (frozenset(SstrClass) - POOR, True)]
)
def test_a_class_that_may_be_anything_is_looked_at_like_a_poor_one(classes, is_listed):
    assert (Kind.SSTR_LINE in reasons(scan=scan(classes), lines=(line(),), **DATED)) is is_listed


def test_surgery_is_no_systemic_line():
    assert Kind.SSTR_LINE not in reasons(scan=scan(), lines=(line(treatment_class="local"),), **DATED)


# --- repeated scans, unread scans, planned scans -----------------------------------------------------


def test_the_scan_is_repeated_every_six_months_while_prrt_is_a_question():
    found = reasons(scan=scan(), **DATED | {"decisions": (decision("not_yet", due=TODAY),)})[Kind.REPEAT_SCAN]
    assert found.due == SCAN_DAY + days(182)


@pytest.mark.parametrize(
    ("outcome", "on", "is_listed"),
    [
        ("treat", SCAN_DAY, False), ("not_suitable", SCAN_DAY + days(9), False), ("treat", SCAN_DAY - days(1), True),
        ("not_yet", SCAN_DAY, True), ("more_data", SCAN_DAY, True), ("other", SCAN_DAY, True),
    ],
)  # fmt: skip
def test_what_was_settled_since_the_scan_ends_the_repeating(outcome, on, is_listed):
    found = reasons(scan=scan(), decisions=(decision(outcome, due=TODAY, on=on),))
    assert (Kind.REPEAT_SCAN in found) is is_listed


def test_a_settled_decision_does_not_end_the_scan_after_a_later_line():
    settled = decision("not_suitable", due=TODAY, on=SCAN_DAY)
    assert Kind.SSTR_LINE in reasons(scan=scan(), lines=(line(),), decisions=(settled,))


def test_a_scan_nobody_has_read_is_due_after_seven_days():
    found = reasons(scan=scan(ANY, is_read=False), **DATED)
    assert found[Kind.UNREAD].due == SCAN_DAY + days(7) and Kind.REPEAT_SCAN not in found


@pytest.mark.parametrize(("late", "is_booked"), [(-9, True), (0, True), (7, True), (8, False)])
def test_a_planned_scan_holds_until_seven_days_after_its_day(late, is_booked):
    planned = NextDate("scan", "scan", STOP + days(60), ROW)
    found = reasons(scan=scan(), lines=(line(),), next_date=planned, today=planned.on + days(late))[Kind.SSTR_LINE]
    assert found.due == (planned.on if is_booked else STOP + days(84))
    assert ("a scan is planned on" in found.sentence) is is_booked


@pytest.mark.parametrize(("after_due", "is_due_then"), [(-1, True), (0, True), (1, False), (600, False)])
def test_a_scan_planned_after_the_last_day_silences_nobody(after_due, is_due_then):
    last = STOP + days(84)
    planned = NextDate("scan", "scan", last + days(after_due), ROW)
    found = reasons(scan=scan(), lines=(line(),), next_date=planned, today=last - days(3))[Kind.SSTR_LINE]
    assert found.due == (planned.on if is_due_then else last)
    later = f"; a scan is planned for {day_words(planned.on)}, later than due."
    assert found.sentence.endswith(later) is not is_due_then
    overdue = reasons(scan=scan(), lines=(line(),), next_date=planned, today=last + days(60))[Kind.SSTR_LINE]
    assert overdue.level is Level.AGENDA


@pytest.mark.parametrize(("weeks", "is_held"), [(12, True), (13, False)])
def test_without_a_due_day_a_planned_scan_holds_twelve_weeks_from_the_contact(weeks, is_held):
    planned = NextDate("scan", "scan", TODAY + dt.timedelta(weeks=weeks), ROW, TODAY)
    found = reasons(lines=(line(None, start=None),), next_date=planned)[Kind.SSTR_LINE]
    assert found.due == (planned.on if is_held else None)


def test_a_scan_whose_tracer_is_not_known_is_a_row_of_its_own_and_takes_nothing_off():
    untyped = UntypedScan(TODAY - days(7), "7 May 2026", ROW, "not recorded")
    found = reasons(scan=scan(), lines=(line(),), untyped=(untyped,), **DATED)
    assert found[Kind.SSTR_LINE].sentence.startswith("SSTR-poor on 14 Jul 2025")
    asked = found[Kind.UNTYPED_SCAN]
    assert (asked.due, asked.level, asked.action) == (TODAY, Level.DUE, "Say which tracer was given")
    assert asked.sentence == "The tracer of the scan of 7 May 2026 is not recorded; it may be an SSTR scan."


def test_other_dates_plan_no_scan():
    found = reasons(scan=scan(), lines=(line(),), next_date=NextDate("labs", "laboratory values", TODAY, ROW))
    assert found[Kind.SSTR_LINE].due == STOP + days(84)
    assert found[Kind.NEXT_DATE].sentence == "Laboratory values was agreed for 14 May 2026 at the last contact."


def test_a_planned_scan_that_has_not_come_is_a_row_of_its_own():
    found = reasons(next_date=NextDate("scan", "scan", TODAY - days(20), ROW, SCAN_DAY))[Kind.SCAN_PLANNED]
    assert (found.level, found.since, found.action) == (Level.OVERDUE, SCAN_DAY, "Ask where the scan is")


# --- decisions, verdicts, notices ---------------------------------------------------------------------


def test_not_yet_without_a_date_is_due_now_and_breaks_the_invariant():
    found = reasons(decisions=(decision(),))
    assert (
        found[Kind.WAITING_DECISION].level is Level.DUE
        and "it has no due date" in found[Kind.WAITING_DECISION].sentence
    )
    assert found[Kind.NO_DATE].level is Level.NO_DATE


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (decision("not_yet", due=TODAY), Kind.WAITING_DECISION),
        (decision("more_data", due=TODAY), Kind.WAITING_DECISION),
        (decision("treat", due=TODAY), Kind.DECISION_STEP),
        (decision("not_yet", due=TODAY, is_done=True), None),
        (decision("treat"), None),
    ],
)
def test_what_a_decision_still_waits_for(said, kind):
    found = reasons(decisions=(said,), next_date=NextDate("visit", "visit", TODAY, ROW))
    assert set(found) == {Kind.NEXT_DATE} | ({kind} if kind else set())


def test_a_change_no_two_readers_agree_on_and_a_changed_ground_have_their_days():
    notice = OpenNotice(TODAY - days(7), dt.date(2026, 4, 20), ROW, "Dr K")
    pair = UnsettledChange(TODAY - days(280), TODAY - days(28), (ROW, ROW))
    found = reasons(unsettled=(pair,), notices=(notice,), **DATED)
    assert found[Kind.CHANGE_UNSETTLED].due == TODAY == found[Kind.STALE_DECISION].due
    assert "assigned to Dr K" in found[Kind.STALE_DECISION].sentence
    assert Kind.CHANGE_UNSETTLED not in reasons(**DATED)


# --- nobody is lost -----------------------------------------------------------------------------------

_DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))
_SPANS = st.none() | _DAYS.map(lambda day: (day, day)) | _DAYS.map(lambda day: (day, day + days(30)))
_OUTCOMES = st.sampled_from(["treat", "not_yet", "not_suitable", "more_data", "other"])
_SCANS = st.none() | st.builds(
    SstrScan, st.none() | _DAYS, st.just("then"), st.just(ROW),
    st.sets(st.sampled_from(list(SstrClass)), min_size=1).map(frozenset), st.booleans(),
)  # fmt: skip
_LINES = st.builds(
    GivenLine, words=st.just("line"), treatment_class=st.sampled_from(["chemo", "ssa", "local", "prrt"]), source=st.just(ROW),
    is_counted=st.booleans(), start=_SPANS, stop=_SPANS, is_ongoing=st.none() | st.booleans(), cycles=st.none() | st.integers(0, 8),
)  # fmt: skip
_DECISIONS = st.builds(
    StandingDecision,
    _OUTCOMES,
    st.just("words"),
    _DAYS,
    st.just("owner"),
    st.just(ROW),
    st.none() | _DAYS,
    st.booleans(),
)
_NEXT = st.none() | st.builds(NextDate, st.sampled_from(["scan", "labs", "visit"]), st.just("it"), _DAYS, st.just(ROW))
_FACTS = st.builds(
    WatchFacts, is_deceased=st.booleans(), closed_because=st.sampled_from(["", "", "declined"]), scan=_SCANS,
    lines=st.lists(_LINES, max_size=3).map(tuple), decisions=st.lists(_DECISIONS, max_size=3).map(tuple), next_date=_NEXT,
    notices=st.lists(st.builds(OpenNotice, _DAYS, _DAYS, st.just(ROW)), max_size=2).map(tuple),
    unsettled=st.lists(st.builds(UnsettledChange, _DAYS, _DAYS, st.just((ROW,))), max_size=1).map(tuple),
)  # fmt: skip


@given(_FACTS, _DAYS)
def test_every_open_patient_has_a_date_or_a_red_row(facts, today):
    found = watch(facts, RULES, today)
    if not facts.is_open:
        assert found == () and not is_lost(facts)
        return
    given = [decision.due for decision in facts.decisions if decision.due and not decision.is_done]
    given += [facts.next_date.on] if facts.next_date else []
    red = [reason for reason in found if reason.kind is Kind.NO_DATE]
    assert bool(red) == (not given) == is_lost(facts)
    assert found, "an open patient is always on the list, with a date or in red"
    assert set(given) <= {reason.due for reason in found}
    if red:
        assert found[0] is red[0]


@given(_FACTS, _DAYS)
def test_worst_first_and_every_row_says_what_to_do(facts, today):
    found = watch(facts, RULES, today)
    assert [reason.level for reason in found] == sorted((reason.level for reason in found), reverse=True)
    for reason in found:
        assert reason.sentence.endswith(".") and reason.action
        assert reason.opens is None or reason.due is None or reason.opens <= reason.due


@given(_FACTS, _DAYS, st.integers(1, 400))
def test_time_alone_never_takes_a_reason_away_or_makes_it_milder(facts, today, later):
    before = {(r.kind, r.sources): r.level for r in watch(facts, RULES, today)}
    after = {(r.kind, r.sources): r.level for r in watch(facts, RULES, today + days(later))}
    booked = {Kind.SSTR_LINE, Kind.REPEAT_SCAN}
    kinds = {kind for kind, _ in after}
    assert {kind for kind, _ in before} <= kinds
    for (kind, sources), level in before.items():
        if kind not in booked:
            assert after[kind, sources] >= level


@pytest.mark.parametrize(("late", "is_red"), [(6, False), (7, True), (13, True)])
def test_a_booked_scan_that_has_not_arrived_is_red_after_the_grace_of_bookings(late, is_red):
    """Any other date is red after 14 days."""
    found = reasons(next_date=NextDate("scan", "scan", TODAY - days(late), ROW, SCAN_DAY))[Kind.SCAN_PLANNED]
    other = reasons(next_date=NextDate("visit", "visit", TODAY - days(late), ROW, SCAN_DAY))[Kind.NEXT_DATE]
    assert (found.level >= Level.OVERDUE) is is_red and other.level is Level.DUE


# --- a meeting ahead -------------------------------------------------------------------------------


def review(on: dt.date) -> BookedReview:
    return BookedReview(on, "NET board", ROW, TODAY)


def test_a_case_on_an_agenda_is_not_lost():
    assert is_lost(WatchFacts())
    assert not is_lost(WatchFacts(reviews=(review(TODAY + days(7)),)))
    assert set(reasons(reviews=(review(TODAY + days(7)),))) == {Kind.MEETING}


@pytest.mark.parametrize(("late", "level"), [(-7, Level.SOON), (0, Level.DUE), (13, Level.DUE), (14, Level.OVERDUE)])
def test_a_meeting_that_passed_without_the_case_is_late_not_absent(late, level):
    found = reasons(reviews=(review(TODAY - days(late)),))[Kind.MEETING]
    assert found.level is level and found.due == TODAY - days(late)


def test_a_meeting_ahead_moves_no_other_date():
    overdue = {"decisions": (decision("treat", due=TODAY - days(30)),)}
    found = reasons(**overdue, reviews=(review(TODAY + days(7)),))
    assert found[Kind.DECISION_STEP].level is Level.OVERDUE


def test_the_dead_and_the_closed_wait_for_no_meeting():
    for ended in ({"is_deceased": True}, {"closed_because": "declined"}):
        assert reasons(**ended, reviews=(review(TODAY + days(7)),)) == {}
