"""No series reaches a chart on its own when its header does not agree; no mutation of an identity slips through."""

import uuid
from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from imaging import identity
from imaging.domain import names
from imaging.identity import DicomIdentity
from imaging.models import Lesion, LesionFinding, Scan, Series, Study, Upload, UploadItem
from imaging.refused import Refused
from imaging.services.identities import confirm_identity, detach_series, judge, reject_identity
from patients.domain.roles import Role
from patients.models import AccessGrant, AuditEvent, Patient, PatientIdentifier
from patients.services import StillInUse, create_patient, grant_access, record
from tests.parts import sliced

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]
BORN = date(1961, 4, 9)


@pytest.fixture
def doctor(django_user_model):
    return django_user_model.objects.create_user("doctor", role=Role.NUCLEAR_MEDICINE)


@pytest.fixture
def colleague(django_user_model):
    return django_user_model.objects.create_user("colleague", role=Role.NUCLEAR_MEDICINE)


@pytest.fixture
def case(doctor, colleague):
    patient = create_patient(by=doctor, case_number="NET-0042", sex_for_formulas="M", birth_date=BORN)
    grant_access(by=doctor, patient=patient, user=colleague, kind=AccessGrant.Kind.CARE_TEAM)
    return patient


def series_of(header, by, *, modality="PT", study_uid=None, frame="1.2.3.4", instance_count=10):
    study, _ = Study.objects.get_or_create(
        study_uid=study_uid or f"1.2.{uuid.uuid4().int}"[:60],
        identity_digest=header.digest,
        defaults={
            "dicom_patient_id": header.patient_id,
            "dicom_issuer": header.issuer,
            "dicom_birth_date": header.birth_date,
            "dicom_sex": header.sex,
        },
    )
    return Series.objects.create(
        study=study,
        series_uid=f"1.3.{uuid.uuid4().int}"[:60],
        modality=modality,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.128",
        frame_of_reference_uid=frame,
        series_date=date(2024, 5, 6),
        tracer="68Ga-DOTATATE",
        name_print=header.name_print,
        instance_count=instance_count,
        uploaded_by=by,
    )


def header(**changes):
    """Of a pseudonymised scan: the name is the patient ID."""
    whole = {"patient_id": "NET-0042", "birth_date": BORN, "sex": "M", "name_print": names.STANDS_FOR_ID}
    return DicomIdentity(**{**whole, **changes})


def judged(head, case, by, **values):
    return judge(by=by, series=series_of(head, by, **values), patient=case)


def test_an_agreeing_header_is_attached_and_its_pet_becomes_a_scan(case, doctor):
    series = judged(header(), case, doctor)
    assert (series.identity, series.candidate_patient) == (Series.Identity.ATTACHED, case)
    scan = Scan.objects.get(pet_series=series)
    assert (scan.patient, scan.clinical_date, scan.tracer) == (case, date(2024, 5, 6), "68Ga-DOTATATE")


def test_a_header_without_birth_date_waits_for_one_person(case, doctor):
    """An ID is mistyped too easily to count alone; where nothing contradicts it who uploaded may say so."""
    series = judged(header(birth_date=None), case, doctor)
    assert (series.identity, series.identity_reason) == (Series.Identity.HELD, "identity_birth_date_missing")
    confirm_identity(by=doctor, series=series, patient=case, reason="the request form has the birth date")
    series.refresh_from_db()
    assert series.identity == Series.Identity.ATTACHED


def test_a_sex_that_nobody_says_is_no_contradiction(case, doctor):
    assert judged(header(sex=""), case, doctor).identity == Series.Identity.ATTACHED
    Patient.objects.filter(pk=case.pk).update(sex_for_formulas="U")
    case.refresh_from_db()
    assert judged(header(), case, doctor).identity == Series.Identity.ATTACHED


