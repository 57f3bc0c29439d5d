"""Everybody asks for everything, of their own and of another's: what is wrong about the answers, in words.

The same code is run over the product (test_permissions.py) and over planted holes (test_planted.py).
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.urls import reverse

from patients.domain.roles import Role
from tests.contracts.reads import Watched, body_of
from tests.contracts.routes import Rule
from tests.contracts.world import World

CANARY = "ZQCANARY"
OWN, ANOTHERS = "own", "another's"
PAGES = ("get", "post")
NEVER = ("head", "options", "put", "patch", "delete", "trace")
REFUSED = {403, 404}
UNSPOKEN = 405
# What is written whoever asks for whatever: who read what, and when this session was last used.
SESSION = "django_session"
ALWAYS = {"patients_accessevent", SESSION}
WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO|TRUNCATE)\s+"?(\w+)', re.I)
BORN, DAY_OF_BIRTH, TAG = re.compile(r"\b1901\b"), re.compile(r"1901-?02-?03"), re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Inhabited:
    """Somebody of every role with a world of their own, and one whose objects are nobody else's business."""

    clients: dict[Role, Client]
    own: dict[Role, World]
    others: World


def holes(there: Inhabited, name: str, rule: Rule, relation: str, methods=PAGES) -> list[str]:
    """Method, route, role and relation of every answer that is not as the rule says, and why."""
    found = []
    for role, client in there.clients.items():
        world = there.own[role] if relation == OWN else there.others
        address = reverse(name, kwargs=world.kwargs(rule.about))
        for method in methods:
            said = _wrong(client, method, address, name, rule, role, relation)
            found += [f"{method} {name} as {role} of {relation}: {what}" for what in said]
    return found


def open_to_nobody(there: Inhabited, name: str, rule: Rule, methods=PAGES) -> list[str]:
    """The same for somebody who is not signed in: led to sign in, and told nothing."""
    address, client, found = reverse(name, kwargs=there.others.kwargs(rule.about)), Client(), []
    for method in methods:
        said = refused(client, method, address) if method in NEVER else _told(client, method, address)
        found += [f"{method} {name} as nobody: {what}" for what in said]
    return found


def refused(client, method: str, address: str) -> list[str]:
    """What is wrong about the answer to a method that nothing answers: it is refused, and nothing is written of it."""
    with tables_written() as tables:
        answer = getattr(client, method)(address)
    said = [] if answer.status_code == UNSPOKEN else [str(answer.status_code)]
    said += ["has a body"] if body_of(answer) else []
    return said + _leaked(answer, address) + _written(tables - {SESSION})


def _told(client, method: str, address: str) -> list[str]:
    with tables_written() as tables, Watched() as watched:
        answer = getattr(client, method)(address)
    said = [] if _leads_to_sign_in(answer) else [str(answer.status_code)]
    return said + _leaked(answer, address) + _written(tables - ALWAYS) + [f"read: {one}" for one in watched.rows]


def _wrong(client, method, address, name, rule: Rule, role, relation) -> list[str]:
    if method in NEVER:
        return refused(client, method, address)
    with tables_written() as tables, Watched() as watched:
        answer = getattr(client, method)(address)
    said = [f"{what}: {', '.join(sorted(cases))}" for what, cases in watched.differences(name, answer).items()]
    is_theirs = relation == OWN or role in rule.others or not rule.about
    roles = rule.get if method == "get" else rule.post
    is_allowed = is_theirs and role in (roles or ())
    if not _is_expected(answer.status_code, rule, is_spoken=roles is not None, is_allowed=is_allowed):
        said.append(str(answer.status_code))
    if relation == ANOTHERS and role not in rule.others:
        said += _leaked(answer, address)
    if is_allowed and method == "post":
        return said
    return said + _written(tables - ALWAYS - (rule.makes if is_allowed else frozenset()))


def _is_expected(status: int, rule: Rule, *, is_spoken: bool, is_allowed: bool) -> bool:
    if is_allowed:
        return status < 500 and status not in (REFUSED - {404} if rule.may_be_missing else REFUSED) | {UNSPOKEN}
    return status in (REFUSED if is_spoken else REFUSED | {UNSPOKEN})


def _leaked(answer, address: str) -> list[str]:
    """Any word of the case; its year of birth in what is read, as keys of rows inside of tags have numbers too."""
    text = text_of(answer).replace(address, "")
    is_born = DAY_OF_BIRTH.search(text) or BORN.search(TAG.sub(" ", text))
    return [f"{word} is said" for word, is_there in ((CANARY, CANARY in text), ("1901", is_born)) if is_there]


def _written(tables: set[str]) -> list[str]:
    return [f"writes {table}" for table in sorted(tables)]


def _leads_to_sign_in(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")


def text_of(response) -> str:
    headers = {name: value for name, value in response.headers.items() if name != "X-Request-ID"}  # random digits
    return body_of(response).decode("utf-8", "replace") + str(headers)


@contextmanager
def tables_written():
    """Names of the tables in which a statement of this block wrote, or tried to."""
    found: set[str] = set()

    def listen(execute, sql, params, many, context):
        if written := WRITES.match(sql):
            found.add(written[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield found
