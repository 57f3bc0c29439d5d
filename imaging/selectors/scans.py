"""Scans of a patient, whose a series is, what waits for a person on a scan, and the reading that counts."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, QuerySet

from imaging.domain.vocabulary import is_sstr
from imaging.models import ForeignObject, LesionMatch, Proposal, Reading, Scan, Series
from patients.models import Patient
from patients.selectors import rows


def scans(patient: Patient, *, known_at: dt.datetime | None = None) -> list[Scan]:
    """Scans in the order of acquisition. At an earlier ``known_at`` use ``scan.lineage`` to follow references."""
    found = rows(Scan, patient, known_at=known_at).select_related("pet_series__study", "ct_series", "patient")
    found = found.prefetch_related("pet_series__suv_inputs__recorded_by", "pet_series__suv_results")
    return list(found.order_by("clinical_date", "recorded_at"))


def patient_of(series: Series) -> Patient | None:
    """Whose series it is; None while it is unassigned, held or rejected."""
    return series.candidate_patient if series.identity == Series.Identity.ATTACHED else None


def open_decisions(of_scans: QuerySet[Scan]) -> dict:
    """By the scan's id, where there are any: foci, and lesions of the scan before, that wait for a person."""
    foci = Proposal.objects.filter(
        state=Proposal.State.OPEN, run__superseded_at=None, kind=Proposal.Kind.FOCUS, is_physiologic=False
    )
    matches = LesionMatch.objects.filter(state=LesionMatch.State.OPEN, run__superseded_at=None, lesion__isnull=False)
    found: dict = {}
    for place, rows_ in enumerate((foci, matches)):
        counted = (
            rows_.filter(Exists(of_scans.filter(pk=OuterRef("scan"))))
            .values_list("scan")
            .annotate(n=Count("pk"))
            .order_by()
        )
        for pk, number in counted:
            found.setdefault(pk, [0, 0])[place] = number
    return {pk: tuple(counts) for pk, counts in found.items()}


def scan_drawn_on(found: ForeignObject) -> Scan | None:
    """The scan of its patient that an outline or report belongs to: by the series it names, else by its frame."""
    patient = patient_of(found.series)
    if patient is None:
        return None
    mine = list(scans(patient))
    named = [scan for scan in mine if _is_named(found, scan)]
    return next(iter(named or [scan for scan in mine if _shares_frame(found, scan)]), None)


def is_drawn_on(found: ForeignObject, scan: Scan) -> bool:
    return _is_named(found, scan) or _shares_frame(found, scan)


def _is_named(found: ForeignObject, scan: Scan) -> bool:
    named = set(found.series.header.get("referenced_series_uids", []))
    return any(series.series_uid in named for series in (scan.pet_series, scan.ct_series) if series)


def _shares_frame(found: ForeignObject, scan: Scan) -> bool:
    frame = found.series.frame_of_reference_uid
    return bool(frame and scan.pet_series and scan.pet_series.frame_of_reference_uid == frame)


def signed_reading(scan: Scan, known_at: dt.datetime | None = None) -> Reading | None:
    """The reading that counts: the one signed last (an amendment replaces what it amends), with its scores."""
    return signed_readings([scan], known_at=known_at).get(scan.lineage)


def signed_readings(of_scans: Iterable[Scan], *, known_at: dt.datetime | None = None) -> dict:
    """``signed_reading`` for several scans in two queries, keyed by the scan's lineage."""
    found = Reading.objects.filter(scan_id__in=[s.lineage for s in of_scans], state=Reading.State.SIGNED)
    if known_at is not None:
        found = found.filter(signed_at__lte=known_at)
    found = found.select_related("reader").prefetch_related("lesions__lesion").order_by("signed_at", "version")
    return {reading.scan_id: reading for reading in found}


def may_be_sstr(scan: Scan) -> bool:
    """A scan whose tracer nobody recorded may be one."""
    return not scan.tracer or is_sstr(scan.tracer)
