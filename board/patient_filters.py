"""Narrowing the list of cases: by the begin of a case number, by site, by chips. Every choice is in the address."""

import datetime as dt
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from board.models import BoardDecision, Contact, WatchState
from patients.domain.drugs import REGIMENS
from patients.models import Diagnosis, Patient, TreatmentLine

MOST_COUNTED = 500
LONGEST_TEXT = 32
SHORTEST_SITE = 3
NO_DECISION = "none"
OUTCOMES = {**dict(BoardDecision.Outcome.choices), NO_DECISION: "no decision"}
CLASSES = ("RICH", "MIXED", "POOR", "UNKNOWN")


@dataclass(frozen=True)
class Filters:
    text: str = ""
    is_overdue: bool = False
    had_captem: bool = False
    outcome: str = ""
    sstr_class: str = ""

    @property
    def is_any(self) -> bool:
        return self != Filters()

    def address(self, **place: str) -> str:
        """The query string of these choices; ``place`` is where in the pages."""
        chosen = {
            "q": self.text,
            "overdue": "1" if self.is_overdue else "",
            "captem": "1" if self.had_captem else "",
            "class": self.sstr_class,
            "decision": self.outcome,
        }
        return "?" + urlencode({name: value for name, value in (chosen | place).items() if value})


@dataclass(frozen=True)
class Chip:
    """A choice as a link: taken away where it is on, added where it is off."""

    label: str
    is_on: bool
    href: str
    without: Filters
    group: str = ""


def filters_of(asked) -> Filters:
    """From the address; what is not known is not chosen."""
    outcome, sstr_class = asked.get("decision", ""), asked.get("class", "")
    return Filters(
        text=asked.get("q", "").strip()[:LONGEST_TEXT],
        is_overdue=asked.get("overdue") == "1",
        had_captem=asked.get("captem") == "1",
        outcome=outcome if outcome in OUTCOMES else "",
        sstr_class=sstr_class if sstr_class in CLASSES else "",
    )


def narrowed(patients: QuerySet[Patient], chosen: Filters, today: dt.date) -> QuerySet[Patient]:
    current = BoardDecision.objects.current()
    own = current.filter(patient=OuterRef("pk"))
    if chosen.text:
        patients = _with_text(patients, chosen.text)
    if chosen.is_overdue:  # few are: start from them
        decided = BoardDecision.objects.waiting().filter(due_date__lt=today)
        agreed = Contact.objects.waiting().filter(next_on__lt=today)
        patients = patients.filter(Q(pk__in=decided.values("patient")) | Q(pk__in=agreed.values("patient")))
    if chosen.had_captem:
        patients = patients.filter(Exists(_captem().filter(patient=OuterRef("pk"))))
    if chosen.sstr_class:
        patients = patients.filter(pk__in=_of_class(chosen.sstr_class).values("patient"))
    if chosen.outcome == NO_DECISION:
        patients = patients.filter(~Exists(own))
    elif chosen.outcome:
        patients = patients.filter(pk__in=current.filter(outcome=chosen.outcome).values("patient"))
    return patients


def _of_class(name: str) -> QuerySet[WatchState]:
    return WatchState.objects.filter(sstr_class=name)


def _captem() -> QuerySet[TreatmentLine]:
    """Lines of that name, or with all of its drugs."""
    drugs = Q(*(Q(named__icontains=drug) for drug in REGIMENS["CAPTEM"]))
    return TreatmentLine.objects.alias(named=Cast("drugs", TextField())).filter(
        drugs | Q(regimen__istartswith="CAPTEM")
    )


def site_of(text: str) -> str:
    """The site whose name, or a word of it, begins with the text; "" for anything else."""
    asked = text.casefold()
    if len(asked) < SHORTEST_SITE:
        return ""
    words = {site: label.casefold().replace("/", " ").split() for site, label in Diagnosis.Site.choices}
    whole = {site: " ".join(parts) for site, parts in words.items()}
    found = [site for site in words if whole[site].startswith(asked) or any(w.startswith(asked) for w in words[site])]
    return found[0] if found else ""


def _with_text(patients: QuerySet[Patient], text: str) -> QuerySet[Patient]:
    """Cases whose number begins with it, as typed or in capitals; else, where it names a site, those of that site."""
    for begin in dict.fromkeys((text, text.upper())):
        found = patients.filter(case_number__prefix=begin)
        if found.exists():
            return found
    if site := site_of(text):
        return patients.filter(Exists(Diagnosis.objects.filter(patient=OuterRef("pk"), primary_site=site)))
    return patients.filter(Q(pk__in=[]))


def chips(chosen: Filters) -> list[Chip]:
    found = []
    if chosen.text:
        found.append(_chip(f"“{chosen.text}”", chosen, on=chosen, off=replace(chosen, text="")))
    found.append(_toggle("overdue", chosen, "is_overdue"))
    found.append(_toggle("CAPTEM yes", chosen, "had_captem"))
    for name in CLASSES:
        on, off = replace(chosen, sstr_class=name), replace(chosen, sstr_class="")
        found.append(_chip(name, chosen, on=on, off=off, group="SSTR class"))
    for outcome, label in OUTCOMES.items():
        on, off = replace(chosen, outcome=outcome), replace(chosen, outcome="")
        found.append(_chip(label, chosen, on=on, off=off, group="Decision"))
    return found


def _toggle(label: str, chosen: Filters, name: str) -> Chip:
    return _chip(label, chosen, on=replace(chosen, **{name: True}), off=replace(chosen, **{name: False}))


def _chip(label: str, chosen: Filters, *, on: Filters, off: Filters, group: str = "") -> Chip:
    is_on = chosen == on
    return Chip(label, is_on, (off if is_on else on).address(), off, group)


def counted(patients: QuerySet[Patient]) -> int:
    """How many there are, at most one more than is ever said: a count of a registry costs what the registry holds."""
    return patients.order_by()[: MOST_COUNTED + 1].count()


def count_words(number: int) -> str:
    return f"more than {MOST_COUNTED}" if number > MOST_COUNTED else str(number)


def way_out(patients: QuerySet[Patient], chosen: Filters, today: dt.date) -> tuple[Chip, str] | None:
    """The one chip that, taken away, shows the most cases, and how many."""
    on = [chip for chip in chips(chosen) if chip.is_on]
    numbers = [(counted(narrowed(patients, chip.without, today)), chip) for chip in on]
    number, best = max(numbers, key=lambda pair: pair[0], default=(0, None))
    return (best, count_words(number)) if best and number else None