def test_a_chart_without_birth_date_takes_no_series_by_itself(case, doctor):
    Patient.objects.filter(pk=case.pk).update(birth_date=None)
    case.refresh_from_db()
    series = judged(header(), case, doctor)
    assert (series.identity, series.identity_reason) == (Series.Identity.HELD, "identity_chart_birth_date_missing")
    confirm_identity(by=doctor, series=series, patient=case, reason="the request form has the birth date")
    assert Series.objects.get(pk=series.pk).identity == Series.Identity.ATTACHED


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"patient_id": "NET-0043"}, "identity_id_unknown"),
        ({"patient_id": "net-0042"}, "identity_id_unknown"),
        ({"patient_id": "42"}, "identity_id_unknown"),
        ({"patient_id": "NET-00042"}, "identity_id_unknown"),
        ({"patient_id": ""}, "identity_id_missing"),
        ({"patient_id": "ANON"}, "identity_id_missing"),
        ({"patient_id": "Anonymous^"}, "identity_id_missing"),
        ({"patient_id": "test 17"}, "identity_id_missing"),
        ({"patient_id": "TEST001"}, "identity_id_missing"),
        ({"patient_id": "00000"}, "identity_id_missing"),
        ({"patient_id": "0-0"}, "identity_id_missing"),
        ({"patient_id": "N/A"}, "identity_id_missing"),
        ({"sex": "F"}, "identity_sex_differs"),
        ({"sex": "O"}, "identity_sex_differs"),
        ({"birth_date": date(1961, 4, 10)}, "identity_birth_date_differs"),
        ({"birth_date": date(1961, 9, 4)}, "identity_birth_date_differs"),
    ],
)
def test_a_header_that_does_not_agree_is_held_with_its_reason(case, doctor, changes, code):
    series = judged(header(**changes), case, doctor)
    assert (series.identity, series.identity_reason) == (Series.Identity.HELD, code)
    assert series.candidate_patient == case
    assert not Scan.objects.exists()
    event = AuditEvent.objects.get(action="hold_series")
    assert event.after["header"]["patient_id"] == series.study.dicom_patient_id
    assert event.after["chart"]["case_number"] == "NET-0042"


@pytest.mark.parametrize(
    "precision, born, code",
    [
        ("month", date(1961, 4, 30), "identity_chart_birth_date_missing"),
        ("month", date(1961, 5, 9), "identity_birth_date_differs"),
        ("year", date(1961, 12, 31), "identity_chart_birth_date_missing"),
        ("year", date(1962, 4, 9), "identity_birth_date_differs"),
        ("unknown", date(1999, 1, 1), "identity_chart_birth_date_missing"),
    ],
)
def test_a_partial_birth_date_contradicts_in_what_it_says_and_agrees_with_none(case, doctor, precision, born, code):
    Patient.objects.filter(pk=case.pk).update(birth_date_precision=precision)
    case.refresh_from_db()
    assert judged(header(birth_date=born), case, doctor).identity_reason == code


@pytest.mark.parametrize(
    "changes, code", [({"sex": "F"}, "identity_sex_differs"), ({"birth_date": None}, "burned_in_annotation")]
)
def test_a_contradiction_is_told_before_a_reason_in_the_files_and_what_is_missing_after_it(case, doctor, changes, code):
    series = judge(by=doctor, series=series_of(header(**changes), doctor), patient=case, hold="burned_in_annotation")
    assert (series.identity, series.identity_reason) == (Series.Identity.HELD, code)


def test_an_id_of_another_case_is_held(case, doctor):
    other = create_patient(by=doctor, case_number="NET-0043")
    assert judged(header(patient_id="NET-0043"), case, doctor).identity_reason == "identity_id_of_other_case"
    PatientIdentifier.objects.create(patient=other, value="HOSP-7", confirmed_by=doctor)
    assert judged(header(patient_id="HOSP-7"), case, doctor).identity_reason == "identity_id_of_other_case"
    PatientIdentifier.objects.create(patient=other, value="NET-0042", confirmed_by=doctor)
    assert judged(header(), case, doctor).identity_reason == "identity_id_of_other_case"


def test_a_confirmed_identifier_counts_with_its_issuer_only(case, doctor):
    PatientIdentifier.objects.create(patient=case, issuer="CLINIC-A", value="77", confirmed_by=doctor)
    assert judged(header(patient_id="77", issuer="CLINIC-A"), case, doctor).identity == Series.Identity.ATTACHED
    assert judged(header(patient_id="77"), case, doctor).identity == Series.Identity.HELD
    assert judged(header(patient_id="77", issuer="CLINIC-B"), case, doctor).identity == Series.Identity.HELD


def test_a_study_that_is_another_cases_is_held(case, doctor):
    twin = header(patient_id="X1")
    other = create_patient(by=doctor, case_number="NET-0077", birth_date=BORN)
    PatientIdentifier.objects.create(patient=other, value="X1", confirmed_by=doctor)
    assert judged(twin, other, doctor, study_uid="1.2.9").identity == Series.Identity.ATTACHED
    PatientIdentifier.objects.filter(value="X1").update(patient=case)
    assert judged(twin, case, doctor, study_uid="1.2.9").identity_reason == "identity_study_elsewhere"


def test_without_a_case_nothing_is_attached(doctor, case):
    series = judged(header(), None, doctor)
    assert (series.identity, series.candidate_patient) == (Series.Identity.UNASSIGNED, None)
    assert judge(by=doctor, series=series, patient=case).identity == Series.Identity.ATTACHED


