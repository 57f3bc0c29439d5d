"""Every code used has its sentence, and no sentence is left over."""

import re
from pathlib import Path

import imaging
from imaging.domain.errors import CAUTIONS, REASONS, ImagingRefusal, caution

ROOMS = [Path(imaging.__file__).parent / room for room in ("domain", "services")]
SOURCES = [p for room in ROOMS for p in room.glob("*.py") if p.name != "errors.py"]
TEXT = "\n".join(path.read_text() for path in SOURCES)


def codes(call: str) -> set[str]:
    found = set()
    for arguments in re.findall(rf"\b{call}\(\s*([^)]*)", TEXT):
        found |= set(re.findall(r'(?<!=)"([a-z0-9_]+)"', arguments.split(", found")[0]))
    return found


def test_refusals_are_those_of_the_catalogue():
    used = codes("SuvUnavailable") | codes("VolumeUnavailable") | codes("MeasurementRefused")
    assert used == set(REASONS)


def test_cautions_are_those_of_the_catalogue():
    assert codes("caution") == set(CAUTIONS)


def test_every_reason_says_what_who_and_stays_short():
    for code, reason in REASONS.items():
        assert len(code) <= 40
        assert len(reason.sentence) <= 200
        assert reason.sentence.endswith(".")
        assert reason.not_done and reason.who_can_fix


def test_a_sentence_without_its_details_still_reads():
    for code in REASONS:
        assert "{" not in ImagingRefusal(code).message
    for code in CAUTIONS:
        assert "{" not in caution(code).message
