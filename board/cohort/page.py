"""The page of the cohort, put together for one user and one tab."""

import datetime as dt
from dataclasses import asdict, dataclass, replace

from board.cohort import figures, query
from board.cohort.changes import changed_words, snapshot_of
from board.cohort.chart import forest
from board.cohort.events import EVENTS
from board.cohort.kpi import kpi
from board.cohort.picture import Shown, picture_of
from board.cohort.selection import Cohort, cohort_of
from board.models import CohortQuestion
from eligibility.domain.change import METHOD_VERSION
from patients import reads
from patients.domain.roles import Capability
from patients.selectors import cohort_patients

TABS = {"swimmer": "Swimmer plot", "conversion": "Conversion", "kpi": "Figures of care", "quality": "Data quality"}
MOST_CENTRES = 100
PAGE_SECONDS = 2.5  # then the page says how far it has come, and asks again


@dataclass(frozen=True)
class Eyes:
    """What this user may see here. ``shows_all``: numbers under the smallest cell, asked for by who reads the cases."""

    reads_cases: bool
    shows_all: bool

    @classmethod
    def of(cls, user, asked) -> "Eyes":
        reads = user.may(Capability.READ_CHART)
        return cls(reads, reads and asked.get("small") == "1")


def asked_by(user, asked) -> query.CohortQuery:
    """What this user may ask: whoever does not read the cases asks for whole years."""
    chosen = query.query_of(asked)
    return chosen if user.may(Capability.READ_CHART) else chosen.coarse


def page_of(user, asked, *, today: dt.date) -> dict:
    chosen, eyes = asked_by(user, asked), Eyes.of(user, asked)
    tab = asked.get("tab") if asked.get("tab") in TABS else "swimmer"
    found = cohort_of(user, chosen, today=today, seconds=PAGE_SECONDS)
    if found.unread:
        found = replace(found, members=[])
    questions = list(CohortQuestion.objects.filter(user=user))
    return {
        "query": chosen,
        "fields": fields(user, chosen),
        "found": found,
        "read": found.asked - found.unread,
        "eyes": eyes,
        "tab": tab,
        "tabs": TABS,
        "numbers": figures.numbers(found, shows_all=eyes.shows_all),
        "exclusions": figures.exclusions(found, shows_all=eyes.shows_all),
        "has_small": has_small(found),
        "withheld": figures.WITHHELD if found.is_blinded else "",
        "to_read": _to_read(found) if eyes.reads_cases else [],
        "questions": [(one, query.query_of(one.choices).address) for one in questions],
        "kept": kept(questions, found, eyes),
        "method": METHOD_VERSION,
        "may_export": user.may(Capability.EXPORT_COHORT),
        "may_approve": user.may(Capability.APPROVE_EXPORT),
        **_tab(user, found, eyes, tab, today),
    }


def _to_read(found: Cohort) -> list[str]:
    """Numbers of the cases whose verdicts are hidden until this user has given one."""
    cases = [case for case in found.included if case.is_blinded]
    reads.note_all(case.patient_id for case in cases)
    return [case.case_number for case in cases]


def _tab(user, found: Cohort, eyes: Eyes, tab: str, today: dt.date) -> dict:
    lines = figures.conversion(found, shows_all=eyes.shows_all)
    if tab == "conversion":
        return {"lines": lines, "forest": forest(lines)}
    if tab == "kpi":
        return {"kpi": kpi(found, today=today, shows_all=eyes.shows_all)}
    if tab == "quality":
        return {"gaps": figures.gaps(found, shows_all=eyes.shows_all, names_cases=eyes.reads_cases)}
    return {"lines": lines, "picture": _picture(user, found, eyes, lines)}


def _picture(user, found: Cohort, eyes: Eyes, lines: list):
    """None where rows by pseudonym would tell how few are in or out."""
    told = figures.numbers(found, shows_all=eyes.reads_cases)
    if None in (told.included, told.excluded):
        return None
    reasons = figures.exclusions(found, shows_all=eyes.reads_cases)
    is_open = eyes.reads_cases or not any(line.count.is_hidden for line in lines)
    shown = Shown(eyes.reads_cases, is_open, all(reason.number is not None for reason in reasons))
    return picture_of(found, user, shown)


def has_small(found: Cohort) -> bool:
    """Whether anything of the first lines is hidden at all."""
    told = figures.numbers(found, shows_all=False)
    lines = figures.conversion(found, shows_all=False)
    cells = [told.included, told.excluded, *(reason.number for reason in figures.exclusions(found, shows_all=False))]
    return None in cells or any(line.count.is_hidden and not line.is_withheld for line in lines)


def kept(questions: list[CohortQuestion], found: Cohort, eyes: Eyes) -> dict | None:
    """The saved question that this is, and what has changed since it was kept."""
    one = next((one for one in questions if one.digest == found.query.digest), None)
    if one is None or found.unread:
        return None
    words = changed_words(one.found, snapshot_of(found), shows_all=eyes.reads_cases)
    return {"question": one, "words": words}


def count_of(user, asked, *, today: dt.date) -> dict:
    """The count while somebody chooses: words only."""
    found = cohort_of(user, asked_by(user, asked), today=today, seconds=PAGE_SECONDS)
    if found.unread:
        return {
            "words": f"{found.asked - found.unread} of {found.asked} cases read so far",
            "address": found.query.address,
        }
    told = figures.numbers(found, shows_all=Eyes.of(user, asked).shows_all)
    words = f"n = {told.included_text} ({told.excluded_text} excluded)" if found.members else "No patients match"
    return {"words": words, "address": found.query.address}


def fields(user, chosen: query.CohortQuery) -> list[dict]:
    """The choices of the form, in their order."""
    values = asdict(chosen)
    anything = {"": "any"}
    centres = cohort_patients(user).exclude(centre="").order_by("centre").values_list("centre", flat=True).distinct()
    lists = {
        "event": ("Day 0: first start of", EVENTS),
        "site": ("Primary site", anything | query.SITES),
        "differentiation": ("Differentiation", anything | query.DIFFERENTIATION),
        "grade": ("Grade", anything | query.GRADES),
        "functional": ("Function", anything | query.FUNCTIONAL),
        "scans": ("SSTR scans, at least", {str(n): str(n) for n in range(query.MOST_SCANS + 1)}),
        "ssa": ("Somatostatin analogue", anything | query.SSA),
        "window": ("Second scan within", query.WINDOWS),
        "centre": ("Centre", anything | {name: name for name in centres[:MOST_CENTRES]}),
    }
    return [
        {"name": name, "label": label, "options": options.items(), "value": values[name]}
        for name, (label, options) in lists.items()
    ]
