"""A document as PDF. The same document gives the same bytes."""

import io
from functools import partial

from PIL import Image as Picture
from PIL import UnidentifiedImageError
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Image, PageBreak, Spacer, Table, TableStyle

from board.document import Block, Document, Grid, Part, PictureRow, StoredPicture, Timeline, Words
from board.sketch_pdf import SketchFlowable
from imaging import store
from imaging.paper import (
    BODY,
    BOLD,
    FOOT_Y,
    HEAD,
    ITEM,
    MARGIN,
    PAGE,
    PLAIN,
    TEXT_WIDTH,
    TITLE,
    paragraph,
    printable,
    printed,
)

PICTURE_HEIGHT = 62 * mm
LEAST_BELOW_A_HEAD = 35 * mm
_SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=10, textColor=HexColor("#465060"))
_STRONG = ParagraphStyle("strong", parent=BODY, fontName=BOLD, fontSize=10.5, leading=14.5)
_CELL = ParagraphStyle("cell", parent=BODY, fontSize=8, leading=10.5, spaceAfter=0)
_CELL_HEAD = ParagraphStyle("cell-head", parent=_CELL, fontName=BOLD, textColor=HexColor("#465060"))
_CAPTION = ParagraphStyle("caption", parent=_SMALL, alignment=1)
_LOOKS = {"body": BODY, "item": ITEM, "strong": _STRONG, "small": _SMALL}
_RULE, _SHADE = HexColor("#d4d9e1"), HexColor("#eef0f4")
_CELLS = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.5, _RULE),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 2.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]
_ROWS = TableStyle(_CELLS)
_GRID = TableStyle([*_CELLS, ("BACKGROUND", (0, 0), (-1, 0), _SHADE)])
_PICTURES = TableStyle([("VALIGN", (0, 0), (-1, -1), "BOTTOM"), ("ALIGN", (0, 0), (-1, -1), "CENTER")])


def as_pdf(document: Document) -> bytes:
    edge = partial(_edge, document)
    return printed(_story(document), title=document.title, subject=document.where, edge=edge)


def _story(document: Document) -> list[Flowable]:
    story: list[Flowable] = [paragraph(document.title, TITLE), *(paragraph(line, BODY) for line in document.head)]
    for part in document.parts:
        story += _part(part)
    return story


def _part(part: Part) -> list[Flowable]:
    """A heading never stands alone at the foot of a page."""
    begins_with_pictures = bool(part.blocks) and part.blocks[0].kind == PictureRow.kind
    least = LEAST_BELOW_A_HEAD + (PICTURE_HEIGHT if begins_with_pictures else 0)
    start = PageBreak() if part.is_new_page else CondPageBreak(least)
    found = [flowable for block in part.blocks for flowable in _block(block)]
    return [start, paragraph(part.title.upper(), HEAD), *found]


def _block(block: Block) -> list[Flowable]:
    if isinstance(block, Words):
        return [paragraph(block.text, _LOOKS[block.look])]
    if isinstance(block, Grid):
        return _grid(block)
    if isinstance(block, PictureRow):
        return [_pictures(block), Spacer(1, 2 * mm)]
    return _timeline(block)


def _grid(grid: Grid) -> list[Flowable]:
    if not grid.rows:
        return [paragraph(grid.empty, BODY)] if grid.empty else []
    widths = [share / sum(grid.shares) * TEXT_WIDTH for share in grid.shares]
    if not grid.has_heads:
        named = [[paragraph(row[0], _CELL_HEAD), *(paragraph(cell, _CELL) for cell in row[1:])] for row in grid.rows]
        return [Spacer(1, 1 * mm), Table(named, colWidths=widths, style=_ROWS), Spacer(1, 2 * mm)]
    heads = [paragraph(head, _CELL_HEAD) for head in grid.heads]
    rows = [[paragraph(cell, _CELL) for cell in row] for row in grid.rows]
    table = Table([heads, *rows], colWidths=widths, repeatRows=1, style=_GRID)
    return [Spacer(1, 1 * mm), table, Spacer(1, 2 * mm)]


def _pictures(row: PictureRow) -> Table:
    width = TEXT_WIDTH / max(len(row.pictures), 1)
    drawn = [_picture(one, width) for one in row.pictures]
    captions = [paragraph(one.caption, _CAPTION) for one in row.pictures]
    return Table([drawn, captions], colWidths=[width] * len(row.pictures), style=_PICTURES)


def _picture(one: StoredPicture, width: float) -> Flowable | str:
    """The stored file; where it is gone or cannot be read its place says so."""
    if not one.sha256:
        return ""
    try:
        with store.open_stored(one.sha256) as file, Picture.open(file) as opened:
            pixels = opened.convert("RGB")
    except (FileNotFoundError, UnidentifiedImageError):
        return paragraph("The picture is not in the file store any more.", _CAPTION)
    out = io.BytesIO()
    pixels.save(out, "PNG")
    out.seek(0)
    scale = min(PICTURE_HEIGHT / pixels.height, (width - 6 * mm) / pixels.width)
    return Image(out, pixels.width * scale, pixels.height * scale)


def _timeline(timeline: Timeline) -> list[Flowable]:
    return [SketchFlowable(timeline.sketch), Spacer(1, 2 * mm)]


def _edge(document: Document, canvas: Canvas, number: int, count: int) -> None:
    canvas.setFont(PLAIN, 7.5)
    canvas.drawString(MARGIN, FOOT_Y, document.foot)
    canvas.drawRightString(PAGE[0] - MARGIN, FOOT_Y, printable(f"{document.where}, page {number} of {count}"))
    if document.mark:
        canvas.setFont(BOLD, 9)
        canvas.drawRightString(PAGE[0] - MARGIN, PAGE[1] - MARGIN + 4 * mm, printable(document.mark))
