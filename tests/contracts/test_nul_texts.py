"""No text with a NUL character is taken, whichever route it is sent to."""

import json
import re

import pytest
from django.conf import settings
from django.urls import resolve, reverse

from patients.domain.roles import Role
from tests.contracts.routes import ROUTES

pytestmark = pytest.mark.django_db
NAMED = re.compile(r"""(?:POST(?:\.get|\.getlist)?[(\[]|body(?:\.get)?[(\[]|said\()\s*["'](\w+)["']""")
POSTED = [(name, rule) for name, rules in ROUTES.items() for rule in rules if rule.post]
IDS = [f"{name}-{rule.about or 'page'}" for name, rule in POSTED]


def fields_read() -> set[str]:
    """Names of texts that any view reads without a form."""
    found = {"text", "reason", "values"}
    for room in ("board", "imaging", "patients"):
        for file in (settings.BASE_DIR / room).rglob("*.py"):
            found |= set(NAMED.findall(file.read_text()))
    return found


@pytest.mark.parametrize(("name", "rule"), POSTED, ids=IDS)
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
