"""What the template of the proforma draws: cards, their rows, and each field with its text."""

from dataclasses import dataclass
from typing import Any

from board.entry.answers import look
from board.entry.build import prefixes
from board.entry.drafts import Entry
from board.entry.fields import ANSWER, ANSWER_FIELD, CARDS, PART_OF, PATIENT, SIX, UNKNOWN, Card, Field
from board.entry.recorded import last_edits
from patients.domain.drugs import CYCLE_DAYS, REGIMENS, contains_alkylator, is_chemotherapy, is_prrt
from patients.domain.roles import Capability
from patients.domain.units import ANALYTES
from patients.suggestions import SUGGESTIONS

BLANK = "__row__"
_TARGETED = {"everolimus", "sunitinib", "cabozantinib"}


@dataclass(frozen=True)
class Shown:
    field: Field
    name: str
    text: str
    edit: str = ""

    @property
    def choices(self):
        """With what is stored though it is not on the list, and with "unknown" where that is an answer."""
        known = [value for value, _ in self.field.choices]
        more = [(UNKNOWN, "unknown")] if self.field.may_be_unknown and UNKNOWN not in known and "U" not in known else []
        held = self.parts if self.field.kind == "many" else [self.text] if self.text else []
        other = [(word, word) for word in held if word not in known and word != UNKNOWN]
        return [*self.field.choices, *other, *more]

    @property
    def parts(self) -> list[str]:
        return [part.strip() for part in self.text.split(",") if part.strip()]


@dataclass(frozen=True)
class Block:
    """The fields of one row: those that are asked for, and the others behind "more"."""

    prefix: str
    fields: list[Shown]
    more: list[Shown]
    is_gone: bool = False
    edit: str = ""

    @property
    def has_more(self) -> bool:
        return any(one.text for one in self.more)


@dataclass(frozen=True)
class Drawn:
    card: Card
    number: int
    blocks: list[Block]
    blank: Block | None
    own: list[Shown]
    state: dict[str, str]
    parts: list["Drawn"]


def page_context(entry: Entry, user) -> dict[str, Any]:
    said, edits = look(entry, user), last_edits(entry.chart)
    cards = [_drawn(entry, card, number, said, edits) for number, card in enumerate(SIX, 1)]
    return {
        "entry": entry,
        "patient": entry.chart.patient,
        "said": said,
        "answer": Shown(ANSWER_FIELD, ANSWER, entry.values.get(ANSWER, "")),
        "head": [_shown(entry, PATIENT.key, field, edits) for field in PATIENT.fields],
        "head_state": said["cards"]["patient"],
        "columns": [cards[:2], cards[2:4], cards[4:]],
        "may_return": bool(entry.draft.submitted_at) and user.may(Capability.PREPARE_MEETING),
        "older_labs": entry.chart.older_labs,
        "regimens": regimens(),
        "analytes": [(found.code, found.label, " ".join(found.units)) for found in ANALYTES.values()],
        "suggestions": SUGGESTIONS | {"ssa_drug": ["lanreotide", "octreotide LAR", "octreotide", "pasireotide"]},
    }


def regimens() -> list[dict[str, str | int]]:
    """Each known regimen with its class, its drugs, the days of its cycle, and whether an alkylator is among them."""
    return [
        {
            "name": name,
            "drugs": ", ".join(drugs),
            "class": _class(name, drugs),
            "days": CYCLE_DAYS.get(name, ""),
            "mark": "alkylator" if contains_alkylator(name, drugs) else "",
        }
        for name, drugs in REGIMENS.items()
    ]


def _class(name: str, drugs: tuple[str, ...]) -> str:
    if is_prrt([name]):
        return "prrt"
    if is_chemotherapy(name, drugs):
        return "chemo"
    if set(drugs) <= _TARGETED:
        return "targeted"
    return "interferon" if "interferon" in name else "ssa"


def _drawn(entry: Entry, card: Card, number: int, said: dict[str, Any], edits: dict[str, str]) -> Drawn:
    if not card.is_many:
        return Drawn(card, number, [_block(entry, card, card.key, edits)], None, [], said["cards"][card.key], [])
    blocks = [_block(entry, card, prefix, edits) for prefix in prefixes(entry.values, card)]
    blank = _block(entry, card, f"{card.key}.{BLANK}", edits)
    own = [_shown(entry, card.key, field, edits) for field in card.own]
    parts = [_drawn(entry, one, number, said, edits) for one in CARDS if PART_OF.get(one.key) is card]
    return Drawn(card, number, blocks, blank, own, said["cards"][card.key], parts)


def _block(entry: Entry, card: Card, prefix: str, edits: dict[str, str]) -> Block:
    shown = [_shown(entry, prefix, field, edits) for field in card.fields]
    is_short = card.key in ("labs", "ssa", "status")
    asked = [one for one in shown if is_short or one.field.need or one.field.is_in_front]
    return Block(
        prefix,
        asked,
        [one for one in shown if one not in asked],
        entry.values.get(f"{prefix}.gone") == "yes",
        edits.get(prefix, ""),
    )


def _shown(entry: Entry, prefix: str, field: Field, edits: dict[str, str]) -> Shown:
    name = f"{prefix}.{field.name}"
    return Shown(field, name, entry.values.get(name, ""), edits.get(name) or edits.get(prefix, ""))
