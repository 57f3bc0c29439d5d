"""Draft and signature over HTTP: JSON for the console, plain forms where no script runs."""

import pytest
from django.urls import reverse

from board import decision_views
from board.drafts import draft_of, save_draft
from board.models import BoardDecision
from patients.services import grant_access
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_user

CONTENT = {
    "outcome": "more_data",
    "text": "Laboratory values first.",
    "next_step": "labs",
    "interval_days": 7,
    "owner": "Oncology",
    "agreement": "consensus",
}
SECRET = "not-a-real-password"


@pytest.fixture
def item(published, client):
    user, patient = published
    client.force_login(user)
    return make_item(make_meeting(user, state="running"), patient, user)


def post(client, name, item, as_json=True, **sent):
    address = reverse(f"board:{name}", args=[item.pk])
    if not as_json:
        return client.post(address, sent)
    return client.post(address, sent, content_type="application/json", headers={"accept": "application/json"})


def test_a_draft_is_made_on_first_sight_and_saved_under_its_version(client, item):
    seen = client.get(reverse("board:item_draft", args=[item.pk]), headers={"accept": "application/json"}).json()
    assert (seen["version"], seen["content"]["outcome"]) == (0, "")
    saved = post(client, "item_draft", item, version=0, content=CONTENT)
    told = saved.json()
    assert (saved.status_code, told["version"], told["content"]["text"]) == (200, 1, CONTENT["text"])
    assert told["saved_by"] == item.added_by.get_username() and told["saved_at"]


def test_a_conflict_is_answered_with_both_texts(client, item):
    other = make_user("chair", first_name="Another", last_name="Chair")
    grant_access(by=item.added_by, patient=item.patient, user=other, kind="care_team", reason="test")
    save_draft(by=other, item=item, seen_version=draft_of(item).version, content=CONTENT)
    answer = post(client, "item_draft", item, version=0, content={"text": "Treat now."})
    told = answer.json()
    assert (answer.status_code, told["code"], told["version"]) == (409, "conflict", 1)
    assert (told["theirs"]["text"], told["mine"]) == (CONTENT["text"], {"text": "Treat now."})
    assert told["saved_by"] == "Another Chair" and told["saved_at"]


def test_a_save_is_answered_with_what_it_stored_not_with_what_came_after(client, item, monkeypatch):
    def overtaken(**given):
        stored = save_draft(**given)
        save_draft(by=item.added_by, item=item, seen_version=stored.version, content={"text": "Theirs."})
        return stored

    monkeypatch.setattr(decision_views, "save_draft", overtaken)
    told = post(client, "item_draft", item, version=0, content=CONTENT).json()
    assert (told["version"], told["content"]["text"]) == (1, CONTENT["text"])


def test_a_save_sent_twice_is_no_conflict_with_itself(client, item):
    answers = [post(client, "item_draft", item, version=0, content=CONTENT) for _ in range(2)]
    assert [(a.status_code, a.json()["version"]) for a in answers] == [(200, 1), (200, 1)]


def test_what_is_no_part_of_a_decision_is_refused_by_name(client, item):
    answer = post(client, "item_draft", item, version=0, content={"verdict": "x", "interval_days": -1, "text": 7})
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"verdict", "interval_days", "text"}
    assert draft_of(item).version == 0


@pytest.mark.parametrize("body", ["", "[]", "{", '{"version": "x"}'])
def test_a_body_that_is_no_draft_changes_nothing(client, item, body):
    address = reverse("board:item_draft", args=[item.pk])
    headers = {"accept": "application/json"}
    assert client.post(address, body, content_type="application/json", headers=headers).status_code == 409
    assert draft_of(item).version == 0


def test_signing_answers_with_a_code_and_a_repetition_with_the_same(client, item):
    post(client, "item_draft", item, version=0, content=CONTENT)
    answers = [post(client, "item_sign", item, version=1, password=SECRET, key="one") for _ in range(2)]
    told = [answer.json() for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200] and told[0] == told[1]
    assert told[0]["decision"] == str(BoardDecision.objects.get().pk)
    assert told[0]["version"] == 1 and len(told[0]["verification"].split("-")) == 4


