"""FDG beside SSTR: pairs by days, the discordance flag, the NETPET class; unknown stays open, numbers do not enter."""

import datetime as dt
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.domain import fdg as module
from imaging.domain.errors import MeasurementRefused
from imaging.domain.fdg import ANY_FDG, DualSeen, FdgSeen, discordance, has_discordance, netpet
from imaging.domain.fdg_pairing import DatedScan, TreatmentStart, pair
from imaging.domain.lesion_uptake import RELATIONS, Completeness

DAY = dt.date(2025, 3, 10)
LISTED, NOT_ASSESSED = Completeness.LISTED, Completeness.NOT_ASSESSED
NEGATIVE, LESS, EQUAL, MORE = (frozenset({seen}) for seen in FdgSeen)


def scan(days, name="sstr"):
    return DatedScan(f"{name} {days}", DAY + dt.timedelta(days=days))


def began(days, until=None, is_chemotherapy=True):
    last = days if until is None else until
    return TreatmentStart("CAPTEM", DAY + dt.timedelta(days=days), DAY + dt.timedelta(days=last), is_chemotherapy)


def paired(*days, treatments=(), as_of=40, limit=31):
    scans = [scan(d) for d in days]
    return pair(scan(0, "fdg"), scans, treatments, as_of=DAY + dt.timedelta(days=as_of), limit_days=limit)


def codes(found):
    return [c.code for c in found.cautions]


@pytest.mark.parametrize(("days", "nearest"), [((-40, 12, 20), 12), ((-3, 12), -3), ((31,), 31), ((0, 1), 0)])
def test_the_nearest_scan_with_its_days(days, nearest):
    found = paired(*days)
    assert (found.days, found.is_within, found.counts, codes(found)) == (nearest, True, True, [])
    assert found.sstr == scan(nearest) and found.limit_days == 31


def test_beyond_the_limit_it_is_shown_and_does_not_count():
    found = paired(32)
    assert (found.days, found.is_within, found.counts, codes(found)) == (32, False, False, ["fdg_pairing_far"])
    assert paired(32, limit=60).counts is True


def test_a_tie_is_left_to_a_person_unless_a_treatment_decides_it():
    found = paired(-9, 9)
    assert (found.days, found.counts, codes(found)) == (9, None, ["fdg_pairing_tie"])
    with pytest.raises(MeasurementRefused, match="fdg_pairing_tied"):
        assert found.sstr
    decided = paired(-9, 9, treatments=[began(-4, is_chemotherapy=False)])
    assert decided.sstr == scan(9) and decided.counts is True and not codes(decided)


def test_fdg_from_before_chemotherapy_does_not_count():
    found = paired(20, treatments=[began(5)])
    assert (found.counts, codes(found)) == (False, ["fdg_before_chemotherapy"])
    later = paired(-3, treatments=[began(5)])
    assert (later.counts, codes(later)) == (False, ["fdg_before_chemotherapy"])
    assert paired(-3, treatments=[began(5)], as_of=4).counts is True


def test_chemotherapy_before_both_does_not_matter_and_between_with_fdg_last_is_said():
    assert paired(20, treatments=[began(-1)]).counts is True
    assert codes(paired(-20, treatments=[began(-5)])) == ["treatment_between_tracers"]


def test_a_start_known_to_the_month_leaves_it_open():
    found = paired(20, treatments=[began(-12, 18)])
    assert (found.counts, codes(found)) == (None, ["fdg_maybe_before_chemotherapy"])


def test_other_treatment_between_is_said_but_counts():
    found = paired(20, treatments=[began(5, is_chemotherapy=False)])
    assert (found.counts, codes(found)) == (True, ["treatment_between_tracers"])


def test_no_sstr_scan():
    with pytest.raises(MeasurementRefused, match="sstr_scan_missing"):
        paired()


