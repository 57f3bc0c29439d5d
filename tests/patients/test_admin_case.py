"""The case page: what is typed arrives through the services, with author, reason and history."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from patients import selectors, services
from patients.models import (
    AccessGrant,
    AuditEvent,
    BodyMeasure,
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    LabResult,
    Patient,
    TreatmentLine,
)
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.patients.urls")]

PREFIXES = [
    "diagnosis_rows",
    "histologyspecimen_rows",
    "treatmentline_rows",
    "ssainjection_rows",
    "prrtcycle_rows",
    "labresult_rows",
    "performancestatus_rows",
    "bodymeasure_rows",
    "clinicalevent_rows",
    "clinicalassertion_rows",
    "identifiers",
    "grants",
]


def page(patient=None, *, reason="", rows=None, **fields):
    """What a browser posts: the case's own fields and the rows of each section, existing ones first."""
    data = {"case_number": "T-1", "sex_for_formulas": "F", "vital_status": "alive", "change_reason": reason}
    if patient is not None:
        data |= {"case_number": patient.case_number, "sex_for_formulas": patient.sex_for_formulas}
        data |= {"vital_status": patient.vital_status, "seen_version": patient.recorded_at.isoformat()}
    data |= fields
    for prefix in PREFIXES:
        entries = (rows or {}).get(prefix, [])
        existing = sum("id" in entry for entry in entries)
        data |= {f"{prefix}-TOTAL_FORMS": len(entries), f"{prefix}-INITIAL_FORMS": existing}
        for index, entry in enumerate(entries):
            data |= {f"{prefix}-{index}-{name}": value for name, value in entry.items()}
            if patient is not None:
                data[f"{prefix}-{index}-patient"] = str(patient.pk)
    return data


def change_url(patient):
    return reverse("admin:patients_patient_change", args=[patient.pk])


def errors(response):
    found = [response.context["adminform"].form.errors]
    for section in response.context["inline_admin_formsets"]:
        found += [*section.formset.errors, section.formset.non_form_errors()]
    return str([e for e in found if e])


@pytest.fixture
def user():
    return make_user("data_entry", is_staff=True)


@pytest.fixture
def desk(client, user):
    client.force_login(user)
    return client


@pytest.fixture
def patient(user):
    return make_patient(user, sex_for_formulas="F", vital_status="alive")


def test_a_whole_letter_is_entered_on_one_page(desk, user):
    response = desk.post(
        reverse("admin:patients_patient_add"),
        page(
            birth_date="1965",
            rows={
                "diagnosis_rows": [
                    {
                        "clinical_date": "03/2023",
                        "primary_site": "stomach",
                        "functional_status": "non_functional",
                        "stage": "metastatic",
                        "metastatic_sites": "liver, lymph nodes",
                    }
                ],
                "histologyspecimen_rows": [
                    {
                        "clinical_date": "2023-03-14",
                        "site": "stomach",
                        "procedure": "biopsy",
                        "differentiation": "well",
                        "ki67_text": "7-8 %",
                        "stated_grade": "G2",
                        "ihc": "CgA +, SSTR2A positive (IRS 9)",
                    }
                ],
                "treatmentline_rows": [
                    {
                        "clinical_date": "2023-04",
                        "stop_date": "2023-10",
                        "treatment_class": "chemo",
                        "regimen": "captem",
                        "cycles": "6",
                        "is_ongoing": "false",
                    }
                ],
                "labresult_rows": [
                    {"clinical_date": "2023-11-02", "analyte": "hb", "comparator": "", "value": "11.2", "unit": "g/dl"}
                ],
            },
        ),
    )
    assert response.status_code == 302, errors(response)
    patient = Patient.objects.get(case_number="T-1")
    assert (patient.birth_date, patient.birth_date_precision) == (dt.date(1965, 1, 1), "year")
    diagnosis = Diagnosis.objects.get(patient=patient)
    assert (diagnosis.clinical_date, diagnosis.clinical_date_precision) == (dt.date(2023, 3, 1), "month")
    assert diagnosis.metastatic_sites == ["liver", "lymph nodes"]
    specimen = HistologySpecimen.objects.get(patient=patient)
    assert (specimen.ki67_low, specimen.ki67_high, specimen.ki67_text) == (7, 8, "7-8 %")
    assert {(r.marker, r.result, r.score) for r in IhcResult.objects.filter(specimen=specimen)} == {
        ("CgA", "positive", ""),
        ("SSTR2A", "positive", "IRS 9"),
    }
    line = TreatmentLine.objects.get(patient=patient)
    assert line.drugs == ["capecitabine", "temozolomide"]
    assert selectors.alkylator_exposure_of(line) is True
    assert LabResult.objects.get(patient=patient).unit == "g/dL"
    assert AccessGrant.objects.get(patient=patient, user=user).kind == "entered"
    written = AuditEvent.objects.filter(patient=patient)
    assert {event.by for event in written} == {user}
    assert written.filter(action="record").count() == 6
    shown = desk.get(change_url(patient)).content.decode()
    assert "G2" in shown and "WHO 2022" in shown and "Ki-67 7-8 %" in shown


