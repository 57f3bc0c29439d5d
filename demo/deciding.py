"""Going through what the software proposes for a scan, as its reader does: nothing is left open on a finished case.

Lesions were marked by hand where the phantom has them, so a focus on one of them is set aside as marked already; every
other focus of a phantom is an organ. Lesions of the scan before are answered for one by one.
"""

from demo.specs import ScanSpec
from imaging import services as imaging
from imaging.models import Job, LesionFinding, LesionMatch, Proposal, Scan
from patients.models import User


def go_through(*, by: User, scan: Scan, spec: ScanSpec) -> list[Job]:
    """Decide every open proposal of the scan; the jobs that ask for its measurements again."""
    open_foci = Proposal.objects.filter(kind=Proposal.Kind.FOCUS, state=Proposal.State.OPEN, is_physiologic=False)
    for focus in open_foci.filter(scan=scan, run__superseded_at=None):
        reason = f"marked by hand as {focus.lesion.label}" if focus.lesion else "normal uptake of an organ"
        imaging.reject_proposal(by=by, proposal=focus, reason=reason, is_physiologic=focus.lesion is None)
    known = LesionMatch.objects.filter(state=LesionMatch.State.OPEN, lesion__isnull=False)
    asked = []
    for match in known.filter(scan=scan, run__superseded_at=None):
        is_gone = match.lesion.label in spec.gone
        status = LesionFinding.Status.RESOLVED if is_gone else LesionFinding.Status.PRESENT
        reason = "not seen on CT any more" if is_gone else "marked by hand at the same place"
        asked.append(imaging.confirm_match(by=by, match=match, status=status, reason=reason)[1])
    return asked
