"""Every address the product answers at, by its full pattern: what an include, the desk or a library brings along too."""

from collections import Counter
from typing import NamedTuple

from django.urls import URLResolver, get_resolver

from tests.contracts.addresses import ACCOUNTS, ADDRESSES, desk


class Route(NamedTuple):
    pattern: str
    name: str


def all_routes(patterns=None, before: str = "", namespace: str = "") -> list[Route]:
    found = []
    for one in patterns if patterns is not None else get_resolver().url_patterns:
        pattern = f"{before}{one.pattern}"
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            found += all_routes(one.url_patterns, pattern, inner)
        else:
            found.append(Route(pattern, f"{namespace}{one.name or ''}"))
    return found


def manifest() -> Counter[Route]:
    """Each address once: a second of the same name, or the same one twice, is one too many."""
    return Counter(Route(pattern, name) for pattern, name in (*ADDRESSES.items(), *ACCOUNTS, *desk()))


def unlisted(routes: list[Route]) -> list[str]:
    return sorted(f"{name or 'no name'} at {pattern}" for pattern, name in (Counter(routes) - manifest()).elements())
