"""Facts of a case from a file (JSON or TOML) instead of a chart: for asking a rule set without a database.

The notation is that of the test cases inside guideline files. Nothing is guessed: a fact that the file does not name is
missing, and one without a date is undated, so a rule with a maximum age leaves it unknown.
"""

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from eligibility.domain.facts import REASONS, Choice, Fact, FactKind
from eligibility.domain.vocabulary import FACTS, LASTING_WORDS, FactSpec
from eligibility.embedded_tests import read_fact
from patients.domain.ki67 import Interval

FORMAT = "prrt-facts/1"
TOP_KEYS = {"format", "as_of", "facts"}
LESION_KEYS = {"label", "site", "relation", "size_mm", "visceral", "target", "reason"}
LARGEST_BYTES = 1_000_000
LARGEST_NUMBER, MOST_DIGITS = 1_000_000_000, 20
# Facts of the person rather than of a day.
TIMELESS = frozenset({"age_years", "sex"})
# Counted from an event to the day the facts are of: on another day they are other numbers.
SCAN_AGE, SCAN = "sstr_scan_age_days", "sstr_relation_to_liver"

CODES = {
    "facts_unreadable": "The file cannot be read as JSON or TOML",
    "facts_format": "The file is not in the format of facts",
    "fact_unknown": "No rule knows this fact",
    "fact_invalid": "The value of a fact cannot be used",
}


@dataclass(frozen=True)
class Problem:
    """``where`` is the way to the place in the file, e.g. "facts.platelets.unit"."""

    code: str
    where: str
    sentence: str

    def __str__(self) -> str:
        return f"[{self.code}] {self.where}: {self.sentence}" if self.where else f"[{self.code}] {self.sentence}"


class FactsRefused(Exception):
    """A facts file that must not be used: every problem at once, so that one correction round is enough."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class FactsFile:
    as_of: dt.date | None
    facts: Mapping[str, Fact]
    sha256: str


def read_facts(data: bytes, *, is_toml: bool, as_of: dt.date | None = None) -> FactsFile:
    """``as_of`` stands for the file's own day where given. Raises FactsRefused."""
    document = _document(data, is_toml=is_toml)
    problems = _check_top(document)
    day = as_of or _day(document.get("as_of"), "as_of", problems)
    facts = document.get("facts")
    found: dict[str, Fact] = {}
    for name, given in facts.items() if isinstance(facts, dict) else ():
        if fact := _one(name, given, day or dt.date.max, problems):
            found[name] = fact
    problems += _counted_otherwise(found, _day(document.get("as_of"), "as_of", []), day)
    if problems:
        raise FactsRefused(problems)
    return FactsFile(day, found, hashlib.sha256(data).hexdigest())


def _document(data: bytes, *, is_toml: bool) -> dict[str, Any]:
    if len(data) > LARGEST_BYTES:
        raise FactsRefused([Problem("facts_unreadable", "", f"larger than {LARGEST_BYTES} bytes.")])
    try:
        text = data.decode("utf-8-sig")
        if is_toml:
            return tomllib.loads(text, parse_float=Decimal)
        found = json.loads(
            text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise FactsRefused([Problem("facts_unreadable", "", f"{CODES['facts_unreadable']}: {error}.")]) from error
    if not isinstance(found, dict):
        raise FactsRefused([Problem("facts_format", "", "The file holds no object with “format” and “facts”.")])
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"“{doubled}” stands twice")
    return dict(pairs)


def _check_top(document: dict[str, Any]) -> list[Problem]:
    problems = [
        Problem("facts_format", key, f"unknown key; known are {', '.join(sorted(TOP_KEYS))}.")
        for key in document
        if key not in TOP_KEYS
    ]
    if document.get("format") != FORMAT:
        problems.append(Problem("facts_format", "format", f"must be “{FORMAT}”."))
    if not isinstance(document.get("facts"), dict):
        problems.append(Problem("facts_format", "facts", "must be an object of facts by name."))
    return problems


def _day(given: Any, where: str, problems: list[Problem]) -> dt.date | None:
    if given is None or type(given) is dt.date:
        return given
    try:
        return dt.date.fromisoformat(given)
    except (TypeError, ValueError):
        problems.append(Problem("fact_invalid", where, f"“{given}” is not a date such as 2026-04-20."))
        return None


def _one(name: str, given: Any, as_of: dt.date, problems: list[Problem]) -> Fact | None:
    where = f"facts.{name}"
    if name not in FACTS:
        problems.append(Problem("fact_unknown", where, "no rule knows a fact of this name."))
        return None
    table: Any = {"is": given} if isinstance(given, str | list) else given
    if not isinstance(table, dict):
        problems.append(Problem("fact_invalid", where, "must be a word, a list of words or an object."))
        return None
    before = len(problems)
    on = _day(table.get("date"), f"{where}.date", problems)
    _check(FACTS[name], table, where, problems)
    if len(problems) > before:
        return None
    try:
        fact = read_fact(name, {**table, "date": on or as_of}, as_of)
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        problems.append(Problem("fact_invalid", where, f"{_words(error)}."))
        return None
    return replace(fact, clinical_date=on, is_timeless=_is_timeless(name, fact))