@pytest.mark.parametrize("order", [("PT", "CT"), ("CT", "PT")])
def test_the_ct_on_the_same_frame_and_study_joins_in_either_order(case, doctor, order):
    found = {m: judged(header(), case, doctor, modality=m, study_uid="1.2.5") for m in order}
    judged(header(), case, doctor, modality="CT", study_uid="1.2.5", frame="9.9")
    judged(header(), case, doctor, modality="CT", study_uid="1.2.6")
    scan = Scan.objects.get()
    assert (scan.pet_series, scan.ct_series) == (found["PT"], found["CT"])


def test_two_cts_waiting_for_their_pet_the_fuller_one_is_taken(case, doctor):
    judged(header(), case, doctor, modality="CT", study_uid="1.2.5", instance_count=3)
    full = judged(header(), case, doctor, modality="CT", study_uid="1.2.5", instance_count=300)
    judged(header(), case, doctor, study_uid="1.2.5")
    assert Scan.objects.get().ct_series == full


def test_confirming_an_unknown_id_remembers_it_and_records_both_identities(case, doctor):
    series = judged(header(patient_id="HOSP-9", issuer="H"), case, doctor)
    scan = confirm_identity(by=doctor, series=series, patient=case, reason="letter of 3 May names both numbers")
    assert scan.patient == case
    identifier = PatientIdentifier.objects.get()
    assert (identifier.issuer, identifier.value, identifier.confirmed_by) == ("H", "HOSP-9", doctor)
    event = AuditEvent.objects.get(action="attach_series")
    assert event.after["header"]["patient_id"] == "HOSP-9" and event.after["chart"]["case_number"] == "NET-0042"
    assert event.reason
    assert judged(header(patient_id="HOSP-9", issuer="H"), case, doctor).identity == Series.Identity.ATTACHED


@pytest.mark.parametrize("changes", [{"sex": "F"}, {"birth_date": date(1950, 1, 1)}])
def test_a_contradiction_needs_a_second_person(case, doctor, colleague, changes):
    series = judged(header(**changes), case, doctor)
    with pytest.raises(Refused, match="second person"):
        confirm_identity(by=doctor, series=series, patient=case, reason="I am sure")
    series.refresh_from_db()
    assert series.identity == Series.Identity.HELD and not Scan.objects.exists()
    assert (
        confirm_identity(by=colleague, series=series, patient=case, reason="typing error at the scanner").patient
        == case
    )
    assert AuditEvent.objects.get(action="attach_series").after["confirmed_against"]


def test_a_stand_in_id_is_never_remembered(case, doctor):
    confirm_identity(
        by=doctor, series=judged(header(patient_id="ANON"), case, doctor), patient=case, reason="sent by us"
    )
    assert not PatientIdentifier.objects.exists()
    assert judged(header(patient_id="ANON"), case, doctor).identity == Series.Identity.HELD


def test_an_id_confirmed_for_one_case_cannot_be_confirmed_for_a_second(case, doctor, colleague):
    other = create_patient(by=doctor, case_number="NET-0077")
    PatientIdentifier.objects.create(patient=other, value="X1", confirmed_by=doctor)
    for taken in ("X1", "NET-0077"):
        series = judged(header(patient_id=taken), case, doctor)
        with pytest.raises(Refused) as refusal:
            confirm_identity(by=colleague, series=series, patient=case, reason="sure")
        assert refusal.value.code == "identity_id_taken"
        series.refresh_from_db()
        assert series.identity == Series.Identity.HELD


def test_only_the_entitled_decide_and_only_with_a_reason_and_access(case, doctor, django_user_model):
    series = judged(header(patient_id="HOSP-9"), case, doctor)
    clerk = django_user_model.objects.create_user("clerk", role=Role.DATA_ENTRY)
    stranger = django_user_model.objects.create_user("stranger", role=Role.NUCLEAR_MEDICINE)
    for by, reason, code in (
        (clerk, "because", "not_permitted"),
        (doctor, "  ", "reason_missing"),
        (stranger, "because", "case_not_found"),
    ):
        with pytest.raises(Refused) as refusal:
            confirm_identity(by=by, series=series, patient=case, reason=reason)
        assert refusal.value.code == code
    reject_identity(by=doctor, series=series, reason="namesake")
    with pytest.raises(Refused) as refusal:
        confirm_identity(by=doctor, series=series, patient=case, reason="on second thoughts")
    assert refusal.value.code == "identity_not_waiting"
    assert judge(by=doctor, series=series, patient=case).identity == Series.Identity.REJECTED


def test_who_brought_the_files_again_is_no_second_person(case, doctor, colleague):
    series = judged(header(sex="F"), case, doctor)
    again = Upload.objects.create(by=colleague, source="browser", patient=case)
    UploadItem.objects.create(upload=again, label="x", series=series, outcome="already")
    with pytest.raises(Refused, match="second person"):
        confirm_identity(by=colleague, series=series, patient=case, reason="sure")


