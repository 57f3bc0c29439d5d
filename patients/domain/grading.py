"""WHO grade of a neuroendocrine tumour from the Ki-67 interval, mitoses and differentiation.

Cut-offs: WHO Classification of Tumours, Digestive System, 5th ed. 2019, unchanged in WHO 2022
(Endocrine and Neuroendocrine): G1 Ki-67 < 3 % and < 2 mitoses per 2 mm2, G2 3-20 % or 2-20,
G3 > 20 % or > 20. The index that gives the higher grade wins. Nothing is rounded before grading.
Poorly differentiated carcinoma (NEC) is set apart by morphology, never by Ki-67.
"""

from dataclasses import dataclass
from decimal import Decimal

from patients.domain.ki67 import Interval, Ki67TextRefused, parse_ki67

__all__ = ["EDITION", "GradeResult", "Interval", "Ki67TextRefused", "discordance", "parse_ki67", "who_grade"]

EDITION = "WHO 2022"
GRADES = ("G1", "G2", "G3")
KI67_G2_FROM, KI67_G2_TO = Decimal(3), Decimal(20)
MITOSES_G2_FROM, MITOSES_G2_TO = Decimal(2), Decimal(20)

_UNGRADED_SITES = {
    "lung": "lung tumours are classed as typical or atypical carcinoid by mitoses and necrosis, not as G1 to G3",
    "thymus": "thymic tumours are classed as typical or atypical carcinoid by mitoses and necrosis, not as G1 to G3",
    "ppgl": "phaeochromocytoma and paraganglioma have no G1 to G3 grade",
}


@dataclass(frozen=True)
class GradeResult:
    """``grade`` is G1, G2, G3, NEC or None (no grade can be given); ``label`` is what a page prints.

    ``candidates`` holds every grade the inputs allow, lowest first. When there is more than one the grade
    is indeterminate: ``grade`` is then the highest, for safety, and a rule has to hold for all candidates.
    """

    grade: str | None
    label: str
    candidates: tuple[str, ...]
    explanation: str
    is_indeterminate: bool = False
    edition: str = EDITION


def who_grade(ki67: Interval | None, mitoses: Decimal | None, differentiation: str, site: str = "") -> GradeResult:
    """Grade of one specimen.

    ``ki67`` in percent; ``mitoses`` per 2 mm2; ``differentiation`` is "well", "poor", "minen" or
    "not_stated"; ``site`` is the primary site. Raises ValueError for another differentiation.
    """
    if differentiation not in {"well", "poor", "minen", "not_stated"}:
        raise ValueError(f"unknown differentiation: {differentiation}")
    if site in _UNGRADED_SITES:
        return _no_grade("not graded G1 to G3", _UNGRADED_SITES[site])
    if differentiation == "minen":
        return _no_grade("MiNEN: not graded as a whole", "mixed neoplasm: each component is graded separately")
    if differentiation == "poor":
        return _carcinoma(ki67)
    candidates, basis = _proliferation_grades(ki67, mitoses)
    if differentiation == "not_stated":
        return _undetermined(candidates, basis)
    if not candidates:
        return _no_grade("no grade", "neither Ki-67 nor mitoses are stated")
    return _net(candidates, basis)


def discordance(computed: GradeResult, stated_grade: str, stated_edition: str = "") -> str:
    """One sentence when the stated grade is not among those the inputs allow, else ""."""
    if not stated_grade or not computed.candidates or stated_grade in computed.candidates:
        return ""
    under = f" ({stated_edition})" if stated_edition else ""
    sentence = f"The report states {stated_grade}{under}; computed is {computed.label} ({computed.edition})"
    if stated_grade == "G2" and computed.candidates == ("G1",):
        sentence += "; before 2019 G1 ended at 2 %, now at 3 %"
    return f"{sentence}. Ask the pathologist."


def _net(candidates: tuple[str, ...], basis: str) -> GradeResult:
    highest = candidates[-1]
    if len(candidates) == 1:
        return GradeResult(highest, highest, candidates, f"well differentiated; {basis}")
    return GradeResult(
        highest,
        f"{highest} (indeterminate: {' or '.join(candidates)})",
        candidates,
        f"well differentiated; {basis}; the values span a cut-off, the higher grade is shown: ask the pathologist",
        is_indeterminate=True,
    )


def _carcinoma(ki67: Interval | None) -> GradeResult:
    text = "poorly differentiated: carcinoma, high grade by definition and not graded G1 to G3"
    if ki67 is not None and ki67.compare("<=", KI67_G2_TO) is True:
        text += "; a Ki-67 of 20 % or less is unusual here: ask the pathologist"
    return GradeResult("NEC", "NEC", ("NEC",), text)


def _undetermined(candidates: tuple[str, ...], basis: str) -> GradeResult:
    text = "differentiation is not stated, and Ki-67 never separates NET from carcinoma"
    if candidates:
        text += f"; {' or '.join(candidates)} if well differentiated ({basis})"
    # Any proliferation may still be a carcinoma, so NEC stays possible until morphology is known.
    return GradeResult(None, "undetermined differentiation", (*candidates, "NEC"), text, is_indeterminate=True)


def _no_grade(label: str, explanation: str) -> GradeResult:
    return GradeResult(None, label, (), explanation)


def _proliferation_grades(ki67: Interval | None, mitoses: Decimal | None) -> tuple[tuple[str, ...], str]:
    by_ki67 = None if ki67 is None else _span(ki67)
    by_mitoses = None if mitoses is None else _rank(mitoses, MITOSES_G2_FROM, MITOSES_G2_TO)
    if by_ki67 is None and by_mitoses is None:
        return (), ""
    if by_ki67 is None:
        assert by_mitoses is not None
        return (GRADES[by_mitoses],), f"{_count(mitoses)} alone, Ki-67 is not stated"
    if by_mitoses is None:
        return _names(by_ki67), f"Ki-67 {ki67} alone, mitoses are not stated"
    ranks = (max(by_ki67[0], by_mitoses), max(by_ki67[1], by_mitoses))
    return _names(ranks), f"Ki-67 {ki67} and {_count(mitoses)}, the higher wins"


def _span(ki67: Interval) -> tuple[int, int]:
    """Ranks of the lowest and the highest value the interval holds."""
    is_g1, is_g1_or_g2 = ki67.compare("<", KI67_G2_FROM), ki67.compare("<=", KI67_G2_TO)
    lowest = 0 if is_g1 is not False else 1 if is_g1_or_g2 is not False else 2
    highest = 2 if is_g1_or_g2 is not True else 1 if is_g1 is not True else 0
    return lowest, highest


def _rank(value: Decimal, g2_from: Decimal, g2_to: Decimal) -> int:
    if value < g2_from:
        return 0
    return 1 if value <= g2_to else 2


def _count(mitoses: Decimal | None) -> str:
    return "" if mitoses is None else f"{mitoses.normalize():f} mitoses per 2 mm²"


def _names(ranks: tuple[int, int]) -> tuple[str, ...]:
    return GRADES[ranks[0] : ranks[1] + 1]