def weight_row(row, **changes):
    return {
        "id": str(row.pk),
        "seen_version": row.recorded_at.isoformat(),
        "clinical_date": "2024-03-01",
        "kind": "weight_kg",
        "value": "70",
        **changes,
    }


@pytest.fixture
def weight(patient, user):
    return services.record(
        BodyMeasure, by=user, patient=patient, kind="weight_kg", value="70", clinical_date=dt.date(2024, 3, 1)
    )


def test_a_correction_asks_for_its_reason_and_keeps_the_old_value(desk, patient, weight, user):
    corrected = {"bodymeasure_rows": [weight_row(weight, value="72.5")]}
    refused = desk.post(change_url(patient), page(patient, rows=corrected))
    assert refused.status_code == 200 and "Reason for change" in errors(refused)
    assert BodyMeasure.objects.get().value == 70
    accepted = desk.post(change_url(patient), page(patient, reason="typing error", rows=corrected))
    assert accepted.status_code == 302
    assert BodyMeasure.objects.get().value == 72.5
    assert BodyMeasure.versions.count() == 2
    event = AuditEvent.objects.filter(action="revise").get()
    assert (event.by, event.reason, event.before) == (user, "typing error", {"value": "70.00"})


def test_an_unchanged_page_writes_nothing(desk, patient, weight):
    before = AuditEvent.objects.count()
    assert (
        desk.post(change_url(patient), page(patient, rows={"bodymeasure_rows": [weight_row(weight)]})).status_code
        == 302
    )
    assert AuditEvent.objects.count() == before


def test_somebody_elses_change_is_not_overwritten_and_the_entries_stay(desk, patient, weight):
    seen = weight_row(weight, value="75")
    services.revise(weight, by=make_user(), reason="typing error", value="72")
    response = desk.post(change_url(patient), page(patient, reason="typing error", rows={"bodymeasure_rows": [seen]}))
    assert response.status_code == 200 and "after you opened the page" in errors(response)
    assert 'value="75"' in response.content.decode()
    assert BodyMeasure.objects.get().value == 72


def test_withdrawing_a_row_needs_a_reason(desk, patient, weight):
    rows = {"bodymeasure_rows": [weight_row(weight, DELETE="on")]}
    assert desk.post(change_url(patient), page(patient, rows=rows)).status_code == 200
    assert desk.post(change_url(patient), page(patient, reason="another patient's", rows=rows)).status_code == 302
    assert not BodyMeasure.objects.exists() and BodyMeasure.versions.count() == 1
    assert AuditEvent.objects.get(action="withdraw").reason == "another patient's"


def test_the_page_of_a_row_withdraws_it_with_a_reason_and_shows_its_history(desk, patient, weight):
    url = reverse("admin:patients_bodymeasure_delete", args=[weight.pk])
    assert desk.get(url).status_code == 200
    assert desk.post(url, {"reason": ""}).status_code == 200
    assert BodyMeasure.objects.exists()
    history = desk.get(reverse("admin:patients_bodymeasure_history", args=[weight.pk])).content.decode()
    assert "recorded: body measure" in history and "70" in history
    assert desk.post(url, {"reason": "wrong case"}).status_code == 302
    assert not BodyMeasure.objects.exists()
    assert "wrong case" in desk.get(reverse("admin:patients_patient_history", args=[patient.pk])).content.decode()