def _counted_otherwise(facts: Mapping[str, Fact], of_file: dt.date | None, day: dt.date | None) -> Iterator[Problem]:
    """Days counted to another day than the one that is asked about, and days that contradict a date beside them."""
    if day is None:
        return
    for name, fact in facts.items():
        if not is_counted(name) or not isinstance(fact.value, Interval):
            continue
        event = fact.clinical_date or (facts[SCAN].clinical_date if name == SCAN_AGE and SCAN in facts else None)
        if event is not None and not _holds(fact.value, Decimal((day - event).days)):
            text = f"contradicts {event}, which is {(day - event).days} days before {day}."
            yield Problem("fact_invalid", f"facts.{name}", text)
        elif event is None and of_file not in (None, day):
            text = f"is counted to {of_file}, not to {day}: give the “date” of the event and the days up to {day}."
            yield Problem("fact_invalid", f"facts.{name}", text)


def is_counted(name: str) -> bool:
    return name.startswith("days_since_") or name.endswith("_age_days")


def _holds(days: Interval, number: Decimal) -> bool:
    return (days.low is None or days.low <= number) and (days.high is None or number <= days.high)


def _words(error: Exception) -> str:
    return f"“{error.args[0]}” is missing" if isinstance(error, KeyError) else str(error)


def _is_timeless(name: str, fact: Fact) -> bool:
    return name in TIMELESS or (isinstance(fact.value, frozenset) and fact.value <= LASTING_WORDS)


def _check(spec: FactSpec, table: dict[str, Any], where: str, problems: list[Problem]) -> None:
    if "unknown" in table:
        return
    if spec.kind is FactKind.NUMBER:
        _check_number(spec, table, where, problems)
    elif spec.kind is FactKind.CHOICE:
        given = table.get("is")
        if not _is_among([given] if isinstance(given, str) else given, spec.words):
            problems.append(Problem("fact_invalid", where, f"write one of: {', '.join(sorted(spec.words))}."))
    elif spec.kind is FactKind.LESIONS:
        _check_lesions(spec, table, where, problems)


def _check_number(spec: FactSpec, table: dict[str, Any], where: str, problems: list[Problem]) -> None:
    given = {key: table[key] for key in ("value", "low", "high") if key in table}
    if not given or ("value" in given and len(given) > 1):
        problems.append(Problem("fact_invalid", where, "write “value”, or “low” and “high” of an interval."))
    for key, number in given.items():
        if isinstance(number, bool) or not isinstance(number, int | Decimal):
            problems.append(Problem("fact_invalid", f"{where}.{key}", f"“{number}” is not a number."))
        elif not 0 <= number <= LARGEST_NUMBER or _digits(number) > MOST_DIGITS:
            problems.append(Problem("fact_invalid", f"{where}.{key}", f"must lie between 0 and {LARGEST_NUMBER}."))
    if "unit" not in table or table["unit"] not in spec.units:
        named = " or ".join(f"“{unit}”" for unit in spec.units)
        problems.append(Problem("fact_invalid", f"{where}.unit", f"must be {named}."))
    ends = [given.get("low"), given.get("high")]
    if all(isinstance(end, int | Decimal) for end in ends) and ends[0] > ends[1]:  # type: ignore[operator]
        problems.append(Problem("fact_invalid", where, "“low” is above “high”."))


def _digits(number: int | Decimal) -> int:
    """Digits of the number written out; "1e-9999" is short in the file and long on a page."""
    _, digits, exponent = Decimal(number).as_tuple()
    return max(len(digits), abs(int(exponent)))


def _check_lesions(spec: FactSpec, table: dict[str, Any], where: str, problems: list[Problem]) -> None:
    lesions = table.get("lesions")
    if not isinstance(lesions, list) or not lesions:
        problems.append(Problem("fact_invalid", f"{where}.lesions", "must be a list with one lesion or more."))
        return
    for number, lesion in enumerate(lesions):
        at = f"{where}.lesions[{number}]"
        if isinstance(lesion, dict):
            found = _lesion_problems(spec, lesion)
            problems += [Problem("fact_invalid", f"{at}.{key}" if key else at, text) for key, text in found]
        else:
            problems.append(Problem("fact_invalid", at, "must be an object."))


def _lesion_problems(spec: FactSpec, lesion: dict[str, Any]) -> list[tuple[str, str]]:
    """Key and sentence of what is wrong with one lesion."""
    found = [(key, "must be text.") for key in ("label", "site") if not isinstance(lesion.get(key), str)]
    found += [
        (key, "must be true or false.") for key in ("visceral", "target") if type(lesion.get(key, True)) is not bool
    ]
    if "relation" in lesion and not _is_among(lesion["relation"], spec.words):
        found.append(("relation", f"must be a list of: {', '.join(sorted(spec.words))}."))
    if "size_mm" in lesion and not _is_size(lesion["size_mm"]):
        found.append(("size_mm", "must be a number of millimetres above zero."))
    if lesion.get("reason", "missing") not in REASONS:
        found.append(("reason", f"must be one of: {', '.join(sorted(REASONS))}."))
    if stray := set(lesion) - LESION_KEYS:
        found.append(("", f"unknown key “{sorted(stray)[0]}”."))
    return found


def _is_among(given: Any, words: Choice) -> bool:
    return isinstance(given, list) and bool(given) and all(isinstance(word, str) and word in words for word in given)


def _is_size(given: Any) -> bool:
    return (
        isinstance(given, int | Decimal)
        and not isinstance(given, bool)
        and 0 < given <= 1000
        and _digits(given) <= MOST_DIGITS
    )
