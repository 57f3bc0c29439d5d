"""The scan job: what the software proposes for a scan, and its pictures. None of it is a fact before a person says so.

Reference organs that nobody placed yet are used as proposed, and say so until a person confirms or moves them. Foci,
and lesions recognised from the scan before, wait for a person.
"""

import uuid
from dataclasses import asdict, dataclass, field

from django.utils import timezone

from imaging import digests, jobs, masks, selectors
from imaging.domain import candidates, references
from imaging.domain.candidates import Focus
from imaging.domain.errors import ImagingRefusal, MeasurementRefused
from imaging.domain.extent import extent
from imaging.domain.references import Reference, References, RefusedReference
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume
from imaging.models import Job, LesionFinding, LesionMatch, Proposal, ProposalRun, Scan, SuvResult, Voi
from imaging.reasons import SeriesRefused
from imaging.services import loaded, measuring, picturing, recognising
from imaging.services.proposals import is_sphere_of, sphere_of
from imaging.services.requests import request_measurements
from imaging.services.voxels import mask_of
from patients.services import audit, record

ROLES = {"liver": Voi.Role.LIVER, "spleen": Voi.Role.SPLEEN, "blood_pool": Voi.Role.BLOOD_POOL}
DECISION = ("state", "decided_by", "decided_at", "decision_reason")
NUMBERS = (
    "suv_max",
    "suv_mean",
    "suv_sd",
    "suv_peak_global",
    "suv_peak_local",
    "volume_ml",
    "total_lesion_sstr_expression",
    "voxel_count",
)


@dataclass
class Look:
    """What was found on one scan, not yet stored."""

    proposals: list[Proposal] = field(default_factory=list)
    parameters: dict = field(default_factory=dict)
    warnings: list[dict] = field(default_factory=list)
    refusal: ImagingRefusal | None = None
    recognised: recognising.Recognised | None = None
    outlines: list[tuple[Proposal, Mask]] = field(default_factory=list)

    def keep_outlines(self, pet: Volume) -> None:
        """Store the voxels of every focus, durably, before a row names them."""
        for proposal, mask in self.outlines:
            proposal.mask_sha256 = masks.keep(mask, pet)


def run_scan(job: Job, lease: jobs.Lease) -> list[uuid.UUID]:
    """Propose and draw what is not there for today's inputs; ends quietly where they changed meanwhile."""
    scan = Scan.objects.select_related("pet_series", "ct_series", "patient").filter(pk=job.subject_id).first()
    suv = selectors.current_suv(scan.pet_series) if scan else None
    if scan is None or suv is None or suv.result is None:
        with lease.effect():
            lease.finish()
        return []
    wanted, drawn = digests.of_look(scan, suv.result), digests.of_pictures(scan, suv.result)
    look, pictures = _work(scan, suv.result, wanted, lease)
    with lease.effect():
        measuring.lock(scan.pet_series)
        scan, followers = measuring.as_of_now(scan), []
        if scan is not None and selectors.current_suv(scan.pet_series).result == suv.result:
            if look is not None and digests.of_look(scan, suv.result) == wanted:
                followers = _keep(scan, suv.result, wanted, look)
            if pictures is not None and digests.of_pictures(scan, suv.result) == drawn:
                picturing.keep(scan, drawn, pictures)
        lease.finish()
        return followers


def _work(
    scan: Scan, suv_result: SuvResult, wanted: str, lease: jobs.Lease
) -> tuple[Look | None, list[picturing.Made] | None]:
    has_run = ProposalRun.objects.filter(scan=scan, superseded_at=None, input_digest=wanted).exists()
    lease.progress("reading images")
    try:
        if suv_result.refusal_code:
            raise _stored(suv_result)
        pet, ct = loaded.pet_of(scan, suv_result), loaded.ct_of(scan)
    except ImagingRefusal as refusal:
        return (None if has_run else refused_look(scan, refusal)), None
    look = None if has_run else propose(scan, pet, ct, lease)
    if look is not None:
        look.keep_outlines(pet)
    if picturing.current(scan, suv_result):
        return look, None
    try:
        return look, picturing.make(scan, pet, ct, lease, loaded.scratch())
    except ImagingRefusal:
        return look, None


def refused_look(scan: Scan, refusal: ImagingRefusal) -> Look:
    """Nothing is proposed, and the lesions of the scan before are asked about all the same."""
    return Look(refusal=refusal, recognised=recognising.not_looked_for(scan, refusal.message))


