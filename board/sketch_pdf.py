"""Draws the shapes of ``domain/sketch`` on paper, in the colours of the page's light theme."""

from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from imaging.paper import BOLD, PLAIN, printable

INK, SOFT, FAINT = "#131820", "#465060", "#667084"


@dataclass(frozen=True)
class Look:
    fill: str = ""
    stroke: str = ""
    width: float = 1.0
    dash: tuple[float, ...] = ()


_SURFACE, _BORDER, _CAUTION = "#ffffff", "#7a8494", "#7a5200"
_CLASSES = {
    "ssa": "#56b4e9", "chemo": "#e69f00", "prrt": "#009e73", "targeted": "#cc79a7", "local": "#0072b2",
    "ebrt": "#d55e00", "interferon": "#8a93a3", "other": "#8a93a3",
}  # fmt: skip
_RINGS = {"0": "#00204c", "1": "#2c446c", "2": "#6a6c71", "3": "#a89a5e", "4": "#c9a800"}
LOOKS: dict[str, Look] = {
    "lane-alt": Look(fill="#f6f7f9"),
    "grid": Look(stroke="#e3e7ed"),
    "today": Look(stroke=SOFT, width=1.25),
    "tick": Look(stroke=FAINT),
    "gap": Look(stroke=FAINT, width=1.5, dash=(5, 5)),
    "due": Look(stroke=SOFT, width=1.75, dash=(2.5, 3.5)),
    "band": Look(fill="#dcebe6"),
    "curve": Look(stroke=SOFT, width=2),
    "point": Look(fill=_SURFACE, stroke=SOFT, width=2),
    "point-out": Look(fill=_CAUTION, stroke=_CAUTION, width=2),
    "span-out": Look(stroke=_CAUTION, width=3),
    "unsure": Look(fill="#f0e2c8"),
    "uncertain": Look(fill="#bcc1c9"),
    "flag": Look(fill="#e3f0f2", stroke="#0b6470", width=1.5),
    "flag-old": Look(fill="#eef0f4", stroke=_BORDER, width=1.5),
    "ring-face": Look(fill=_SURFACE),
    "ring-none": Look(stroke=_BORDER, width=4, dash=(3, 3)),
    "plain": Look(fill=_SURFACE, stroke=INK, width=1.75),
    "refused": Look(fill=_SURFACE, stroke="#a33a00", width=2, dash=(4, 3)),
    **{f"class-{name}": Look(fill=colour) for name, colour in _CLASSES.items()},
    **{f"ring-{step}": Look(stroke=colour, width=4) for step, colour in _RINGS.items()},
}
_WORDS = {
    "soft": (PLAIN, 12, SOFT),
    "bold": (BOLD, 13, INK),
    "lane-name": (BOLD, 13, SOFT),
    "on-bar": (BOLD, 13, "#101418"),
    "on-dark": (BOLD, 13, _SURFACE),
    "caution-text": (BOLD, 13, _CAUTION),
    "struck": (PLAIN, 13, SOFT),
    "number": (BOLD, 12.5, INK),
}
_PLAIN_WORDS = (PLAIN, 13, INK)


class SketchFlowable(Flowable):
    """One sketch as wide as the text."""

    def __init__(self, sketch: dict[str, Any]):
        super().__init__()
        self._sketch = sketch

    def wrap(self, available_width: float, _available_height: float) -> tuple[float, float]:
        self._scale = available_width / self._sketch["width"]
        return available_width, self._sketch["height"] * self._scale

    def draw(self) -> None:
        canvas: Canvas = self.canv
        canvas.saveState()
        canvas.scale(self._scale, self._scale)
        canvas.translate(0, self._sketch["height"])
        for shape in self._sketch["shapes"]:
            _DRAW[shape["is"]](canvas, shape)
        canvas.restoreState()


def _styled(canvas: Canvas, name: str) -> dict[str, int]:
    look = LOOKS[name]
    if look.fill:
        canvas.setFillColor(HexColor(look.fill))
    if look.stroke:
        canvas.setStrokeColor(HexColor(look.stroke))
        canvas.setLineWidth(look.width)
        canvas.setDash(*([list(look.dash), 0] if look.dash else [[], 0]))
    return {"stroke": int(bool(look.stroke)), "fill": int(bool(look.fill))}


def _rect(canvas: Canvas, s: dict[str, Any]) -> None:
    canvas.rect(s["x"], -s["y"] - s["h"], s["w"], s["h"], **_styled(canvas, s["look"]))


def _line(canvas: Canvas, s: dict[str, Any]) -> None:
    _styled(canvas, s["look"])
    canvas.line(s["x1"], -s["y1"], s["x2"], -s["y2"])


def _circle(canvas: Canvas, s: dict[str, Any]) -> None:
    canvas.circle(s["x"], -s["y"], s["r"], **_styled(canvas, s["look"]))


def _arc(canvas: Canvas, s: dict[str, Any]) -> None:
    _styled(canvas, s["look"])
    x, y, r = s["x"], -s["y"], s["r"]
    canvas.arc(x - r, y - r, x + r, y + r, s["start"], 180)


def _outline(canvas: Canvas, s: dict[str, Any]) -> None:
    path = canvas.beginPath()
    first, *rest = s["points"]
    path.moveTo(first[0], -first[1])
    for x, y in rest:
        path.lineTo(x, -y)
    path.close()
    canvas.drawPath(path, **_styled(canvas, s["look"]))


def _text(canvas: Canvas, s: dict[str, Any]) -> None:
    font, size, colour = _WORDS.get(s["look"], _PLAIN_WORDS)
    canvas.setFont(font, size)
    canvas.setFillColor(HexColor(colour))
    text, y = printable(s["text"]), -s["y"]
    put = {"start": canvas.drawString, "mid": canvas.drawCentredString, "end": canvas.drawRightString}[s["anchor"]]
    put(s["x"], y, text)


_DRAW = {"rect": _rect, "line": _line, "circle": _circle, "arc": _arc, "outline": _outline, "text": _text}
