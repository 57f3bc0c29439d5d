"""The errors of measurement in force: those of the site's file where it names a fact, else the stated ones.

[platelets]
percent = 8
source = "our laboratory, 2025"

[ki67_percent]
absolute = 4
unit = "percentage points"
source = "our two pathologists"
"""

import tomllib
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from eligibility.domain.facts import FactKind
from eligibility.domain.stated_errors import STATED_ERRORS, StatedError, StatedErrors
from eligibility.domain.vocabulary import FACTS
from patients.domain.units import UnitRefused, convert


class ErrorsFileRefused(Exception):
    """A file of measurement errors that must not be used; ``str()`` names the file and what is wrong."""


def stated_errors() -> StatedErrors:
    """Raises ErrorsFileRefused."""
    if not settings.MEASUREMENT_ERRORS:
        return STATED_ERRORS
    path = Path(settings.MEASUREMENT_ERRORS)
    try:
        return _load(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ErrorsFileRefused(f"{path}: cannot be read: {error.strerror}") from error


@lru_cache(maxsize=2)
def _load(path: Path, _mtime: int) -> StatedErrors:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ErrorsFileRefused(f"{path}: not valid TOML: {error}") from error
    return {**STATED_ERRORS, **{name: _one(path, name, values) for name, values in document.items()}}


def _one(path: Path, name: str, values: Any) -> StatedError:
    if name not in FACTS or FACTS[name].kind is not FactKind.NUMBER:
        raise ErrorsFileRefused(f"{path}: “{name}” is not a number among the facts")
    keys = set(values) if isinstance(values, dict) else set()
    if keys not in ({"percent", "source"}, {"absolute", "unit", "source"}):
        raise ErrorsFileRefused(f"{path}: {name} needs percent and source, or absolute, unit and source")
    size = values["percent"] if "percent" in keys else values["absolute"]
    if isinstance(size, bool) or not isinstance(size, int | Decimal) or not _is_size(Decimal(size)):
        raise ErrorsFileRefused(f"{path}: {name}: the error is a number of zero or more")
    if not all(isinstance(values[key], str) and values[key] for key in keys & {"unit", "source"}):
        raise ErrorsFileRefused(f"{path}: {name}: unit and source are words")
    _check_unit(path, name, values.get("unit", ""))
    return StatedError(Decimal(size), values.get("unit", ""), values["source"], "site")


def _check_unit(path: Path, name: str, unit: str) -> None:
    """An error in a unit that cannot be converted would be compared with the limit as if it were in the limit's own."""
    spec = FACTS[name]
    if not unit or not spec.analyte:
        return
    try:
        convert(Decimal(1), unit, spec.units[0], spec.analyte)
    except UnitRefused as error:
        raise ErrorsFileRefused(f"{path}: {name}: unit “{unit}” is none of: {', '.join(spec.units)}") from error


def _is_size(number: Decimal) -> bool:
    return number.is_finite() and number >= 0
