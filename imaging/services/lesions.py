"""Lesions and their findings are recorded and revised like any clinical row; taking one away has a condition."""

import re

from django.db import transaction

from imaging import digests
from imaging.models import Lesion, LesionFinding, Reading, Scan, Voi
from imaging.refused import Refused
from imaging.services.vois import require_lesion_of
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import record, withdraw

LABEL = re.compile(r"L(\d+)\Z")


@transaction.atomic
def withdraw_lesion(*, by, lesion: Lesion, reason: str) -> Lesion:
    """Only while no reading scores it: a signed score must keep the lesion it speaks of."""
    if not by.may(Capability.EDIT_CLINICAL):
        raise Refused("not_permitted")
    if lesion.lesion_readings.exists():
        raise Refused("lesion_has_score")
    return withdraw(lesion, by=by, reason=reason)


@transaction.atomic
def withdraw_if_bare(*, by, scan: Scan, lesion: Lesion, reason: str) -> bool:
    """A lesion that came with one mark of this scan goes with it: it is marked, found and scored nowhere else."""
    findings = LesionFinding.objects.filter(lesion=lesion)
    is_known = findings.exclude(scan=scan).exists() or Voi.objects.filter(lesion=lesion).exists()
    if is_known or lesion.lesion_readings.exists():
        return False
    for finding in findings:
        withdraw(finding, by=by, reason=reason)
    withdraw_lesion(by=by, lesion=lesion, reason=reason)
    return True


def came_with_reading(*, by, scan: Scan, lesion: Lesion) -> bool:
    """Whether this person made the lesion, and no reading of the scan was signed since."""
    first = Lesion.versions.filter(lineage=lesion.lineage).order_by("recorded_at").first()
    signed = Reading.objects.filter(scan=scan, state=Reading.State.SIGNED, signed_at__gt=first.recorded_at)
    return first.recorded_by_id == by.pk and not signed.exists()


@transaction.atomic
def lesion_to_mark(
    *, by, scan: Scan, lesion: Lesion | None = None, part_of: Lesion | None = None, **described
) -> Lesion:
    """The lesion a person marks on a scan: a known one, or a new one as described; with its finding there.

    ``part_of``: the lesion in whose outline it was found. On a first scan that is no split, only a second lesion.
    """
    require_lesion_of(scan, lesion)
    marked = lesion or new_lesion(by=by, scan=scan, **described)
    status = first_status(scan, is_new=lesion is None)
    if part_of is not None and status == LesionFinding.Status.NEW:
        note_finding(by=by, scan=scan, lesion=marked, status=LesionFinding.Status.SPLIT, related=part_of)
    else:
        note_finding(by=by, scan=scan, lesion=marked, status=status)
    return marked


@transaction.atomic
def new_lesion(
    *,
    by,
    scan: Scan,
    organ: str = "",
    segment: str = "",
    kind: str = Lesion.Kind.UNKNOWN,
    label: str = "",
    given_tracking_uid: str = "",
) -> Lesion:
    """A lesion first seen on this scan; without a label of its own it gets the next free one."""
    if not by.may(Capability.EDIT_CLINICAL):
        raise Refused("not_permitted")
    if not organ.strip():
        raise Refused("lesion_label_missing")
    Patient.objects.select_for_update().get(pk=scan.patient_id)  # two new lesions at once take turns for a label
    return record(
        Lesion,
        by=by,
        patient=scan.patient,
        label=_own_label(scan.patient, label.strip()) or next_label(scan.patient),
        organ=organ.strip(),
        segment=segment.strip(),
        kind=kind,
        clinical_date=scan.clinical_date,
        clinical_date_precision=scan.clinical_date_precision,
        note=scan.note if scan.contradictions() else "",
        given_tracking_uid=given_tracking_uid,
    )


def next_label(patient) -> str:
    """L01, L02 ... never one that was used before, not even by a lesion that was withdrawn."""
    used = Lesion.versions.filter(patient=patient).values_list("label", flat=True)
    numbers = [int(found.group(1)) for label in used if (found := LABEL.match(label))]
    return f"L{max(numbers, default=0) + 1:02d}"


def first_status(scan: Scan, is_new: bool) -> str:
    """A lesion first seen on a scan that is not the first one of its kind of tracer is new on it."""
    has_earlier = is_new and digests.previous_scan(scan) is not None
    return LesionFinding.Status.NEW if has_earlier else LesionFinding.Status.PRESENT


def note_finding(*, by, scan: Scan, lesion: Lesion, status: str, related: Lesion | None = None) -> None:
    """What the scan shows of the lesion, unless that was recorded already."""
    if not LesionFinding.objects.filter(scan=scan, lesion=lesion).exists():
        record(LesionFinding, by=by, scan=scan, lesion=lesion, status=status, related_lesion=related)


def _own_label(patient, label: str) -> str:
    """One label is one lesion for ever: a label that a withdrawn lesion had is not given again."""
    if label and Lesion.versions.filter(patient=patient, label=label).exists():
        raise Refused("lesion_label_taken")
    return label
