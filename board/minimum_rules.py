"""The minimum data of this site: the file in PRRT_MINIMUM_DATA, else the packaged proposal."""

import tomllib
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from board.domain.minimum_data import ItemRule, Weight

PACKAGED = Path(__file__).parent / "minimum_data.toml"
_KEYS = {"label", "weight", "if_prrt", "max_days", "amber_days"}


class MinimumDataRefused(ValueError):
    """The file cannot be followed; the text names file and key."""


def minimum_rules() -> tuple[ItemRule, ...]:
    """In the order of the file. Raises ``MinimumDataRefused``."""
    path = Path(settings.MINIMUM_DATA_FILE) if settings.MINIMUM_DATA_FILE else PACKAGED
    try:
        return _load(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise MinimumDataRefused(f"{path}: {error.strerror}") from error


@lru_cache(maxsize=4)
def _load(path: Path, _mtime_ns: int) -> tuple[ItemRule, ...]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = tuple(_rule(key, table) for key, table in found.items() if key != "version")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, MinimumDataRefused) as error:
        raise MinimumDataRefused(f"{path}: {error}") from error
    if path != PACKAGED:
        _refuse_other_items(path, rules)
    return rules


def _refuse_other_items(path: Path, rules: tuple[ItemRule, ...]) -> None:
    """A misspelt item would be asked of nobody."""
    ours = {rule.key for rule in _load(PACKAGED, PACKAGED.stat().st_mtime_ns)}
    if wrong := sorted(ours ^ {rule.key for rule in rules}):
        raise MinimumDataRefused(f"{path}: {wrong[0]} is {'missing' if wrong[0] in ours else 'no known item'}")


def _rule(key: str, table) -> ItemRule:
    if not isinstance(table, dict) or not {"label", "weight", "if_prrt"} <= table.keys() <= _KEYS:
        raise MinimumDataRefused(f"{key} needs label, weight and if_prrt; it may have max_days and amber_days")
    days = [table[name] for name in ("max_days", "amber_days") if name in table]
    if any(type(number) is not int or number < 0 for number in days):
        raise MinimumDataRefused(f"the days of {key} must be whole numbers, 0 or more")
    try:
        weights = Weight(table["weight"]), Weight(table["if_prrt"])
    except ValueError as error:
        raise MinimumDataRefused(f"{key}: {error}") from error
    return ItemRule(key, str(table["label"]), *weights, table.get("max_days"), table.get("amber_days"))
