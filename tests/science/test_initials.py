"""Initials instead of a name."""

import pytest

from patients.domain.initials import InitialsRefused, initials_in


@pytest.mark.parametrize(
    ("text", "kept"),
    [("AB", "AB"), ("A.B.", "AB"), ("A. B.", "AB"), (" A-B-C ", "ABC"), ("ÖÉ", "ÖÉ"), ("", ""), (" ", "")],
)
def test_initials_are_kept_without_points_and_spaces(text, kept):
    assert initials_in(text) == kept


@pytest.mark.parametrize("text", ["Eva", "ab", "A. Berg", "ABCD", "A1", "A/B", "A<", "Ⓐ"])
def test_what_may_be_a_name_is_refused(text):
    with pytest.raises(InitialsRefused, match="capital letters"):
        initials_in(text)
