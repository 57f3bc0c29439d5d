"""Bundles of other systems, wrong ones and hostile ones: each is refused by name, and nothing is guessed."""

import copy
import json
import time
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from board.fhir.mapping.drafts import REASONS
from board.fhir.outcomes import TAKEN
from board.fhir.received import DEEPEST, LARGEST_BYTES, MOST_ENTRIES, BundleRefused, receive
from patients.domain.roles import Role
from patients.models import Diagnosis, HistologySpecimen, LabResult, Patient, PrrtCycle, SsaInjection, TreatmentLine
from patients.services import revise
from tests.board.fhir.factories import taken_in
from tests.patients.factories import make_patient, make_user

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
OURS = "http://prrt-board.invalid/fhir"
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": f"{OURS}/case-number", "value": "X-1"}],
    "gender": "female",
    "birthDate": "1970-05-06",
}
LAB = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": LOINC, "code": "777-3"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-04-01T23:30:00+02:00",
    "valueQuantity": {"value": 210, "unit": "G/L", "system": UCUM, "code": "10*9/L"},
}
KI67 = LAB | {"id": "k1", "code": {"coding": [{"system": LOINC, "code": "29593-1"}]}}
DRUG = {
    "resourceType": "MedicationAdministration",
    "id": "m1",
    "status": "completed",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "lanreotide"},
    "effectiveDateTime": "2026-04-01",
}
NET = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"system": SNOMED, "code": "255046005"}]},
    "bodySite": [{"coding": [{"system": SNOMED, "code": "69695003"}]}],
    "onsetDateTime": "2024-03",
}


def bundle(*resources, kind="collection", **fields) -> str:
    found = {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources], **fields}
    return json.dumps(found)


def without(resource, *names):
    return {name: value for name, value in resource.items() if name not in names}


def quantity(value, code, **more):
    return {"valueQuantity": {"value": value, "system": UCUM, "code": code, **more}}


@pytest.fixture
def clerk(db):
    return make_user("data_entry")


def line_of(clerk, *resources):
    """What became of the last of ``resources`` beside the patient."""
    report = taken_in(bundle(PATIENT, *resources), clerk)
    return report.lines[-1]


# --- the whole file -------------------------------------------------------------------------------


def nested(depth: int) -> str:
    return '{"resourceType":"Bundle","x":' + "[" * depth + "]" * depth + "}"


