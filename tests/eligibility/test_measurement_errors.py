"""A site's own errors of measurement: read from a file, or refused with its name; settings that name no rule set."""

from decimal import Decimal

import pytest

from eligibility.checks import check_guidelines, check_measurement_errors
from eligibility.domain.criteria import Compound
from eligibility.domain.stated_errors import STATED_ERRORS
from eligibility.loader import guidelines
from eligibility.measurement_errors import ErrorsFileRefused, stated_errors


def numbers(test):
    if isinstance(test, Compound):
        return {name for part in test.parts for name in numbers(part)}
    return {test.fact} if test.threshold is not None else set()


def test_every_number_that_a_rule_asks_for_has_a_stated_error():
    asked = {name for g in guidelines().values() for c in g.criteria if c.test for name in numbers(c.test)}
    assert len(asked) > 20 and asked <= set(STATED_ERRORS)


@pytest.fixture
def written(tmp_path, settings):
    def write(text):
        path = tmp_path / "errors.toml"
        path.write_text(text)
        settings.MEASUREMENT_ERRORS = str(path)

    return write


def test_without_a_file_the_stated_ones_are_in_force():
    assert stated_errors() is STATED_ERRORS


def test_the_sites_figure_replaces_ours_and_says_whose_it_is(written):
    written(
        '[platelets]\npercent = 8.5\nsource = "our laboratory"\n[ki67_percent]\nabsolute = 3\nunit = "percentage points"\nsource = "us"\n'
    )
    found = stated_errors()
    assert (found["platelets"].size, found["platelets"].tag, found["platelets"].source) == (
        Decimal("8.5"),
        "site",
        "our laboratory",
    )
    assert found["ki67_percent"].unit == "percentage points" and not found["ki67_percent"].is_relative
    assert found["hb"] == STATED_ERRORS["hb"]
    assert check_measurement_errors(None) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[platelets", "not valid TOML"),
        ('[thrombocytes]\npercent = 8\nsource = "x"', "“thrombocytes” is not a number"),
        ('[stage]\npercent = 8\nsource = "x"', "“stage” is not a number"),
        ("[platelets]\npercent = 8", "needs percent and source"),
        ('[platelets]\npercent = 8\nabsolute = 3\nunit = "10^9/L"\nsource = "x"', "needs percent and source"),
        ('[platelets]\npercent = -1\nsource = "x"', "zero or more"),
        ('[platelets]\npercent = true\nsource = "x"', "zero or more"),
        ('[platelets]\npercent = nan\nsource = "x"', "zero or more"),
        ('[platelets]\npercent = "8"\nsource = "x"', "zero or more"),
        ('[platelets]\npercent = 8\nsource = ""', "are words"),
        ("platelets = 8", "needs percent and source"),
        ('[platelets]\nabsolute = 8\nunit = "g/dL"\nsource = "x"', "unit “g/dL” is none of: 10\\^9/L"),
    ],
)
def test_a_wrong_file_is_refused_by_name(written, text, words):
    written(text)
    with pytest.raises(ErrorsFileRefused, match=words) as refused:
        stated_errors()
    assert "errors.toml" in str(refused.value)
    assert [error.id for error in check_measurement_errors(None)] == ["eligibility.E002"]


def test_a_file_that_is_not_there_is_refused(settings, tmp_path):
    settings.MEASUREMENT_ERRORS = str(tmp_path / "none.toml")
    with pytest.raises(ErrorsFileRefused, match="cannot be read"):
        stated_errors()


def test_the_sites_own_choice_has_to_exist(settings):
    settings.PRIMARY_GUIDELINES = ["krenning-gt2", "no-such-set"]
    (error,) = check_guidelines(None)
    assert error.id == "eligibility.E003" and "no-such-set" in error.msg and "krenning-gt2" in error.hint
