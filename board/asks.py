"""What the site's own rule sets could not answer, as requests: "haemoglobin", "a newer platelets value"."""

from typing import Any

from board import words
from board.case_blocks import own_verdicts
from eligibility.domain.criteria import fact_names
from eligibility.domain.vocabulary import label_of
from eligibility.loader import guidelines
from eligibility.models import Assessment

OUT_OF_DATE, INPUT_MISSING, NOT_THERE = "out_of_date", "input_missing", " not recorded"


def asks(core: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Values to ask for, each once, and in sentences what is unknown for another reason than a missing value."""
    wanted: list[str] = []
    other: list[str] = []
    ids = [verdict["assessment"] for verdict in own_verdicts(core)]
    for assessment in Assessment.objects.filter(pk__in=ids).order_by("guideline_id"):
        for row in assessment.rows:
            if row["is_active"] and row["state"] == "unknown":
                found = _wanted(assessment, row)
                wanted += found
                other += [] if found else [f"{row['title']}: {words.typeset(row['reason'])}"]
    return list(dict.fromkeys(wanted)), list(dict.fromkeys(other))


def _wanted(assessment: Assessment, row: dict[str, Any]) -> list[str]:
    facts = [(name, assessment.facts.get(name) or {}) for name in _names(assessment, row)]
    missing = [_missing(name, fact) for name, fact in facts if fact.get("value") is None]
    if not missing and OUT_OF_DATE in row["reason_codes"]:
        return [f"a newer value of {label_of(name)} ({words.typeset(row['reason'])})" for name, _ in facts[:1]]
    return missing


def _missing(name: str, fact: dict[str, Any]) -> str:
    """Of a formula the input that is missing, where it is named."""
    text = fact.get("text", "")
    is_input = fact.get("reason") == INPUT_MISSING and text.endswith(NOT_THERE)
    return text.removesuffix(NOT_THERE) if is_input else label_of(name)


def _names(assessment: Assessment, row: dict[str, Any]) -> list[str]:
    """What the criterion reads; empty where the file in use is another than the one that was frozen."""
    one = guidelines().get(assessment.guideline_id)
    if one is None or one.sha256 != assessment.guideline_sha256:
        return []
    tests = (criterion.test for criterion in one.criteria if criterion.id == row["id"])
    return [name for test in tests if test for name in dict.fromkeys(fact_names(test))]
