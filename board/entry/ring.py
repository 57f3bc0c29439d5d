"""How much of the core is answered. "Unknown" is an answer; empty is a task."""

from dataclasses import dataclass

from board.entry.build import Page
from board.entry.codec import ONGOING
from board.entry.fields import CARDS, FOR_WOMEN, HISTOLOGY, LABS, LINES, PRRT, STATUS, Card, Field

# What the board asks of the laboratory, and the analytes that answer it.
CORE_LABS = (
    ("haemoglobin", {"hb"}),
    ("leucocytes", {"wbc"}),
    ("platelets", {"platelets"}),
    ("creatinine or eGFR", {"creatinine", "egfr_reported", "crcl_measured"}),
    ("bilirubin", {"bilirubin_total"}),
    ("albumin", {"albumin"}),
)


@dataclass(frozen=True)
class Missing:
    """``name``: the field to go to; of a card without rows its button."""

    name: str
    label: str
    is_red: bool = False


@dataclass(frozen=True)
class Ring:
    total: int
    missing: tuple[Missing, ...]

    @property
    def known(self) -> int:
        return self.total - len(self.missing)

    @property
    def percent(self) -> int:
        return 100 * self.known // self.total

    @property
    def red(self) -> list[Missing]:
        return [one for one in self.missing if one.is_red]

    def of(self, card: Card) -> list[Missing]:
        return [one for one in self.missing if one.name.partition(".")[0] == card.key]


def ring(page: Page, values: dict[str, str]) -> Ring:
    asked = [item for card in CARDS for item in _asked(card, page, values)]
    return Ring(len(asked), tuple(missing for missing, is_known in asked if not is_known))


def _asked(card: Card, page: Page, values: dict[str, str]) -> list[tuple[Missing, bool]]:
    if card is LABS:
        return _labs(page)
    if not card.is_many:
        return [_item(card.key, field, values) for field in card.fields if _is_asked(card, field, values)]
    rows = page.of(card)
    if not rows:
        return _without_rows(card, page, values)
    return [_item(one.prefix, field, values) for one in rows for field in card.fields if _is_asked_of(card, field, one)]


def _is_asked(card: Card, field: Field, values: dict[str, str]) -> bool:
    is_male = values.get("patient.sex_for_formulas") == "M"
    return bool(field.need) and not (is_male and card is STATUS and f"status.{field.name}" in FOR_WOMEN)


def _is_asked_of(card: Card, field: Field, one) -> bool:
    if card is LINES and field.name == "cycles":
        return one.texts["treatment_class"] == "chemo"
    if card is LINES and field.name == "best_response":
        return one.texts["stop_date"] not in ("", ONGOING)
    return bool(field.need)


def _without_rows(card: Card, page: Page, values: dict[str, str]) -> list[tuple[Missing, bool]]:
    """No rows is an answer once somebody has said that there are none, or that nobody knows."""
    if card is HISTOLOGY:
        return [(Missing("histology.add", "A specimen with Ki-67 and differentiation"), False)]
    own = card.own[0]
    said = values.get(f"{card.key}.{own.name}", "")
    if card is PRRT and not said and any(one.texts["treatment_class"] == "prrt" for one in page.of(LINES)):
        said = "asserted"
    if said == "asserted":
        return [(Missing(f"{card.key}.add", card.title), False)]
    return [(Missing(f"{card.key}.{own.name}", own.label), bool(said))]


def _labs(page: Page) -> list[tuple[Missing, bool]]:
    measured = {one.texts["analyte"] for one in page.of(LABS) if one.texts["value"]}
    return [
        (Missing("labs.add", label[0].upper() + label[1:]), bool(analytes & measured)) for label, analytes in CORE_LABS
    ]


def _item(prefix: str, field: Field, values: dict[str, str]) -> tuple[Missing, bool]:
    name = f"{prefix}.{field.name}"
    return Missing(name, field.label, field.need == "red"), bool(values.get(name, ""))
