"""Whatever is put in, exactly one class comes out; what is unknown never makes an increase."""

import itertools
from dataclasses import fields, replace
from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility.domain.change import assess_change
from eligibility.domain.change_classes import PRECEDENCE, ChangeClass, Signs, classify
from eligibility.domain.change_inputs import Between, Course, LesionPair, Seen, Status
from tests.science.change_pairs import FIRST, SECOND, scan, seen

TRUTHS = st.sampled_from([True, False, None])
NUMBERS = st.none() | st.decimals(0, 200, places=1)
SCORES = st.none() | st.integers(0, 4)
RELATIONS = st.none() | st.frozensets(st.sampled_from(["none", "below", "equal", "above"]), min_size=1, max_size=2)
INCREASE = {ChangeClass.CONFIRMED, ChangeClass.PROBABLE}
READ = st.builds(seen, st.integers(0, 4), st.sampled_from(["3.0", "9.0"]), size=st.sampled_from([D(30), D(12)]))
SEEN = READ | st.builds(
    Seen,
    size_mm=st.sampled_from([D(30), D(12)]) | st.none() | st.decimals(1, 60, places=0),
    suv_max=NUMBERS,
    ratio=NUMBERS,
    volume_ml=NUMBERS,
    scale=st.sampled_from(["KR-ORIG"] * 6 + ["KR-MOD", ""]),
    score_low=SCORES,
    score_high=SCORES,
    relation=RELATIONS,
)
# Mostly scans between which nothing stands, and lesions that are there twice: else every pair is incomparable.
SCAN_CHANGES = (
    st.just({})
    | st.just({"liver_suv": D(3)})
    | st.fixed_dictionaries(
        {},
        optional={
            "tracer": st.sampled_from(["68Ga-DOTATATE", "68Ga-DOTATOC", ""]),
            "uptake_min": NUMBERS,
            "uses_psf": TRUTHS,
            "reconstruction": st.sampled_from(["OSEM 3i21s", ""]),
            "ssa": st.sampled_from(["on", "none", ""]),
            "extravasation": st.sampled_from(["none", "suspected", "seen", ""]),
            "quality": st.sampled_from(["good", "limited", "non_diagnostic", ""]),
            "liver_suv": NUMBERS,
            "injected_mbq": NUMBERS,
            "tumour_volume_ml": NUMBERS,
            "cold_lesions_assessed": TRUTHS,
        },
    )
)
COURSES = st.builds(
    Course,
    st.sampled_from(["CAPTEM", "everolimus"]),
    st.sampled_from(["chemo", "prrt", "ssa", "local", "targeted"]),
    TRUTHS,
    st.none() | st.integers(0, 8),
    st.sampled_from([(), ("temozolomide",), ("decitabine",)]),
)
BETWEEN = st.builds(
    Between,
    is_well_differentiated=TRUTHS,
    grades=st.none() | st.frozensets(st.sampled_from(["G1", "G2", "G3", "NEC"]), min_size=1, max_size=2),
    courses=st.lists(COURSES, max_size=3).map(tuple),
    sstr2_before=st.sampled_from(["", "negative", "positive"]),
    sstr2_after=st.sampled_from(["", "negative", "positive"]),
    has_second_reader=st.booleans(),
)


@st.composite
def lesions(draw):
    found = draw(
        st.lists(st.tuples(st.sampled_from([Status.MATCHED] * 6 + list(Status)), SEEN, SEEN, st.booleans()), max_size=5)
    )
    organs = ("liver", "liver", "liver", "bone", "lung")
    return [
        LesionPair(f"L{n}", f"L{n}", organs[n], is_visceral, status, before, after)
        for n, (status, before, after, is_visceral) in enumerate(found)
    ]


PAIRS = st.tuples(SCAN_CHANGES, SCAN_CHANGES, lesions(), BETWEEN)


def assessed(pair):
    before, after, found, between = pair
    return assess_change(scan(FIRST, **before), scan(SECOND, **after), found, between)


