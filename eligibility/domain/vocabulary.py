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
# States that no later day changes, and those that keep from treatment until a newer entry says otherwise: only what
# allows a treatment grows old.
LASTING_WORDS: Choice = frozenset({"pregnant", "not_excluded", "not_of_childbearing_potential", NOT_APPLICABLE})


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
    "gut_segment": _choice("part of the gut the primary arose in", "foregut", "midgut", "hindgut", "other"),
    "days_since_diagnosis": _number("time since diagnosis", "days"),
    "stage": _choice("stage", "localised", "locoregional", "metastatic"),
    "is_resectable": _choice("resectable with curative intent", *YES_NO),
    "differentiation": _choice("differentiation", "well", "poor", "minen"),
    "grade": _choice("grade", "G1", "G2", "G3", "NEC"),
    "ki67_percent": _number("Ki-67", "%"),
    "has_progression": _choice("progression", *YES_NO),
    "has_progression_since_prrt": _choice("progression since the last PRRT cycle", *YES_NO),
    "has_progression_on_ssa": _choice("progression on a fixed dose of octreotide LAR", *YES_NO),
    "progression_older_scan_age_days": _number("age of the earlier examination of the progression pair", "days"),
    "progression_newer_scan_age_days": _number("age of the later examination of the progression pair", "days"),
    "sstr_relation_to_liver": FactSpec(FactKind.LESIONS, "uptake relative to liver", words=RELATIONS),
    "sstr_scan_age_days": _number("age of the SSTR scan", "days"),
    "is_sstr_positive": _choice("SSTR-positive disease as the text at hand defines it", *YES_NO),
    "largest_lesion_mm": _number("largest lesion", "mm"),
    "lesions_over_20mm": _number("lesions larger than 20 mm", "lesions"),
    "has_fdg_scan": _choice("FDG scan on record", *YES_NO),
    "fdg_scan_age_days": _number("age of the FDG scan", "days"),
    "fdg_sstr_interval_days": _number("time between the FDG and the nearest SSTR scan", "days"),
    "fdg_on_record": _choice("FDG scan that counts", "yes", "before_chemotherapy"),
    "fdg_discordant": _choice("lesion with FDG uptake and SSTR uptake below liver", *YES_NO),
    "crcl_cockcroft_gault": _number("creatinine clearance (Cockcroft-Gault)", "mL/min"),
    "egfr_ckd_epi": _number("eGFR (CKD-EPI 2021)", "mL/min/1.73m2"),
    "body_weight_kg": _number("body weight", "kg"),
    "is_prothrombin_normal": _choice("prothrombin time within the laboratory's limits", *YES_NO),
    "bilirubin_total_x_uln": _number("total bilirubin", "x ULN"),
    "alt_x_uln": _number("ALT", "x ULN"),
    "ast_x_uln": _number("AST", "x ULN"),
    "alp_x_uln": _number("alkaline phosphatase", "x ULN"),
    "pregnancy": _choice(
        "pregnancy", "pregnant", "not_excluded", "negative_test", "not_of_childbearing_potential", NOT_APPLICABLE
    ),
    "is_breast_feeding": _choice("breast-feeding", *YES_NO, NOT_APPLICABLE),
    "has_hypersensitivity": _choice("hypersensitivity to the product", *YES_NO),
    "has_severe_hypersensitivity": _choice("hypersensitivity to the product of grade 3 or 4", *YES_NO),
    "has_marrow_irradiated": _choice("more than 25 % of bone marrow irradiated", *YES_NO),
    "heart_failure_nyha": _choice("heart failure (NYHA class)", "none", "I", "II", "III", "IV"),
    "has_other_unsealed_therapy": _choice("earlier therapy with unsealed sources", *YES_NO),
    "has_other_malignancy": _choice("other malignancy", *YES_NO),
    "has_bone_metastases": _choice("bone metastases", *YES_NO),
    "has_peritoneal_metastases": _choice("peritoneal metastases", *YES_NO),
    "has_untreated_brain_metastases": _choice("untreated brain metastases", *YES_NO),
    "has_symptoms": _choice("symptoms of the tumour or of its hormones", *YES_NO),
    "has_life_expectancy": _choice("life expectancy of 3 months or more", *YES_NO),
    "has_uncontrolled_diabetes": _choice("uncontrolled diabetes mellitus", *YES_NO),
    "has_uncontrolled_heart_failure": _choice("uncontrolled congestive heart failure", *YES_NO),
    "has_carcinoid_heart_disease": _choice("carcinoid heart disease", *YES_NO),
    "has_severe_cardiac_impairment": _choice("severe cardiac impairment", *YES_NO),
    "has_urinary_malformation": _choice("malformation of a kidney or the urinary tract", *YES_NO),
    "has_urinary_incontinence": _choice("urinary incontinence", *YES_NO),
    "has_organ_dysfunction": _choice("renal, hepatic or cardiovascular dysfunction that excludes", *YES_NO),
    "has_protocol_checked": _choice("criteria not read here, checked against the protocol", *YES_NO),
    "has_investigational_drug": _choice("investigational drug within 30 days or 7 half-lives", *YES_NO),
    "has_transfusion": _choice("transfusion of red cells or platelets", *YES_NO),
    "days_since_transfusion": _number("time since the transfusion", "days"),
    "has_gcsf": _choice("growth factor for white cells", *YES_NO),
    "days_since_gcsf": _number("time since the growth factor", "days"),
    "has_prior_chemotherapy": _choice("earlier chemotherapy", *YES_NO),
    "days_since_chemotherapy": _number("time since the last chemotherapy", "days"),
    "counts_after_chemotherapy": _choice("blood counts after the last chemotherapy", *YES_NO, "no_chemotherapy"),
    "has_prior_systemic": _choice("earlier systemic therapy other than somatostatin analogues", *YES_NO),
    "days_since_systemic": _number("time since the last systemic therapy other than somatostatin analogues", "days"),
    "systemic_lines": _number("earlier systemic lines, somatostatin analogues included", "lines"),
    "has_long_acting_ssa": _choice("long-acting somatostatin analogue", *YES_NO),
    "days_since_long_acting_ssa": _number("time since the last long-acting somatostatin analogue", "days"),
    "has_short_acting_ssa": _choice("short-acting somatostatin analogue", *YES_NO),
    "days_since_short_acting_ssa": _number("time since the last short-acting somatostatin analogue", "days"),
    "hours_since_short_acting_ssa": _number("hours since the last short-acting somatostatin analogue", "h"),
    "has_prior_surgery": _choice("earlier surgery of the tumour", *YES_NO),
    "days_since_surgery": _number("time since the last surgery", "days"),
    "has_prior_embolisation": _choice("earlier embolisation", *YES_NO),
    "days_since_embolisation": _number("time since the last embolisation", "days"),
    "has_prior_ebrt_or_sirt": _choice("earlier external beam radiotherapy to lesions, or SIRT", *YES_NO),
    "has_prior_prrt": _choice("earlier PRRT", *YES_NO),
    "has_prior_prrt_benefit": _choice("benefit from the earlier PRRT", *YES_NO),
    "prior_prrt_pfs_months": _number("time without progression after the earlier PRRT", "months"),
    "cumulative_activity_gbq": _number("activity given so far", "GBq"),
    "cumulative_with_two_more_gbq": _number("activity after two more cycles of 7.4 GBq", "GBq"),
    "is_sstr_scan_after_prrt": _choice("SSTR scan after the last PRRT cycle", *YES_NO),
    "ecog": _number("ECOG performance status", ""),
    "karnofsky": _number("Karnofsky performance status", "%"),
}

FACTS: Mapping[str, FactSpec] = {
    **{code: FactSpec(FactKind.NUMBER, a.label, a.units, analyte=code) for code, a in ANALYTES.items()},
    **_OWN,
}


def label_of(name: str) -> str:
    return FACTS[name].label if name in FACTS else name.replace("_", " ")
