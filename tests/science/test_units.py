"""Laboratory units: exact factors, no guessing."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.domain.units import ANALYTES, UnitRefused, convert, implausible, normalise_unit


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "to", "expected"),
    [
        ("hb", "5.5", "mmol/L", "g/dL", "8.86270"),
        ("hb", "8", "g/dL", "g/L", "80"),
        ("creatinine", "1.7", "mg/dL", "umol/L", "150.28"),
        ("creatinine", "88.4", "µmol/l", "mg/dl", "1"),
        ("bilirubin_total", "1", "mg/dL", "µmol/L", "17.1"),
        ("albumin", "3", "g/dL", "g/L", "30"),
        ("platelets", "75000", "/uL", "10^9/L", "75"),
        ("alt", "1", "ukat/L", "U/L", "60"),
        ("potassium", "4.1", "mEq/L", "mmol/L", "4.1"),
        ("cga", "120", "ng/mL", "ug/L", "120"),
    ],
)
def test_conversions(analyte, value, unit, to, expected):
    assert convert(D(value), unit, to, analyte) == D(expected)


@pytest.mark.parametrize(
    ("analyte", "typed", "kept"),
    [
        ("platelets", "x10⁹/l", "10^9/L"),
        ("platelets", "10*9/L", "10^9/L"),
        ("platelets", "G/L", None),
        ("wbc", "10^3/µL", "10^9/L"),
        ("hb", "g/dl", "g/dL"),
        ("creatinine", "μmol/L", "umol/L"),
        ("ast", "IU/L", "U/L"),
        ("inr", "", "1"),
        ("hcg", "mIU/mL", "mIU/mL"),
        ("egfr_reported", "mL/min/1.73m²", "mL/min/1.73m2"),
    ],
)
def test_spellings_of_one_unit(analyte, typed, kept):
    if kept is None:
        with pytest.raises(UnitRefused):
            normalise_unit(typed, analyte)
    else:
        assert normalise_unit(typed, analyte) == kept


def test_an_unknown_unit_or_analyte_is_refused_with_a_sentence():
    with pytest.raises(UnitRefused, match="Use one of: g/dL, g/L, mmol/L") as refused:
        convert(D(12), "furlong", "g/dL", "hb")
    assert refused.value.code == "unit_unknown"
    with pytest.raises(UnitRefused) as refused:
        convert(D(12), "g/dL", "g/dL", "phlogiston")
    assert refused.value.code == "analyte_unknown"


def test_chromogranin_by_mass_and_by_moles_are_not_converted_into_each_other():
    with pytest.raises(UnitRefused):
        convert(D(10), "nmol/L", "ug/L", "cga")


def test_implausible_values_are_pointed_out_in_any_unit():
    assert implausible(D(1420), "10^9/L", "platelets")
    assert implausible(D(112), "g/L", "hb") == ""
    assert "outside" in implausible(D(112), "g/dL", "hb"), "g/L typed as g/dL"
    assert implausible(D(88), "mg/dL", "creatinine"), "umol/L typed as mg/dL"


def test_loinc_tells_moles_from_mass():
    assert ANALYTES["creatinine"].loinc_for("mg/dL") == "2160-0"
    assert ANALYTES["creatinine"].loinc_for("umol/L") == "14682-9"
    assert ANALYTES["potassium"].loinc_for("mmol/L") == "2823-3"


@given(st.data(), st.decimals(1, 10000, places=3))
def test_there_and_back_gives_the_same_value(data, value):
    analyte = data.draw(st.sampled_from(sorted(ANALYTES)))
    one, other = (data.draw(st.sampled_from(ANALYTES[analyte].units)) for _ in range(2))
    back = convert(convert(value, one, other, analyte), other, one, analyte)
    assert abs(back - value) < D("1e-20") * value


def test_every_analyte_has_a_well_formed_loinc_code_and_range():
    for analyte in ANALYTES.values():
        for code in filter(None, (analyte.loinc, analyte.loinc_molar)):
            number, check = code.split("-")
            assert _luhn(number) == int(check), f"{code}: wrong check digit"
        assert analyte.plausible[0] < analyte.plausible[1]
        assert analyte.factors[analyte.canonical_unit] == 1


def _luhn(number: str) -> int:
    """LOINC's mod-10 check digit."""
    digits = [int(d) for d in reversed(number)]
    doubled = [sum(divmod(2 * d, 10)) if i % 2 == 0 else d for i, d in enumerate(digits)]
    return -sum(doubled) % 10