def test_a_series_in_the_wrong_chart_is_taken_out_and_held(case, doctor, colleague):
    ct = judged(header(), case, doctor, modality="CT", study_uid="1.2.5")
    pet = judged(header(), case, doctor, study_uid="1.2.5")
    detach_series(by=colleague, series=ct, reason="CT of another patient")
    assert Scan.objects.get().ct_series is None
    detach_series(by=colleague, series=pet, reason="wrong patient")
    assert not Scan.objects.exists() and Scan.versions.exists()
    pet.refresh_from_db()
    assert (pet.identity, pet.identity_reason) == (Series.Identity.HELD, "identity_taken_back")
    assert AuditEvent.objects.filter(action="detach_series").count() == 2
    with pytest.raises(Refused, match="in no chart"):
        detach_series(by=colleague, series=pet, reason="again")


def test_a_series_read_in_one_chart_waits_for_a_reader_in_another_chart(case, doctor, colleague):
    pet = judged(header(), case, doctor)
    Series.objects.filter(pk=pet.pk).update(read_at=timezone.now())
    detach_series(by=colleague, series=pet, reason="wrong patient")
    pet.refresh_from_db()
    confirm_identity(by=colleague, series=pet, patient=case, reason="it was right")
    assert Series.objects.get(pk=pet.pk).read_at is None


def test_a_series_somebody_took_out_does_not_come_back_by_itself(case, doctor):
    pet = judged(header(), case, doctor)
    detach_series(by=doctor, series=pet, reason="wrong patient")
    assert judge(by=doctor, series=pet, patient=case).identity == Series.Identity.HELD


def test_a_worked_with_scan_is_not_taken_away_under_it(case, doctor):
    pet = judged(header(), case, doctor)
    lesion = record(Lesion, by=doctor, patient=case, label="L01", organ="liver")
    record(LesionFinding, by=doctor, lesion=lesion, scan=Scan.objects.get())
    with pytest.raises(StillInUse):
        detach_series(by=doctor, series=pet, reason="wrong patient")
    pet.refresh_from_db()
    assert pet.identity == Series.Identity.ATTACHED


@pytest.mark.parametrize("corrections, scans", [(["ATTN", "DECY"], 1), (["DECY"], 0), (None, 1)])
def test_the_uncorrected_twin_of_a_pet_is_no_second_scan(case, doctor, corrections, scans):
    series = series_of(header(), doctor)
    series.header = {"suv": {"corrected_image": {"value": corrections, "source": "header"}} if corrections else {}}
    series.save()
    assert judge(by=doctor, series=series, patient=case).identity == Series.Identity.ATTACHED
    assert Scan.objects.count() == scans
    waits_for_a_reader = Series.objects.get(pk=series.pk).read_at is None
    assert waits_for_a_reader is bool(scans)


IDS = st.one_of(
    st.sampled_from(["", "NET-0043", "NET-0042 X", "net-0042", "0042", "ANON", "TEST", "0", "NET0042", "HOSP-1"]),
    st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20),
)
MUTATIONS = st.one_of(
    st.fixed_dictionaries({"patient_id": IDS.filter(lambda text: text != "NET-0042")}),
    st.fixed_dictionaries({"birth_date": st.dates(date(1900, 1, 1), date(2030, 1, 1)).filter(lambda day: day != BORN)}),
    st.fixed_dictionaries({"birth_date": st.integers(1, 400).map(lambda n: BORN + timedelta(days=n))}),
    st.fixed_dictionaries({"sex": st.sampled_from(["F", "O"])}),
    st.fixed_dictionaries({"name_print": st.sampled_from(["", names.NOT_STATED, names.DISAGREE])}),
    st.fixed_dictionaries(
        {"patient_id": IDS.filter(lambda text: text != "NET-0042"), "issuer": IDS, "sex": st.sampled_from("MFO")}
    ),
)


@pytest.mark.slow
@pytest.mark.one_engine
@pytest.mark.parametrize("identities", sliced(200, 1000))
def test_wrong_identities_and_none_attached(case, doctor, identities):
    @budget(max_examples=identities, suppress_health_check=list(HealthCheck))
    @given(MUTATIONS)
    def none_attached(changes):
        series = judged(header(**changes), case, doctor)
        assert series.identity == Series.Identity.HELD
        assert series.identity_reason

    none_attached()
    assert not Scan.objects.exists()
    assert not Series.objects.filter(identity=Series.Identity.ATTACHED).exists()


def test_identity_parts_cannot_run_into_each_other():
    assert DicomIdentity("ab", "c").digest != DicomIdentity("a", "bc").digest
    assert len(identity.CONTRADICTIONS) == 7
