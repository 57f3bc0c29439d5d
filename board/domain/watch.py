"""Who must have a next date, and by when: from facts only, so that no flag can be forgotten.

Levels and due rules: ``board/domain/due.py``; all of them local conventions (D), proposed for clinicians to set. What
is not known never takes anybody off: a line counts as given since the scan unless it surely ended by then, and a class
that may be anything is looked at like a poor one.
"""

import datetime as dt

from board.domain.due import OVERDUE_DAYS, DueRules
from board.domain.watch_facts import (
    WAITING_OUTCOMES,
    BookedReview,
    OpenNotice,
    StandingDecision,
    UnsettledChange,
    WatchFacts,
)
from board.domain.watch_reason import Found, Kind, WatchReason, day_words, levelled
from board.domain.watch_scans import scan_reasons

__all__ = ["Kind", "WatchReason", "is_lost", "watch"]


def watch(facts: WatchFacts, rules: DueRules, today: dt.date) -> tuple[WatchReason, ...]:
    """Every reason of an open case, worst first; none of a closed one or of the dead."""
    if not facts.is_open:
        return ()
    found = [
        *_no_date(facts),
        *scan_reasons(facts, rules, today),
        *_next_date(facts, rules),
        *(_decision(d) for d in facts.decisions if d.has_date or (d.outcome in WAITING_OUTCOMES and not d.is_done)),
        *(_unsettled(pair, rules) for pair in facts.unsettled),
        *(_stale(notice, rules) for notice in facts.notices),
        *(_review(review) for review in facts.reviews),
    ]
    return tuple(sorted((levelled(reason, today) for reason in found), key=lambda reason: reason.rank))


def is_lost(facts: WatchFacts) -> bool:
    """The invariant is broken: an open case without decision due, next date, meeting ahead or closing reason."""
    return facts.is_open and not facts.has_date


def _no_date(facts: WatchFacts) -> list[Found]:
    if not is_lost(facts):
        return []
    sentence = "Nobody has given this patient a next date, and the case is not closed."
    return [Found(Kind.NO_DATE, sentence, "Give a next date or close the case")]


def _next_date(facts: WatchFacts, rules: DueRules) -> list[Found]:
    """A booked scan that has not arrived is red as soon as the grace of bookings is over."""
    planned = facts.next_date
    if planned is None:
        return []
    is_scan = planned.what == "scan"
    kind, what = (
        (Kind.SCAN_PLANNED, "A scan") if is_scan else (Kind.NEXT_DATE, planned.words[:1].upper() + planned.words[1:])
    )
    sentence = f"{what} was agreed for {day_words(planned.on)} at the last contact" + (
        " and has not arrived." if is_scan else "."
    )
    action = "Ask where the scan is" if is_scan else f"See to it: {planned.words}"
    red_after = rules.booking_grace_days if is_scan else OVERDUE_DAYS
    return [Found(kind, sentence, action, planned.said_on, planned.on, None, (planned.source,), red_after)]


def _decision(decision: StandingDecision) -> Found:
    is_waiting = decision.outcome in WAITING_OUTCOMES
    sentence = f"Decision “{decision.outcome_words}” of {day_words(decision.decided_on)}, owner {decision.owner}"
    sentence += "." if decision.due else "; it has no due date."
    kind = Kind.WAITING_DECISION if is_waiting else Kind.DECISION_STEP
    action = "Say what happened, or decide again"
    return Found(kind, sentence, action, decision.decided_on, decision.due, None, (decision.source,))


def _unsettled(pair: UnsettledChange, rules: DueRules) -> Found:
    """The same before and after a first verdict, whatever that was: the next reader gives one without knowing it."""
    due = pair.after + dt.timedelta(days=rules.unsure_days)
    sentence = (
        f"Whether SSTR uptake changed between {day_words(pair.before)} and {day_words(pair.after)} is not settled: "
        "two readers in agreement are asked for."
    )
    action = "Give a verdict on the change"
    return Found(Kind.CHANGE_UNSETTLED, sentence, action, pair.after, due, pair.after, pair.sources)


def _stale(notice: OpenNotice, rules: DueRules) -> Found:
    whose = f", assigned to {notice.assigned_to}" if notice.assigned_to else ""
    sentence = f"The decision of {day_words(notice.decided_on)} rests on inputs that have changed{whose}."
    due = notice.since + dt.timedelta(days=rules.answer_days)
    action = "Look at what has changed and answer"
    return Found(Kind.STALE_DECISION, sentence, action, notice.since, due, notice.since, (notice.source,))


def _review(review: BookedReview) -> Found:
    """A meeting whose day has passed and that nobody closed is overdue: the case was not discussed."""
    sentence = f"On the agenda of {review.title}, {day_words(review.on)}."
    action = "Discuss it, or put it off with a reason"
    return Found(Kind.MEETING, sentence, action, review.listed_on, review.on, None, (review.source,))
