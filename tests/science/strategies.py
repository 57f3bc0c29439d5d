"""Random charts for property tests of the rules. Strategies are made once: making one costs more than drawing from it."""

import datetime as dt
from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from eligibility.domain.facts import REASONS, Fact, FactKind, LesionFact, unknown
from eligibility.domain.vocabulary import FACTS, RELATIONS
from patients.domain.ki67 import Interval

AS_OF = dt.date(2025, 3, 1)
one_of = cache(st.sampled_from)
reasons = one_of(tuple(sorted(REASONS)))
days = st.integers(0, 400).map(lambda ago: AS_OF - dt.timedelta(days=ago))

_DATES = st.just(AS_OF) | days
_LOWS, _WIDTHS = st.decimals(0, 200, places=1), one_of((Decimal(0), Decimal(0), Decimal("0.1"), Decimal(30)))
_INTERVALS = st.tuples(_LOWS, _WIDTHS).map(lambda pair: Interval(pair[0], pair[0] + pair[1]))
_YES_OR_NO, _UP_TO_FOUR, _UP_TO_NINE = st.booleans(), st.integers(0, 4), st.integers(0, 9)
_NUMBERS, _SIZES = st.integers(1, 9), st.none() | st.decimals(1, 40, places=0)


@cache
def choices(words):
    return st.frozensets(one_of(tuple(sorted(words))), min_size=1, max_size=2)


_RELATIONS = st.none() | choices(RELATIONS)


@cache
@st.composite
def lesions(draw):
    relation = draw(_RELATIONS)
    return LesionFact(
        label=f"L{draw(_NUMBERS):02d}",
        site=draw(one_of(("liver", "bone"))),
        is_visceral=draw(_YES_OR_NO),
        is_target=draw(_YES_OR_NO),
        relation=relation,
        reason=draw(one_of(("not_stated", "not_scored", "not_assessable"))) if relation is None else "",
        size_mm=draw(_SIZES),
    )


_SEEN = st.lists(lesions(), max_size=4)


@cache
@st.composite
def facts(draw, name):
    spec = FACTS[name]
    if draw(_UP_TO_FOUR) == 0:
        return unknown(draw(reasons))
    on = draw(_DATES)
    if spec.kind is FactKind.NUMBER:
        unit = draw(one_of(spec.units))
        return Fact(draw(_INTERVALS), unit=unit, clinical_date=on, analyte=spec.analyte)
    if spec.kind is FactKind.CHOICE:
        return Fact(draw(choices(spec.words)), clinical_date=on)
    return Fact(tuple(draw(_SEEN)), clinical_date=on)


@st.composite
def charts(draw, names):
    return {name: draw(facts(name)) for name in names if draw(_UP_TO_NINE) > 0}
