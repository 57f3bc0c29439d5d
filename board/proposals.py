"""Cases that ask to be put on an agenda, each with why: from stored states and rows, never by evaluating a chart.

A case that is on the agenda of an open meeting is asked for nowhere else, and of several reasons only the first of WHYS
brings it. Every list ends after ``SHOWN``; how many more there are is said.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from board.domain.due import AGENDA_DAYS
from board.listings import listings
from board.models import (
    AgendaItem,
    BoardDecision,
    CaseQuestion,
    DecisionFollowUp,
    DecisionNotice,
    WatchState,
)
from board.patient_filters import MOST_COUNTED, count_words, counted
from board.proposal_words import TEXTS, times_put_off
from eligibility.models import ChangeVerdict
from patients import reads
from patients.selectors import in_visible_chart

SHOWN, MOST = 6, 100
_W = AgendaItem.Why
WHYS = (_W.STALE, _W.RELISTED, _W.CONVERSION, _W.OVERDUE, _W.NO_DATE, _W.REFERRAL, _W.POSTPONED)
AMBER_FROM = 2  # postponed so often before: the next listing is the third


@dataclass(frozen=True)
class Proposal:
    """``also``: the other reasons there are, in words."""

    case_number: str
    why: str
    text: str
    times_postponed: int
    also: list[str]

    @property
    def is_postponed_often(self) -> bool:
        return self.times_postponed >= AMBER_FROM


@dataclass(frozen=True)
class Group:
    """``more``: how many are not shown, in words, "" for none."""

    why: str
    proposals: list[Proposal]
    more: str

    @property
    def label(self) -> str:
        return _W(self.why).label


def proposals(user, *, today: dt.date, whole: str = "") -> list[Group]:
    """Groups that hold something, in the order of WHYS. ``whole``: the one shown to its end, up to ``MOST``."""
    asked, groups, seen = _asked(user, today), [], set()
    for why in WHYS:
        limit = MOST if why == whole else SHOWN
        states = asked[why].exclude(pk__in=seen).select_related("patient")
        found = list(states[: limit + 1])
        more = _more(asked[why].exclude(pk__in=seen), limit) if len(found) > limit else ""
        seen |= {state.pk for state in found[:limit]}
        if found:
            groups.append((why, found[:limit], more))
    reasons = _reasons(asked, seen)
    return [Group(why, _lines(why, states, reasons, today), more) for why, states, more in groups]


def _more(states: QuerySet[WatchState], shown: int) -> str:
    """A registry is not counted to its end: then it is more than is ever said."""
    number = counted(states)
    return count_words(number) if number > MOST_COUNTED else str(number - shown)


def _reasons(asked: dict[str, QuerySet[WatchState]], shown: set) -> dict:
    """Every why of the few that are shown."""
    found: dict = {}
    for why in WHYS:
        for pk in asked[why].filter(pk__in=shown).values_list("pk", flat=True):
            found.setdefault(pk, []).append(why)
    return found


def _asked(user, today: dt.date) -> dict[str, QuerySet[WatchState]]:
    """Open cases this user may see that stand on no agenda, by why; the most pressing first."""
    listed = listings().filter(patient=OuterRef("patient"))
    mine = WatchState.objects.filter(in_visible_chart(user), ~Exists(listed), is_open=True)
    return {
        _W.STALE: mine.filter(patient__in=_unanswered().values("decision__patient")).order_by("due", "pk"),
        _W.RELISTED: mine.filter(patient__in=_relisted().values("decision__patient")).order_by("due", "pk"),
        _W.CONVERSION: mine.filter(_conversion()).order_by("sstr_scan_day", "pk"),
        _W.REFERRAL: mine.filter(_referral()).order_by("-changed_at", "pk"),
        _W.OVERDUE: mine.filter(due__lte=today - dt.timedelta(days=AGENDA_DAYS)).order_by("due", "pk"),
        _W.NO_DATE: mine.filter(has_no_date=True).order_by("opens", "pk"),
        _W.POSTPONED: mine.filter(patient__in=_put_off().values("patient")).order_by("pk"),
    }


def _unanswered() -> QuerySet[DecisionNotice]:
    return DecisionNotice.objects.unanswered().order_by()


def _relisted() -> QuerySet[DecisionFollowUp]:
    """Said to be discussed again, and nothing decided of that case since."""
    later = BoardDecision.objects.filter(patient=OuterRef("decision__patient"), recorded_at__gt=OuterRef("recorded_at"))
    asked = DecisionFollowUp.objects.filter(kind=DecisionFollowUp.Kind.RELISTED, decision__superseded_by=None)
    return asked.exclude(Exists(later)).order_by()


def _conversion() -> Q:
    """A change no two readers agree on; or one they confirmed after the last decision. Never what one of them said."""
    last = BoardDecision.objects.filter(patient=OuterRef("patient"), recorded_at__gt=OuterRef("recorded_at"))
    confirmed = ChangeVerdict.objects.filter(
        ~Exists(last), patient=OuterRef("patient"), verdict=ChangeVerdict.Verdict.CONFIRMED
    )
    return Q(has_unsettled_change=True) | Q(Exists(confirmed))


def _referral() -> Q:
    """A question that came after the last decision."""
    decided = BoardDecision.objects.filter(patient=OuterRef("patient"), recorded_at__gte=OuterRef("recorded_at"))
    return Q(Exists(CaseQuestion.objects.filter(~Exists(decided), patient=OuterRef("patient"))))


def _put_off() -> QuerySet[AgendaItem]:
    """Put off at a meeting, and since neither discussed at another one nor decided."""
    later = AgendaItem.objects.filter(
        patient=OuterRef("patient"),
        state=AgendaItem.State.DISCUSSED,
        meeting__starts_at__gt=OuterRef("meeting__starts_at"),
    )
    decided = BoardDecision.objects.filter(patient=OuterRef("patient"), recorded_at__gt=OuterRef("meeting__starts_at"))
    put_off = AgendaItem.objects.filter(state=AgendaItem.State.POSTPONED)
    return put_off.exclude(Exists(later)).exclude(Exists(decided)).order_by()


def _lines(why: str, states: list[WatchState], reasons: dict, today: dt.date) -> list[Proposal]:
    reads.note_all(states)
    texts = TEXTS[why](states, today)
    times = times_put_off(states)
    return [
        Proposal(
            case_number=state.patient.case_number,
            why=why,
            text=texts.get(state.pk, ""),
            times_postponed=times.get(state.pk, 0),
            also=[_W(other).label for other in reasons.get(state.pk, []) if other != why],
        )
        for state in states
    ]
