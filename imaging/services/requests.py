"""Asking for work: one job per set of inputs, so that asking twice is asking once."""

from imaging import digests, jobs, selectors
from imaging.models import ForeignObject, ImageProduct, Job, ProposalRun, Scan, Series


def request_series(*, series: Series, by=None) -> Job:
    """Volume, SUV and every measurement that rests on them."""
    series = Series.objects.get(pk=series.pk)
    return jobs.request(
        kind=Job.Kind.SERIES,
        subject_id=series.pk,
        input_digest=digests.of_series(series),
        method_version=digests.SUV_VERSION,
        patient=selectors.patient_of(series),
        by=by,
    )


def request_measurements(*, scan: Scan, by=None) -> Job:
    """The measurements of a scan, or the SUV they need where that is not there yet."""
    found = selectors.current_suv(scan.pet_series)
    if found.result is None:
        return request_series(series=scan.pet_series, by=by)
    return jobs.request(
        kind=Job.Kind.MEASURE,
        subject_id=scan.pk,
        input_digest=digests.of_scan(scan.vois.all(), found.result),
        method_version=digests.MEASURE_VERSION,
        patient=scan.patient,
        by=by,
    )


def request_look(*, scan: Scan, by=None) -> list[Job]:
    """Proposals and pictures of a scan, where today's are not there yet; nothing before its SUV is known."""
    found = selectors.current_suv(scan.pet_series)
    if found.result is None:
        return []
    look, pictures = digests.of_look(scan, found.result), digests.of_pictures(scan, found.result)
    has_run = ProposalRun.objects.filter(scan=scan, superseded_at=None, input_digest=look).exists()
    stale = ImageProduct.objects.filter(scan=scan, superseded_at=None).exclude(input_digest=pictures)
    has_pictures = ImageProduct.objects.filter(scan=scan, superseded_at=None, input_digest=pictures).exists()
    if has_run and has_pictures and not stale.exists():
        return []
    job = jobs.request(
        kind=Job.Kind.SCAN,
        subject_id=scan.pk,
        input_digest=digests.joined(look, pictures),
        method_version=digests.LOOK_VERSION[:24],
        patient=scan.patient,
        by=by,
    )
    return [job]


def request_contours(*, series: Series, by=None) -> list[Job]:
    """Reading the outlines or measurements of another workstation, once their series is in a chart."""
    patient = selectors.patient_of(series)
    if patient is None:
        return []
    return [_request_object(found, patient, by) for found in series.foreign_objects.all()]


def request_waiting_contours(*, scan: Scan, by=None) -> list[Job]:
    """Outlines that came before the images they were drawn on."""
    waiting = ForeignObject.objects.filter(
        series__candidate_patient=scan.patient, series__identity=Series.Identity.ATTACHED, scan=None
    )
    return [_request_object(found, scan.patient, by) for found in waiting if selectors.is_drawn_on(found, scan)]


def _request_object(found: ForeignObject, patient, by) -> Job:
    return jobs.request(
        kind=Job.Kind.CONTOURS,
        subject_id=found.pk,
        input_digest=found.sha256,
        method_version=digests.CONTOURS_VERSION,
        patient=patient,
        by=by,
    )
