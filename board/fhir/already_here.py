"""Whether a row of the same content is recorded already: a bundle read twice adds nothing.

Earlier versions count too. What was corrected or withdrawn here does not come back because somebody sends it again.
"""

from collections import defaultdict
from dataclasses import dataclass

from patients.models import LabResult, Patient, SsaInjection, Versioned
from patients.selectors import patient_lookup
from patients.services.versions import BOOKKEEPING


@dataclass(frozen=True)
class Found:
    """``code``: already_here, corrected_since or withdrawn_since. ``row`` is the current version, if there is one."""

    code: str
    row: Versioned | None


def content(row: Versioned) -> tuple:
    """Everything a row says, without who recorded it when, as something to compare."""
    fields = [field for field in row._meta.concrete_fields if field.name not in BOOKKEEPING | {"patient"}]
    values = (getattr(row, field.attname) for field in fields)
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)


def readings(row: Versioned) -> list[tuple]:
    """Contents that say no more and no less: an injection whose form is not stated is one whose form is known here."""
    if not isinstance(row, SsaInjection) or row.is_long_acting is not None:
        return [content(row)]
    found = []
    for form in (None, True, False):
        row.is_long_acting = form
        found.append(content(row))
    row.is_long_acting = None
    return found


class Recorded:
    """The rows of one case, each of which answers for one resource at most."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self._by_content: dict[type, dict] = {}
        self._current: dict[type, dict] = {}
        self._spent: set = set()

    def find(self, row: Versioned) -> Found | None:
        model = type(row)
        if model not in self._by_content:
            self._load(model)
        said = readings(row)
        known = [one for text in said for one in self._by_content[model].get(text, [])]
        free = [one for one in dict.fromkeys(known) if one not in self._spent]
        if not free:
            return None
        current = self._current[model]
        same = [one for one in free if one in current and content(current[one]) in said]
        corrected = [one for one in free if one in current]
        lineage = (same or corrected or free)[0]
        self._spent.add(lineage)
        code = "already_here" if same else "corrected_since" if corrected else "withdrawn_since"
        return Found(code, current.get(lineage))

    def add(self, row: Versioned) -> None:
        """A row just made answers for its own resource only."""
        self._spent.add(row.lineage)
        self._current.setdefault(type(row), {})[row.lineage] = row

    def same_day(self, row: Versioned) -> str:
        """A word where another value of the same analyte and day stands beside this one, else ""."""
        if not isinstance(row, LabResult) or row.clinical_date is None:
            return ""
        key = (row.analyte, row.clinical_date, row.clinical_date_precision)
        others = self._current.get(LabResult, {}).values()
        is_double = any((one.analyte, one.clinical_date, one.clinical_date_precision) == key for one in others)
        return "Another value of the same day is recorded beside it." if is_double else ""

    def _load(self, model: type[Versioned]) -> None:
        found, current = defaultdict(list), self._current.setdefault(model, {})
        versions = model.versions.filter(**{patient_lookup(model): self.patient}).order_by("recorded_at", "pk")
        for row in versions:
            if row.lineage not in found[content(row)]:
                found[content(row)].append(row.lineage)
            if row.superseded_at is None:
                current[row.lineage] = row
        self._by_content[model] = dict(found)
