"""Meetings over HTTP: pages for each role, forms with and without scripts, conflicts, and what stays unseen."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from board.agenda import list_case
from board.meeting_forms import GROUPS
from board.models import AgendaItem, Meeting, MeetingSeries, PrivateNote
from patients.models import AccessGrant
from tests.board.meeting_factories import make_item, make_meeting, make_series
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def chair(db):
    return make_user("chair")


@pytest.fixture
def meeting(chair):
    return make_meeting(chair, present=False)


@pytest.fixture
def as_chair(client, chair):
    client.force_login(chair)
    return client


def agenda(meeting):
    return reverse("board:meeting_agenda", args=[meeting.pk])


def page(meeting):
    return reverse("board:meeting", args=[meeting.pk])


def post(client, meeting, do, **fields):
    meeting.refresh_from_db()
    return client.post(agenda(meeting), {"do": do, "version": meeting.version} | fields)


def text(response) -> str:
    return " ".join(response.content.decode().split())


# --- the list and the forms ------------------------------------------------------------------------


def test_an_empty_list_offers_a_series(as_chair):
    shown = text(as_chair.get(reverse("board:meetings")))
    assert "No meetings. Create weekly series." in shown and reverse("board:series_new") in shown


def seat_fields(*names) -> dict:
    fields = {"seats-TOTAL_FORMS": len(names), "seats-INITIAL_FORMS": 0}
    for n, name in enumerate(names):
        fields |= {f"seats-{n}-name": name, f"seats-{n}-discipline": "pathology" if name else ""}
    return fields


def test_a_series_is_created_and_its_next_days_are_offered(as_chair):
    fields = {"name": "NET board", "weekday": 3, "starts_at": "15:30", "planned_minutes": 90, "every_weeks": 1}
    fields |= {"is_active": "on", "quorum_1": ["nuclear_medicine"], "quorum_3": ["surgery", "oncology"]}
    response = as_chair.post(reverse("board:series_new"), fields | seat_fields("Pathology", ""))
    assert response.status_code == 302
    series = MeetingSeries.objects.get()
    assert series.quorum == [["nuclear_medicine"], ["oncology", "surgery"]]
    assert [member.name for member in series.members.all()] == ["Pathology"]
    shown = text(as_chair.get(reverse("board:meetings")))
    assert "every Thursday" in shown and shown.count("?series=") == 3


def test_what_was_typed_into_a_series_is_kept_when_it_is_refused(as_chair):
    fields = {"name": "NET board", "weekday": 3, "starts_at": "half past", "planned_minutes": 90, "every_weeks": 1}
    response = as_chair.post(reverse("board:series_new"), fields | seat_fields("Pathology"))
    assert response.status_code == 422 and not MeetingSeries.objects.exists()
    assert 'value="half past"' in text(response) and 'value="Pathology"' in text(response)


def test_a_meeting_of_a_series_is_planned_on_the_day_offered(as_chair, chair):
    series = make_series(chair)
    address = f"{reverse('board:meeting_new')}?series={series.pk}"
    form = as_chair.get(address).context["form"]
    day = form.initial["day"]
    assert day.weekday() == series.weekday and day > timezone.localdate()
    fields = {"title": "NET board", "day": day.isoformat(), "time": "15:30", "planned_minutes": 60, "place": "Room 2"}
    fields |= {f"quorum_{n}": group for n, group in enumerate(series.quorum, 1)}
    response = as_chair.post(address, fields | seat_fields("Pathology"))
    made = Meeting.objects.get()
    assert response["Location"] == page(made) and made.series == series
    assert timezone.localtime(made.starts_at).time() == dt.time(15, 30)
    assert [seat.name for seat in made.attendance.all()] == ["Pathology"]


def test_changing_a_meeting_shows_a_conflict_and_keeps_what_was_typed(as_chair, meeting):
    address = reverse("board:meeting_edit", args=[meeting.pk])
    assert len(as_chair.get(address).context["form"].quorum_fields) == GROUPS
    at = timezone.localtime(meeting.starts_at)
    fields = {"title": "NET board", "day": at.date().isoformat(), "time": f"{at:%H:%M}", "planned_minutes": 60}
    fields |= seat_fields("Pathology") | {"version": meeting.version + 3, "place": "Attic"}
    refused = as_chair.post(address, fields)
    assert refused.status_code == 422 and "The agenda was changed" in text(refused) and "Attic" in text(refused)
    assert as_chair.post(address, fields | {"version": meeting.version}).status_code == 302
    assert Meeting.objects.get(pk=meeting.pk).place == "Attic"


# --- the builder -----------------------------------------------------------------------------------


def test_a_case_is_added_by_its_number(as_chair, meeting, chair):
    patient = make_patient(chair)
    fields = {"case_number": patient.case_number, "lane": "discuss", "question": "Surgery?"}
    assert post(as_chair, meeting, "list", **fields).status_code == 302
    shown = text(as_chair.get(page(meeting)))
    assert f'href="{reverse("board:patient", args=[patient.case_number])}"' in shown and "Surgery?" in shown
    assert "Labs missing" in shown and "Not pre-read" in shown
    assert "mailto:" in shown and patient.case_number not in shown.split("subject=")[1].split("body=")[0]


def test_a_case_that_is_not_ready_asks_for_question_or_reason(as_chair, meeting, chair):
    patient = make_patient(chair)
    fields = {"case_number": patient.case_number, "lane": "discuss"}
    refused = post(as_chair, meeting, "list", **fields)
    assert refused.status_code == 422 and "Question: missing" in text(refused)
    assert "not ready" in text(refused) and not AgendaItem.objects.exists()
    assert post(as_chair, meeting, "list", **fields, reason="urgent").status_code == 302
    assert "Listed all the same: urgent" in text(as_chair.get(page(meeting)))


def test_a_case_nobody_may_see_and_one_that_is_not_there_are_refused_alike(as_chair, meeting):
    foreign = make_patient()
    said = [
        text(post(as_chair, meeting, "list", case_number=number, lane="discuss")).replace(number, "")
        for number in (foreign.case_number, "T-NONE")
    ]
    assert "There is no such case that you may see." in said[0]
    assert len(said[0]) == len(said[1])


def test_drag_and_drop_is_stored_and_a_conflict_is_told(as_chair, meeting, chair):
    a, b = (make_item(meeting, make_patient(chair), chair) for _ in range(2))
    fields = {"do": "arrange", "version": meeting.version, "discuss": [b.pk], "noting": [a.pk]}
    stored = as_chair.post(agenda(meeting), fields, **JSON)
    assert stored.json() == {"version": meeting.version + 1}
    a.refresh_from_db()
    assert a.lane == "noting"
    again = as_chair.post(agenda(meeting), fields, **JSON)
    assert again.status_code == 409
    answer = again.json()
    assert answer["code"] == "conflict" and answer["version"] == meeting.version + 1 and "changed by" in answer["said"]


def test_a_conflict_of_a_plain_form_shows_what_stands_and_what_was_typed(as_chair, meeting, chair):
    item = make_item(meeting, make_patient(chair), chair, question="Theirs?")
    fields = {"do": "edit", "version": meeting.version + 9, "item": item.pk, "question": "Mine?", "minutes": "7"}
    shown = as_chair.post(agenda(meeting), fields)
    assert shown.status_code == 409
    assert "Not stored: the agenda has changed." in text(shown) and "Theirs?" in text(shown) and "Mine?" in text(shown)


@pytest.mark.parametrize(
    ("do", "fields", "said"),
    [
        ("edit", {"minutes": "many"}, "whole minutes"),
        ("edit", {"minutes": "10", "question": ""}, "needs a question"),
        ("move", {"to": "sideways"}, "cannot be moved"),
        ("dance", {}, "does not say what to do"),
    ],
)
def test_what_cannot_be_stored_is_said_in_json_too(as_chair, meeting, chair, do, fields, said):
    item = make_item(meeting, make_patient(chair), chair)
    body = {"do": do, "version": meeting.version, "item": item.pk} | fields
    refused = as_chair.post(agenda(meeting), body, **JSON)
    assert refused.status_code == 422 and refused.json()["code"] == "invalid"
    assert said in str(refused.json()["errors"])


def test_buttons_move_note_and_put_back(as_chair, meeting, chair):
    a, b = (make_item(meeting, make_patient(chair), chair) for _ in range(2))
    post(as_chair, meeting, "move", item=b.pk, to="up")
    b.refresh_from_db()
    assert b.position == 1
    as_chair.post(reverse("board:item_postpone", args=[a.pk]), {"reason": "no images"})
    assert "no images" in text(as_chair.get(page(meeting)))
    post(as_chair, meeting, "put_back", item=a.pk)
    a.refresh_from_db()
    assert a.state == "listed"
    post(as_chair, meeting, "take_off", item=a.pk)
    a.refresh_from_db()
    assert a.state == "removed"


def test_freezing_marks_what_comes_later(as_chair, meeting, chair):
    assert as_chair.post(reverse("board:meeting_freeze", args=[meeting.pk]), {"version": "1"}).status_code == 302
    patient = make_patient(chair)
    post(as_chair, meeting, "list", case_number=patient.case_number, lane="noting", question="Surveillance")
    shown = text(as_chair.get(page(meeting)))
    assert "added after freeze" in shown and "agenda frozen" in shown and "No reviewer named" in shown


def test_a_case_on_another_open_agenda_is_told(as_chair, meeting, chair):
    patient = make_patient(chair)
    make_item(make_meeting(chair, title="Liver board"), patient, chair)
    make_item(meeting, patient, chair)
    assert "also on Liver board" in text(as_chair.get(page(meeting)))


def test_the_third_listing_in_a_row_is_amber(as_chair, meeting, chair):
    make_item(meeting, make_patient(chair), chair, times_postponed=2)
    assert '<span class="chip chip-caution">listed for the 3rd time</span>' in text(as_chair.get(page(meeting)))


# --- while it runs, and after ----------------------------------------------------------------------


def test_start_with_the_seats_ticked_and_attendance_afterwards(as_chair, meeting):
    seats = list(meeting.attendance.all())
    start = reverse("board:meeting_start", args=[meeting.pk])
    started = as_chair.post(start, {"chosen": "1", "present": [seat.pk for seat in seats[:4]]}, **JSON).json()
    assert started["state"] == "running" and started["quorum"]["light"] == "amber"
    address = reverse("board:meeting_attendance", args=[meeting.pk])
    told = as_chair.post(address, {"seat": seats[4].pk, "state": "present"}, **JSON).json()
    assert told["quorum"]["light"] == "green" and told["state"] == "present"
    assert as_chair.post(address, {"seat": "9" * 30, "state": "present"}, **JSON).status_code == 422


def test_notes_are_private_unless_they_are_for_the_minutes(client, meeting, chair):
    clinician = make_user("clinician")
    item = make_item(meeting, make_patient(chair), chair)
    AccessGrant.objects.create(patient=item.patient, user=clinician, kind="care_team")
    address = reverse("board:item_note", args=[item.pk])
    client.force_login(clinician)
    assert client.post(address, {"text": "mine"}, **JSON).json()["is_private"] is True
    assert client.post(address, {"text": "all", "private": "0"}, **JSON).status_code == 403
    client.force_login(chair)
    assert client.post(address, {"text": "for all", "private": "false"}, **JSON).status_code == 200
    shown = text(client.get(page(meeting)))
    assert "for all" in shown and "mine" not in shown
    assert PrivateNote.objects.get().user == clinician


def test_a_note_written_over_another_one_is_answered_with_the_other_text(as_chair, meeting, chair):
    item = make_item(meeting, make_patient(chair), chair, minuted="liver first")
    address = reverse("board:item_note", args=[item.pk])
    sent = {"text": "bone first", "private": "0", "base": ""}
    answer = as_chair.post(address, sent, **JSON)
    assert (answer.status_code, answer.json()["code"], answer.json()["theirs"]) == (409, "conflict", "liver first")
    shown = as_chair.post(address, sent)
    assert shown.status_code == 409 and "liver first" in text(shown) and "bone first" in text(shown)
    assert as_chair.post(address, sent | {"base": "liver first"}, **JSON).status_code == 200


def test_a_cancelled_meeting_says_so_and_can_only_be_read(as_chair, meeting, chair):
    make_item(meeting, make_patient(chair), chair)
    as_chair.post(reverse("board:meeting_cancel", args=[meeting.pk]), {"reason": "snow"})
    shown = text(as_chair.get(page(meeting)))
    assert "cancelled" in shown and "Start the meeting" not in shown and "Freeze agenda" not in shown
    assert "cancelled" in text(as_chair.get(reverse("board:meetings")))


def test_a_closed_meeting_is_shown_and_not_changed(as_chair, meeting, chair):
    make_item(meeting, make_patient(chair), chair, state="postponed", state_reason="no images")
    Meeting.objects.filter(pk=meeting.pk).update(state="closed", started_at=timezone.now(), closed_at=timezone.now())
    shown = text(as_chair.get(page(meeting)))
    assert "it can be read, not changed" in shown and "no images" in shown
    assert "Freeze agenda" not in shown and "Put back" not in shown
    assert post(as_chair, meeting, "list", case_number="x", lane="discuss").status_code == 422


def test_readers_see_the_agenda_without_its_tools_and_without_cases_of_others(client, meeting, chair):
    observer = make_user("observer")
    shared, hidden = make_patient(chair), make_patient(chair)
    make_item(meeting, shared, chair, question="Shared question")
    make_item(meeting, hidden, chair, question="Hidden question")
    AccessGrant.objects.create(patient=shared, user=observer, kind="care_team")
    client.force_login(observer)
    shown = text(client.get(page(meeting)))
    assert "Shared question" in shown and "Hidden question" not in shown and hidden.case_number not in shown
    assert "1 more case on this agenda is not shared with you." in shown
    assert "Freeze agenda" not in shown and "Proposals" not in shown and "<select" not in shown


def test_the_page_of_a_case_says_where_it_is_listed_and_lists_it(as_chair, meeting, chair):
    patient = make_patient(chair)
    address = reverse("board:patient", args=[patient.case_number])
    assert "List for a meeting" in text(as_chair.get(address))
    fields = {"meeting": meeting.pk, "lane": "discuss", "reason": "urgent", "next": address}
    listed = as_chair.post(reverse("board:list_case", args=[patient.case_number]), fields)
    assert listed["Location"] == address
    shown = text(as_chair.get(address))
    assert page(meeting) in shown and "List for another meeting" not in shown


def test_nobody_is_sent_to_another_host(as_chair, meeting, chair):
    patient = make_patient(chair)
    fields = {"meeting": meeting.pk, "lane": "noting", "reason": "x", "next": "https://evil.example/"}
    listed = as_chair.post(reverse("board:list_case", args=[patient.case_number]), fields)
    assert listed["Location"] == page(meeting)


def test_the_number_of_queries_grows_by_one_chart_a_case(as_chair, meeting, chair, django_assert_max_num_queries):
    for _ in range(4):
        patient = make_patient(chair)
        list_case(by=chair, meeting=meeting, patient=patient, lane="discuss", question="Surgery?")
    with django_assert_max_num_queries(4 + 40):
        as_chair.get(page(meeting))
