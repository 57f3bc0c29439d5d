"""Asking for work: one job per set of inputs, so that asking twice is asking once."""

from django.db.models import Q

from imaging import digests, jobs, selectors
from imaging.models import ForeignObject, ImageProduct, Job, ProposalRun, Scan, Series
from patients.models import Patient


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


def request_looks(*, patient: Patient, by=None) -> list[Job]:
    """Of every scan of a case: what is marked or found on one is looked for on those after it."""
    scans = Scan.objects.filter(patient=patient, pet_series__isnull=False)
    return [job for scan in scans for job in request_look(scan=scan, by=by)]


def request_attached(*, series: Series, by=None) -> list[Job]:
    """What a series asks for once it is in a chart, where its SUV was computed before: else nobody would ask.

    Its SUV too, where the chart has a weight that it was not compared with.
    """
    if selectors.patient_of(series) is None:
        return []
    scans = Scan.objects.filter(Q(pet_series=series) | Q(ct_series=series), pet_series__isnull=False)
    found = [job for scan in scans for job in (*request_look(scan=scan), *request_contours_on(scan=scan))]
    if series.modality == "PT" and selectors.current_suv(series).state == selectors.RECOMPUTING:
        found.append(request_series(series=series, by=by))
    return [*request_contours(series=series, by=by), *found]


def request_contours(*, series: Series, by=None) -> list[Job]:
    """Reading the outlines or measurements of another workstation, once their series is in a chart."""
    patient = selectors.patient_of(series)
    if patient is None:
        return []
    return [_request_object(found, patient, by) for found in series.foreign_objects.all()]


def request_contours_on(*, scan: Scan, by=None) -> list[Job]:
    """Outlines that came before the images they were drawn on, or were measured under another SUV of them."""
    theirs = ForeignObject.objects.filter(
        series__candidate_patient=scan.patient, series__identity=Series.Identity.ATTACHED
    ).select_related("series__candidate_patient")
    drawn_on = [found for found in theirs if selectors.is_drawn_on(found, scan)]
    return [_request_object(f, scan.patient, by) for f in drawn_on if f.input_digest != contours_digest(f)]


def request_stale_contours() -> list[Job]:
    """Objects that were read in another way than today's; where the SUV is computed again they follow it."""
    found = ForeignObject.objects.filter(series__identity=Series.Identity.ATTACHED)
    asked = []
    for one in found.select_related("series__candidate_patient"):
        scan = selectors.scan_drawn_on(one)
        is_settled = scan is None or selectors.current_suv(scan.pet_series).result is not None
        if is_settled and one.input_digest != contours_digest(one):
            asked.append(_request_object(one, selectors.patient_of(one.series), None))
    return asked


def contours_digest(found: ForeignObject) -> str:
    """Of what reading an object rests on: the method, its file, the scan it belongs to today, the SUV of that scan."""
    scan = selectors.scan_drawn_on(found)
    suv = selectors.current_suv(scan.pet_series).result if scan else None
    return digests.joined(digests.CONTOURS_VERSION, found.sha256, str(scan and scan.pk), str(suv and suv.pk))


def _request_object(found: ForeignObject, patient, by) -> Job:
    return jobs.request(
        kind=Job.Kind.CONTOURS,
        subject_id=found.pk,
        input_digest=contours_digest(found),
        method_version=digests.CONTOURS_VERSION,
        patient=patient,
        by=by,
    )
