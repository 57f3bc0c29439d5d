"""A1: every rule set for 10,000 patients on one core, and the page that shows them.

The peer is JsonLogic, rules as data evaluated to a bare yes or no. It gets the same conditions on the same facts, all of
them known and already in the unit of the rule; ours also keeps three values, dates, units, sentences, sources and a digest.
Where everything is known both must agree on every row.
"""

import datetime as dt
import json
import os
import random
import statistics
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bench.harness import Result, medians, ratio, shown, skipped
from bench.page_scratch import SqliteScratch, child_process

PATIENTS = int(os.environ.get("PRRT_BENCH_ASSESSED", "10000"))
COMPARED = 200
DAY = dt.date(2026, 4, 20)
PEER = "all rule sets of a patient, with sentences, sources and digest / bare truth by JsonLogic"
STORED = f"all rule sets of {PATIENTS:,} patients from their stored rows, milliseconds per patient on one core"
PAGE = "patient page, eligibility of one patient under all rule sets, server milliseconds, median"


def run() -> Iterator[Result]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    yield _against_peer()
    yield from _from_rows()


def _against_peer() -> Result:
    try:
        from json_logic import jsonLogic
    except ImportError:
        return skipped("A1", PEER, 5, "JsonLogic is not installed", is_limit=True)
    from eligibility.domain.rules import evaluate
    from eligibility.loader import guidelines

    sets = list(guidelines().values())
    rules = [[(c.id, _logic(c.test)) for c in one.criteria if c.test] for one in sets]
    patients = [_facts(random.Random(number)) for number in range(COMPARED)]
    plain = [_plain(facts, sets) for facts in patients]
    found = medians(
        {
            "ours": lambda: [evaluate(one, facts, DAY).digest for facts in patients for one in sets],
            "JsonLogic": lambda: [jsonLogic(rule, data) for data in plain for rows in rules for _, rule in rows],
        },
        rounds=5,
    )
    agrees = all(
        _truth(row, one) == bool(jsonLogic(dict(rows)[row.id], data))
        for facts, data in zip(patients, plain, strict=True)
        for one, rows in zip(sets, rules, strict=True)
        for row in evaluate(one, facts, DAY).rows
        if row.id in dict(rows)
    )
    note = f"{len(sets)} sets, {1000 * found['ours'] / COMPARED:.3g} ms per patient; {shown(found)}"
    return Result("A1", PEER, ratio("ours", "JsonLogic", found), 5, True, agrees, note)


def _truth(row, guideline) -> bool | None:
    """Whether the condition of the row held, read back from the state."""
    criterion = next(c for c in guideline.criteria if c.id == row.id)
    says_must = criterion.level == "REQUIRED" and not criterion.is_exclusion
    known = {"met": says_must, "not met": not says_must, "clear": False, "triggered": True}
    return known.get(row.state.value)


# --- the same conditions for the peer ----------------------------------------------------------------


def _logic(test) -> dict[str, Any]:
    from eligibility.domain.criteria import Comparator, Compound

    if isinstance(test, Compound):
        return {"or" if test.is_any else "and": [_logic(part) for part in test.parts]}
    value = {"var": _key(test)}
    if test.quantifier is not None:
        return _lesion_logic(test)
    if test.comparator is Comparator.KNOWN:
        said: dict[str, Any] = {"!=": [value, None]}
    elif test.comparator is Comparator.IN:
        said = {"in": [value, sorted(test.among)]}
    else:
        said = {test.comparator.value: [value, float(test.threshold)]}
    return said if test.max_age_days is None else {"and": [said, {"<=": [{"var": "age_days"}, test.max_age_days]}]}


def _lesion_logic(test) -> dict[str, Any]:
    group = {"filter": [{"var": test.fact}, {"==": [{"var": test.quantifier.value}, True]}]}
    return {"some" if test.quantifier.is_any else "all": [group, {"in": [{"var": "relation"}, sorted(test.among)]}]}


def _key(test) -> str:
    return f"{test.fact} {test.unit}".strip().replace(".", "_")


def _conditions(test) -> list:
    from eligibility.domain.criteria import Compound

    return [c for part in test.parts for c in _conditions(part)] if isinstance(test, Compound) else [test]


