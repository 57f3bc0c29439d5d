"""Three-valued logic: True, False, and None for unknown."""

from collections.abc import Iterable

Truth = bool | None


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if one is False, else None if one is unknown, else True (also of nothing)."""
    found = list(truths)
    if False in found:
        return False
    return None if None in found else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if one is True, else None if one is unknown, else False (also of nothing)."""
    found = list(truths)
    if True in found:
        return True
    return None if None in found else False


def negated(truth: Truth) -> Truth:
    return None if truth is None else not truth
