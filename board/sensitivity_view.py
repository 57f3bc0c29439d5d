"""What would change a verdict, as the page shows it: three sentences first, the rest opens."""

from dataclasses import dataclass

from board import words
from eligibility.domain.facts import Facts
from eligibility.domain.guideline import Guideline
from eligibility.domain.rules import AssessmentResult
from eligibility.sensitivity import sensitivity

SENTENCES_FIRST = 3


@dataclass(frozen=True)
class FlipWords:
    first: tuple[str, ...]
    rest: tuple[str, ...]


def flip_words(guideline: Guideline, result: AssessmentResult, facts: Facts) -> FlipWords:
    said = tuple(map(words.typeset, sensitivity(guideline, result, facts).sentences))
    return FlipWords(said[:SENTENCES_FIRST], said[SENTENCES_FIRST:])
