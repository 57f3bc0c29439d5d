"""What minutes and letters print of one case: the decision in rows, verdicts, criteria, pictures, timeline."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone

from board import words
from board.document import Block, Grid, PictureRow, StoredPicture, Timeline, Words
from eligibility.models import Assessment

CONSIDERED = {
    "stage": "stage",
    "guideline": "guideline-based plan",
    "trial": "trial",
    "genetics": "genetics",
    "supportive": "supportive care",
}
LEVELS = {
    "REQUIRED": "required",
    "ABS_CI": "absolute contraindication",
    "REL_CI": "relative contraindication",
    "CAUTION": "caution",
    "INFO": "information",
}
_ORDER = {"unknown": 0, "not met": 1, "triggered": 1, "met": 2, "clear": 2}
CRITERIA_HEADS = ("State", "Criterion", "Value or reason", "Limit", "Of")
CRITERIA_SHARES = (0.9, 2.2, 2.6, 1.7, 1.0)
AGAINST = ("not met", "triggered")
_LEVEL_ORDER = {name: number for number, name in enumerate(LEVELS)}
NOT_RECORDED = "not recorded"


def day_of(text: str | None) -> str:
    """An ISO day as the pages print it; "" for none."""
    return "" if not text else words.day_words((dt.date.fromisoformat(text), dt.date.fromisoformat(text)))


def moment_of(text: str | None) -> str:
    if not text:
        return ""
    at = timezone.localtime(dt.datetime.fromisoformat(text))
    return f"{words.day_words((at.date(), at.date()))} {at:%H:%M}"


def outcome_line(core: dict[str, Any]) -> str:
    """The board's own outcome first, then its words."""
    return f"{core['outcome']['label'].upper()}: {core['recommendation']}"


def next_step_of(core: dict[str, Any]) -> str:
    if core["next_step"] is None:
        return NOT_RECORDED
    within = f", within {interval_words(core['interval_days'])}" if core["interval_days"] else ""
    return f"{core['next_step']['label']}{within}"


def interval_words(days: int) -> str:
    """ "12 weeks", "10 days": weeks where they divide."""
    number, unit = (days // 7, "week") if days % 7 == 0 else (days, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def decision_grid(core: dict[str, Any], more: Iterable[tuple[str, str]] = ()) -> Grid:
    """Every field of the decision beside ``outcome_line``; what was not recorded says so."""
    rows = [
        ("Next step", next_step_of(core)),
        ("Owner", core["owner"]),
        ("Due", day_of(core["due_date"]) or "no date"),
        ("Discussion covered", ", ".join(CONSIDERED[name] for name in core["considered"]) or NOT_RECORDED),
        ("Agreement", core["agreement"] or NOT_RECORDED),
        ("Dissent", core["dissent"] or "none recorded"),
        ("Quorum when signed", quorum_words(core["quorum"])),
        ("Change of uptake", change_words(core)),
        *([("Amendment", core["amendment_reason"])] if core["amendment_reason"] else []),
        ("Signed", f"{core['signed_by']}, {moment_of(core['signed_at'])}"),
        *more,
    ]
    return Grid(("", ""), tuple(rows), (1, 3.2))


def quorum_words(quorum: dict[str, Any] | None) -> str:
    if not quorum:
        return "decided outside a meeting"
    provisional = "" if quorum["light"] == "green" else "; the decision is provisional"
    return f"{quorum['light']}: {quorum['text']}{provisional}"


def change_words(core: dict[str, Any]) -> str:
    """The sentence as it was shown, which names the class; the class alone where no sentence was kept."""
    name = (core["change_class"] or "").replace("_", " ").lower()
    return core.get("change_sentence", "") or name or NOT_RECORDED


def verdict_grid(core: dict[str, Any]) -> Grid:
    """The site's own rule sets first."""
    own = own_verdicts(core)
    ordered = own + [v for v in core["verdicts"] if v not in own]
    rows = tuple((f"{v['rule_set']} v{v['version']}", v["verdict_text"]) for v in ordered)
    return Grid(("Rule set", "What it says"), rows, (1, 2.2), "No rule set was evaluated.")


def criteria_blocks(core: dict[str, Any]) -> list[Block]:
    """Of the site's own rule sets every active row as frozen, what is unknown first."""
    frozen = {str(a.pk): a for a in Assessment.objects.filter(pk__in=[v["assessment"] for v in core["verdicts"]])}
    found: list[Block] = []
    for verdict in own_verdicts(core):
        found.append(Words(f"Criteria of {verdict['rule_set']} v{verdict['version']}", "small"))
        found.append(_criteria(frozen[verdict["assessment"]]))
    return found


def own_verdicts(core: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the rule sets that the site works with; all of them where it names none."""
    own = [v for v in core["verdicts"] if v["rule_set"] in settings.PRIMARY_GUIDELINES]
    return own or core["verdicts"]


def _criteria(assessment: Assessment) -> Grid:
    active = [row for row in assessment.rows if row["is_active"] and row["level"] != "INFO"]
    ordered = sorted(active, key=lambda row: _ORDER.get(row["state"], 3))
    rows = tuple((row["state"].replace("_", " "), *_row(row)) for row in ordered)
    return Grid(CRITERIA_HEADS, rows, CRITERIA_SHARES, "No active row.")


def _row(row: dict[str, Any]) -> tuple[str, str, str, str]:
    said = (row["reason"] or row["value"]) if row["state"] == "unknown" else row["value"]
    limit = row["threshold"] and f"{_verb(row)} {row['threshold']}"
    title = f"{row['title']} ({LEVELS[row['level']]})"
    return title, words.typeset(said), words.typeset(limit), day_of(row["date"])


def _verb(row: dict[str, Any]) -> str:
    return "must be" if row["level"] == "REQUIRED" and not row["is_exclusion"] else "must not be"


def deciding_blocks(assessment: Assessment) -> list[Block]:
    """What stood against treatment, row by row; then by name what was not known."""
    rows = [row for row in assessment.rows if row["is_active"] and row["level"] != "INFO"]
    rows.sort(key=lambda row: _LEVEL_ORDER[row["level"]])
    against = tuple((row["state"], *_row(row)) for row in rows if row["state"] in AGAINST)
    unknown = [row["title"] for row in rows if row["state"] == "unknown"]
    said = "Nothing stood against it." if unknown else "Every active criterion was fulfilled."
    blocks: list[Block] = [Grid(CRITERIA_HEADS, against, CRITERIA_SHARES, said)]
    return [*blocks, Words(f"Not known: {'; '.join(unknown)}.")] if unknown else blocks


def seen_blocks(pictures: list[dict[str, Any]], sketch: dict[str, Any], events: list[str]) -> list[Block]:
    row = PictureRow(tuple(StoredPicture(picture["sha256"], picture["caption"]) for picture in pictures))
    return [row, Timeline(sketch, tuple(events))]
