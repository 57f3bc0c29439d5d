"""The sheet all lanes are drawn on: its scale, today's line, and the words common to every lane."""

import datetime as dt
from dataclasses import dataclass

from board.domain.axis import LEFT, RIGHT, Scale
from board.domain.labels import WIDTH_MIN, Box, Label, Line, make_label, place
from board.domain.marks import Gap


@dataclass(frozen=True)
class Sheet:
    scale: Scale
    today: dt.date

    def at(self, day: dt.date) -> float:
        return self.scale.at(day)

    @property
    def today_box(self) -> Box:
        """Today's line: words keep clear of it, bars and glyphs may cross it."""
        at = self.at(self.today)
        return Box(at, -1, at, 1, 0, 10_000)

    def gap(self, days: tuple[dt.date, dt.date], y: float, what: str, taken: list[Box]) -> Gap:
        """A dashed spell, its words above it where they fit between its ends and free of everything taken.

        The words are ``what`` with the length ("no PET recorded, 9 months"), or the length alone.
        """
        start, end = self.at(days[0]), self.at(days[1])
        length = spell(*days)
        tries = [make_label([Line(text)], (start + end) / 2, 0, y - 9, "mid") for text in (f"{what}, {length}", length)]
        fitting = [label for label in tries if _is_between(label.box, start, end)]
        return Gap(start, end, y, f"{what}, {length}", place(fitting, taken, LEFT, RIGHT))

    def beside_today(self, line: Line, y: float, taken: list[Box]) -> Label | None:
        at = self.at(self.today)
        return place([make_label([line], at, 10, y), make_label([line], at, -10, y, "end")], taken, LEFT, 1)


def _is_between(box: Box, start: float, end: float) -> bool:
    return box.left_at(WIDTH_MIN) >= start * WIDTH_MIN and box.right_at(WIDTH_MIN) <= end * WIDTH_MIN


def spell(a: dt.date, b: dt.date) -> str:
    """The length of a spell in words: "3 weeks", "9 months", "4 years"."""
    days = (b - a).days
    for unit, length, least in (("year", 365.25, 730), ("month", 30.44, 60), ("week", 7.0, 14), ("day", 1.0, 0)):
        if days >= least:
            n = int(days / length)
            return f"{n} {unit}{'' if n == 1 else 's'}"
    raise ValueError("a spell runs forwards")


def margin_notes(folded: int, undated: int) -> tuple[str, ...]:
    """Under the lane's name: how many older marks are folded away, how many have no date to be drawn at."""
    return (*([f"+{folded} earlier"] if folded else []), *([f"{undated} undated"] if undated else []))


def nothing_drawn(text: str, undated: int) -> str:
    """``text``, unless there is something and only its date is not known."""
    return "Nothing with a date" if undated else text


def empty_words(text: str, y: float) -> tuple[Label, ...]:
    """What belongs into an empty lane."""
    return (make_label([Line(text)], LEFT, 4, y),)
