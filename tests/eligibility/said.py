"""A fact and a row of a case as a test reads them."""

import datetime as dt

from eligibility.domain.facts import interval_text
from eligibility.selectors import assess_all, case_facts
from tests.eligibility.cases import DAY

YES, NO, OPEN = frozenset({"yes"}), frozenset({"no"}), frozenset({"yes", "no"})


def said(patient, name, as_of=DAY):
    """A number as text, a choice as its set, an unknown as its reason."""
    found = case_facts(patient, as_of=as_of)[name]
    if found.value is None:
        return found.reason
    return found.value if isinstance(found.value, frozenset) else interval_text(found.value)


def state(patient, rule_set, row_id, as_of=DAY):
    return next(row.state for row in assess_all(patient, as_of=as_of)[rule_set].rows if row.id == row_id)


def ago(days):
    return DAY - dt.timedelta(days=days)
