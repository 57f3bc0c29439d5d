"""The Eligibility tab and what of it stands on the overview: margins, flips, sets side by side, facts, score."""

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from board.chart import Chart
from board.criteria_view import panels
from eligibility import loader
from eligibility.models import Assessment
from imaging.models import Lesion, LesionFinding, Scan
from patients.services import revise
from tests.board.factories import BASELINE, FOLLOW_UP, TODAY, add_lab
from tests.board.test_patient_page import MOST_QUERIES, page, text_of

GATE, LABEL = "krenning-gt2", "lutathera-smpc-eu"


def tab(client, patient, query=""):
    return page(client, patient, f"?tab=eligibility{query}")


@pytest.fixture
def modifiable(monkeypatch):
    """The packaged sets with every REQUIRED row marked modifiable."""
    found = {}
    for key, one in loader.guidelines().items():
        rows = tuple(replace(c, is_modifiable=c.level == "REQUIRED") for c in one.criteria)
        found[key] = replace(one, criteria=rows)
    for place in ("eligibility.loader", "eligibility.selectors", "board.fact_lines"):
        monkeypatch.setattr(f"{place}.guidelines", lambda: found)
    return found


def test_every_set_is_there_at_every_scan(case):
    client, _, patient = case
    response = tab(client, patient)
    assert {line.key for line in response.context["matrix"]} == set(loader.guidelines())
    said = text_of(response)
    assert "Research and decision support, not a certified medical device" in said
    for words in ("Criteria", "Side by side", "Facts", "Alkylator ledger", "Vanderbilt clinical score"):
        assert words in said


@pytest.mark.parametrize(
    ("query", "view", "title"),
    [
        ("", "criteria", "Alkylator ledger"),
        ("&view=compare", "compare", "Rule sets side by side"),
        ("&b=lutia", "compare", "Rule sets side by side"),
        ("&view=facts", "facts", "every value that a rule set reads"),
        ("&view=nothing", "criteria", "Alkylator ledger"),
    ],
)
def test_one_view_stands_below_the_sets(case, query, view, title):
    client, _, patient = case
    response = tab(client, patient, query)
    said = text_of(response)
    assert response.context["view"] == view and title in said and "What each one says" in said.replace("what", "What")
    others = {"Alkylator ledger", "Rule sets side by side", "every value that a rule set reads"} - {title}
    assert not [other for other in others if other in said]


def test_of_two_unlike_sets_only_what_both_ask_stands_out(case):
    client, _, patient = case
    response = tab(client, patient, "&view=compare&a=krenning-gt2&b=lutathera-smpc-eu")
    found = response.context["comparison"]
    (_, shared), *alone = found.groups
    assert [heading.split(" ")[0] for heading, _ in alone] and all(h.startswith("Only in ") for h, _ in alone)
    assert not [line for _, lines in alone for line in lines if line.stands_out]
    assert found.differing == sum(line.stands_out for line in shared) < len(found.lines)
    page = response.content.decode()
    table = page[page.index('id="compare"') :]
    assert table.count('class="differs"') == found.differing and "not excluded or pregnant" not in table
    assert table.index("Only in ") > table.index(shared[-1].label)
    assert "must be none of: not excluded, pregnant" in text_of(response)


def test_the_bare_word_eligible_never_stands_alone(case, modifiable):
    client, user, patient = case
    add_lab(user, patient, value=104, day=TODAY)
    said = text_of(tab(client, patient, "&set=all")) + text_of(tab(client, patient, "&a=all"))
    for found in re.finditer(r"\b(not )?eligible\b", said, re.IGNORECASE):
        assert said[found.end() : found.end() + 7].startswith(" under "), said[found.start() - 40 : found.end() + 40]


def test_one_set_can_be_asked_for_in_full(case):
    client, _, patient = case
    assert [p.key for p in tab(client, patient, f"&set={GATE}").context["rule_sets"]] == [GATE]
    assert {p.key for p in tab(client, patient, "&set=all").context["rule_sets"]} == set(loader.guidelines())
    assert [p.key for p in tab(client, patient, "&set=no-such").context["rule_sets"]] == [GATE, LABEL]


