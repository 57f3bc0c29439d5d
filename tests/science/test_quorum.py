"""Quorum of a board: lights at every edge, and words that name who is missing."""

import pytest

from board.domain.quorum import NET_QUORUM, Light, quorum

FULL = ["nuclear_medicine", "oncology", "surgery", "radiology", "pathology"]


@pytest.mark.parametrize("stands_in", ["oncology", "endocrinology", "gastroenterology"])
def test_one_of_a_group_is_enough(stands_in):
    found = quorum(NET_QUORUM, ["nuclear_medicine", stands_in, "surgery", "radiology", "pathology"], has_chair=True)
    assert (found.light, found.text, found.is_provisional) == (Light.GREEN, "quorum complete", False)


@pytest.mark.parametrize("absent", FULL)
def test_one_missing_is_amber_and_named(absent):
    found = quorum(NET_QUORUM, [d for d in FULL if d != absent], has_chair=True)
    assert found.light is Light.AMBER and found.is_provisional
    assert absent.replace("_", " ") in found.text and found.text.endswith("missing")


def test_a_missing_group_names_its_alternatives():
    found = quorum(NET_QUORUM, [d for d in FULL if d != "oncology"], has_chair=True)
    assert found.text == "oncology or endocrinology or gastroenterology missing"


def test_no_chair_is_red_though_everybody_else_is_there():
    found = quorum(NET_QUORUM, FULL, has_chair=False)
    assert (found.light, found.text) == (Light.RED, "chair missing")


def test_two_missing_are_red():
    found = quorum(NET_QUORUM, FULL[:3], has_chair=True)
    assert (found.light, found.text) == (Light.RED, "radiology, pathology missing")


def test_others_do_not_stand_in_and_seats_count_once():
    found = quorum(NET_QUORUM, [*FULL, "nursing", "surgery"], has_chair=True)
    assert found.light is Light.GREEN and found.present == tuple(sorted({*FULL, "nursing"}))
    assert quorum([], [], has_chair=True).light is Light.GREEN


def test_what_is_stamped_on_a_decision():
    assert quorum(NET_QUORUM, FULL[:4], has_chair=True).as_json == {
        "light": "amber",
        "has_chair": True,
        "present": sorted(FULL[:4]),
        "missing": [["pathology"]],
        "text": "pathology missing",
    }
