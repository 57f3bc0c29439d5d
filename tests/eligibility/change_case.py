"""The published case as a comparison meets it: what was drawn is no fact, and each value can be entered alone."""

import datetime as dt
from decimal import Decimal

from eligibility.case_rows import fetch
from eligibility.change_facts import change_between
from imaging.models import LesionFinding, Reading, Scan
from imaging.services import amend_reading
from patients.models import Patient, User
from patients.services import revise
from tests.board.factories import BASELINE, FOLLOW_UP, published_case
from tests.imaging.signing import sign

SIDES = {"before": BASELINE, "after": FOLLOW_UP}
SCAN_VALUES = {"uses_psf": False, "uptake_min": Decimal(60), "ssa": "none"}
KEYS = [
    *(f"{field}:{side}" for field in ("uses_psf", "uptake_min", "ssa", "extravasation") for side in SIDES),
    *(f"size_mm:{label}:{side}" for label in ("L01", "L02") for side in SIDES),
]


def illustrative_case(case_number="0001") -> tuple[User, Patient]:
    """Headers, images and sizes drawn; readers who could not say whether there was extravasation."""
    user, patient = published_case(case_number)
    for day in SIDES.values():
        revise(scan_of(patient, day), by=user, reason="drawn", is_illustrative=True)
        answer(user, patient, day, extravasation="unknown")
    return user, patient


def scan_of(patient: Patient, day: dt.date) -> Scan:
    return Scan.objects.get(patient=patient, clinical_date=day)


def answer(user, patient: Patient, day: dt.date, **answers) -> None:
    """An amended reading that says something else of the whole scan."""
    signed = Reading.objects.filter(scan=scan_of(patient, day), state="signed").order_by("version").last()
    sign(by=user, reading=amend_reading(by=user, reading=signed, reason="asked again"), **answers)


def enter(user, patient: Patient, key: str) -> None:
    """The value that ``key`` names, the way a person records it."""
    field, *lesion, side = key.split(":")
    day = SIDES[side]
    scan = scan_of(patient, day)
    if field == "extravasation":
        answer(user, patient, day, extravasation="none")
    elif field == "size_mm":
        finding = LesionFinding.objects.get(lesion__label=lesion[0], scan=scan)
        size = 40 if side == "before" else 31
        revise(finding, by=user, reason="measured on CT", is_illustrative=False, long_axis_mm=Decimal(size))
    else:
        name = {"ssa": "ssa_status"}.get(field, field)
        revise(scan, by=user, reason="asked the site", **{name: SCAN_VALUES[field]})


def change_of(patient: Patient):
    return change_between(fetch(Patient.objects.get(pk=patient.pk)))


def keys_of(found) -> set[str]:
    return {item.key for item in found.missing}
