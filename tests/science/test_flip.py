"""Every minimal set of up to three criteria that flips a verdict, checked against trying all of them."""

from dataclasses import replace
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eligibility.domain.flip import MOST_TOGETHER, analyse
from eligibility.domain.guideline import GuidelineKind, Level
from eligibility.domain.rules import FAVOURABLE, RowState, Verdict, evaluate, verdict_of
from tests.science.sensitivity_sets import a_set, among, at_least, platelets, row
from tests.science.strategies import AS_OF

_TEMPLATE = evaluate(a_set(row("R", at_least("platelets", 100, "10^9/L"))), {"platelets": platelets(120)}, AS_OF)
_EXCLUSION = (RowState.CLEAR, RowState.TRIGGERED, RowState.UNKNOWN)
_STATES = {
    Level.REQUIRED: [RowState.MET, RowState.NOT_MET, RowState.UNKNOWN],
    **{level: list(_EXCLUSION) for level in (Level.ABS_CI, Level.REL_CI, Level.CAUTION)},
    Level.INFO: [RowState.INFORMATION],
}
_LEVELS = [Level.REQUIRED] * 5 + list(Level)


@st.composite
def assessments(draw):
    """Rows in any states. Contraindications are marked modifiable too, which no file may do: they stay out all the same."""
    kind = draw(st.sampled_from(GuidelineKind))
    rows = []
    for n in range(draw(st.integers(1, 8))):
        level = draw(st.sampled_from(_LEVELS))
        rows.append(
            replace(
                _TEMPLATE.rows[0],
                id=f"R{n}",
                level=level,
                state=draw(st.sampled_from(_STATES[level] + [_STATES[level][0]] * 2)),
                is_active=draw(st.integers(0, 5)) > 0,
                is_modifiable=draw(st.integers(0, 3)) > 0,
                verify_before_release=draw(st.booleans()),
            )
        )
    rows = tuple(rows)
    return replace(_TEMPLATE, guideline_kind=kind, rows=rows, verdict=verdict_of(kind, rows))


def brute_force(result) -> set[frozenset[str]]:
    """Every set of one to three rows, tried one by one; the minimal ones of those that cross to the other side."""
    was = result.verdict in FAVOURABLE
    others = {RowState.MET: RowState.NOT_MET, RowState.NOT_MET: RowState.MET, RowState.UNKNOWN: RowState.MET}
    wrong = {RowState.MET} if was else {RowState.NOT_MET, RowState.UNKNOWN}
    free = [
        r.id for r in result.rows if r.is_active and r.is_modifiable and r.level is Level.REQUIRED and r.state in wrong
    ]
    found = []
    for size in range(1, MOST_TOGETHER + 1):
        for ids in map(frozenset, combinations(free, size)):
            rows = tuple(replace(r, state=others[r.state]) if r.id in ids else r for r in result.rows)
            if (verdict_of(result.guideline_kind, rows) in FAVOURABLE) is not was:
                found.append(ids)
    return {one for one in found if not any(other < one for other in found)}


@settings(max_examples=1500, suppress_health_check=list(HealthCheck))
@given(assessments())
def test_the_sets_are_those_of_trying_everything(result):
    found = [frozenset(row.id for row in flip.rows) for flip in analyse(result).flips]
    assert len(found) == len(set(found))
    assert set(found) == brute_force(result)


@settings(max_examples=600, suppress_health_check=list(HealthCheck))
@given(assessments())
def test_no_contraindication_and_no_inactive_row_is_ever_varied(result):
    analysis = analyse(result)
    for flip in analysis.flips:
        assert 1 <= len(flip.rows) <= MOST_TOGETHER
        assert all(r.level is Level.REQUIRED and r.is_active and r.is_modifiable for r in flip.rows)
        assert (flip.verdict in FAVOURABLE) is (result.verdict not in FAVOURABLE)
    if analysis.improves and not analysis.flips and not analysis.blocking:
        assert len(analysis.modifiable) > MOST_TOGETHER or not analysis.modifiable
    if analysis.flips:
        assert not analysis.blocking


def _assess(*rows, facts, kind=GuidelineKind.FULL):
    return evaluate(a_set(*rows, kind=kind), facts, AS_OF)


PLATELETS = row("PLT", at_least("platelets", 100, "10^9/L"))
STAGE = row("STAGE", among("stage", "metastatic"))
GRADE = row("GRADE", among("grade", "G1", "G2"), modifiable=False)


def ids(result):
    return [[row.id for row in flip.rows] for flip in analyse(result).flips]


def test_one_criterion_that_is_not_met_flips_alone():
    from eligibility.domain.facts import Fact

    stage = {"stage": Fact(frozenset({"metastatic"}))}
    result = _assess(PLATELETS, STAGE, facts={"platelets": platelets(88), **stage})
    assert result.verdict is Verdict.NOT_ELIGIBLE and ids(result) == [["PLT"]]
    assert analyse(result).flips[0].verdict is Verdict.ELIGIBLE
    both = _assess(PLATELETS, STAGE, facts={"platelets": platelets(88)})
    assert ids(both) == [["PLT", "STAGE"]]


def test_from_the_favourable_side_each_criterion_flips_alone():
    from eligibility.domain.facts import Fact

    result = _assess(PLATELETS, STAGE, facts={"platelets": platelets(120), "stage": Fact(frozenset({"metastatic"}))})
    assert ids(result) == [["PLT"], ["STAGE"]]
    assert [row.id for flip in analyse(result, never_fail={"STAGE"}).flips for row in flip.rows] == ["PLT"]


def test_what_blocks_is_named():
    result = _assess(PLATELETS, GRADE, facts={"platelets": platelets(88)})
    analysis = analyse(result)
    assert (analysis.flips, [row.id for row in analysis.blocking]) == ((), ["GRADE"])


def test_four_criteria_together_are_too_many():
    rows = [row(f"R{n}", at_least("platelets", 100 + n, "10^9/L")) for n in range(4)]
    analysis = analyse(_assess(*rows, facts={"platelets": platelets(88)}))
    assert (analysis.flips, analysis.blocking, len(analysis.modifiable)) == ((), (), 4)
