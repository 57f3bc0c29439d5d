"""Search by begin of a case number or by site, chips in the address, and the way out of an empty answer."""

import datetime as dt

import pytest
from django.db import connection
from django.urls import reverse

from board import patient_filters
from board.models import BoardDecision
from board.patient_filters import Filters, filters_of, narrowed, site_of
from patients.models import Diagnosis, Patient, TreatmentLine
from patients.selectors import visible_patients
from patients.services import record
from tests.board.factories import TODAY
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
LIST = "/patients/"


@pytest.fixture
def user(client):
    found = make_user("clinician")
    client.force_login(found)
    return found


@pytest.fixture
def cases(user):
    """F-1: pancreas, CAPTEM, overdue. F-2: pancreas, treat. F-3: rectum, nothing decided."""
    made = [make_patient(by=user, case_number=f"F-{n}") for n in (1, 2, 3)]
    for patient, site in zip(made, ("pancreas", "pancreas", "rectum"), strict=True):
        record(Diagnosis, by=user, patient=patient, primary_site=site, clinical_date=TODAY)
    record(TreatmentLine, by=user, patient=made[0], treatment_class="chemo", regimen="CAPTEM", clinical_date=TODAY)
    decide(user, made[0], "not_yet", TODAY - dt.timedelta(days=1))
    decide(user, made[1], "treat", dt.date(2099, 1, 1))
    return made


def decide(user, patient, outcome, due, supersedes=None):
    return BoardDecision.objects.create(
        patient=patient, decided_on=TODAY, outcome=outcome, text="t", owner="o", due_date=due, recorded_by=user,
        supersedes=supersedes,
    )  # fmt: skip


def found(user, **values):
    chosen = Filters(**values)
    return [p.case_number for p in narrowed(visible_patients(user), chosen, TODAY).order_by("case_number")]


def test_each_chip_narrows_and_together_they_narrow_further(user, cases):
    assert found(user, is_overdue=True) == ["F-1"]
    assert found(user, had_captem=True) == ["F-1"]
    assert found(user, outcome="treat") == ["F-2"]
    assert found(user, outcome="none") == ["F-3"]
    assert found(user, text="pancreas", outcome="treat") == ["F-2"]
    assert found(user, is_overdue=True, outcome="treat") == []


@pytest.mark.parametrize(
    ("regimen", "drugs", "is_captem"),
    [
        ("Temozolomide/capecitabine", ["Capecitabine ", "temozolomide"], True),
        ("captem ×6", [], True),
        ("Temozolomide", ["temozolomide"], False),
        ("XELOX", [], False),
    ],
)
def test_captem_is_found_by_its_drugs_whatever_the_line_is_called(user, regimen, drugs, is_captem):
    line = {"treatment_class": "chemo", "clinical_date": TODAY, "regimen": regimen, "drugs": drugs}
    record(TreatmentLine, by=user, patient=make_patient(by=user, case_number="G-1"), **line)
    assert found(user, had_captem=True) == (["G-1"] if is_captem else [])


def test_two_lines_of_one_drug_each_are_no_captem(user):
    patient = make_patient(by=user)
    for drug in ("capecitabine", "temozolomide"):
        line = {"treatment_class": "chemo", "clinical_date": TODAY, "regimen": drug, "drugs": [drug]}
        record(TreatmentLine, by=user, patient=patient, **line)
    assert found(user, had_captem=True) == []


def test_a_decision_that_was_replaced_counts_no_more(user, cases):
    old = BoardDecision.objects.get(patient=cases[0])
    decide(user, cases[0], "treat", TODAY + dt.timedelta(days=5), supersedes=old)
    assert found(user, is_overdue=True) == []
    assert found(user, outcome="treat") == ["F-1", "F-2"]
    assert found(user, outcome="not_yet") == []


@pytest.mark.parametrize(
    ("text", "site"),
    [("panc", "pancreas"), ("Small", "small_bowel"), ("bowel", "small_bowel"), ("pa", ""), ("brain", ""), ("PPGL", "")],
)
def test_a_site_is_known_by_the_begin_of_its_name(text, site):
    assert site_of(text) == site


