"""From a number back to the file, or to the person who entered it."""

import datetime as dt
import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from board.chart import Chart
from board.provenance.criteria import criterion_chain
from board.provenance.fact_chain import fact_chain
from board.provenance.facts import source_href
from board.provenance.lesions import lesion_chain
from board.provenance.rows import row_chain
from eligibility.report import as_json
from imaging.models import Lesion, Scan, Series, SuvResult, UptakeMeasurement
from imaging.services import correct_suv_input
from patients.models import BodyMeasure, ClinicalAssertion, HistologySpecimen, LabResult, PerformanceStatus
from patients.services import record, revise
from tests.board.factories import BASELINE, FOLLOW_UP, TODAY, add_lab, add_scan
from tests.board.test_patient_page import page, text_of
from tests.patients.factories import make_patient, make_user


def source(client, patient, **query):
    return client.get(f"{reverse('board:source', args=[patient.case_number])}?{urlencode(query)}")


def chain_of(patient, label="L02", day=FOLLOW_UP):
    lesion, scan = Lesion.objects.get(label=label), Scan.objects.get(clinical_date=day)
    return lesion_chain(Chart(patient, TODAY), str(lesion.lineage), str(scan.lineage))


def link(chain, title):
    return next(found for found in chain.links if found.title == title)


def test_the_chain_of_a_lesion_runs_from_file_to_criterion(case):
    _, _, patient = case
    found = chain_of(patient)
    assert [item.title for item in found.links] == [
        "Files",
        "SUV",
        "Region and measurement",
        "Reference: liver",
        "Krenning, computed",
        "Krenning, signed",
        "Criteria that rest on it today",
    ]
    assert not any(item.is_broken for item in found.links)
    assert found.title == "L02 liver on 20 Apr 2026"
    measured = dict(link(found, "Region and measurement").facts)
    row = UptakeMeasurement.objects.get(suv_max=16.9)
    assert (measured["SUVmax"], measured["Unit"]) == ("16.90", row.unit)
    assert dict(link(found, "Reference: liver").facts)["SUVmean"] == "8.90"
    assert dict(link(found, "Krenning, signed").facts)["Score"] == "3 on KR-ORIG"
    assert any("krenning-gt2" in name for name, _ in link(found, "Criteria that rest on it today").facts)


def test_the_factor_is_written_with_its_inputs(case):
    _, _, patient = case
    inputs = {
        "units": {"value": "BQML", "source": "header (0054,1001)"},
        "body_weight_kg": {"value": 57.0, "source": "header (0010,1030)"},
    }
    SuvResult.objects.update(inputs=inputs, factors={"bw": 57_000 / 64.14e6})
    said = dict(link(chain_of(patient), "SUV").facts)
    assert said["Which is"].startswith("57000 g ÷ 64.14 MBq")
    assert said["Body weight"] == "57 kg (header (0010,1030))"
    assert said["Formula"] == "SUVbw = rescaled stored value × factor"


def test_factors_that_differ_by_slice_give_a_span(case):
    _, _, patient = case
    inputs = {"units": {"value": "BQML"}, "body_weight_kg": {"value": 57.0}}
    SuvResult.objects.update(inputs=inputs, factors={"bw": [57_000 / 64e6, 57_000 / 60e6]})
    assert "57000 g ÷ 60 to 64 MBq" in dict(link(chain_of(patient), "SUV").facts)["Which is"]


def test_a_persons_correction_is_marked_with_author_and_reason(case):
    _, user, patient = case
    series = Series.objects.get(pet_of_scans__clinical_date=FOLLOW_UP)
    correct_suv_input(by=user, series=series, name="body_weight_kg", value="61", reason="weighed again")
    found = link(chain_of(patient), "SUV")
    assert found.is_broken and "omputed" in found.note
    from imaging import digests

    series.refresh_from_db()
    SuvResult.objects.filter(series=series).update(input_digest=digests.of_series(series))
    found = link(chain_of(patient), "SUV")
    assert found.is_override
    assert dict(found.facts)["Body weight, by a person"] == "61 kg: weighed again"


