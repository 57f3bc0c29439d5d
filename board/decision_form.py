"""What a page with a decision form needs to know: the values, what is wrong with them, and what may be chosen."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from board.confirming import elsewhere_of, has_key, needs_code
from board.decision_content import DAYS, EMPTY
from board.domain.quorum import Quorum
from board.drafts import draft_of
from board.meetings import quorum_of
from board.models import AgendaItem, BoardDecision, DecisionDraft, NextStep

# "Other" has none: on the console O is the overview.
KEYS = {"treat": "e", "not_yet": "y", "not_suitable": "x", "more_data": "m"}
LABELS = {
    "outcome": "Outcome",
    "text": "Recommendation",
    "next_step": "Next step",
    "interval_days": "Within",
    "due_date": "Due",
    "owner": "Owner",
    "considered": "Considered",
    "agreement": "Agreement",
    "dissent": "Dissent",
    "password": "Your password",
    "code": "Code",
    "decided_on": "Decided on",
    "supersedes": "Replaces",
    "reason": "Reason of the amendment",
}
NAMED = {"outcome": dict(BoardDecision.Outcome.choices), "next_step": dict(NextStep.choices), "interval_days": DAYS}
NAMED["agreement"] = dict(BoardDecision.Agreement.choices)


@dataclass(frozen=True)
class Difference:
    """One field that two people have written differently, in words."""

    name: str
    label: str
    theirs: str
    mine: str


@dataclass
class DecisionFields:
    """``content``: as typed; ``errors``: sentences by field, "" for those of the whole."""

    content: dict[str, Any]
    key: str
    asks_code: bool
    asks_key: bool = False
    asks_password: bool = True
    elsewhere: str = ""
    item: AgendaItem | None = None
    draft: DecisionDraft | None = None
    quorum: Quorum | None = None
    next: str = ""
    may_sign: bool = True
    errors: dict[str, list[str]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def outcomes(self) -> list[tuple[str, str, str]]:
        return [(value, label, KEYS.get(value, "")) for value, label in BoardDecision.Outcome.choices]

    @property
    def steps(self) -> list[tuple[str, str]]:
        return list(NextStep.choices)

    @property
    def intervals(self) -> list[tuple[str, str]]:
        """With the interval that is held, whatever it is: a select must not change it."""
        held = self.content["interval_days"]
        known = DAYS if not isinstance(held, int) or held in DAYS else DAYS | {held: f"{held} days"}
        return [(str(days), known[days]) for days in sorted(known)]

    @property
    def interval(self) -> str:
        return "" if self.content["interval_days"] is None else str(self.content["interval_days"])

    @property
    def considerations(self) -> list[str]:
        return list(BoardDecision.CONSIDERED)

    @property
    def agreements(self) -> list[tuple[str, str]]:
        return list(BoardDecision.Agreement.choices)

    @property
    def wrong(self) -> list[tuple[str, list[str]]]:
        return [(LABELS.get(name, ""), said) for name, said in self.errors.items()]


def fields_of_item(item: AgendaItem, user, *, next_page: str = "", **more) -> DecisionFields:
    """The form of a case of a meeting, as its draft stands."""
    draft = more.pop("draft", None) or draft_of(item)
    return fields(user, draft.content, item=item, draft=draft, quorum=quorum_of(item.meeting), next=next_page, **more)


def fields(user, content: dict[str, Any], *, key: str = "", **more) -> DecisionFields:
    key = key or uuid.uuid4().hex
    how = {"asks_key": has_key(user), "asks_password": user.has_usable_password(), "elsewhere": elsewhere_of(user)}
    return DecisionFields({**EMPTY, **content}, key, needs_code(user), **how, **more)


def typed(post) -> dict[str, Any]:
    """The content of a posted form; a name that was not sent is left out, ticks are all there or none."""
    given = {name: post.get(name) for name in EMPTY if name in post and name != "considered"}
    return given | ({"considered": post.getlist("considered")} if "has_considered" in post else {})


def differences(theirs: dict[str, Any], mine: dict[str, Any]) -> list[Difference]:
    """Field by field, of those that were sent."""
    said = [(name, _words(name, theirs.get(name)), _words(name, mine[name])) for name in EMPTY if name in mine]
    return [Difference(name, LABELS[name], other, own) for name, other, own in said if other != own]


def _words(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name == "interval_days" and str(value or "").isdigit():
        return DAYS.get(int(value), f"{value} days")
    return str(NAMED.get(name, {}).get(value, value or ""))