def test_a_case_number_goes_before_a_site(user, cases):
    make_patient(by=user, case_number="REC-1")
    assert found(user, text="rec") == ["REC-1"]
    assert found(user, text="rect") == ["F-3"]
    assert found(user, text="f-") == ["F-1", "F-2", "F-3"]


@pytest.mark.parametrize("text", ["%", "_", "F%", "F_1", "\\"])
def test_signs_of_patterns_are_ordinary_signs(user, cases, text):
    assert found(user, text=text) == []
    made = make_patient(by=user, case_number="Z-9")
    Patient.objects.filter(pk=made.pk).update(case_number=f"{text}-9")  # numbers of before the rule stay
    assert found(user, text=text) == [f"{text}-9"]


def test_the_begin_of_a_number_is_found_through_the_index(user, cases):
    """Not by reading the table, on either database."""
    asked = Patient.objects.filter(case_number__prefix="F-")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "case_number" in asked.explain()
    plan = asked.explain()
    assert "SEARCH" in plan if connection.vendor == "sqlite" else "Index Cond" in plan


def test_what_is_not_known_is_not_chosen():
    assert filters_of({"decision": "'; DROP", "overdue": "yes", "captem": "0"}) == Filters()


def test_chips_are_links_that_add_and_take_away(client, user, cases):
    chips = {chip.label: chip for chip in client.get(LIST, {"captem": "1"}).context["chips"]}
    assert chips["CAPTEM yes"].is_on and chips["CAPTEM yes"].href == "?"
    assert chips["overdue"].href == "?overdue=1&captem=1"
    assert chips["treat"].href == "?captem=1&decision=treat"


def test_addresses_hold_choices_and_case_numbers_only(client, user, cases):
    said = client.get(LIST, {"q": "F", "captem": "1"}).content.decode()
    links = [part.split('"')[0] for part in said.split('href="')[1:]]
    assert all("birth" not in link and "19" not in link for link in links)
    assert f"{LIST}?q=F" in links


def test_an_empty_answer_names_the_chip_to_remove_and_what_it_would_show(client, user, cases):
    said = client.get(LIST, {"overdue": "1", "decision": "treat"}).content.decode()
    assert "No patient matches." in said
    assert "Remove <em>overdue</em> to see 1." in said or "Remove <em>treat</em> to see 1." in said
    said = client.get(LIST, {"q": "rectum", "captem": "1"}).content.decode()
    assert "to see 1." in said


def test_of_two_chips_the_one_that_frees_most_is_named(client, user, cases):
    for n in range(4, 9):
        decide(user, make_patient(by=user, case_number=f"F-{n}"), "treat", None)
    said = client.get(LIST, {"overdue": "1", "decision": "treat"}).content.decode()
    assert "Remove <em>overdue</em> to see 6." in said


def test_more_than_can_be_looked_through_asks_to_narrow(client, user, cases, monkeypatch):
    assert "Narrow your search" not in client.get(LIST, {"q": "F-"}).content.decode()
    monkeypatch.setattr(patient_filters, "MOST_COUNTED", 2)
    monkeypatch.setattr("board.views.MOST_COUNTED", 2)
    said = client.get(LIST, {"q": "F-"}).content.decode()
    assert "more than 2 found" in said and "Narrow your search." in said


def test_pages_keep_what_was_chosen(client, user, monkeypatch):
    from board import patient_list

    monkeypatch.setattr(patient_list, "PAGE_SIZE", 2)
    for n in range(5):
        make_patient(by=user, case_number=f"G-{n}")
    context = client.get(LIST, {"q": "G-", "decision": "none"}).context
    assert context["later"] == "?q=G-&decision=none&after=G-1"
    nxt = client.get(LIST + context["later"]).context
    assert [line.case_number for line in nxt["page"].lines] == ["G-2", "G-3"]
    assert nxt["earlier"] == "?q=G-&decision=none&before=G-2"


def test_cases_of_others_are_not_found_by_any_chip(client, cases):
    client.force_login(make_user("clinician"))
    for query in ({"overdue": "1"}, {"captem": "1"}, {"decision": "treat"}, {"q": "pancreas"}, {"q": "F-"}):
        said = client.get(reverse("board:patients"), query).content.decode()
        assert "No patient matches." in said and "to see" not in said
