"""The page and what it posts: refusals are sentences, others' cases stay unknown, the coordinator gets the list."""

import datetime as dt
import json
import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from board.entry import duplicates
from board.entry.drafts import draft_for, entry_of, own_draft, unfinished
from board.entry.recorded import recorded
from board.entry.worklist import begun, submitted, take_note
from board.identity import facts_of
from board.models import EntryDraft
from patients.models import (
    AccessGrant,
    AuditEvent,
    ClinicalAssertion,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    Patient,
    PrrtCycle,
    TreatmentLine,
)
from patients.services import grant_access, record, revoke_access
from tests.board.entry.test_submit import WHOLE, sent, typed
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client):
    user = make_user("data_entry")
    client.force_login(user)
    return user


def post(client, name, body, **kwargs):
    return client.post(reverse(f"board:{name}", kwargs=kwargs), json.dumps(body), content_type="application/json")


def test_a_submission_sent_twice_has_one_effect(client, clerk):
    entry = typed(clerk, WHOLE)
    body = {"draft": str(entry.draft.key), "version": entry.version, "key": "k" * 20, "is_incomplete_meant": True}
    first, second = (post(client, "entry_new_submit", body) for _ in range(2))
    assert first.status_code == second.status_code == 200 and first.json() == second.json()
    assert Patient.objects.filter(case_number="E-0388").count() == 1
    assert LabResult.objects.count() == 2


def test_a_second_press_under_another_key_is_the_first_submission(client, clerk):
    entry = typed(clerk, WHOLE)
    body = {"draft": str(entry.draft.key), "version": entry.version, "is_incomplete_meant": True}
    first, second = (post(client, "entry_new_submit", body | {"key": key * 20}) for key in "ab")
    assert first.status_code == second.status_code == 200 and first.json() == second.json()
    patient = Patient.objects.get(case_number="E-0388")
    now = entry_of(draft_for(patient, clerk))
    third = post(client, "entry_submit", body | {"key": "c" * 20, "version": now.version}, case_number="E-0388")
    assert third.json() == first.json()
    assert AuditEvent.objects.filter(action="submit_entry").count() == 1
    assert entry_of(draft_for(patient, clerk)).version == now.version


def test_what_is_new_since_a_submission_is_submitted(client, clerk):
    """New words, a chart that has changed, another person: none of them is the submission that was made."""
    sent(clerk, typed(clerk, WHOLE))
    patient = Patient.objects.get(case_number="E-0388")
    sent(clerk, typed(clerk, {"tumour.tnm_edition": "AJCC 8"}, draft_for(patient, clerk)), reason="asked")
    assert Diagnosis.objects.get(patient=patient).tnm_edition == "AJCC 8"
    take_note(by=make_user("coordinator"), patient=patient)
    sent(clerk, entry_of(draft_for(patient, clerk)))
    grant_access(by=clerk, patient=patient, user=(other := make_user("data_entry")), kind="care_team", reason="test")
    sent(other, entry_of(draft_for(patient, other)))
    assert AuditEvent.objects.filter(action="submit_entry").count() == 4


def test_a_save_whose_answer_was_lost_doubles_nothing(client, clerk):
    body = {"draft": str(uuid.uuid4()), "version": "0.0", "values": {"tumour.tnm": "cT2"}}
    post(client, "entry_new_save", body)
    again = post(client, "entry_new_save", body)
    assert again.status_code == 409 and again.json()["values"] == {"tumour.tnm": "cT2"}
    assert EntryDraft.objects.get().version == 1


@pytest.mark.parametrize(
    "values", [{"patient.pk": "1"}, {"nothing.x": "1"}, {"tumour.tnm": 5}, ["x"], None, {"labs.__row__.value": "1"}]
)
def test_a_field_that_is_none_is_refused(client, clerk, values):
    body = {"draft": str(uuid.uuid4()), "version": "0.0", "values": values}
    assert post(client, "entry_new_save", body).status_code == 422
    assert not EntryDraft.objects.exists()


