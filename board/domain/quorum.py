"""Whether a board has a quorum. It is stamped on decisions and blocks none of them.

Groups are alternatives: of each one a discipline must be present. The default for neuroendocrine tumours follows the
composition of published boards (endocrinology, endoscopy, nuclear medicine, oncology, pathology, radiology, surgery);
the lights are this product's own proposal, to be set by the site.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

NET_QUORUM: tuple[tuple[str, ...], ...] = (
    ("nuclear_medicine",),
    ("oncology", "endocrinology", "gastroenterology"),
    ("surgery",),
    ("radiology",),
    ("pathology",),
)


class Light(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True)
class Quorum:
    """``missing``: the groups that nobody stands for. Decisions of an amber or red board are provisional."""

    light: Light
    has_chair: bool
    present: tuple[str, ...]
    missing: tuple[tuple[str, ...], ...]

    @property
    def is_provisional(self) -> bool:
        return self.light is not Light.GREEN

    @property
    def text(self) -> str:
        absent = [] if self.has_chair else ["chair"]
        absent += [" or ".join(_word(discipline) for discipline in group) for group in self.missing]
        return "quorum complete" if not absent else f"{', '.join(absent)} missing"

    @property
    def as_json(self) -> dict[str, object]:
        return {
            "light": self.light.value,
            "has_chair": self.has_chair,
            "present": list(self.present),
            "missing": [list(group) for group in self.missing],
            "text": self.text,
        }


def quorum(groups: Sequence[Sequence[str]], present: Iterable[str], *, has_chair: bool) -> Quorum:
    """Green: a chair and one of each group. Amber: one group missing. Red: no chair, or more than one missing."""
    here = tuple(sorted(set(present)))
    missing = tuple(tuple(group) for group in groups if not set(group) & set(here))
    if not has_chair or len(missing) > 1:
        return Quorum(Light.RED, has_chair, here, missing)
    return Quorum(Light.AMBER if missing else Light.GREEN, has_chair, here, missing)


def _word(discipline: str) -> str:
    return discipline.replace("_", " ")
