"""The cases that the rows of a file name: found among those this person sees, or opened."""

from django.utils import timezone

from patients.domain.bulk_cells import CellRefused
from patients.domain.bulk_columns import CASE
from patients.domain.bulk_reasons import CHANGED, NEW, SAME
from patients.domain.case_numbers import refusal
from patients.domain.roles import Role
from patients.models import AccessGrant, ImportRow, Patient
from patients.selectors import visible_patients
from patients.services import create_patient, follow_centre, grant_access
from patients.services.patients import ENTERED_ACCESS


class Cases:
    """``holds``: each case stays locked until the end, so that two imports of one file are one after the other."""

    def __init__(self, by, *, holds: bool) -> None:
        self.by, self.holds = by, holds
        self._found: dict[str, Patient | None] = {}

    def find(self, number: str) -> Patient | None:
        """Not there and not visible are the same answer."""
        if number not in self._found:
            mine = visible_patients(self.by).filter(case_number=number)
            self._found[number] = (mine.select_for_update(of=("self",)) if self.holds else mine).first()
        return self._found[number]

    def named(self, number: str) -> Patient:
        found = self.find(number)
        if found is None:
            _refuse_number(number)
            raise CellRefused("case_not_found", CASE)
        return found

    def named_or_new(self, number: str) -> Patient:
        if found := self.find(number):
            return found
        _refuse_number(number)
        return Patient()

    def take(self, number: str, values: dict) -> tuple[str, str, Patient]:
        """Outcome, code and case of one row of the table of patients."""
        known = self.find(number)
        if known is None:
            code, known = self._open(number, values)
            self._found[number] = known
            return NEW, code, known
        if all(getattr(known, name) == value for name, value in values.items()):
            return SAME, "already_here", known
        return CHANGED, "case_differs", known

    def _open(self, number: str, values: dict) -> tuple[str, Patient]:
        taken = Patient.objects.filter(case_number=number).first()
        _refuse_number(number)
        if taken is None:
            return "case_opened", create_patient(by=self.by, case_number=number, **values)
        if not self._is_closed_import(taken) or any(getattr(taken, name) != value for name, value in values.items()):
            raise CellRefused("case_not_found", CASE)
        grant_access(by=self.by, patient=taken, user=self.by, kind=AccessGrant.Kind.ENTERED, until=self._until())
        follow_centre(taken, by=self.by)
        return "case_reopened", taken

    def _is_closed_import(self, patient: Patient) -> bool:
        mine = ImportRow.objects.filter(patient=patient, batch__by=self.by, table="patients").order_by("-id").first()
        return mine is not None and mine.undone == "case_closed"

    def _until(self):
        return timezone.now() + ENTERED_ACCESS if self.by.role == Role.DATA_ENTRY else None


def _refuse_number(number: str) -> None:
    if said := refusal(number):
        raise CellRefused("case_number_refused", CASE, said)
