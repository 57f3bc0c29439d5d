"""Case 0006, invented: one liver metastasis takes up FDG and hardly any SSTR tracer; the others do the opposite.

Both scans lie nine days apart, so they may be read as a pair.
"""

import datetime as dt

from demo.anatomy import Figure
from demo.phantom import TRUNK, PhantomLesion
from demo.rows import INVENTED, biopsy, course, denials, diagnosis, examination, injections, labs, progression, ssa_line
from demo.specs import CaseSpec, Decided, LesionSpec, Row, ScanSpec, Score, Seen
from imaging.domain.vocabulary import Tracer

DISCORDANT = "L04"
LIVER_SSTR, LIVER_FDG = 5.5, 2.3
_STRETCH = (1.0, 1.0, 0.99)
_ABOVE, _BELOW = Score(3, 3), Score(1, 1)
# The usual picture of FDG at one hour, fasting (SUVbw).
_FDG = {
    "muscle": 0.7,
    "fat": 0.25,
    "lung": 0.5,
    "marrow": 1.3,
    "blood": 1.6,
    "brain": 9.0,
    "liver": LIVER_FDG,
    "spleen": 1.9,
    "kidney": 2.6,
    "renal_pelvis": 12.0,
    "adrenal": 1.2,
    "pituitary": 1.8,
    "salivary": 1.9,
    "thyroid": 1.3,
    "pancreas": 1.5,
    "uncinate": 1.5,
    "stomach": 1.8,
    "duodenum": 1.7,
    "bowel": 1.6,
    "colon": 1.4,
    "bladder": 16.0,
    "ureter": 6.0,
    "uterus": 1.7,
    "mucosa": 2.0,
}


def discordant_case(today: dt.date) -> CaseSpec:
    """Dates are counted back from ``today``."""
    return CaseSpec(
        case_number="0006",
        question="One liver metastasis is FDG positive and below liver on SSTR: biopsy first, or another treatment?",
        patient={
            "initials": "DF",
            "sex_for_formulas": "F",
            "birth_date": dt.date(today.year - 61, 6, 23),
            "centre": "Demo centre",
            "vital_status": "alive",
            "demo_note": INVENTED,
        },
        rows=_rows(today),
        lesions=(
            LesionSpec("L01", "pancreas", "primary", "head", is_target=True),
            LesionSpec("L02", "liver", "metastasis", "VIII", is_target=True),
            LesionSpec("L03", "liver", "metastasis", "V", is_target=True),
            LesionSpec(DISCORDANT, "liver", "metastasis", "VI", is_target=True),
        ),
        scans=(_sstr(today - dt.timedelta(days=23)), _fdg(today - dt.timedelta(days=14))),
        decision=Decided(
            on=today - dt.timedelta(days=3),
            outcome="more_data",
            text=f"Invented: biopsy of the FDG-positive lesion {DISCORDANT} before any systemic treatment.",
            owner="Interventional radiology",
            due=today + dt.timedelta(days=11),
            next_step="biopsy",
        ),
    )


def _rows(today: dt.date) -> tuple[Row, ...]:
    def ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    return (
        diagnosis(ago(520), "pancreas", "liver"),
        biopsy(ago(515), ki67="12 %", grade="G2", mitoses=7),
        ssa_line(1, "octreotide", ago(480), best_response="PD"),
        *injections("octreotide", 30, *(ago(50 + 28 * n) for n in range(4))),
        progression(ago(24), ago(205), ago(25), "CT, the lesion in segment VI larger by 41 %, the others unchanged."),
        *denials(ago(24), is_female=True),
        *examination(ago(24), ecog=1, karnofsky=80, weight_kg=71, height_cm=168),
        *labs(ago(24)),
        *course("cga", (ago(515), "140"), (ago(205), "176"), (ago(24), "212")),
    )


def _sstr(day: dt.date) -> ScanSpec:
    return ScanSpec(
        key="sstr",
        label="restaging",
        day=day,
        figure=Figure(stretch=_STRETCH, is_female=True, uptake={"liver": LIVER_SSTR}, seed=81, fat_mm=14),
        liver_suv_mean=LIVER_SSTR,
        lesions={
            "L01": Seen(PhantomLesion((-14, -20, -600), 16, 14.2, 17, seed=82), (31, 26, 28), 45, _ABOVE),
            "L02": Seen(PhantomLesion((-84, -14, -470), 14, 13.1, 16, hu=38, seed=83), (27, 24, 25), 45, _ABOVE),
            "L03": Seen(PhantomLesion((-70, -40, -560), 13, 12.6, 15, hu=38, seed=84), (25, 22, 23), 45, _ABOVE),
            "L04": Seen(PhantomLesion((-104, -12, -576), 17, 3.3, 8, hu=34, seed=85), (33, 29, 31), score=_BELOW),
        },
        injected_mbq=149,
        uptake_minutes=61,
        noise_seed=86,
        ssa_status="on",
        answers={"quality": "good", "ssa": "given", "extravasation": "none", "cold_lesions": "listed"},
        **_BODY,
    )


def _fdg(day: dt.date) -> ScanSpec:
    seen = {"fdg": "negative", "has_region": False}
    return ScanSpec(
        key="fdg",
        label="FDG",
        day=day,
        tracer=Tracer.F18_FDG,
        figure=Figure(stretch=_STRETCH, is_female=True, uptake=_FDG, seed=81, fat_mm=14),
        liver_suv_mean=LIVER_FDG,
        lesions={
            "L01": Seen(PhantomLesion((-14, -20, -600), 16, 2.0, 10, seed=82), (31, 26, 28), **seen),
            "L02": Seen(PhantomLesion((-84, -14, -470), 14, 2.6, 9, hu=38, seed=83), (27, 24, 25), **seen),
            "L03": Seen(PhantomLesion((-70, -40, -560), 13, 2.6, 9, hu=38, seed=84), (25, 22, 23), **seen),
            "L04": Seen(PhantomLesion((-104, -12, -576), 17, 8.9, 19, hu=34, seed=85), (33, 29, 31), 45, fdg="more"),
        },
        injected_mbq=246,
        uptake_minutes=63,
        noise_seed=87,
        ssa_status="on",
        netpet="P5",
        answers={"quality": "good", "extravasation": "none"},
        **_BODY,
    )


_BODY = {"weight_kg": 71, "height_m": 1.68, "matrix": TRUNK, "is_decided": True}