def every_combination():
    """All signs the table can read: 3 truths for each of the criteria that rows ask for, and for the others."""
    truths = (True, False, None)
    for a_and_rest, c, g in itertools.product(truths, truths, truths):
        for flags in itertools.product((True, False), repeat=4):
            for *others, class_fell in itertools.product(*[truths] * 6, (True, False)):
                criteria = dict.fromkeys("ABDEF", a_and_rest) | {"C": c, "G": g}
                hard, unknown_hard, ihc, reader = flags
                fell, rose, suv, liver, noise, vanished = others
                yield Signs(
                    criteria, hard, unknown_hard, fell, rose, suv, liver, noise, ihc, reader, vanished, class_fell
                )


def test_the_table_is_total_and_gives_exactly_one_class():
    """Each row is read with the rows above it: for every combination one row is the first that applies."""
    met = set()
    for signs in every_combination():
        applying = [row for row in PRECEDENCE if row.applies(signs)]
        alone = [row for row in applying if not any(above.applies(signs) for above in PRECEDENCE[: row.number - 1])]
        assert len(alone) == 1 and classify(signs) is alone[0]
        met.add(alone[0].number)
    assert met == {row.number for row in PRECEDENCE}, "no row is out of reach"
    assert {row.name for row in PRECEDENCE} == set(ChangeClass)
    assert [row.number for row in PRECEDENCE] == list(range(1, len(PRECEDENCE) + 1))


def test_the_combinations_cover_every_sign():
    signs = next(every_combination())
    assert len(fields(Signs)) == 12 and set(signs.criteria) == set("ABCDEFG")


@settings(max_examples=300)
@given(PAIRS)
def test_any_two_scans_have_one_class_with_a_sentence(pair):
    found = assessed(pair)
    assert found.name in ChangeClass and found.sentence.endswith(".")
    assert found.row.name is found.name
    assert len(found.digest) == 64 and found.digest == assessed(pair).digest


@settings(max_examples=200)
@given(PAIRS)
def test_an_increase_is_never_said_over_a_blocking_check(pair):
    found = assessed(pair)
    if any(check.blocks for check in found.checks):
        assert found.name in {ChangeClass.NOT_COMPARABLE, ChangeClass.UNDETERMINED}
    if found.name in INCREASE:
        assert not found.missing and all(found.criteria[letter].truth for letter in "ABCDEF")


HARD_FIELDS = {"tracer": "", "uptake_min": None, "ssa": "", "extravasation": "", "quality": ""}


@settings(max_examples=200)
@given(PAIRS, st.sampled_from(sorted(HARD_FIELDS)), st.booleans())
def test_forgetting_a_hard_item_never_makes_a_change(pair, name, is_first):
    before, after, found, between = pair
    forgotten = {name: HARD_FIELDS[name]}
    less = (before | forgotten, after, found, between) if is_first else (before, after | forgotten, found, between)
    assert assessed(less).name in {ChangeClass.NOT_COMPARABLE, ChangeClass.UNDETERMINED}


@settings(max_examples=200)
@given(PAIRS)
def test_forgetting_every_score_never_makes_an_increase_or_a_loss(pair):
    before, after, found, between = pair
    blank = {"score_low": None, "score_high": None, "relation": None}
    unread = [replace(x, before=replace(x.before, **blank), after=replace(x.after, **blank)) for x in found]
    name = assessed((before, after, unread, between)).name
    assert name not in {*INCREASE, ChangeClass.LOSS, ChangeClass.LESION_LOSS, ChangeClass.REFERENCE_DRIVEN}


@settings(max_examples=100)
@given(PAIRS)
def test_the_order_of_the_lesions_does_not_matter(pair):
    before, after, found, between = pair
    turned = assessed((before, after, found[::-1], between))
    assert (turned.name, turned.digest, turned.index) == (
        assessed(pair).name,
        assessed(pair).digest,
        assessed(pair).index,
    )


def test_of_a_scan_with_itself_nothing_changes():
    same = Seen(size_mm=D(20), suv_max=D(9), scale="KR-ORIG", score_low=3, score_high=3)
    pair = [LesionPair("L01", "L01", "liver", True, Status.MATCHED, same, same)]
    assert assess_change(scan(FIRST), scan(FIRST), pair, Between()).name == "NO_CHANGE"
