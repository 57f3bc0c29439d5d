"""Asking for work: one job per set of inputs, so that asking twice is asking once."""

from imaging import digests, jobs, selectors
from imaging.models import Job, Scan, Series


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
