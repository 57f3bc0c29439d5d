"""What the server says to the page while somebody types: completeness, checks, what follows, what clashes."""

import copy
from typing import Any

from django.utils import timezone

from board import words
from board.entry.build import Page, build
from board.entry.checks import Check, alkylator, asked, checks, grade, kept, site_of
from board.entry.drafts import Entry
from board.entry.duplicates import TAKEN, candidates, is_taken_unseen
from board.entry.fields import BY_KEY, CARDS, HISTOLOGY, LINES, UNKNOWN, Card, field_of
from board.entry.returning import open_return
from board.entry.ring import Ring, ring
from board.entry.status import NOTE, answers, in_question, note_alone
from board.entry.submit import needs_reason
from patients.domain.contradictions import TO_KEEP


def with_typed(entry: Entry, values: dict[str, str]) -> Entry:
    """The entry as if ``values`` were saved. Nothing is."""
    draft = copy.copy(entry.draft)
    draft.data = {**draft.data, "values": {**entry.typed, **values}}
    return Entry(draft, entry.chart, entry.mark)


def look(entry: Entry, user) -> dict[str, Any]:
    page = build(entry)
    values = entry.values
    found = ring(page, values)
    said = [
        *checks(page, question=values.get("patient.question", ""), today=timezone.localdate()),
        *_status(entry, page),
    ]
    return {
        "ring": _ring(found),
        "checks": [vars(check) for check in said],
        "derived": _derived(page),
        "cards": {card.key: _card(card, found, said, page) for card in CARDS},
        "needs_reason": needs_reason(page, entry),
        "returned": _returned(entry),
        **_duplicates(entry, user, values),
    }


def stand(entry: Entry) -> dict[str, Any]:
    """Version, values and what clashes: for a page that has to look again."""
    draft = entry.draft
    return {
        "version": entry.version,
        "values": entry.values,
        "clashes": [{"name": name, "theirs": text, "mine": entry.typed[name]} for name, text in entry.clashes.items()],
        "saved_by": name_of(draft.updated_by),
        "saved_at": timezone.localtime(draft.updated_at).strftime("%H:%M"),
        "labels": {name: label_of(name) for name in entry.values},
    }


def _returned(entry: Entry) -> dict[str, str] | None:
    """The question with which the entry came back, while nobody has answered it."""
    asked = open_return(entry.draft.patient)
    if asked is None:
        return None
    at = timezone.localtime(asked.asked_at).strftime("%Y-%m-%d %H:%M")
    return {"question": asked.question, "who": f"{name_of(asked.asked_by)}, {at}"}


def name_of(user) -> str:
    return user.shown_name if user else "Somebody"


def label_of(name: str) -> str:
    """ "Histology: Ki-67 (MIB1)": the field in words."""
    card, field = BY_KEY.get(name.partition(".")[0]), field_of(name)
    return ": ".join(part for part in (card and card.title, field and field.label) if part)


def _status(entry: Entry, page: Page) -> list[Check]:
    said, day = answers(entry, page.patient)
    found = [_refused(one.name, one.problem) for one in said if one.problem]
    wrong = {one.name for one in found}
    for name, (text, reason) in in_question(entry, said, page.patient).items():
        if name not in wrong:
            found.append(kept(name, text, reason, NOTE))
    if alone := note_alone(entry, said):
        found.append(Check(NOTE, "red", alone))
    return [*found, Check("status.clinical_date", "red", day)] if day else found


def _refused(name: str, text: str) -> Check:
    return Check(name, "red", asked(text), NOTE) if TO_KEEP in text else Check(name, "red", text)


def _ring(found: Ring) -> dict[str, Any]:
    missing = [{"name": one.name, "label": one.label, "is_red": one.is_red} for one in found.missing]
    return {
        "known": found.known,
        "total": found.total,
        "percent": found.percent,
        "missing": missing,
        "red": len(found.red),
    }


def _derived(page: Page) -> dict[str, dict[str, str]]:
    """Grade of each specimen with its reason and the way from the one before; whether a line holds an alkylator."""
    found: dict[str, dict[str, str]] = {}
    site, before = site_of(page), ""
    in_order = sorted(page.of(HISTOLOGY), key=lambda one: (one.row.clinical_date is None, str(one.row.clinical_date)))
    for one in in_order:
        computed = grade(one, site)
        text = f"{computed.label} ({computed.edition})" if computed.candidates else computed.label
        stated = "" if "ki67_text" in one.problems else one.texts["ki67_text"].replace("%", "").strip()
        stated = "" if stated == UNKNOWN else stated
        arrow = f"{before} to {stated} %" if before and stated else ""
        found[one.prefix] = {"text": text, "why": words.sentence(computed.explanation) + ".", "arrow": arrow}
        before = stated or before
    for one in page.of(LINES):
        has = alkylator(one) if one.texts["regimen"] else False
        text = {True: "alkylator", False: "", None: "alkylator: not known"}[has]
        found[one.prefix] = {"text": text, "why": ", ".join(one.row.drugs or []), "arrow": ""}
    return found


def _card(card: Card, found: Ring, said: list[Check], page: Page) -> dict[str, str]:
    mine = [check for check in said if check.name.startswith(f"{card.key}.")]
    red, amber = sum(c.level == "red" for c in mine), sum(c.level == "amber" for c in mine)
    missing = len(found.of(card))
    if red:
        return {"tone": "not-met", "text": f"{red} to correct"}
    if amber:
        return {"tone": "caution", "text": f"{amber} to check"}
    if missing:
        is_red = any(one.is_red for one in found.of(card))
        return {"tone": "not-met" if is_red else "unknown", "text": f"{missing} missing"}
    return {"tone": "met", "text": "complete"}


def _duplicates(entry: Entry, user, values: dict[str, str]) -> dict[str, Any]:
    if entry.draft.patient_id is not None:
        return {"taken": "", "alike": []}
    answered = entry.draft.data.get("answers", {})
    alike = [
        {
            "case_number": one.case_number,
            "facts": one.facts,
            "why": one.why,
            "is_same_number": one.is_same_number,
            "answer": answered.get(one.case_number, ""),
        }
        for one in candidates(user, values)
    ]
    return {"taken": TAKEN if is_taken_unseen(user, values.get("patient.case_number", "")) else "", "alike": alike}
