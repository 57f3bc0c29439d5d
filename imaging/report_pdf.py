"""The report as PDF. The same reading gives the same bytes: no clock, no random identifier."""

import io
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, KeepTogether, PageTemplate, Paragraph, Spacer

from imaging.report import DRAFT, Report

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
MARGIN = 20 * mm
UNKNOWN_GLYPH = "\ufffd"  # visible where the font lacks a character; the text report has it

_BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=9, leading=12.5, spaceAfter=1.5)
_ITEM = ParagraphStyle("item", parent=_BODY, leftIndent=10, firstLineIndent=-8)
_HEAD = ParagraphStyle("head", parent=_BODY, fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=9, spaceAfter=2)
_TITLE = ParagraphStyle("title", parent=_HEAD, fontSize=14, leading=18, spaceBefore=0, spaceAfter=4)


def as_pdf(report: Report) -> bytes:
    _register()
    out = io.BytesIO()
    frame = Frame(MARGIN, MARGIN + 6 * mm, A4[0] - 2 * MARGIN, A4[1] - 2 * MARGIN - 12 * mm, 0, 0, 0, 0)
    document = BaseDocTemplate(out, pagesize=A4, title=report.title, author="PRRT Board", subject=report.case_number)
    document.addPageTemplates([PageTemplate(frames=[frame])])
    document.build(_story(report), canvasmaker=lambda *args, **kwargs: _Numbered(report, *args, **kwargs))
    return out.getvalue()


@cache
def _register() -> None:
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))


def _story(report: Report) -> list:
    story = [_paragraph(report.title, _TITLE), *(_paragraph(line, _BODY) for line in report.head)]
    for section in report.sections:
        lines = [_paragraph(line, _ITEM if line.startswith("- ") else _BODY) for line in section.lines]
        story.append(KeepTogether([_paragraph(section.title.upper(), _HEAD), *lines[:2]]))
        story += lines[2:]
    return [*story, Spacer(1, 4 * mm)]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_printable(text)).replace("\n", "<br/>"), style)


def _printable(text: str) -> str:
    known = pdfmetrics.getFont(PLAIN).face.charToGlyph
    return "".join(c if c == "\n" or ord(c) in known else UNKNOWN_GLYPH for c in text)


class _Numbered(Canvas):
    """Draws the edge of every page once it is known how many there are."""

    def __init__(self, report: Report, *args, **kwargs):
        super().__init__(*args, **kwargs | {"invariant": 1})
        self._report = report
        self._pages: list[dict] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        pages = self._pages
        for number, page in enumerate(pages, 1):
            self.__dict__.update(page)
            self._edge(number, len(pages))
            super().showPage()
        super().save()

    def _edge(self, number: int, count: int) -> None:
        self.setFont(PLAIN, 7.5)
        self.drawString(MARGIN, MARGIN - 2 * mm, self._report.foot)
        where = f"Case {self._report.case_number}, page {number} of {count}"
        self.drawRightString(A4[0] - MARGIN, MARGIN - 2 * mm, where)
        if self._report.is_draft:
            self.setFont(BOLD, 10)
            self.drawRightString(A4[0] - MARGIN, A4[1] - MARGIN + 4 * mm, DRAFT)
