"""The table: 96 cases, in order."""

from tests.imaging.zoo import container, encoding, geometry, people, suv
from tests.imaging.zoo.expected import Case, Specimen

CASES: list[Case] = [case for part in (container, encoding, geometry, suv, people) for case in part.CASES]


def specimens() -> list[tuple[Case, int, Specimen]]:
    return [(case, n, specimen) for case in CASES for n, specimen in enumerate(case.specimens)]


def mark(case: Case, n: int) -> str:
    """What the names of its files begin with."""
    return f"{case.number:03d}{chr(ord('a') + n)}-"
