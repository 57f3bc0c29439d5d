"""Documents over HTTP: each sees his own cases in them, a code leads to what was signed, a record keeps its schema."""

import json
from io import StringIO

import jsonschema
import pytest
from django.core.management import call_command
from django.db.models import QuerySet
from django.urls import reverse

from board.append_only import lifted
from board.chain import link_of, verification_code
from board.decision_record import decision_record
from board.decision_schema import decision_schema
from board.follow_up import follow_up
from board.models import BoardDecision, ChainLink, Meeting
from board.verifying import CHANGED, NOT_FOUND, OTHER_HASH, TOO_SHORT, checked
from patients.services import grant_access
from tests.board.test_minutes import SIGNED, board, chair, closed, decide, squeezed, text_of_pdf  # noqa: F401
from tests.conftest import REPOSITORY
from tests.patients.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
SCHEMA = REPOSITORY / "docs" / "schemas" / "decision.schema.json"


def ask(client, name, pk, **query):
    return client.get(reverse(f"board:{name}", args=[pk]), query)


@pytest.fixture
def signed(closed, board):  # noqa: F811
    return board[1].decisions.get()


def test_closing_over_http_says_what_is_open_and_then_closes(client, board, chair):  # noqa: F811
    meeting, discussed, second, noted = board
    client.force_login(chair)
    address = reverse("board:meeting_close", args=[meeting.pk])
    refused = client.post(address, headers={"accept": "application/json"})
    assert refused.status_code == 422 and refused.json()["code"] == "open"
    assert [case["case"] for case in refused.json()["cases"]] == ["0001", "0777", "0888"]
    page = client.post(address)
    assert page.status_code == 422 and "Case 0777 has no decision" in page.content.decode()
    decide(discussed, chair)
    QuerySet(type(second)).filter(pk__in=[second.pk, noted.pk]).update(state="postponed", state_reason="later")
    told = client.post(address, headers={"accept": "application/json"}).json()
    minutes = Meeting.objects.get(pk=meeting.pk).minutes.get()
    assert told == {"minutes": str(minutes.pk), "version": 1, "verification": verification_code(link_of(minutes))}
    assert client.post(address)["Location"] == reverse("board:minutes", args=[meeting.pk])


def test_what_keeps_a_meeting_open_names_no_case_of_others(client, board):  # noqa: F811
    stranger = make_user("coordinator")
    client.force_login(stranger)
    address = reverse("board:meeting_close", args=[board[0].pk])
    told = client.post(address, headers={"accept": "application/json"}).json()
    assert (told["cases"], told["hidden"]) == ([], 3)
    assert "0777" not in client.post(address).content.decode()


def test_every_document_of_a_meeting_leaves_out_the_cases_of_others(client, closed, board):  # noqa: F811
    reader = make_user("clinician")
    grant_access(by=make_user("coordinator"), patient=board[2].patient, kind="care_team", user=reader)
    client.force_login(reader)
    for name in ("minutes", "minutes_text", "pack_text"):
        said = ask(client, name, board[0].pk).content.decode()
        assert "0777" in said and "EXTRACT" in said, name
        assert "0001" not in said and SIGNED["text"] not in said and "0888" not in said, name
    for name in ("minutes_pdf", "pack_pdf"):
        said = text_of_pdf(ask(client, name, board[0].pk).content)
        assert "0777" in said and "0001" not in said and "EXTRACT" in said, name


def test_minutes_can_be_corrected_on_their_page_and_both_versions_read(client, closed, board, chair):  # noqa: F811
    client.force_login(chair)
    address = reverse("board:minutes_correct", args=[board[0].pk])
    form = {"version": "1", "reason": "typing error", f"note-{board[1].pk}": "Better words.", "seat-Seat 5": "left"}
    assert client.post(address, form | {"reason": ""}).status_code == 422
    assert client.post(address, form).status_code == 302
    assert client.post(address, form).status_code == 409
    assert "Better words." in ask(client, "minutes", board[0].pk).content.decode()
    first = ask(client, "minutes", board[0].pk, version="1").content.decode()
    assert "Better words." not in first and "was corrected" in first
    assert ask(client, "minutes_pdf", board[0].pk, version="3").status_code == 404


def test_a_refused_correction_keeps_what_was_typed_beside_what_the_minutes_say(client, closed, board, chair):  # noqa: F811
    client.force_login(chair)
    address = reverse("board:minutes_correct", args=[board[0].pk])
    note = f"note-{board[1].pk}"
    client.post(address, {"version": "1", "reason": "theirs", note: "Their words.", "seat-Seat 5": "left"})
    mine = {"version": "1", "reason": "mine", note: "My words.", "seat-Seat 5": "apology"}
    refused = client.post(address, mine)
    said = refused.content.decode()
    assert refused.status_code == 409
    assert f'name="{note}" rows="2" maxlength="4000">My words.</textarea>' in said
    assert "Version 2 says: <q>Their words.</q>" in said and "Version 2 says: left" in said
    assert '<option value="apology" selected>' in said and 'value="mine"' in said
    assert "says:" not in ask(client, "minutes", board[0].pk).content.decode()


