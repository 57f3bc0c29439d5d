"""A reader says what of the change between two scans. Stored once, never edited; it changes no eligibility."""

import datetime as dt
import uuid

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from eligibility.case_rows import CaseRows, fetch
from eligibility.change_facts import change_between, comparable_scans
from eligibility.domain.change import ChangeAssessment
from eligibility.models import ChangeVerdict
from imaging.models import Scan
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import Conflict, audit

SAME_SUBMIT = dt.timedelta(minutes=10)
REFUSED = "Your role may not give a verdict on a change. Those who sign readings may."
OPTIMISED = "A change that is confirmed is a true one. An optimisation of the examination explains it: say explained."
MOVED = "What the verdict would rest on has changed since you opened the page. Look again, then answer."


@transaction.atomic
def give_verdict(
    *,
    by,
    patient: Patient,
    before: str | uuid.UUID,
    after: str | uuid.UUID,
    seen: str,
    verdict: str,
    kind: str,
    comment: str = "",
) -> ChangeVerdict:
    """``before``, ``after``: lineages of the scans; ``seen``: digest of the assessment its author had before them.

    Sent twice within ten minutes it is stored once. Raises PermissionDenied, ValidationError, or Conflict when the
    assessment is another one by now.
    """
    _check_access(by, patient)
    Patient.objects.select_for_update().get(pk=patient.pk)
    found = assessed_pair(fetch(patient), before, after)
    if found.digest != seen:
        raise Conflict(MOVED)
    row = _row(by, patient, found, verdict=verdict, kind=kind, comment=comment.strip())
    if same := _same(row):
        return same
    row.save(force_insert=True)
    # The verdict itself stays out of the trail: a second reader must not meet it there before giving the own one.
    audit(by=by, action="change_verdict", obj=row, after={"digest": row.digest, "change_class": row.change_class})
    return row


def assessed_pair(case: CaseRows, before: str | uuid.UUID, after: str | uuid.UUID) -> ChangeAssessment:
    """Raises ValidationError where the two are no SSTR scans of this case in this order."""
    scans = {str(scan.lineage): scan for scan in comparable_scans(case)}
    first, second = scans.get(str(before)), scans.get(str(after))
    return assessed(case, first, second)


def assessed(case: CaseRows, first: Scan | None, second: Scan | None) -> ChangeAssessment:
    try:
        found = change_between(case, first, second) if first and second else None
    except ValueError as error:
        raise ValidationError(f"These scans cannot be compared: {error}.") from error
    if found is None:
        raise ValidationError("These are no two SSTR scans of this case.")
    return found


def _row(by, patient: Patient, found: ChangeAssessment, **said) -> ChangeVerdict:
    row = ChangeVerdict(
        patient=patient,
        before_scan=uuid.UUID(found.before.id),
        after_scan=uuid.UUID(found.after.id),
        digest=found.digest,
        method_version=found.method_version,
        change_class=found.name,
        sentence=found.sentence,
        reader=by,
        **said,
    )
    row.full_clean(exclude=["patient", "reader"])
    if row.verdict == ChangeVerdict.Verdict.UNSURE and not row.comment:
        raise ValidationError({"comment": "Say what you are unsure of: the next reader has only this line."})
    if row.verdict == ChangeVerdict.Verdict.CONFIRMED and row.kind != ChangeVerdict.Kind.TRUE_CHANGE:
        raise ValidationError({"kind": OPTIMISED})
    return row


def _check_access(by, patient: Patient) -> None:
    if not by.may(Capability.SIGN_READING):
        raise PermissionDenied(REFUSED)
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise PermissionDenied("You have no access to this case.")


def _same(row: ChangeVerdict) -> ChangeVerdict | None:
    """The same words again, with nothing else said by this reader in between."""
    mine = ChangeVerdict.objects.filter(patient=row.patient, reader=row.reader, digest=row.digest)
    last = mine.filter(recorded_at__gte=timezone.now() - SAME_SUBMIT).last()
    names = ("verdict", "kind", "comment")
    return last if last and all(getattr(last, name) == getattr(row, name) for name in names) else None
