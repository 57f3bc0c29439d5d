"""Vanderbilt clinical score: the published items, and ranges for what nobody recorded."""

import pytest

from eligibility.domain import vanderbilt as v


def seed():
    """Gastric primary and chemotherapy; nothing else is stated: at least 3, 3 to 8 (clinical sheet 5.1)."""
    return v.score(
        treatments=v.other_treatments("stomach"),
        prior=v.prior_therapy(frozenset({"chemo"})),
        symptoms=v.symptom_points(None, (), are_present=False),
        burden=v.critical_burden(frozenset({"liver"})),
        peritoneum=v.peritoneal(None),
    )


def test_the_published_case_is_three_to_eight():
    found = seed()
    assert (found.low, found.high, found.text) == (3, 8, "at least 3 (3–8)")
    assert [item.text for item in found.items.values()] == ["1", "2", "0–2", "0–2", "0–1"]


def test_all_unknown_is_the_whole_scale_and_all_known_is_one_number():
    open_one = v.score(*(v.unknown(name) for name in v.HIGHEST))
    assert (open_one.low, open_one.high) == (0, 9)
    worst = v.score(*(v.Points(high, high, "") for high in v.HIGHEST.values()))
    assert worst.text == "9"


@pytest.mark.parametrize(
    ("site", "ends"),
    [
        ("pancreas", (0, 0)),
        ("thymus", (2, 2)),
        ("stomach", (1, 1)),
        ("small_bowel", (1, 1)),
        ("lung", (1, 1)),
        ("unknown", (1, 1)),
        ("ppgl", (0, 2)),
        ("other", (0, 2)),
        (None, (0, 2)),
    ],
)
def test_site(site, ends):
    found = v.other_treatments(site)
    assert (found.low, found.high) == ends


@pytest.mark.parametrize(
    ("classes", "chemotherapy", "systemic", "ends"),
    [
        ({"chemo", "ssa"}, None, None, (2, 2)),
        (set(), "yes", None, (2, 2)),
        ({"targeted"}, None, None, (1, 2)),
        ({"prrt"}, "no", None, (1, 1)),
        ({"interferon"}, None, "yes", (1, 2)),
        ({"ssa"}, None, None, (0, 2)),
        ({"ssa"}, None, "no", (0, 0)),
        ({"local", "ebrt"}, None, None, (0, 2)),
        (set(), None, None, (0, 2)),
        (set(), "no", None, (0, 2)),
    ],
)
def test_prior_therapy_is_never_none_by_silence(classes, chemotherapy, systemic, ends):
    found = v.prior_therapy(frozenset(classes), chemotherapy=chemotherapy, systemic=systemic)
    assert (found.low, found.high) == ends


@pytest.mark.parametrize(
    ("state", "grades", "are_present", "ends"),
    [
        (None, (), False, (0, 2)),
        ("no", (), False, (0, 0)),
        ("yes", (), False, (1, 2)),
        (None, (), True, (1, 2)),
        ("no", (), True, (0, 2)),
        (None, (1,), True, (1, 1)),
        (None, (1, 3), True, (2, 2)),
    ],
)
def test_symptoms(state, grades, are_present, ends):
    found = v.symptom_points(state, grades, are_present=are_present)
    assert (found.low, found.high) == ends


def test_burden_and_peritoneum_only_where_recorded():
    assert v.critical_burden(frozenset({"brain", "liver"})).text == "2"
    assert v.critical_burden(frozenset({"liver", "bone"})).text == "0–2"
    assert [v.peritoneal(state).text for state in ("yes", "no", None)] == ["1", "0", "0–1"]


def test_no_cut_is_encoded():
    assert not any(word in v.MEANING.lower() for word in ("low risk", "high risk", "eligible"))
