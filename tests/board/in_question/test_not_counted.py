"""What contradicts itself is computed with as if nobody had said it: no verdict, no interval, no drawing is made of it."""

import datetime as dt

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from board.chart import Chart
from board.cohort.cases import cohort_case, read_case
from board.domain.timeline import draw
from board.domain.wall import draw_wall
from board.due_rules import due_rules
from board.history import history
from board.ledger import ledger
from board.watch_rows import watch_facts
from eligibility.case_rows import CaseRows, fetch
from eligibility.domain.facts import Fact
from eligibility.selectors import assess_all, facts_from
from imaging.models import Scan
from patients.domain.dates import is_surely_before
from patients.domain.ki67 import Interval
from patients.models import LabResult, Patient, PrrtCycle, TreatmentLine
from patients.selectors import age_on, latest, latest_lab
from patients.services import record, revise, update_patient
from tests.board.factories import TODAY
from tests.board.in_question.contradictory import LAB, ODD, REASON, born_then, columns_of
from tests.patients.factories import make_user

CAPTEM = dt.date(2025, 9, 1)
BEFORE = dt.date(2025, 2, 15)
DAYS = (dt.date(2024, 6, 1), dt.date(2025, 6, 1), TODAY)
QUESTIONED = {name: odd for name, odd in ODD.items() if odd.clears}
BORN_1968 = {"birth_date": dt.date(1968, 1, 1), "birth_date_precision": "year"}


def said(facts: dict[str, Fact]) -> dict:
    """Without the words for where it is from, which name what is in question."""
    return {
        name: (fact.value, fact.unit, fact.clinical_date, fact.reason, fact.seen, fact.is_timeless)
        for name, fact in facts.items()
    }


def unsaid(odd) -> dict:
    """The same row of somebody who says that it is not known."""
    nothing = dict.fromkeys(odd.clears) | {
        f"{name}_precision": "unknown" for name in odd.clears if hasattr(odd.kind, f"{name}_precision")
    }
    return odd.columns | nothing


@pytest.mark.django_db
@pytest.mark.parametrize("name", QUESTIONED)
def test_facts_and_verdicts_are_those_of_a_row_that_does_not_say_it(name):
    odd, user = QUESTIONED[name], make_user()
    kept, silent = born_then(user), born_then(user)
    record(odd.kind, by=user, patient=kept, **odd.columns | {odd.reason_field: REASON})
    record(odd.kind, by=user, patient=silent, **unsaid(odd) | {odd.reason_field: REASON})
    for day in DAYS:
        one, other = (facts_from(fetch(patient), day) for patient in (kept, silent))
        assert said(one) == said(other)
        verdicts = [
            {key: found.verdict for key, found in assess_all(patient, as_of=day, facts=facts).items()}
            for patient, facts in ((kept, one), (silent, other))
        ]
        assert verdicts[0] == verdicts[1]