def test_the_overview_shows_the_sites_own_choice_and_the_others_on_one_line(case, settings):
    settings.PRIMARY_GUIDELINES = [GATE]
    client, _, patient = case
    response = page(client, patient)
    assert [p.key for p in response.context["rule_sets"]] == [GATE]
    assert [line.key for line in response.context["matrix"]] == [GATE]
    others = {one.key: one for one in response.context["other_sets"]}
    assert set(others) == set(loader.guidelines()) - {GATE}
    assert others[LABEL].result.verdict == "cannot_determine"
    html = response.content.decode()
    assert f"?tab=eligibility&amp;set={LABEL}&amp;as_of=#set-{LABEL}" in html
    assert "Progressive disease" not in text_of(response)
    assert f'id="set-{LABEL}"' in tab(client, patient, f"&set={LABEL}").content.decode()


def test_a_decision_keeps_every_set_whatever_the_overview_shows(case, settings):
    from board.services import record_decision

    settings.PRIMARY_GUIDELINES = [GATE]
    client, user, patient = case
    record_decision(by=user, patient=patient, decided_on=FOLLOW_UP, outcome="treat", text="PRRT", owner="reader")
    assert set(Assessment.objects.values_list("guideline_id", flat=True)) == set(loader.guidelines())
    add_lab(user, patient, value=60, day=FOLLOW_UP)
    other = next(one for one in page(client, patient).context["other_sets"] if one.key == LABEL)
    assert other.changed.startswith("changed since the decision of 20 Apr 2026")
    assert other.changed in text_of(page(client, patient))


def line_of(patient, row_id, day=TODAY, key=LABEL):
    (panel,) = panels(Chart(patient, TODAY), day, [key])
    return next(line for group in (*panel.groups, *panel.folded) for line in group.lines if line.row.id == row_id)


def test_a_number_near_its_limit_is_fragile_and_says_by_how_much(case):
    client, user, patient = case
    add_lab(user, patient, value=78, day=TODAY)
    assert line_of(patient, "RCI.PLATELETS").margin.text == "fragile: 78 is +4.0 % from < 75, stated error ±10 %"
    said = text_of(tab(client, patient))
    assert "Fragile" in said and "fragile: 78 is +4.0 % from < 75, stated error ±10 %" in said


def test_a_relation_near_the_band_is_fragile_while_the_signed_one_decides(case):
    _, user, patient = case
    for finding in LesionFinding.objects.all():
        revise(finding, by=user, reason="measured", is_illustrative=False)
    line = line_of(patient, "SSTR.ABOVE_LIVER", FOLLOW_UP, GATE)
    assert (line.row.state, line.margin.is_fragile) == ("met", True)
    assert "L01 1.22 × liver: above at 0, 10 and 20 %, equal at 30 %" in line.margin.text
    assert "L02" not in line.margin.text


def test_what_would_change_it_is_said_with_the_scales_own_tolerance(case, modifiable):
    client, _, patient = case
    for word in ("What would change it", "sensitivity, not advice"):
        assert word in text_of(page(client, patient))
    (panel,) = panels(Chart(patient, TODAY), FOLLOW_UP, [GATE])
    (sentence,) = panel.flips.first
    assert sentence.startswith(
        f"{GATE} v{panel.result.guideline_version} would be not met if any one lesion were read as"
    )
    assert (
        "with tolerance 0.10, lesion L01 at 1.22 × liver is “above”: it would count as equal down from 1.10 (−10 %)"
        in sentence
    )


def test_without_a_modifiable_row_nothing_is_offered(case, monkeypatch):
    _, _, patient = case
    plain = {
        k: replace(g, criteria=tuple(replace(c, is_modifiable=False) for c in g.criteria))
        for k, g in loader.guidelines().items()
    }
    for place in ("eligibility.loader", "eligibility.selectors"):
        monkeypatch.setattr(f"{place}.guidelines", lambda: plain)
    (panel,) = panels(Chart(patient, TODAY), TODAY, [LABEL])
    assert panel.flips.first[0].startswith(f"No change of modifiable criteria would flip {LABEL}")


def test_two_sets_stand_side_by_side_and_what_differs_is_marked_in_words(case):
    client, user, patient = case
    revise(Lesion.objects.get(label="L01"), by=user, reason="target", is_target=True)
    response = tab(client, patient, f"&a={GATE}&b={LABEL}")
    found = response.context["comparison"]
    assert [one.key for one in found.sets] == [GATE, LABEL]
    uptake = next(line for line in found.lines if line.label == "uptake relative to liver")
    assert uptake.difference and [len(cell) for cell in uptake.cells] == [1, 2]
    said = text_of(response)
    assert f"≠ {uptake.difference}" in said and "≠ not in every set" not in said
    assert f"{found.differing} of {len(found.shared)} shared lines differ" in said and len(found.shared) < len(
        found.lines
    )


