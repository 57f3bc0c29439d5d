"""What waits for a person: both identities side by side, who it might be, and nothing attached by likeness."""

import datetime as dt
import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from imaging.domain import names
from imaging.identity_candidates import candidates, likeness_of
from imaging.models import Series, Study, Upload, UploadItem
from imaging.refused import SENTENCES, Refused
from imaging.services import doubts
from imaging.services.identities import judge
from imaging.views import identities
from patients.models import AuditEvent
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


@pytest.mark.parametrize(
    ("precision", "chart", "word"),
    [
        ("day", "1960-01-02", "agrees"),
        ("month", "1960-01", "agrees to the month"),
        ("year", "1960", "agrees to the year"),
        ("unknown", "–", "missing on one side"),
    ],
)
def test_a_birth_date_is_shown_and_compared_as_exactly_as_the_chart_knows_it(client, doctor, precision, chart, word):
    case = case_of(doctor, "PRRT-0042", birth_date=BORN, birth_date_precision=precision, sex_for_formulas="F")
    series = held(doctor, case, patient_id="PRRT-0042", born=BORN, reason="identity_chart_birth_date_missing")
    row = identities.rows(series, case)[1]
    assert (row["chart"], row["header"], row["word"]) == (chart, "1960-01-02", word)
    assert (row["state"] == "met") == (precision == "day")
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert page.count(f"agrees to the {precision}") == (2 if precision in {"month", "year"} else 0)
    assert page.count("missing on one side") == (2 if precision == "unknown" else 0), "one word in both tables"


def test_the_list_shows_both_sides_contradictions_first(client, doctor, case):
    first = held(doctor, patient_id="OLD-1", born=None, sex="", uid="1.9")
    second = held(doctor, case, born=dt.date(1961, 1, 2), reason="identity_birth_date_differs")
    client.force_login(doctor)
    page = client.get(reverse("imaging:held")).content.decode()
    assert page.index(str(second.pk)) < page.index(str(first.pk))
    for text in ("1960-01-02", "1961-01-02", "PRRT-0042", "PRRT-0024", "differs", "No case", "second person"):
        assert text in page


def asked(by, case, code="ask_missing_slices", **values):
    """Held for a question, with all that is asked in the header of the row."""
    series = held(by, case, patient_id="PRRT-0042", reason=code, header={"questions": [code]}, **values)
    return series


def test_a_question_is_asked_as_one_and_says_what_confirming_means(client, doctor, case):
    series = asked(doctor, case)
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert "Held: a question about the images" in page and "held: a question about the images" in page
    assert "Slices are missing" in page and "To confirm answers what is asked here" in page
    assert "Use them: of this patient, as they are" in page and "Leave them out of every chart" in page
    for word in ("identity does not agree", "second person", "this scan is of this patient", "not this patient"):
        assert word not in page, word
    rows = client.get(reverse("imaging:held")).content.decode()
    assert "Held: a question about the images" in rows and "Slices are missing" in rows
    assert "second person" not in rows and "identity does not agree" not in rows


def test_a_doubt_about_identity_keeps_its_words_and_shows_the_question_too(client, doctor, case):
    series = held(
        make_user("data_entry"),
        case,
        born=dt.date(1961, 1, 2),
        reason="identity_birth_date_differs",
        header={"questions": ["ask_derived"]},
    )
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert "Held: the identity does not agree" in page and "Confirm: this scan is of this patient" in page
    assert "birth date of the DICOM header differs" in page and "Are they to be measured?" in page
    assert "Derived images are measured from then on" in page
    assert "Are they to be measured?" in client.get(reverse("imaging:held")).content.decode()


def test_what_was_answered_is_asked_on_no_page(client, doctor, case):
    series = held(
        doctor, case, reason="identity_taken_back", header={"questions": ["ask_derived"], "answered": ["ask_derived"]}
    )
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert "Are they to be measured?" not in page and "To confirm answers" not in page


def test_a_question_is_answered_on_its_page_by_who_brought_it_in(client, doctor, case):
    series = asked(doctor, case)
    client.force_login(doctor)
    values = {"case": "PRRT-0042", "reason": "the rest was never stored"}
    assert client.post(reverse("imaging:confirm", args=[series.pk]), values).status_code == 302
    series.refresh_from_db()
    assert (series.identity, series.identity_reason) == ("attached", "")


def test_images_left_out_are_not_called_another_patients(client, doctor, case):
    series = asked(doctor, case)
    client.force_login(doctor)
    client.post(reverse("imaging:reject", args=[series.pk]), {"reason": "a scout"})
    page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert "A person has decided that these images are not used." in page and "not this patient" not in page.lower()
    rows = client.get(reverse("imaging:held") + "?list=rejected").content.decode()
    assert "Not used" in rows and "not this patient" not in rows.lower()


def test_the_work_list_tells_a_question_from_a_doubt(client, doctor, case):
    asked(doctor, case)
    held(doctor, case, uid="1.2.9")
    held(doctor, None, uid="1.2.10", identity="held")
    client.force_login(doctor)
    page = client.get(reverse("board:home")).content.decode()
    assert "A question about images of case PRRT-0042" in page
    assert "Identity does not agree with case PRRT-0042" in page
    assert "Identity does not agree with any case" in page


