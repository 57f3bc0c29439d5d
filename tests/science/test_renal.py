"""Renal estimates against values worked out by hand from the published formulas."""

from decimal import Decimal as D

import pytest

from patients.domain.renal import RenalUnavailable, ckd_epi_2021, cockcroft_gault


@pytest.mark.parametrize(
    ("age", "weight", "creatinine", "sex", "expected"),
    [
        (40, "72", "1", "M", "100"),
        (40, "72", "1", "F", "85"),
        (58, "64", "0.9", "F", "68.84"),
        (80, "50", "1.7", "F", "20.83"),
    ],
)
def test_cockcroft_gault(age, weight, creatinine, sex, expected):
    found = cockcroft_gault(age_years=age, weight_kg=D(weight), creatinine_mg_dl=D(creatinine), sex=sex)
    assert abs(found.value - D(expected)) < D("0.01")
    assert found.unit == "mL/min"


@pytest.mark.parametrize(
    ("age", "creatinine", "sex", "expected"),
    [
        # At the knot both power terms are one: 142 * 0.9938^age (times 1.012).
        (50, "0.9", "M", "104.05"),
        (50, "0.7", "F", "105.30"),
        # Worked out with ordinary floating point from the printed formula.
        (60, "1.0", "F", "64.50"),
        (60, "1.0", "M", "86.16"),
        (70, "2.0", "M", "35.24"),
    ],
)
def test_ckd_epi_2021(age, creatinine, sex, expected):
    found = ckd_epi_2021(age_years=age, creatinine_mg_dl=D(creatinine), sex=sex)
    assert abs(found.value - D(expected)) < D("0.05")
    assert found.unit == "mL/min/1.73m2"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sex": "U"}, "sex_not_usable"),
        ({"sex": "O"}, "sex_not_usable"),
        ({"sex": ""}, "sex_not_usable"),
        ({"age_years": 17}, "age_not_usable"),
        ({"age_years": 130}, "age_not_usable"),
        ({"creatinine_mg_dl": D(0)}, "creatinine_not_positive"),
        ({"weight_kg": D(0)}, "weight_not_positive"),
    ],
)
def test_what_cannot_be_estimated_is_refused_by_name(change, code):
    values = {"age_years": 58, "weight_kg": D(64), "creatinine_mg_dl": D("0.9"), "sex": "F", **change}
    with pytest.raises(RenalUnavailable) as refused:
        cockcroft_gault(**values)
    assert refused.value.code == code
    if "weight_kg" not in change:
        values.pop("weight_kg")
        with pytest.raises(RenalUnavailable) as refused:
            ckd_epi_2021(**values)
        assert refused.value.code == code
