"""The paper that every PDF is printed on: A4, two fonts, and an edge that knows how many pages there are.

The same story gives the same bytes: no clock, no random identifier.
"""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
PAGE = A4
MARGIN = 20 * mm
TEXT_WIDTH = PAGE[0] - 2 * MARGIN
FOOT_Y = MARGIN - 2 * mm
UNKNOWN_GLYPH = "\ufffd"  # visible where the font lacks a character; the text version has it

BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=9, leading=12.5, spaceAfter=1.5)
ITEM = ParagraphStyle("item", parent=BODY, leftIndent=10, firstLineIndent=-8)
HEAD = ParagraphStyle("head", parent=BODY, fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=9, spaceAfter=2)
TITLE = ParagraphStyle("title", parent=HEAD, fontSize=14, leading=18, spaceBefore=0, spaceAfter=4)

Edge = Callable[[Canvas, int, int], None]


def printed(story: list, *, title: str, subject: str, edge: Edge) -> bytes:
    """``edge`` draws head and foot of a page: it is given the canvas, the page and the number of pages."""
    register_fonts()
    out = io.BytesIO()
    frame = Frame(MARGIN, MARGIN + 6 * mm, TEXT_WIDTH, PAGE[1] - 2 * MARGIN - 12 * mm, 0, 0, 0, 0)
    document = BaseDocTemplate(out, pagesize=PAGE, title=title, author="PRRT Board", subject=subject)
    document.addPageTemplates([PageTemplate(frames=[frame])])
    document.build(story, canvasmaker=lambda *args, **kwargs: _Numbered(edge, *args, **kwargs))
    return out.getvalue()


def paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(printable(text)).replace("\n", "<br/>"), style)


def printable(text: str) -> str:
    register_fonts()
    known = pdfmetrics.getFont(PLAIN).face.charToGlyph
    return "".join(c if c == "\n" or ord(c) in known else UNKNOWN_GLYPH for c in text)


@cache
def register_fonts() -> None:
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))


class _Numbered(Canvas):
    """Draws the edge of every page once it is known how many there are."""

    def __init__(self, edge: Edge, *args, **kwargs):
        super().__init__(*args, **kwargs | {"invariant": 1})
        self._edge = edge
        self._pages: list[dict] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        pages = self._pages
        for number, page in enumerate(pages, 1):
            self.__dict__.update(page)
            self._edge(self, number, len(pages))
            super().showPage()
        super().save()
