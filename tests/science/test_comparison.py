"""What changed under a decision: only what reads otherwise is told."""

import pytest

from eligibility.domain.comparison import Change, Difference, differences

BEFORE = "L01 pancreas: 2 (KR-ORIG), equal, SUVmax 6; L02 liver VIII: 2 (KR-ORIG), equal, SUVmax 6.1"
AFTER = "L01 pancreas: 2 (KR-ORIG), equal, SUVmax 6.67; L02 liver VIII: 2 (KR-ORIG), equal, SUVmax 6.1"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (BEFORE, BEFORE, ()),
        (BEFORE, AFTER, (Difference("L01 pancreas", "SUVmax 6", "SUVmax 6.67"),)),
        ("210 10^9/L", "70 10^9/L", (Difference("", "210 10^9/L", "70 10^9/L"),)),
        ("not recorded", AFTER, (Difference("", "not recorded", AFTER),)),
        ("hb: 12; wbc: 5", "hb: 12", (Difference("wbc", "5", ""),)),
        ("hb: 12", "hb: 12; wbc: 5", (Difference("wbc", "", "5"),)),
        ("L01 liver: 1, below", "L01 liver: 3, above, SUVmax 9", (Difference("L01 liver", "1, below", "3, above, SUVmax 9"),)),
    ],
)  # fmt: skip
def test_only_what_reads_otherwise(before, after, told):
    assert differences(before, after) == told


def test_a_state_that_stayed_is_named_once():
    change = Change("x", "R", "Platelets below 75", "clear", "clear", "210", "180", "corrected")
    assert change.states == "clear"
    assert Change("x", "R", "t", "clear", "triggered", "", "", "newer").states == "clear to triggered"
