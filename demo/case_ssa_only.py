"""Case 0004, invented: the reader's scores rise from 2 to 3 and no lesion takes up more.

Between the two scans nothing began but a long-acting somatostatin analogue. Uptake of normal liver and spleen falls on
it and that of tumour does not (Haug 2011, Ayati 2018), so the same lesions stand above a darker liver: a change that
comes from the reference, not from the tumour.
"""

import datetime as dt

from demo.anatomy import Figure
from demo.phantom import TRUNK, PhantomLesion
from demo.rows import INVENTED, biopsy, course, denials, diagnosis, examination, injections, labs, progression, ssa_line
from demo.specs import CaseSpec, Decided, LesionSpec, Row, ScanSpec, Score, Seen

LIVER_BEFORE, LIVER_ON_SSA = 6.0, 4.68  # x 0.78
SPLEEN_BEFORE, SPLEEN_ON_SSA = 24.0, 18.5


def ssa_only_case(today: dt.date) -> CaseSpec:
    """Dates are counted back from ``today``."""
    before, on_ssa = (today - dt.timedelta(days=n) for n in (136, 10))
    return CaseSpec(
        case_number="0004",
        question="Lesions stand above liver now and equalled it before: has their uptake changed, or the liver's?",
        patient={
            "initials": "DD",
            "sex_for_formulas": "F",
            "birth_date": dt.date(today.year - 66, 1, 17),
            "centre": "Demo centre",
            "vital_status": "alive",
            "demo_note": INVENTED,
        },
        rows=_rows(today),
        lesions=(
            LesionSpec("L01", "lymph node", "metastasis", "mesenteric", is_target=True),
            LesionSpec("L02", "liver", "metastasis", "VIII", is_target=True),
            LesionSpec("L03", "liver", "metastasis", "V", is_target=True),
        ),
        scans=(
            _scan("baseline", before, noise_seed=61),
            _scan("on lanreotide", on_ssa, noise_seed=255),
        ),
        decision=Decided(
            on=today - dt.timedelta(days=4),
            outcome="more_data",
            text="Invented: the scores rose and lesion SUV did not. Scan again just before an injection, then decide.",
            owner="Nuclear medicine",
            due=today + dt.timedelta(days=24),
            next_step="sstr_pet",
        ),
    )


def _rows(today: dt.date) -> tuple[Row, ...]:
    def ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    return (
        diagnosis(ago(171), "small_bowel", "liver", "lymph nodes"),
        biopsy(ago(168), ki67="4 %", grade="G2", mitoses=2),
        ssa_line(1, "lanreotide", ago(122), best_response="SD"),
        *injections("lanreotide", 120, ago(122), ago(94), ago(66), ago(38)),
        progression(ago(138), ago(320), ago(140), "CT, new lymph node in the mesentery, liver unchanged."),
        *denials(ago(138), is_female=True),
        *examination(ago(138), ecog=0, karnofsky=90, weight_kg=67, height_cm=165),
        *examination(ago(11), ecog=0, karnofsky=90, weight_kg=67, height_cm=165),
        *labs(ago(138)),
        *labs(ago(11), platelets="204", creatinine="82"),
        *course("cga", (ago(171), "188"), (ago(94), "161"), (ago(11), "154")),
    )


def _scan(label: str, day: dt.date, noise_seed: int) -> ScanSpec:
    is_first = label == "baseline"
    liver = LIVER_BEFORE if is_first else LIVER_ON_SSA
    uptake = {"liver": liver, "spleen": SPLEEN_BEFORE if is_first else SPLEEN_ON_SSA}
    score = Score(2, 2) if is_first else Score(3, 3)
    return ScanSpec(
        key=label.replace(" ", "-"),
        label=label,
        day=day,
        figure=Figure(stretch=(0.98, 0.98, 0.97), is_female=True, uptake=uptake, seed=63, fat_mm=13),
        liver_suv_mean=liver,
        lesions={
            "L01": Seen(PhantomLesion((24, -22, -716), 16, 6.9, 16, seed=64), (27, 22, 24), 45, score),
            "L02": Seen(PhantomLesion((-84, -14, -470), 17, 6.6, 10, hu=38, seed=65), (31, 28, 29), score=score),
            "L03": Seen(PhantomLesion((-70, -40, -560), 17, 6.5, 10, hu=38, seed=66), (30, 27, 28), score=score),
        },
        weight_kg=67,
        height_m=1.65,
        injected_mbq=142 if is_first else 145,
        uptake_minutes=60 if is_first else 62,
        noise_seed=noise_seed,
        matrix=TRUNK,
        is_decided=True,
        ssa_status="none" if is_first else "on",
        answers={
            "quality": "good",
            "ssa": "none" if is_first else "given",
            "extravasation": "none",
            "cold_lesions": "none",
        },
    )
