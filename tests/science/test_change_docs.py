"""What docs/change.md prints is what the code does."""

from pathlib import Path

import pytest

from eligibility.domain.change import METHOD_VERSION
from eligibility.domain.change_classes import LABELS, PRECEDENCE
from eligibility.domain.change_criteria import CRITERIA
from eligibility.domain.confounders import RULES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "change.md").read_text()
ROWS = [
    *(f"| {row.number} | {row.name} | {row.rule} |" for row in PRECEDENCE),
    *(f"| {rule.title} | {rule.rule} | {rule.level} | {rule.evidence} |" for rule, _ in RULES),
    *(f"| {letter} | {title} | {rule} | {evidence} |" for letter, title, rule, evidence, _ in CRITERIA),
    *(f"| {name} | {label} |" for name, label in LABELS.items()),
]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_code_is_printed(row):
    assert row in PAGE.splitlines()


def test_nothing_is_printed_that_the_code_does_not_have():
    printed = [line for line in PAGE.splitlines() if line.startswith("| ") and "%" not in line.split("|")[1]]
    heads = {"| | criterion", "| check |", "| row |", "| class |", "| w |"}
    own = [line for line in printed if not any(line.startswith(head) for head in heads)]
    assert sorted(own) == sorted(ROWS)


def test_it_names_the_method_and_never_the_word_that_tissue_alone_could_show():
    assert METHOD_VERSION in PAGE and "redifferentiat" not in PAGE.lower()