def test_what_refuses_a_signature_is_told_apart(client, item):
    post(client, "item_draft", item, version=0, content=CONTENT | {"owner": ""})
    wrong = post(client, "item_sign", item, version=1, password="guess", key="one")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "password")
    missing = post(client, "item_sign", item, version=1, password=SECRET, key="one")
    assert (missing.status_code, list(missing.json()["errors"])) == (422, ["owner"])
    stale = post(client, "item_sign", item, version=0, password=SECRET, key="one")
    assert (stale.status_code, stale.json()["theirs"]["text"]) == (409, CONTENT["text"])
    assert not BoardDecision.objects.exists()


def test_locked_out_by_guessing_the_page_still_says_so_itself(client, item):
    post(client, "item_draft", item, version=0, content=CONTENT)
    answers = [post(client, "item_sign", item, version=1, password="guess", key="one") for _ in range(9)]
    assert {answer.status_code for answer in answers} == {403}
    assert "Too many wrong passwords" in answers[-1].json()["errors"]["password"][0]
    client.logout()
    form = {"login": item.added_by.get_username(), "password": SECRET}
    assert client.post(reverse("account_login"), form).status_code != 302, "signing in is locked as well"


def plain(version, **words):
    return {**CONTENT, "version": version, "key": "one", "has_considered": "1", **words}


def test_without_scripts_it_is_signed_as_typed_and_goes_back(client, item):
    place = reverse("board:patient", args=[item.patient.case_number])
    form = plain(0, considered=["stage", "trial"], password=SECRET, next=place)
    answer = post(client, "item_sign", item, as_json=False, **form)
    assert (answer.status_code, answer["Location"]) == (302, place)
    decision = BoardDecision.objects.get()
    assert (decision.text, decision.considered) == (CONTENT["text"], ["stage", "trial"])
    page = client.get(reverse("board:item_draft", args=[item.pk])).content.decode()
    assert "Verification code" in page and "Amend with a reason" in page


@pytest.mark.parametrize("place", ["https://elsewhere.example/", "//elsewhere.example/", ""])
def test_it_never_sends_to_another_host(client, item, place):
    answer = post(client, "item_draft", item, as_json=False, **plain(0, next=place))
    assert answer["Location"] == reverse("board:item_draft", args=[item.pk])


def test_without_scripts_a_refusal_keeps_the_text_and_names_the_field(client, item):
    answer = post(client, "item_sign", item, as_json=False, **plain(0, text="Typed ≥ once", owner="", password=SECRET))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Typed ≥ once" in page and "Name who sees to it" in page and SECRET not in page


def test_without_scripts_a_conflict_shows_both_texts_and_the_next_save_keeps_mine(client, item):
    save_draft(by=item.added_by, item=item, seen_version=draft_of(item).version, content=CONTENT)
    save_draft(by=item.added_by, item=item, seen_version=1, content={"text": "theirs at last"})
    answer = post(client, "item_draft", item, as_json=False, **plain(1, text="mine all along"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "theirs at last" in page and "mine all along" in page and 'name="version" value="2"' in page
    assert post(client, "item_draft", item, as_json=False, **plain(2, text="mine all along")).status_code == 302
    assert draft_of(item).content["text"] == "mine all along"


def test_a_coordinator_writes_and_cannot_sign(client, item):
    coordinator = make_user("coordinator")
    grant_access(by=item.added_by, patient=item.patient, user=coordinator, kind="care_team", reason="test")
    client.force_login(coordinator)
    assert post(client, "item_draft", item, version=0, content=CONTENT).status_code == 200
    assert post(client, "item_sign", item, version=1, password=SECRET, key="one").status_code == 403
    page = client.get(reverse("board:item_draft", args=[item.pk])).content.decode()
    assert 'type="password"' not in page and "signs it" in page


def test_an_amendment_through_its_page(client, item):
    post(client, "item_draft", item, version=0, content=CONTENT)
    post(client, "item_sign", item, version=1, password=SECRET, key="one")
    first = BoardDecision.objects.get()
    address = reverse("board:amend", args=[first.pk])
    assert CONTENT["text"] in client.get(address).content.decode()
    form = plain(1, key="two", text="With eGFR.", password=SECRET)
    assert client.post(address, form | {"reason": ""}).status_code == 422
    assert client.post(address, form | {"reason": "eGFR", "password": "guess"}).status_code == 403
    assert client.post(address, form | {"reason": "eGFR"}).status_code == 302
    assert BoardDecision.objects.get(supersedes=first).amendment_reason == "eGFR"
    assert client.post(address, form | {"reason": "late", "key": "three"}).status_code == 409
