"""Guideline files: found, read, checked by their own test cases, and kept while unchanged."""

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from eligibility import embedded_tests, schema
from eligibility.domain.guideline import Guideline
from eligibility.schema import GuidelineError

PACKAGED = Path(__file__).parent / "guidelines"


def guidelines() -> dict[str, Guideline]:
    """Every rule set by id. A file in GUIDELINE_DIR replaces the packaged one of the same id.

    Raises GuidelineError for a file that does not parse or fails its own tests: nothing is left out silently.
    """
    folders = [PACKAGED, *([Path(settings.GUIDELINE_DIR)] if settings.GUIDELINE_DIR else [])]
    return _load(tuple(found for folder in folders for found in _files(folder)))


def guideline(guideline_id: str) -> Guideline:
    """Raises KeyError for an id that no file carries."""
    return guidelines()[guideline_id]


def hashes() -> list[str]:
    """One of each rule set; where they cannot be read, why: another state of the files is another list."""
    try:
        return [found.sha256 for found in guidelines().values()]
    except GuidelineError as error:
        return [str(error)]


def load_file(path: Path) -> Guideline:
    found, tests = schema.parse(str(path), path.read_bytes())
    if not tests:
        raise GuidelineError(str(path), 1, "a rule set carries at least one [[test]]")
    embedded_tests.run(found, tests)
    return found


def _files(folder: Path) -> list[tuple[str, int]]:
    """Path and time of the last change of each. A page asks some ten times, so only the folder itself is read."""
    try:
        with os.scandir(folder) as entries:
            return sorted((one.path, one.stat().st_mtime_ns) for one in entries if one.name.endswith(".toml"))
    except (FileNotFoundError, NotADirectoryError):
        raise GuidelineError(str(folder), 0, "the guideline folder does not exist") from None


@lru_cache(maxsize=4)
def _load(files: tuple[tuple[str, int], ...]) -> dict[str, Guideline]:
    found: dict[str, Guideline] = {}
    home: dict[str, Path] = {}
    for path in (Path(name) for name, _ in files):
        one = load_file(path)
        if one.id in found:
            _check_replacement(one, found[one.id], path, home[one.id])
        found[one.id], home[one.id] = one, path
    return dict(sorted(found.items()))


def _check_replacement(new: Guideline, old: Guideline, path: Path, old_path: Path) -> None:
    if path.parent == old_path.parent:
        raise GuidelineError(str(path), 1, f"“{new.id}” is also the id of {old_path.name}")
    if new.version == old.version and new.sha256 != old.sha256:
        raise GuidelineError(
            str(path), 1, f"“{new.id}” differs from the packaged v{old.version}; give it another version"
        )