def test_an_address_that_names_no_set_falls_back(case):
    client, _, patient = case
    for query in ("&a=all", "&b=all"):
        found = tab(client, patient, query).context["comparison"]
        assert {one.key for one in found.sets} == set(loader.guidelines())
    assert tab(client, patient, "&a=x&b=y").context["comparison"].a == LABEL


def test_facts_stand_with_unit_date_age_and_source(case):
    client, user, patient = case
    add_lab(user, patient, value=104, day=FOLLOW_UP)
    response = tab(client, patient, "&view=facts")
    lines = {line.name: line for line in response.context["facts"]}
    platelets = lines["platelets"]
    assert (platelets.value.first, platelets.day, platelets.age) == ("104 10⁹/L", "20 Apr 2026", "24 days")
    assert platelets.uses >= 2 and platelets.links[0].label == "platelets 104 10⁹/L, 2026-04-20"
    assert lines["age_years"].age == "does not age"
    assert not lines["albumin"].is_known and lines["albumin"].value.first == "not recorded"
    order = [line.is_known for line in response.context["facts"]]
    assert order == sorted(order)


def test_links_to_rows_lead_to_the_overview_where_the_rows_are(case):
    client, user, patient = case
    lab = add_lab(user, patient, day=TODAY)
    html = tab(client, patient).content.decode()
    assert f'href="/patients/0001/#row-{lab.lineage}"' in html
    assert f'href="#row-{lab.lineage}"' in page(client, patient).content.decode()


def test_the_score_is_information_with_its_items(case):
    client, _, patient = case
    said = text_of(tab(client, patient))
    assert "at least 3 (3–8) of 9" in said and "Information, not a rule: the source gives no cut" in said
    assert said.count("Vanderbilt clinical score") >= 1


def test_the_day_asked_for_is_kept_by_every_link(case):
    client, _, patient = case
    response = tab(client, patient, f"&as_of={BASELINE}")
    gate = next(p for p in response.context["rule_sets"] if p.is_gate)
    assert gate.result.verdict == "not_met"
    html = response.content.decode()
    scan = Scan.objects.get(patient=patient, clinical_date=BASELINE)
    assert f"?tab=eligibility&amp;set={LABEL}&amp;as_of={scan.lineage.hex}" in html
    assert f"as_of={BASELINE}" not in html, "a day of the case stands in no address"
    by_scan = tab(client, patient, f"&as_of={scan.lineage.hex}")
    assert next(p for p in by_scan.context["rule_sets"] if p.is_gate).result == gate.result
    typed = tab(client, patient, "&as_of=2025-12-24")
    assert f"set={LABEL}&amp;as_of=2025-12-24" in typed.content.decode()


def test_the_tab_needs_no_more_queries_than_the_overview(case):
    client, user, patient = case
    tab(client, patient)
    for n in range(4):
        add_lab(user, patient, value=100 + n, day=TODAY)
    for query in ("&set=all", "&a=all", "&view=facts"):
        with CaptureQueriesContext(connection) as found:
            assert tab(client, patient, query).status_code == 200
        assert len(found) <= MOST_QUERIES


def test_a_rule_set_that_cannot_be_read_leaves_ledger_and_score(case, monkeypatch):
    client, _, patient = case
    monkeypatch.setattr("board.eligibility_tab.matrix", lambda *_: 1 / 0)
    response = tab(client, patient)
    assert response.status_code == 200
    said = text_of(response)
    assert "Alkylator ledger" in said and "at least 3 (3–8)" in said and "What would change it" not in said
    assert tab(client, patient, "&view=facts").status_code == 200


def test_reasons_for_off_label_use_are_shown_where_a_set_gives_them(case, monkeypatch):
    from eligibility.domain.rules import AssessmentResult

    client, _, patient = case
    assert "off label" not in text_of(tab(client, patient, f"&set={LABEL}"))
    monkeypatch.setattr(AssessmentResult, "off_label_reasons", ("grade G3",), raising=False)
    assert "off label Under Lutathera, EU product information: grade G3" in text_of(
        tab(client, patient, f"&set={LABEL}")
    )
