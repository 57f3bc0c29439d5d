"""Random charts for property tests of the rules."""

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from eligibility.domain.facts import REASONS, Fact, FactKind, LesionFact, unknown
from eligibility.domain.vocabulary import FACTS, RELATIONS
from patients.domain.ki67 import Interval

AS_OF = dt.date(2025, 3, 1)
reasons = st.sampled_from(sorted(REASONS))
days = st.integers(0, 400).map(lambda ago: AS_OF - dt.timedelta(days=ago))


@st.composite
def intervals(draw):
    low = draw(st.decimals(0, 200, places=1))
    width = draw(st.sampled_from([Decimal(0), Decimal(0), Decimal("0.1"), Decimal(30)]))
    return Interval(low, low + width)


def choices(words):
    return st.frozensets(st.sampled_from(sorted(words)), min_size=1, max_size=2)


@st.composite
def lesions(draw):
    relation = draw(st.none() | choices(RELATIONS))
    return LesionFact(
        label=f"L{draw(st.integers(1, 9)):02d}",
        site=draw(st.sampled_from(["liver", "bone"])),
        is_visceral=draw(st.booleans()),
        is_target=draw(st.booleans()),
        relation=relation,
        reason=draw(st.sampled_from(["not_stated", "not_scored", "not_assessable"])) if relation is None else "",
        size_mm=draw(st.none() | st.decimals(1, 40, places=0)),
    )


@st.composite
def facts(draw, name):
    spec = FACTS[name]
    if draw(st.integers(0, 4)) == 0:
        return unknown(draw(reasons))
    on = draw(st.just(AS_OF) | days)
    if spec.kind is FactKind.NUMBER:
        unit = draw(st.sampled_from(spec.units))
        return Fact(draw(intervals()), unit=unit, clinical_date=on, analyte=spec.analyte)
    if spec.kind is FactKind.CHOICE:
        return Fact(draw(choices(spec.words)), clinical_date=on)
    return Fact(tuple(draw(st.lists(lesions(), max_size=4))), clinical_date=on)


@st.composite
def charts(draw, names):
    return {name: draw(facts(name)) for name in names if draw(st.integers(0, 9)) > 0}
