"""Case 0003, invented: the header of the scan lacks the body weight, so there is no SUV until a person enters it.

Next to nothing else is known, and the page has to say so.
"""

import datetime as dt

from demo.anatomy import Figure
from demo.phantom import PhantomLesion
from demo.specs import CaseSpec, LesionSpec, ScanSpec, Seen

_NOTE = "Invented case: nothing in it comes from a patient or a publication. The scan's header has no body weight."


def case_without_weight(today: dt.date) -> CaseSpec:
    day = today - dt.timedelta(days=9)
    return CaseSpec(
        case_number="0003",
        question="Is PRRT an option? The only scan has no SUV, because its header lacks the body weight.",
        patient={
            "initials": "DC",
            "sex_for_formulas": "F",
            "birth_date": dt.date(today.year - 71, 8, 2),
            "demo_note": _NOTE,
        },
        rows=(("Diagnosis", {"primary_site": "small_bowel", "clinical_date": day - dt.timedelta(days=60)}),),
        lesions=(
            LesionSpec("L01", "mesentery", "unknown"),
            LesionSpec("L02", "liver", "metastasis", "VI"),
        ),
        scans=(
            ScanSpec(
                key="first",
                label="first scan",
                day=day,
                figure=Figure(stretch=(0.94, 0.95, 0.96), is_female=True, seed=41, fat_mm=14),
                liver_suv_mean=5.1,
                lesions={
                    "L01": Seen(PhantomLesion((18, -30, -712), 17, 19.0, 20, seed=51), contour_percent=45),
                    "L02": Seen(PhantomLesion((-100, -8, -560), 15, 15.0, 18, hu=38, seed=52), contour_percent=45),
                },
                weight_kg=63,
                height_m=1.58,
                injected_mbq=131,
                uptake_minutes=64,
                noise_seed=42,
                has_weight_in_header=False,
            ),
        ),
    )
