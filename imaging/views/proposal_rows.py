"""Proposals and matches as the page of a scan shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from imaging import digests
from imaging.models import Lesion, LesionMatch, Proposal, ProposalRun, Scan, SuvResult
from imaging.services.proposals import is_sphere_of, may_reopen
from imaging.views.numbers import number

CONFIDENCE_WORDS = ((0.9, "high"), (0.6, "fair"), (0.0, "low"))


@dataclass(frozen=True)
class Panels:
    """What is proposed for one scan; lists in the order in which they are to be looked at.

    ``is_outdated``: the run rests on other inputs than today's; its SUVs are not shown where the SUV is another one.
    """

    run: ProposalRun | None
    is_outdated: bool
    has_current_suv: bool
    references: list[dict]
    to_decide: list[dict]
    physiologic: list[dict]
    decided: list[dict]
    matches: list[dict]
    imported: list[dict]
    lesions: list[Lesion]

    @property
    def open_count(self) -> int:
        return len(self.to_decide) + len(self.imported)

    @property
    def open_matches(self) -> int:
        return sum(row["is_open"] for row in self.matches)


def panels(scan: Scan, suv: SuvResult | None) -> Panels:
    run = scan.proposal_runs.filter(superseded_at=None).first()
    mine = list(scan.proposals.filter(run=run).select_related("voi__lesion", "decided_by", "lesion")) if run else []
    foreign = scan.proposals.filter(kind=Proposal.Kind.IMPORTED, source__scan=scan)
    placed = set(scan.vois.values_list("role", flat=True))
    return arranged(
        run,
        suv,
        is_outdated=bool(run and suv and run.input_digest != digests.of_look(scan, suv)),
        references=[_reference(row, suv, placed) for row in mine if row.kind == Proposal.Kind.REFERENCE],
        foci=[row for row in mine if row.kind == Proposal.Kind.FOCUS],
        matches=_matches(run),
        imported=foreign.select_related("source", "voi__lesion", "decided_by", "lesion"),
        lesions=list(Lesion.objects.filter(patient=scan.patient).order_by("label")),
    )


def arranged(
    run: ProposalRun | None,
    suv: SuvResult | None,
    *,
    foci: list[Proposal],
    matches: Iterable[LesionMatch],
    imported: Iterable[Proposal],
    lesions: list[Lesion],
    references: Sequence[dict] = (),
    is_outdated: bool = False,
) -> Panels:
    """The rows at hand, each list in the order in which it is to be looked at."""
    is_open = [row for row in foci if row.state == Proposal.State.OPEN]
    return Panels(
        run=run,
        has_current_suv=bool(run and suv and run.suv_result_id == suv.pk),
        is_outdated=is_outdated,
        references=list(references),
        to_decide=[_focus(row, suv) for row in sorted(is_open, key=_urgency) if not row.is_physiologic],
        physiologic=[_focus(row, suv) for row in is_open if row.is_physiologic],
        decided=[_focus(row, suv) for row in foci if row.state != Proposal.State.OPEN],
        matches=[_match(row) for row in sorted(matches, key=_match_order)],
        imported=[_focus(row, suv) for row in imported],
        lesions=lesions,
    )


def _numbers(row: Proposal, suv: SuvResult | None) -> dict:
    """What was measured under today's SUV; under another one only what does not depend on it."""
    of = row.run.suv_result_id if row.run else row.numbers.get("suv_result")
    if suv is not None and str(of) == str(suv.pk):
        return row.numbers
    return {name: row.numbers[name] for name in ("volume_ml", "voxel_count", "cov") if name in row.numbers}


def _urgency(row: Proposal) -> tuple:
    """What has to be asked first, then the hottest."""
    return (not row.must_ask, row.number)


