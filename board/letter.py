"""The letter about one decision to the treating physician: what was decided and why, what is open. No other patient."""

import datetime as dt
from typing import Any

from board import words
from board.case_blocks import (
    change_words,
    criteria_blocks,
    day_of,
    next_step_of,
    open_points,
    outcome_line,
    quorum_words,
    seen_blocks,
    verdict_grid,
)
from board.chain import link_of, verification_code
from board.chart import Chart
from board.decision_record import decision_core, superseded_by
from board.document import Block, Document, Grid, Part, Words
from board.domain.sketch import sketch
from board.domain.timeline import draw
from board.history import history
from board.identity import identity_of
from board.minutes_content import change_sentence, events_in_words, key_pictures
from board.models import BoardDecision, Minutes

TITLE = "Letter of the tumour board"
REPLACED = "THIS DECISION HAS BEEN REPLACED by a later one."
SEEN_THEN = "Pictures and timeline as the board had them when the meeting was closed."
SEEN_NOW = "Pictures and timeline as recorded on {day}."


def letter(decision: BoardDecision, *, today: dt.date) -> Document:
    """As the minutes of its meeting keep the case; without minutes as the case is ``today``."""
    core = decision_core(decision) | {"change_sentence": change_sentence(decision)}
    chart = Chart(decision.patient, today)
    kept = _kept_in_minutes(decision) or _as_recorded(chart)
    return Document(
        title=TITLE,
        where=f"Case {decision.patient.case_number}",
        head=tuple(_head(decision, core, kept)),
        parts=(
            _decided(core),
            _why(core),
            _open(core),
            _seen(kept),
            Part("Criteria", tuple(_criteria(core))),
        ),
        mark=REPLACED if superseded_by(decision) else "",
    )


def _head(decision: BoardDecision, core: dict[str, Any], kept: dict[str, Any]) -> list[str]:
    link, meeting = link_of(decision), core["meeting"]
    place = f"at the {meeting['title']}" if meeting else "outside a meeting"
    return [
        f"To the treating physician of case {decision.patient.case_number}",
        "; ".join(kept["who"]),
        f"Decided on {day_of(core['decided_on'])} {place}, signed by {core['signed_by']}",
        *_seal(link),
    ]


def _seal(link) -> list[str]:
    if link is None:
        return ["NOT IN THE CHAIN: do not rely on this letter."]
    return [
        f"Content sha256 {link.content_hash}",
        f"Verification code {verification_code(link)} (link {link.sequence} of the chain; check it at /verify/)",
    ]


def _decided(core: dict[str, Any]) -> Part:
    rows = (
        ("Next step", next_step_of(core)),
        ("Owner", core["owner"]),
        ("Due", day_of(core["due_date"]) or "no date"),
    )
    question = core["question"] or "No question was recorded."
    return Part(
        "Decision", (Words(f"Asked: {question}"), Words(outcome_line(core), "strong"), Grid(("", ""), rows, (1, 4)))
    )


def _why(core: dict[str, Any]) -> Part:
    agreement = core["agreement"] or "not recorded"
    dissent = f" Dissent: {core['dissent']}" if core["dissent"] else ""
    return Part(
        "Rationale",
        (
            Words(f"Change of uptake: {change_words(core)}"),
            verdict_grid(core),
            Words(f"Agreement: {agreement}.{dissent} Quorum {quorum_words(core['quorum'])}.", "small"),
        ),
    )


def _open(core: dict[str, Any]) -> Part:
    found = open_points(core)
    lines = [Words(f"- {point}", "item") for point in found]
    return Part("Open points", tuple(lines) or (Words("No criterion of the site's rule sets was unknown."),))


def _seen(kept: dict[str, Any]) -> Part:
    blocks = seen_blocks(kept["pictures"], kept["timeline"], kept["events"])
    return Part("Course", (*blocks, Words(kept.get("said", SEEN_THEN), "small")))


def _as_recorded(chart: Chart) -> dict[str, Any]:
    drawn = history(chart)
    return {
        "who": [fact.text for fact in identity_of(chart).facts],
        "pictures": key_pictures(chart),
        "timeline": sketch(draw(drawn)),
        "events": events_in_words(drawn),
        "said": SEEN_NOW.format(day=words.day_words((chart.today, chart.today))),
    }


def _kept_in_minutes(decision: BoardDecision) -> dict[str, Any] | None:
    """The case as the newest minutes of its meeting keep it."""
    if decision.item_id is None:
        return None
    minutes = Minutes.objects.filter(meeting=decision.item.meeting_id).order_by("-version").first()
    cases = minutes.content["cases"] if minutes else []
    return next((case for case in cases if case["item"] == str(decision.item_id)), None)


def _criteria(core: dict[str, Any]) -> list[Block]:
    return criteria_blocks(core) or [Words("No rule set was frozen with this decision.")]
