"""The trail as a file: a table, audit messages of DICOM PS3.15 A.5, AuditEvents of FHIR R4B."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from board.fhir.audit_events import as_bundle
from patients.atna import messages
from patients.trail_lines import FIELDS, TrailLine

# What a spreadsheet would take for the beginning of a formula, the wide forms of East Asian keyboards included.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True)
class Form:
    label: str
    url_name: str
    ending: str
    content_type: str
    write: Callable[[Sequence[TrailLine]], bytes]


def as_csv(lines: Sequence[TrailLine]) -> bytes:
    """Every cell quoted; what looks like a formula behind an apostrophe. With a mark by which Excel sees UTF-8."""
    out = io.StringIO()
    table = csv.writer(out, quoting=csv.QUOTE_ALL)
    table.writerow(FIELDS)
    table.writerows([harmless(value) for value in line.values] for line in lines)
    return out.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


FORMS = {
    "csv": Form("CSV", "board:trail_csv", "csv", "text/csv; charset=utf-8", as_csv),
    "atna": Form("ATNA XML", "board:trail_atna", "xml", "application/xml; charset=utf-8", messages),
    "fhir": Form("FHIR AuditEvent", "board:trail_fhir", "fhir.json", "application/fhir+json; charset=utf-8", as_bundle),
}
