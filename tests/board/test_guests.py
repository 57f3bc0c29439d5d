"""An observer invited to a meeting: a seat and its cases once the account is made, and nothing before."""

import pytest
from django.urls import reverse

from board.looking import read_news
from patients import services
from patients.models import Invitation, Patient
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
WORDS = "several plain words here"


def news() -> None:
    while read_news():
        pass


@pytest.fixture
def board():
    by = make_user("coordinator")
    patient, meeting = make_patient(by), make_meeting(by)
    make_item(meeting, patient, by, question="Suitable?")
    return by, meeting, patient


def sees(user, patient) -> bool:
    return Patient.objects.visible_to(user).filter(pk=patient.pk).exists()


def test_from_the_page_of_the_meeting_to_its_cases(board, client):
    by, meeting, patient = board
    hidden = make_patient(make_user("coordinator"))
    make_item(meeting, hidden, hidden.recorded_by, question="Not the inviter's")
    client.force_login(by)
    address = f"{reverse('people:invitations')}?meeting={meeting.pk}"
    assert address in client.get(reverse("board:meeting_edit", args=[meeting.pk])).content.decode()
    page = client.get(address).content.decode()
    assert f'value="{meeting.pk}"' in page and "they get a seat" in page
    client.post(address, {"meeting": str(meeting.pk), "first_name": "Guest", "last_name": "One"})
    assert Invitation.objects.get().meeting == meeting.pk
    news()
    assert not meeting.attendance.filter(name="Guest One").exists()
    guest = services.accept_open(Invitation.objects.get(), username="guest", password=WORDS)
    news()
    news()
    assert meeting.attendance.get(user=guest).name == "Guest One"
    assert sees(guest, patient) and not sees(guest, hidden)


@pytest.mark.parametrize("why", ["no meeting", "closed", "not a coordinator's"])
def test_no_seat(board, why):
    by, meeting, patient = board
    inviter = make_user("system_admin") if why == "not a coordinator's" else by
    invitation, _ = services.invite(
        by=inviter, role="observer", meeting=None if why == "no meeting" else meeting.pk, first_name="G"
    )
    if why == "closed":
        type(meeting).objects.filter(pk=meeting.pk).update(state="closed")
    guest = services.accept_open(invitation, username="guest", password=WORDS)
    news()
    assert not guest.attended.exists() and not sees(guest, patient)
