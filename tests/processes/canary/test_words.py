"""The search itself: each way to hide a word is found, and text of no case is left alone."""

import base64
import gzip
import json
import pickle
import zlib
from urllib.parse import quote_plus

import pytest

from tests.contracts.canary import WORD
from tests.processes.canary.words import BIRTH, STUDY_ROOT, WEIGHT, WORDS, found_in

MESSAGE = {"args": [f"{WORD}-1"], "born": "1901-02-03"}


def celery_message(args: list) -> bytes:
    """As kombu writes one for Redis: a JSON in base64 in a JSON."""
    body = base64.b64encode(json.dumps([args, {}, {}]).encode()).decode()
    return json.dumps({"body": body, "headers": {"argsrepr": ""}, "content-type": "application/json"}).encode()


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize(
    "hide",
    [
        lambda text: text.encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.urlsafe_b64encode(text.encode()),
        lambda text: base64.b64encode(base64.b64encode(text.encode())),
        lambda text: text.encode("utf-16"),
        lambda text: base64.b64encode(text.encode("utf-16")),
        lambda text: text.encode().hex().encode(),
        lambda text: "".join(f"%{ord(one):02x}" for one in text).encode(),
        lambda text: quote_plus(quote_plus(text)).encode(),
        lambda text: "".join(f"\\u{ord(one):04x}" for one in text).encode(),
        lambda text: repr(text.encode("utf-16-le")).encode(),
        lambda text: pickle.dumps({"name": text}),
        lambda text: base64.b64encode(pickle.dumps({"name": text})),
        lambda text: json.dumps({"said": json.dumps({"said": text})}).encode(),
        lambda text: zlib.compress(text.encode()),
        lambda text: b"-" * 100 + gzip.compress(text.encode()) + b"-" * 100,
        lambda text: celery_message([text]),
    ],
)
@pytest.mark.parametrize("word", [WORD, "1901-02-03", STUDY_ROOT, WEIGHT])
def test_a_hidden_word_is_found(hide, before, word):
    assert found_in(hide(f"{before}{word} and more"))


def test_a_day_in_a_pickle_is_found():
    assert found_in(pickle.dumps({"born": BIRTH})) and not found_in(pickle.dumps({"born": BIRTH.replace(day=4)}))


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_looked_for(word):
    assert found_in(f"said: {word}".encode())


def test_what_is_of_no_case_is_left_alone():
    said = {"task": "imaging.tasks.run_job", "args": ["7a5a1d1c-6d1f-4c9f-9a7c-1f2f3f4f5f6f"], "when": "2026-05-03"}
    assert not found_in(celery_message([said]) + repr(said).encode() + zlib.compress(json.dumps(said).encode()))
