"""Taking back a decision with all that it drew: the region as it was, its finding, and a lesion that came with it.

Nothing is rewritten: what was withdrawn or redrawn is a version of its own, with the author and the reason.
"""

import datetime as dt

from django.db import transaction

from imaging.models import Job, Lesion, LesionFinding, LesionMatch, Proposal, Scan, Voi
from imaging.refused import Refused, sentence
from imaging.services.lesions import withdraw_if_bare
from imaging.services.matches import require_deciding
from imaging.services.proposals import reopen_accepted
from imaging.services.requests import request_measurements
from imaging.services.restoring import family_of, restore
from imaging.services.vois import remove_voi, require_measuring, require_reason
from patients.services import Conflict, audit, revise, withdraw


@transaction.atomic
def take_back_acceptance(
    *, by, proposal: Proposal, reason: str, seen_at: dt.datetime | None
) -> tuple[Voi, bool, bool, Job]:
    """The focus is open again, and its region as it was before: gone where there was none.

    ``seen_at``: the version of the region that the person saw. Returns the region, whether it is gone, whether its
    lesion went with it, and the job that measures what is left.
    """
    require_measuring(by)
    require_reason(reason)
    locked = Proposal.objects.select_for_update(of=("self",)).select_related("scan", "voi__lesion").get(pk=proposal.pk)
    region = locked.voi
    if locked.state != Proposal.State.ACCEPTED or region is None:
        raise Refused("proposal_decided")
    is_as_seen = region.superseded_at is None and region.recorded_at == seen_at
    if not is_as_seen or region.origin.get("proposal") != str(locked.pk):
        raise Conflict(sentence("region_changed"))
    since, lesion, before = locked.decided_at, region.lesion, _version_before(region, locked)
    change = {"by": by, "voi": region, "reason": reason, "expected_recorded_at": seen_at}
    if before is not None:
        region, _ = restore(version=before.recorded_at, **change)
    else:
        remove_voi(**change)
    is_lesion_gone = False
    if lesion is not None:
        is_new = Lesion.versions.filter(lineage=lesion.lineage, recorded_at__lt=since).first() is None
        is_lesion_gone = is_new and withdraw_if_bare(by=by, scan=locked.scan, lesion=lesion, reason=reason)
        if not is_lesion_gone:
            _take_back_finding(by, locked.scan, lesion, since, reason)
    reopen_accepted(by=by, proposal=locked, reason=reason)
    return region, before is None, is_lesion_gone, request_measurements(scan=locked.scan, by=by)


@transaction.atomic
def take_back_match(
    *, by, match: LesionMatch, reason: str, seen_at: dt.datetime | None = None
) -> tuple[Voi | None, bool, Job]:
    """A match that was confirmed as proposed waits for a person again, and so does the focus accepted with it.

    Returns the region that was drawn by confirming, if any, whether it is gone, and the job.
    """
    require_deciding(by)
    require_reason(reason)
    rows = LesionMatch.objects.select_for_update(of=("self",))
    found = rows.select_related("scan__patient", "run", "lesion", "proposal").get(pk=match.pk)
    if found.state != LesionMatch.State.CONFIRMED or found.lesion is None:
        raise Refused("match_not_confirmed")
    if found.run.superseded_at is not None:
        raise Refused("proposal_outdated")
    since, focus = found.decided_at, found.proposal
    region, is_gone = None, False
    if focus is not None and focus.state == Proposal.State.ACCEPTED and focus.decided_at >= since:
        region, is_gone, _, _ = take_back_acceptance(by=by, proposal=focus, reason=reason, seen_at=seen_at)
    _take_back_finding(by, found.scan, found.lesion, since, reason)
    before = {"status": found.decided_status, "state": found.state}
    found.state, found.decided_status, found.decision_reason = LesionMatch.State.OPEN, "", ""
    found.decided_by = found.decided_at = None
    found.save(update_fields=["state", "decided_status", "decided_by", "decided_at", "decision_reason"])
    audit(by=by, action="reopen_match", obj=found, before=before, after={"state": found.state}, reason=reason)
    return region, is_gone, request_measurements(scan=found.scan, by=by)


def _version_before(region: Voi, proposal: Proposal) -> Voi | None:
    """The version that accepting this proposal replaced; None where the region came with it."""
    mine = Voi.versions.filter(lineage__in=family_of(region), origin__proposal=str(proposal.pk))
    accepted = next(row for row in mine.order_by("-recorded_at") if "restored" not in row.origin)
    return Voi.versions.filter(lineage=accepted.lineage, superseded_at=accepted.recorded_at).first()


def _take_back_finding(by, scan: Scan, lesion: Lesion, since: dt.datetime, reason: str) -> None:
    """What the decision recorded of the lesion on this scan. A word said later than the decision is not taken back."""
    versions = LesionFinding.versions.filter(scan=scan, lesion=lesion)
    later = list(versions.filter(recorded_at__gte=since))
    if not later:
        return
    if len(later) > 1 or later[0].superseded_at is not None:
        raise Conflict(sentence("finding_changed"))
    finding = later[0]
    before = versions.filter(lineage=finding.lineage, superseded_at=finding.recorded_at).first()
    if before is None:
        withdraw(finding, by=by, reason=reason, expected_recorded_at=finding.recorded_at)
    else:
        earlier = {"status": before.status, "related_lesion": before.related_lesion}
        revise(finding, by=by, reason=reason, expected_recorded_at=finding.recorded_at, **earlier)
