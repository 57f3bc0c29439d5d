"""From the text of a guideline file to a ``Guideline``, or an error with file and line."""

import datetime as dt
import hashlib
import re
import tomllib
from decimal import Decimal
from typing import Any

from eligibility.domain.criteria import Comparator, Compound, Condition, Test
from eligibility.domain.facts import FactKind
from eligibility.domain.guideline import Criterion, Guideline, GuidelineKind, Level
from eligibility.domain.lesions import Quantifier
from eligibility.domain.vocabulary import FACTS

EVIDENCE = re.compile(r"(R\[S\d+(,S\d+)*\]|MH|MM|ML|C|D)")
GUIDELINE_KEYS = {"id", "version", "title", "kind", "jurisdiction", "citation"}
GUIDELINE_OPTIONAL = {"text", "product_label", "valid_from", "valid_to", "criterion", "test"}
CRITERION_KEYS = {"id", "level", "title", "text", "citation", "evidence"}
CONDITION_KEYS = {"fact", "comparator", "threshold", "unit", "max_age_days", "quantifier"}
TEXTS = {
    *("id", "title", "kind", "jurisdiction", "text", "level", "citation", "evidence"),
    *("fact", "comparator", "unit", "quantifier", "name", "verdict", "based_on"),
}
TABLES = {"facts", "rows"}
FLAGS = {"active", "verify_before_release", "exclusion", "modifiable", "indication"}
CRITERION_OPTIONAL = CONDITION_KEYS | {"any", "all"} | FLAGS


class GuidelineError(Exception):
    """A guideline file that must not be used. ``str()`` is "file:line: sentence"."""

    def __init__(self, name: str, line: int, message: str) -> None:
        super().__init__(f"{name}:{line}: {message}")


class Block:
    """One table of the file, with the line of each of its keys for error messages."""

    def __init__(self, name: str, values: dict[str, Any], lines: list[str], start: int, end: int) -> None:
        self.name, self.values, self._lines, self._start, self._end = name, values, lines, start, end

    def refuse(self, message: str, key: str = "") -> GuidelineError:
        return GuidelineError(self.name, self.line_of(key), message)

    def line_of(self, key: str) -> int:
        pattern = re.compile(rf'\s*"?{re.escape(key)}"?\s*=')
        found = (n for n in range(self._start, self._end) if key and pattern.match(self._lines[n]))
        return next(found, self._start) + 1

    def check_keys(self, required: set[str], optional: set[str]) -> None:
        for key in self.values:
            if key not in required | optional:
                raise self.refuse(f"unknown key “{key}”", key)
        for key in sorted(required):
            if not self.values.get(key):
                raise self.refuse(f"“{key}” is missing or empty")
        self.check_texts(self.values)

    def check_texts(self, values: dict[str, Any]) -> None:
        for key, value in values.items():
            if key in TEXTS and not isinstance(value, str):
                raise self.refuse(f"“{key}” is a text in quotes", key)
            if key in TABLES and not isinstance(value, dict):
                raise self.refuse(f"“{key}” is a table", key)


