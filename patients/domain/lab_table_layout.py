"""Where name, value, unit, limits and day stand in a pasted block."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from patients.domain.lab_table_numbers import Day, day_of, limits_of, number_of
from patients.domain.lab_table_words import analyte_of, looks_like_unit, unit_of

Limits = tuple[Decimal | None, Decimal | None]
_HEADS = {
    "name": {"test", "analyte", "parameter", "analyse", "name", "untersuchung", "investigation", "component"},
    "value": {"value", "result", "wert", "ergebnis", "messwert", "resultat"},
    "unit": {"unit", "units", "einheit", "einh.", "dim."},
    "limits": {"range", "normal", "reference", "ref", "ref.", "referenz", "referenzbereich", "norm", "normbereich",
               "reference range", "ref range", "limits"},
    "day": {"date", "datum", "day", "collected", "entnahme", "abnahme", "entnahmedatum"},
}  # fmt: skip
_KIND = {word: kind for kind, words in _HEADS.items() for word in words}
_ON_NAME = re.compile(r"^(?P<name>.+?)\s*[\[(](?P<unit>[^\[\]()]*)[\])]\s*$")
_BEHIND = re.compile(
    r"^(?P<value>(?:[<>≤≥]\s*=?\s*)?\d[\d.,' ]*(?:\s*(?:HH|LL|H|L|\*|\+|↑|↓))?)\s+(?P<unit>\S.*)$", re.IGNORECASE
)
_BLANKS = re.compile(
    r"^(?P<name>[^\d<>≤≥]*[^\s\d<>≤≥:](?:\s*5-?HI[AE][AS])?|5-?HI[AE][AS].*?)\s*[:=]?\s+"
    r"(?P<value>(?:[<>≤≥]\s*=?\s*)?\d[\d.,']*)(?:\s+(?P<rest>.*))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """One value as it stands in the text."""

    name: str
    value: str
    unit: str
    limits: Limits | None
    day: Day | None
    source: str


def read(text: str, decimals: str) -> tuple[list[Found], list[str]]:
    """Every value, and the lines that hold something nobody could read."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    mark = _mark(lines)
    table = [_cells(line, mark) for line in lines]
    if head := _across(table):
        return _transposed(table, head, decimals)
    return _downwards(lines, table, decimals)


def _mark(lines: Sequence[str]) -> str:
    for mark in ("\t", ";", "|"):
        if sum(mark in line for line in lines) * 2 >= len(lines):
            return mark
    if all(re.search(r"\S\s{2,}\S", line) for line in lines):
        return "  "
    # A comma parts columns only where every line has as many, and more than a decimal comma would bring.
    commas = {line.count(",") for line in lines}
    return "," if len(commas) == 1 and commas != {0} and len(lines) > 1 and not _only_decimal(lines) else "  "


def _only_decimal(lines: Sequence[str]) -> bool:
    return all(re.search(r"\d,\d", line) and not re.search(r",\s*\D|\D,", line) for line in lines)


def _cells(line: str, mark: str) -> list[str]:
    parts = re.split(r"\s{2,}", line.strip()) if mark == "  " else line.split(mark)
    cells = [part.strip().strip('"').strip() for part in parts]
    return cells[1:-1] if mark == "|" and len(cells) > 2 and not cells[0] and not cells[-1] else cells


def _across(table: Sequence[list[str]]) -> dict[int, tuple[str, str]]:
    """Columns that are analytes: the table has a day in each row. By index: name and unit."""
    for cells in table[:2]:
        named = {i: _name_and_unit(cell) for i, cell in enumerate(cells)}
        known = {i: pair for i, pair in named.items() if analyte_of(pair[0])}
        if len(known) >= 2:
            return known
    return {}


def _transposed(
    table: Sequence[list[str]], head: dict[int, tuple[str, str]], decimals: str
) -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    unread: list[str] = []
    units_below: dict[int, str] = {}
    for cells in table:
        if sum(bool(analyte_of(_name_and_unit(cell)[0])) for cell in cells) >= 2:
            continue
        day = next((d for cell in cells if (d := day_of(cell))), None)
        here = {i: cells[i] for i in head if i < len(cells) and cells[i]}
        if not day and here and all(looks_like_unit(cell) for cell in here.values()):
            units_below = here
            continue
        taken = [
            Found(head[i][0], cell, head[i][1] or units_below.get(i, ""), None, day, "  ".join(cells))
            for i, cell in here.items()
            if number_of(cell, decimals)
        ]
        found += taken
        unread += [] if taken else ["  ".join(cells)]
    return found, unread


@dataclass
class _State:
    """What the lines before have said: names of columns, days above them, and a day that stood alone."""

    decimals: str
    kinds: dict[int, str] = field(default_factory=dict)
    days: dict[int, Day] = field(default_factory=dict)
    current: Day | None = None


def _downwards(lines: Sequence[str], table: Sequence[list[str]], decimals: str) -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    unread: list[str] = []
    state = _State(decimals)
    for line, cells in zip(lines, table, strict=True):
        if head := _head(cells):
            state.kinds, state.days = head
            continue
        if alone := _day_alone(line, cells):
            state.current = alone
            continue
        taken = _of_line(cells, line, state) or _of_blanks(line, state)
        found += taken
        unread += [] if taken else [line.strip()]
    return found, unread


