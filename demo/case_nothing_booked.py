"""Case 0008, invented: uptake was below liver, CAPTEM was given and ended, and nobody has a date for this patient.

No decision, no contact, no scan since: the case that must not be lost.
"""

import datetime as dt

from demo.anatomy import Figure
from demo.phantom import TRUNK, PhantomLesion
from demo.rows import INVENTED, biopsy, captem, course, denials, diagnosis, examination, labs, progression
from demo.specs import CaseSpec, LesionSpec, Row, ScanSpec, Score, Seen

CYCLES = 6
CHEMOTHERAPY_BEGAN = 321  # days before the demonstration is loaded: the last cycle ended 154 days before it


def nothing_booked_case(today: dt.date) -> CaseSpec:
    """Dates are counted back from ``today``."""
    return CaseSpec(
        case_number="0008",
        question="Uptake is below liver: PRRT is no option now. Could it be one after chemotherapy?",
        patient={
            "initials": "DH",
            "sex_for_formulas": "F",
            "birth_date": dt.date(today.year - 52, 4, 30),
            "centre": "Demo centre",
            "vital_status": "alive",
            "demo_note": INVENTED,
        },
        rows=_rows(today),
        lesions=(
            LesionSpec("L01", "pancreas", "primary", "head", is_target=True),
            LesionSpec("L02", "liver", "metastasis", "VIII", is_target=True),
            LesionSpec("L03", "liver", "metastasis", "V", is_target=True),
        ),
        scans=(_scan(today - dt.timedelta(days=344)),),
    )


def _rows(today: dt.date) -> tuple[Row, ...]:
    def ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    return (
        diagnosis(ago(372), "pancreas", "liver"),
        biopsy(ago(368), ki67="17 %", grade="G2", mitoses=11),
        captem(1, ago(CHEMOTHERAPY_BEGAN), CYCLES, best_response="PR", response_text="lesions smaller on CT"),
        progression(ago(350), ago(470), ago(352), "CT, liver lesions larger by 31 %."),
        *denials(ago(350), is_female=True),
        *examination(ago(350), ecog=1, karnofsky=80, weight_kg=64, height_cm=170),
        *labs(ago(350)),
        *course("cga", (ago(372), "402"), (ago(160), "190")),
    )


def _scan(day: dt.date) -> ScanSpec:
    below = Score(1, 1)
    return ScanSpec(
        key="baseline",
        label="before CAPTEM",
        day=day,
        figure=Figure(stretch=(0.97, 0.97, 0.99), is_female=True, seed=101, fat_mm=11),
        liver_suv_mean=5.6,
        lesions={
            "L01": Seen(PhantomLesion((-14, -20, -600), 18, 3.9, 9, seed=102), (35, 30, 32), score=below),
            "L02": Seen(PhantomLesion((-84, -14, -470), 17, 3.4, 8, hu=36, seed=103), (33, 29, 31), score=below),
            "L03": Seen(PhantomLesion((-70, -40, -560), 17, 3.5, 8, hu=36, seed=104), (32, 28, 30), score=below),
        },
        weight_kg=64,
        height_m=1.70,
        injected_mbq=139,
        uptake_minutes=62,
        noise_seed=105,
        matrix=TRUNK,
        is_decided=True,
        ssa_status="none",
        answers={"quality": "good", "ssa": "none", "extravasation": "none", "cold_lesions": "listed"},
    )