def test_pasting_stores_nothing(client, clerk):
    said = post(client, "entry_paste", {"text": "Kreatinin;71;\nHb;12,6;g/dl"}).json()
    assert [(row["analyte"], row["unit"], row["unit_sure"]) for row in said["rows"]] == [
        ("creatinine", "", "ask"),
        ("hb", "g/dL", "stated"),
    ]
    assert not LabResult.objects.exists() and not EntryDraft.objects.exists()


def test_an_unseen_case_of_the_same_number_is_a_yes_and_nothing_else(client, clerk):
    make_patient(case_number="SECRET-7", centre="Hidden centre", sex_for_formulas="F")
    body = {"draft": str(uuid.uuid4()), "values": {"patient.case_number": "secret-7"}}
    said = post(client, "entry_new_look", body)
    assert said.json()["taken"] == duplicates.TAKEN and said.json()["alike"] == []
    assert "SECRET-7" not in said.content.decode() and "Hidden" not in said.content.decode()


def test_a_case_like_a_visible_one_is_asked_about_and_the_answer_is_kept(client, clerk):
    here = make_patient(by=clerk, case_number="E-388", sex_for_formulas="F", birth_date="1968-05-01")
    entry = typed(clerk, WHOLE)
    body = {"draft": str(entry.draft.key), "version": entry.version, "key": "a" * 20, "is_incomplete_meant": True}
    refused = post(client, "entry_new_submit", body)
    assert refused.status_code == 422 and "patient.case_number" in refused.json()["errors"]
    said = post(client, "entry_duplicate", {"draft": body["draft"], "case_number": "E-388", "answer": "different"})
    assert said.status_code == 200
    assert AuditEvent.objects.get(action="duplicate_check").patient == here
    assert post(client, "entry_new_submit", body | {"key": "b" * 20}).status_code == 200


@pytest.mark.parametrize(
    ("typed_sex", "stored_sex", "is_alike"),
    [("U", "F", True), ("", "F", True), ("F", "U", True), ("F", "F", True), ("F", "M", False), ("U", "U", True)],
)
def test_an_unknown_sex_agrees_with_none_and_excludes_none(clerk, typed_sex, stored_sex, is_alike):
    make_patient(by=clerk, case_number="E-388", sex_for_formulas=stored_sex, birth_date="1968-05-01")
    values = {"patient.case_number": "E-389", "patient.birth_date": "1968", "patient.sex_for_formulas": typed_sex}
    found = duplicates.candidates(clerk, values)
    assert [one.why for one in found] == ["a similar number and the same year of birth"] * is_alike


def test_the_answer_about_an_unseen_case_is_refused(client, clerk):
    make_patient(case_number="SECRET-8")
    body = {"draft": str(uuid.uuid4()), "case_number": "SECRET-8", "answer": "different"}
    said = post(client, "entry_duplicate", body)
    absent = post(client, "entry_duplicate", body | {"case_number": "NO-SUCH"})
    assert (said.status_code, said.content) == (absent.status_code, absent.content)


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [("0388", "388", True), ("E-0388", "E388", True), ("E-388", "E-389", True), ("E-388", "X-12", False)],
)
def test_likeness(one, other, is_alike):
    assert (duplicates.likeness(one, other) >= duplicates.ALIKE) is is_alike


def test_the_coordinator_has_it_on_the_list_until_noted(client, clerk):
    entry = typed(clerk, WHOLE)
    body = {"draft": str(entry.draft.key), "version": entry.version, "key": "k" * 20, "is_incomplete_meant": True}
    post(client, "entry_new_submit", body)
    coordinator, patient = make_user("coordinator"), Patient.objects.get(case_number="E-0388")
    assert submitted(coordinator) == []  # not shared with them yet
    grant_access(by=clerk, patient=patient, user=coordinator, kind="care_team", reason="test")
    assert [one.patient for one in submitted(coordinator)] == [patient]
    assert submitted(clerk) == []
    take_note(by=coordinator, patient=patient)
    assert submitted(coordinator) == []