def test_the_chain_says_where_it_stops(db):
    user = make_user("nuclear_medicine")
    patient = make_patient(by=user)
    scan = add_scan(user, patient, FOLLOW_UP)
    lesion = record(Lesion, by=user, patient=patient, label="L01", organ="liver", clinical_date=FOLLOW_UP)
    found = lesion_chain(Chart(patient, TODAY), str(lesion.lineage), str(scan.lineage))
    broken = {item.title: item.note for item in found.links if item.is_broken}
    assert broken["SUV"] == "Not computed yet."
    assert broken["Region and measurement"] == "No region drawn on this scan."
    assert broken["Krenning, signed"] == "This scan has no signed reading."
    revise(scan, by=user, reason="typed from a letter", pet_series=None)
    found = lesion_chain(Chart(patient, TODAY), str(lesion.lineage), str(scan.lineage))
    assert link(found, "Files").note == "Entered by hand, no image source."


def test_ki67_is_entered_by_hand_and_says_so(case):
    client, user, patient = case
    specimen = HistologySpecimen.objects.get()
    response = source(client, patient, row=specimen.lineage)
    said = text_of(response)
    for words in ("Entered by hand, no image source.", "Ki-67 as written 7-8 %", "7 to 8 %", user.username, "G2"):
        assert words in said
    banner = page(client, patient).content.decode()
    assert f"?row={specimen.lineage}" in banner[: banner.index('class="tabs"')]


def test_a_laboratory_value_names_the_criteria_that_rest_on_it(case):
    _, user, patient = case
    add_lab(user, patient, day=dt.date(2026, 5, 10))
    found = row_chain(Chart(patient, TODAY), str(LabResult.objects.get().lineage))
    said = [value for _, value in link(found, "Criteria that rest on it today").facts]
    assert any(value.startswith("Platelets below 75: clear") for value in said)


def test_every_criterion_has_a_chain_with_rule_value_and_verdict(case):
    client, _, patient = case
    chart = Chart(patient, TODAY)
    for key, result in chart.assessed_on(TODAY).items():
        for row in result.rows:
            found = criterion_chain(chart, key, row.id, TODAY)
            assert found.title == row.title
            assert dict(link(found, "Verdict").facts)["Says"] == row.state
            assert dict(link(found, "Criterion").facts)["Source"] == row.citation
    assert as_json(result)["rows"]
    html = page(client, patient).content.decode()
    assert "criterion=SSTR.ABOVE_LIVER" in html or "criterion=SSTR.UPTAKE" in html


def test_the_chain_of_a_criterion_is_of_the_day_asked_for(case):
    client, _, patient = case
    chart = Chart(patient, TODAY)
    key = next(k for k, r in chart.assessed_on(TODAY).items() if r.guideline_kind == "gate")
    row = chart.assessed_on(TODAY)[key].rows[0]
    then, now = (text_of(source(client, patient, set=key, criterion=row.id, as_of=day)) for day in (BASELINE, TODAY))
    assert "Says not met" in then and "Says met" in now


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"row": "no-such"},
        {"lesion": "x", "scan": "y"},
        {"set": "krenning-gt2", "criterion": "NO.SUCH"},
        {"set": "none", "criterion": "x", "as_of": "yesterday"},
    ],
)
def test_an_address_of_nothing_says_so(case, query):
    client, _, patient = case
    response = source(client, patient, **query)
    assert response.status_code == 200
    assert "No such number on this case" in text_of(response)


def test_a_row_of_another_case_has_no_chain_here(case):
    client, user, patient = case
    other = make_patient(by=user)
    lab = record(
        LabResult,
        by=user,
        patient=other,
        analyte="platelets",
        value=90,
        unit="10^9/L",
        clinical_date=dt.date(2026, 4, 1),
    )
    assert "No such number on this case" in text_of(source(client, patient, row=lab.lineage))


def link_to(response, words: str) -> str:
    """The address behind a link with these words, as a person would follow it."""
    found = re.search(rf'href="([^"]+)"[^>]*>\s*{re.escape(words)}', response.content.decode())
    assert found, words
    return unescape(found[1])


