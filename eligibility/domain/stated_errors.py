"""How far a measured number may be off: the error against which a margin is called fragile or robust.

Every entry is tagged D, "local convention": a rounded allowance for analytical and short-term biological variation
that a site replaces by its own laboratory's figure. No source of the facts sheet gives one. A relative error is in per
cent of the limit; an absolute one in ``unit``. Zero: the number is counted, not measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

LOCAL = "local convention"


@dataclass(frozen=True)
class StatedError:
    """± ``size`` per cent of the limit, or ± ``size`` ``unit`` where ``unit`` is given."""

    size: Decimal
    unit: str = ""
    source: str = LOCAL
    tag: str = "D"

    @property
    def is_relative(self) -> bool:
        return not self.unit


StatedErrors = Mapping[str, StatedError]


def _percent(size: str, why: str) -> StatedError:
    return StatedError(Decimal(size), source=f"{LOCAL}: {why}")


def _absolute(size: str, unit: str, why: str) -> StatedError:
    return StatedError(Decimal(size), unit, f"{LOCAL}: {why}")


_COUNT = "two counts of one week"
_ENZYME = "two assays of one week"
_COUNTED_DAYS = (
    "sstr_scan_age_days",
    "fdg_scan_age_days",
    "fdg_sstr_interval_days",
    "progression_older_scan_age_days",
    "progression_newer_scan_age_days",
    "days_since_diagnosis",
    "days_since_transfusion",
    "days_since_gcsf",
    "days_since_chemotherapy",
    "days_since_systemic",
    "days_since_long_acting_ssa",
    "hours_since_short_acting_ssa",
    "days_since_surgery",
    "days_since_embolisation",
)
STATED_ERRORS: StatedErrors = {
    "hb": _percent("5", _COUNT),
    "platelets": _percent("10", _COUNT),
    "wbc": _percent("10", _COUNT),
    "anc": _percent("15", _COUNT),
    "lymphocytes": _percent("15", _COUNT),
    "mcv": _percent("3", _COUNT),
    "creatinine": _percent("10", _ENZYME),
    "crcl_cockcroft_gault": _percent("15", "creatinine and weight together"),
    "crcl_measured": _percent("15", "collection of 24 h"),
    "egfr_reported": _percent("15", "creatinine and formula together"),
    "bilirubin_total": _percent("15", _ENZYME),
    "bilirubin_total_x_uln": _percent("15", _ENZYME),
    "albumin": _percent("5", _ENZYME),
    "alt": _percent("15", _ENZYME),
    "ast": _percent("15", _ENZYME),
    "alt_x_uln": _percent("15", _ENZYME),
    "ast_x_uln": _percent("15", _ENZYME),
    "alp": _percent("10", _ENZYME),
    "inr": _percent("10", _ENZYME),
    "prothrombin_ratio": _percent("10", _ENZYME),
    "potassium": _percent("5", _ENZYME),
    "cga": _percent("20", _ENZYME),
    "cga_molar": _percent("20", _ENZYME),
    "hiaa_urine": _percent("20", "collection of 24 h"),
    "hcg": _percent("15", _ENZYME),
    "ki67_percent": _absolute("5", "percentage points", "two observers, two fields"),
    "ecog": _absolute("1", "step", "two observers"),
    "karnofsky": _absolute("10", "points", "two observers"),
    "egfr_ckd_epi": _percent("15", "creatinine and formula together"),
    "alp_x_uln": _percent("10", _ENZYME),
    "body_weight_kg": _percent("2", "two scales"),
    "largest_lesion_mm": _absolute("2", "mm", "two readers of one CT"),
    "cumulative_activity_gbq": _percent("5", "activity meter and residue"),
    "cumulative_with_two_more_gbq": _percent("5", "activity meter and residue"),
    "prior_prrt_pfs_months": _absolute("0", "months", "counted"),
    "lesions_over_20mm": _absolute("0", "lesions", "counted"),
    "systemic_lines": _absolute("0", "lines", "counted"),
    "age_years": _absolute("0", "years", "counted"),
    **{name: _absolute("0", "days", "counted") for name in _COUNTED_DAYS},
}
