"""Uptake cannot find a lesion without uptake: until a reader has looked for others, nothing holds of all lesions."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from eligibility.domain.criteria import Condition
from eligibility.domain.facts import Fact, LesionFact
from eligibility.domain.rules import RowState, evaluate
from eligibility.lesion_facts import UNLISTED
from eligibility.loader import guidelines
from eligibility.selectors import assess_all
from imaging.models import Lesion, LesionReading, Reading
from tests.eligibility.cases import DAY, add_finding, add_lesion, add_reading, add_scan, complete_case

RELATIONS = [
    frozenset(found)
    for found in ({"none"}, {"below"}, {"equal"}, {"above"}, {"below", "equal"}, {"equal", "above"}, {"none", "below"})
]


def lesion_rows():
    """Every criterion of every shipped rule set that speaks of lesions."""
    sets = guidelines().values()
    return [(found, one) for found in sets for one in found.criteria if "sstr_relation_to_liver" in _facts_of(one)]


def _facts_of(criterion) -> set[str]:
    return {name for name in ("sstr_relation_to_liver",) if name in repr(criterion)}


def test_the_shipped_sets_have_such_criteria():
    without = set(guidelines()) - {found.id for found, _ in lesion_rows()}
    assert without == {"compose"}, "what counts as SSTR-positive there has not been read"
    assert len(lesion_rows()) >= 12


@st.composite
def some_lesions(draw) -> tuple[LesionFact, ...]:
    return tuple(
        LesionFact(
            label=f"L{number:02d}",
            site=draw(st.sampled_from(["liver", "bone"])),
            is_visceral=draw(st.booleans()),
            is_target=draw(st.booleans()),
            relation=draw(st.sampled_from([*RELATIONS, None])),
            size_mm=draw(st.sampled_from([None, *(map(_mm, (6, 10, 22)))])),
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    )


def _mm(value):
    from decimal import Decimal

    return Decimal(value)


def states(lesions) -> dict[tuple[str, str], RowState]:
    facts = {"sstr_relation_to_liver": Fact(lesions, clinical_date=DAY)}
    wanted = {(found.id, one.id) for found, one in lesion_rows()}
    return {
        (found.id, row.id): row.state
        for found in guidelines().values()
        for row in evaluate(found, facts, DAY).rows
        if (found.id, row.id) in wanted
    }


@given(some_lesions())
@budget(max_examples=300)
def test_not_assessed_makes_every_such_criterion_unknown_unless_a_listed_lesion_decides_it(lesions):
    known, open_ones = states(lesions), states((*lesions, UNLISTED))
    for key, state in open_ones.items():
        if known[key] in {RowState.NOT_MET, RowState.TRIGGERED}:
            assert state == known[key], "what a listed lesion already fails stays failed"
        else:
            assert state == RowState.UNKNOWN, key


@pytest.fixture
def case(db):
    return complete_case()


def reopened(by, scan, lesion, answer: str, score=(3, 3)):
    """The same reading signed with another answer."""
    first = Reading.objects.get(scan=scan)
    draft = Reading.objects.create(scan=scan, reader=by, amends=first, version=2, cold_lesions=answer)
    LesionReading.objects.create(reading=draft, lesion=lesion, score_low=score[0], score_high=score[1])
    draft.state, draft.signed_at = "signed", first.signed_at + dt.timedelta(minutes=1)
    draft.save()


def lesion_states(patient, *, plain=False) -> set[str]:
    """``plain``: leave out compounds, where another part may answer what the lesions do not."""
    wanted = {(found.id, one.id) for found, one in lesion_rows() if not plain or isinstance(one.test, Condition)}
    found = assess_all(patient, as_of=DAY)
    return {str(row.state) for key, result in found.items() for row in result.rows if (key, row.id) in wanted}


@pytest.mark.parametrize("answer", ["none", "listed"])
def test_an_answer_that_others_were_looked_for_leaves_the_rows_to_the_lesions(case, answer):
    by, patient, scan, lesion, _ = case
    reopened(by, scan, lesion, answer)
    assert lesion_states(patient) == {"met", "clear"}


@pytest.mark.parametrize("answer", ["not_assessed", ""])
def test_not_assessed_and_never_asked_leave_them_unknown(case, answer):
    """A reading signed before the question existed has no answer: it is not taken for "none"."""
    by, patient, scan, lesion, _ = case
    reopened(by, scan, lesion, answer)
    assert lesion_states(patient) == {"unknown"}
    (row,) = [r for r in assess_all(patient, as_of=DAY)["krenning-gt2"].rows if r.state == "unknown"]
    assert "has not looked for lesions without uptake" in row.reason_text


def test_a_lesion_that_fails_by_itself_fails_all_the_same(case):
    by, patient, scan, lesion, _ = case
    reopened(by, scan, lesion, "not_assessed", score=(1, 1))
    assert lesion_states(patient, plain=True) == {"not met", "triggered"}


def test_of_two_readers_one_who_did_not_look_leaves_it_open(case):
    by, patient, scan, lesion, _ = case
    second = add_reading(by, scan, {lesion: (3, 3)}, is_signed=False)
    second.cold_lesions, second.state = "not_assessed", "signed"
    second.signed_at = Reading.objects.exclude(pk=second.pk).get().signed_at
    second.save()
    assert lesion_states(patient) == {"unknown"}


def test_a_lesion_found_after_the_signature_is_not_taken_for_scored(case):
    by, patient, scan, _, _ = case
    new = add_lesion(by, patient, "L02")
    from tests.eligibility.cases import add_finding

    add_finding(by, new, scan, size="30")
    assert lesion_states(patient) == {"unknown"}


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["resolved", "merged"])
def test_a_lesion_that_was_gone_and_is_scored_again_answers_for_itself(status):
    by, patient, *_ = complete_case()
    back = add_lesion(by, patient, "L09")
    add_finding(by, back, add_scan(by, patient, on=DAY - dt.timedelta(days=200)), size="22", status=status)
    scan = add_scan(by, patient, on=DAY)
    scored = dict.fromkeys(Lesion.objects.exclude(pk=back.pk), (3, 3))
    add_reading(by, scan, scored)
    assert assess_all(patient, as_of=DAY)["krenning-gt2"].verdict == "met"
    add_reading(by, scan, scored | {back: (1, 1)})
    assert assess_all(patient, as_of=DAY)["krenning-gt2"].verdict != "met"
