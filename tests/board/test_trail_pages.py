"""Who saw this patient, and the trail over all cases: whom it shows what, its pages and its files."""

import csv
import datetime as dt
import io
import json
import uuid

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from board.models import Display
from board.pairing import pair
from board.screen import command
from patients.domain.spreadsheet import neutral
from patients.models import AccessEvent
from patients.services import grant_access, update_patient
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", " =1"]


@pytest.fixture
def coordinator():
    return make_user("coordinator", first_name="Cora", last_name="Dinat")


@pytest.fixture
def case(coordinator):
    found = make_patient(by=coordinator, case_number="TR-1", centre="CENTRE-VALUE")
    grant_access(by=coordinator, patient=found, kind="care_team", user=coordinator)
    return found


@pytest.fixture
def other_case():
    return make_patient(case_number="TR-2")


def visit(client, user, case, times=1):
    client.force_login(user)
    for _ in range(times):
        assert client.get(reverse("board:patient", args=[case.case_number])).status_code == 200


def test_who_saw_this_patient_by_person_and_day(client, case, coordinator):
    reader = make_user("observer", first_name="Olga", last_name="Bserv")
    grant_access(by=coordinator, patient=case, kind="board", user=reader)
    visit(client, reader, case, 2)
    visit(client, coordinator, case)
    page = client.get(reverse("board:patient", args=["TR-1"]), {"tab": "audit"}).content.decode()
    assert "Who saw this patient" in page and "Olga Bserv" in page and "show 2" in page
    day = timezone.localdate(AccessEvent.objects.last().at)
    address = f"?tab=audit&person={reader.pk}&day={day}&shows=reads"
    opened = client.get(reverse("board:patient", args=["TR-1"]) + address).content.decode()
    assert opened.count("<td>page of the case</td>") == 2 and "Who changed" not in opened


def test_writes_are_narrowed_in_the_same_way(client, case, coordinator):
    client.force_login(coordinator)
    other = make_user("coordinator", first_name="Otto", last_name="Her")
    grant_access(by=coordinator, patient=case, kind="care_team", user=other)
    update_patient(case, by=other, reason="moved", centre="elsewhere")
    address = reverse("board:patient", args=["TR-1"])
    assert "elsewhere" in client.get(address, {"tab": "audit"}).content.decode()
    mine = client.get(address, {"tab": "audit", "person": str(coordinator.pk)}).content.decode()
    assert "elsewhere" not in mine
    nonsense = {"tab": "audit", "person": "²", "from": "x", "page": "9" * 9, "day": "2026-99-99"}
    assert client.get(address, nonsense).status_code == 200


def test_a_write_names_people_and_minutes_not_keys(client, case, coordinator):
    """A granted access holds two people, a moment and, for a meeting, its key in the reason."""
    client.force_login(coordinator)
    reader, meeting = make_user("observer", first_name="Olga", last_name="Bserv"), uuid.uuid4()
    until = timezone.now() + dt.timedelta(days=3)
    grant = {"kind": "board", "user": reader, "until": until, "reason": f"agenda of meeting {meeting}"}
    grant_access(by=coordinator, patient=case, **grant)
    page = client.get(reverse("board:patient", args=["TR-1"]), {"tab": "audit"}).content.decode()
    writes = page.partition("Who changed this patient")[2]
    assert "user: Olga Bserv" in writes and "granted by: Cora Dinat" in writes
    assert f"until: {timezone.localtime(until):%Y-%m-%d %H:%M}<" in writes
    assert f"agenda of meeting {str(meeting)[:8]}…" in writes and str(meeting) not in writes


def test_an_administrator_sees_every_case_and_no_value(client, case, other_case):
    client.force_login(make_user("system_admin"))
    page = client.get(reverse("board:trail")).content.decode()
    assert "TR-1" in page and "TR-2" in page and "CENTRE-VALUE" not in page
    assert reverse("board:patient", args=["TR-1"]) not in page


def test_a_coordinator_sees_the_cases_they_may_read(client, case, other_case, coordinator):
    client.force_login(coordinator)
    page = client.get(reverse("board:trail")).content.decode()
    assert "TR-1" in page and "TR-2" not in page
    found = client.get(reverse("board:trail_csv")).content.decode("utf-8-sig")
    assert "TR-1" in found and "TR-2" not in found


def test_paging_shows_every_line_once(client, case, coordinator, monkeypatch):
    visit(client, coordinator, case, 7)
    from patients import trail_lines

    wanted, seen, before = trail_lines.Wanted(case_number="TR-1"), [], ""
    while True:
        found, before = trail_lines.lines(coordinator, wanted, before=before, most=3)
        seen += [line.key for line in found]
        if not before:
            break
    whole, _ = trail_lines.lines(coordinator, wanted, most=500)
    assert seen == [line.key for line in whole] and len(set(seen)) == len(seen) > 8


