"""Every row of every rule set as a page of the documentation, made from the files so that it cannot drift."""

from collections.abc import Iterable

from eligibility.domain.criteria import Condition, Test, fact_names, threshold_text, window_texts
from eligibility.domain.guideline import Criterion, Guideline, Level
from eligibility.domain.lesions import QUANTIFIER_TEXT
from eligibility.domain.vocabulary import label_of

HEAD = """# Rule sets

Made by `manage.py rule_sets > docs/rule-sets.md`; a test holds it to the files in `eligibility/guidelines/`. Every
row carries its citation (S numbers are the sources of the project's facts sheet) and how its content is known:
**R[S..]** read in that source, **MH** and **MM** from memory with high and medium confidence, **D** a local
convention. "Read" mostly means abstracts, listings or openings, not whole texts.

A row is *active*, *active, to be verified* (it decides, but nobody has read its source in full) or *not active: to be
verified* (shown, never deciding). A set that has a deciding row of the last two kinds never says eligible. "Excluded
if" rows are written as the source publishes them: they are met when the condition does not hold. Rows marked
*indication* say what a product label covers: when one is known not to hold, the use is off-label and the assessment
says so. Rows marked *modifiable* may change with time or treatment.

A site adds or replaces sets in its own folder (`PRRT_GUIDELINE_DIR`, see [operations](operations.md)); replacing one
asks for another version.
"""
_SAYS = {Level.CAUTION: "caution if", Level.ABS_CI: "contraindicated if", Level.REL_CI: "not recommended if"}


def as_markdown(guidelines: Iterable[Guideline]) -> str:
    return "\n".join([HEAD, *(_section(guideline) for guideline in guidelines)])


def _section(guideline: Guideline) -> str:
    kind = "gate" if guideline.kind == "gate" else "product label" if guideline.is_product_label else "full set"
    lines = [
        f"## {guideline.title}",
        "",
        f"`{guideline.id}` version {guideline.version}, {kind}, {guideline.jurisdiction}. {guideline.text}",
        f"Source: {guideline.citation}.",
        "",
        "| row | what it asks | source | evidence | state |",
        "|---|---|---|---|---|",
        *(_row(criterion) for criterion in guideline.criteria),
        "",
    ]
    return "\n".join(lines)


def _row(criterion: Criterion) -> str:
    cells = [f"`{criterion.id}`", _asks(criterion), criterion.citation, criterion.evidence, _state(criterion)]
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _asks(criterion: Criterion) -> str:
    if criterion.test is None:
        return f"{criterion.title}. {criterion.text}"
    if criterion.level is Level.REQUIRED:
        verb = "excluded if" if criterion.is_exclusion else "required:"
    else:
        verb = _SAYS[criterion.level]
    return f"{criterion.title}: {verb} {_condition(criterion.test)}"


def _condition(test: Test) -> str:
    if not isinstance(test, Condition):
        names = ", ".join(map(label_of, fact_names(test)))
        text = threshold_text(test)
        return f"{text}: {names}" if text.startswith("recorded") else text
    parts = [f"{label_of(test.fact)} {threshold_text(test)}"]
    if test.quantifier:
        parts.append(QUANTIFIER_TEXT[test.quantifier])
    return ", ".join([*parts, *window_texts(test)])


def _state(criterion: Criterion) -> str:
    if criterion.level is Level.INFO:
        return "information"
    state = "not active: to be verified" if not criterion.is_active else "active"
    if criterion.is_active and criterion.verify_before_release:
        state = "active, to be verified"
    flags = {"indication": criterion.is_indication, "modifiable": criterion.is_modifiable}
    return ", ".join([state, *(word for word, is_set in flags.items() if is_set)])
