"""The facts a criterion may name: kind, unit and, for named states, the words allowed.

A guideline file that names anything else is refused, so a misspelt fact can never sit silently unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from eligibility.domain.facts import Choice, FactKind
from patients.domain.units import ANALYTES

RELATIONS: Choice = frozenset({"none", "below", "equal", "above"})
YES_NO: Choice = frozenset({"yes", "no"})
NOT_APPLICABLE = "not_applicable_male"


@dataclass(frozen=True)
class FactSpec:
    """``units``: those a criterion may compare in; ``analyte``: converted between them by this analyte."""

    kind: FactKind
    label: str
    units: tuple[str, ...] = ()
    words: Choice = frozenset()
    analyte: str = ""


def _number(label: str, *units: str) -> FactSpec:
    return FactSpec(FactKind.NUMBER, label, units)


def _choice(label: str, *words: str) -> FactSpec:
    return FactSpec(FactKind.CHOICE, label, words=frozenset(words))


_OWN: dict[str, FactSpec] = {
    "age_years": _number("age", "years"),
    "sex": _choice("sex used in formulas", "F", "M", "O"),
    "primary_site": _choice(
        "primary site",
        "stomach",
        "duodenum",
        "pancreas",
        "small_bowel",
        "appendix",
        "colon",
        "rectum",
        "lung",
        "thymus",
        "ppgl",
    ),
    "stage": _choice("stage", "localised", "locoregional", "metastatic"),
    "is_resectable": _choice("resectable with curative intent", *YES_NO),
    "differentiation": _choice("differentiation", "well", "poor", "minen"),
    "grade": _choice("grade", "G1", "G2", "G3", "NEC"),
    "ki67_percent": _number("Ki-67", "%"),
    "has_progression": _choice("progression", *YES_NO),
    "sstr_relation_to_liver": FactSpec(FactKind.LESIONS, "uptake relative to liver", words=RELATIONS),
    "sstr_scan_age_days": _number("age of the SSTR scan", "days"),
    "crcl_cockcroft_gault": _number("creatinine clearance (Cockcroft-Gault)", "mL/min"),
    "bilirubin_total_x_uln": _number("total bilirubin", "x ULN"),
    "alt_x_uln": _number("ALT", "x ULN"),
    "ast_x_uln": _number("AST", "x ULN"),
    "pregnancy": _choice(
        "pregnancy", "pregnant", "not_excluded", "negative_test", "not_of_childbearing_potential", NOT_APPLICABLE
    ),
    "is_breast_feeding": _choice("breast-feeding", *YES_NO, NOT_APPLICABLE),
    "has_hypersensitivity": _choice("hypersensitivity to the product", *YES_NO),
    "has_marrow_irradiated": _choice("more than 25 % of bone marrow irradiated", *YES_NO),
    "heart_failure_nyha": _choice("heart failure (NYHA class)", "none", "I", "II", "III", "IV"),
    "has_other_unsealed_therapy": _choice("earlier therapy with unsealed sources", *YES_NO),
    "has_other_malignancy": _choice("other malignancy", *YES_NO),
    "has_bone_metastases": _choice("bone metastases", *YES_NO),
    "has_prior_chemotherapy": _choice("earlier chemotherapy", *YES_NO),
    "ecog": _number("ECOG performance status", ""),
    "karnofsky": _number("Karnofsky performance status", "%"),
}

FACTS: Mapping[str, FactSpec] = {
    **{code: FactSpec(FactKind.NUMBER, a.label, a.units, analyte=code) for code, a in ANALYTES.items()},
    **_OWN,
}


def label_of(name: str) -> str:
    return FACTS[name].label if name in FACTS else name.replace("_", " ")
