"""The contours job: what another workstation drew or measured, laid on our images, each part with its own outcome.

Outlines become proposals, beside those of the software; a person accepts them. Measurements of a report are kept as
they were sent and shown beside ours, never mixed with them.
"""

import json
import uuid
from dataclasses import asdict, replace

from django.utils import timezone

from imaging import jobs, masks, outlines, sandbox, selectors, store, volumes
from imaging.domain import uptake
from imaging.domain.errors import ImagingRefusal
from imaging.domain.extent import extent
from imaging.domain.volume import Volume
from imaging.instances import FileRefusal
from imaging.models import ForeignObject, Job, Lesion, Proposal, Scan, Series, SuvResult
from imaging.objects import MeasurementGroup, Report, Segmentation, StructureSet
from imaging.outlines import Images, OutlineOutcome
from imaging.reasons import SeriesRefused, explain
from imaging.services.requests import contours_digest, request_contours
from patients.services import audit

NUMBERS = ("suv_max", "suv_mean", "suv_peak_global", "suv_peak_local", "volume_ml", "voxel_count")


def run_contours(job: Job, lease: jobs.Lease) -> list[uuid.UUID]:
    """Read the object, place its outlines on the scan they belong to, keep the outcome of each.

    Where whose it is, its images or their SUV changed meanwhile, nothing is kept and it is read again.
    """
    found = _attached(job.subject_id)
    if found is None:
        with lease.effect():
            lease.finish()
        return []
    lease.progress("reading outlines")
    wanted, scan = contours_digest(found), selectors.scan_drawn_on(found)
    content = sandbox.read_object(store.path(found.sha256))
    lease.progress("placing outlines")
    made = [] if isinstance(content, FileRefusal | Report) else _place(found, content, scan)
    with lease.effect():
        Series.objects.select_for_update().get(pk=found.series_id)  # not taken out of its chart until this is kept
        now = _attached(found.pk)
        is_same = now is not None and contours_digest(now) == wanted
        if is_same:
            _keep(now, content, scan, made, wanted)
        lease.finish()
        return [] if is_same or now is None else [again.pk for again in request_contours(series=now.series)]


def _attached(pk: uuid.UUID) -> ForeignObject | None:
    """The object, while it is in a chart."""
    found = ForeignObject.objects.select_related("series__candidate_patient").filter(pk=pk).first()
    return found if found is not None and found.series.identity == Series.Identity.ATTACHED else None


def _place(
    found: ForeignObject, content: Segmentation | StructureSet, scan: Scan | None
) -> list[tuple[OutlineOutcome, Proposal | None]]:
    suv = selectors.current_suv(scan.pet_series) if scan else None
    images = _images(scan.pet_series, suv) if scan and suv and scan.pet_series else None
    made = []
    for outcome in outlines.place_outlines(content, images):
        proposal = None
        if outcome.placed and isinstance(images, Images) and scan and suv:
            proposal = _proposal(found, scan, outcome, images.volume, suv.result)
        made.append((_without_voxels(outcome), proposal))
    return made


def _images(series: Series, suv: selectors.CurrentSuv) -> Images | ImagingRefusal:
    """The volume to lay outlines on, or why there is none: in SUV where there is one, else only its grid counts."""
    try:
        if suv.result is not None and not suv.result.refusal_code:
            volume = volumes.load_volume(series, suv.result)
        else:
            volume = volumes.load_stored(series).volume(1.0, "")
    except ImagingRefusal as refusal:
        sentence = explain("referenced_series_unreadable", why=refusal.message.rstrip("."))
        return SeriesRefused("referenced_series_unreadable", sentence)
    with store.open_stored(series.manifest_sha256) as file:
        sop_uids = frozenset(json.load(file)["sop_uid"])
    return Images(volume, series.series_uid, sop_uids)


