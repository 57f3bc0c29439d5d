"""Shape, word and colour of a verdict: every one has its own, and nothing unknown ever looks met."""

import re
from types import SimpleNamespace

import pytest

from board import words
from board.templatetags.frame import _VERDICTS, cell_verdict, verdict
from eligibility.domain.rules import RowState, Verdict

GOOD = {Verdict.ELIGIBLE, Verdict.GATE_MET, RowState.MET, RowState.CLEAR}


@pytest.mark.parametrize("code", [*Verdict, *RowState])
def test_every_verdict_and_row_state_has_a_shape_of_its_own_meaning(code):
    assert str(code).replace(" ", "_") in _VERDICTS
    assert ("verdict-met" in verdict(code)) is (code in GOOD)


def test_a_code_nobody_listed_is_drawn_as_unknown():
    assert "verdict-unknown" in verdict("splendid")
    assert "i-unknown" in verdict("splendid")


def test_active_rows_met_is_not_drawn_as_met():
    assert "verdict-met" not in verdict(Verdict.ACTIVE_ROWS_MET)


@pytest.mark.parametrize("said", ["eligible under X v1 (0 cautions)", "not eligible under X v1"])
def test_eligible_names_its_set_even_in_a_table_cell(said):
    result = SimpleNamespace(verdict="eligible" if said[0] == "e" else "not_eligible", verdict_text=said)
    words_of = " ".join(re.sub(r"<[^>]+>", " ", cell_verdict(result)).split())
    assert words_of.endswith("ligible under X v1")


def test_text_in_a_verdict_is_escaped():
    assert "<b>" not in verdict("met", "<b>bold</b>")


@pytest.mark.parametrize(
    ("low", "high", "digits", "step"),
    [
        (None, None, "?", ""),
        (3, 3, "3", "3"),
        (0, 1, "≤1", "1"),
        (0, 0, "0", "0"),
        (3, 4, "≥3", "3"),
        (3, None, "≥3", "3"),
        (None, 1, "≤1", "1"),
        (1, 2, "1–2", "1"),
    ],
)
def test_krenning_digits_and_colour_step(low, high, digits, step):
    assert words.krenning(low, high) == digits
    assert words.krenning_step(low, high) == step
