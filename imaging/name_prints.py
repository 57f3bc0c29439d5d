"""Prints of names under this installation's key. A name is seen here for a moment, on its way from the sandbox."""

import hmac

from django.conf import settings

from imaging.domain import names

REMEMBERED = 256
_remembered: dict[bytes, str] = {}  # the slices of a series repeat one name; kept by its keyed hash, never by itself


def of(name: str, patient_id: str, issuer: str) -> str:
    mark = hmac.digest(_key(), f"{issuer}\0{patient_id}\0{name}".encode(), "sha256")
    if mark not in _remembered:
        if len(_remembered) >= REMEMBERED:
            _remembered.clear()
        _remembered[mark] = names.print_of(name, key=_key(), patient_id=patient_id, issuer=issuer)
    return _remembered[mark]


def initials_agree(name_print: str, initials: str, patient_id: str, issuer: str) -> bool | None:
    return names.initials_agree(name_print, initials, key=_key(), patient_id=patient_id, issuer=issuer)


def _key() -> bytes:
    return settings.NAME_KEY.encode()
