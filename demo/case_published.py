"""Case 0001: the published case. What the publication says is recorded as fact; nothing else is.

Published: woman, 58 years, gastric NET grade 2, MIB1 7-8 %, liver metastases, six cycles of CAPTEM; 68Ga-DOTATATE
before and after. Gastric mass SUVmax 9.09 with low uptake (no score stated), then 11.47 with Krenning 3; liver
metastases Krenning <= 1, then 3; lesions smaller afterwards; abdominal pain relieved. Everything that pictures need
beyond that is illustrative and says so. Not stated and therefore not recorded: laboratory values, performance status,
progression, resectability, somatostatin analogues, uptake time and activity as clinical facts.
"""

import datetime as dt

from demo.anatomy import Figure
from demo.phantom import PhantomLesion
from demo.specs import CaseSpec, Decided, LesionSpec, ScanSpec, Score, Seen

ILLUSTRATIVE = "illustrative, not from the publication"
SUV_MAX_BASELINE, SUV_MAX_FOLLOW_UP = 9.09, 11.47
LIVER_BASELINE, LIVER_FOLLOW_UP = 9.9, 8.9

_NOTE = (
    "Published: woman, 58 y, gastric NET G2, MIB1 7–8 %, liver metastases, six cycles of CAPTEM; 68Ga-DOTATATE before "
    "and after: gastric mass SUVmax 9.09 (low uptake, no score stated) and 11.47 (Krenning 3), liver metastases "
    "Krenning ≤ 1 and 3, lesions smaller, abdominal pain relieved. "
    "Illustrative, not from the publication: all dates and the day of birth, the images and all other uptake values "
    "(liver SUVmean among them), the number, segments and sizes of the lesions, injected activity, uptake time and "
    "body size in the image headers, the question to the board and its decision."
)
_LESION_NOTE = f"Segment, size and uptake values {ILLUSTRATIVE}."
_STOMACH = (22.0, -62.0, -606.0)
_L02, _L03, _L04 = (-84.0, -14.0, -470.0), (-70.0, -40.0, -560.0), (-22.0, -50.0, -505.0)
_FIGURE = Figure(stretch=(0.96, 0.97, 0.98), is_female=True, uptake={"liver": 9.2}, seed=7)


def published_case(today: dt.date) -> CaseSpec:
    """Dates are invented, counted back from ``today`` so that the follow-up is always recent."""
    follow_up = today - dt.timedelta(days=24)
    baseline = follow_up - dt.timedelta(days=280)
    chemo_from = baseline + dt.timedelta(days=49)
    chemo_to = chemo_from + dt.timedelta(days=6 * 28 - 1)
    return CaseSpec(
        case_number="0001",
        patient={
            "initials": "DA",
            "sex_for_formulas": "F",
            "birth_date": _born(baseline),
            "demo_note": _NOTE,
        },
        rows=(
            (
                "Diagnosis",
                {
                    "primary_site": "stomach",
                    "stage": "metastatic",
                    "metastatic_sites": ["liver"],
                    "clinical_date": baseline - dt.timedelta(days=12),
                    "note": f"Date {ILLUSTRATIVE}.",
                },
            ),
            (
                "HistologySpecimen",
                {
                    "ki67_text": "7-8 %",
                    "ki67_method": "MIB1",
                    "stated_grade": "G2",
                    "clinical_date": baseline - dt.timedelta(days=12),
                    "note": f"Gastric NET, grade 2. Specimen site and procedure not stated. Date {ILLUSTRATIVE}.",
                },
            ),
            (
                "TreatmentLine",
                {
                    "treatment_class": "chemo",
                    "regimen": "CAPTEM",
                    "drugs": ["capecitabine", "temozolomide"],
                    "cycles": 6,
                    "is_ongoing": False,
                    "clinical_date": chemo_from,
                    "stop_date": chemo_to,
                    "response_text": "lesions smaller",
                    "note": f"Dates {ILLUSTRATIVE}.",
                },
            ),
            (
                "ClinicalEvent",
                {
                    "symptom": "abdominal pain",
                    "course": "relieved",
                    "context": "after six cycles of CAPTEM",
                    "clinical_date": chemo_to,
                    "clinical_date_precision": "month",
                    "note": f"Date {ILLUSTRATIVE}.",
                },
            ),
        ),
        lesions=(
            LesionSpec("L01", "stomach", "primary"),
            LesionSpec("L02", "liver", "metastasis", "VIII", note=_LESION_NOTE),
            LesionSpec("L03", "liver", "metastasis", "V", note=_LESION_NOTE),
            LesionSpec("L04", "liver", "metastasis", "IV", note=_LESION_NOTE),
        ),
        scans=(_baseline(baseline), _follow_up(follow_up)),
        has_illustrative_sizes=True,
        question="Illustrative: is PRRT possible now that the liver metastases take up tracer after CAPTEM?",
        decision=Decided(
            on=baseline + dt.timedelta(days=24),
            outcome="not_yet",
            text="Illustrative, not from the publication: uptake of the liver metastases too low for PRRT now; "
            "chemotherapy, then repeat SSTR PET/CT.",
            owner="Nuclear medicine",
            due=follow_up,
            next_step="sstr_pet",
        ),
    )