@pytest.mark.parametrize(
    ("section", "row", "sentence"),
    [
        (
            "treatmentline_rows",
            {"clinical_date": "2024-05", "stop_date": "2024-04-30", "treatment_class": "ssa", "regimen": "lanreotide"},
            "The line stops before it starts. If it is right, say so in the note.",
        ),
        (
            "histologyspecimen_rows",
            {"clinical_date": "1950", "procedure": "biopsy", "differentiation": "well"},
            "before the patient was born",
        ),
        (
            "histologyspecimen_rows",
            {"procedure": "biopsy", "differentiation": "well", "ki67_text": "low"},
            "is not a Ki-67 index",
        ),
        (
            "labresult_rows",
            {"clinical_date": "2024-01-01", "analyte": "hb", "value": "11", "unit": "stones"},
            "Unit “stones” is not known for haemoglobin",
        ),
        (
            "labresult_rows",
            {"clinical_date": "2024-01-01", "analyte": "platelets", "value": "1420", "unit": "10^9/L"},
            "outside the plausible",
        ),
        (
            "bodymeasure_rows",
            {"clinical_date": "2024-02-30", "kind": "weight_kg", "value": "70"},
            "does not exist in the calendar",
        ),
        ("performancestatus_rows", {"instrument": "ECOG", "value": "7"}, "ECOG runs from 0 to 5"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(desk, patient, section, row, sentence):
    response = desk.post(change_url(patient), page(patient, birth_date="1965", reason="letter", rows={section: [row]}))
    assert response.status_code == 200
    assert sentence in errors(response)


def test_an_improbable_value_is_kept_with_a_note(desk, patient):
    row = {
        "clinical_date": "2024-01-01",
        "analyte": "platelets",
        "value": "1420",
        "unit": "10^9/L",
        "comparator": "",
        "note": "checked with the laboratory",
    }
    response = desk.post(change_url(patient), page(patient, rows={"labresult_rows": [row]}))
    assert response.status_code == 302, errors(response)
    assert LabResult.objects.get().value == 1420


def test_what_is_odd_is_kept_and_asked_about(desk, patient):
    rows = {
        "diagnosis_rows": [
            {"clinical_date": "2024", "primary_site": "pancreas", "functional_status": "unknown", "stage": "unknown"}
        ],
        "prrtcycle_rows": [{"clinical_date": "2023-06-01", "number": "1", "compound": "177Lu-DOTATATE"}],
        "histologyspecimen_rows": [
            {
                "clinical_date": "2024-01-10",
                "procedure": "biopsy",
                "differentiation": "well",
                "ki67_text": "25",
                "stated_grade": "G1",
            }
        ],
    }
    response = desk.post(change_url(patient), page(patient, rows=rows), follow=True)
    said = " ".join(str(m) for m in response.context["messages"])
    assert "lies before the diagnosis" in said
    assert "states G1; computed is G3" in said
    assert Diagnosis.objects.count() == 1


def test_removing_a_stain_from_the_line_withdraws_its_row(desk, patient, user):
    specimen = services.record(HistologySpecimen, by=user, patient=patient, differentiation="well")
    services.record(IhcResult, by=user, specimen=specimen, marker="CgA", result="positive")
    services.record(IhcResult, by=user, specimen=specimen, marker="ATRX", result="lost")
    row = {
        "id": str(specimen.pk),
        "seen_version": specimen.recorded_at.isoformat(),
        "procedure": "unknown",
        "differentiation": "well",
        "ihc": "CgA focal, SSTR2A +",
    }
    response = desk.post(change_url(patient), page(patient, reason="re-read", rows={"histologyspecimen_rows": [row]}))
    assert response.status_code == 302, errors(response)
    assert {(r.marker, r.result) for r in IhcResult.objects.all()} == {("CgA", "focal"), ("SSTR2A", "positive")}
    assert HistologySpecimen.versions.count() == 1, "the specimen itself did not change"


def test_a_birth_date_that_is_refused_stays_as_it_was_typed(desk, user):
    patient = make_patient(user, birth_date=dt.date(1960, 1, 1))
    services.record(Diagnosis, by=user, patient=patient, primary_site="stomach", clinical_date=dt.date(2020, 5, 1))
    answer = desk.post(change_url(patient), page(patient, reason="typing error", birth_date="2024-03"))
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "1 other entry of this case lies before this birth date." in text
    assert 'value="2024-03"' in text and 'value="typing error"' in text
    assert f"{timezone.localdate().year - 1960} years" in text
    patient.refresh_from_db()
    assert patient.birth_date == dt.date(1960, 1, 1)