def parse(name: str, data: bytes) -> tuple[Guideline, list[Block]]:
    """The rule set in ``data`` and its ``[[test]]`` blocks. Raises GuidelineError."""
    document, lines = _document(name, data)
    head = Block(name, document, lines, 0, _first_table(lines))
    head.check_keys(GUIDELINE_KEYS, GUIDELINE_OPTIONAL)
    criteria = tuple(_criterion(b) for b in _blocks(name, document, lines, "criterion"))
    guideline = Guideline(
        id=document["id"],
        version=str(document["version"]),
        title=document["title"],
        kind=_one_of(head, "kind", GuidelineKind),
        jurisdiction=document["jurisdiction"],
        citation=document["citation"],
        text=document.get("text", ""),
        is_product_label=_flag(head, "product_label", default=False),
        valid_from=_date(head, "valid_from"),
        valid_to=_date(head, "valid_to"),
        criteria=criteria,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    _check_set(head, guideline)
    return guideline, _blocks(name, document, lines, "test")


def _document(name: str, data: bytes) -> tuple[dict[str, Any], list[str]]:
    try:
        text = data.decode()
        return tomllib.loads(text, parse_float=Decimal), text.splitlines()
    except UnicodeDecodeError as error:
        raise GuidelineError(name, data[: error.start].count(b"\n") + 1, "not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        at = int(line[1]) if line else data.count(b"\n") + 1
        raise GuidelineError(name, at, f"not valid TOML: {error}") from error


def _first_table(lines: list[str]) -> int:
    return next((n for n, line in enumerate(lines) if line.startswith("[")), len(lines))


def _blocks(name: str, document: dict[str, Any], lines: list[str], kind: str) -> list[Block]:
    heads = [n for n, line in enumerate(lines) if line.startswith("[[")]
    starts = [n for n in heads if lines[n].startswith(f"[[{kind}]]")]
    values = document.get(kind, [])
    if not isinstance(values, list) or len(values) != len(starts):
        raise GuidelineError(name, 1, f"write every {kind} as a [[{kind}]] table at the start of a line")
    ends = [next((h for h in heads if h > start), len(lines)) for start in starts]
    return [Block(name, v, lines, s, e) for v, s, e in zip(values, starts, ends, strict=True)]


def _criterion(block: Block) -> Criterion:
    block.check_keys(CRITERION_KEYS, CRITERION_OPTIONAL)
    values = block.values
    level = _one_of(block, "level", Level)
    criterion = Criterion(
        id=values["id"],
        level=level,
        title=values["title"],
        text=values["text"],
        citation=values["citation"],
        evidence=values["evidence"],
        test=_top_test(block, level),
        is_active=_flag(block, "active", default=True),
        verify_before_release=_flag(block, "verify_before_release", default=False),
        is_exclusion=_flag(block, "exclusion", default=False),
        is_modifiable=_flag(block, "modifiable", default=False),
        is_indication=_flag(block, "indication", default=False),
    )
    _check_evidence(block, criterion)
    _check_flags(block, criterion)
    return criterion


def _top_test(block: Block, level: Level) -> Test | None:
    has_test = bool({"fact", "any", "all"} & set(block.values))
    if has_test == (level is Level.INFO):
        raise block.refuse("an INFO row has no fact; every other row has one (or any / all)")
    if not has_test:
        return None
    only = {k: v for k, v in block.values.items() if k in CONDITION_KEYS | {"any", "all"}}
    return _test(block, only, level)


def _test(block: Block, values: Any, level: Level) -> Test:
    if not isinstance(values, dict):
        raise block.refuse("every part of a compound is a table such as {fact = ...}")
    block.check_texts(values)
    joined = [word for word in ("any", "all") if word in values]
    if not joined:
        return _condition(block, values, level)
    if len(values) != 1 or not isinstance(values[joined[0]], list) or len(values[joined[0]]) < 2:
        raise block.refuse("a compound is either any = [...] or all = [...] with two parts or more", joined[0])
    parts = tuple(_test(block, part, level) for part in values[joined[0]])
    return Compound(is_any=joined[0] == "any", parts=parts)


def _condition(block: Block, values: dict[str, Any], level: Level) -> Condition:
    if unknown := set(values) - CONDITION_KEYS:
        raise block.refuse(f"unknown key “{sorted(unknown)[0]}” in a condition")
    name = values.get("fact", "")
    if name not in FACTS:
        raise block.refuse(f"“{name}” is not a known fact", "fact")
    kind = FACTS[name].kind
    comparator = _comparator(block, values, kind)
    max_age = values.get("max_age_days")
    if max_age is not None and (type(max_age) is not int or max_age <= 0):
        raise block.refuse("max_age_days is a whole number of days above zero", "max_age_days")
    condition = Condition(fact=name, comparator=comparator, unit=values.get("unit", ""), max_age_days=max_age)
    fields = dict(vars(condition))
    fields |= _threshold(block, values, condition)
    return Condition(**{**fields, "quantifier": _quantifier(block, values, kind, level)})


def _comparator(block: Block, values: dict[str, Any], kind: FactKind) -> Comparator:
    allowed = {
        FactKind.NUMBER: {"<", "<=", ">=", ">", "known"},
        FactKind.CHOICE: {"in", "known"},
        FactKind.LESIONS: {"in"},
    }[kind]
    given = values.get("comparator")
    if given not in allowed:
        raise block.refuse(
            f"comparator “{given}” is not one of {', '.join(sorted(allowed))} for this fact", "comparator"
        )
    return Comparator(given)


def _threshold(block: Block, values: dict[str, Any], condition: Condition) -> dict[str, Any]:
    given, spec = values.get("threshold"), FACTS[condition.fact]
    if condition.comparator is Comparator.KNOWN:
        if given is not None:
            raise block.refuse("“known” has no threshold", "threshold")
        return {}
    if condition.comparator is Comparator.IN:
        if not isinstance(given, list) or not given or not spec.words.issuperset(map(str, given)):
            raise block.refuse(f"threshold is a list of: {', '.join(sorted(spec.words))}", "threshold")
        return {"among": frozenset(given)}
    if type(given) not in (int, Decimal) or not Decimal(given).is_finite():
        raise block.refuse("threshold is a number", "threshold")
    if condition.unit not in spec.units:
        raise block.refuse(f"unit “{condition.unit}” is not one of {', '.join(spec.units)}", "unit")
    return {"threshold": Decimal(given)}


def _quantifier(block: Block, values: dict[str, Any], kind: FactKind, level: Level) -> Quantifier | None:
    given = values.get("quantifier")
    if kind is not FactKind.LESIONS:
        if given is not None:
            raise block.refuse("quantifier is only for facts about lesions", "quantifier")
        return None
    says_must = level is Level.REQUIRED and not block.values.get("exclusion")
    if given is None and says_must:
        return Quantifier.ALL_TARGET_AND_VISCERAL
    if given not in set(Quantifier) or Quantifier(given).is_any == says_must:
        words = "an all_* quantifier" if says_must else "an any_* quantifier"
        raise block.refuse(
            f"a {level} row about lesions that says what must{'' if says_must else ' not'} be needs {words}",
            "quantifier",
        )
    return Quantifier(given)


def _check_evidence(block: Block, criterion: Criterion) -> None:
    tag = EVIDENCE.match(criterion.evidence)
    if tag is None:
        raise block.refuse("evidence starts with R[S..], MH, MM, ML, C or D", "evidence")
    if tag[0] in ("MM", "ML") and criterion.is_active and criterion.level is not Level.INFO:
        raise block.refuse("a row from memory of medium or low confidence is shipped inactive", "active")
    if tag[0] in ("MH", "MM", "ML") and not criterion.verify_before_release:
        raise block.refuse("a row from memory needs verify_before_release = true", "evidence")


def _check_flags(block: Block, criterion: Criterion) -> None:
    if criterion.is_indication and criterion.level not in (Level.REQUIRED, Level.CAUTION):
        raise block.refuse("only a REQUIRED or CAUTION row says what the label covers", "indication")
    if criterion.level is Level.REQUIRED:
        return
    if criterion.is_exclusion:
        raise block.refuse(
            "only a REQUIRED row is written as an exclusion; other levels say what must not be", "exclusion"
        )
    if criterion.is_modifiable:
        raise block.refuse("only a REQUIRED row may be modifiable: contraindications are never varied", "modifiable")


def _check_set(head: Block, guideline: Guideline) -> None:
    ids = [c.id for c in guideline.criteria]
    if doubled := next((i for i in ids if ids.count(i) > 1), None):
        raise head.refuse(f"two criteria are called “{doubled}”")
    if not any(c.is_active and c.level is Level.REQUIRED for c in guideline.criteria):
        raise head.refuse("a rule set needs at least one active REQUIRED row")
    if not guideline.is_product_label and any(c.is_indication for c in guideline.criteria):
        raise head.refuse("indication rows belong to a product label: set product_label = true")
    is_gate = guideline.kind is GuidelineKind.GATE
    if is_gate and any(c.level in (Level.ABS_CI, Level.REL_CI) for c in guideline.criteria):
        raise head.refuse("a gate has no contraindications: it says met, not met or unknown", "kind")


def _one_of(block: Block, key: str, enum: type) -> Any:
    try:
        return enum(block.values[key])
    except ValueError:
        raise block.refuse(f"{key} is one of {', '.join(enum)}", key) from None


def _flag(block: Block, key: str, *, default: bool) -> bool:
    given = block.values.get(key, default)
    if not isinstance(given, bool):
        raise block.refuse(f"{key} is true or false", key)
    return given


def _date(block: Block, key: str) -> dt.date | None:
    given = block.values.get(key)
    if given is not None and type(given) is not dt.date:
        raise block.refuse(f"{key} is a date such as 2024-05-02", key)
    return given