def _born(baseline: dt.date) -> dt.date:
    """A day that makes the patient 58 at both scans."""
    before = baseline - dt.timedelta(days=35)
    return dt.date(before.year - 58, before.month, 1)


def _baseline(day: dt.date) -> ScanSpec:
    cold = Score(0, 1, "≤ 1")
    return ScanSpec(
        key="baseline",
        label="baseline",
        day=day,
        figure=_FIGURE,
        liver_suv_mean=LIVER_BASELINE,
        lesions={
            "L01": Seen(
                PhantomLesion(_STOMACH, 25, SUV_MAX_BASELINE, 24, seed=5),
                (48, 41, 44),
                45,
                Score(None, None, "low uptake"),
            ),
            "L02": Seen(PhantomLesion(_L02, 22, 4.6, 10, hu=36, seed=2), (42, 37, 40), score=cold),
            "L03": Seen(PhantomLesion(_L03, 20, 5.2, 9, hu=36, seed=3), (38, 33, 35), score=cold),
            "L04": Seen(PhantomLesion(_L04, 19, 5.0, 8, hu=36, seed=4), (35, 31, 33), score=cold),
        },
        weight_kg=58,
        height_m=1.62,
        injected_mbq=118,
        uptake_minutes=60,
        noise_seed=11,
        note=_SCAN_NOTE,
        is_illustrative=True,
    )


def _follow_up(day: dt.date) -> ScanSpec:
    above = Score(3, 3)
    return ScanSpec(
        key="follow-up",
        label="after 6 × CAPTEM",
        day=day,
        figure=_FIGURE,
        liver_suv_mean=LIVER_FOLLOW_UP,
        lesions={
            "L01": Seen(PhantomLesion(_STOMACH, 20, SUV_MAX_FOLLOW_UP, 24, seed=5), (37, 31, 34), 45, above),
            "L02": Seen(PhantomLesion(_L02, 15, 16.9, 15, hu=36, seed=2), (28, 25, 26), score=above),
            "L03": Seen(PhantomLesion(_L03, 13.5, 15.2, 14, hu=36, seed=3), (25, 22, 24), score=above),
            "L04": Seen(PhantomLesion(_L04, 12.5, 14.4, 13, hu=36, seed=4), (23, 20, 22), score=above),
        },
        weight_kg=57,
        height_m=1.62,
        injected_mbq=121,
        uptake_minutes=62,
        noise_seed=12,
        note=_SCAN_NOTE,
        is_illustrative=True,
    )


_SCAN_NOTE = (
    "Published: tracer, gastric SUVmax, scores. Images, date, activity, uptake time, weight and every other uptake "
    f"value: {ILLUSTRATIVE}."
)
