"""The report as plain text, to copy into another system: one statement per line, never wrapped."""

from imaging.report import Report


def as_text(report: Report) -> str:
    parts = [[report.title, *report.head]]
    parts += [[section.title.upper(), *section.lines] for section in report.sections]
    parts.append([report.foot])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"