def test_a_letter_is_about_one_patient_and_says_why_and_what_is_open(client, signed, chair):  # noqa: F811
    client.force_login(chair)
    text, link = ask(client, "letter_text", signed.pk).content.decode(), link_of(signed)
    said = (
        "To the treating physician of case 0001",
        "NOT YET: PRRT not now; repeat the SSTR PET.",
        "SSTR PET/CT, within 12 weeks",
        "cannot determine under lutathera-smpc-eu v2024-05.2",
        "hypersensitivity to the product",
        "Whom to ask",
        "Every criterion when it was signed".upper(),
        verification_code(link),
        link.content_hash,
        "not a certified medical device",
    )
    first, second = (ask(client, "letter_pdf", signed.pk).content for _ in range(2))
    assert first == second
    for words in said:
        assert words in text, words
        assert squeezed(words) in squeezed(text_of_pdf(first)), words
    assert "0777" not in text and "0888" not in text and "REPLACED" not in text


def test_the_letter_of_a_replaced_decision_says_so_on_every_page(client, signed, board, chair):  # noqa: F811
    BoardDecision.objects.create(
        patient=signed.patient, decided_on=signed.decided_on, outcome="treat", text="x", owner="x",
        recorded_by=chair, supersedes=signed,
    )  # fmt: skip
    client.force_login(chair)
    pages = text_of_pdf(ask(client, "letter_pdf", signed.pk).content)
    assert pages.count("THIS DECISION HAS BEEN REPLACED") == pages.count("page ")


def test_a_code_or_a_hash_leads_to_what_was_signed(signed, closed, chair):  # noqa: F811
    link = link_of(signed)
    code = verification_code(link)
    for typed in (code, code.lower().replace("-", " "), link.content_hash):
        found = checked(chair, code=typed)
        assert (found.is_good, found.about, found.code) == (True, signed, code), typed
    assert checked(chair, code="", content_hash=link_of(closed).content_hash).about == closed
    assert checked(chair, code=code, content_hash=link.content_hash.upper()).is_good
    assert checked(chair, code=code, content_hash="0" * 64).said == [OTHER_HASH]
    assert checked(chair, code="7K3M-Q2XD-09TB-5WEZ").said == [NOT_FOUND]
    assert checked(chair, code="7K3M-Q2XD").said == checked(chair, code="?").said == [TOO_SHORT]


def test_a_changed_row_or_link_is_not_good(signed, chair):  # noqa: F811
    link = link_of(signed)
    code = verification_code(link)
    with lifted():
        QuerySet(BoardDecision).filter(pk=signed.pk).update(owner="Somebody else")
    assert checked(chair, code=code).said == [CHANGED]
    with lifted():
        QuerySet(ChainLink).filter(pk=link.pk).update(content_hash="1" * 64)
    assert not checked(chair, code=code).is_good


def test_a_code_tells_a_stranger_that_it_is_good_and_nothing_more(client, signed, closed):  # noqa: F811
    client.force_login(make_user("clinician"))
    said = client.get(reverse("board:verify"), {"code": verification_code(link_of(signed))}).content.decode()
    assert "As it was signed." in said and "not shared with you" in said
    assert "0001" not in said and "chair-of-the-board" not in said


def test_the_record_of_a_decision_keeps_its_documented_schema(client, signed, chair):  # noqa: F811
    out = StringIO()
    call_command("decision", "--schema", stdout=out)
    assert json.loads(SCHEMA.read_text()) == json.loads(out.getvalue()) == decision_schema()
    client.force_login(chair)
    record = ask(client, "decision_json", signed.pk).json()
    validator = jsonschema.Draft202012Validator(decision_schema())
    assert list(validator.iter_errors(record)) == []
    assert record["ground"]["change"]["sentence"] and record["assessments"][0]["rows"]
    assert record["follow_up"] == {"status": "pending", "reason": "", "told_at": None}
    follow_up(by=chair, decision=signed, kind="partly", reason="scan done, letter not")
    told = decision_record(signed)
    assert list(validator.iter_errors(told)) == [] and told["follow_up"]["status"] == "partly"
    assert list(validator.iter_errors(record | {"outcome": {"code": "eligible", "label": "x"}}))


def test_a_decision_from_before_meetings_has_a_valid_record(published):
    user, patient = published
    old = BoardDecision.objects.create(
        patient=patient, decided_on="2026-05-04", outcome="treat", text="x", owner="x", recorded_by=user
    )
    old.refresh_from_db()
    assert list(jsonschema.Draft202012Validator(decision_schema()).iter_errors(decision_record(old))) == []
