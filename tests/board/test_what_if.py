"""The sandbox: what the sets would say with tried values. It saves nothing and puts no value into an address."""

import datetime as dt
import re

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from board.chart import Chart
from board.what_if import _lesions, sandbox
from eligibility.domain.rules import evaluate
from eligibility.loader import guideline
from imaging.models import LesionFinding
from patients.models import AccessEvent
from patients.services import revise
from tests.board.factories import TODAY, add_lab
from tests.board.test_patient_page import page, text_of

GATE, LABEL = "krenning-gt2", "lutathera-smpc-eu"


def address(patient):
    return reverse("board:what_if", args=[patient.case_number])


def tried(client, patient, key=LABEL, **values):
    return client.post(address(patient), {"set": key} | {name.replace("__", "-"): v for name, v in values.items()})


def outcome(response):
    (one,) = response.context["sandbox"].outcomes
    return one


READS = AccessEvent._meta.db_table  # who looked is written down, what was tried is not


def counts():
    kept = (model for model in apps.get_models() if model._meta.managed and model is not AccessEvent)
    return {model._meta.label: model.objects.count() for model in kept}


def test_the_page_says_that_it_is_a_sandbox(case):
    client, _, patient = case
    response = client.get(address(patient))
    said = text_of(response)
    assert response.status_code == 200
    assert "Sandbox: nothing here is saved" in said
    assert "Research and decision support, not a certified medical device" in said
    assert "No value tried yet: both verdicts are as recorded." in said
    assert [o.key for o in response.context["sandbox"].outcomes] == [GATE, LABEL]


def test_a_relation_turns_the_gate_and_the_rows_that_differ_are_listed(case):
    client, _, patient = case
    response = tried(client, patient, GATE, **{"l__L01": "below"})
    found = outcome(response)
    assert (found.before.verdict, found.after.verdict) == ("met", "not_met")
    assert [(r.before.state, r.after.state) for r in found.rows] == [("met", "not met")]
    said = text_of(response)
    assert "Met under krenning-gt2" in said and "Not met under krenning-gt2" in said and "≠ verdict differs" in said


def test_a_number_is_read_in_the_unit_of_the_recorded_value(case):
    client, user, patient = case
    add_lab(user, patient, analyte="hb", value=120, unit="g/L", day=TODAY)
    response = tried(client, patient, **{"f__hb": "79"})
    changed = {r.before.id: (r.before.state, r.after.state) for r in outcome(response).rows}
    assert changed["RCI.HAEMOGLOBIN"] == ("clear", "triggered")
    assert outcome(response).after.verdict == "not_recommended"
    assert 'name="f-hb" value="79"' in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("74", "triggered"),
        ("75", "clear"),
        ("74,9", "triggered"),
        ("70-80", "unknown"),
        ("70–74", "triggered"),
        ("< 75", "triggered"),
        ("> 75", "clear"),
        ("> 74", "unknown"),
        ("unknown", "unknown"),
        ("UNKNOWN", "unknown"),
        (" 80 ", "clear"),
    ],
)
def test_numbers_ranges_limits_and_unknown(case, typed, state):
    client, user, patient = case
    add_lab(user, patient, value=210, day=TODAY)
    rows = {r.id: r for r in outcome(tried(client, patient, **{"f__platelets": typed})).after.rows}
    assert rows["RCI.PLATELETS"].state == state


def test_the_answer_is_that_of_the_rules_themselves(case):
    """Nothing is computed twice: the same pure function on the facts with the tried ones in their place."""
    _, user, patient = case
    add_lab(user, patient, value=210, day=TODAY)
    chart = Chart(patient, TODAY)
    found = sandbox(chart, [LABEL], {"f-platelets": "60", "f-stage": "localised"}).outcomes[0]
    from decimal import Decimal

    from eligibility.domain.facts import Fact, exactly

    facts = {
        **chart.facts_on(TODAY),
        "platelets": Fact(exactly(Decimal(60)), "10^9/L", TODAY, analyte="platelets"),
        "stage": Fact(frozenset({"localised"}), clinical_date=TODAY),
    }
    assert found.after == evaluate(guideline(LABEL), facts, TODAY)
    assert found.before == chart.assessed_on(TODAY)[LABEL]


def test_an_empty_field_leaves_even_an_old_value_as_it_is(case):
    client, user, patient = case
    add_lab(user, patient, value=210)
    response = tried(client, patient, **{"f__platelets": "", "f__stage": ""})
    assert outcome(response).rows == []
    assert outcome(response).before.digest == outcome(response).after.digest


def test_a_tried_value_counts_as_of_today(case):
    client, user, patient = case
    add_lab(user, patient, value=210)
    rows = {r.after.id: r for r in outcome(tried(client, patient, **{"f__platelets": "210"})).rows}
    assert (rows["RCI.PLATELETS"].before.state, rows["RCI.PLATELETS"].after.state) == ("unknown", "clear")


