"""Case 0007, invented: everything fits the European label, and the platelets only just.

78 x 10^9/L is 4 % above the limit of 75: less than one blood count differs from the next.
"""

import datetime as dt

from demo.anatomy import Figure
from demo.phantom import TRUNK, PhantomLesion
from demo.rows import (
    INVENTED,
    biopsy,
    captem,
    course,
    denials,
    diagnosis,
    examination,
    injections,
    labs,
    progression,
    ssa_line,
)
from demo.specs import CaseSpec, Decided, LesionSpec, Row, ScanSpec, Score, Seen

PLATELETS = "78"


def low_platelets_case(today: dt.date) -> CaseSpec:
    """Dates are counted back from ``today``, so that laboratory values are in date when the demo is loaded."""
    return CaseSpec(
        case_number="0007",
        question="Uptake and all else fit PRRT, platelets are 78 and falling: is it safe, and when is the next count?",
        patient={
            "initials": "DG",
            "sex_for_formulas": "M",
            "birth_date": dt.date(today.year - 69, 9, 12),
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
        scans=(_scan(today - dt.timedelta(days=17)),),
        decision=Decided(
            on=today - dt.timedelta(days=2),
            outcome="more_data",
            text="Invented: PRRT is wanted. Platelets again, and a haematologist's opinion, before the first cycle.",
            owner="Oncology",
            due=today + dt.timedelta(days=12),
            next_step="labs",
        ),
    )


def _rows(today: dt.date) -> tuple[Row, ...]:
    def ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    counts = ((430, "196"), (340, "131"), (250, "118"), (120, "96"), (45, "84"))
    return (
        diagnosis(ago(900), "pancreas", "liver"),
        biopsy(ago(895), ki67="9 %", grade="G2", mitoses=5),
        ssa_line(1, "lanreotide", ago(860), best_response="SD"),
        *injections("lanreotide", 120, *(ago(44 + 28 * n) for n in range(4))),
        captem(2, ago(420), 6, best_response="SD"),
        progression(ago(18), ago(200), ago(20), "CT, liver lesions larger by 23 %."),
        *denials(ago(18), is_female=False),
        *examination(ago(18), ecog=1, karnofsky=80, weight_kg=82, height_cm=179),
        *labs(ago(18), platelets="81", hb="12.1", wbc="4.1", anc="2.4", lymphocytes="0.9"),
        *labs(ago(5), platelets=PLATELETS, hb="11.9", wbc="3.9", anc="2.3", lymphocytes="0.9"),
        *course("platelets", *((ago(days), value) for days, value in counts)),
    )


def _scan(day: dt.date) -> ScanSpec:
    above = Score(3, 3)
    return ScanSpec(
        key="restaging",
        label="restaging",
        day=day,
        figure=Figure(stretch=(1.04, 1.03, 1.02), is_female=False, seed=91, fat_mm=16),
        liver_suv_mean=5.4,
        lesions={
            "L01": Seen(PhantomLesion((-14, -20, -600), 16, 15.8, 17, seed=92), (32, 27, 29), 45, above),
            "L02": Seen(PhantomLesion((-84, -14, -470), 15, 14.9, 17, hu=38, seed=93), (29, 26, 27), 45, above),
            "L03": Seen(PhantomLesion((-70, -40, -560), 14, 14.1, 16, hu=38, seed=94), (27, 24, 25), 45, above),
        },
        weight_kg=82,
        height_m=1.79,
        injected_mbq=158,
        uptake_minutes=60,
        noise_seed=95,
        matrix=TRUNK,
        is_decided=True,
        ssa_status="on",
        answers={"quality": "good", "ssa": "given", "extravasation": "none", "cold_lesions": "none"},
    )
