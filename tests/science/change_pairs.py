"""Two invented scans of one invented patient between which everything is alike, to change one thing at a time."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal as D

from eligibility.domain.change import ChangeAssessment, assess_change
from eligibility.domain.change_inputs import Between, Course, LesionPair, ScanRecord, Seen, Status

FIRST, SECOND = dt.date(2025, 7, 14), dt.date(2026, 4, 20)
CAPTEM = Course("CAPTEM", "chemo", True, 6, ("capecitabine", "temozolomide"))
ABOVE, BELOW, EQUAL, NONE = (frozenset({word}) for word in ("above", "below", "equal", "none"))
BY_SCORE = {0: NONE, 1: BELOW, 2: EQUAL, 3: ABOVE, 4: ABOVE}


def scan(day: dt.date, **changes) -> ScanRecord:
    """Everything known and unremarkable."""
    known = ScanRecord(
        id=day.isoformat(),
        day=day,
        tracer="68Ga-DOTATATE",
        scanner="Acme PET 1",
        reconstruction="OSEM 3i21s",
        uses_psf=False,
        uses_tof=True,
        uptake_min=D(60),
        injected_mbq=D(150),
        weight_kg=D(70),
        peptide_ug=D(30),
        ssa="none",
        extravasation="none",
        high_dose_steroid=False,
        inflammation=False,
        liver_suv=D("5.0"),
        spleen_suv=D(18),
        blood_pool_suv=D("1.5"),
        tumour_volume_ml=D(80),
        volume_method="45 % of maximum",
        reader="1",
        quality="good",
        cold_lesions_assessed=True,
        days_since_chemo=30 if day == SECOND else None,
    )
    return replace(known, **changes)


def seen(score: int | None, suv=None, *, liver=D("5.0"), size=D(25), scale="KR-ORIG", volume=D(10)) -> Seen:
    suv = None if suv is None else D(str(suv))
    return Seen(
        size_mm=None if size is None else D(size),
        suv_max=suv,
        ratio=None if suv is None or liver is None else suv / liver,
        volume_ml=volume,
        scale=scale,
        score_low=score,
        score_high=score,
        relation=None if score is None else BY_SCORE[score],
    )


def lesion(label="L02", before=None, after=None, *, organ="liver", status=Status.MATCHED, **changes) -> LesionPair:
    first, second = before or seen(1, "3.0"), after or seen(1, "3.0")
    return LesionPair(label, label, organ, changes.pop("is_visceral", True), status, first, second, **changes)


def converted(label="L02", factor="2.4", **changes) -> LesionPair:
    """From 1 to 3, with the uptake to go with it."""
    return lesion(label, seen(1, "3.0"), seen(3, D("3.0") * D(factor)), **changes)


WELL = Between(True, frozenset({"G2"}), "well differentiated, G2", (CAPTEM,), was_blinded=True)


def assess(
    lesions=None, *, before: dict | None = None, after: dict | None = None, between: Between = WELL, cv=None
) -> ChangeAssessment:
    """``before`` and ``after``: what is otherwise on that scan."""
    found = [converted()] if lesions is None else lesions
    return assess_change(
        scan(FIRST, **(before or {})), scan(SECOND, **(after or {})), found, between, within_subject_cv=cv
    )


def state_of(found: ChangeAssessment, key: str) -> str:
    return next(check.state for check in found.checks if check.rule.key == key)


def check_of(found: ChangeAssessment, key: str):
    return next(check for check in found.checks if check.rule.key == key)