def test_the_page_shows_text_as_text_and_no_clinical_value_in_an_address(client, clerk):
    typed(clerk, {"tumour.tnm": "<script>alert(1)</script>"}, draft := own_draft(clerk, uuid.uuid4()))
    page = client.get(reverse("board:entry_new"), {"draft": draft.key})
    assert b"<script>alert" not in page.content and b"&lt;script&gt;alert" in page.content
    assert entry_of(own_draft(clerk, draft.key)).values == {"tumour.tnm": "<script>alert(1)</script>"}


def test_a_case_that_is_called_like_the_page_is_refused(client, clerk):
    said = post(client, "entry_new_look", {"draft": str(uuid.uuid4()), "values": {"patient.case_number": "New"}})
    assert "address of another page" in str(said.json()["checks"])


def test_what_was_begun_is_offered_while_the_case_may_be_read(clerk):
    patient = make_patient(by=clerk, case_number="E-9")
    typed(clerk, {"tumour.tnm": "cT2"}, draft_for(patient, clerk))
    to_come = typed(clerk, {"tumour.tnm": "cT1"}).draft
    assert {one.patient for one in begun(clerk)} == {patient, None}
    for grant in patient.grants.all():
        revoke_access(grant, by=clerk, reason="test")
    assert begun(clerk) == [to_come] and unfinished(clerk) == [to_come]
    typed(clerk, {"tumour.tnm": ""}, to_come)
    assert begun(clerk) == [] and unfinished(clerk) == []


def test_unfinished_entries_are_told_apart(client, clerk):
    patient = make_patient(by=clerk, case_number="E-9")
    typed(clerk, {"tumour.tnm": "cT2", "tumour.stage": "localised"}, draft_for(patient, clerk))
    typed(clerk, {"patient.case_number": "E-10", "patient.initials": "XY"})
    typed(clerk, {"patient.initials": "AB", "tumour.primary_site": "small_bowel", "patient.birth_date": "1958-03"})
    nameless = typed(clerk, {"tumour.tnm": "cT1"}).draft
    page = client.get(reverse("board:home")).content.decode()
    assert "<strong>E-9</strong> Begun" in page and "2 fields changed" in page
    assert "<strong>E-10</strong> New case" in page and "XY," not in page
    assert "<strong>AB, small bowel, born 1958-03</strong> New case" in page
    begun_at = timezone.localtime(dt.datetime.fromisoformat(nameless.data["begun"]))
    assert f"New case of {begun_at:%Y-%m-%d %H:%M}, begun" in page
    (counted,) = re.findall(r"(\d+ of \d+) core fields answered\. Last saved by", page.split("AB, small bowel")[1])[:1]
    assert counted.startswith("2 of ") and f"Last saved by {clerk.shown_name}" in page
    others = client.get(reverse("board:entry_new")).content.decode()
    assert "Go on with AB, small bowel, born 1958-03: 2 of " in others and "Go on with E-10" in others


def test_the_begin_of_an_entry_stays_until_it_is_submitted(clerk):
    first = typed(clerk, {"tumour.tnm": "cT1"}).draft
    begun_at = first.data["begun"]
    assert typed(clerk, {"tumour.tnm": "cT2"}, first).draft.data["begun"] == begun_at
    emptied = typed(clerk, {"tumour.tnm": ""}, own_draft(clerk, first.key)).draft
    assert typed(clerk, {"tumour.tnm": "cT3"}, emptied).draft.data["begun"] > begun_at


def test_a_case_that_no_coordinator_may_read_is_not_said_to_be_on_their_list(client, clerk):
    entry = typed(clerk, WHOLE)
    body = {"draft": str(entry.draft.key), "version": entry.version, "key": "k" * 20, "is_incomplete_meant": True}
    address = post(client, "entry_new_submit", body).json()["address"]
    said = client.get(address).content.decode()
    assert "No coordinator may read this case yet" in said and "On the coordinator" not in said