def test_show_me_from_the_verdict_to_the_voxel(case):
    """Verdict, criterion, fact, lesion, region with its hottest voxel, slice; every step is a link of the page before."""
    client, _, patient = case
    UptakeMeasurement.objects.update(hottest_voxel={"index": [1, 2, 3], "lps_mm": [1.0, 2.0, 3.0]})
    hottest = {"index": [40, 61, 72], "lps_mm": [12.0, -30.5, 88.0]}
    UptakeMeasurement.objects.filter(suv_max=11.47).update(hottest_voxel=hottest)
    html = page(client, patient, "?tab=eligibility").content.decode()
    criterion = client.get(unescape(re.search(r'href="([^"]+criterion=SSTR\.ABOVE_LIVER[^"]*)"', html)[1]))
    assert "Fact: uptake relative to liver" in text_of(criterion)
    fact = client.get(link_to(criterion, "Open this fact"))
    said = text_of(fact)
    assert (
        "Age 24 days on 2026-05-14" in said and "Read by krenning-gt2" in said and "Read by lutathera-smpc-eu" in said
    )
    assert client.get(link_to(fact, "Open the scan")).status_code == 200
    lesion = client.get(link_to(fact, "Open scan, region and hottest voxel"))
    assert "L01 stomach on 20 Apr 2026" in text_of(lesion)
    assert "index (z, y, x) [40, 61, 72]; LPS 12.0, -30.5, 88.0 mm" in text_of(lesion)
    slices = link_to(lesion, "Open the slices at its hottest voxel")
    path, _, place = slices.partition("#")
    viewer = client.get(path)
    assert viewer.status_code == 200
    assert f'"id": "{place.removeprefix("lesion=")}"' in unescape(viewer.content.decode())


def test_the_coldest_measured_lesion_comes_first(case):
    _, _, patient = case
    found = criterion_chain(Chart(patient, TODAY), "krenning-gt2", "SSTR.ABOVE_LIVER", TODAY)
    lesions = [item for item in found.links if item.title.startswith("Lesion ")]
    assert [item.title for item in lesions] == ["Lesion L01", "Lesion L02"]
    assert dict(lesions[0].facts)["Ratio to liver"] == "1.22 × liver"


def kinds_of_source(user, patient):
    """One row of every kind that a fact rests on: laboratory, weight, statement, performance status."""
    add_lab(user, patient, analyte="creatinine", value=84, unit="umol/L", day=TODAY)
    more = {"by": user, "patient": patient, "clinical_date": TODAY}
    record(BodyMeasure, **more, kind="weight_kg", value=70)
    record(ClinicalAssertion, **more, kind="hypersensitivity", state="denied")
    record(PerformanceStatus, **more, instrument="ECOG", value=1)


def test_every_source_of_every_fact_opens_to_something(case):
    """No step of the walk ends in "no such number": each source of each known fact leads to a page that knows it."""
    client, user, patient = case
    kinds_of_source(user, patient)
    chart = Chart(patient, TODAY)
    seen = set()
    for name, fact in chart.facts_on(TODAY).items():
        assert fact_chain(chart, name, TODAY).links
        for source_row in fact.sources:
            href = source_href(chart, source_row)
            assert href, (name, source_row)
            response = client.get(href.partition("#")[0])
            assert response.status_code == 200, (name, href)
            assert "No such number on this case" not in text_of(response), (name, source_row)
            seen.add(source_row.model)
    assert {
        "patients.LabResult",
        "patients.BodyMeasure",
        "patients.ClinicalAssertion",
        "patients.HistologySpecimen",
        "patients.Diagnosis",
        "patients.TreatmentLine",
        "patients.Patient",
        "imaging.Scan",
        "imaging.Reading",
    } <= seen


def test_a_fact_says_value_unit_date_and_age_or_why_it_is_not_known(case):
    client, user, patient = case
    add_lab(user, patient, value=104, day=dt.date(2026, 5, 10))
    said = text_of(source(client, patient, fact="platelets", as_of=TODAY))
    for words in (
        "Value 104 10⁹/L",
        "Clinical date 10 May 2026",
        "Age 4 days on 2026-05-14",
        "Platelets below 75 clear",
    ):
        assert words in said
    unknown = text_of(source(client, patient, fact="albumin"))
    assert "Why unknown not recorded" in unknown and "the chain stops here" in unknown
    assert "No such number on this case" in text_of(source(client, patient, fact="no_such_fact"))


def test_the_margin_and_the_source_of_its_error_stand_in_the_chain(case):
    client, user, patient = case
    add_lab(user, patient, value=78, day=TODAY)
    said = text_of(source(client, patient, set="lutathera-smpc-eu", criterion="RCI.PLATELETS"))
    assert "fragile: 78 is +4.0 % from < 75, stated error ±10 % (local convention: two counts of one week)" in said


def test_the_date_of_birth_is_never_written_out(case):
    client, _, patient = case
    said = text_of(source(client, patient, row=patient.pk))
    assert "Date of birth recorded to the month" in said and "1967" not in said
