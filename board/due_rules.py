"""The due rules of this site: the file in PRRT_DUE_RULES, else the packaged proposal. Read once while unchanged."""

import hashlib
import json
import logging
import tomllib
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from board.domain.due import DueRules, DueRulesRefused
from patients.models import TreatmentLine

PACKAGED = Path(__file__).parent / "due_rules.toml"
log = logging.getLogger("prrt.board")
_last_good: dict[Path, DueRules] = {}
_WORDS = ("version", "evidence", "status", "counted_regimen")


def due_rules() -> DueRules:
    """The rules, or those this process last read from the same file where it has been broken since.

    Raises ``DueRulesRefused`` where it was never good: nothing is watched by half a file.
    """
    path = _path()
    try:
        _last_good[path] = read_due_rules()
    except DueRulesRefused as error:
        if path not in _last_good:
            raise
        log.error("due rules as last read are kept: %s", error)
    return _last_good[path]


def due_rules_mark() -> str:
    """Changes with every rule in use."""
    try:
        return _mark(due_rules())
    except DueRulesRefused:
        return "no due rules"


@lru_cache(maxsize=4)
def _mark(rules: DueRules) -> str:
    text = json.dumps(vars(rules), sort_keys=True, default=sorted)
    return hashlib.sha256(text.encode()).hexdigest()


def _path() -> Path:
    return Path(settings.DUE_RULES_FILE) if settings.DUE_RULES_FILE else PACKAGED


def read_due_rules() -> DueRules:
    """As the file stands now. Raises ``DueRulesRefused``, naming file and key."""
    path = _path()
    try:
        return _load(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise DueRulesRefused(f"{path}: {error.strerror}") from error


@lru_cache(maxsize=4)
def _load(path: Path, _mtime_ns: int) -> DueRules:
    try:
        return _rules(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, DueRulesRefused) as error:
        raise DueRulesRefused(f"{path}: {error}") from error


def _rules(found: dict) -> DueRules:
    names = set(DueRules.__dataclass_fields__)
    if missing := sorted(names - found.keys()):
        raise DueRulesRefused(f"{missing[0]} is missing")
    if unknown := sorted(found.keys() - names):
        raise DueRulesRefused(f"{unknown[0]} is not a due rule")
    for name in names - {"systemic_classes"}:
        kind = str if name in _WORDS else int
        if type(found[name]) is not kind:
            raise DueRulesRefused(f"{name} must be {'a text' if kind is str else 'a whole number, 0 or more'}")
    return DueRules(**found | {"systemic_classes": _classes(found["systemic_classes"])})


def _classes(found) -> frozenset[str]:
    known = set(TreatmentLine.TreatmentClass.values)
    if not isinstance(found, list) or not found or not known.issuperset(map(str, found)):
        raise DueRulesRefused(f"systemic_classes must be a list of: {', '.join(sorted(known))}")
    return frozenset(found)
