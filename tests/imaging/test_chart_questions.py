"""A chart that is corrected against the header of its images: nothing leaves by itself, and a person is asked."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from board.entry.answers import look
from board.entry.drafts import draft_for, entry_of, save_draft
from board.entry.submit import submit
from imaging import chart_questions
from imaging.models import Scan, Series, Study, UptakeMeasurement
from imaging.refused import SENTENCES
from imaging.services import confirm_identity, keep_in_chart
from patients.models import AuditEvent, Patient
from patients.services import confirm_identifier, create_patient, grant_access, remove_identifier, update_patient
from tests.imaging.dicom_files import ct_slice, pet_slice, write
from tests.imaging.people import make_doctor
from tests.imaging.scan_rows import refusal_of
from tests.patients.factories import make_user
from tests.patients.test_admin_case import page

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]
BORN, OTHER_DAY = dt.date(1967, 3, 2), dt.date(1958, 3, 12)
OWN = {"PatientID": "SYN-a", "PatientBirthDate": "19670302", "PatientSex": "F", "PatientName": "SYN-a"}
BIRTH, SEX, ID = "attached_birth_date_differs", "attached_sex_differs", "attached_id_not_confirmed"


@pytest.fixture
def clerk(phantom_case, doctor):
    clerk = make_user("data_entry")
    grant_access(by=doctor, patient=phantom_case, kind="care_team", user=clerk)
    return clerk


@pytest.fixture
def third(phantom_case, doctor):
    third = make_doctor("third")
    grant_access(by=doctor, patient=phantom_case, kind="care_team", user=third)
    return third


@pytest.fixture
def pet(tmp_path, phantom_case, import_files):
    import_files([write(tmp_path / f"{k}.dcm", pet_slice(k, **OWN)) for k in range(8)], patient=phantom_case)
    return Series.objects.get()


def corrected(patient, by, **changes):
    return update_patient(patient, by=by, reason="passport", **changes)


def codes(series) -> list[str]:
    return chart_questions.open_of(Series.objects.get(pk=series.pk))


def test_what_agrees_asks_nothing(pet, phantom_case):
    assert pet.identity == "attached" and codes(pet) == [] and chart_questions.of_case(phantom_case) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"birth_date": OTHER_DAY}, BIRTH),
        ({"birth_date": dt.date(1967, 2, 3)}, BIRTH),
        ({"birth_date": OTHER_DAY, "birth_date_precision": "year"}, BIRTH),
        ({"sex_for_formulas": "M"}, SEX),
        ({"case_number": "SYN-b"}, ID),
    ],
)
def test_a_chart_changed_against_the_header_asks_and_takes_nothing_away(pet, phantom_case, clerk, changes, code):
    before = (list(Scan.objects.values()), list(UptakeMeasurement.objects.values()))
    corrected(phantom_case, clerk, **changes)
    assert codes(pet) == [code]
    assert [one.codes for one in chart_questions.of_case(Patient.objects.get())] == [[code]]
    assert [one.codes for one in chart_questions.of_series(Series.objects.all())] == [[code]]
    assert (list(Scan.objects.values()), list(UptakeMeasurement.objects.values())) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_date_precision": "month"},
        {"birth_date": dt.date(1967, 1, 1), "birth_date_precision": "year"},
        {"birth_date": None, "birth_date_precision": "unknown"},
        {"sex_for_formulas": "U"},
        {"note": "seen"},
    ],
)
def test_a_chart_that_knows_less_contradicts_nothing(pet, phantom_case, clerk, changes):
    corrected(phantom_case, clerk, **changes)
    assert codes(pet) == [] and chart_questions.of_series(Series.objects.all()) == []


def test_a_person_who_neither_brought_them_nor_changed_the_chart_keeps_them(pet, phantom_case, doctor, colleague):
    third = make_doctor("third")
    grant_access(by=doctor, patient=phantom_case, kind="care_team", user=third)
    corrected(phantom_case, colleague, birth_date=OTHER_DAY)
    corrected(phantom_case, doctor, note="a later change of something else")
    say = {"series": pet, "patient": phantom_case, "reason": "the scanner had the old date"}
    assert refusal_of(keep_in_chart, by=doctor, **say) == "identity_second_person_chart", "brought them in"
    assert refusal_of(keep_in_chart, by=colleague, **say) == "identity_second_person_chart", "changed the chart"
    assert refusal_of(keep_in_chart, by=third, **say | {"reason": " "}) == "reason_missing"
    other = create_patient(by=third, case_number="SYN-z")
    assert refusal_of(keep_in_chart, by=third, **say | {"patient": other}) == "identity_other_chart"
    keep_in_chart(by=third, **say)
    assert codes(pet) == []
    event = AuditEvent.objects.get(action="keep_in_chart")
    assert (event.by, event.patient, event.reason) == (third, phantom_case, "the scanner had the old date")
    assert event.after == {"stays_with": {BIRTH: "1958-03-12 day"}}
    assert refusal_of(keep_in_chart, by=third, **say) == "identity_not_asked"
    assert refusal_of(keep_in_chart, by=make_user("coordinator"), **say) == "not_permitted"


def test_who_changed_the_birth_date_does_not_answer_for_it_because_another_changed_the_sex_since(
    pet, phantom_case, doctor, clerk, colleague
):
    corrected(phantom_case, colleague, birth_date=OTHER_DAY)
    phantom_case.refresh_from_db()
    corrected(phantom_case, clerk, sex_for_formulas="U")
    assert codes(pet) == [BIRTH]
    say = {"series": pet, "patient": phantom_case, "reason": "the scanner had the old date"}
    assert refusal_of(keep_in_chart, by=colleague, **say) == "identity_second_person_chart"
    assert codes(pet) == [BIRTH]


def test_what_came_to_be_asked_behind_an_open_page_is_not_answered_with_it(pet, phantom_case, clerk, colleague, client):
    corrected(phantom_case, clerk, sex_for_formulas="M")
    client.force_login(colleague)
    address = reverse("imaging:series", args=[pet.pk])
    seen = seen_on(client.get(address))
    phantom_case.refresh_from_db()
    corrected(phantom_case, clerk, birth_date=OTHER_DAY)
    say = {"case": "SYN-a", "reason": "checked"}
    answer = client.post(reverse("imaging:keep", args=[pet.pk]), say | {"seen": seen})
    assert answer.status_code == 422 and SENTENCES["identity_asked_anew"] in answer.content.decode()
    assert codes(pet) == [BIRTH, SEX] and not AuditEvent.objects.filter(action="keep_in_chart").exists()
    again = client.post(reverse("imaging:keep", args=[pet.pk]), say | {"seen": seen_on(answer)})
    assert again.status_code == 302 and codes(pet) == []


def seen_on(answer) -> str:
    return re.search(r'name="seen" value="([^"]+)"', answer.content.decode())[1]


def test_an_answer_is_of_one_chart_the_next_change_asks_again(pet, phantom_case, clerk, colleague):
    corrected(phantom_case, clerk, birth_date=OTHER_DAY)
    keep_in_chart(by=colleague, series=pet, patient=phantom_case, reason="old date in the scanner")
    phantom_case.refresh_from_db()
    corrected(phantom_case, clerk, birth_date=dt.date(1959, 1, 1))
    assert codes(pet) == [BIRTH]
    phantom_case.refresh_from_db()
    corrected(phantom_case, clerk, birth_date=BORN, sex_for_formulas="M")
    assert codes(pet) == [SEX], "back to what the header says nothing is asked of the birth date"


def test_what_was_confirmed_against_the_header_is_not_asked_again(
    tmp_path, phantom_case, colleague, clerk, import_files
):
    files = [write(tmp_path / f"{k}.dcm", pet_slice(k, **OWN | {"PatientBirthDate": "19580312"})) for k in range(8)]
    import_files(files, patient=phantom_case)
    series = Series.objects.get()
    confirm_identity(by=colleague, series=series, patient=phantom_case, reason="typed wrongly at the scanner")
    assert codes(series) == []
    corrected(phantom_case, clerk, birth_date=dt.date(1967, 3, 3))
    assert codes(series) == [BIRTH], "the chart they were confirmed with is another one now"


def test_late_slices_do_not_lift_the_answer(tmp_path, pet, phantom_case, clerk, colleague, import_files):
    corrected(phantom_case, clerk, birth_date=OTHER_DAY)
    keep_in_chart(by=colleague, series=pet, patient=phantom_case, reason="old date in the scanner")
    import_files([write(tmp_path / "late.dcm", pet_slice(8, **OWN))], patient=phantom_case)
    series = Series.objects.get()
    assert series.instance_count == 9 and codes(series) == []


def test_who_keeps_the_pet_keeps_the_ct_of_its_study_too(
    tmp_path, pet, phantom_case, clerk, doctor, colleague, import_files
):
    own = [write(tmp_path / f"ct{k}.dcm", ct_slice(k, **OWN)) for k in range(8)]
    import_files(own, patient=phantom_case)
    ct = Series.objects.get(modality="CT")
    assert ct.study == pet.study and ct.identity == "attached"
    elsewhere = Series.objects.create(
        study=Study.objects.create(
            study_uid="1.2.55", identity_digest=pet.study.identity_digest, dicom_patient_id="SYN-a", dicom_birth_date=BORN
        ),
        series_uid="1.2.55.1", modality="CT", sop_class_uid="1", candidate_patient=phantom_case, identity="attached",
        uploaded_by=doctor,
    )  # fmt: skip
    corrected(phantom_case, clerk, birth_date=OTHER_DAY)
    assert [codes(one) for one in (pet, ct, elsewhere)] == [[BIRTH]] * 3
    keep_in_chart(by=colleague, series=pet, patient=phantom_case, reason="old date in the scanner")
    assert [codes(one) for one in (pet, ct, elsewhere)] == [[], [], [BIRTH]], "another study is looked at by itself"
    assert AuditEvent.objects.filter(action="keep_in_chart", by=colleague).count() == 2


def test_taken_out_they_are_held_and_asked_about_as_held(pet, phantom_case, clerk, doctor, client):
    corrected(phantom_case, clerk, sex_for_formulas="M")
    client.force_login(doctor)
    answer = client.post(reverse("imaging:take_out", args=[pet.pk]), {"reason": "of somebody else"})
    assert answer.status_code == 302
    pet.refresh_from_db()
    assert (pet.identity, pet.identity_reason) == ("held", "identity_taken_back")
    assert codes(pet) == [] and not Scan.objects.exists()
    detached = AuditEvent.objects.get(action="detach_series")
    assert detached.by == doctor and detached.reason == "of somebody else"


def test_every_page_that_leads_there_says_it(pet, phantom_case, clerk, colleague, client):
    corrected(phantom_case, clerk, birth_date=OTHER_DAY)
    client.force_login(colleague)
    address = reverse("imaging:series", args=[pet.pk])
    chart = client.get(reverse("board:patient", args=["SYN-a"])).content.decode()
    assert "Images in question" in chart and address in chart
    scan = client.get(reverse("imaging:scan", args=[Scan.objects.get().pk])).content.decode()
    listed = client.get(reverse("imaging:held") + "?list=asked").content.decode()
    page = client.get(address).content.decode()
    for text in (scan, listed, page):
        assert SENTENCES[BIRTH] in text
    assert address in scan and address in listed and address in client.get(reverse("board:home")).content.decode()
    assert address not in client.get(reverse("imaging:held")).content.decode(), "they wait in a chart, not to enter one"
    assert "1958-03-12" in page and "1967-03-02" in page and "differs" in page
    wrong = client.post(reverse("imaging:keep", args=[pet.pk]), {"case": "SYN-zz", "reason": "checked"})
    assert wrong.status_code == 422 and codes(pet) == [BIRTH]
    say = {"case": "SYN-a", "reason": "checked", "seen": seen_on(wrong)}
    assert client.post(reverse("imaging:keep", args=[pet.pk]), say).status_code == 302
    for url in (address, reverse("board:patient", args=["SYN-a"]), reverse("imaging:held") + "?list=asked"):
        assert "in question" not in client.get(url).content.decode().replace("In a chart, in question", "").lower()


def test_who_brought_them_in_is_offered_no_way_to_keep_them(pet, phantom_case, clerk, doctor, client):
    corrected(phantom_case, clerk, birth_date=OTHER_DAY)
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[pet.pk])).content.decode()
    assert "They stay: of this patient" not in page and "Take them out of this chart" in page
    assert client.post(reverse("imaging:keep", args=[pet.pk]), {"case": "SYN-a", "reason": "x"}).status_code == 422
    assert codes(pet) == [BIRTH]


def test_a_stranger_learns_nothing(pet, phantom_case, clerk, client):
    corrected(phantom_case, clerk, birth_date=OTHER_DAY)
    client.force_login(make_doctor("stranger"))
    assert str(pet.pk) not in client.get(reverse("imaging:held") + "?list=asked").content.decode()
    assert client.post(reverse("imaging:keep", args=[pet.pk]), {"case": "SYN-a", "reason": "x"}).status_code == 404
    assert client.post(reverse("imaging:take_out", args=[pet.pk]), {"reason": "x"}).status_code == 404


def test_the_list_costs_the_same_for_one_and_for_many(phantom_case, doctor, clerk, django_assert_num_queries, pet):
    corrected(phantom_case, clerk, birth_date=OTHER_DAY)
    with django_assert_num_queries(4):
        assert len(chart_questions.of_series(Series.objects.all())) == 1
    for number in range(4):
        pet.pk, pet.series_uid = None, f"1.2.3.{number}"
        pet.save(force_insert=True)
    with django_assert_num_queries(4):
        assert len(chart_questions.of_series(Series.objects.all())) == 5


def test_who_types_another_birth_date_is_told_before_and_after_it_is_stored(pet, phantom_case, clerk, client):
    client.force_login(clerk)
    draft = draft_for(phantom_case, clerk)
    values = {"patient.birth_date": "1958-03-12", "patient.sex_for_formulas": "M"}
    values |= {"patient.question": "PRRT?", "tumour.primary_site": "pancreas"}
    entry = save_draft(by=clerk, draft=draft, seen_version=entry_of(draft).version, values=values)
    said = {one["name"]: one["text"] for one in look(entry, clerk)["checks"] if one["level"] == "amber"}
    for name in ("patient.birth_date", "patient.sex_for_formulas"):
        assert "1 series of images in this chart came with another one in the header" in said[name]
    submit(by=clerk, draft=entry.draft, seen_version=entry.version, reason="passport", is_incomplete_meant=True)
    assert "Images in question" in client.get(reverse("board:patient", args=["SYN-a"])).content.decode()


def test_who_changes_it_at_the_data_desk_is_told_at_once(pet, phantom_case, clerk, client):
    clerk.is_staff = True
    clerk.save()
    client.force_login(clerk)
    values = page(phantom_case, reason="passport", birth_date="1958-03-12")
    answer = client.post(reverse("admin:patients_patient_change", args=[phantom_case.pk]), values, follow=True)
    assert Patient.objects.get().birth_date == OTHER_DAY
    assert f"Please check: 1 series of images in this chart: {SENTENCES[BIRTH]}" in told(answer)


def told(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def confirmed(tmp_path, phantom_case, doctor, import_files):
    """Brought in under an ID of the hospital that a person confirmed, with the name."""
    under = OWN | {"PatientID": "HOSP-7", "PatientName": "Berg^Anna"}
    import_files([write(tmp_path / f"h{k}.dcm", pet_slice(k, **under)) for k in range(8)], patient=phantom_case)
    confirm_identity(by=doctor, series=Series.objects.get(), patient=phantom_case, reason="request form")
    return Series.objects.get()


def another(tmp_path, import_files, case, **changes):
    """The next study under the same ID and name."""
    own = OWN | {"PatientID": "HOSP-7", "PatientName": "Berg^Anna", "StudyInstanceUID": "1.2.99"} | changes
    own |= {"SeriesInstanceUID": "1.2.99.1"}
    folder = tmp_path / "next"
    folder.mkdir(exist_ok=True)
    files = [write(folder / f"{k}.dcm", pet_slice(k, **own | {"SOPInstanceUID": f"1.2.99.1.{k}"})) for k in range(8)]
    import_files(files, patient=case)
    return Series.objects.get(series_uid="1.2.99.1")


def test_under_a_confirmed_id_and_name_the_next_study_is_attached(tmp_path, confirmed, phantom_case, import_files):
    assert another(tmp_path, import_files, phantom_case).identity == "attached"


def test_a_withdrawn_id_takes_its_names_along(tmp_path, confirmed, phantom_case, doctor, import_files):
    remove_identifier(phantom_case.identifiers.get(), by=doctor, reason="of another patient")
    confirm_identifier(by=doctor, patient=phantom_case, value="HOSP-7", reason="looked at again: hers after all")
    series = another(tmp_path, import_files, phantom_case)
    assert (series.identity, series.identity_reason) == ("held", "identity_name_unknown")
    confirm_identity(by=doctor, series=series, patient=phantom_case, reason="request form")
    assert [one.name_print for one in phantom_case.known_names.all()] == [series.name_print] * 2, "learnt anew"


def test_a_withdrawn_id_asks_about_what_came_under_it_and_tells_who_withdraws(confirmed, phantom_case, doctor, client):
    doctor.is_staff = True
    doctor.save()
    client.force_login(doctor)
    row = {"id": str(phantom_case.identifiers.get().pk), "DELETE": "on"}
    values = page(phantom_case, reason="of another patient", rows={"identifiers": [row]})
    values |= {"birth_date": "1967-03-02"}
    answer = client.post(reverse("admin:patients_patient_change", args=[phantom_case.pk]), values, follow=True)
    assert not phantom_case.identifiers.exists()
    assert f"Please check: 1 series of images in this chart: {SENTENCES[ID]}" in told(answer)
    assert codes(confirmed) == [ID] and confirmed.identity == "attached"
    keep_in_chart(by=doctor, series=confirmed, patient=phantom_case, reason="the images are hers, the number is not")
    assert codes(confirmed) == [] and not phantom_case.identifiers.exists(), "the number does not come back with them"


def test_a_withdrawn_id_that_is_another_cases_now_takes_a_second_person(
    confirmed, phantom_case, doctor, colleague, third
):
    remove_identifier(phantom_case.identifiers.get(), by=colleague, reason="of another patient")
    other = create_patient(by=colleague, case_number="SYN-z")
    confirm_identifier(by=colleague, patient=other, value="HOSP-7", reason="letter")
    assert codes(confirmed) == ["attached_id_of_other_case"]
    say = {"series": confirmed, "patient": phantom_case, "reason": "seen"}
    assert refusal_of(keep_in_chart, by=doctor, **say) == "identity_second_person_chart"
    assert refusal_of(keep_in_chart, by=colleague, **say) == "identity_second_person_chart"
    keep_in_chart(by=third, **say)
    assert codes(confirmed) == []


def test_an_id_that_goes_on_to_a_third_case_is_asked_about_again(confirmed, phantom_case, colleague, third):
    remove_identifier(phantom_case.identifiers.get(), by=colleague, reason="of another patient")
    for number in ("SYN-y", "SYN-z"):
        other = create_patient(by=colleague, case_number=number)
        given = confirm_identifier(by=colleague, patient=other, value="HOSP-7", reason="letter")
        assert codes(confirmed) == ["attached_id_of_other_case"]
        keep_in_chart(by=third, series=confirmed, patient=phantom_case, reason="seen")
        assert codes(confirmed) == []
        remove_identifier(given, by=colleague, reason="of yet another")
