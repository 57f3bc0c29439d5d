"""The check of test_permissions.py, run over planted holes: each is found, with its route, role and relation."""

from dataclasses import replace

import pytest
from django.test import Client

from patients.domain.roles import Role
from tests.contracts.matrix import ANOTHERS, NEVER, OWN, holes, open_to_nobody
from tests.contracts.routes import EVERYONE, FOLLOWERS, READERS, Rule
from tests.contracts.walking import all_routes, unlisted

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
READ = Rule("case_number", get=READERS)
WITHOUT_CHART = [role for role in Role if role not in READERS]


@pytest.fixture(autouse=True)
def planted(settings):
    settings.ROOT_URLCONF = "tests.contracts.planted"


def found(there, name: str, rule: Rule = READ, methods=("get",)) -> dict[str, tuple[str, ...]]:
    """What is said of each method, relation and role, in the order of roles."""
    said = [one for relation in (OWN, ANOTHERS) for one in holes(there, f"planted:{name}", rule, relation, methods)]
    by_role: dict[str, tuple[str, ...]] = {}
    for one in said:
        where, what = one.split(": ", 1)
        by_role[where] = (*by_role.get(where, ()), what.split(":")[0])
    return by_role


def of(name: str, roles, relation: str, method: str = "get") -> list[str]:
    return [f"{method} planted:{name} as {role} of {relation}" for role in roles]


def test_a_sound_page_has_no_hole(inhabited):
    assert found(inhabited, "sound", methods=("get", "post", *NEVER)) == {}
    assert open_to_nobody(inhabited, "planted:sound", READ, ("get", "post", *NEVER)) == []


def test_a_page_that_asks_for_no_role_is_found(inhabited):
    assert found(inhabited, "without_role") == dict.fromkeys(of("without_role", WITHOUT_CHART, OWN), ("200",))


def test_a_page_that_asks_for_no_relation_is_found(inhabited):
    said = found(inhabited, "without_relation")
    readers = [role for role in Role if role in READERS]
    assert said == dict.fromkeys(of("without_relation", readers, ANOTHERS), ("200", "ZQCANARY is said"))


def test_a_page_that_asks_for_neither_is_found(inhabited):
    said = found(inhabited, "without_either")
    assert said == dict.fromkeys(of("without_either", WITHOUT_CHART, OWN), ("200",)) | dict.fromkeys(
        of("without_either", Role, ANOTHERS), ("200", "ZQCANARY is said")
    )
    assert open_to_nobody(inhabited, "planted:without_either", READ) == []


def test_a_page_that_asks_for_no_sign_in_is_found(inhabited):
    said = open_to_nobody(inhabited, "planted:without_sign_in", READ, ("get",))
    where = "get planted:without_sign_in as nobody"
    case = inhabited.others.patient.case_number
    assert said == [f"{where}: 200", f"{where}: ZQCANARY is said", f"{where}: read: {case}"]


def test_a_page_that_writes_when_it_is_looked_at_is_found(inhabited):
    readers = [role for role in Role if role in READERS]
    expected = dict.fromkeys(of("writes_on_get", readers, OWN), ("writes patients_patient",))
    assert found(inhabited, "writes_on_get") == expected
    assert (
        found(inhabited, "writes_on_get", Rule("case_number", get=READERS, makes=frozenset({"patients_patient"}))) == {}
    )


def test_a_refusal_that_has_written_is_found(inhabited):
    said = found(inhabited, "writes_and_refuses", Rule("case_number", get=frozenset()))
    every = of("writes_and_refuses", Role, OWN) + of("writes_and_refuses", Role, ANOTHERS)
    assert said == dict.fromkeys(every, ("writes patients_patient",))


def test_a_deed_that_every_reader_may_do_is_found(inhabited):
    said = found(inhabited, "written_by_readers", Rule("case_number", post=FOLLOWERS), ("post",))
    only_readers = [role for role in Role if role in READERS - FOLLOWERS]
    expected = of("written_by_readers", only_readers, OWN, "post")
    assert said == dict.fromkeys(expected, ("200", "writes patients_patient")) and len(expected) == 2


def test_a_page_that_is_closed_to_those_who_may_is_found(inhabited):
    shut_out = [role for role in Role if role in READERS - {Role.NUCLEAR_MEDICINE}]
    assert found(inhabited, "closed_to_readers") == dict.fromkeys(of("closed_to_readers", shut_out, OWN), ("403",))


def test_a_list_that_names_everybody_is_found(inhabited):
    said = found(inhabited, "list_of_all", Rule(get=EVERYONE))
    assert said == dict.fromkeys(of("list_of_all", Role, ANOTHERS), ("ZQCANARY is said",))


@pytest.mark.parametrize("name", ["without_note", "picture_without_note"])
def test_a_page_that_is_not_written_down_is_found(inhabited, name):
    readers = [role for role in Role if role in READERS]
    assert found(inhabited, name) == dict.fromkeys(of(name, readers, OWN), ("shown and not written down",))


def test_what_answers_to_any_method_is_found_once_the_guard_is_gone(inhabited, settings):
    for name in ("whatever_is_asked", "deletes"):
        assert found(inhabited, name, methods=NEVER) == {}
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != "config.methods.MethodsMiddleware"]
    there = replace(inhabited, clients={role: anew(client) for role, client in inhabited.clients.items()})
    readers = [role for role in Role if role in READERS]
    said = found(there, "whatever_is_asked", methods=NEVER)
    assert {where for where, what in said.items() if "200" in what} == {
        where for method in NEVER for where in of("whatever_is_asked", readers, OWN, method)
    }
    said = found(there, "deletes", methods=("delete",))
    writes = {where for where, what in said.items() if "writes patients_patient" in what}
    assert writes == set(of("deletes", readers, OWN, "delete"))


def anew(client: Client) -> Client:
    """The same person, by the middlewares of now."""
    other = Client()
    other.cookies = client.cookies
    return other


def test_none_of_them_is_in_the_manifest():
    assert unlisted(all_routes()) and all("planted:" in one for one in unlisted(all_routes()))