def propose(scan: Scan, pet: Volume, ct: Volume | None, lease: jobs.Lease | None = None) -> Look:
    """References, foci and matches of one scan, unsaved."""
    _say(lease, "looking for reference organs")
    look = Look()
    try:
        if not is_sstr(scan.tracer) and scan.tracer != Tracer.F18_FDG:
            raise MeasurementRefused("tracer_not_proposed", found=scan.tracer or "(not recorded)")
        rules = references.FDG if scan.tracer == Tracer.F18_FDG else references.SSTR
        found = references.propose(pet, ct, rules)
    except ImagingRefusal as refusal:
        return refused_look(scan, refusal)
    look.proposals += [_reference(scan, name, answer) for name, answer in _answers(found).items()]
    _say(lease, "looking for foci")
    foci = _foci(scan, pet, found, look)
    _say(lease, "recognising lesions of the scan before")
    look.recognised = recognising.recognise(scan, pet, ct, foci)
    return look


def _foci(scan: Scan, pet: Volume, found: References, look: Look) -> list[tuple[Focus, Proposal]]:
    try:
        if isinstance(found.liver, RefusedReference):
            raise MeasurementRefused("foci_need_liver", found=found.liver.sentence.rstrip("."))
        organs = candidates.PHYSIOLOGIC_SSTR if is_sstr(scan.tracer) else None
        made = candidates.propose(pet, found, organs=organs)
    except ImagingRefusal as refusal:
        look.refusal = refusal
        return []
    look.parameters = dict(made.parameters) | {"liver_mean": found.liver.mean, "liver_sd": found.liver.sd}
    look.warnings = [asdict(warning) for warning in made.cautions]
    pairs = [(focus, _focus(scan, number, focus, pet)) for number, focus in enumerate(made.foci, 1)]
    _note_marked(scan, pet, pairs)
    look.proposals += [proposal for _, proposal in pairs]
    look.outlines = [(proposal, focus.mask) for focus, proposal in pairs]
    return pairs


def _note_marked(scan: Scan, pet: Volume, pairs: list[tuple[Focus, Proposal]]) -> None:
    """A focus that shares voxels with a lesion already marked on this scan says so: it is not asked as a new one."""
    vois = list(scan.vois.select_related("lesion"))
    liver = digests.liver_reference(vois).voi
    for voi in vois:
        if voi.lesion is None:
            continue
        try:
            mask = mask_of(pet, voi, liver)
        except ImagingRefusal:
            continue
        for focus, proposal in pairs:
            if proposal.lesion is None and (focus.mask.voxels & mask.over(focus.mask.bounds)).any():
                proposal.lesion = voi.lesion
                proposal.reason = f"Shares voxels with the region of {voi.lesion.label}. {proposal.reason}"[:300]


def _answers(found: References) -> dict[str, Reference | RefusedReference]:
    return {"liver": found.liver, "spleen": found.spleen, "blood_pool": found.blood_pool}


def _reference(scan: Scan, name: str, answer: Reference | RefusedReference) -> Proposal:
    proposal = Proposal(scan=scan, kind=Proposal.Kind.REFERENCE, role=ROLES[name], label=name.replace("_", " "))
    if isinstance(answer, RefusedReference):
        proposal.refusal_code, proposal.refusal_message = answer.code, answer.sentence[:300]
        return proposal
    proposal.centre_lps_mm, proposal.radius_mm = list(answer.centre_lps), answer.radius_mm
    proposal.numbers = {
        "suv_mean": answer.mean,
        "suv_sd": answer.sd,
        "cov": answer.cov,
        "voxel_count": answer.voxel_count,
        "method": answer.method,
        "parameters": dict(answer.parameters),
    }
    proposal.reason = " ".join(note.message for note in answer.cautions)[:300]
    return proposal


def _focus(scan: Scan, number: int, focus: Focus, pet: Volume) -> Proposal:
    _, radius = extent(focus.mask, pet)
    return Proposal(
        scan=scan,
        kind=Proposal.Kind.FOCUS,
        number=number,
        label=f"F{number:02d}",
        centre_lps_mm=[float(v) for v in focus.centroid_lps],
        radius_mm=radius,
        numbers={name: getattr(focus.uptake, name) for name in NUMBERS},
        guess=focus.guess.organ[:24],
        reason=focus.guess.sentence[:300],
        is_physiologic=focus.guess.is_physiologic,
        must_ask=focus.guess.must_ask,
    )


