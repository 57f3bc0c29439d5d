"""The rows that the texts of the page stand for, each checked by the model it will be stored as. Nothing is written."""

import copy
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from board.entry.codec import columns_of
from board.entry.drafts import Entry
from board.entry.fields import HISTOLOGY, LABS, LINES, PATIENT, PRRT, SSA, TUMOUR, Card
from patients.models import Patient
from patients.selectors import born_after_rows

NEEDED = "Needed before this can be stored."
_EMPTY_CODES = {"null", "blank", "required"}
# Of the case, and judged together with what is asked.
NOT_ON_THE_PAGE = ("vital_status", "deceased_on", "deceased_on_precision")
_NOT_ASKED = {"id", "patient", "recorded_by", "recorded_at", "lineage", "superseded_at"}


@dataclass
class Built:
    """One row of the page. ``stored``: the row it changes; ``changed``: fields that differ from it."""

    prefix: str
    card: Card
    texts: dict[str, str]
    stored: Any = None
    changed: tuple[str, ...] = ()
    is_gone: bool = False
    row: Any = None
    columns: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        return self.stored is None and not self.is_gone

    @property
    def changes(self) -> dict[str, Any]:
        """Columns of the fields that were changed."""
        return columns_of(self.card, {name: self.texts[name] for name in self.changed})[0]


@dataclass
class Page:
    patient: Patient
    case: Built
    rows: list[Built]

    def of(self, card: Card) -> list[Built]:
        """Rows of a card that stay, in the order of the page."""
        return [one for one in self.rows if one.card is card and not one.is_gone]

    @property
    def all(self) -> list[Built]:
        return [self.case, *self.rows]


def build(entry: Entry) -> Page:
    case = _case(entry)
    found = [_single(entry, TUMOUR)]
    for card in (HISTOLOGY, LINES, PRRT, SSA, LABS):
        found += [_one(entry, card, prefix) for prefix in prefixes(entry.values, card)]
    kept = [one for one in found if one.stored is not None or (not one.is_gone and any(one.texts.values()))]
    for one in kept:
        if not one.is_gone:
            _check(one, case.row)
    return Page(case.row, case, kept)


def prefixes(values: dict[str, str], card: Card) -> list[str]:
    """Names of the rows of a card, in the order in which they came."""
    found = (name.rpartition(".")[0] for name in values if name.startswith(f"{card.key}."))
    return [prefix for prefix in dict.fromkeys(found) if "." in prefix]


def _case(entry: Entry) -> Built:
    one = _single(entry, PATIENT)
    texts = {name: text for name, text in one.texts.items() if name != "question"}
    one.columns, one.problems = columns_of(PATIENT, texts)
    one.columns.pop("question", None)
    stored = entry.chart.patient
    values = {name: value for name, value in one.columns.items() if value not in ("", None) or name == "centre"}
    not_asked = {"pk": stored.pk} | {name: getattr(stored, name) for name in NOT_ON_THE_PAGE} if stored else {}
    one.row = Patient(**not_asked, **values)
    _full_clean(one, exclude={"question"})
    if stored and {"birth_date", "note"} & set(one.changed) and (said := born_after_rows(one.row)):
        one.problems.setdefault("birth_date", said)
    return one


def _single(entry: Entry, card: Card) -> Built:
    return _one(entry, card, card.key)


def _one(entry: Entry, card: Card, prefix: str) -> Built:
    values, chart = entry.values, entry.chart
    texts = {one.name: values.get(f"{prefix}.{one.name}", "") for one in card.fields}
    changed = tuple(name for name, text in texts.items() if text != chart.values.get(f"{prefix}.{name}", ""))
    return Built(prefix, card, texts, chart.stored.get(prefix), changed, values.get(f"{prefix}.gone") == "yes")


def _check(one: Built, patient: Patient) -> None:
    """What the model says of the row; a stored row that nobody touched is not judged again."""
    one.columns, one.problems = columns_of(one.card, one.texts)
    one.row = _row(one)
    one.row.patient = patient
    if one.changed or one.stored is None:
        _full_clean(one)


def _row(one: Built) -> Any:
    """As it would be stored: of a stored row only what was changed on the page is another."""
    if one.stored is None:
        return one.card.model(**one.columns)
    row = copy.copy(one.stored)
    for name in one.changes:
        setattr(row, name, one.columns[name])
    return row


def _full_clean(one: Built, exclude: set[str] | None = None) -> None:
    try:
        one.row.full_clean(exclude=_NOT_ASKED | (exclude or set()), validate_unique=False, validate_constraints=False)
    except ValidationError as refused:
        for column, errors in refused.error_dict.items():
            one.problems.setdefault(field_for(one.card, column), sentence(errors[0]))


def field_for(card: Card, column: str) -> str:
    """The field whose sentence it is: its own, or the one that a precision or a flag belongs to."""
    names = {one.stored_in: one.name for one in card.fields}
    if column == "is_ongoing":
        return "stop_date"
    if column in NOT_ON_THE_PAGE:
        return "birth_date"
    return names.get(column) or names.get(column.removesuffix("_precision")) or card.fields[0].name


def sentence(error: ValidationError) -> str:
    if error.code in _EMPTY_CODES:
        return NEEDED
    return " ".join(error.messages)
