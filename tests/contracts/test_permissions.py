"""Every route x every role and nobody x own and another's objects x GET and POST: allowed as written, nothing leaks."""

import json
import re
import uuid
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from patients.domain.roles import Role
from patients.services import revoke_access
from tests.contracts.reads import Watched, body_of
from tests.contracts.routes import DISPLAY_ROUTES, ENDS, PUBLIC, ROUTES, STREAMS, Rule
from tests.contracts.world import World, make_world
from tests.parts import every
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
CANARY = "ZQCANARY"
CASES = [(name, rule) for name, rules in ROUTES.items() for rule in rules]
IDS = [f"{name}-{rule.about or 'page'}" for name, rule in CASES]
REFUSED = {403, 404}
# The second engine answers every sixth with make test, and all with make proofs: who may see what is asked by few queries.
ASKED = every(6, CASES, pytest.mark.one_engine)


def all_routes(patterns=None, namespace: str = "") -> dict[str, str]:
    """Name of every route -> module of its view."""
    found = {}
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            found |= all_routes(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            found[f"{namespace}{pattern.name or pattern.pattern}"] = pattern.callback.__module__
    return found


def unlisted(routes: dict[str, str]) -> list[str]:
    """Routes nobody has decided about. The sign-in pages are allauth's; the admin has its own test."""
    ours = {n for n, module in routes.items() if not module.startswith("allauth.") and not n.startswith("admin:")}
    return sorted(ours - ROUTES.keys() - PUBLIC - DISPLAY_ROUTES - STREAMS - ENDS)


def test_every_route_is_in_the_manifest():
    assert unlisted(all_routes()) == []
    assert set(ROUTES) <= set(all_routes()), "the manifest names a route that is gone"


def test_a_new_route_without_an_entry_would_be_found():
    assert unlisted(all_routes() | {"board:export": "board.views"}) == ["board:export"]


@dataclass(frozen=True)
class Inhabited:
    """Somebody of every role with a world of their own, and one whose objects are nobody else's business."""

    clients: dict[Role, Client]
    own: dict[Role, World]
    others: World


@pytest.fixture(scope="module")
def inhabited(once):
    own = {role: make_world(f"OWN{n}X", make_user(role.value)) for n, role in enumerate(Role)}
    clients = {role: Client() for role in Role}
    for role, client in clients.items():
        client.force_login(own[role].owner)
    return Inhabited(clients, own, make_world(CANARY, make_user("nuclear_medicine")))


@pytest.fixture
def others(inhabited, db):
    return inhabited.others


def ask(client, method: str, name: str, kwargs: dict):
    """Each answer is also held against the trail: it names whom the answer was about, and nobody else."""
    with Watched() as watched:
        response = getattr(client, method)(reverse(name, kwargs=kwargs))
    assert not (said := watched.differences(name, response)), f"{method} {name}: {said}"
    return response


def text_of(response) -> str:
    body = body_of(response)
    headers = {name: value for name, value in response.headers.items() if name != "X-Request-ID"}  # random digits
    return body.decode("utf-8", "replace") + str(headers)


def roles_for(rule: Rule, method: str):
    return rule.get if method == "get" else rule.post


@pytest.mark.parametrize(("name", "rule"), ASKED, ids=IDS)
def test_own_objects_by_role(inhabited, name, rule):
    for role, own in inhabited.own.items():
        client = inhabited.clients[role]
        for method in ("get", "post"):
            allowed = roles_for(rule, method)
            status = ask(client, method, name, own.kwargs(rule.about)).status_code
            where = f"{method} {name} as {role}: {status}"
            if allowed is None:
                assert status in {403, 404, 405}, where
            elif role not in allowed:
                assert status in REFUSED, where
            else:
                assert status < 500, where
                assert status not in ({403, 405} if rule.may_be_missing else {403, 404, 405}), where


@pytest.mark.parametrize(("name", "rule"), ASKED, ids=IDS)
def test_objects_of_others_are_not_there(inhabited, others, name, rule):
    for role, client in inhabited.clients.items():
        for method in ("get", "post"):
            response = ask(client, method, name, others.kwargs(rule.about))
            where = f"{method} {name} as {role}: {response.status_code}"
            if rule.about and role not in rule.others:
                assert response.status_code in {403, 404, 405}, where
            if role not in rule.others:
                assert CANARY not in text_of(response).replace(reverse(name, kwargs=others.kwargs(rule.about)), ""), (
                    where
                )
                assert "1901" not in text_of(response), where


@pytest.mark.parametrize(("name", "rule"), CASES, ids=IDS)
def test_nobody_is_sent_to_sign_in(client, others, name, rule):
    for method in ("get", "post"):
        response = ask(client, method, name, others.kwargs(rule.about))
        assert response.status_code == 302 and response["Location"].startswith("/accounts/login/"), f"{method} {name}"


@pytest.mark.parametrize(("name", "rule"), [c for c in CASES if c[1].about], ids=[i for i in IDS if "-page" not in i])
def test_invisible_and_absent_are_alike(inhabited, others, name, rule):
    client = inhabited.clients[Role.NUCLEAR_MEDICINE]
    absent = {"case_number": "NO-SUCH"} if rule.about == "case_number" else {"pk": uuid.uuid4()}
    absent = others.kwargs(rule.about) | absent
    if Role.NUCLEAR_MEDICINE in rule.others:
        pytest.skip("this role resolves identities of imports without a case")
    for method in ("get", "post"):
        seen = []
        for kwargs in (others.kwargs(rule.about), absent):
            response = ask(client, method, name, kwargs)
            same = text_of(response).replace(str(next(iter(kwargs.values()))), "")
            seen.append((response.status_code, len(same)))
        assert seen[0] == seen[1], f"{method} {name}"


NAMED = re.compile(r"""(?:POST(?:\.get|\.getlist)?[(\[]|body(?:\.get)?[(\[]|said\()\s*["'](\w+)["']""")
POSTED = [c for c in CASES if c[1].post]


def fields_read() -> set[str]:
    """Names of texts that any view reads without a form."""
    found = {"text", "reason", "values"}
    for room in ("board", "imaging", "patients"):
        for file in (settings.BASE_DIR / room).rglob("*.py"):
            found |= set(NAMED.findall(file.read_text()))
    return found


@pytest.mark.parametrize(("name", "rule"), POSTED, ids=[i for i, c in zip(IDS, CASES, strict=True) if c[1].post])
def test_no_text_with_a_nul_character_is_taken(inhabited, name, rule):
    role = sorted(rule.post)[0]
    client, own = inhabited.clients[role], inhabited.own[role]
    address = reverse(name, kwargs=own.kwargs(rule.about))
    sent = dict.fromkeys(sorted(fields_read()), "a\x00b")
    for how in ({"data": sent}, {"data": json.dumps(sent), "content_type": "application/json"}):
        answer = client.post(address, **how)
        if getattr(resolve(address).func, "csrf_exempt", False):
            assert answer.status_code < 500, name
            continue
        assert answer.status_code == 400 and "(NUL, code 0)" in answer.content.decode(), (name, answer.status_code)


def test_the_words_for_a_nul_character_in_json_are_a_text(inhabited):
    client, address = inhabited.clients[Role.DATA_ENTRY], reverse("board:entry_paste")
    for text, status in (("a\\u0000b", 200), ("a\\\x00b", 400), ("a\x00b", 400)):
        assert client.post(address, {"text": text}, content_type="application/json").status_code == status, text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_a_nul_character_in_json_is_seen_in_every_encoding_that_json_has(inhabited, encoding):
    client, address = inhabited.clients[Role.DATA_ENTRY], reverse("board:entry_paste")
    for text, status in (("a\x00b", 400), ("a\\u0000b", 200), ("plain", 200)):
        body = json.dumps({"text": text}).encode(encoding)
        assert client.post(address, body, content_type="application/json").status_code == status, (encoding, text)


def test_an_account_that_was_closed_is_nobody(client):
    user = make_user("nuclear_medicine")
    own = make_world("OWN", user)
    client.force_login(user)
    user.is_active = False
    user.save()
    response = client.get(reverse("imaging:scan", kwargs=own.kwargs("scan")))
    assert response.status_code == 302


def test_a_grant_that_ended_hides_the_case(client):
    user = make_user("nuclear_medicine")
    own = make_world("OWN", user)
    client.force_login(user)
    address = reverse("imaging:scan", kwargs=own.kwargs("scan"))
    assert client.get(address).status_code == 200
    for grant in own.patient.grants.filter(user=user):
        revoke_access(grant, by=user, reason="test")
    assert client.get(address).status_code == 404


def test_forms_without_their_token_are_refused(inhabited):
    strict = Client(enforce_csrf_checks=True)
    own = inhabited.own[Role.NUCLEAR_MEDICINE]
    strict.force_login(own.owner)
    for name, rule in CASES:
        if rule.post and Role.NUCLEAR_MEDICINE in rule.post:
            assert strict.post(reverse(name, kwargs=own.kwargs(rule.about))).status_code == 403, name
