"""The table: 96 cases, in order."""

from tests import parts
from tests.imaging.zoo import container, encoding, geometry, people, suv
from tests.imaging.zoo.expected import Case, Specimen

LAST_OF_CONTAINERS = 20

CASES: list[Case] = [case for part in (container, encoding, geometry, suv, people) for case in part.CASES]


def specimens() -> list[tuple[Case, int, Specimen]]:
    return [(case, n, specimen) for case in CASES for n, specimen in enumerate(case.specimens)]


def routes(case: Case, n: int) -> tuple[str, ...]:
    """Both for every case. What is inside a file knows no route: its further specimens take turns in the short run."""
    own = case.specimens[n].routes
    return own if parts.is_long_run() else tuple(route for route in own if not is_further(case, n, route))


def is_further(case: Case, n: int, route: str) -> bool:
    """The way that the long run sends it besides."""
    own = case.specimens[n].routes
    return n > 0 and case.number > LAST_OF_CONTAINERS and route != own[(case.number + n) % len(own)]


def mark(case: Case, n: int) -> str:
    """What the names of its files begin with."""
    return f"{case.number:03d}{chr(ord('a') + n)}-"
