"""The data desk, the sign-in, what is public and what belongs to a room: no method but GET and POST there either."""

import re
import uuid

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import resolve, reverse

from patients.domain.roles import Role
from tests.contracts.addresses import ACCOUNTS, ADDRESSES, desk
from tests.contracts.matrix import CANARY, NEVER, REFUSED, refused, text_of
from tests.contracts.routes import ROUTES
from tests.contracts.world import make_world
from tests.parts import every
from tests.patients.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
# Besides those of routes.py, which test_permissions.py asks of every object.
OTHERS = [*desk(), *ACCOUNTS, *((pattern, name) for pattern, name in ADDRESSES.items() if name not in ROUTES)]
GROUP, CONVERTER = re.compile(r"\(\?P<(\w+)>[^)]*\)"), re.compile(r"<(?:(\w+):)?\w+>")
ENDS_THE_SESSION = {"account_logout", "admin:logout"}


def address_of(pattern: str) -> str:
    """With something in the place of each value that such an address could name."""
    filled = GROUP.sub(lambda found: "patients" if found[1] == "app_label" else "1", pattern)
    filled = CONVERTER.sub(lambda found: str(uuid.UUID(int=0)) if found[1] == "uuid" else "1", filled)
    return f"/{filled}".replace("^", "").replace("$", "")


def plain(pattern: str) -> str:
    return pattern.replace("^", "")


@pytest.fixture(scope="module")
def people(once):
    """Somebody of every role who may open the desk, and nobody; and a case of none of them."""
    make_world(CANARY, make_user("nuclear_medicine"))
    clients = {role: Client() for role in Role}
    for role, client in clients.items():
        client.force_login(make_user(role.value, is_staff=True))
    return clients | {"nobody": Client()}


def test_every_one_of_them_is_asked():
    found = {pattern: resolve(address_of(pattern)).route for pattern, _ in OTHERS}
    assert {one for one, route in found.items() if plain(route) != plain(one)} == set()


@pytest.mark.parametrize("who", every(5, ["nobody", *Role], pytest.mark.long))
def test_no_other_method_is_answered_or_written_by(people, who):
    said = {}
    for pattern, _ in OTHERS:
        for method in NEVER:
            if found := refused(people[who], method, address_of(pattern)):
                said[f"{method} {pattern}"] = found
    assert said == {}


@pytest.mark.parametrize("who", [*Role, "nobody"])
def test_pages_of_accounts_know_no_patient(people, who):
    for pattern, name in ACCOUNTS:
        if name in ENDS_THE_SESSION:
            continue
        answer = people[who].get(address_of(pattern))
        assert answer.status_code < 500, pattern
        assert CANARY not in text_of(answer), pattern


def test_nobody_opens_the_desk(people):
    for pattern, name in desk():
        answer = people["nobody"].get(address_of(pattern))
        if answer.status_code == 302:
            assert answer["Location"].startswith(("/accounts/login/", "/admin/login/", "/accounts/logout/")), pattern
        else:
            assert answer.status_code in REFUSED or name == "admin:jsi18n", (pattern, answer.status_code)


def test_whoever_has_a_security_key_sees_it_and_can_take_it_away(people):
    user = make_user("chair")
    data = {"name": "Key of the ward", "credential": {"clientExtensionResults": {}}}
    kept = Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data)
    client = Client()
    client.force_login(user)
    page = client.get(reverse("mfa_list_webauthn")).content.decode()
    assert "Key of the ward" in page and reverse("mfa_remove_webauthn", args=[kept.pk]) in page