def _keep(scan: Scan, suv_result: SuvResult, digest: str, look: Look) -> list[uuid.UUID]:
    """The new run replaces the old one. What a person decided about the same outline stays decided."""
    now = timezone.now()
    decided = _decisions(scan)
    ProposalRun.objects.filter(scan=scan, superseded_at=None).update(superseded_at=now)
    run = ProposalRun.objects.create(
        scan=scan,
        suv_result=suv_result,
        input_digest=digest,
        method_version=digests.LOOK_VERSION,
        parameters=look.parameters,
        registration=look.recognised.registration if look.recognised else None,
        warnings=look.warnings,
        refusal_code=look.refusal.code if look.refusal else "",
        refusal_message=look.refusal.message[:300] if look.refusal else "",
        computed_at=now,
    )
    for proposal in look.proposals:
        proposal.run = run
        _carry_over(proposal, decided)
    Proposal.objects.bulk_create(look.proposals)
    if look.recognised:
        LesionMatch.objects.bulk_create(_answered(scan, recognising.rows(look.recognised, run)))
    audit(by=None, action="propose", obj=run, after={"proposals": len(look.proposals)})
    return _use_references(scan, look.proposals)


def _decisions(scan: Scan) -> dict[str, Proposal]:
    """By outline: the newest word of a person about it, which may have been to open it again."""
    said = Proposal.objects.filter(scan=scan, kind=Proposal.Kind.FOCUS, decided_at__isnull=False)
    return {p.mask_sha256: p for p in said.order_by("decided_at") if p.mask_sha256}


def _carry_over(proposal: Proposal, decided: dict[str, Proposal]) -> None:
    before = decided.get(proposal.mask_sha256) if proposal.mask_sha256 else None
    if before is None or before.state == Proposal.State.OPEN or (_is_accepted(before) and not _still_used(before)):
        return
    for name in (*DECISION, "voi"):
        setattr(proposal, name, getattr(before, name))


def _answered(scan: Scan, rows: list[LesionMatch]) -> list[LesionMatch]:
    """What a person said of a lesion stands while the finding says the same; else it is asked again."""
    decided = LesionMatch.objects.filter(scan=scan, lesion__isnull=False).exclude(state=LesionMatch.State.OPEN)
    said = {row.lesion_id: row for row in decided.order_by("decided_at")}
    found = dict(LesionFinding.objects.filter(scan=scan).values_list("lesion_id", "status"))
    for row in rows:
        before = said.get(row.lesion_id)
        if before is None or found.get(row.lesion_id) != before.decided_status:
            continue
        for name in (*DECISION, "decided_status"):
            setattr(row, name, getattr(before, name))
    return rows


def _is_accepted(proposal: Proposal) -> bool:
    return proposal.state == Proposal.State.ACCEPTED


def _still_used(proposal: Proposal) -> bool:
    return proposal.voi is not None and proposal.voi.superseded_at is None


def _use_references(scan: Scan, proposals: list[Proposal]) -> list[uuid.UUID]:
    """A reference nobody has placed is used as proposed; one that a person took away is not placed again."""
    placed = False
    for proposal in proposals:
        if proposal.kind != Proposal.Kind.REFERENCE or proposal.refusal_code:
            continue
        if Voi.versions.filter(scan_id=scan.lineage, role=proposal.role).exists():
            _recognise_reference(scan, proposal)
            continue
        proposal.voi = record(Voi, by=None, scan=scan, role=proposal.role, **sphere_of(proposal))
        proposal.save(update_fields=["voi"])
        placed = True
    return [request_measurements(scan=scan).pk] if placed else []


def _recognise_reference(scan: Scan, proposal: Proposal) -> None:
    """The sphere in use is the one proposed again: it keeps the word of whoever confirmed it."""
    voi = Voi.objects.filter(scan=scan, role=proposal.role).order_by("-recorded_at").first()
    if voi is None or not is_sphere_of(voi, proposal):
        return
    proposal.voi = voi
    accepted = Proposal.objects.filter(scan=scan, role=proposal.role, state=Proposal.State.ACCEPTED, voi=voi)
    if before := accepted.order_by("-decided_at").first():
        for name in DECISION:
            setattr(proposal, name, getattr(before, name))
    proposal.save(update_fields=["voi", *DECISION])


def _stored(suv_result: SuvResult) -> ImagingRefusal:
    return SeriesRefused(suv_result.refusal_code, suv_result.refusal_message)


def _say(lease: jobs.Lease | None, stage: str) -> None:
    if lease is not None:
        lease.progress(stage)