def test_the_upload_pages_tell_a_question_from_a_doubt(client, doctor, case):
    upload = Upload.objects.create(by=doctor, patient=case, source="browser", state="done")
    for series in (asked(doctor, case), held(doctor, case, uid="1.2.9")):
        UploadItem.objects.create(
            upload=upload, label="x", series=series, outcome="held", reason_code=series.identity_reason
        )
    client.force_login(doctor)
    page = " ".join(client.get(reverse("imaging:upload_detail", args=[upload.pk])).content.decode().split())
    assert "1 series leaves a question about the images open. Nothing of it was attached." in page
    assert "1 series waits for a person to say whether it is of case PRRT-0042. Nothing was attached." in page
    assert "Answer the question" in page and "Compare identity" in page
    assert "held: a question about the images" in client.get(reverse("imaging:upload")).content.decode()


def test_rejected_ones_have_their_own_list(client, doctor, case):
    series = held(doctor, case, identity="rejected", reason="identity_rejected")
    client.force_login(doctor)
    assert str(series.pk) not in client.get(reverse("imaging:held")).content.decode()
    assert str(series.pk) in client.get(reverse("imaging:held") + "?list=rejected").content.decode()


def test_what_another_took_up_in_the_same_moment_is_a_sentence(client, doctor, case, monkeypatch):
    series = held(doctor, case, identity="rejected", reason="identity_rejected")

    def refused(**said):
        raise Refused("identity_not_rejected")

    monkeypatch.setattr("imaging.views.series.services.take_up_again", refused)
    client.force_login(doctor)
    answer = client.post(reverse("imaging:take_up", args=[series.pk]), {"reason": "looked again"})
    assert answer.status_code == 422 and SENTENCES["identity_not_rejected"] in html.unescape(answer.content.decode())


def test_a_rejected_series_is_taken_up_again_by_a_person_and_waits(client, doctor, case):
    own = {"patient_id": "PRRT-0042", "name_print": names.STANDS_FOR_ID}
    series = held(doctor, case, identity="rejected", reason="identity_rejected", **own)
    client.force_login(doctor)
    address = reverse("imaging:take_up", args=[series.pk])
    assert address in client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "it was the other case that was wrong"}).status_code == 302
    series.refresh_from_db()
    assert (series.identity, series.identity_reason) == ("held", "identity_taken_up")
    event = AuditEvent.objects.get(action="take_up_series")
    assert (event.by, event.patient, event.reason) == (doctor, case, "it was the other case that was wrong")
    judge(by=doctor, series=series, patient=case)
    series.refresh_from_db()
    assert series.identity == "held", "what was rejected once is attached by a person alone"
    client.post(reverse("imaging:confirm", args=[series.pk]), {"case": "PRRT-0042", "reason": "seen"})
    series.refresh_from_db()
    assert series.identity == "attached"


@pytest.mark.parametrize(
    ("number", "reason", "after"),
    [
        ("PRRT-0099", "identity_rejected", "held"),
        ("PRRT-0042", "identity_rejected", "rejected"),
        ("PRRT-0099", "images_rejected", "rejected"),
    ],
)
def test_rejected_for_one_case_it_is_held_when_it_is_brought_in_for_another(doctor, case, number, reason, after):
    """Its header agrees with the other case in all: a person decides all the same."""
    other = case_of(doctor, "PRRT-0099", birth_date=BORN, sex_for_formulas="F")
    series = held(doctor, case, patient_id=number, identity="rejected", reason=reason, name_print=names.STANDS_FOR_ID)
    judge(by=doctor, series=series, patient={"PRRT-0042": case, "PRRT-0099": other}[number])
    series.refresh_from_db()
    assert series.identity == after
    if after == "held":
        assert (series.candidate_patient, series.identity_reason) == (other, "identity_taken_up")
        judge(by=doctor, series=series, patient=other)
        judge(by=doctor, series=series, patient=None)
        assert Series.objects.get().identity == "held"
    judge(by=doctor, series=series, patient=None)
    assert Series.objects.get().identity == after


def test_what_another_case_contradicts_is_held_for_it_with_that_contradiction(doctor, case):
    other = case_of(doctor, "PRRT-0099", birth_date=dt.date(1970, 5, 5), sex_for_formulas="F")
    series = held(doctor, case, patient_id="PRRT-0099", identity="rejected", reason="identity_rejected")
    judge(by=doctor, series=series, patient=other)
    series.refresh_from_db()
    assert (series.identity, series.candidate_patient) == ("held", other)
    assert series.identity_reason == "identity_birth_date_differs" and doubts.kept(series) == ["identity_taken_up"]


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


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("identity_name_unknown", "Held: identity could not be compared"),
        ("secondary_capture", "Held: a person has to look"),
        ("identity_name_differs", "Identity does not agree with case"),
    ],
)
def test_the_home_page_says_in_which_way_a_scan_is_held(client, doctor, case, code, words):
    held(doctor, case, reason=code)
    client.force_login(doctor)
    assert words in client.get(reverse("board:home")).content.decode()
