"""Every other reason for a change of uptake: each check says ok, soft, hard or unknown, with numbers and its evidence.

The rules are those of clinical.md 4.3, and of features.md B4 the three that 4.3 lacks: C9, C12 and C13. A hard check
blocks the comparison. An unknown one blocks it as well where the missing value could hide a hard one (``blocks``).
"""

from collections.abc import Callable

from eligibility.domain import confounders_course as course
from eligibility.domain import confounders_scan as scan
from eligibility.domain.check_types import Answer, Check, Pair, Rule

RULES: tuple[tuple[Rule, Callable[[Pair], Answer]], ...] = (
    (Rule("tracer", "Different tracer", "another tracer", "HARD", "R[S26], C"), scan.tracer),
    (Rule("quality", "Image quality", "non-diagnostic images: unknown; limited: soft", "HARD", "D (E1)"), scan.quality),
    (
        Rule(
            "scanner",
            "Scanner, reconstruction, PSF/TOF",
            "change of scanner, reconstruction or time of flight; hard if PSF was toggled",
            "SOFT/HARD",
            "MH",
        ),
        scan.scanner,
    ),
    (
        Rule(
            "uptake_time",
            "Uptake time",
            "difference > 10 min soft, > 20 min hard; outside the label window soft",
            "SOFT/HARD",
            "window R[S54]; limits D",
        ),
        scan.uptake_time,
    ),
    (
        Rule(
            "ssa",
            "Somatostatin analogue",
            "newly given hard; stopped, changed or > 14 days' difference since the last injection soft",
            "SOFT/HARD",
            "R[S17,S18,S19]",
        ),
        scan.ssa,
    ),
    (
        Rule(
            "injection",
            "Injected activity and weight",
            "difference > 20 %; missing: SUV not verifiable; residual activity and clocks are not recorded",
            "SOFT",
            "D",
        ),
        scan.injection,
    ),
    (Rule("peptide", "Peptide mass", "difference > 20 %, if known", "SOFT", "MH; limit D"), scan.peptide),
    (Rule("extravasation", "Extravasation", "seen by the reader on either scan", "HARD", "D"), scan.extravasation),
    (
        Rule(
            "partial_volume",
            "Partial volume",
            "index lesion < 15 mm soft; no matched lesion of 10 mm on both scans hard; size needed at both scans",
            "SOFT/HARD",
            "MH; R[S70]",
        ),
        scan.partial_volume,
    ),
    (
        Rule("liver", "Liver reference", "liver SUVmean changed > 20 %, or SIRT between the scans", "SOFT", "D"),
        scan.liver,
    ),
    (Rule("sink", "Tumour sink", "SSTR tumour volume changed > 50 %, same method", "SOFT", "MH; limit D"), scan.sink),
    (Rule("steroids", "Steroids", "high-dose glucocorticoid at either scan", "SOFT", "R[S54]"), course.steroids),
    (
        Rule(
            "inflammation",
            "Inflammation or treatment effect",
            "stated, or local treatment, radiotherapy or PRRT between the scans",
            "SOFT",
            "R[S13]",
        ),
        course.inflammation,
    ),
    (Rule("drift", "Reader drift", "same reader, blinded to the order", "SOFT", "D"), course.drift),
    (Rule("clone", "Other clone", "biopsy since the first scan, of the same grade", "SOFT", "MH"), course.clone),
    (
        Rule("since_chemo", "Time since chemotherapy", "days are recorded; 7 days or less soft", "SOFT", "R[S72,S75]"),
        course.since_chemo,
    ),
    (
        Rule(
            "C9",
            "Lesions lost or new (C9)",
            "two matched lesions rise, or more than half of the matched volume",
            "SOFT",
            "D (B4 C9)",
        ),
        course.loss_or_gain,
    ),
    (Rule("C12", "Supporting evidence (C12)", "paired FDG or SSTR2A IHC", "SOFT", "D (B4 C12)"), course.support),
    (
        Rule(
            "C13",
            "First examination of its kind (C13)",
            "scan before is scintigraphy: optimisation",
            "SOFT",
            "D (B4 C13)",
        ),
        course.first_exam,
    ),
)


def check_all(pair: Pair) -> tuple[Check, ...]:
    """Every check, in the order of the table."""
    found = ((rule, look(pair)) for rule, look in RULES)
    return tuple(Check(rule, a.state, a.reason, a.missing, a.may_hide_hard) for rule, a in found)