def test_other_lesions_stay_as_read(case):
    client, user, patient = case
    for finding in LesionFinding.objects.all():
        revise(finding, by=user, reason="measured", is_illustrative=False)
    rows = {r.after.id: r for r in outcome(tried(client, patient, **{"l__L02": "equal"})).rows}
    assert "L01 stomach: 3 (KR-ORIG), above" in rows["SSTR.UPTAKE"].after.value_text
    assert "L02 liver VIII: tried value, equal" in rows["SSTR.UPTAKE"].after.value_text
    forgotten = tried(client, patient, GATE, **{"l__L02": "unknown"})
    assert outcome(forgotten).after.verdict == "unknown"


@pytest.mark.parametrize(("names", "is_fresh"), [(["L02"], False), (["L01", "L02"], True)])
def test_a_lesion_that_is_tried_makes_the_others_no_fresher(case, names, is_fresh):
    _, _, patient = case
    chart = Chart(patient, TODAY + dt.timedelta(days=900))
    recorded = chart.facts_on(chart.today)["sstr_relation_to_liver"]
    tried_values = dict.fromkeys(names, "above")
    fact = _lesions(tried_values, chart.facts_on(chart.today), chart.today)["sstr_relation_to_liver"]
    assert {lesion.label for lesion in recorded.value} == {"L01", "L02"}
    assert fact.clinical_date == (chart.today if is_fresh else recorded.clinical_date)


@pytest.mark.parametrize(
    "typed", ["abc", "8-7", "1e5", "-3", "<script>alert(1)</script>", "88 g/dL", "9" * 40, "<", "1;2", "٣"]
)
def test_what_cannot_be_read_is_said_and_kept(case, typed):
    client, _, patient = case
    response = tried(client, patient, **{"f__platelets": typed, "f__hb": "9.5"})
    html = response.content.decode()
    assert response.status_code == 422
    assert response.context["sandbox"].outcomes == []
    said = text_of(response)
    assert "Not computed: 1 value cannot be read. What you typed is kept." in said
    assert "Write a number such as 88" in said
    assert 'name="f-hb" value="9.5"' in html
    assert re.search(r'name="f-platelets" value="[^"]+"', html) and "<script>alert" not in html
    assert html.count('aria-invalid="true"') == 1


def test_a_word_that_is_not_on_the_list_is_refused(case):
    client, _, patient = case
    for name in ("f-stage", "l-L01"):
        response = client.post(address(patient), {"set": LABEL, name: "purple"})
        assert response.status_code == 422
        assert "Choose one of the words of the list." in text_of(response)


def test_nothing_is_written_but_who_looked(case):
    client, user, patient = case
    add_lab(user, patient, value=210, day=TODAY)
    client.get(address(patient))
    before = counts()
    with CaptureQueriesContext(connection) as found:
        assert tried(client, patient, "all", **{"f__platelets": "60", "l__L01": "below"}).status_code == 200
        assert tried(client, patient, **{"f__platelets": "x"}).status_code == 422
    assert counts() == before
    writes = [q["sql"] for q in found if q["sql"].split()[0].upper() in ("INSERT", "UPDATE", "DELETE", "REPLACE")]
    assert [sql for sql in writes if READS not in sql] == []
    assert len(found) <= 18


def test_no_address_on_the_page_carries_a_tried_value(case):
    client, user, patient = case
    add_lab(user, patient, value=210, day=TODAY)
    response = tried(client, patient, **{"f__platelets": "61.7"})
    html = response.content.decode()
    links = re.findall(r'(?:href|action|src)="([^"]*)"', html)
    assert "61.7" in html and not any("61.7" in link for link in links)
    assert re.search(rf'<form[^>]*method="post"[^>]*action="{address(patient)}"', html)
    assert response.request["QUERY_STRING"] == ""


def test_values_in_an_address_are_not_read(case):
    client, _, patient = case
    response = client.get(f"{address(patient)}?set={GATE}&l-L01=below&f-platelets=60")
    assert response.context["sandbox"].tried == 0
    assert outcome(response).after.verdict == "met"


def test_the_form_needs_its_token(case):
    from django.test import Client

    _, user, patient = case
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(address(patient), {"set": GATE}).status_code == 403


def test_every_field_has_a_label_and_the_value_on_record(case):
    client, user, patient = case
    add_lab(user, patient, value=104, day=TODAY)
    html = tried(client, patient).content.decode()
    for name in re.findall(r'<(?:input|select)[^>]*id="([^"]+)"', html):
        assert f'for="{name}"' in html or name == "search", name
    assert "Recorded: 104 10⁹/L, 0 days old" in re.sub(r"\s+", " ", html)


def test_the_key_leads_there_from_overview_and_tab(case):
    client, _, patient = case
    for query in ("", "?tab=eligibility"):
        html = page(client, patient, query).content.decode()
        assert html.count('data-key="w"') == 1
        assert re.search(rf'href="{address(patient)}[^"]*"[^>]*data-key="w"', html)


def test_a_set_that_does_not_exist_is_the_sites_own_choice(case):
    client, _, patient = case
    assert [o.key for o in tried(client, patient, "no-such").context["sandbox"].outcomes] == [GATE, LABEL]
