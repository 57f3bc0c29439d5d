"""The letter about one decision to the treating physician: what was decided and why, what is open. No other patient."""

import datetime as dt
from typing import Any

from board import words
from board.asks import asks
from board.case_blocks import (
    AGAINST,
    change_words,
    criteria_blocks,
    day_of,
    deciding_blocks,
    next_step_of,
    outcome_line,
    own_verdicts,
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
from eligibility.models import Assessment

TITLE = "Letter of the tumour board"
REPLACED = "THIS DECISION HAS BEEN REPLACED by a later one."
SEEN_THEN = "Pictures and timeline as the board had them when the meeting was closed."
SEEN_NOW = "Pictures and timeline as recorded on {day}."
ROWS_NAMED = 3
DECIDING = ("REQUIRED", "ABS_CI", "REL_CI")


def letter(decision: BoardDecision, *, today: dt.date, known_at: dt.datetime | None = None) -> Document:
    """As the minutes of its meeting keep the case, else as it is ``today``. Every row is in the annex.

    ``known_at``: the letter as anybody could have opened it at that moment.
    """
    core = decision_core(decision) | {"change_sentence": change_sentence(decision)}
    chart = Chart(decision.patient, today, known_at=known_at)
    kept = _kept_in_minutes(decision, known_at) or _as_recorded(chart)
    own = [(verdict, Assessment.objects.get(pk=verdict["assessment"])) for verdict in own_verdicts(core)]
    return Document(
        title=TITLE,
        where=f"Case {decision.patient.case_number}",
        head=tuple(_head(decision, core, kept)),
        parts=(
            _decided(decision, core, own),
            _open(core),
            _rule_sets(core, own),
            _seen(kept),
            Part("Seal", tuple(Words(line, "small") for line in _seal(link_of(decision)))),
            Part("Annex: every criterion when it was signed", tuple(_annex(core)), is_new_page=True),
        ),
        mark=REPLACED if superseded_by(decision, known_at) else "",
    )


def _head(decision: BoardDecision, core: dict[str, Any], kept: dict[str, Any]) -> list[str]:
    meeting = core["meeting"]
    place = f"at the {meeting['title']}" if meeting else "outside a meeting"
    return [
        f"To the treating physician of case {decision.patient.case_number}",
        "; ".join(kept["who"]),
        f"Decided on {day_of(core['decided_on'])} {place}, signed by {core['signed_by']}",
    ]


def _seal(link) -> list[str]:
    if link is None:
        return ["NOT IN THE CHAIN: do not rely on this letter."]
    return [
        f"Verification code {verification_code(link)} (link {link.sequence} of the chain; check it at /verify/)",
        f"Content sha256 {link.content_hash}",
    ]


def _decided(decision: BoardDecision, core: dict[str, Any], own: list) -> Part:
    rows = (
        ("Why", " ".join(_reasons(core, own))),
        ("What next", next_step_of(core)),
        ("Who sees to it", core["owner"]),
        ("By when", day_of(core["due_date"]) or "no date"),
        ("Whom to ask", f"{core['signed_by']}, {decision.recorded_by.get_role_display()}, who signed this decision"),
    )
    asked = [Words(f"Asked: {core['question']}")] if core["question"] else []
    agreed = Words(_agreed(core), "small")
    return Part("Decision", (*asked, Words(outcome_line(core), "strong"), Grid(("", ""), rows, (1, 4)), agreed))


def _reasons(core: dict[str, Any], own: list) -> list[str]:
    """Of each rule set of the site its verdict with what it comes from; then what the scans show."""
    change = core["change_sentence"] or f"Change of uptake: {change_words(core)}."
    return [*(_reason(verdict, assessment) for verdict, assessment in own), change]


def _reason(verdict: dict[str, Any], assessment: Assessment) -> str:
    """The rows that decide: cautions stand further down."""
    active = [row for row in assessment.rows if row["is_active"] and row["level"] in DECIDING]
    against = [row["title"] for row in active if row["state"] in AGAINST]
    unknown = [row["title"] for row in active if row["state"] == "unknown"]
    named = against or unknown
    said = words.sentence(verdict["verdict_text"])
    if not named:
        return f"{said}."
    more = f" and {len(named) - ROWS_NAMED} more" if len(named) > ROWS_NAMED else ""
    word = "because of" if against else "because it is not known"
    return f"{said}, {word}: {'; '.join(named[:ROWS_NAMED])}{more}."


def _agreed(core: dict[str, Any]) -> str:
    dissent = f" Dissent: {core['dissent']}" if core["dissent"] else ""
    if not core["quorum"]:
        return f"Decided outside a meeting.{dissent}"
    return f"Agreement: {core['agreement'] or 'not recorded'}.{dissent} Quorum {quorum_words(core['quorum'])}."


def _open(core: dict[str, Any]) -> Part:
    wanted, other = asks(core)
    lines = [Words(f"- Ask for: {'; '.join(wanted)}", "item")] if wanted else []
    lines += [Words(f"- {one}", "item") for one in other]
    return Part("Open points", tuple(lines) or (Words("No criterion of the site's rule sets was unknown."),))


def _rule_sets(core: dict[str, Any], own: list) -> Part:
    blocks: list[Block] = []
    for verdict, assessment in own:
        blocks += [Words(words.sentence(verdict["verdict_text"]), "strong"), *deciding_blocks(assessment)]
    return Part("Rule sets of this site", tuple(blocks) or (Words("No rule set was frozen with this decision."),))


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


def _kept_in_minutes(decision: BoardDecision, known_at: dt.datetime | None) -> dict[str, Any] | None:
    """The case as the newest minutes of its meeting keep it."""
    if decision.item_id is None:
        return None
    written = Minutes.objects.filter(meeting=decision.item.meeting_id)
    if known_at is not None:
        written = written.filter(recorded_at__lte=known_at)
    minutes = written.order_by("-version").first()
    cases = minutes.content["cases"] if minutes else []
    return next((case for case in cases if case["item"] == str(decision.item_id)), None)


def _annex(core: dict[str, Any]) -> list[Block]:
    rows = criteria_blocks(core)
    return [verdict_grid(core), *rows] if rows else [Words("No rule set was frozen with this decision.")]
