"""The treatment that day 0 is the start of."""

from collections.abc import Callable

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from board.domain.cohort_pairs import Given
from patients.domain.drugs import ALKYLATORS, REGIMENS, contains_alkylator, drugs_of, is_prrt
from patients.models import Patient, TreatmentLine

_CAPTEM = frozenset(REGIMENS["CAPTEM"])
_CLASS = TreatmentLine.TreatmentClass
EVENTS: dict[str, str] = {
    "captem": "CAPTEM",
    "alkylator": "a regimen with an alkylator",
    "ssa": "a somatostatin analogue",
    "prrt": "PRRT",
}


def _is_captem(line: TreatmentLine) -> bool:
    named = {str(drug).strip().lower() for drug in line.drugs} or set(drugs_of(line.regimen))
    return named >= _CAPTEM or line.regimen.strip().lower().startswith("captem")


_IS: dict[str, Callable[[TreatmentLine], bool]] = {
    "captem": _is_captem,
    "alkylator": lambda line: contains_alkylator(line.regimen, map(str, line.drugs)) is True,
    "ssa": lambda line: line.treatment_class == _CLASS.SSA,
    "prrt": lambda line: line.treatment_class == _CLASS.PRRT or is_prrt([line.regimen, *map(str, line.drugs)]),
}


def first_of(event: str, lines: list[TreatmentLine]) -> TreatmentLine | None:
    """The earliest; one without a day only where none has one."""
    found = [line for line in lines if _IS[event](line)]
    dated = [line for line in found if line.clinical_span]
    return min(dated, key=lambda line: line.clinical_span, default=found[0] if found else None)


def given(line: TreatmentLine) -> Given:
    response = line.get_best_response_display() if line.best_response else ""
    return Given(
        line.regimen, line.treatment_class, line.clinical_span, line.stop_span, line.is_ongoing, line.cycles, response
    )


def may_have(event: str, patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """No fewer than those who had it: what a database can say by name. ``first_of`` decides."""
    lines = TreatmentLine.objects.alias(named=Cast("drugs", TextField()))
    if event == "ssa":
        lines = lines.filter(treatment_class=_CLASS.SSA)
    elif event == "prrt":
        words = ("dotatate", "dotatoc", "dotreotide", "lutathera", "prrt")
        lines = lines.filter(Q(treatment_class=_CLASS.PRRT) | _names(words))
    else:
        known = [name for name, drugs in REGIMENS.items() if ALKYLATORS & set(drugs)]
        lines = lines.filter(_names([*known, *ALKYLATORS]))
    return patients.filter(Exists(lines.filter(patient=OuterRef("pk"))))


def _names(words) -> Q:
    found = Q()
    for word in words:
        found |= Q(regimen__icontains=word) | Q(named__icontains=word)
    return found
