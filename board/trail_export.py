"""The trail as a file: a table, audit messages of DICOM PS3.15 A.5, AuditEvents of FHIR R4B."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from board.fhir.audit_events import as_bundle
from patients.atna import messages
from patients.tables_out import write_csv
from patients.trail_lines import FIELDS, TrailLine


@dataclass(frozen=True)
class Form:
    label: str
    url_name: str
    ending: str
    content_type: str
    write: Callable[[Sequence[TrailLine]], bytes]


def as_csv(lines: Sequence[TrailLine]) -> bytes:
    return "".join(write_csv(FIELDS, (line.values for line in lines))).encode()


FORMS = {
    "csv": Form("CSV", "board:trail_csv", "csv", "text/csv; charset=utf-8", as_csv),
    "atna": Form("ATNA XML", "board:trail_atna", "xml", "application/xml; charset=utf-8", messages),
    "fhir": Form("FHIR AuditEvent", "board:trail_fhir", "fhir.json", "application/fhir+json; charset=utf-8", as_bundle),
}