def _head(cells: Sequence[str]) -> tuple[dict[int, str], dict[int, Day]] | None:
    """A line that names columns, or has a day above each of them."""
    days = {i: day for i, cell in enumerate(cells) if (day := day_of(cell))}
    kinds = {i: kind for i, cell in enumerate(cells) if (kind := _KIND.get(cell.lower().rstrip(":")))}
    is_days = bool(days) and not analyte_of(_name_and_unit(cells[0])[0]) and len(cells) > 1 and (
        len(days) > 1 or "name" in kinds.values() or "unit" in kinds.values() or not cells[0]
    )  # fmt: skip
    if is_days:
        return kinds, days
    return (kinds, {}) if len(kinds) >= 2 else None


def _day_alone(line: str, cells: Sequence[str]) -> Day | None:
    if day := day_of(line.strip()):
        return day
    word, _, rest = line.strip().replace("\t", " ").partition(" ")
    if _KIND.get(word.lower().rstrip(":")) == "day":
        return day_of(rest.strip())
    is_named = len(cells) == 2 and _KIND.get(cells[0].lower().rstrip(":")) == "day"
    return day_of(cells[1]) if is_named else None


def _of_line(cells: Sequence[str], line: str, state: _State) -> list[Found]:
    kinds, days = state.kinds, state.days
    first = next((i for i, kind in kinds.items() if kind == "name"), 0)
    if len(cells) < 2 or first >= len(cells) or not cells[first]:
        return []
    name, unit = _name_and_unit(cells[first])
    limits: Limits | None = None
    day = state.current
    values: dict[int, str] = {}
    for i, cell in enumerate(cells):
        if i == first or not cell:
            continue
        kind = kinds.get(i, "")
        if i in days or kind == "value" or (not kind and not values and not days and _value(cell, name, state)):
            values[i] = cell
        elif kind == "day" or (not kind and day_of(cell)):
            day = day_of(cell) or day
        elif kind == "limits" or (not kind and values and limits_of(cell, state.decimals)):
            limits = limits_of(cell, state.decimals) or limits
        elif kind == "unit" or unit_of(cell, analyte_of(name)) or looks_like_unit(cell):
            unit = cell
    made = (
        _found(Found(name, cell, unit, limits, days.get(i, day), line.strip()), state) for i, cell in values.items()
    )
    return [found for found in made if found]


def _value(cell: str, name: str, state: _State) -> bool:
    split = _BEHIND.match(cell)
    is_behind = split is not None and (bool(unit_of(split["unit"], analyte_of(name))) or looks_like_unit(split["unit"]))
    return day_of(cell) is None and (number_of(cell, state.decimals) is not None or is_behind)


def _found(one: Found, state: _State) -> Found | None:
    """With the unit that stands in the cell of the value, if it does; None where the cell holds no number."""
    if number_of(one.value, state.decimals) is not None:
        return one
    split = _BEHIND.match(one.value)
    if split is None or number_of(split["value"], state.decimals) is None:
        return None
    return replace(one, value=split["value"], unit=split["unit"])


def _of_blanks(line: str, state: _State) -> list[Found]:
    """ "Hb 12.6 g/dL 12-16 28.04.2026": parted by single blanks."""
    match = _BLANKS.match(line.strip())
    if match is None or number_of(match["value"], state.decimals) is None:
        return []
    name, unit = _name_and_unit(match["name"])
    limits: Limits | None = None
    day = state.current
    words = (match["rest"] or "").split()
    for i, word in enumerate(words):
        pair = f"{word} {words[i + 1]}" if i + 1 < len(words) else word
        if found := day_of(word):
            day = found
        elif not unit and (unit_of(word, analyte_of(name)) or looks_like_unit(word)):
            unit = word
        elif spread := limits_of(word, state.decimals) or limits_of(pair, state.decimals):
            limits = spread
    return [Found(name, match["value"], unit, limits, day, line.strip())]


def _name_and_unit(cell: str) -> tuple[str, str]:
    """ "Hb (g/dL)", "Leukozyten /nl", "Creatinine, mg/dL" are a name with its unit; "ALT (GPT)" is a name."""
    match = _ON_NAME.match(cell)
    if match and (looks_like_unit(match["unit"]) or unit_of(match["unit"], analyte_of(match["name"]))):
        return match["name"].strip(), match["unit"].strip()
    if match and not analyte_of(cell) and _is_same(match["name"], match["unit"]):
        return match["name"].strip(), ""
    head, _, tail = cell.rpartition(" ")
    name = head.rstrip(" ,:")
    if head and analyte_of(name) and (unit_of(tail, analyte_of(name)) or looks_like_unit(tail)):
        return name, tail
    return cell.strip().rstrip(":"), ""


def _is_same(name: str, in_brackets: str) -> bool:
    """ "Leukozyten (WBC)" is one test under two names; "Bilirubin (direct)" is another test than bilirubin."""
    return bool(analyte_of(name)) and analyte_of(name) == analyte_of(in_brackets)
