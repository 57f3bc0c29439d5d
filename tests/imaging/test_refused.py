"""Every refusal of the workflow has one sentence, every sentence is used, and no code has two."""

import re
from pathlib import Path

import pytest

import imaging
from imaging import reasons
from imaging.refused import SENTENCES, Refused

FOLDER = Path(imaging.__file__).parent
SOURCES = [path for path in FOLDER.rglob("*.py") if path.name != "refused.py" and "migrations" not in path.parts]


def test_codes_and_sentences_are_the_same_set():
    text = "\n".join(path.read_text() for path in SOURCES)
    assert set(re.findall(r'(?<!\w)Refused\(\s*"(\w+)"', text)) <= SENTENCES.keys()
    assert {code for code in SENTENCES if f'"{code}"' not in text} == set()


def test_no_code_is_in_both_catalogues():
    assert not SENTENCES.keys() & reasons.REASONS.keys()


# Who, when and which lesions; nothing of a patient or of a header may stand in a sentence.
DETAILS = {"by", "at", "labels"}


def test_sentences_fit_their_column_and_name_no_value():
    for code, sentence in SENTENCES.items():
        assert len(code) <= 40 and len(sentence) <= 300, code
        assert sentence.endswith(".") and set(re.findall(r"{(.*?)}", sentence)) <= DETAILS, code


def test_an_unknown_code_is_a_programming_error():
    with pytest.raises(KeyError):
        Refused("no_such_code")
