"""Every contradiction through every door: refused with the way to keep it, kept with a reason, marked. The impossible never."""

import datetime as dt
import json

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from board.entry.answers import look, with_typed
from board.entry.drafts import draft_for, entry_of
from board.entry.status import ALONE
from board.fhir.bundles import as_text, bundle_of
from board.fhir.importing import import_bundle
from board.fhir.mapping import as_written
from board.fhir.mapping.drafts import NotTaken
from board.fhir.mapping.terms import extension_url
from board.fhir.received import BundleRefused, receive
from patients import models
from patients.bulk.importing import import_tables
from patients.bulk.reading import read
from patients.selectors import chronology_warnings
from patients.services import record, update_patient
from tests.board.fhir.factories import NOW
from tests.board.in_question.contradictory import (
    BORN,
    CARDS,
    DOORS,
    IMPOSSIBLE,
    ODD,
    REASON,
    as_typed,
    born_then,
    columns_of,
)
from tests.patients.factories import make_patient, make_user
from tests.patients.test_admin_case import change_url, errors, page

pytestmark = [pytest.mark.django_db]
TO_KEEP = "If it is right, say so in the"
THROUGH = [(name, door) for name, odd in ODD.items() for door in DOORS if door not in odd.not_through]


@pytest.fixture
def clerk(client):
    user = make_user("data_entry", is_staff=True)
    client.force_login(user)
    return user


def found(odd, patient) -> list:
    return list(odd.kind.objects.filter(patient=patient))


@pytest.mark.parametrize(("name", "door"), THROUGH)
def test_a_contradiction_is_kept_with_a_reason_only(client, clerk, name, door):
    odd, patient = ODD[name], born_then(clerk)
    said = DOORS[door](odd, patient, clerk, "", client)
    assert f"{odd.said} {TO_KEEP} {odd.reason_field}." in said
    assert found(odd, patient) == []
    assert DOORS[door](odd, patient, clerk, REASON, client) == ""
    (row,) = found(odd, patient)
    assert getattr(row, odd.reason_field) == REASON
    written = columns_of(odd.kind, odd.values | odd.also)
    assert {column: getattr(row, column) for column in written} == written
    assert odd.said in row.doubt_words and f"reason in the {odd.reason_field}" in row.doubt_words


@pytest.mark.parametrize("door", ["desk", "table", "proforma"])
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_is_refused_whatever_the_reason(client, clerk, name, door):
    odd, patient = IMPOSSIBLE[name], born_then(clerk)
    said = DOORS[door](odd, patient, clerk, REASON, client)
    assert said and TO_KEEP not in said
    assert found(odd, patient) == []


@pytest.mark.parametrize("name", [name for name, odd in ODD.items() if "proforma" not in odd.not_through])
def test_the_proforma_asks_and_then_keeps_the_mark(clerk, name):
    odd, patient = ODD[name], born_then(clerk)
    typed = as_typed(odd)
    entry = with_typed(entry_of(draft_for(patient, clerk)), typed)
    (asked,) = [one for one in look(entry, clerk)["checks"] if odd.said in one["text"]]
    note = "status.note" if odd.status else f"{CARDS[odd.model]}.note"
    assert (asked["level"], asked["text"], asked["note"]) == ("red", f"{odd.said} Keep?", note)
    (kept,) = [
        one for one in look(with_typed(entry, typed | {note: REASON}), clerk)["checks"] if odd.said in one["text"]
    ]
    assert (kept["level"], kept["text"]) == ("kept", f"{odd.said} Kept, with the reason: {REASON}")
    record(odd.kind, by=clerk, patient=patient, **odd.columns | {odd.reason_field: REASON})
    later = look(entry_of(draft_for(patient, clerk)), clerk)["checks"]
    assert [(one["level"], one["text"]) for one in later if odd.said in one["text"]] == [("kept", kept["text"])]


def test_a_note_that_no_answer_takes_is_not_lost_in_silence(clerk):
    entry = with_typed(entry_of(draft_for(born_then(clerk), clerk)), {"status.note": REASON})
    assert [one["text"] for one in look(entry, clerk)["checks"] if one["name"] == "status.note"] == [ALONE]


DEAD = {
    "death before birth": (
        {"vital_status": "deceased", "deceased_on": "1960-05"},
        "The date of death lies before the birth.",
    ),
    "alive with a date of death": (
        {"vital_status": "alive", "deceased_on": "2026-01-02"},
        "There is a date of death, and the vital status is not deceased.",
    ),
    "date of death alone": (
        {"vital_status": "unknown", "deceased_on": "2026-01-02"},
        "There is a date of death, and the vital status is not deceased.",
    ),
}


def dead_by_desk(values, user, note, client) -> str:
    patient = make_patient(user, case_number="D-1", sex_for_formulas="F")
    response = client.post(change_url(patient), page(patient, birth_date=BORN, note=note, reason="letter", **values))
    return "" if response.status_code == 302 else errors(response)


def dead_by_table(values, user, note, client) -> str:
    cells = {"case_number": "D-1", "birth_date": BORN, "note": note, **values}
    data = "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in (cells, cells.values())).encode()
    (line,) = import_tables(by=user, found=read(data), is_trial=True).lines
    if line.outcome != "refused":
        import_tables(by=user, found=read(data), is_trial=False)
    return line.sentence if line.outcome == "refused" else ""