WHOLE = {
    "empty": ("", "not_json"),
    "no JSON": ("<Bundle/>", "not_json"),
    "NaN": ('{"resourceType": "Bundle", "total": NaN}', "not_json"),
    "two at once": ("{}{}", "not_json"),
    "a list": ("[]", "not_a_bundle"),
    "another resource": (json.dumps(PATIENT), "not_a_bundle"),
    "entries are no list": (bundle(entry={"resource": PATIENT}), "not_a_bundle"),
    "a transaction": (bundle(PATIENT, kind="transaction"), "bundle_type"),
    "no type": ('{"resourceType": "Bundle"}', "bundle_type"),
    "said twice": ('{"resourceType": "Bundle", "type": "collection", "type": "batch"}', "key_twice"),
    "deep": (nested(DEEPEST), "too_deep"),
    "very deep": (nested(1_000_000), "too_deep"),
    "deep behind an open string": ('"' + '\\"' * 1_000_000, "not_json"),
    "brackets in a string are not deep": (json.dumps({"resourceType": "x", "y": "[" * 500}), "not_a_bundle"),
    "a number of many digits": ('{"resourceType": "Bundle", "total": ' + "9" * 5000 + "}", "number_refused"),
    "a number of many zeros": ('{"resourceType": "Bundle", "total": 1e999999999}', "number_refused"),
    "too many entries": (bundle(*[{}] * (MOST_ENTRIES + 1)), "too_many_entries"),
    "too large": (" " * (LARGEST_BYTES + 1), "bundle_too_large"),
    "no patient": (bundle(LAB), "patient_missing"),
    "two patients": (bundle(PATIENT, PATIENT | {"id": "p2"}), "patients_several"),
    "a patient without a number": (bundle(without(PATIENT, "identifier")), "case_number_missing"),
    "a number of another system": (
        bundle(PATIENT | {"identifier": [{"system": "urn:x", "value": "X-1"}]}),
        "case_number_missing",
    ),
    "two numbers": (
        bundle(PATIENT | {"identifier": [*PATIENT["identifier"], PATIENT["identifier"][0] | {"value": "X-2"}]}),
        "case_numbers_several",
    ),
    "a number that is a path": (
        bundle(PATIENT | {"identifier": [PATIENT["identifier"][0] | {"value": "../../x"}]}),
        "case_number_refused",
    ),
    "a birth date that is none": (bundle(PATIENT | {"birthDate": "1970-13"}), "structure"),
    "a birth date of no calendar": (bundle(PATIENT | {"birthDate": "1970-02-30"}), "structure"),
    "a patient with a broken character": (bundle(PATIENT | {"language": "\ud800"}), "text_not_storable"),
    "a death before birth": (bundle(PATIENT | {"deceasedDateTime": "1950"}), "case_not_accepted"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_is_refused_as_a_whole(clerk, name):
    text, code = WHOLE[name]
    began = time.monotonic()
    with pytest.raises(BundleRefused) as refused:
        taken_in(text, clerk)
    assert refused.value.code == code and str(refused.value).endswith(".")
    assert time.monotonic() - began < 5
    assert not Patient.objects.exists()


def test_bytes_that_are_no_text(clerk):
    with pytest.raises(BundleRefused) as refused:
        receive(b"\xff\xfe{")
    assert refused.value.code == "not_json"


# --- whose it is ----------------------------------------------------------------------------------

IDENTITIES = {
    "agrees": ({}, {}, "", None),
    "month agrees with day": ({"birth_date_precision": "month"}, {}, "", None),
    "another birth date": ({}, {"birthDate": "1971-05-06"}, "", "birth_date_differs"),
    "another sex": ({}, {"gender": "male"}, "", "sex_differs"),
    "no birth date in the bundle": ({}, {"birthDate": None}, "", "birth_date_not_comparable"),
    "no sex in the bundle": ({}, {"gender": None}, "", "sex_not_comparable"),
    "no birth date in the case": (
        {"birth_date": None, "birth_date_precision": "unknown"},
        {},
        "",
        "birth_date_not_comparable",
    ),
    "no sex in the case": ({"sex_for_formulas": "U"}, {}, "", "sex_not_comparable"),
    "named as another": ({}, {}, "X-2", "case_number_differs"),
    "named, no number in the bundle": ({}, {"identifier": None}, "X-1", None),
    "named, nothing known on both sides": (
        {"birth_date": None, "birth_date_precision": "unknown", "sex_for_formulas": "U"},
        {"identifier": None, "birthDate": None, "gender": None},
        "X-1",
        "birth_date_not_comparable",
    ),
    "number agrees, nothing else known on both sides": (
        {"birth_date": None, "birth_date_precision": "unknown", "sex_for_formulas": "U"},
        {"birthDate": None, "gender": None},
        "",
        None,
    ),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_nothing_is_attached_unless_the_identity_agrees(clerk, name):
    ours, theirs, named, code = IDENTITIES[name]
    import datetime as dt

    known = {"sex_for_formulas": "F", "birth_date": dt.date(1970, 5, 6), "birth_date_precision": "day"}
    patient = make_patient(by=clerk, case_number="X-1", **known | ours)
    person = {key: value for key, value in (PATIENT | theirs).items() if value is not None}
    text = bundle(person, LAB)
    if code is None:
        assert taken_in(text, clerk, case_number=named).counts["recorded"] == 1
        assert LabResult.objects.get().patient == patient
        return
    with pytest.raises(BundleRefused) as refused:
        taken_in(text, clerk, case_number=named)
    assert refused.value.code == code
    assert not LabResult.objects.exists()


def test_the_case_itself_is_never_changed_by_a_bundle(clerk):
    taken_in(bundle(PATIENT), clerk)
    report = taken_in(bundle(PATIENT | {"deceasedBoolean": True}), clerk)
    assert report.lines[0].code == "case_differs" and "vital status" in report.lines[0].sentence
    assert Patient.objects.get().vital_status == "unknown"


@pytest.mark.parametrize("role", Role)
def test_only_who_enters_clinical_data_may(db, role):
    user = make_user(role.value)
    if role in {Role.NUCLEAR_MEDICINE, Role.CLINICIAN, Role.COORDINATOR, Role.DATA_ENTRY}:
        assert taken_in(bundle(PATIENT), user).is_new_case
        return
    with pytest.raises(PermissionDenied):
        taken_in(bundle(PATIENT), user)
    assert not Patient.objects.exists()


# --- one resource ---------------------------------------------------------------------------------

ONE = {
    "no resource": ({}, "not_r4b"),
    "of R5 only": ({"resourceType": "Transport", "id": "x"}, "not_r4b"),
    "a kind that is an address": ({"resourceType": "../../etc", "id": "x"}, "not_r4b"),
    "an element of R5 only": (LAB | {"id": "o2", "triggeredBy": []}, "structure"),
    "a text where a list belongs": (LAB | {"id": "o2", "note": "x"}, "structure"),
    "two values": (LAB | {"id": "o2", "valueString": "x"}, "structure"),
    "an id with spaces": (LAB | {"id": "a b"}, "structure"),
    "not read here": ({"resourceType": "Device", "id": "d"}, "kind_not_read"),
    "the same id as the patient's lab": (copy.deepcopy(LAB), "id_twice"),
    "of nobody": (without(LAB, "subject") | {"id": "o2"}, "subject_missing"),
    "of somebody else": (LAB | {"id": "o2", "subject": {"reference": "Patient/p9"}}, "subject_is_another"),
    "of a lab": (LAB | {"id": "o2", "subject": {"reference": "Observation/o1"}}, "subject_is_another"),
    "preliminary": (LAB | {"id": "o2", "status": "preliminary"}, "status_not_final"),
    "in error": (LAB | {"id": "o2", "status": "entered-in-error"}, "entered_in_error"),
    "an unknown observation": (LAB | {"id": "o2", "code": {"text": "mood"}}, "observation_not_read"),
    "a code from memory": (LAB | {"id": "o2", "code": {"coding": [{"system": LOINC, "code": "5894-1"}]}}, "loinc_unsure"),
    "two codes": (
        LAB | {"id": "o2", "code": {"coding": [{"system": LOINC, "code": one} for one in ("777-3", "718-7")]}},
        "codes_contradict",
    ),
    "no value": (without(LAB, "valueQuantity") | {"id": "o2"}, "value_missing"),
    "no value, and why": (
        without(LAB, "valueQuantity") | {"id": "o2", "dataAbsentReason": {"text": "lost"}},
        "value_absent",
    ),
    "a value in words": (without(LAB, "valueQuantity") | {"id": "o2", "valueString": "many"}, "value_kind"),
    "no unit": (LAB | {"id": "o2", "valueQuantity": {"value": 210}}, "unit_missing"),
    "another unit": (LAB | {"id": "o2"} | quantity(210, "kg"), "unit_unknown"),
    "a unit a thousand times as large": (LAB | {"id": "o2"} | quantity(210, "10*12/L"), "unit_unknown"),
    "at most": (LAB | {"id": "o2"} | quantity(210, "10*9/L", comparator="<="), "comparator"),
    "mass code, molar unit": (
        LAB | {"id": "o2", "code": {"coding": [{"system": LOINC, "code": "2160-0"}]}} | quantity(80, "umol/L"),
        "unit_contradicts_code",
    ),
    "limits in another unit": (
        LAB | {"id": "o2", "referenceRange": [{"low": {"value": 150000, "system": UCUM, "code": "/uL"}}]},
        "reference_range",
    ),
    "no date": (without(LAB, "effectiveDateTime") | {"id": "o2"}, "date_missing"),
    "a period": (
        without(LAB, "effectiveDateTime") | {"id": "o2", "effectivePeriod": {"start": "2026"}},
        "date_missing",
    ),
    "the year 1066": (LAB | {"id": "o2", "effectiveDateTime": "1066"}, "date_refused"),
    "before birth": (LAB | {"id": "o2", "effectiveDateTime": "1960"}, "not_accepted"),
    "implausible": (LAB | {"id": "o2"} | quantity(210000, "10*9/L"), "not_accepted"),
    "too many decimals": (LAB | {"id": "o2"} | quantity(1.23456789, "10*9/L"), "not_accepted"),
    "a control character": (LAB | {"id": "o2", "note": [{"text": "a\u0000b"}]}, "text_not_storable"),
    "half a character": (LAB | {"id": "o2", "note": [{"text": "\ud83d"}]}, "text_not_storable"),
    "a very long note": (LAB | {"id": "o2", "note": [{"text": "x" * 5000}]}, "not_accepted"),
    "Ki-67 without percent": (KI67 | quantity(0.07, "1"), "unit_unknown"),
    "Ki-67 in words": (without(KI67, "valueQuantity") | {"valueString": "high"}, "ki67_refused"),
    "Ki-67 above 100": (KI67 | quantity(120, "%"), "ki67_refused"),
    "Ki-67 from above": (
        without(KI67, "valueQuantity") | {"valueRange": {"low": {"value": 3, "code": "%", "system": UCUM}}},
        "ki67_refused",
    ),
    "Ki-67 whose text says otherwise": (
        KI67 | quantity(7, "%") | {"extension": [{"url": f"{OURS}/StructureDefinition/ki67-text", "valueString": "17"}]},
        "ki67_contradicts",
    ),
    "Ki-67 of a specimen that was refused": (
        KI67 | quantity(7, "%") | {"specimen": {"reference": "Specimen/broken"}},
        "specimen_missing",
    ),
    "an ECOG of 7": (
        without(LAB, "valueQuantity") | {"id": "o2", "code": {"coding": [{"system": LOINC, "code": "89247-1"}]}, "valueInteger": 7},
        "not_accepted",
    ),
    "an ECOG in words": (
        without(LAB, "valueQuantity") | {"id": "o2", "code": {"coding": [{"system": LOINC, "code": "89247-1"}]}, "valueString": "good"},
        "value_kind",
    ),
    "a weight in pounds": (
        LAB | {"id": "o2", "code": {"coding": [{"system": LOINC, "code": "29463-7"}]}} | quantity(150, "[lb_av]"),
        "unit_unknown",
    ),
    "another tumour": (NET | {"code": {"coding": [{"system": SNOMED, "code": "363346000"}]}}, "condition_not_net"),
    "no site": (without(NET, "bodySite"), "site_not_stated"),
    "a site of ours that is none": (
        NET | {"bodySite": [{"coding": [{"system": f"{OURS}/CodeSystem/primary-site", "code": "moon"}]}]},
        "code_unknown",
    ),
    "a refuted tumour": (
        NET | {"verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}]}},
        "status_not_final",
    ),
    "PRRT without a number": (DRUG | {"medicationCodeableConcept": {"text": "177Lu-DOTATATE"}}, "cycle_number_missing"),
    "one tablet": (DRUG | {"medicationCodeableConcept": {"text": "capecitabine"}}, "administration_is_no_line"),
    "a drug nobody knows": (
        without(DRUG, "effectiveDateTime")
        | {"medicationCodeableConcept": {"text": "wonderine"}, "effectivePeriod": {"start": "2026"}},
        "treatment_class_unknown",
    ),
    "no drug": (DRUG | {"medicationCodeableConcept": {"coding": [{"system": "urn:x", "code": "1"}]}}, "drug_not_stated"),
    "not given": (DRUG | {"status": "not-done"}, "status_not_final"),
    "an extension of another kind": (
        DRUG | {"extension": [{"url": f"{OURS}/StructureDefinition/is-long-acting", "valueString": "yes"}]},
        "extension_refused",
    ),
    "a class that is none": (
        DRUG | {"extension": [{"url": f"{OURS}/StructureDefinition/treatment-class", "valueCode": "magic"}],
                "effectivePeriod": {"start": "2026"}, "effectiveDateTime": None},
        "not_accepted",
    ),
    "a dose in drops": (
        DRUG | {"dosage": {"dose": {"value": 3, "system": UCUM, "code": "[drp]"}}},
        "unit_unknown",
    ),
    "a cycle of a line that is not there": (
        DRUG | {"partOf": [{"reference": "Procedure/none"}],
                "extension": [{"url": f"{OURS}/StructureDefinition/cycle-number", "valueInteger": 1}]},
        "line_missing",
    ),
    "a procedure of others": (
        {"resourceType": "Procedure", "id": "x", "status": "completed", "subject": {"reference": "Patient/p1"}},
        "procedure_not_read",
    ),
    "a scan": (
        {"resourceType": "ImagingStudy", "id": "x", "status": "available", "subject": {"reference": "Patient/p1"}},
        "imaging_not_read",
    ),
    "a decision": (
        {"resourceType": "CarePlan", "id": "x", "status": "active", "intent": "plan", "subject": {"reference": "Patient/p1"}},
        "decision_not_read",
    ),
}  # fmt: skip
BROKEN = {
    "resourceType": "Specimen",
    "id": "broken",
    "status": "entered-in-error",
    "subject": {"reference": "Patient/p1"},
}
# Reached through two resources, or tested where its rule is.
ELSEWHERE = {"said_twice"}


@pytest.mark.parametrize("name", ONE)
def test_one_resource_is_named_with_its_reason_and_the_others_are_taken(clerk, name):
    resource, code = ONE[name]
    resource = {key: value for key, value in resource.items() if value is not None}
    report = taken_in(bundle(PATIENT, LAB, BROKEN, resource), clerk)
    line = report.lines[-1]
    assert (line.code, line.outcome) == (code, REASONS[code][0])
    assert line.sentence and "{}" not in line.sentence and line.sentence.rstrip()[-1] in ".?!"
    assert len(report.lines) == 4
    assert LabResult.objects.count() == (0 if code == "id_twice" else 1)
    models = (Diagnosis, HistologySpecimen, TreatmentLine, SsaInjection, PrrtCycle)
    assert not any(model.objects.exists() for model in models)


def test_every_reason_is_met_by_a_test():
    met = {code for _, code in ONE.values()} | {"entered_in_error"} | ELSEWHERE
    assert met == set(REASONS)
    assert {outcome for outcome, _ in (*REASONS.values(), *TAKEN.values())} == {
        "recorded",
        "already here",
        "skipped",
        "refused",
    }


def test_two_statements_of_one_specimen_are_not_weighed(clerk):
    both = [
        KI67 | quantity(value, "%") | {"id": f"k{value}", "specimen": {"reference": "Specimen/s"}} for value in (2, 20)
    ]
    sample = {
        "resourceType": "Specimen",
        "id": "s",
        "subject": {"reference": "Patient/p1"},
        "collection": {"collectedDateTime": "2025"},
    }
    report = taken_in(bundle(PATIENT, sample, *both), clerk)
    assert [line.code for line in report.lines[1:]] == ["recorded", "recorded", "said_twice"]
    assert HistologySpecimen.objects.get().ki67_text == "2 %"


# --- what other systems write, and is understood --------------------------------------------------


def test_a_lab_of_another_system(clerk):
    assert line_of(clerk, LAB).outcome == "recorded"
    row = LabResult.objects.get()
    assert (row.analyte, row.value, row.unit, str(row.clinical_date)) == ("platelets", 210, "10^9/L", "2026-04-01")


def test_the_analogue_and_the_line_of_another_system(clerk):
    assert line_of(clerk, DRUG).outcome == "recorded"
    assert SsaInjection.objects.get().is_long_acting is None
    course = without(DRUG, "effectiveDateTime") | {
        "id": "m2",
        "effectivePeriod": {"start": "2025-01", "end": "2025-06"},
    }
    line_of(clerk, course | {"medicationCodeableConcept": {"text": "CAPTEM"}})
    row = TreatmentLine.objects.get()
    assert (row.treatment_class, row.drugs, row.is_ongoing) == ("chemo", ["capecitabine", "temozolomide"], False)
    assert (row.clinical_date_precision, row.stop_date_precision) == ("month", "month")


def test_an_activity_in_gbq_is_converted_and_said(clerk):
    number = [{"url": f"{OURS}/StructureDefinition/cycle-number", "valueInteger": 1}]
    dose = {"dose": {"value": 7.4, "system": UCUM, "code": "GBq"}}
    code = {"coding": [{"system": SNOMED, "code": "781259000"}]}
    line = line_of(clerk, DRUG | {"extension": number, "dosage": dose, "medicationCodeableConcept": code})
    assert PrrtCycle.objects.get().activity_mbq == Decimal("7400")
    assert "7.4 GBq is recorded as 7400" in line.sentence


def test_a_diagnosis_of_another_system(clerk):
    assert line_of(clerk, NET).outcome == "recorded"
    row = Diagnosis.objects.get()
    assert (row.primary_site, row.clinical_date_precision, row.stage) == ("stomach", "month", "unknown")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (quantity(7.5, "%"), "7.5 %"),
        (quantity(20, "%", comparator=">="), ">= 20 %"),
        (
            {"valueRange": {end: {"value": n, "system": UCUM, "code": "%"} for end, n in (("low", 7), ("high", 8))}},
            "7-8 %",
        ),
        ({"valueString": "~5 %"}, "~5 %"),
    ],
)
def test_ki67_without_a_specimen(clerk, value, text):
    assert line_of(clerk, without(KI67, "valueQuantity") | value).outcome == "recorded"
    assert HistologySpecimen.objects.get().ki67_text == text


def test_ki67_whose_ends_say_otherwise_than_its_text(clerk):
    code = {"coding": [{"system": f"{OURS}/CodeSystem/ki67", "code": "high"}]}
    text = without(KI67, "valueQuantity") | {"valueString": "7-8 %"}
    assert line_of(clerk, text | {"component": [{"code": code} | quantity(18, "%")]}).code == "ki67_contradicts"
    assert line_of(clerk, text | {"component": [{"code": code} | quantity(8, "%")]}).code == "recorded"


def test_ki67_of_a_specimen_that_was_not_sent(clerk):
    assert line_of(clerk, KI67 | quantity(7, "%") | {"specimen": {"reference": "Specimen/there"}}).outcome == "recorded"
    assert str(HistologySpecimen.objects.get().clinical_date) == "2026-04-01"


def test_a_second_value_of_the_same_day_is_pointed_out(clerk):
    line = line_of(clerk, LAB, LAB | {"id": "o2"} | quantity(190, "10*9/L"))
    assert line.outcome == "recorded" and "Another value of the same day" in line.sentence


def test_addresses_by_url_work_too(clerk):
    text = json.dumps(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [
                {"fullUrl": "https://other.example/fhir/Patient/p1", "resource": PATIENT},
                {"fullUrl": "https://other.example/fhir/Observation/o1",
                 "resource": LAB | {"subject": {"reference": "https://other.example/fhir/Patient/p1"}}},
            ],
        }
    )  # fmt: skip
    assert taken_in(text, clerk).counts["recorded"] == 2


def test_many_values_cost_few_queries_each(clerk, django_assert_max_num_queries):
    many = [
        LAB | {"id": f"o{n}", "effectiveDateTime": f"20{10 + n % 10}-0{1 + n % 9}"} | quantity(100 + n, "10*9/L")
        for n in range(100)
    ]
    with django_assert_max_num_queries(250):
        assert taken_in(bundle(PATIENT, *many), clerk).counts["recorded"] == 101


@pytest.mark.parametrize("form", [None, True, False])
def test_an_injection_whose_form_the_bundle_does_not_state_is_there_already(clerk, form):
    """Before its form could be unknown an import stored a depot; the same bundle must not make a second one of it."""
    depot = DRUG | {
        "medicationCodeableConcept": {"text": "Octreotide LAR"},
        "dosage": {"dose": {"value": 30, "system": UCUM, "code": "mg"}},
    }
    taken_in(bundle(PATIENT, depot), clerk)
    row = SsaInjection.objects.get()
    assert row.is_long_acting is None
    if form is not None:
        revise(row, by=clerk, reason="stated by the ward", is_long_acting=form)
    for _ in range(2):
        report = taken_in(bundle(PATIENT, depot), clerk)
        assert [line.code for line in report.lines][1:] == ["already_here"]
    assert SsaInjection.versions.filter(superseded_at=None).count() == 1


def test_two_such_injections_of_one_day_stay_two(clerk):
    depot = DRUG | {"medicationCodeableConcept": {"text": "Octreotide LAR"}}
    for _ in range(2):
        taken_in(bundle(PATIENT, depot, depot | {"id": "m2"}), clerk)
        assert SsaInjection.objects.count() == 2