def _proposal(
    found: ForeignObject, scan: Scan, outcome: OutlineOutcome, volume: Volume, suv_result: SuvResult | None
) -> Proposal:
    mask = outcome.placed.mask
    centre, radius = extent(mask, volume)
    return Proposal(
        scan=scan,
        source=found,
        kind=Proposal.Kind.IMPORTED,
        number=outcome.number,
        label=outcome.label[:64],
        tracking_uid=outcome.tracking_uid,
        lesion=_known_lesion(scan, outcome.tracking_uid),
        mask_sha256=masks.keep(mask, volume),
        centre_lps_mm=[float(v) for v in centre],
        radius_mm=radius,
        numbers=_numbers(volume, mask) | {"suv_result": str(suv_result.pk) if suv_result else ""},
        guess=_site(outcome)[:24],
        reason=f"drawn elsewhere; {outcome.placed.method}",
        must_ask=True,
    )


def _numbers(volume: Volume, mask) -> dict:
    try:
        measured = uptake.measure(volume, mask)
    except ImagingRefusal:
        return {}
    wanted = NUMBERS if volume.unit else ("volume_ml", "voxel_count")
    return {name: getattr(measured, name) for name in wanted} | {"unit": volume.unit}


def _known_lesion(scan: Scan, tracking_uid: str) -> Lesion | None:
    """The lesion of this patient that carries the UID; a UID of another patient's lesion is nothing here."""
    if not tracking_uid:
        return None
    return next((le for le in Lesion.objects.filter(patient=scan.patient) if le.tracking_uid == tracking_uid), None)


def _site(outcome: OutlineOutcome) -> str:
    region = getattr(outcome.source, "anatomic_region", None)
    return region.meaning if region else ""


def _without_voxels(outcome: OutlineOutcome) -> OutlineOutcome:
    """Voxels of many outlines at once are more than a worker should hold."""
    return replace(outcome, placed=None)


def _keep(found: ForeignObject, content, scan: Scan | None, made, digest: str) -> None:
    found.scan, found.read_at, found.input_digest = scan, timezone.now(), digest
    found.refusal_code = found.refusal_message = ""
    if isinstance(content, FileRefusal):
        found.refusal_code, found.refusal_message = content.code, explain(content.code)[:300]
    elif isinstance(content, Report):
        found.measurements = [_group(group) for group in content.groups]
    if scan is None and not found.refusal_code:
        found.refusal_code = "referenced_series_absent"
        found.refusal_message = explain("referenced_series_absent")[:300]
    found.outcomes = [_outcome(outcome) for outcome, _ in made]
    found.save()
    _keep_proposals(found, scan, [proposal for _, proposal in made if proposal is not None])
    if scan is not None:
        audit(by=None, action="read_object", obj=found, patient=scan.patient, after={"outcomes": len(made)})


def _keep_proposals(found: ForeignObject, scan: Scan | None, made: list[Proposal]) -> None:
    """Open ones are proposed anew; of one that a person has decided only the numbers follow today's SUV."""
    Proposal.objects.filter(source=found, state=Proposal.State.OPEN).delete()
    decided = {row.number: row for row in Proposal.objects.filter(source=found, scan=scan)}
    Proposal.objects.bulk_create([proposal for proposal in made if proposal.number not in decided])
    for proposal in made:
        if proposal.number in decided:
            decided[proposal.number].numbers = proposal.numbers
            decided[proposal.number].save(update_fields=["numbers"])


def _group(group: MeasurementGroup) -> dict:
    """As it was sent; ``role`` is our word for a value, so that it can stand beside ours."""
    values = [asdict(value) | {"role": value.role} for value in group.measurements]
    return asdict(group) | {"measurements": values}


def _outcome(outcome: OutlineOutcome) -> dict:
    return {
        "number": outcome.number,
        "label": outcome.label,
        "tracking_uid": outcome.tracking_uid,
        "state": outcome.state,
        "code": outcome.refusal.code if outcome.refusal else "",
        "message": outcome.refusal.message if outcome.refusal else "",
        "warnings": [asdict(warning) for warning in outcome.warnings],
        "own_volume_ml": outcome.own_volume_ml,
    }
