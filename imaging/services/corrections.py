"""Correcting or confirming one input of the SUV calculation. Everything downstream is then computed again."""

import math
from datetime import datetime

from django.db import transaction
from django.db.models import F

from imaging.domain.suv_inputs import SuvInputs
from imaging.models import Job, Series, SuvInput
from imaging.refused import Refused
from imaging.services.requests import request_series
from patients.domain.roles import Capability
from patients.services import record, revise, withdraw

# What a person may mean; a value outside is a slip of the unit (grams, centimetres, MBq, minutes).
RANGES = {
    "body_weight_kg": (0.3, 400.0),
    "body_height_m": (0.2, 2.6),
    "injected_activity_bq": (1e6, 1e11),
    "half_life_s": (1e3, 1e7),
}
SEXES = frozenset({"M", "F", "O"})
SUV_TYPES = frozenset({"BW", "BSA", "LBM", "LBMJAMES128", "LBMJANMA", "IBW"})


@transaction.atomic
def correct_suv_input(*, by, series: Series, name: str, value: str, reason: str) -> Job:
    """Give an input another value, or confirm the one it has, with a reason; the old value stays on record."""
    _require(by, series, reason)
    _check(name, str(value))
    row = SuvInput.objects.filter(series=series, name=name).first()
    given = {"value": str(value).strip(), "justification": reason}
    if row is None:
        record(SuvInput, by=by, reason=reason, series=series, name=name, **given)
    else:
        revise(row, by=by, reason=reason, **given)
    return request_series(by=by, series=series)


@transaction.atomic
def withdraw_suv_input(*, by, correction: SuvInput, reason: str) -> Job:
    """Go back to what the header says."""
    _require(by, correction.series, reason)
    withdraw(correction, by=by, reason=reason)
    # What is computed next has the inputs of an older result but is not that result.
    Series.objects.filter(pk=correction.series_id).update(revision=F("revision") + 1)
    return request_series(by=by, series=correction.series)


def _require(by, series: Series, reason: str) -> None:
    if not by.may(Capability.CONFIRM_SUV_INPUT):
        raise Refused("not_permitted")
    if not reason.strip():
        raise Refused("reason_missing")
    if Series.objects.select_for_update().get(pk=series.pk).modality != "PT":
        raise Refused("series_not_pet")


def _check(name: str, value: str) -> None:
    if name not in SuvInput.Name.values:
        raise Refused("suv_input_unknown")
    try:
        SuvInputs().override(name, value, "")
        is_plausible = _is_plausible(name, value.strip())
    except ValueError:
        is_plausible = False
    if not is_plausible:
        raise Refused("suv_input_invalid")


def _is_plausible(name: str, value: str) -> bool:
    if name in RANGES:
        low, high = RANGES[name]
        return math.isfinite(float(value)) and low <= float(value) <= high
    if name == "sex":
        return value.upper() in SEXES
    if name == "suv_type":
        return value.upper() in SUV_TYPES
    if name == "corrected_image":
        return bool(value) and all(word.isalpha() for word in value.replace("\\", " ").split())
    return datetime.fromisoformat(value).year > 1900
