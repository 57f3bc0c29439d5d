"""Scans of the small phantom with proposals made directly, so that a test says what the software has found."""

import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np

from imaging import masks, selectors, volumes
from imaging.domain import uptake
from imaging.domain.extent import extent
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume
from imaging.models import ForeignObject, Job, Lesion, LesionMatch, Proposal, ProposalRun, Scan, Series, Voi
from imaging.refused import Refused
from imaging.services import looking, outlines, request_look
from imaging.services.identities import confirm_identity
from imaging.services.running import run_until_done
from patients.services import record
from tests.imaging.phantom import write_pet

FIRST, SECOND, BODY = (-24.0, 0.0, -376.0), (0.0, 0.0, -376.0), (32.0, 0.0, -376.0)
HOT_BODY, OTHER_BODY = Bounds((5, 15, 9), (8, 18, 12)), Bounds((5, 15, 15), (8, 18, 18))
NAMES = ("suv_max", "suv_mean", "suv_sd", "suv_peak_global", "suv_peak_local", "volume_ml", "voxel_count")


def bring_scan(import_files, folder: Path, patient, name: str = "a", **more) -> Scan:
    """Another scan of this patient: ``name`` tells them apart, the patient ID stays that of series "a"."""
    import_files(write_pet(folder / name, name, patient_id=f"SYN-{more.pop('of', 'a')}", **more), patient=patient)
    return Scan.objects.filter(patient=patient).order_by("recorded_at").last()


def confirm_held(by, patient) -> Scan:
    """A person says of each series that waits that it is of this patient."""
    for series in Series.objects.filter(identity=Series.Identity.HELD):
        confirm_identity(by=by, series=series, patient=patient, reason="seen on the request form")
    work_off()
    return Scan.objects.filter(patient=patient).order_by("recorded_at").last()


def fresh(row):
    """This scan or lesion as it is stored now."""
    return type(row).objects.get(pk=row.pk)


def volume_of(scan: Scan) -> Volume:
    series = fresh(scan).pet_series
    return volumes.load_volume(series, selectors.current_suv(series).result)


def solid(bounds: Bounds = HOT_BODY) -> Mask:
    return Mask(bounds, np.ones(bounds.shape, bool))


def current_run(scan: Scan) -> ProposalRun:
    return ProposalRun.objects.get(scan=scan, superseded_at=None)


def new_focus(scan: Scan, number: int = 1, bounds: Bounds = HOT_BODY, **more) -> Proposal:
    """An unsaved focus with its voxels stored."""
    volume, mask = volume_of(scan), solid(bounds)
    centre, radius = extent(mask, volume)
    found = uptake.measure(volume, mask)
    values = {
        "kind": Proposal.Kind.FOCUS,
        "label": f"F{number:02d}",
        "mask_sha256": masks.keep(mask, volume),
        "centre_lps_mm": [float(v) for v in centre],
        "radius_mm": radius,
        "numbers": {name: getattr(found, name) for name in NAMES},
    }
    return Proposal(scan=scan, number=number, **values | more)


def focus(scan: Scan, number: int = 1, bounds: Bounds = HOT_BODY, **more) -> Proposal:
    """A focus of the scan's present run."""
    found = new_focus(scan, number, bounds, **{"run": current_run(scan)} | more)
    found.save()
    return found


def new_reference(scan: Scan, role: str = "liver", centre=BODY, radius_mm: float = 12.0, **more) -> Proposal:
    values = {"kind": Proposal.Kind.REFERENCE, "label": role, "centre_lps_mm": list(centre), "radius_mm": radius_mm}
    return Proposal(scan=scan, role=role, numbers={"suv_mean": 0.8, "suv_sd": 0.0, "cov": 0.0}, **values | more)


def finds(monkeypatch, make: Callable[[Scan], list[Proposal]], *, recognised=None) -> None:
    """From now on the software finds these (unsaved) proposals on every scan that has images."""

    def propose(scan, pet, ct, lease=None):
        return looking.Look(proposals=make(scan), recognised=recognised(scan) if recognised else None)

    monkeypatch.setattr(looking, "propose", propose)


def look_again(scan: Scan) -> None:
    """What a changed input does: the present run no longer has today's digest."""
    ProposalRun.objects.filter(scan=scan, superseded_at=None).update(input_digest=uuid.uuid4().hex)
    for job in request_look(scan=fresh(scan)):
        run_until_done(job.pk)


def new_lesion(by, patient, label: str = "L01", organ: str = "liver") -> Lesion:
    return record(Lesion, by=by, patient=patient, label=label, organ=organ)


def drawn(scan: Scan, lesion: Lesion, by, bounds: Bounds = HOT_BODY, **more) -> Voi:
    """An outline of these voxels, measured."""
    values = {"role": "lesion", "origin": {"how": "test", "parameters": {}}, "volume": volume_of(scan)}
    found, _ = outlines.place_outline(by=by, scan=scan, lesion=lesion, mask=solid(bounds), **values | more)
    work_off()
    return Voi.objects.get(pk=found.pk)


def match(scan: Scan, previous: Scan, lesion: Lesion | None, status: str = "present", **more) -> LesionMatch:
    run = more.pop("run", None) or current_run(scan)
    return LesionMatch.objects.create(run=run, scan=scan, previous_scan=previous, lesion=lesion, status=status, **more)


def seen(voi: Voi, other: Voi | None = None) -> dict[str, str]:
    """What a page sends that shows these regions as they are now."""
    at = {"recorded_at": voi} if other is None else {"recorded_at": voi, "other_recorded_at": other}
    return {name: Voi.versions.get(pk=row.pk).recorded_at.isoformat() for name, row in at.items()}


def foreign_of(upload) -> ForeignObject:
    return ForeignObject.objects.get(series__upload_items__upload=upload)


def refusal_of(call, **values) -> str:
    """The code of the refusal; the step must have been refused."""
    try:
        call(**values)
    except Refused as refusal:
        return refusal.code
    raise AssertionError("the step was taken")


def work_off() -> None:
    """Every waiting job and what follows from it; one that cannot end fails the test instead of waiting for ever."""
    for _ in range(20):
        waiting = list(Job.objects.filter(state=Job.State.QUEUED).values_list("pk", flat=True))
        if not waiting:
            return
        for pk in waiting:
            run_until_done(pk)
    raise AssertionError([(job.kind, job.attempts) for job in Job.objects.filter(state=Job.State.QUEUED)])
