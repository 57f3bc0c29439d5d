"""PET pictures for a wall: two scans in one SUV window and at one zoom, or the sentence why there is none."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from board import words
from board.chart import Chart, ScanView
from imaging import store
from imaging.models import ImageProduct, Lesion
from imaging.products import STILL_SUV_MAX
from imaging.selectors import REFUSED

Kind = ImageProduct.Kind
AXIAL = "axial-pet.webp"
AXIAL_MM = (180.0, 200.0)


@dataclass(frozen=True)
class Shown:
    """A picture in mm within a box that both pictures share; without one, ``why`` says what is missing."""

    day: str
    data: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    why: str = ""
    is_refused: bool = False

    @property
    def day_parts(self) -> tuple[str, str]:
        """Day and year apart, so that they can stand under a narrow picture."""
        day, _, year = self.day.rpartition(" ")
        return day, year


@dataclass(frozen=True)
class Pair:
    """``box``: width and height in mm. ``window``: the SUV window of both; "" where none is drawn."""

    shown: tuple[Shown, ...]
    box: tuple[float, float]
    window: tuple[str, str] | None
    why: str = ""


def pair_of_scans(chart: Chart) -> list[ScanView]:
    """The newest SSTR scan and the one before it."""
    return chart.dated_sstr_scans[-2:]


def why_none(chart: Chart) -> str:
    undated = [view for view in chart.scans if view.is_sstr]
    return "The scan has no date" if undated else "None recorded"


def mip_pair(chart: Chart) -> Pair:
    views = pair_of_scans(chart)
    if not views:
        return Pair((), (1, 1), None, why_none(chart))
    rows = _rows(views, "window_suv", kind=Kind.MIP_STILL)
    found = [(view, rows.get(view.scan.pk)) for view in views]
    box = _largest(row for _, row in found if row)
    return Pair(tuple(_mip(view, row, box) for view, row in found), box, _window(rows.values(), "window_suv"))


def axial_pair(chart: Chart, lesion: Lesion) -> Pair:
    """Through the lesion's hottest voxel, which is the middle of each picture; the same millimetres on both."""
    views = pair_of_scans(chart)
    if not views:
        return Pair((), (1, 1), None, why_none(chart))
    rows = _rows(views, "window", kind=Kind.KEY_SLICE, lesion__lineage=lesion.lineage, name=AXIAL)
    box = AXIAL_MM
    return Pair(
        tuple(_axial(view, rows.get(view.scan.pk), box) for view in views), box, _window(rows.values(), "window")
    )


def _rows(views: list[ScanView], window: str, **named) -> dict:
    found = ImageProduct.objects.filter(scan__in=[v.scan.pk for v in views], superseded_at=None, **named)
    return _alike(found, window)


def _window(rows: Iterable[ImageProduct], name: str) -> tuple[str, str] | None:
    found = next(iter(rows), None)
    return (f"{found.meta[name][0]:g}", f"{found.meta[name][1]:g}") if found else None


def _alike(rows: Iterable[ImageProduct], name: str) -> dict:
    """By scan: only pictures of the product's own window. One of another would show a change that is none."""
    return {row.scan_id: row for row in rows if tuple(row.meta[name]) == (0.0, STILL_SUV_MAX)}


def _largest(rows: Iterable[ImageProduct]) -> tuple[float, float]:
    sizes = [_size_mm(row) for row in rows]
    return (max(w for w, _ in sizes), max(h for _, h in sizes)) if sizes else (1.0, 1.0)


def _size_mm(row: ImageProduct) -> tuple[float, float]:
    mm = row.meta["mm_per_pixel"]
    return row.meta["width"] * mm, row.meta["height"] * mm


def _mip(view: ScanView, row: ImageProduct | None, box: tuple[float, float]) -> Shown:
    day = words.row_day(view.scan)
    data = _data(row) if row else ""
    if row is None or not data:
        return _missing(view, day)
    width, height = _size_mm(row)
    return Shown(day, data, (box[0] - width) / 2, 0.0, width, height)


def _axial(view: ScanView, row: ImageProduct | None, box: tuple[float, float]) -> Shown:
    day = words.row_day(view.scan)
    data = _data(row) if row else ""
    if row is None or not data:
        return _missing(view, day, otherwise="not marked on this scan")
    field, point = row.meta["field_of_view"], row.meta["point_lps_mm"]
    left = field["x_mm"] - field["width_mm"] / 2
    front = field["y_mm"] - field["depth_mm"] / 2
    width, height = _size_mm(row)
    return Shown(day, data, box[0] / 2 - (point[0] - left), box[1] / 2 - (point[1] - front), width, height)


def _missing(view: ScanView, day: str, otherwise: str = "no picture made yet") -> Shown:
    if view.suv.state == REFUSED:
        said = view.suv.message or view.suv.code.replace("_", " ")
        return Shown(day, why=said.rstrip("."), is_refused=True)
    return Shown(day, why=otherwise)


def _data(row: ImageProduct) -> str:
    """As an address that carries the picture itself; "" where its file is gone."""
    try:
        return f"data:{row.content_type};base64,{_encoded(row.sha256)}"
    except FileNotFoundError:
        return ""


@lru_cache(maxsize=256)
def _encoded(sha256: str) -> str:
    with store.open_stored(sha256) as file:
        return base64.b64encode(file.read()).decode()