@given(st.lists(st.integers(-200, 200), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_scans_never_matters(days, random):
    assert paired(*days) == paired(*random.sample(days, len(days)))
    assert min(abs(d) for d in days) == abs(paired(*days).days)


def seen(label="L01", relation="above", fdg=LESS, size=20.0, background=None):
    return DualSeen(label, relation if relation is None else frozenset(relation.split()), fdg, size, background)


@pytest.mark.parametrize(
    ("lesion", "flag"),
    [
        (seen(relation="below", fdg=MORE), True),
        (seen(relation="none", fdg=MORE), True),
        (seen(relation="none below", fdg=LESS | MORE), True),
        (seen(relation="equal", fdg=MORE), False),
        (seen(relation="below", fdg=NEGATIVE), False),
        (seen(relation="below", fdg=MORE, size=9.9), False),
        (seen(relation="below", fdg=MORE, size=10.0), True),
        (seen(relation="below", fdg=MORE, size=None), None),
        (seen(relation=None, fdg=MORE), None),
        (seen(relation="below equal", fdg=MORE), None),
        (seen(relation="below", fdg=None), None),
        (seen(relation="below", fdg=NEGATIVE, size=None), False),
        (seen(relation="above", fdg=None, size=None), False),
    ],
)
def test_discordance(lesion, flag):
    assert discordance(lesion).is_discordant is flag
    assert has_discordance([lesion], completeness=LISTED) is flag
    assert has_discordance([lesion], completeness=NOT_ASSESSED) is (flag or None)


@pytest.mark.parametrize(
    ("lesions", "possible"),
    [
        ([seen(relation="none", fdg=NEGATIVE)], "P0"),
        ([seen(fdg=NEGATIVE), seen("L02", "none", NEGATIVE)], "P1"),
        ([seen(fdg=LESS), seen("L02", fdg=NEGATIVE)], "P2a"),
        ([seen(fdg=EQUAL), seen("L02", fdg=LESS)], "P3a"),
        ([seen(f"L0{n}", fdg=MORE) for n in range(2)], "P4a"),
        ([seen(f"L0{n}", fdg=MORE) for n in range(3)], "P4b"),
        ([seen(f"L0{n}", fdg=MORE) for n in range(3)] + [seen("L09", "none", MORE)], "P5"),
        ([seen(relation="below", fdg=MORE, background=True)], "P4a"),
        ([seen(relation="below", fdg=MORE, background=False)], "P5"),
        ([seen(relation="below", fdg=MORE)], "P4a P5"),
        ([seen(relation="below", fdg=NEGATIVE)], "P0 P1"),
        ([seen(fdg=None)], "P1 P2a P3a P4a"),
        ([seen(relation=None, fdg=MORE)], "P4a P5"),
        ([seen("L01", fdg=MORE), seen("L02", fdg=MORE), seen("L03", fdg=LESS | MORE)], "P4a P4b"),
        ([seen("L01", "none", MORE), seen("L02", None, None)], "P5"),
    ],
)
def test_netpet(lesions, possible):
    found = netpet(lesions, completeness=LISTED)
    assert " ".join(found.possible) == possible
    assert found.needs_confirmation and found.reason and found.method_version == "dual-tracer/1.0"
    if " " in possible:
        with pytest.raises(MeasurementRefused, match="netpet_open"):
            assert found.netpet
    else:
        assert found.netpet == possible


def test_lesions_nobody_looked_for_may_be_worse():
    found = netpet([seen(fdg=MORE)], completeness=NOT_ASSESSED)
    assert found.possible == ("P4a", "P4b", "P5") and found.cautions[0].code == "lesions_not_complete"
    with pytest.raises(MeasurementRefused, match="no_lesions"):
        netpet([], completeness=LISTED)


lesions = st.lists(
    st.builds(
        lambda relation, fdg, background: ("L", relation, fdg, background),
        st.none() | st.frozensets(st.sampled_from(sorted(RELATIONS)), min_size=1, max_size=2),
        st.none() | st.frozensets(st.sampled_from(sorted(ANY_FDG)), min_size=1, max_size=2),
        st.none() | st.booleans(),
    ),
    min_size=1,
    max_size=4,
).map(lambda rows: [DualSeen(f"L{n}", r, f, 20.0, b) for n, (_, r, f, b) in enumerate(rows)])


@given(lesions)
@settings(max_examples=150)
def test_possible_classes_are_exactly_those_of_the_complete_readings(given_lesions):
    """Every way of filling in what is not known gives one of the possible classes, and each of them is reached."""
    reached = set()
    for filled in product(*[[(s, f) for s in lesion.sstr_seen for f in lesion.fdg_seen] for lesion in given_lesions]):
        certain = [
            DualSeen(f"L{n}", frozenset({"none" if s == "negative" else "above"}), frozenset({f}), 20.0)
            for n, (s, f) in enumerate(filled)
        ]
        reached.add(netpet(certain, completeness=LISTED).netpet)
    assert set(netpet(given_lesions, completeness=LISTED).possible) == reached


@pytest.mark.parametrize(
    "values",
    [
        {"relation": frozenset({4.2})},
        {"fdg": frozenset({11.5})},
        {"fdg": 11.5},
        {"relation": 3},
        {"fdg": frozenset({"positive"})},
        {"is_above_background": 1.5},
        {"is_above_background": 1},
    ],
)
def test_a_number_is_no_answer(values):
    with pytest.raises(TypeError):
        DualSeen(**{"label": "L01", "relation": frozenset({"above"}), "fdg": MORE, **values})


def test_nothing_here_takes_an_uptake_value():
    assert "suv" not in " ".join(DualSeen.__dataclass_fields__).lower()
    assert not any(word in (module.__doc__ or "").lower() for word in ("redifferentiat",))
