"""The table of clinical.md 4.4, and what no coefficient can be."""

from decimal import Decimal as D

import pytest

from eligibility.domain.repeatability import RepeatabilityInvalid, limits


@pytest.mark.parametrize(
    ("w", "lower", "upper"),
    [
        ("0.08", "-19.9", "24.8"),
        ("0.10", "-24.2", "31.9"),
        ("0.12", "-28.2", "39.3"),
        ("0.15", "-33.9", "51.2"),
        ("0.20", "-42.2", "73.1"),
    ],
)
def test_the_published_table(w, lower, upper):
    found = limits(D(w))
    assert (round(100 * found.lower, 1), round(100 * found.upper, 1)) == (D(lower), D(upper))
    assert not found.is_borrowed and found.banner == ""


def test_without_a_coefficient_of_the_site_that_of_fdg_is_borrowed_and_said():
    found = limits()
    assert found.within_subject_cv == D("0.12") and found.is_borrowed
    assert "borrowed from FDG" in found.banner


@pytest.mark.parametrize("w", ["0", "-0.1", "1.01", "NaN", "Infinity"])
def test_no_coefficient(w):
    with pytest.raises(RepeatabilityInvalid):
        limits(D(w))


def test_the_rise_of_the_published_case_needs_a_coefficient_below_8_4_per_cent():
    """clinical.md 0.2 finding 4: 9.09 to 11.47."""
    rise = D("11.47") / D("9.09") - 1
    assert round(100 * rise, 1) == D("26.2")
    assert limits(D("0.0835")).upper < rise < limits(D("0.0845")).upper
