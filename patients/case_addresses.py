"""``<case:case_number>`` in a route: a case number as one part of an address."""

from django.urls import register_converter

from patients.domain.case_numbers import from_address, to_address


class CaseNumber:
    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        found = from_address(value)
        if "\0" in found:  # PostgreSQL looks up no such text
            raise ValueError
        return found

    def to_url(self, value: str) -> str:
        return to_address(value)


register_converter(CaseNumber, "case")