def test_after_the_case_is_closed_to_its_clerk_the_old_key_opens_nothing(client, clerk):
    entry = typed(clerk, WHOLE)
    body = {"draft": str(entry.draft.key), "version": entry.version, "key": "a" * 20, "is_incomplete_meant": True}
    assert post(client, "entry_new_submit", body).status_code == 200
    look = {"draft": body["draft"], "values": {}}
    assert post(client, "entry_new_look", look).status_code == 200
    AccessGrant.objects.filter(patient__case_number=WHOLE["patient.case_number"]).update(revoked_at=timezone.now())
    for name in ("entry_new_look", "entry_new_save", "entry_new_submit"):
        assert post(client, name, body | look).status_code == 404


def test_a_line_that_cycles_rest_on_is_kept_with_a_sentence(client, clerk):
    entry = typed(clerk, WHOLE)
    body = {"draft": str(entry.draft.key), "version": entry.version, "key": "a" * 20, "is_incomplete_meant": True}
    assert post(client, "entry_new_submit", body).status_code == 200
    patient = Patient.objects.get(case_number=WHOLE["patient.case_number"])
    line = TreatmentLine.objects.get(patient=patient)
    record(PrrtCycle, by=clerk, patient=patient, number=1, line=line)
    entry = typed(clerk, {"lines.n1.gone": "yes"}, draft_for(patient, clerk))
    body = {"version": entry.version, "key": "b" * 20, "is_incomplete_meant": True, "reason": "typing error"}
    said = post(client, "entry_submit", body, case_number=patient.case_number)
    assert said.status_code == 422 and "Withdraw those first" in said.json()["errors"][""], said.content
    assert TreatmentLine.objects.filter(pk=line.pk).exists()


def test_a_row_without_a_day_overrules_none_that_has_one():
    by = make_user("data_entry")
    patient = make_patient(by=by)
    made = {"by": by, "patient": patient}
    record(Diagnosis, **made, primary_site="stomach", clinical_date="2025-01-02")
    record(Diagnosis, **made, primary_site="lung", clinical_date=None)
    record(LabResult, **made, analyte="hb", value=12, unit="g/dL", clinical_date="2025-01-02")
    record(LabResult, **made, analyte="hb", value=9, unit="g/dL", clinical_date=None)
    for state, day in (("asserted", "2025-01-02"), ("denied", None)):
        record(ClinicalAssertion, **made, kind="prior_ssa", state=state, clinical_date=day)
    found = recorded(patient)
    assert found.stored["tumour"].primary_site == "stomach" and found.values["ssa.prior_ssa"] == "asserted"
    assert [row.value for key, row in found.stored.items() if key.startswith("labs.")] == [12]


def test_the_same_number_is_found_however_many_are_alike(clerk, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST", 2)
    for number in ("A-1", "A-2", "A-3", "Z-9"):
        make_patient(by=clerk, case_number=number, birth_date="1968-01-01", sex_for_formulas="F")
    found = duplicates.candidates(clerk, {"patient.case_number": "z-9", "patient.birth_date": "1968"})
    assert [(one.case_number, one.is_same_number) for one in found] == [("Z-9", True)]


def test_an_undated_specimen_overrules_none_in_the_banner_nor_beside_a_new_case(clerk):
    made = {"by": clerk, "patient": make_patient(by=clerk, case_number="U-1", birth_date="1968-01-01")}
    record(Diagnosis, **made, primary_site="pancreas", clinical_date="2024-01-02")
    record(Diagnosis, **made, primary_site="lung", clinical_date=None)
    for ki67, day in (("8", "2024-01-02"), ("60", None)):
        record(HistologySpecimen, **made, ki67_text=ki67, differentiation="well", clinical_date=day)
    banner = " ".join(facts_of(made["patient"], timezone.localdate()))
    beside = " ".join(duplicates.candidates(clerk, {"patient.case_number": "U-1"})[0].facts)
    for said in (banner, beside):
        assert "G2" in said and "ancrea" in said and "G3" not in said, said
    order = [row.ki67_text for key, row in recorded(made["patient"]).stored.items() if key.startswith("histology.")]
    assert order == ["60", "8"]
