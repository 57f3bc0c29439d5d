"""What a reader says of the scan as a whole: quality, somatostatin analogue, extravasation, lesions without uptake."""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import F

from imaging.models import Reading, Scan
from imaging.refused import Refused
from imaging.services.reading_lock import check_seen, token_of_answers
from patients.domain.dates import is_surely_before
from patients.domain.roles import Capability
from patients.models import SsaInjection
from patients.selectors import rows
from patients.services import audit, record, snapshot

CHOICES = {
    "quality": Reading.Quality,
    "ssa": Reading.Ssa,
    "extravasation": Reading.Extravasation,
    "cold_lesions": Reading.ColdLesions,
}
ANSWERS = (*CHOICES, "quality_note", "comment")


@transaction.atomic
def answer_reading(
    *,
    by,
    reading: Reading,
    injection: SsaInjection | None = None,
    ssa_drug: str = "",
    ssa_date: dt.date | None = None,
    seen: str | None = None,
    **answers: str,
) -> Reading:
    """Change the named answers of a draft; those not named stay.

    Of the analogue only the answer is kept here. Drug and day are an injection of the chart: one that is there, or one
    that is recorded now from ``ssa_drug`` and ``ssa_date``.
    """
    require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    for name, answer in answers.items():
        if name not in ANSWERS:
            raise TypeError(f"{name} is not an answer of a reading")
        if name in CHOICES and answer not in ("", *CHOICES[name].values):
            raise Refused("answer_unknown")
    draft = open_draft(reading.pk)
    check_seen(seen, token_of_answers(draft), draft)
    if "ssa" in answers:
        is_given = answers["ssa"] == Reading.Ssa.GIVEN
        found = injection or _of_chart(by, draft.scan, ssa_drug.strip(), ssa_date) if is_given else None
        answers["ssa_injection"] = _checked(draft.scan, found) if is_given else None
    return set_values(by, draft, "answer_reading", **answers)


def _checked(scan: Scan, injection: SsaInjection | None) -> SsaInjection:
    if injection is None or injection.patient_id != scan.patient_id or injection.clinical_date is None:
        raise Refused("ssa_injection_missing")
    if scan.clinical_date and injection.clinical_date > scan.clinical_date:
        raise Refused("ssa_after_scan")
    return injection


def _of_chart(by, scan: Scan, drug: str, day: dt.date | None) -> SsaInjection | None:
    """The chart's own row where the same injection is known, else a new one."""
    if not drug or day is None:
        return None
    if scan.clinical_date and day > scan.clinical_date:
        raise Refused("ssa_after_scan")
    if is_surely_before((day, day), scan.patient.birth_span):
        raise Refused("ssa_before_birth")
    known = rows(SsaInjection, scan.patient).filter(drug__iexact=drug, clinical_date=day).first()
    reason = "stated by the reader of the scan"
    return known or record(SsaInjection, by=by, patient=scan.patient, drug=drug, clinical_date=day, reason=reason)


def set_values(by, reading: Reading, action: str, **values) -> Reading:
    current = open_draft(reading.pk)
    before = snapshot(current, list(values))
    for name, value in values.items():
        setattr(current, name, value)
    current.save(update_fields=list(values))
    audit(by=by, action=action, obj=current, before=before, after=snapshot(current, list(values)))
    return current


def open_draft(pk: uuid.UUID) -> Reading:
    """The draft, held against a signature until this transaction ends."""
    if not Reading.objects.filter(pk=pk, state=Reading.State.DRAFT).update(version=F("version")):
        raise Refused("reading_signed")
    return Reading.objects.select_related("scan").get(pk=pk)


def require(by, *capabilities: Capability) -> None:
    if not any(by.may(capability) for capability in capabilities):
        raise Refused("not_permitted")