def _reference(row: Proposal, suv: SuvResult | None, placed: set[str]) -> dict:
    found = _numbers(row, suv)
    return {
        "proposal": row,
        "label": row.get_role_display().capitalize(),
        "mean": number(found.get("suv_mean")),
        "sd": number(found.get("suv_sd")),
        "cov": f"{100 * found['cov']:.0f} %" if found.get("cov") is not None else "–",
        "where": _point(row.centre_lps_mm),
        "radius": f"{row.radius_mm:.1f}" if row.radius_mm else "",
        "refusal": row.refusal_message,
        "code": row.refusal_code,
        "note": row.reason,
        "state": _reference_state(row, placed),
        "is_open": row.state == Proposal.State.OPEN and not row.refusal_code,
    }


def _reference_state(row: Proposal, placed: set[str]) -> str:
    if row.refusal_code:
        return "not proposed"
    if row.role not in placed:
        return "not used: taken away by a person"
    if row.voi is None or row.voi.superseded_at is not None:
        return "not used: another region is placed"
    if not is_sphere_of(row.voi, row):
        return "not used: moved by a person"
    is_confirmed = row.state == Proposal.State.ACCEPTED
    return f"confirmed by {row.decided_by}" if is_confirmed else "used as proposed, not confirmed"


def _focus(row: Proposal, suv: SuvResult | None) -> dict:
    found = _numbers(row, suv)
    return {
        "proposal": row,
        "label": row.label or f"segment {row.number}",
        "guess": (row.guess or "").replace("_", " "),
        "reason": row.reason,
        "must_ask": row.must_ask,
        "is_organ": row.guess not in {"", "liver"} and row.source is None,
        "suv_max": number(found.get("suv_max")),
        "suv_mean": number(found.get("suv_mean")),
        "suv_peak": number(found.get("suv_peak_local")),
        "volume": number(found.get("volume_ml"), 1),
        "where": _point(row.centre_lps_mm),
        "lesion": row.lesion,
        "source": row.source,
        "is_open": row.state == Proposal.State.OPEN,
        "may_reopen": may_reopen(row),
        "state": _state(row),
    }


def _state(row: Proposal) -> str:
    if row.state == Proposal.State.OPEN:
        return "open"
    if row.state == Proposal.State.ACCEPTED and may_reopen(row):
        return "accepted, region taken away since"
    what = f"{row.voi.lesion.label}" if row.voi and row.voi.lesion else row.get_state_display()
    return f"{what}, by {row.decided_by}" if row.decided_by else what


def _matches(run: ProposalRun | None):
    if run is None:
        return []
    return run.matches.select_related("lesion", "related_lesion", "proposal", "decided_by", "previous_scan")


def _match_order(row: LesionMatch) -> tuple:
    return row.lesion is None, row.lesion.label if row.lesion else "", -(row.confidence or 0)


def _match(row: LesionMatch) -> dict:
    decided = row.state != LesionMatch.State.OPEN
    return {
        "match": row,
        "lesion": row.lesion,
        "region": row.proposal.label if row.proposal else "",
        "status": row.get_status_display(),
        "related": row.related_lesion.label if row.related_lesion else "",
        "confidence": "" if row.confidence is None else f"{100 * row.confidence:.0f} %",
        "word": _confidence_word(row.confidence),
        "reason": row.reason,
        "is_ambiguous": row.parts.get("is_ambiguous", False),
        "is_open": not decided and row.lesion is not None,
        "state": _match_state(row) if decided else "",
    }


def _match_state(row: LesionMatch) -> str:
    said = dict(row._meta.get_field("status").choices).get(row.decided_status, row.decided_status)
    reason = f": {row.decision_reason}" if row.decision_reason else ""
    return f"{row.get_state_display()} as {said}, by {row.decided_by}{reason}"


def _confidence_word(confidence: float | None) -> str:
    if confidence is None:
        return "not looked for"
    return next(word for least, word in CONFIDENCE_WORDS if confidence >= least)


def _point(place) -> str:
    return ", ".join(f"{value:.0f}" for value in place) if place else ""
