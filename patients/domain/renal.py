"""Renal function from serum creatinine: two estimates that answer two questions and are never mixed.

Cockcroft-Gault (Nephron 1976;16:31-41): creatinine clearance in mL/min with the actual body weight, as
product labels use it. CKD-EPI 2021 (Inker et al., N Engl J Med 2021;385:1737-1749): eGFR in mL/min/1.73 m2,
without race.
"""

from dataclasses import dataclass
from decimal import Decimal

ADULT_FROM, OLDEST = 18, 120


class RenalUnavailable(Exception):
    """No estimate can be given; ``code`` names the reason and ``str()`` is its sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class RenalEstimate:
    """``value`` is unrounded; a page rounds it, a rule does not."""

    value: Decimal
    unit: str
    method_version: str


def cockcroft_gault(*, age_years: int, weight_kg: Decimal, creatinine_mg_dl: Decimal, sex: str) -> RenalEstimate:
    """(140 - age) * actual weight / (72 * creatinine), times 0.85 for "F"; mL/min.

    Raises RenalUnavailable: sex_not_usable, age_not_usable, creatinine_not_positive, weight_not_positive.
    """
    _check(age_years, creatinine_mg_dl, sex)
    if weight_kg <= 0:
        raise RenalUnavailable("weight_not_positive", "The body weight has to be above zero.")
    value = (140 - age_years) * weight_kg / (72 * creatinine_mg_dl)
    return RenalEstimate(value * Decimal("0.85") if sex == "F" else value, "mL/min", "cockcroft-gault/1.0")


def ckd_epi_2021(*, age_years: int, creatinine_mg_dl: Decimal, sex: str) -> RenalEstimate:
    """142 * min(Scr/k, 1)^a * max(Scr/k, 1)^-1.200 * 0.9938^age, times 1.012 for "F"; mL/min/1.73 m2.

    Raises RenalUnavailable: sex_not_usable, age_not_usable, creatinine_not_positive.
    """
    _check(age_years, creatinine_mg_dl, sex)
    is_female = sex == "F"
    k, a = (Decimal("0.7"), Decimal("-0.241")) if is_female else (Decimal("0.9"), Decimal("-0.302"))
    ratio, one = creatinine_mg_dl / k, Decimal(1)
    value = 142 * min(ratio, one) ** a * max(ratio, one) ** Decimal("-1.200") * Decimal("0.9938") ** age_years
    return RenalEstimate(value * Decimal("1.012") if is_female else value, "mL/min/1.73m2", "ckd-epi-2021/1.0")


def _check(age_years: int, creatinine_mg_dl: Decimal, sex: str) -> None:
    if sex not in {"F", "M"}:
        raise RenalUnavailable(
            "sex_not_usable", "The formula needs the sex used in formulas to be recorded as female or male."
        )
    if not ADULT_FROM <= age_years <= OLDEST:
        raise RenalUnavailable("age_not_usable", f"The formula holds for adults; the age here is {age_years}.")
    if creatinine_mg_dl <= 0:
        raise RenalUnavailable("creatinine_not_positive", "The creatinine has to be above zero.")
