"""The class of one scan: RICH, MIXED (most, few), POOR, UNKNOWN."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from eligibility.domain.scan_class import class_of
from tests.science.change_pairs import seen


def labelled(*lesions, is_diagnostic=True, cold=True) -> str:
    return class_of(lesions, is_diagnostic=is_diagnostic, cold_lesions_assessed=cold).label


@pytest.mark.parametrize(
    ("scores", "label"),
    [
        ([3, 4, 3], "RICH, all"),
        ([3, 2], "MIXED, most"),
        ([3, 2, 1], "MIXED, few"),
        ([2, 1, 0], "POOR"),
        ([None], "UNKNOWN"),
        ([3, None], "UNKNOWN"),
        ([1, None], "UNKNOWN"),
        ([3, 1, None], "MIXED, few"),
        ([3, 3, 1, None], "MIXED, most"),
        ([], "UNKNOWN"),
    ],
)
def test_by_the_scores(scores, label):
    assert labelled(*(seen(score) for score in scores)) == label.replace("RICH, all", "RICH")


def test_most_is_of_the_volume_too_where_it_is_known():
    small, large = seen(3, volume=D(5)), seen(1, volume=D(50))
    assert labelled(small, large) == "MIXED, few"
    assert labelled(replace(small, volume_ml=None), large) == "MIXED, most"
    assert labelled(replace(small, volume_ml=D(50)), large) == "MIXED, most"


def test_a_lesion_known_to_be_under_10_mm_does_not_count():
    assert labelled(seen(3), seen(1, size=D("9.9"))) == "RICH"
    assert labelled(seen(3), seen(1, size=D("10"))) == "MIXED, most"
    assert labelled(seen(3), seen(1, size=None)) == "MIXED, most"
    assert labelled(seen(1, size=D(8))) == "UNKNOWN"


def test_rich_is_only_said_where_cold_lesions_were_looked_for():
    assert labelled(seen(3), cold=False) == "UNKNOWN"
    assert labelled(seen(3), cold=None) == "UNKNOWN"
    assert labelled(seen(1), cold=False) == "POOR"


@pytest.mark.parametrize("is_diagnostic", [False, None])
def test_images_that_show_nothing_or_that_nobody_read(is_diagnostic):
    assert labelled(seen(3), is_diagnostic=is_diagnostic) == "UNKNOWN"
