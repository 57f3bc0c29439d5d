"""The report as PDF. The same reading gives the same bytes: no clock, no random identifier."""

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Spacer

from imaging.paper import BODY, BOLD, FOOT_Y, HEAD, ITEM, MARGIN, PAGE, PLAIN, TITLE, paragraph, printed
from imaging.report import DRAFT, Report


def as_pdf(report: Report) -> bytes:
    def edge(canvas: Canvas, number: int, count: int) -> None:
        _edge(canvas, report, f"Case {report.case_number}, page {number} of {count}")

    return printed(_story(report), title=report.title, subject=report.case_number, edge=edge)


def _story(report: Report) -> list:
    story = [paragraph(report.title, TITLE), *(paragraph(line, BODY) for line in report.head)]
    for section in report.sections:
        lines = [paragraph(line, ITEM if line.startswith("- ") else BODY) for line in section.lines]
        story.append(KeepTogether([paragraph(section.title.upper(), HEAD), *lines[:2]]))
        story += lines[2:]
    return [*story, Spacer(1, 4 * mm)]


def _edge(canvas: Canvas, report: Report, where: str) -> None:
    canvas.setFont(PLAIN, 7.5)
    canvas.drawString(MARGIN, FOOT_Y, report.foot)
    canvas.drawRightString(PAGE[0] - MARGIN, FOOT_Y, where)
    if report.is_draft:
        canvas.setFont(BOLD, 10)
        canvas.drawRightString(PAGE[0] - MARGIN, PAGE[1] - MARGIN + 4 * mm, DRAFT)
