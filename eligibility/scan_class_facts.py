"""The SSTR class of one scan from the rows at hand."""

from eligibility.case_rows import CaseRows
from eligibility.change_lesion_facts import View, seen_on
from eligibility.domain.scan_class import ClassOfScan, class_of
from eligibility.lesion_facts import ASSESSED, lesions_of
from imaging.domain.vocabulary import is_sstr
from imaging.models import Lesion, LesionFinding, Reading, Scan


def class_of_scan(case: CaseRows, scan: Scan) -> ClassOfScan | None:
    """Of the lesions the scan has to answer for, as the rules see them. None for a scan not known to be of SSTR."""
    if not is_sstr(scan.tracer):
        return None
    view = View(case, scan, None)
    own = [lesion for lesion, _ in lesions_of(case, scan, view.heads)]
    lesions = [seen_on(lesion, view) for lesion in own if not _is_not_assessable(lesion, view)]
    is_read = all(r.quality != Reading.Quality.NON_DIAGNOSTIC for r in view.heads) if view.heads else None
    looked = all(r.cold_lesions in ASSESSED for r in view.heads) if view.heads else None
    return class_of(lesions, is_diagnostic=is_read, cold_lesions_assessed=looked)


def _is_not_assessable(lesion: Lesion, view: View) -> bool:
    finding = view.finding(lesion)
    return finding is not None and finding.status == LesionFinding.Status.NOT_ASSESSABLE
