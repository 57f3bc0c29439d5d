"""Form fields for numbers: read by the one function that every page uses, typed into a box that swallows no comma.

A number box of the browser leaves out the comma it does not expect: 72,5 becomes 725 before anybody sees it.
"""

import re

from django import forms
from django.core.exceptions import ValidationError

from patients.domain.numbers import NumberRefused, decimal_of, whole_of

# As scripts write small numbers; nobody types it.
_BY_SCRIPT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?e[+-]?[0-9]{1,3}")


class NumberInput(forms.TextInput):
    def __init__(self, attrs=None):
        super().__init__({"inputmode": "decimal", "autocomplete": "off", "size": 8, "class": "number", **(attrs or {})})


class _Typed:
    read = staticmethod(decimal_of)
    widget = NumberInput

    def to_python(self, value):
        if isinstance(value, str) and value.strip() and not _BY_SCRIPT.fullmatch(value.strip()):
            try:
                value = str(self.read(value))
            except NumberRefused as refused:
                raise ValidationError(str(refused), code=refused.code) from refused
        return super().to_python(value)


class DecimalField(_Typed, forms.DecimalField):
    pass


class FloatField(_Typed, forms.FloatField):
    pass


class WholeNumberField(_Typed, forms.IntegerField):
    read = staticmethod(whole_of)
