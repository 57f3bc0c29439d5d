"""What the patient page says about the published case, and what it must never say."""

import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from board.chart import Chart
from board.history import history
from board.lesion_view import lesion_table
from board.services import record_decision
from eligibility.domain.guideline import SAFETY_LEVELS
from eligibility.loader import guidelines
from eligibility.report import as_table
from imaging.models import Lesion, Series, SuvResult, UptakeMeasurement
from imaging.services import correct_suv_input
from patients.models import BodyMeasure, ClinicalAssertion, TreatmentLine
from patients.services import record, revise, update_patient
from tests.board.factories import (
    BASELINE,
    FOLLOW_UP,
    TODAY,
    add_lab,
    add_scan,
    published_case,
    suv_of,
)
from tests.patients.factories import make_patient, make_user

MOST_QUERIES = 8


def page(client, patient, query=""):
    return client.get(reverse("board:patient", args=[patient.case_number]) + query)


def text_of(response) -> str:
    """What a reader sees: tags away, white space closed."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def table(patient):
    return lesion_table(Chart(patient, TODAY))


def test_banner_names_the_case_and_never_a_person(case):
    client, _, patient = case
    said = text_of(page(client, patient))
    for fact in ("Case 0001", "Woman, 58 y", "Gastric NET G2", "Ki-67 7-8 %", "Liver metastases", "After CAPTEM ×6"):
        assert fact in said
    assert "Research and decision support, not a certified medical device" in said


def test_gate_is_shown_not_met_then_met(case):
    client, _, patient = case
    response = page(client, patient)
    gate = response.context["gates"][0]
    assert (gate.before.verdict, gate.after.verdict) == ("not_met", "met")
    assert "Not met on 14 Jul 2025, met on 20 Apr 2026." in text_of(response)


def test_full_set_cannot_determine_and_says_what_is_missing(case):
    client, _, patient = case
    response = page(client, patient)
    full = next(p for p in response.context["rule_sets"] if p.result.guideline_kind != "gate")
    assert full.result.verdict == "cannot_determine"
    assert full.groups[0].title == "Unknown"
    assert "Cannot determine under lutathera-smpc-eu v" in text_of(response)


def test_the_bare_word_eligible_never_stands_alone(case):
    client, _, patient = case
    for found in re.finditer(r"\b(not )?eligible\b", text_of(page(client, patient)), re.IGNORECASE):
        after = text_of(page(client, patient))[found.end() : found.end() + 7]
        assert after.startswith(" under "), found.group()


def test_every_scan_can_be_asked(case):
    client, _, patient = case
    response = page(client, patient, f"?as_of={BASELINE}")
    gate = next(p for p in response.context["rule_sets"] if p.result.guideline_kind == "gate")
    assert gate.result.verdict == "not_met"
    assert response.context["chosen"].label == "14 Jul 2025, baseline"


def test_an_unreadable_day_is_today_and_says_so(case):
    client, _, patient = case
    assert page(client, patient, "?as_of=yesterday").context["chosen"].label == "Today"


def test_reader_stands_beside_computed_and_neither_replaces_the_other(case):
    _, _, patient = case
    mass, metastasis = table(patient).lines
    baseline, follow_up = (cell for _, cell in mass.pairs)
    assert (baseline.reader.digits, baseline.reader.words) == ("–", "low uptake")
    assert baseline.proposal.digits == "2"
    assert (follow_up.reader.digits, follow_up.proposal.digits) == ("3", "≥3")
    assert [cell.reader.digits for _, cell in metastasis.pairs] == ["≤1", "3"]


def test_change_needs_both_numbers_and_the_same_tracer(case):
    _, _, patient = case
    assert [c.replace("\xa0", " ") for c in table(patient).lines[0].changes] == ["SUVmax +26 %", "long axis −23 %"]


def criterion(client, patient, row_id, query=""):
    """One row of the criteria panel as a reader sees it."""
    response = page(client, patient, query)
    panels = response.context["rule_sets"]
    lines = [line for p in panels for group in (*p.groups, *p.folded) for line in group.lines]
    return next(line for line in lines if line.row.id == row_id), text_of(response)


def test_a_limit_says_what_is_asked_and_never_reads_like_the_finding(case):
    client, user, patient = case
    record(
        ClinicalAssertion, by=user, patient=patient, kind="hypersensitivity", state="denied", clinical_date=FOLLOW_UP
    )
    line, said = criterion(client, patient, "CI.HYPERSENSITIVITY")
    assert (line.row.state, line.wanted) == ("clear", "must not be yes")
    assert "Clear must not be yes" in said
    assert "Unknown must not be < 30 mL/min" in said
    assert "Met must be G1 or G2" in said
    assert not re.search(r"(Clear|Unknown|Met|Triggered) (yes|no|<|>|≥|≤|above|below)", said)


def test_page_and_command_word_a_limit_alike(case):
    client, _, patient = case
    for panel in page(client, patient).context["rule_sets"]:
        table_text = as_table(panel.result)
        for group in panel.groups:
            assert all(line.row.wanted_text in table_text for line in group.lines if line.row.wanted_text)


def test_the_ratio_names_the_peak_it_is_made_of(case):
    client, _, patient = case
    cell = table(patient).lines[0].pairs[0][1]
    assert (cell.suv, cell.peak, cell.ratio) == ("9.09", "8.64", "peak 0.93 × liver")
    assert not re.search(r"SUVmax [\d.]+, [\d.]+ × liver", text_of(page(client, patient)))


def test_values_drawn_for_a_demonstration_are_labelled_wherever_shown(case):
    client, user, patient = case
    revise(Lesion.objects.get(label="L02"), by=user, reason="label", note="Uptake illustrative, not from publication.")
    line, said = criterion(client, patient, "SSTR.ABOVE_LIVER", f"?as_of={BASELINE}")
    assert "SUVmax 4.6 † illustrative" in line.row.value_text
    assert "SUVmax 9.09" in line.row.value_text and "9.09 †" not in line.row.value_text
    found = said[said.index("Eligibility") : said.index("Lesions over time")]
    assert "† illustrative, not from the publication" in found
    assert "SUVmax 4.60 †" in said and "SUVmax 9.09 †" not in said


def test_every_reason_is_given_with_its_lesions(case):
    client, _, patient = case
    for row_id in ("SSTR.UPTAKE", "RCI.MIXED_VISCERAL"):
        line, said = criterion(client, patient, row_id, f"?as_of={BASELINE}")
        assert line.reasons[0] == "not stated by the source: L01"
        assert "size is illustrative" in line.reasons[1] and line.reasons[1].endswith(": L02")
        assert all(reason in said for reason in line.reasons)


def test_what_is_met_folds_and_what_is_open_does_not(case):
    client, _, patient = case
    response = page(client, patient)
    full = next(p for p in response.context["rule_sets"] if p.key == "lutathera-smpc-eu")
    assert {group.title for group in full.groups} == {"Unknown"}
    assert [group.title for group in full.folded] == [
        "5 rows met or clear",
        "3 rows for information",
        "3 rows not active, to be verified",
    ]
    html = response.content.decode()
    outside = re.sub(r'<details class="fold".*?</table>', "", html, flags=re.DOTALL)
    shown = {line.row.title for group in full.groups for line in group.lines}
    assert all(title in outside for title in shown)
    assert "Unresectable or metastatic" in html and "Unresectable or metastatic" not in outside


def test_the_two_counts_of_unknown_rows_say_what_they_count(case):
    client, _, patient = case
    response = page(client, patient)
    full = next(p for p in response.context["rule_sets"] if p.key == "lutathera-smpc-eu")
    open_rows = full.result.unknown_rows
    deciding = [row for row in open_rows if row.level in SAFETY_LEVELS]
    assert f"({len(deciding)} rows unknown)" in full.result.verdict_text
    assert f"no usable value: {len(deciding)} that decide, {len(open_rows) - len(deciding)} cautions" in full.counts


def test_the_matrix_names_the_set_of_not_eligible_on_a_line_of_its_own(case):
    client, user, patient = case
    record(ClinicalAssertion, by=user, patient=patient, kind="progression", state="denied", clinical_date=FOLLOW_UP)
    html = page(client, patient).content.decode()
    cells = re.findall(r"<td>(?:(?!</td>).)*Not eligible</span>(.*?)</td>", html, re.DOTALL)
    said = {re.sub(r"<[^>]+>", "", cell).strip() for cell in cells}
    assert "under lutathera-smpc-eu v2024-05.2" in said
    assert said <= {f"under {found.label}" for found in guidelines().values()}


def test_changed_inputs_show_only_what_changed_and_show_it_once(case):
    client, user, patient = case
    words = {"outcome": "treat", "text": "PRRT", "owner": "reader"}
    record_decision(by=user, patient=patient, decided_on=FOLLOW_UP, **words)
    UptakeMeasurement.objects.filter(suv_max=16.9).update(suv_max=17.5)
    response = page(client, patient)
    (ground,) = response.context["decisions"][0].grounds
    titles = [criterion.split(":")[0] for criterion in ground.criteria]
    gate, label = "SSTR uptake above liver in every lesion read", "SSTR uptake at least that of normal liver"
    assert {gate, label, "Receptor-negative or mixed visceral lesions"} < set(titles)
    said = text_of(response)
    found = said[said.index(f"Inputs changed since: {len(titles)} criteria") : said.index("All records")]
    assert found.count("L02 liver VIII: SUVmax 16.9 → changed to SUVmax 17.5") == 1
    assert "L01" not in found.split("Criteria")[0]


def test_raw_words_and_codes_are_printed_for_people(case):
    client, user, patient = case
    fact = {"by": user, "patient": patient, "clinical_date": FOLLOW_UP}
    add_lab(user, patient, analyte="inr", value=1, unit="1")
    add_lab(user, patient, analyte="creatinine", value=84, unit="umol/L")
    add_lab(user, patient)
    record(BodyMeasure, **fact, kind="weight_kg", value=81)
    record(ClinicalAssertion, **fact, kind="heart_failure", state="denied")
    response = page(client, patient)
    said = text_of(response)
    assert "1" in [row.detail for row in response.context["records"] if row.what == "INR"]
    for words in ("Weight 81 kg", "Heart failure (NYHA class) denied", "< 75 10⁹/L", "creatinine 84 µmol/L"):
        assert words in said
    for raw in ("weight (kg)", "nyha", "10^9", "umol/L", "ug/L"):
        assert raw not in said


def test_a_man_is_not_asked_about_pregnancy_in_code(case):
    client, user, patient = case
    update_patient(patient, by=user, reason="typing error", sex_for_formulas="M")
    said = text_of(page(client, patient))
    assert "not applicable (male)" in said and "not applicable male" not in said


def test_another_tracer_is_not_compared(case):
    _, _, patient = case
    scan = Chart(patient, TODAY).scans[0].scan
    revise(scan, by=patient.recorded_by, reason="typing error", tracer="68Ga-DOTATOC")
    assert "SUV not compared: tracers differ" in table(patient).lines[0].changes


def test_illustrative_sizes_carry_their_label(case):
    client, _, patient = case
    said = text_of(page(client, patient))
    assert "37 mm †" in said
    assert "† illustrative, not from the publication" in said


def test_provisional_suv_is_not_a_fact(db):
    _, patient = published_case("0009")
    SuvResult.objects.update(is_provisional=True)
    cell = table(patient).lines[0].pairs[0][1]
    assert cell.state == "provisional SUV, not used as a fact"
    assert [e.sub for e in history(Chart(patient, TODAY)).scans] == ["SUV provisional", "SUV provisional"]
    assert "SUVmax" not in " ".join(table(patient).lines[0].changes)


def test_a_number_whose_inputs_changed_is_not_shown(case):
    client, user, patient = case
    series = Series.objects.get(pet_of_scans__clinical_date=BASELINE)
    correct_suv_input(by=user, series=series, name="body_weight_kg", value="61", reason="weighed again")
    cell = table(patient).lines[0].pairs[0][1]
    assert (cell.suv, cell.proposal.digits) == ("", "–")
    assert cell.state == "being computed again"
    assert "Being computed." in text_of(page(client, patient))


def test_refused_suv_is_hollow_with_its_reason(db):
    user = make_user("nuclear_medicine")
    patient = make_patient(by=user)
    suv_of(add_scan(user, patient, FOLLOW_UP), refusal_code="patient_weight_missing", refusal_message="No body weight.")
    event = history(Chart(patient, TODAY)).scans[0]
    assert event.state == "refused"
    assert event.sub == "no SUV: patient weight missing"


def test_a_lesion_on_a_scan_without_suv_says_why_not_that_it_is_being_computed(db):
    _, patient = published_case("0009")
    SuvResult.objects.update(refusal_code="patient_weight_missing", refusal_message="No body weight.")
    cell = table(patient).lines[0].pairs[0][1]
    assert (cell.suv, cell.state) == ("", "no SUV: No body weight.")


def test_the_picture_shows_coldest_and_hottest(case):
    _, _, patient = case
    before, after = history(Chart(patient, TODAY)).scans
    assert (before.coldest, before.hottest) == ("≤1", "?")
    assert (after.coldest, after.hottest) == ("3", "3")


def test_months_are_counted_from_the_line_between_two_scans(case):
    _, _, patient = case
    assert history(Chart(patient, TODAY)).since == (dt.date(2025, 9, 1), "CAPTEM start")


def test_missing_laboratory_values_are_said_not_shown_as_normal(case):
    client, user, patient = case
    assert "Blood count, kidney, liver: no value on record" in text_of(page(client, patient))
    add_lab(user, patient)
    assert "Kidney, liver: no value on record" in text_of(page(client, patient))


def test_out_of_range_values_are_written(case):
    client, user, patient = case
    add_lab(user, patient, value=88, reference_low=150, reference_high=400)
    assert "Platelets low, Apr 2026" in text_of(page(client, patient))


def test_every_event_of_the_picture_is_in_the_table(case):
    client, user, patient = case
    add_lab(user, patient, analyte="cga", value=50, unit="ug/L")
    html = page(client, patient).content.decode()
    targets = set(re.findall(r'href="#(row-[^"]+)"', html))
    assert targets
    assert targets <= set(re.findall(r'id="(row-[^"]+)"', html))


def test_no_inline_style_or_script_reaches_the_page(case):
    client, _, patient = case
    html = page(client, patient).content.decode()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_an_empty_case_says_what_belongs_there(db, client):
    user = make_user("clinician")
    patient = make_patient(by=user)
    client.force_login(user)
    said = text_of(page(client, patient))
    for words in (
        "No SSTR scan yet. Upload or import.",
        "No question asked yet.",
        "No decision yet",
        "Nothing recorded yet",
        "Sex unknown, age unknown",
    ):
        assert words in said


def test_invisible_and_absent_cases_answer_alike(case):
    client, _, _ = case
    hidden = make_patient(by=make_user("clinician"))
    answers = [client.get(reverse("board:patient", args=[n])) for n in (hidden.case_number, "NO-SUCH")]
    assert [a.status_code for a in answers] == [404, 404]
    assert hidden.case_number not in answers[0].content.decode().replace(f"/{hidden.case_number}/", "")


def test_page_stays_within_its_queries(case):
    client, user, patient = case
    page(client, patient)
    for n in range(6):
        add_lab(user, patient, day=dt.date(2025, 1 + n, 1))
        record(TreatmentLine, by=user, patient=patient, treatment_class="ssa", regimen=f"line {n}")
    with CaptureQueriesContext(connection) as found:
        assert page(client, patient).status_code == 200
    assert len(found) <= MOST_QUERIES, [q["sql"][:90] for q in found]


def test_page_stays_within_its_queries_while_values_are_recomputed(case):
    client, user, patient = case
    for series in Series.objects.all():
        correct_suv_input(by=user, series=series, name="body_weight_kg", value="61", reason="weighed again")
    with CaptureQueriesContext(connection) as found:
        page(client, patient)
    assert len(found) <= MOST_QUERIES, [q["sql"][:90] for q in found]


@pytest.mark.parametrize("role", ["clinician", "observer"])
def test_roles_that_only_read_see_no_upload(case, role):
    client, _, patient = case
    reader = make_user(role)
    from patients.services import grant_access

    grant_access(by=patient.recorded_by, patient=patient, user=reader, kind="care_team", reason="reads along")
    client.force_login(reader)
    response = page(client, patient)
    assert response.status_code == 200
    assert response.context["may_import"] is False


def test_lesion_gone_on_ct_is_said(case):
    _, user, patient = case
    finding = Lesion.objects.get(label="L02").findings.get(scan__clinical_date=FOLLOW_UP)
    revise(finding, by=user, reason="second look", status="resolved")
    assert table(patient).lines[1].pairs[1][1].reader.digits == "none"