def day_of(text: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(text, st.sampled_from(["day", "month", "year"]))


SOME_DAY = day_of(st.dates(dt.date(1960, 1, 1), dt.date(2026, 5, 1))) | st.just((None, "unknown"))


@settings(max_examples=150)
@given(
    start=SOME_DAY,
    stop=SOME_DAY,
    is_ongoing=st.sampled_from([True, False, None]),
    kind=st.sampled_from(TreatmentLine.TreatmentClass.values),
    cycles=st.sampled_from([None, 1, 6]),
)
def test_no_interval_of_a_line_ever_runs_backwards(start, stop, is_ongoing, kind, cycles):
    person = Patient(**BORN_1968)
    row = TreatmentLine(
        patient=person,
        treatment_class=kind,
        regimen="CAPTEM",
        cycles=cycles,
        is_ongoing=is_ongoing,
        clinical_date=start[0],
        clinical_date_precision=start[1],
        stop_date=stop[0],
        stop_date_precision=stop[1],
    )
    row.lineage = row.id
    counted = row.as_counted()
    assert not is_surely_before(counted.stop_span, counted.clinical_span)
    assert not (counted.stop_date and counted.is_ongoing)
    assert not any(is_surely_before(span, person.birth_span) for span in (counted.clinical_span, counted.stop_span))
    assert counted.as_written is row and counted.as_counted() is counted
    assert (counted is row) == (not row.contradictions()), "a row without a contradiction is the very row"
    facts = facts_from(CaseRows(person, None, {TreatmentLine: [counted]}), TODAY)
    assert all(fact.value.low is None or fact.value.low >= 0 for fact in facts.values() if _is_days(fact))


def _is_days(fact: Fact) -> bool:
    return isinstance(fact.value, Interval) and fact.unit == "days"


@pytest.fixture
def in_question(case):
    """The published case with CAPTEM that ends before it begins, and one row of everything that contradicts itself."""
    client, user, patient = case
    line = TreatmentLine.objects.get(patient=patient)
    revise(line, by=user, reason="as in the letter", stop_date=BEFORE, note=REASON)
    for odd in QUESTIONED.values():
        record(odd.kind, by=user, patient=patient, **odd.columns | {odd.reason_field: REASON})
    dead = {"vital_status": "deceased", "deceased_on": dt.date(1950, 1, 1), "deceased_on_precision": "year"}
    patient = update_patient(patient, by=user, reason="registry", note=REASON, **dead)
    return client, user, patient


@pytest.mark.parametrize("tab", ["", "?tab=lines", "?tab=labs", "?tab=histology", "?tab=eligibility", "?tab=change"])
def test_the_pages_of_the_case_stand_and_say_what_is_in_question(in_question, tab):
    client, _, patient = in_question
    answer = client.get(reverse("board:patient", args=[patient.case_number]) + tab)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "In question." in text and "The date of death lies before the birth." in text
    assert "deceased, date unknown" in text and "deceased, 1950" not in text
    if tab == "":
        assert text.count('chip-caution">in question') == len(QUESTIONED) + 1
        assert "until 15 Feb 2025" in text, "what was written stays to be read"
    if tab in ("?tab=lines", ""):
        assert "The line stops before it starts." in text
    if tab == "?tab=labs":
        assert "400 to 150" in text and "The lower limit is above the upper limit." in text


def test_other_pages_stand_too(in_question):
    client, _, patient = in_question
    line = TreatmentLine.objects.filter(patient=patient, clinical_date=CAPTEM).first()
    for path in (
        f"{reverse('board:source', args=[patient.case_number])}?row={line.lineage}",
        reverse("board:patients"),
        reverse("board:watch"),
        reverse("board:cohort"),
        reverse("board:what_if", args=[patient.case_number]),
        reverse("board:entry", args=[patient.case_number]),
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "<svg" in answer.content.decode() or "?row=" in path
    assert (
        "The line stops before it starts."
        in client.get(f"{reverse('board:source', args=[patient.case_number])}?row={line.lineage}").content.decode()
    )


def test_timeline_wall_ledger_and_watch_know_no_end_and_no_start(in_question):
    _, _, patient = in_question
    chart = Chart(patient, TODAY)
    assert chart.is_deceased and chart.patient.deceased_on is None
    captem = [one for one in history(chart).courses if one.text.startswith("CAPTEM")]
    assert {(one.when, one.stop) for one in captem if "stops before it starts" in one.title} == {(None, None)}
    assert draw(history(chart)) and draw_wall(history(chart))
    assert "2025-02" not in str(ledger(chart)) and "Feb 2025" not in str(ledger(chart))
    lines = watch_facts(chart, due_rules()).lines
    assert all(not is_surely_before(line.stop, line.start) for line in lines)
    assert not any(line.start and line.start[0] == CAPTEM and line.stop for line in lines)
    assert chart.ages == (58, 58)


def test_the_cohort_counts_no_start_that_contradicts_its_end(published):
    user, patient = published
    line = TreatmentLine.objects.get(patient=patient)
    assert cohort_case(read_case(patient), "captem", dt.timedelta(days=365), TODAY).swim is not None
    revise(line, by=user, reason="as in the letter", stop_date=BEFORE, note=REASON)
    found = cohort_case(read_case(patient), "captem", dt.timedelta(days=365), TODAY)
    assert (found.zero, found.swim, found.is_in) == (None, None, False)
    revise(line, by=user, reason="as in the letter", stop_date=dt.date(2026, 2, 15), is_ongoing=True)
    swim = cohort_case(read_case(patient), "captem", dt.timedelta(days=365), TODAY).swim
    assert swim is not None and all(spell.first <= spell.last for spell in swim.spells)


@pytest.mark.django_db
def test_what_lies_before_the_birth_is_never_the_newest(client):
    user = make_user()
    patient = born_then(user)
    record(
        LabResult, by=user, patient=patient, note=REASON, **columns_of(LabResult, LAB | {"clinical_date": "1967-12"})
    )
    assert latest_lab(patient, "platelets") is None
    kept = record(LabResult, by=user, patient=patient, **columns_of(LabResult, LAB | {"clinical_date": "1968"}))
    assert latest_lab(patient, "platelets") == kept, "the year of birth itself is no contradiction"
    assert age_on(patient, dt.date(1960, 1, 1)) is None and age_on(patient, dt.date(1968, 2, 1)) == 0
    assert latest(PrrtCycle, patient) is None


@pytest.mark.django_db
def test_an_uptake_time_of_days_is_kept_and_not_compared():
    user = make_user()
    patient = born_then(user)
    more = {"clinical_date": dt.date(2026, 4, 20), "tracer": "68Ga-DOTATATE", "uptake_min": 1400}
    row = Scan(patient=patient, note=REASON, **more)
    row.full_clean(exclude=["lineage", "recorded_by"])
    assert row.as_counted().uptake_min is None and row.as_counted().clinical_date == more["clinical_date"]
    assert "above the plausible 600" in row.doubt_words
