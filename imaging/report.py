"""The structured report of one reading, under the headings of the ENETS synoptic template for molecular imaging.

Of a signed reading everything is as it was known when it was signed: chart, numbers, the scan before. A number whose
inputs are not known then is not shown. Words only; ``report_text`` and ``report_pdf`` put them on a page.
"""

from dataclasses import dataclass

from imaging import digests, report_clinical, report_findings, selectors
from imaging.models import Reading, Scan
from imaging.reading_gaps import FDG_SCALE
from imaging.report_conclusion import conclusion, limits
from patients.selectors import rows

NOT_A_DEVICE = "Research and decision support, not a certified medical device."
DRAFT = "DRAFT, not signed"


@dataclass(frozen=True)
class Section:
    title: str
    lines: list[str]


@dataclass(frozen=True)
class Report:
    title: str
    case_number: str
    status: str
    head: list[str]
    sections: list[Section]
    is_draft: bool
    foot: str = NOT_A_DEVICE


@dataclass(frozen=True)
class Basis:
    """What the report rests on: the reading, its scan, the scan before, the measurements of both."""

    reading: Reading
    scan: Scan
    previous: Scan | None
    before: Reading | None
    measured: list[selectors.CurrentMeasurement]
    measured_before: list[selectors.CurrentMeasurement]

    @property
    def known_at(self):
        return self.reading.signed_at

    @property
    def is_fdg(self) -> bool:
        return self.reading.scale_id == FDG_SCALE


def build(reading: Reading) -> Report:
    basis = basis_of(reading)
    is_draft = reading.state == Reading.State.DRAFT
    status = DRAFT if is_draft else f"Signed by {reading.reader}, {reading.signed_at:%-d %b %Y %H:%M} UTC"
    kind = "FDG" if basis.is_fdg else "Somatostatin receptor"
    return Report(
        title=f"{kind} PET/CT: structured report",
        case_number=reading.scan.patient.case_number,
        status=status,
        head=[f"Case {reading.scan.patient.case_number}", status, _version(reading), _digest(basis)],
        sections=[
            Section("Clinical information", report_clinical.clinical(basis)),
            Section("Technique", report_clinical.technique(basis)),
            Section("Comparison", report_clinical.comparison(basis)),
            Section("Findings", report_findings.findings(basis)),
            Section("References", report_findings.references(basis)),
            Section("FDG pairing", report_clinical.pairing(basis)),
            Section("Conclusion", conclusion(basis)),
            Section("Limits", limits(basis)),
        ],
        is_draft=is_draft,
    )


def basis_of(reading: Reading) -> Basis:
    scan = _scan_then(reading)
    previous = _previous(reading)
    return Basis(
        reading=reading,
        scan=scan,
        previous=previous,
        before=selectors.signed_reading(previous, known_at=reading.signed_at) if previous else None,
        measured=selectors.measurements(reading.scan, known_at=reading.signed_at),
        measured_before=selectors.measurements(previous, known_at=reading.signed_at) if previous else [],
    )


def _scan_then(reading: Reading) -> Scan:
    """The scan's own row (tracer, label, note) as it stood; its identity stays that of today's."""
    if reading.signed_at is None:
        return reading.scan
    then = rows(Scan, reading.scan.patient, known_at=reading.signed_at).filter(lineage=reading.scan.lineage).first()
    return then or reading.scan


def _previous(reading: Reading) -> Scan | None:
    """The scan before, of those that had been imported by then."""
    known = set(rows(Scan, reading.scan.patient, known_at=reading.signed_at).values_list("lineage", flat=True))
    earlier = [scan for scan in digests.earlier_scans(reading.scan) if scan.lineage in known]
    with_images = [scan for scan in earlier if scan.pet_series_id] or earlier
    return max(with_images, key=lambda scan: (scan.clinical_date, scan.recorded_at), default=None)


def _version(reading: Reading) -> str:
    amends = f", amends version {reading.amends.version}" if reading.amends_id else ""
    return f"Reading version {reading.version}{amends}, scale {reading.scale_id}"


def _digest(basis: Basis) -> str:
    found = basis.reading.inputs_sha256 or digests.of_reading(basis.reading.scan, basis.measured)
    return f"Inputs sha256 {found}"
