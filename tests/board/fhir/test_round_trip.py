"""What leaves as FHIR comes back as it was: field by field, once, and only to the case it belongs to."""

import json

import pytest

from patients.models import AuditEvent, HistologySpecimen, LabResult, Patient
from patients.services import grant_access, revise, withdraw
from tests.board.factories import published_case
from tests.board.fhir.factories import MODELS, bare_case, everything, exported, full_case, numbered, taken_in
from tests.patients.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
CASES = {"full": full_case, "bare": bare_case, "published": published_case}


def as_new_case(text: str, number: str) -> str:
    """The bundle as another site would read it: the same patient, not yet in its registry."""
    bundle = json.loads(text)
    person = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Patient")
    person["identifier"][0]["value"] = number
    return json.dumps(bundle)


@pytest.mark.parametrize("name", CASES)
def test_a_new_case_made_from_an_export_is_the_same_patient(name):
    user, patient = CASES[name]()
    report = taken_in(as_new_case(exported(patient), "N-0001"), user)
    again = Patient.objects.get(case_number="N-0001")
    then, now = everything(patient), everything(again)
    assert report.is_new_case and report.counts["refused"] == 0
    assert now | {"Patient": now["Patient"][2:]} == then | {"Patient": then["Patient"][2:]}


def test_the_full_case_fills_every_field_that_is_compared():
    """A field nobody fills would pass the comparison whatever the mapping does."""
    full_case()
    always_filled_elsewhere = {"ki67_low_open", "ki67_high_open"}
    for model in MODELS:
        rows = list(model.objects.all())
        for field in model._meta.concrete_fields:
            if field.name in {"superseded_at"} | always_filled_elsewhere:
                continue
            assert any(getattr(row, field.attname) not in (None, "", []) for row in rows), (
                f"{model.__name__}.{field.name}"
            )


def test_an_export_of_the_import_is_the_same_bundle():
    user, patient = full_case()
    text = exported(patient)
    taken_in(as_new_case(text, "N-0001"), user)
    again = exported(Patient.objects.get(case_number="N-0001"))
    assert sorted(_bare(as_new_case(numbered(again), "F-0001"))) == sorted(_bare(numbered(text)))


def _bare(text: str) -> list[str]:
    """Resources without their ids, references and times of recording."""
    found = []
    for one in json.loads(text)["entry"]:
        resource = {
            k: v
            for k, v in one["resource"].items()
            if k not in {"id", "issued", "recordedDate", "subject", "specimen", "partOf"}
        }
        found.append(json.dumps(resource, sort_keys=True))
    return found


def test_the_same_bundle_again_is_already_here():
    user, patient = full_case()
    text, before = exported(patient), everything(patient)
    report = taken_in(text, user)
    assert report.counts["recorded"] == report.counts["refused"] == 0
    assert report.counts["already here"] == len(report.lines)
    assert everything(patient) == before
    taken_in(as_new_case(text, "N-0001"), user)
    report = taken_in(as_new_case(text, "N-0001"), user)
    assert report.counts["recorded"] == 0 and {line.code for line in report.lines} == {"same_case", "already_here"}


def test_a_trial_says_the_same_and_stores_nothing():
    user, patient = full_case()
    text = as_new_case(exported(patient), "N-0001")
    counts = {model: model.versions.count() for model in MODELS}
    events = AuditEvent.objects.count()
    trial = taken_in(text, user, is_trial=True)
    assert counts == {model: model.versions.count() for model in MODELS} and AuditEvent.objects.count() == events
    assert not Patient.objects.filter(case_number="N-0001").exists()
    assert trial.is_trial and trial.lines == taken_in(text, user).lines


def test_a_correction_and_a_withdrawal_stand():
    user, patient = full_case()
    text = exported(patient)
    platelets, creatinine = (LabResult.objects.get(analyte=name) for name in ("platelets", "creatinine"))
    revise(platelets, by=user, reason="typing error", value=120)
    withdraw(creatinine, by=user, reason="another patient's")
    report = taken_in(text, user)
    codes = {line.label: line.code for line in report.lines}
    assert codes[str(platelets.lineage)] == "corrected_since" and codes[str(creatinine.lineage)] == "withdrawn_since"
    assert LabResult.objects.get(analyte="platelets").value == 120
    assert not LabResult.objects.filter(analyte="creatinine").exists()


def test_two_equal_rows_stay_two():
    user, patient = bare_case()
    from tests.board.factories import add_lab

    add_lab(user, patient), add_lab(user, patient)
    text = as_new_case(exported(patient), "N-0001")
    taken_in(text, user)
    assert LabResult.objects.filter(patient__case_number="N-0001").count() == 2
    assert taken_in(text, user).counts["recorded"] == 0


def test_as_it_was_known_then():
    user, patient = full_case()
    moment = AuditEvent.objects.latest("id").at
    before = exported(patient)
    revise(LabResult.objects.get(analyte="platelets"), by=user, reason="typing error", value=120)
    assert exported(patient) != before
    assert json.loads(exported(patient, known_at=moment))["entry"] == json.loads(before)["entry"]


def test_every_row_has_its_author_and_says_where_it_is_from():
    _, patient = full_case()
    clerk = make_user("data_entry")
    report = taken_in(as_new_case(exported(patient), "N-0001"), clerk)
    made = AuditEvent.objects.filter(patient__case_number="N-0001", action="record")
    assert made.count() == sum(model.objects.count() for model in MODELS) // 2
    assert {event.by for event in made} == {clerk} and {event.reason for event in made} == {
        f"FHIR bundle {report.sha256[:12]}"
    }
    told = AuditEvent.objects.get(patient__case_number="N-0001", action="import_fhir")
    assert told.after["sha256"] == report.sha256 and told.after["recorded"] == report.counts["recorded"]


def test_who_may_not_see_the_case_adds_nothing_to_it():
    from board.fhir.received import BundleRefused

    _, patient = full_case()
    text, stranger = exported(patient), make_user("clinician")
    with pytest.raises(BundleRefused) as refused:
        taken_in(text, stranger)
    assert refused.value.code == "case_not_available"
    grant_access(by=make_user("coordinator"), patient=patient, kind="care_team", user=stranger)
    assert taken_in(text, stranger).counts["recorded"] == 0


def test_ki67_keeps_its_words_and_its_ends():
    user, patient = full_case()
    taken_in(as_new_case(exported(patient), "N-0001"), user)
    found = HistologySpecimen.objects.filter(patient__case_number="N-0001")
    assert {row.ki67_text for row in found} == {"7-8 %", "< 1", ">= 20 %", "~5", "15", "up to 10"}
    about = found.get(ki67_text="~5")
    assert about.ki67_low == about.ki67_high == 5 and about.ki67_low_open and about.ki67_high_open