@pytest.mark.parametrize(
    "query", [{"user": "x"}, {"from": "x"}, {"before": "x~w"}, {"before": "2026-01-01~w1"}, {"sort": "x"}]
)
def test_nonsense_in_the_address_is_no_error(client, coordinator, case, query):
    client.force_login(coordinator)
    assert client.get(reverse("board:trail"), query).status_code == 200


def test_looking_into_the_trail_is_in_the_trail(client, case, coordinator):
    client.force_login(coordinator)
    client.get(reverse("board:trail"))
    client.get(reverse("board:trail_atna"))
    rows = AccessEvent.objects.filter(user=coordinator, patient=case)
    assert {"trail_read", "trail_export"} <= set(rows.values_list("kind", flat=True))


def test_files_in_three_forms(client, case, coordinator):
    visit(client, coordinator, case)
    rows = list(csv.reader(io.StringIO(client.get(reverse("board:trail_csv")).content.decode("utf-8-sig"))))
    assert rows[0][0] == "at" and any(row[4] == "TR-1" and row[5] == "page" for row in rows[1:])
    xml = etree.fromstring(client.get(reverse("board:trail_atna")).content)
    assert len(xml.findall("AuditMessage")) >= len(rows) - 1
    bundle = json.loads(client.get(reverse("board:trail_fhir")).content)
    kinds = {entry["resource"]["type"]["code"] for entry in bundle["entry"]}
    assert bundle["resourceType"] == "Bundle" and "110110" in kinds


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_only_text(text):
    assert neutral(text).startswith("'")


def test_ordinary_text_stays_as_it_is():
    assert neutral("Case TR-1, 2026-05-04") == "Case TR-1, 2026-05-04"


def test_signing_in_failing_and_leaving_are_in_the_trail(client, settings):
    user = make_user("clinician", username="somebody")
    sign_in = reverse("account_login")
    client.post(sign_in, {"login": "somebody", "password": "wrong-wrong-wrong"})
    client.post(sign_in, {"login": "nobody-of-this-name", "password": "wrong-wrong-wrong"})
    client.post(sign_in, {"login": "somebody", "password": "not-a-real-password"}, REMOTE_ADDR="192.0.2.9")
    client.post(reverse("account_logout"))
    rows = list(AccessEvent.objects.order_by("id").values_list("kind", "user", "address"))
    assert ("sign_in_failed", user.pk, "127.0.0.1") in rows and ("sign_in_failed", None, "127.0.0.1") in rows
    assert ("sign_in", user.pk, "192.0.2.9") in rows and rows[-1][0] == "sign_out"
    assert "nobody-of-this-name" not in str(list(AccessEvent.objects.values()))


def test_a_lock_out_is_in_the_trail(client, settings):
    settings.AXES_FAILURE_LIMIT = 2
    make_user("clinician", username="somebody")
    for _ in range(3):
        client.post(reverse("account_login"), {"login": "somebody", "password": "wrong-wrong-wrong"})
    assert AccessEvent.objects.filter(kind="locked_out").exists()


def test_what_a_room_is_shown_is_read_by_its_display(case):
    chair = make_user("chair")
    grant_access(by=chair, patient=case, kind="care_team", user=chair)
    meeting = make_meeting(chair, state="running")
    item = make_item(meeting, case, chair, question="Treat?")
    device = Client()
    device.get(reverse("board:display"))
    display = pair(by=chair, meeting=meeting, code=Display.objects.get().code)
    device.get(reverse("board:display"))
    assert not AccessEvent.objects.filter(patient=case).exists(), "a card names nobody"
    command(by=chair, meeting=meeting, action="show", value=str(item.pk), window="w")
    for address in (reverse("board:display"), reverse("board:display_frame", args=[item.pk, "overview"])):
        assert device.get(address).status_code == 200
    device.get(reverse("board:display_state"))
    rows = list(AccessEvent.objects.filter(patient=case).values_list("kind", "user", "device"))
    assert rows == [("display", None, f"display {display.pk} of meeting {meeting.pk}")] * 2


def test_a_command_that_hands_a_case_out_is_a_read(case, capsys):
    call_command("export_fhir", case.case_number)
    row = AccessEvent.objects.get(patient=case)
    assert (row.kind, row.route, row.device, row.user) == ("export", "export_fhir", "command line of the server", None)


def test_words_of_the_page_are_found_when_they_are_typed(client, case, coordinator):
    visit(client, coordinator, case)
    for word, shown in (("page of the case", "page of the case"), ("gave access", "Gave access")):
        assert shown in client.get(reverse("board:trail"), {"word": word}).content.decode().split("Newest first")[1]
    assert "Nothing in the trail fits" in client.get(reverse("board:trail"), {"word": "grants_axess"}).content.decode()
