"""What a demonstration case consists of; the cases themselves are in ``case_*.py``."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from demo.anatomy import Figure, Point
from demo.phantom import WHOLE_BODY, Matrix, Phantom, PhantomLesion
from imaging.domain.vocabulary import Tracer


@dataclass(frozen=True)
class Score:
    """What the reader wrote about one lesion; both ends empty where no number was stated."""

    low: int | None
    high: int | None
    text: str = ""


@dataclass(frozen=True)
class Seen:
    """One lesion on one scan: how the phantom draws it, its CT size, how it is contoured, what the reader said."""

    drawn: PhantomLesion
    size_mm: tuple[float, float, float] | None = None
    contour_percent: int | None = None  # of the maximum; None is a sphere
    score: Score | None = None
    has_region: bool = True
    fdg: str = ""  # by eye, on an FDG scan: negative, less, equal, more

    @property
    def as_read(self) -> dict[str, Any]:
        """What the reader enters about the lesion."""
        score = self.score or Score(None, None)
        return {"score_low": score.low, "score_high": score.high, "text": score.text, "fdg_relation": self.fdg}


@dataclass(frozen=True)
class LesionSpec:
    label: str
    organ: str
    kind: str
    segment: str = ""
    is_target: bool = False
    note: str = ""


ANSWERS = {"quality": "good", "ssa": "unknown", "extravasation": "unknown", "cold_lesions": "none"}


@dataclass(frozen=True)
class ScanSpec:
    """One PET/CT as it will be written to DICOM."""

    key: str
    label: str
    day: dt.date
    figure: Figure
    liver_suv_mean: float
    lesions: dict[str, Seen]
    weight_kg: float
    height_m: float
    injected_mbq: float
    uptake_minutes: int
    noise_seed: int
    has_weight_in_header: bool = True
    tracer: Tracer = Tracer.GA68_DOTATATE
    matrix: Matrix = WHOLE_BODY
    gone: tuple[str, ...] = ()  # lesions of the scan before that CT shows no more
    netpet: str = ""  # class of an FDG scan with the SSTR scan before it, as the reader confirms it
    is_decided: bool = False  # foci and matches were gone through by the reader; else they wait for a person
    ssa_status: str = "unknown"
    note: str = ""
    is_illustrative: bool = False  # the header and the uptake drawn are no facts of the case
    answers: dict[str, str] = field(default_factory=lambda: dict(ANSWERS))  # what the reader says of the whole scan

    @property
    def started_at(self) -> dt.datetime:
        return dt.datetime.combine(self.day, dt.time(10, 20))

    @property
    def administered_at(self) -> dt.datetime:
        return self.started_at - dt.timedelta(minutes=self.uptake_minutes)

    def phantom(self) -> Phantom:
        drawn = tuple(seen.drawn for seen in self.lesions.values())
        return Phantom(self.figure, drawn, self.liver_suv_mean, self.noise_seed, matrix=self.matrix)

    def place(self, point: Point) -> Point:
        return self.figure.place(point)


@dataclass(frozen=True)
class Decided:
    on: dt.date
    outcome: str
    text: str
    owner: str
    due: dt.date | None = None
    next_step: str = ""

    @property
    def interval_days(self) -> int | None:
        return (self.due - self.on).days if self.due else None


Row = tuple[str, dict[str, Any]]  # a model of ``patients`` by name, and its values


@dataclass(frozen=True)
class CaseSpec:
    """Everything about one case. ``rows`` go through ``patients.services.record`` in this order."""

    case_number: str
    patient: dict[str, Any]
    rows: tuple[Row, ...]
    lesions: tuple[LesionSpec, ...]
    scans: tuple[ScanSpec, ...]
    has_illustrative_sizes: bool = False
    question: str = ""  # to the board
    decision: Decided | None = None

    @property
    def patient_id(self) -> str:
        return f"SYN-{self.case_number}"
