"""Values the desk computes and shows beside what was typed."""

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html

from patients import selectors
from patients.domain.grading import discordance
from patients.domain.renal import RenalUnavailable


class DerivedValues:
    """Read-only columns of specimens and treatment lines."""

    @admin.display(description="WHO grade, computed")
    def who_grade(self, specimen):
        if specimen.patient_id is None or specimen._state.adding:
            return "appears after saving"
        computed = selectors.grade_of(specimen)
        conflict = discordance(computed, specimen.stated_grade, specimen.classification_edition)
        return format_html(
            '<strong>{}</strong> <span class="why">{}: {}</span> <span class="conflict">{}</span>',
            computed.label,
            computed.edition,
            computed.explanation,
            conflict,
        )

    @admin.display(description="IHC")
    def ihc_shown(self, specimen):
        return ", ".join(str(result) for result in selectors.stains(specimen)) or "-"

    @admin.display(description="Alkylator")
    def alkylator(self, line):
        if line._state.adding:
            return "appears after saving"
        return {True: "yes", False: "no", None: "unknown: drugs not named or not in the list"}[
            selectors.alkylator_exposure_of(line)
        ]


class DerivedCaseValues:
    """Read-only values of a whole case, as of today."""

    @admin.display(description="Age today")
    def age(self, patient):
        ages = selectors.age_range_on(patient, timezone.localdate())
        if ages is None:
            return "unknown: no birth date"
        return f"{ages[0]} years" if ages[0] == ages[1] else f"{ages[0]} or {ages[1]} years"

    @admin.display(description="Creatinine clearance")
    def crcl(self, patient):
        return _estimate(selectors.creatinine_clearance, patient, "Cockcroft-Gault, actual weight")

    @admin.display(description="Estimated GFR")
    def egfr(self, patient):
        return _estimate(selectors.egfr, patient, "CKD-EPI 2021")


def _estimate(function, patient, method: str) -> str:
    try:
        found = function(patient, as_of=timezone.localdate())
    except RenalUnavailable as unavailable:
        return f"unknown: {unavailable.message}"
    unit = found.unit.replace("m2", "m²")
    return f"{found.value:.0f} {unit} ({method}, newest creatinine)"
