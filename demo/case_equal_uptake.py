"""Case 0002, invented: uptake equal to liver. The label's gate on uptake is met, Krenning > 2 is not.

The chart is as complete as a board would wish, so that the criteria panel shows values rather than gaps.
"""

import datetime as dt

from demo.anatomy import Figure
from demo.phantom import PhantomLesion
from demo.rows import INVENTED, biopsy, course, denials, diagnosis, examination, injections, labs, progression, ssa_line
from demo.specs import CaseSpec, LesionSpec, Row, ScanSpec, Score, Seen

_FIGURE = Figure(stretch=(1.05, 1.05, 1.02), is_female=False, seed=21, fat_mm=15)
_CGA = ((-410, "96"), (-290, "118"), (-180, "164"), (-90, "231"), (-6, "268"))


def equal_uptake_case(today: dt.date) -> CaseSpec:
    """Dates are counted back from ``today``, so that laboratory values are in date when the demo is loaded."""
    days = dt.timedelta
    return CaseSpec(
        case_number="0002",
        question="Uptake equals liver on this scan: is PRRT an option, or does the board ask for Krenning above 2?",
        patient={
            "initials": "DB",
            "sex_for_formulas": "M",
            "birth_date": dt.date(today.year - 64, 3, 9),
            "centre": "Demo centre",
            "vital_status": "alive",
            "demo_note": INVENTED,
        },
        rows=(*_history(today), *_assertions(today), *_labs(today)),
        lesions=(
            LesionSpec("L01", "pancreas", "primary", "head", is_target=True),
            LesionSpec("L02", "lymph node", "metastasis", "mesenteric", is_target=True),
            LesionSpec("L03", "liver", "metastasis", "VIII", is_target=True),
        ),
        scans=(_scan(today - days(12)),),
    )


def _history(today: dt.date) -> tuple[Row, ...]:
    days = dt.timedelta
    found = today - days(430)
    line_from = found + days(20)
    return (
        diagnosis(found, "pancreas", "liver", "lymph nodes"),
        biopsy(found, ki67="5 %", grade="G2", mitoses=3),
        ssa_line(1, "lanreotide", line_from, best_response="SD"),
        *injections("lanreotide", 120, *(today - days(40 + 28 * i) for i in range(4))),
        *examination(today - days(6), ecog=1, karnofsky=80, weight_kg=81, height_cm=178),
        ("ClinicalEvent", {"symptom": "fatigue", "course": "stable", "clinical_date": today - days(6)}),
    )


def _assertions(today: dt.date) -> tuple[Row, ...]:
    seen, day = today - dt.timedelta(days=6), dt.timedelta(days=1)
    found = progression(seen, today - 198 * day, today - 15 * day, "CT, target lesions larger by 24 %.")
    return (found, *denials(seen, is_female=False))


def _labs(today: dt.date) -> tuple[Row, ...]:
    marker = ((today + dt.timedelta(days=offset), value) for offset, value in _CGA)
    return (*labs(today - dt.timedelta(days=6)), *course("cga", *marker))


def _scan(day: dt.date) -> ScanSpec:
    equal = Score(2, 2)
    return ScanSpec(
        key="restaging",
        label="restaging",
        day=day,
        figure=_FIGURE,
        liver_suv_mean=5.4,
        lesions={
            "L01": Seen(PhantomLesion((-14, -20, -600), 17, 6.0, 16, seed=31), (34, 28, 30), 45, equal),
            "L02": Seen(PhantomLesion((24, -22, -716), 13, 6.0, 14, seed=32), (24, 19, 21), 45, equal),
            "L03": Seen(PhantomLesion((-66, -18, -474), 15, 6.1, 12, hu=38, seed=33), (29, 26, 27), score=equal),
        },
        weight_kg=81,
        height_m=1.78,
        injected_mbq=162,
        uptake_minutes=58,
        noise_seed=22,
        ssa_status="on",
        answers={"quality": "good", "ssa": "given", "extravasation": "none", "cold_lesions": "none"},
    )
