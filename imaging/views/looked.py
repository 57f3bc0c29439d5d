"""What a list without open foci means: that none was found, or why nothing is known of them."""

from imaging import digests
from imaging.domain.vocabulary import is_sstr
from imaging.models import Job, Proposal, ProposalRun, Scan, SuvResult
from imaging.viewer import Side

NOBODY = "No foci were looked for."
NONE_FOUND = "No foci above threshold."


def without_foci(one: Side) -> str:
    """One sentence or two. Only today's look, not refused, can say that there is nothing."""
    if one.scan.pet_series_id is None:
        return f"{NOBODY} This scan has no PET images."
    if one.suv.result is None:
        return f"{NOBODY} {one.suv.message or 'The SUV is being computed.'}"
    run = _today(one.scan, one.suv.result)
    if run is None:
        return _not_yet(one.scan)
    if run.refusal_code:
        return f"{NOBODY} {run.refusal_message}"
    if run.proposals.filter(kind=Proposal.Kind.FOCUS).exists():
        return "No focus is left to decide; those decided, or guessed physiologic, are on the page of the scan."
    return f"{NONE_FOUND} Record as no SSTR-positive lesion?" if is_sstr(one.scan.tracer) else NONE_FOUND


def _today(scan: Scan, suv: SuvResult) -> ProposalRun | None:
    return scan.proposal_runs.filter(superseded_at=None, input_digest=digests.of_look(scan, suv)).first()


def _not_yet(scan: Scan) -> str:
    """Of the work that was asked for last; an earlier look says nothing about today's inputs."""
    job = Job.objects.filter(kind=Job.Kind.SCAN, subject_id=scan.pk).order_by("-created_at").first()
    if job is not None and job.state in Job.OPEN:
        return "Foci are being looked for."
    if job is not None and job.state in Job.WITHOUT_RESULT:
        return f"{NOBODY} {job.message}".strip()
    return f"{NOBODY} Ask for it on the page of the scan."