def _facts(rng: random.Random) -> dict:
    """Everything known, exact, of this week; numbers on both sides of the limits."""
    from eligibility.domain.facts import Fact, FactKind, exactly
    from eligibility.domain.vocabulary import FACTS

    facts = {}
    for name, spec in FACTS.items():
        if spec.kind is FactKind.LESIONS:
            facts[name] = Fact(tuple(_lesion(rng, n) for n in range(rng.randint(2, 6))), clinical_date=DAY)
        elif spec.kind is FactKind.CHOICE:
            facts[name] = Fact(frozenset({rng.choice(sorted(spec.words))}), clinical_date=DAY)
        else:
            value = exactly(Decimal(rng.randint(1, 1600)) / 10)
            facts[name] = Fact(value, unit=spec.units[0], clinical_date=DAY, analyte=spec.analyte)
    return facts


def _lesion(rng: random.Random, number: int):
    from eligibility.domain.facts import LesionFact

    relation = frozenset({rng.choice(["none", "below", "equal", "above", "above"])})
    size = Decimal(12 + rng.randint(0, 30))
    return LesionFact(f"L{number:02d}", "liver", number > 0, number == 0, relation, size_mm=size)


def _plain(facts: dict, sets: list) -> dict[str, Any]:
    from eligibility.domain.criteria import _converted
    from eligibility.domain.lesions import Quantifier, Weight, _weight

    plain: dict[str, Any] = {"age_days": 0}
    for condition in (c for one in sets for row in one.criteria if row.test for c in _conditions(row.test)):
        fact = facts[condition.fact]
        if isinstance(fact.value, tuple):
            plain[condition.fact] = [
                {"relation": next(iter(lesion.relation))}
                | {q.value: _weight(lesion, q) is Weight.COUNTS for q in Quantifier}
                for lesion in fact.value
            ]
        elif isinstance(fact.value, frozenset):
            plain[_key(condition)] = next(iter(fact.value))
        else:
            unit = condition.unit or fact.unit
            value = fact.value if fact.unit == unit else _converted(fact.value, fact, unit)
            plain[_key(condition)] = float(value.low)
    return plain


# --- stored rows and the page ------------------------------------------------------------------------


def _from_rows() -> Iterator[Result]:
    with SqliteScratch() as scratch:
        environment = scratch.make("assess", PATIENTS)
        found = json.loads(child_process(environment, "-m", "bench.assess"))
    each = found["seconds"] / found["patients"]
    note = f"{found['patients']:,} patients, {found['sets']} sets, {found['seconds']:.1f} s in all, of it rules {found['rules']:.1f} s"
    yield Result("A1", STORED, 1000 * each, 50, True, found["patients"] == PATIENTS, note)
    yield Result("A1", PAGE, 1000 * found["page"], 50, True, found["is_complete"], f"{found['sets']} sets")


def child() -> None:
    import django

    django.setup()
    from django.utils import timezone

    from eligibility.case_rows import fetch
    from eligibility.loader import guidelines
    from eligibility.selectors import assess_all, facts_from
    from patients.models import Patient

    today, rules, count = timezone.localdate(), 0.0, 0
    guidelines()
    started = time.perf_counter()
    for patient in Patient.objects.order_by("pk").iterator():
        facts = facts_from(fetch(patient), today)
        before = time.perf_counter()
        assess_all(patient, as_of=today, facts=facts)
        rules += time.perf_counter() - before
        count += 1
    seconds = time.perf_counter() - started
    page, is_complete = _page(list(guidelines()))
    print(
        json.dumps(
            {
                "patients": count,
                "seconds": seconds,
                "rules": rules,
                "sets": len(guidelines()),
                "page": page,
                "is_complete": is_complete,
            }
        )
    )


def _page(ids: list[str]) -> tuple[float, bool]:
    """Median server time of the page, and whether it names every set."""
    from django.test import Client

    from demo.accounts import DEMO_USER
    from patients.models import Patient, User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username=DEMO_USER))
    numbers = Patient.objects.order_by("pk").values_list("case_number", flat=True)[:60]
    times, complete = [], True
    for number in numbers:
        started = time.perf_counter()
        answer = client.get(f"/patients/{number}/?tab=eligibility")
        times.append(time.perf_counter() - started)
        text = answer.content.decode()
        complete = complete and answer.status_code == 200 and all(one in text for one in ids)
    return statistics.median(times[5:]), complete


if __name__ == "__main__":
    child()
