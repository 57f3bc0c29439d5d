"""Every case of bad DICOM through the browser and from a folder: outcome and reason code exactly as the table says."""

import pytest

from imaging import outcomes
from imaging.domain.errors import CAUTIONS
from imaging.reasons import REASONS
from imaging.refused import SENTENCES
from tests.imaging.zoo.cases import CASES, specimens

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
ROWS = [
    pytest.param(route, case, n, id=f"{case.number:03d}-{specimen.what[:24]}-{route}")
    for case, n, specimen in specimens()
    for route in specimen.routes
]


def by_text(found) -> list:
    return sorted(found, key=repr)


@pytest.mark.parametrize(("route", "case", "n"), ROWS)
def test_a_case_has_the_outcome_of_the_table(seen, route, case, n):
    expected = case.specimens[n].expected
    found = seen[route]
    assert found.files(case, n) == dict(expected.files)
    assert by_text(found.of(case, n)) == by_text(expected.series)


def test_there_are_96_cases_and_each_is_shown_somehow():
    assert [case.number for case in CASES] == list(range(1, 97))
    assert all(case.specimens or case.proof for case in CASES)


def test_every_code_of_the_table_has_its_sentence():
    for case in CASES:
        for specimen in case.specimens:
            for code in specimen.expected.codes:
                assert outcomes.explain(code) or CAUTIONS.get(code), code
    assert not REASONS.keys() & SENTENCES.keys()