def dead_by_fhir(values, user, note, client) -> str:
    columns = columns_of(models.Patient, values)
    other = born_then(user, note=REASON, **columns)
    bundle = json.loads(as_text(bundle_of(other, now=NOW)))
    person = bundle["entry"][0]["resource"]
    assert "deceasedDateTime" not in person and person.get("deceasedBoolean") is {"deceased": True, "alive": False}.get(
        values["vital_status"]
    )
    person["identifier"][0]["value"] = "D-1"
    if not note:
        person["extension"] = [one for one in person["extension"] if not one["url"].endswith("/note")]
    try:
        import_bundle(by=user, received=receive(json.dumps(bundle).encode()), is_trial=False)
    except BundleRefused as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("door", [dead_by_desk, dead_by_table, dead_by_fhir])
@pytest.mark.parametrize("name", DEAD)
def test_a_death_that_cannot_be_is_kept_with_a_reason_only(client, clerk, name, door):
    values, sentence = DEAD[name]
    assert f"{sentence} {TO_KEEP} note." in door(values, clerk, "", client)
    assert not models.Patient.objects.filter(case_number="D-1").exclude(deceased_on=None).exists()
    models.Patient.objects.filter(case_number="D-1").update(case_number="D-0")
    assert door(values, clerk, REASON, client) == ""
    patient = models.Patient.objects.get(case_number="D-1")
    written = columns_of(models.Patient, values)
    assert {column: getattr(patient, column) for column in written} == written
    assert patient.note == REASON and sentence in patient.doubt_words
    counted = patient.as_counted()
    assert (counted.deceased_on, counted.vital_status) == (None, values["vital_status"])


def test_a_birth_after_what_is_on_record_needs_a_reason(client, clerk):
    """Somebody corrects the year of birth: what was recorded before stays, and stays marked."""
    patient = born_then(clerk)
    record(models.SsaInjection, by=clerk, patient=patient, drug="lanreotide", clinical_date=dt.date(2024, 1, 1))
    later = {"birth_date": dt.date(2025, 1, 1), "birth_date_precision": "year"}
    with pytest.raises(
        ValidationError, match=f"1 other entry of this case lies before this birth date. {TO_KEEP} note"
    ):
        update_patient(patient, by=clerk, reason="typing error", **later)
    entry = with_typed(entry_of(draft_for(patient, clerk)), {"patient.birth_date": "2025"})
    (asked,) = [one for one in look(entry, clerk)["checks"] if one["name"] == "patient.birth_date" and one["note"]]
    assert (asked["level"], asked["note"]) == ("red", "patient.note")
    patient = update_patient(patient, by=clerk, reason="typing error", note=REASON, **later)
    (row,) = models.SsaInjection.objects.filter(patient=patient)
    assert row.clinical_date == dt.date(2024, 1, 1) and row.as_counted().clinical_date is None
    assert chronology_warnings(patient) == [
        "SSA injection of 2024-01-01: This date lies before the patient was born. What is in question counts as "
        "unknown. No reason is recorded."
    ]


@pytest.mark.parametrize("note", ["", REASON])
def test_a_bundle_of_others_with_an_end_before_its_start(clerk, note):
    patient = born_then(clerk)
    bundle = json.loads(as_text(bundle_of(patient, now=NOW)))
    given = {
        "resourceType": "MedicationAdministration",
        "id": "given",
        "status": "completed",
        "medicationCodeableConcept": {"text": "CAPTEM"},
        "subject": {"reference": f"urn:uuid:{patient.pk}"},
        "effectivePeriod": {"start": "2025-09-01", "end": "2025-02-15"},
    }
    given |= {"note": [{"text": note}]} if note else {}
    bundle["entry"].append({"fullUrl": "urn:uuid:given", "resource": given})
    report = import_bundle(by=clerk, received=receive(json.dumps(bundle).encode()), is_trial=False)
    line = next(one for one in report.lines if one.kind == "MedicationAdministration")
    if note:
        assert line.outcome == "recorded" and models.TreatmentLine.objects.get(patient=patient).note == REASON
    else:
        assert line.code == "not_accepted" and f"The line stops before it starts. {TO_KEEP} note." in line.sentence


@pytest.mark.parametrize("text", ["deceased_on=2020", "stop_date=soon", "is_ongoing=perhaps", "id=1", "value", ""])
def test_an_extension_that_does_not_hold_what_it_is_for_is_refused(clerk, text):
    resource = {"extension": [{"url": extension_url(as_written.NAME), "valueString": text}]}
    with pytest.raises(NotTaken):
        as_written.read("TreatmentLine", resource)


def test_the_desk_says_above_its_pages_what_is_in_question(client, clerk):
    patient = born_then(clerk)
    odd = ODD["line stops before it starts"]
    row = record(odd.kind, by=clerk, patient=patient, **odd.columns, note=REASON)
    said = "The line stops before it starts. What is in question counts as unknown. Kept, with the reason in the note."
    name = "Treatment line of 2025-09-01"
    assert f"In question: {name}: {said}" in client.get(change_url(patient)).content.decode()
    assert (
        f"In question: {said}"
        in client.get(reverse("admin:patients_treatmentline_change", args=[row.pk])).content.decode()
    )
    assert said in client.get(reverse("admin:patients_treatmentline_changelist")).content.decode()
