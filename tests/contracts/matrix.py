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
ALWAYS = {"patients_accessevent", "django_session"}
WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO|TRUNCATE)\s+"?(\w+)', re.I)
BORN = re.compile(r"\b1901\b")


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
    address, found = reverse(name, kwargs=there.others.kwargs(rule.about)), []
    for method in methods:
        with tables_written() as tables, Watched() as watched:
            answer = getattr(Client(), method)(address)
        is_refused = answer.status_code == UNSPOKEN if method in NEVER else _leads_to_sign_in(answer)
        said = [] if is_refused else [str(answer.status_code)]
        said += [f"{word} is said" for word in _leaked(answer, address)]
        said += [f"writes {table}" for table in sorted(tables - ALWAYS)] + [f"read: {one}" for one in watched.rows]
        found += [f"{method} {name} as nobody: {what}" for what in said]
    return found


def _wrong(client, method, address, name, rule: Rule, role, relation) -> list[str]:
    with tables_written() as tables, Watched() as watched:
        answer = getattr(client, method)(address)
    said = [f"{what}: {', '.join(sorted(cases))}" for what, cases in watched.differences(name, answer).items()]
    is_theirs = relation == OWN or role in rule.others or not rule.about
    allowed = None if method in NEVER else rule.get if method == "get" else rule.post
    if not _is_expected(answer.status_code, method, rule, is_allowed=is_theirs and role in (allowed or ())):
        said.append(str(answer.status_code))
    if method in NEVER and body_of(answer):
        said.append("has a body")
    if relation == ANOTHERS and role not in rule.others:
        said += [f"{word} is said" for word in _leaked(answer, address)]
    if not (method == "post" and is_theirs and role in (allowed or ())):
        makes = rule.makes if method == "get" and is_theirs and role in (allowed or ()) else frozenset()
        said += [f"writes {table}" for table in sorted(tables - ALWAYS - makes)]
    return said


def _is_expected(status: int, method: str, rule: Rule, *, is_allowed: bool) -> bool:
    if method in NEVER:
        return status == UNSPOKEN
    if is_allowed:
        return status < 500 and status not in (REFUSED - {404} if rule.may_be_missing else REFUSED) | {UNSPOKEN}
    is_spoken = (rule.get if method == "get" else rule.post) is not None
    return status in (REFUSED if is_spoken else REFUSED | {UNSPOKEN})


def _leaked(answer, address: str) -> list[str]:
    text = text_of(answer).replace(address, "")
    return [word for word, is_there in ((CANARY, CANARY in text), ("1901", BORN.search(text))) if is_there]


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
