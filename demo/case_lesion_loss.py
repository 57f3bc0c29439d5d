"""Case 0005, invented: the coldest lesion is warmer than before, because the cold ones are gone.

Six lesions, two of them below liver. After four cycles of CAPTEM the two are not seen any more and the other four take
up what they did: no lesion has changed its uptake, only the list has become shorter.
"""

import datetime as dt

from demo.anatomy import Figure
from demo.phantom import TRUNK, PhantomLesion
from demo.rows import INVENTED, biopsy, captem, course, denials, diagnosis, examination, labs, progression
from demo.specs import CaseSpec, Decided, LesionSpec, Row, ScanSpec, Score, Seen

LIVER = 5.2
COLD = ("L05", "L06")
_ABOVE, _BELOW = Score(3, 3), Score(1, 1)
_LESIONS = {
    "L01": Seen(PhantomLesion((-14, -20, -600), 16, 13.6, 17, seed=71), (32, 27, 29), 45, _ABOVE),
    "L02": Seen(PhantomLesion((-84, -14, -470), 14, 12.8, 16, hu=38, seed=72), (28, 25, 26), 45, _ABOVE),
    "L03": Seen(PhantomLesion((-70, -40, -560), 13, 11.9, 15, hu=38, seed=73), (26, 23, 24), 45, _ABOVE),
    "L04": Seen(PhantomLesion((-22, -50, -505), 14, 12.4, 16, hu=38, seed=74), (27, 24, 25), 45, _ABOVE),
    "L05": Seen(PhantomLesion((-100, -8, -578), 17, 3.2, 8, hu=36, seed=75), (31, 27, 29), score=_BELOW),
    "L06": Seen(PhantomLesion((-122, -30, -530), 16, 3.3, 8, hu=36, seed=76), (29, 26, 27), score=_BELOW),
}


def lesion_loss_case(today: dt.date) -> CaseSpec:
    """Dates are counted back from ``today``."""
    before, after = (today - dt.timedelta(days=n) for n in (234, 16))
    return CaseSpec(
        case_number="0005",
        question="Every lesion stands above liver after CAPTEM: has uptake risen, or have the cold lesions gone?",
        patient={
            "initials": "DE",
            "sex_for_formulas": "M",
            "birth_date": dt.date(today.year - 55, 11, 4),
            "centre": "Demo centre",
            "vital_status": "alive",
            "demo_note": INVENTED,
        },
        rows=_rows(today),
        lesions=(
            LesionSpec("L01", "pancreas", "primary", "head", is_target=True),
            LesionSpec("L02", "liver", "metastasis", "VIII", is_target=True),
            LesionSpec("L03", "liver", "metastasis", "V", is_target=True),
            LesionSpec("L04", "liver", "metastasis", "IV"),
            LesionSpec("L05", "liver", "metastasis", "VI"),
            LesionSpec("L06", "liver", "metastasis", "VII"),
        ),
        scans=(
            _scan("baseline", before, ("L01", "L02", "L03", "L04", *COLD), 77),
            _scan("after 4 × CAPTEM", after, ("L01", "L02", "L03", "L04"), 232, gone=COLD),
        ),
        decision=Decided(
            on=today - dt.timedelta(days=5),
            outcome="more_data",
            text="Invented: two cold lesions are gone, the others are unchanged. MRI of the liver before any decision.",
            owner="Radiology",
            due=today + dt.timedelta(days=18),
            next_step="ct_mri",
        ),
    )


def _rows(today: dt.date) -> tuple[Row, ...]:
    def ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    return (
        diagnosis(ago(262), "pancreas", "liver"),
        biopsy(ago(258), ki67="14 %", grade="G2", mitoses=8),
        captem(1, ago(204), 4, best_response="PR", response_text="two liver lesions gone on CT"),
        progression(ago(236), ago(420), ago(240), "CT, liver lesions larger by 27 %."),
        *denials(ago(236), is_female=False),
        *examination(ago(236), ecog=1, karnofsky=80, weight_kg=79, height_cm=176),
        *examination(ago(17), ecog=1, karnofsky=90, weight_kg=78, height_cm=176),
        *labs(ago(236)),
        *labs(ago(17), platelets="168", lymphocytes="1.1"),
        *course("cga", (ago(262), "342"), (ago(150), "221"), (ago(17), "187")),
    )


def _scan(label: str, day: dt.date, seen: tuple[str, ...], noise_seed: int, gone: tuple[str, ...] = ()) -> ScanSpec:
    is_first = not gone
    return ScanSpec(
        key="baseline" if is_first else "after-captem",
        label=label,
        day=day,
        figure=Figure(stretch=(1.02, 1.02, 1.0), is_female=False, uptake={"liver": LIVER}, seed=79, fat_mm=12),
        liver_suv_mean=LIVER,
        lesions={name: _LESIONS[name] for name in seen},
        weight_kg=79 if is_first else 78,
        height_m=1.76,
        injected_mbq=151 if is_first else 148,
        uptake_minutes=59 if is_first else 61,
        noise_seed=noise_seed,
        matrix=TRUNK,
        gone=gone,
        is_decided=True,
        ssa_status="none",
        answers={
            "quality": "good",
            "ssa": "none",
            "extravasation": "none",
            "cold_lesions": "listed" if is_first else "none",
        },
    )
