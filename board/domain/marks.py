"""What a template draws: places in per cent of the width and px, words already placed, nothing left to decide."""

from dataclasses import dataclass, field

from board.domain.labels import Box, Label, percent


@dataclass(frozen=True)
class Gap:
    """A spell without data: dashed, with its length in words where they fit; always in ``title``."""

    start: float
    end: float
    y: float
    title: str
    label: Label | None = None

    @property
    def x1(self) -> str:
        return percent(self.start)

    @property
    def x2(self) -> str:
        return percent(self.end)


@dataclass(frozen=True)
class Stretch:
    """A horizontal piece: a bar, an uncertain end, a span of days."""

    start: float
    end: float

    @property
    def x(self) -> str:
        return percent(self.start)

    @property
    def x2(self) -> str:
        return percent(self.end)

    @property
    def width(self) -> str:
        return percent(max(self.end - self.start, 0.0004))


@dataclass(frozen=True)
class Bar:
    stretch: Stretch
    y: float
    treatment_class: str
    end: str
    title: str
    href: str
    label: Label | None
    is_label_inside: bool
    unsure: tuple[Stretch, ...] = ()
    ticks: tuple[str, ...] = ()
    tick_labels: tuple[Label, ...] = ()
    box: Box | None = None


@dataclass(frozen=True)
class Glyph:
    """A point event. ``shape``: circle, diamond, refused, planned, specimen, flag, due."""

    shape: str
    at: float
    y: float
    title: str
    href: str = ""
    text: str = ""
    low_step: str = ""
    high_step: str = ""
    css: str = ""
    label: Label | None = None
    span: Stretch | None = None
    box: Box | None = None

    @property
    def x(self) -> str:
        return percent(self.at)


@dataclass(frozen=True)
class Strip:
    """One analyte's sparkline: the band of normal values, points, and the out-of-range spells in words."""

    name: str
    y: float
    band_y: float | None
    band_height: float
    points: tuple[tuple[str, float, str, str], ...]
    """x, y, "out" or "", title."""
    segments: tuple[tuple[str, float, str, float], ...]
    spells: tuple[tuple[Stretch, float], ...]
    labels: tuple[Label, ...]
    gap: Gap | None = None
    spans: tuple[tuple[Stretch, float], ...] = ()
    """Where a value may lie whose date is not exact, and its y."""


@dataclass(frozen=True)
class Lane:
    key: str
    name: str
    height: float
    bars: tuple[Bar, ...] = ()
    glyphs: tuple[Glyph, ...] = ()
    strips: tuple[Strip, ...] = ()
    gaps: tuple[Gap, ...] = ()
    arrows: tuple[Gap, ...] = ()
    words: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    y: float = field(default=0.0, compare=False)

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def name_y(self) -> float:
        """Baseline of the lane's name: in the middle, or above what stands under it."""
        return self.height / 2 + 4.5 if not (self.notes or self.strips) else 20.0

    @property
    def label_boxes(self) -> list[Box]:
        """Every box with words in it, in lane coordinates."""
        found = [*self.words]
        beside = [m.label for m in self.bars] + [m.label for m in self.glyphs] + [m.label for m in self.gaps]
        found += [label for label in beside if label]
        found += [t for bar in self.bars for t in bar.tick_labels]
        found += [label for strip in self.strips for label in strip.labels]
        return [label.box for label in found]

    @property
    def mark_count(self) -> int:
        return len(self.bars) + len(self.glyphs) + sum(len(s.points) for s in self.strips)
