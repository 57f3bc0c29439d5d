"""Work list and patients: what waits, in words; pages by case number."""

import pytest
from django.urls import reverse

from board import patient_list, words
from board.patient_list import patient_page as page_of
from imaging.models import Job, Series, Study
from patients.models import HistologySpecimen
from patients.selectors import visible_patients
from tests.board.factories import TODAY, published_case
from tests.patients.factories import make_patient, make_user


@pytest.fixture
def reader(db, client):
    user = make_user("nuclear_medicine")
    client.force_login(user)
    return client, user


def patient_page(user, **place):
    return page_of(visible_patients(user), **place)


def numbers(page):
    return [line.case_number for line in page.lines]


def test_pages_follow_each_other_without_gap_or_overlap(reader, monkeypatch):
    _, user = reader
    monkeypatch.setattr(patient_list, "PAGE_SIZE", 3)
    for n in range(8):
        make_patient(by=user, case_number=f"K-{n}")
    seen, after = [], ""
    while True:
        page = patient_page(user, today=TODAY, after=after)
        seen += numbers(page)
        if not page.after:
            break
        after = page.after
    assert seen == [f"K-{n}" for n in range(8)]
    assert numbers(patient_page(user, today=TODAY, before="K-6")) == ["K-3", "K-4", "K-5"]
    assert patient_page(user, today=TODAY, before="K-3").before == ""


def test_only_cases_shared_with_the_user_are_listed(reader):
    _, user = reader
    make_patient(by=make_user("clinician"), case_number="HIDDEN-1")
    make_patient(by=user, case_number="MINE-1")
    assert numbers(patient_page(user, today=TODAY)) == ["MINE-1"]


def test_a_prefix_narrows_and_a_full_number_opens_the_case(reader):
    client, user = reader
    for number in ("A-1", "A-12", "B-1"):
        make_patient(by=user, case_number=number)
    response = client.get(reverse("board:patients"), {"q": "a-"})
    assert numbers(response.context["page"]) == ["A-1", "A-12"]
    assert client.get(reverse("board:patients"), {"q": "A-12"}).url == "/patients/A-12/"


def test_no_match_says_so_and_offers_the_way_back(reader):
    client, _ = reader
    said = client.get(reverse("board:patients"), {"q": "ZZ"}).content.decode()
    assert "No patient matches." in said
    assert "Show all" in said


def test_a_line_says_site_grade_treatment_and_last_scan(db):
    user, _ = published_case()
    line = patient_page(user, today=TODAY).lines[0]
    assert (line.tumour, line.ki67, line.treatment) == ("Gastric NET G2", "Ki-67 7-8 %", "After CAPTEM ×6")
    assert line.sstr.scan == "20 Apr 2026, 68Ga-DOTATATE"


def test_listing_costs_the_same_for_one_case_and_for_many(reader, django_assert_max_num_queries):
    client, user = reader
    for n in range(12):
        make_patient(by=user, case_number=f"K-{n}")
    with django_assert_max_num_queries(10 + 1):  # one writes down who was listed
        client.get(reverse("board:patients"))


def test_an_empty_work_list_says_that_nothing_waits(reader):
    client, _ = reader
    said = client.get("/").content.decode()
    assert "Nothing waits for you." in said
    assert "No case is shared with you" in said


def test_held_series_and_failed_work_ask_for_a_look(reader):
    client, user = reader
    patient = make_patient(by=user, case_number="K-1")
    study = Study.objects.create(study_uid="1.2", identity_digest="x")
    Series.objects.create(
        study=study,
        series_uid="1.2.3",
        modality="PT",
        sop_class_uid="1",
        identity="held",
        candidate_patient=patient,
        uploaded_by=user,
    )
    Job.objects.create(
        kind="measure",
        subject_id=patient.pk,
        input_digest="x",
        method_version="1",
        patient=patient,
        state="failed",
        message="The volume could not be read.",
    )
    said = client.get("/").content.decode()
    assert "Identity does not agree with case K-1" in said
    assert "The volume could not be read." in said


def test_a_system_administrator_sees_no_case(db, client):
    published_case()
    client.force_login(make_user("system_admin"))
    said = client.get("/").content.decode()
    assert "Case 0001" not in said
    assert client.get("/patients/0001/").status_code == 404


def test_a_ki67_typed_as_a_number_is_shown_in_percent():
    typed = [HistologySpecimen(ki67_text=text, ki67_low=low, ki67_high=low) for text, low in (("18", 18), ("7 %", 7))]
    assert (words.ki67(typed[:1]), words.ki67_change(typed)) == ("Ki-67 18 %", "Ki-67 18 % → 7 %")
