"""What waits for a person: both identities side by side, who it might be, and nothing attached by likeness."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from imaging.identity_candidates import candidates, likeness_of
from imaging.models import Series, Study
from patients.services import confirm_identifier, grant_access
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
BORN = dt.date(1960, 1, 2)


@pytest.fixture
def doctor():
    return make_user("nuclear_medicine")


@pytest.fixture
def case(doctor):
    return case_of(doctor, "PRRT-0042", birth_date=BORN, sex_for_formulas="F")


def case_of(doctor, number: str, **values):
    opener = make_user("coordinator")
    patient = make_patient(by=opener, case_number=number, **values)
    grant_access(by=opener, patient=patient, kind="care_team", user=doctor)
    return patient


def held(
    by, patient=None, *, patient_id="PRRT-0024", born=BORN, sex="F", reason="identity_id_unknown", uid="1.2.3", **values
):
    study = Study.objects.create(
        study_uid=uid,
        identity_digest=f"{patient_id}{born}{sex}"[:64],
        dicom_patient_id=patient_id,
        dicom_birth_date=born,
        dicom_sex=sex,
    )
    values = {"identity": "held" if patient else "unassigned"} | values
    return Series.objects.create(
        study=study, series_uid=f"{uid}.1", modality="PT", sop_class_uid="1", candidate_patient=patient,
        identity_reason=reason if patient else "", uploaded_by=by, **values,
    )  # fmt: skip


def numbers(found) -> list[str]:
    return [one.patient.case_number for one in found]


def test_the_likeliest_case_comes_first_and_nothing_is_attached(doctor, case):
    same_day = case_of(doctor, "X-1", birth_date=BORN, sex_for_formulas="M")
    case_of(doctor, "Y-9", birth_date=dt.date(1970, 5, 5))
    series = held(doctor, patient_id="PRRT0042", born=BORN)
    found = candidates(series, doctor)
    assert numbers(found) == ["PRRT-0042", "X-1"]
    assert (found[0].percent, found[0].has_same_id, found[0].birth_date) == (100, False, "agrees")
    assert found[1].patient == same_day and found[1].sex == "differs"
    series.refresh_from_db()
    assert series.identity == "unassigned", "however alike, a person decides"


def test_a_confirmed_id_is_the_same_id(doctor, case):
    confirm_identifier(by=doctor, patient=case, value="HOSP-77", reason="letter")
    assert candidates(held(doctor, patient_id="HOSP-77", born=None, sex=""), doctor)[0].has_same_id


def test_many_numbers_that_begin_alike_push_out_neither_the_same_id_nor_the_same_birth_date(doctor, monkeypatch):
    monkeypatch.setattr("imaging.identity_candidates.LOOKED_AT", 3)
    for n in range(4):
        case_of(doctor, f"PRRT-000{n}", birth_date=dt.date(1970, 5, n + 1))
    case_of(doctor, "PRRT-9000", birth_date=dt.date(1971, 1, 1))
    case_of(doctor, "Z-1", birth_date=BORN)
    assert set(numbers(candidates(held(doctor, patient_id="prrt-9000"), doctor))) >= {"PRRT-9000", "Z-1"}


def test_the_cost_of_candidates_does_not_grow_with_them(doctor, django_assert_max_num_queries):
    for n in range(12):
        case_of(doctor, f"PRRT-000{n}", birth_date=BORN)
    series = held(doctor, patient_id="PRRT-0009")
    with django_assert_max_num_queries(7):
        assert len(candidates(series, doctor)) == 5


def test_a_case_one_may_not_see_is_no_suggestion(doctor):
    make_patient(case_number="PRRT-0042", birth_date=BORN)
    assert candidates(held(doctor, patient_id="PRRT-0042"), doctor) == []


@pytest.mark.parametrize("patient_id", ["", "0000", "ANON", "TEST"])
def test_an_id_that_stands_for_nobody_is_like_nobodys(doctor, case, patient_id):
    assert candidates(held(doctor, patient_id=patient_id, born=None), doctor) == []


def test_likeness_never_reads_numbers():
    assert likeness_of("007", "7") < 1 and likeness_of("Ab-1", "aB1") == 1


def test_the_page_of_a_series_says_what_is_around_it(client, doctor, case):
    series = held(
        make_user("data_entry"),
        case,
        patient_id="PRRT-0024",
        born=dt.date(1961, 1, 2),
        reason="identity_birth_date_differs",
    )
    other = held(doctor, case, patient_id="PRRT-0042", uid="1.2.3", identity="attached", reason="")
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert "differs" in page and "not compared" in page and "% alike" in page
    assert "Cases it might belong to" in page and "its header names another identity" in page
    assert reverse("imaging:series", args=[other.pk]) in page


def test_the_list_shows_both_sides_contradictions_first(client, doctor, case):
    first = held(doctor, patient_id="OLD-1", born=None, sex="", uid="1.9")
    second = held(doctor, case, born=dt.date(1961, 1, 2), reason="identity_birth_date_differs")
    client.force_login(doctor)
    page = client.get(reverse("imaging:held")).content.decode()
    assert page.index(str(second.pk)) < page.index(str(first.pk))
    for text in ("1960-01-02", "1961-01-02", "PRRT-0042", "PRRT-0024", "differs", "No case", "second person"):
        assert text in page


def test_rejected_ones_have_their_own_list(client, doctor, case):
    series = held(doctor, case, identity="rejected", reason="identity_rejected")
    client.force_login(doctor)
    assert str(series.pk) not in client.get(reverse("imaging:held")).content.decode()
    assert str(series.pk) in client.get(reverse("imaging:held") + "?list=rejected").content.decode()


def test_a_clerk_sees_their_own_only(client, doctor):
    mine, clerk = make_user("data_entry"), make_user("data_entry")
    series = held(mine, patient_id="MINE-1")
    client.force_login(clerk)
    assert "MINE-1" not in client.get(reverse("imaging:held")).content.decode()
    client.force_login(make_user("coordinator"))
    assert "MINE-1" not in client.get(reverse("imaging:held")).content.decode()
    client.force_login(mine)
    assert str(series.pk) in client.get(reverse("imaging:held")).content.decode()


def test_a_held_scan_of_a_case_one_may_not_see_is_not_listed(client, doctor, case):
    held(doctor, case, patient_id="NOT-YOURS")
    client.force_login(make_user("nuclear_medicine"))
    page = client.get(reverse("imaging:held")).content.decode()
    assert "NOT-YOURS" not in page and "PRRT-0042" not in page and "1960" not in page


def test_the_list_asks_the_same_number_of_questions_of_one_series_and_of_ten(
    doctor, case, client, django_assert_num_queries
):
    client.force_login(doctor)
    confirm_identifier(by=doctor, patient=case, issuer="KIS", value="PRRT-0024", reason="letter")

    def bring(first: int, last: int) -> None:
        for n in range(first, last):
            held(doctor, case, patient_id=f"PRRT-{n:04d}", uid=f"1.2.3.{n}")

    bring(0, 1)
    with CaptureQueriesContext(connection) as one:
        assert client.get(reverse("imaging:held")).status_code == 200
    bring(1, 10)
    with django_assert_num_queries(len(one)):
        page = client.get(reverse("imaging:held")).content.decode()
    assert page.count("<tbody") == 10
