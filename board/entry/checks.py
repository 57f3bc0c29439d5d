"""What stands beside the fields while somebody types: what cannot be stored, what to look at twice, what was read."""

import datetime as dt
from dataclasses import dataclass, replace

from board.domain.minimum_data import is_about_prrt
from board.entry.build import Built, Page, field_for
from board.entry.codec import ONGOING
from board.entry.fields import HISTOLOGY, LINES, PATIENT, PRRT, SSA, TUMOUR, UNKNOWN, Card
from board.entry.offers import USUAL_MBQ, in_mbq, last_day_of_cycles
from imaging import chart_questions
from patients.domain.contradictions import TO_KEEP
from patients.domain.dates import is_surely_before
from patients.domain.drugs import contains_alkylator
from patients.domain.grading import GradeResult, discordance, who_grade

_PRECISIONS = {"day": "exact day", "month": "month only", "year": "year only"}
KEPT = "Kept, with the reason:"


@dataclass(frozen=True)
class Check:
    """``level``: red (cannot be stored), amber (look twice), kept (amber with a reason), word (what was read).

    ``note``: the field whose text keeps the value. ``offer``: what may be meant instead, and ``why``.
    """

    name: str
    level: str
    text: str
    note: str = ""
    offer: str = ""
    why: str = ""


def checks(page: Page, *, question: str, today: dt.date) -> list[Check]:
    found = []
    for one in page.all:
        found += [_problem(one, name, text, today) for name, text in one.problems.items() if not _is_open(one, name)]
        found += _words(one)
        found += _in_question(one)
        if one.row is not None and one.card.model is not None and hasattr(one.row, "clinical_span"):
            found += _future(one, today)
    return [
        *found,
        *_images(page),
        *_activities(page),
        *_before_diagnosis(page),
        *_lines(page),
        *_histology(page, question),
    ]


def grade(one: Built, site: str) -> GradeResult:
    row = one.row
    return who_grade(row.ki67_interval, row.mitoses_per_2mm2, row.differentiation, site)


def site_of(page: Page) -> str:
    return next((one.row.primary_site or UNKNOWN for one in page.of(TUMOUR) if one.row is not None), UNKNOWN)


def alkylator(one: Built) -> bool | None:
    return contains_alkylator(one.row.regimen, one.row.drugs)


def _is_open(one: Built, name: str) -> bool:
    """Empty and asked for anyway: the ring says so, and nobody is blamed before they begin."""
    return one.card in (PATIENT, TUMOUR) and not one.texts[name]


def _problem(one: Built, name: str, text: str, today: dt.date) -> Check:
    """An improbable value is refused by its model until the note says that it is right: that is a question."""
    full = f"{one.prefix}.{name}"
    if TO_KEEP not in text:
        return Check(full, "red", text)
    offer = last_day_of_cycles(one, name, today)
    return Check(full, "red", asked(text), f"{one.prefix}.note", offer.text, offer.why)


def asked(text: str) -> str:
    """The sentence of a refusal as the question whether to keep the value."""
    return f"{text.partition(f' {TO_KEEP}')[0]} Keep?"


def _in_question(one: Built) -> list[Check]:
    """What was kept stays marked."""
    found = {} if one.row is None or one.is_gone else {field_for(one.card, d.field): d.text for d in one.row.doubts}
    return [_soft(one, name, text) for name, text in found.items() if name not in one.problems]


def _images(page: Page) -> list[Check]:
    """Said before it is stored: what is in the chart came with another birth date or sex in its header."""
    case = page.case
    if case.stored is None or not {"birth_date", "sex_for_formulas"} & set(case.changed):
        return []
    asked = [code for one in chart_questions.of_case(page.patient) for code in one.codes]
    fields = (("birth_date", chart_questions.BIRTH), ("sex_for_formulas", chart_questions.SEX))
    said = "{} series of images in this chart came with another one in the header. A person will be asked about them."
    return [
        Check(f"{case.prefix}.{name}", "amber", said.format(asked.count(code)))
        for name, code in fields
        if code in asked
    ]


def _activities(page: Page) -> list[Check]:
    low, high = USUAL_MBQ
    said = f"Outside {low} to {high} MBq, which a cycle of 177Lu has. Is it in GBq?"
    return [
        _with(_soft(one, "activity_mbq", said), in_mbq(one.row.activity_mbq).text)
        for one in page.of(PRRT)
        if one.row.activity_mbq is not None and "lu" in one.row.compound.lower()
        if not low <= one.row.activity_mbq <= high
    ]


def _soft(one: Built, name: str, text: str) -> Check:
    return kept(f"{one.prefix}.{name}", text, one.texts.get("note", ""), f"{one.prefix}.note")


def _with(check: Check, offer: str) -> Check:
    """Of what is kept with a reason nothing else is offered."""
    return replace(check, offer=offer) if check.level == "amber" else check


def kept(name: str, text: str, reason: str, note: str) -> Check:
    return Check(name, "kept", f"{text} {KEPT} {reason}") if reason else Check(name, "amber", text, note)


def _words(one: Built) -> list[Check]:
    """How exactly a typed date was read."""
    found = []
    for field in one.card.fields:
        text = one.texts.get(field.name, "")
        precision = one.columns.get(f"{field.stored_in}_precision")
        if field.kind == "date" and text not in ("", UNKNOWN, ONGOING) and precision in _PRECISIONS:
            day = one.columns[field.stored_in].isoformat()[: {"day": 10, "month": 7, "year": 4}[precision]]
            said = _PRECISIONS[precision] if text == day else f"{day}, {_PRECISIONS[precision]}"
            found.append(Check(f"{one.prefix}.{field.name}", "word", said))
    return found


def _future(one: Built, today: dt.date) -> list[Check]:
    is_ahead = is_surely_before((today, today), one.row.clinical_span)
    return [_soft(one, "clinical_date", "This day lies in the future.")] if is_ahead else []


def _before_diagnosis(page: Page) -> list[Check]:
    first = next((one.row.clinical_span for one in page.of(TUMOUR) if one.row is not None), None)
    late = [
        one for card in (LINES, PRRT, SSA) for one in page.of(card) if is_surely_before(one.row.clinical_span, first)
    ]
    return [_soft(one, "clinical_date", "This lies before the diagnosis.") for one in late]


def _lines(page: Page) -> list[Check]:
    return [
        _soft(one, "cycles", "The number of cycles is missing.")
        for one in page.of(LINES)
        if one.row.treatment_class == "chemo" and one.row.cycles is None and one.texts["cycles"] == ""
    ]


def _histology(page: Page, question: str) -> list[Check]:
    found, site = [], site_of(page)
    for one in page.of(HISTOLOGY):
        if one.problems:
            continue
        computed = grade(one, site)
        if said := discordance(computed, one.row.stated_grade, one.row.classification_edition):
            found.append(_soft(one, "stated_grade", said))
        if computed.grade == "NEC" and question and is_about_prrt(question):
            found.append(_soft(one, "differentiation", "A carcinoma, and the question is about PRRT."))
    return found


def in_card(found: list[Check], card: Card, level: str) -> list[Check]:
    return [check for check in found if check.level == level and check.name.startswith(f"{card.key}.")]
