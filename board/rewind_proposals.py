"""What was proposed for a scan by an earlier moment, and what people had made of it: read back from the trail."""

from collections import defaultdict
from typing import Any

from board.chart import Chart, ScanView
from imaging.models import ForeignObject, LesionMatch, Proposal, ProposalRun, Voi
from imaging.selectors import in_force
from imaging.views import foreign_rows, proposal_rows
from patients.models import AuditEvent, User

DECISIONS = ("decide_proposal", "confirm_match", "reopen_match")


def proposals_then(chart: Chart, view: ScanView) -> dict[str, Any]:
    scan, known_at = view.scan.lineage, chart.case.known_at
    run = ProposalRun.objects.filter(in_force(known_at), scan=scan).order_by("-computed_at").first()
    foci = list(Proposal.objects.filter(run=run, kind=Proposal.Kind.FOCUS).select_related("run")) if run else []
    foreign = ForeignObject.objects.filter(scan=scan, read_at__lte=known_at)
    drawn = list(Proposal.objects.filter(source__in=foreign, scan=scan).select_related("source"))
    matches = list(run.matches.select_related("proposal")) if run else []
    then = _Decided(chart)
    for row in (*foci, *drawn):
        then.take_back(row)
    by_id = {row.pk: row for row in foci}
    for match in matches:
        match.proposal = by_id.get(match.proposal_id, match.proposal)
        then.take_back_match(match)
    panels = proposal_rows.arranged(
        run, view.suv.result, foci=foci, imported=drawn, matches=matches, lesions=chart.lesions
    )
    return {"proposed": panels, "foreign": foreign_rows.foreign_of(foreign), "may_measure": False}


class _Decided:
    """The decisions of a case in the order they were written, each row under the name of what it is about."""

    def __init__(self, chart: Chart):
        self.known_at = chart.case.known_at
        self.lesions = {lesion.lineage: lesion for lesion in chart.lesions}
        self.regions = {voi.lineage: voi for voi in chart.of(Voi)}
        self.events: dict[str, list[AuditEvent]] = defaultdict(list)
        found = AuditEvent.objects.filter(patient=chart.patient.pk, action__in=DECISIONS).order_by("id")
        for event in found.select_related("by"):
            self.events[event.object_id].append(event)

    def take_back(self, row: Proposal) -> None:
        row.lesion = self.lesions.get(row.lesion_id)
        if (said := self._said(row)) is not None:
            row.state, row.decided_by, row.decision_reason, row.voi_id = said[0], said[1], said[2], said[3].get("voi")
        if row.voi_id is not None:
            row.voi = self._region(row.voi_id)

    def take_back_match(self, row: LesionMatch) -> None:
        row.lesion, row.related_lesion = self.lesions.get(row.lesion_id), self.lesions.get(row.related_lesion_id)
        if row.lesion_id is None and row.proposal is not None:
            _as_its_focus(row)
        elif (said := self._said(row)) is not None:
            row.state, row.decided_by, row.decision_reason = said[:3]
            row.decided_status = said[3].get("status", "")

    def _said(self, row: Proposal | LesionMatch) -> tuple[str, User | None, str, dict] | None:
        """State, author, reason and the rest of the last word by then; None where the row still stands by it."""
        events = self.events[str(row.pk)]
        if not any(event.at > self.known_at for event in events):
            return None
        by_then = [event for event in events if event.at <= self.known_at]
        if not by_then:
            return (events[0].before or {})["state"], None, "", {}
        last = by_then[-1]
        return (last.after or {})["state"], last.by, last.reason, last.after or {}

    def _region(self, key: Any) -> Voi | None:
        """As it lay then; one that had been taken away by then is told by its own row."""
        found = {str(lineage): voi for lineage, voi in self.regions.items()}.get(str(key))
        found = found or Voi.versions.filter(pk=key).select_related("lesion").first()
        if found is not None:
            found.lesion = self.lesions.get(found.lesion_id, found.lesion)
        return found


def _as_its_focus(match: LesionMatch) -> None:
    """A focus that is called new, or a piece of a lesion, is confirmed by being accepted."""
    is_accepted = match.proposal.state == Proposal.State.ACCEPTED
    match.state = LesionMatch.State.CONFIRMED if is_accepted else LesionMatch.State.OPEN
    match.decided_status = match.status if is_accepted else ""
    match.decided_by = match.proposal.decided_by if is_accepted else None
