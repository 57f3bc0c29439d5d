"""Every address x every role and nobody x own and another's objects x method: allowed as written, nothing leaks."""

import uuid
from collections import Counter

import pytest
from django.test import Client
from django.urls import include, path, resolve, reverse

from patients.domain.roles import Role
from patients.services import revoke_access
from tests.contracts.addresses import ADDRESSES
from tests.contracts.matrix import ANOTHERS, NEVER, OWN, holes, open_to_nobody, text_of
from tests.contracts.routes import DISPLAY_ROUTES, ENDS, PUBLIC, ROUTES, STREAMS
from tests.contracts.walking import Route, all_routes, manifest, unlisted
from tests.contracts.world import make_world
from tests.parts import every
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
CASES = [(name, rule) for name, rules in ROUTES.items() for rule in rules]
IDS = [f"{name}-{rule.about or 'page'}" for name, rule in CASES]
# The second engine answers every sixth with make test, and all with make proofs: who may see what is asked by few queries.
ASKED = every(6, CASES, pytest.mark.one_engine)


def test_every_address_is_in_the_manifest():
    assert unlisted(all_routes()) == []
    assert not manifest() - Counter(all_routes()), "the manifest has an address that is gone"


def test_every_address_of_ours_is_decided_about_and_has_a_name_of_its_own():
    assert Counter(ADDRESSES.values()) == Counter({*ROUTES, *PUBLIC, *DISPLAY_ROUTES, *STREAMS, *ENDS})


def test_it_is_the_listed_address_that_is_asked(others):
    pattern_of = {name: pattern for pattern, name in ADDRESSES.items()}
    for name, rule in CASES:
        assert resolve(reverse(name, kwargs=others.kwargs(rule.about))).route == pattern_of[name]


PLANTED = {
    "a second one of the same name": path("cases/<str:case_number>/", print, name="patient"),
    "one without a name": path("all/", print),
    "one that an include brings": path("tools/", include([path("dump/", print, name="dump")])),
    "the listed address, once more": path("watch/", print, name="watch"),
}
SAID = [
    "board:dump at tools/dump/",
    "board:patient at cases/<str:case_number>/",
    "board:watch at watch/",
    "no name at all/",
]


def test_an_address_that_is_not_listed_is_found_by_name():
    planted = all_routes([path("", include((list(PLANTED.values()), "board")))])
    assert unlisted(all_routes() + [one if one.name != "board:" else Route(one.pattern, "") for one in planted]) == SAID


def test_a_page_added_to_the_data_desk_or_by_the_sign_in_library_is_found():
    desk = path("admin/", include(([path("patients/patient/all/", print, name="patients_patient_all")], "admin")))
    library = path("accounts/", include([path("tokens/", print, name="account_tokens")]))
    assert unlisted(all_routes() + all_routes([desk, library])) == [
        "account_tokens at accounts/tokens/",
        "admin:patients_patient_all at admin/patients/patient/all/",
    ]


@pytest.mark.parametrize(("name", "rule"), ASKED, ids=IDS)
def test_own_objects_by_role(inhabited, name, rule):
    assert holes(inhabited, name, rule, OWN) == []


@pytest.mark.parametrize(("name", "rule"), ASKED, ids=IDS)
def test_objects_of_others_are_not_there(inhabited, name, rule):
    assert holes(inhabited, name, rule, ANOTHERS) == []


@pytest.mark.one_engine  # refused by one place before any row is looked up, whatever the address
@pytest.mark.parametrize(("name", "rule"), every(5, CASES, pytest.mark.long), ids=IDS)
def test_no_other_method_is_answered_written_or_read_by(inhabited, name, rule):
    found = [one for relation in (OWN, ANOTHERS) for one in holes(inhabited, name, rule, relation, NEVER)]
    assert found + open_to_nobody(inhabited, name, rule, NEVER) == []


@pytest.mark.one_engine
@pytest.mark.parametrize(("name", "rule"), CASES, ids=IDS)
def test_nobody_is_sent_to_sign_in(inhabited, name, rule):
    assert open_to_nobody(inhabited, name, rule) == []


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
            response = getattr(client, method)(reverse(name, kwargs=kwargs))
            same = text_of(response).replace(str(next(iter(kwargs.values()))), "")
            seen.append((response.status_code, len(same)))
        assert seen[0] == seen[1], f"{method} {name}"


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
