"""When SUV is calculated, when it is provisional, when it is refused."""

# ruff: noqa: DTZ001 (scanner times are local times without a zone)

import math
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imaging.domain.activity import Notes
from imaging.domain.errors import CAUTIONS, NOTES, SuvUnavailable
from imaging.domain.plausible import judge_highest, judge_values
from imaging.domain.suv import Sourced, SuvInputs, SuvKind, digest, suv_factors
from imaging.domain.vocabulary import NUCLIDES
from imaging.domain.volume import Volume

NOON = datetime(2025, 3, 4, 12, 0, 0)
GA68 = NUCLIDES["68Ga"].half_life_s


def inputs(**changes) -> SuvInputs:
    """A plausible 68Ga-DOTATATE series: 70 kg, 1.75 m, man, 150 MBq, 60 min uptake, BQML, START."""
    stated = {
        "units": "BQML",
        "decay_correction": "START",
        "corrected_image": ("NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"),
        "body_weight_kg": 70.0,
        "body_height_m": 1.75,
        "sex": "M",
        "tracer": "68Ga-DOTATATE",
        "nuclide": "68Ga",
        "half_life_s": GA68,
        "injected_activity_bq": 150e6,
        "administered_at": NOON - timedelta(minutes=60),
        "series_at": NOON,
        "acquired_at": (NOON,),
    } | changes
    return SuvInputs(**{name: Sourced(value, "header") for name, value in stated.items()})


def bw(given_inputs: SuvInputs):
    return suv_factors(given_inputs).by_kind[SuvKind.BW]


def codes(given_inputs: SuvInputs) -> set[str]:
    return {note.code for note in suv_factors(given_inputs).warnings}


def refusal(given_inputs: SuvInputs) -> str:
    with pytest.raises(SuvUnavailable) as refused:
        suv_factors(given_inputs)
    assert refused.value.message
    return refused.value.code


EXPECTED = 70_000 / (150e6 * 2 ** (-3600 / GA68))


def test_plain_series_has_no_warning():
    result = suv_factors(inputs())
    assert result.by_kind[SuvKind.BW] == pytest.approx(EXPECTED)
    assert result.warnings == ()
    assert not result.is_provisional
    assert result.uptake_time_s == 3600


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body_weight_kg": None}, "patient_weight_missing"),
        ({"body_weight_kg": math.nan}, "patient_weight_missing"),
        ({"body_weight_kg": 0.0}, "patient_weight_zero"),
        ({"body_weight_kg": 70_000.0}, "patient_weight_implausible"),
        ({"body_weight_kg": 301.0}, "patient_weight_implausible"),
        ({"body_weight_kg": 301.0, "units": "GML"}, "patient_weight_implausible"),
        ({"body_weight_kg": 80.6, "chart_weight_kg": 70.0}, "patient_weight_differs"),
        ({"body_weight_kg": 59.4, "chart_weight_kg": 70.0}, "patient_weight_differs"),
        ({"body_weight_kg": 80.6, "chart_weight_kg": 70.0, "units": "GML"}, "patient_weight_differs"),
        ({"corrected_image": None}, "corrections_unknown"),
        ({"corrected_image": (), "units": "GML"}, "corrections_unknown"),
        ({"body_weight_kg": -70.0}, "patient_weight_implausible"),
        ({"injected_activity_bq": None}, "dose_missing"),
        ({"injected_activity_bq": math.inf}, "dose_missing"),
        ({"injected_activity_bq": 0.0}, "dose_not_positive"),
        ({"injected_activity_bq": -1.5e8}, "dose_not_positive"),
        ({"administration_count": 2}, "several_administrations"),
        ({"corrected_image": ("DECY", "SCAT")}, "not_attenuation_corrected"),
        ({"corrected_image": ("ATTN", "SCAT")}, "not_decay_corrected"),
        ({"corrected_image": ("ATTN", "SCAT"), "decay_correction": "ADMIN"}, "not_decay_corrected"),
        ({"decay_correction": None}, "decay_correction_unknown"),
        ({"decay_correction": "STOP"}, "decay_correction_unknown"),
        ({"units": None}, "units_unknown"),
        ({"units": "PROPCPS"}, "units_unknown"),
        ({"units": "CNTS"}, "philips_factors_missing"),
        ({"units": "CNTS", "philips_suv_factor": 0.0}, "philips_factors_missing"),
        ({"units": "GML", "suv_type": "BSA"}, "suv_type_unknown"),
        ({"units": "GML", "corrected_image": ("DECY",)}, "not_attenuation_corrected"),
        ({"units": "GML", "corrected_image": ("ATTN",)}, "not_decay_corrected"),
        ({"units": "CM2ML", "corrected_image": ("ATTN",)}, "not_decay_corrected"),
        ({"units": "CNTS", "philips_suv_factor": 1e-3, "corrected_image": ("ATTN",)}, "not_decay_corrected"),
        ({"administered_at": NOON + timedelta(minutes=5)}, "scan_before_injection"),
        ({"administered_at": NOON + timedelta(days=1)}, "scan_before_injection"),
        ({"administered_at": NOON - timedelta(days=2)}, "uptake_time_implausible"),
        ({"administered_at": None}, "administration_time_missing"),
        ({"administered_at": None, "administered_time": time(20, 0)}, "scan_before_injection"),
        ({"series_at": None, "acquired_at": None}, "reference_time_missing"),
        ({"decay_correction": "NONE", "acquired_at": (NOON, None)}, "reference_time_missing"),
        ({"half_life_s": None, "nuclide": None, "tracer": None}, "half_life_missing"),
        ({"units": "CM2ML", "body_height_m": None}, "patient_height_missing"),
        ({"units": "CM2ML", "body_height_m": 20.0}, "patient_height_implausible"),
        ({"units": "GML", "suv_type": "LBMJANMA", "sex": None}, "patient_sex_missing"),
        ({"units": "GML", "suv_type": "IBW", "body_height_m": 0.6}, "body_size_implausible"),
    ],
)
def test_refused_by_name(changes, code):
    assert refusal(inputs(**changes)) == code


@pytest.mark.parametrize("name", ["injected_activity_bq", "administered_at", "half_life_s", "body_weight_kg"])
def test_a_series_in_suvbw_needs_nothing_else(name):
    result = suv_factors(inputs(units="GML", suv_type="BW", decay_correction="ADMIN", **{name: None}))
    assert result.by_kind[SuvKind.BW] == 1
    assert not result.is_provisional


def test_a_series_in_suvbw_says_that_its_uptake_time_is_unknown():
    result = suv_factors(inputs(units="GML", administered_at=None))
    assert result.uptake_time_s is None
    assert "uptake_time_unknown" in {note.code for note in result.warnings}


@pytest.mark.parametrize("name", ["body_height_m", "sex"])
def test_a_missing_body_measure_takes_away_only_the_kinds_that_need_it(name):
    result = suv_factors(inputs(**{name: None}))
    assert result.by_kind[SuvKind.BW] == pytest.approx(EXPECTED)
    assert result.by_kind[SuvKind.LBM_JAMES] is None
    assert result.absent[SuvKind.LBM_JAMES].code in {"patient_height_missing", "patient_sex_missing"}
    assert (result.by_kind[SuvKind.BSA] is None) == (name == "body_height_m")


MAN = {
    SuvKind.BW: 70.0,
    SuvKind.LBM_JAMES: 1.10 * 70 - 128 * (70 / 175) ** 2,
    SuvKind.LBM_JANMAHASATIAN: 9270 * 70 / (6680 + 216 * 70 / 1.75**2),
    SuvKind.IBW: 48.0 + 1.06 * 23,
}
WOMAN = {
    SuvKind.BW: 70.0,
    SuvKind.LBM_JAMES: 1.07 * 70 - 148 * (70 / 175) ** 2,
    SuvKind.LBM_JANMAHASATIAN: 9270 * 70 / (8780 + 244 * 70 / 1.75**2),
    SuvKind.IBW: 45.5 + 0.91 * 23,
}
STATED_AS = {
    SuvKind.BW: "BW",
    SuvKind.LBM_JAMES: "LBMJAMES128",
    SuvKind.LBM_JANMAHASATIAN: "LBMJANMA",
    SuvKind.IBW: "IBW",
}


@pytest.mark.parametrize("kind", MAN)
@pytest.mark.parametrize("sex", ["M", "F", "O"])
def test_a_series_in_another_suv_is_turned_into_suvbw(kind, sex):
    sizes = {"M": MAN, "F": WOMAN, "O": {k: (MAN[k] + WOMAN[k]) / 2 for k in MAN}}[sex]
    result = suv_factors(inputs(units="GML", suv_type=STATED_AS[kind], sex=sex))
    assert result.by_kind[kind] == 1
    assert result.by_kind[SuvKind.BW] == pytest.approx(70 / sizes[kind])
    if kind is not SuvKind.BW:
        assert ("sex_other_mean_of_formulas" in codes(inputs(units="GML", suv_type=STATED_AS[kind], sex="O"))) is True


def test_series_per_body_surface():
    surface = 71.84 * 70**0.425 * 175**0.725
    result = suv_factors(inputs(units="CM2ML"))
    assert result.by_kind[SuvKind.BSA] == 1
    assert result.by_kind[SuvKind.BW] == pytest.approx(70_000 / surface)


def test_lean_body_mass_without_its_formula_is_provisional_for_men():
    man, woman = inputs(units="GML", suv_type="LBM"), inputs(units="GML", suv_type="LBM", sex="F")
    assert suv_factors(man).is_provisional
    assert "suv_type_lbm_formula" in codes(man)
    assert not suv_factors(woman).is_provisional


def test_counts_with_the_philips_suv_factor_need_no_dose():
    result = suv_factors(inputs(units="CNTS", philips_suv_factor=0.0005, injected_activity_bq=None))
    assert result.by_kind[SuvKind.BW] == 0.0005


def test_counts_with_the_philips_activity_factor_are_activity():
    assert bw(inputs(units="CNTS", philips_activity_factor=4.7)) == pytest.approx(4.7 * EXPECTED)


def test_philips_factors_that_disagree_are_said():
    agreeing = inputs(units="CNTS", philips_suv_factor=EXPECTED * 2, philips_activity_factor=2.0)
    assert "philips_factors_disagree" not in codes(agreeing)
    other = inputs(units="CNTS", philips_suv_factor=EXPECTED * 2, philips_activity_factor=2.1)
    assert "philips_factors_disagree" in codes(other)
    assert suv_factors(other).is_provisional


def test_corrected_to_administration_is_not_corrected_twice():
    result = suv_factors(inputs(decay_correction="ADMIN"))
    assert result.by_kind[SuvKind.BW] == pytest.approx(70_000 / 150e6)
    assert result.uptake_time_s == 3600


def test_corrected_to_administration_needs_no_time():
    assert bw(inputs(decay_correction="ADMIN", administered_at=None, half_life_s=None)) == pytest.approx(70_000 / 150e6)


def test_uncorrected_series_has_a_factor_per_slice():
    acquired = tuple(NOON + timedelta(minutes=3 * k) for k in range(5))
    plain = inputs(decay_correction="NONE", acquired_at=acquired, corrected_image=("ATTN",))
    factors = bw(plain)
    for k, factor in enumerate(factors):
        assert factor == pytest.approx(70_000 / (150e6 * 2 ** (-(3600 + 180 * k) / GA68)))
    assert suv_factors(plain).uptake_time_s == 3600


def test_uncorrected_series_that_claims_correction_is_provisional():
    assert suv_factors(inputs(decay_correction="NONE")).is_provisional


def test_uncorrected_series_tells_the_decay_within_a_frame():
    noted = suv_factors(inputs(decay_correction="NONE", corrected_image=("ATTN",), frame_duration_s=(180.0,))).warnings
    message = next(note.message for note in noted if note.code == "decay_within_frame")
    assert "1.5 %" in message


def test_a_late_series_time_gives_way_to_the_earliest_acquisition():
    late = inputs(series_at=NOON + timedelta(hours=5), acquired_at=(NOON + timedelta(minutes=9), NOON))
    assert bw(late) == pytest.approx(EXPECTED)
    assert "reference_time_from_acquisition" in codes(late)


def test_the_vendor_decay_time_wins():
    late = inputs(series_at=NOON + timedelta(hours=5), acquired_at=(NOON + timedelta(minutes=9),))
    assert bw(replace(late, ge_decay_reference_at=Sourced(NOON, "header (0009,100D)"))) == pytest.approx(EXPECTED)


def test_a_vendor_decay_time_of_another_day_is_ignored():
    odd = inputs(ge_decay_reference_at=NOON - timedelta(days=900))
    assert bw(odd) == pytest.approx(EXPECTED)
    assert "ge_private_time_ignored" in codes(odd)


def test_injection_time_without_date_on_the_same_day():
    timed = inputs(administered_at=None, administered_time=time(11, 0))
    assert bw(timed) == pytest.approx(EXPECTED)
    assert "injection_day_assumed" in codes(timed)


def test_injection_time_without_date_over_midnight():
    past = datetime(2025, 3, 5, 0, 20)
    timed = inputs(administered_at=None, administered_time=time(23, 20), series_at=past, acquired_at=(past,))
    assert bw(timed) == pytest.approx(EXPECTED)
    assert "injection_before_midnight" in codes(timed)


@given(st.integers(10 * 60, 6 * 3600), st.integers(0, 86_399))
def test_midnight_never_changes_the_uptake_time(uptake_s, clock_s):
    scan = datetime(2025, 3, 5) + timedelta(seconds=clock_s)
    injected = scan - timedelta(seconds=uptake_s)
    timed = inputs(
        administered_at=None,
        administered_time=injected.time(),
        series_at=scan,
        acquired_at=(scan,),
        nuclide="18F",
        tracer=None,
        half_life_s=6586.2,
    )
    assert suv_factors(timed).uptake_time_s == uptake_s


@given(st.integers(6 * 3600 + 60, 23 * 3600), st.integers(0, 86_399))
def test_a_previous_day_is_never_assumed_for_an_implausible_uptake(uptake_s, clock_s):
    scan = datetime(2025, 3, 5) + timedelta(seconds=clock_s)
    injected = scan - timedelta(seconds=uptake_s)
    assume(injected.date() != scan.date())
    timed = inputs(administered_at=None, administered_time=injected.time(), series_at=scan, acquired_at=(scan,))
    assert refusal(timed) == "scan_before_injection"


def test_time_zones_are_used_when_both_are_known():
    india = timezone(timedelta(hours=5, minutes=30))
    scan = NOON.replace(tzinfo=UTC)
    zoned = inputs(series_at=scan, acquired_at=(scan,), administered_at=(scan - timedelta(hours=1)).astimezone(india))
    assert bw(zoned) == pytest.approx(EXPECTED)


def test_a_time_zone_on_one_side_only_is_left_out_and_said():
    zoned = inputs(administered_at=(NOON - timedelta(hours=1)).replace(tzinfo=UTC))
    assert bw(zoned) == pytest.approx(EXPECTED)
    assert "time_zone_partly_known" in codes(zoned)


def test_a_dose_in_mbq_is_recognised_but_provisional_until_confirmed():
    found = inputs(injected_activity_bq=150.0)
    result = suv_factors(found)
    assert result.by_kind[SuvKind.BW] == pytest.approx(EXPECTED)
    assert result.is_provisional
    assert "dose_in_mbq" in {note.code for note in result.warnings}
    confirmed = suv_factors(replace(found, confirmed=frozenset({"injected_activity_bq"})))
    assert not confirmed.is_provisional
    assert "dose_in_mbq" in {note.code for note in confirmed.warnings}


@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1e-3, 1e3, 1e6, 1 / 3.7e7, 1 / 3.7e10])
def test_a_dose_in_another_unit_is_never_silent(unit):
    try:
        assert suv_factors(inputs(injected_activity_bq=150e6 * unit)).warnings
    except SuvUnavailable:
        pass


@pytest.mark.parametrize("dose", [150e3, 0.9e6, 15e9])
def test_a_dose_no_person_gets_is_provisional(dose):
    assert suv_factors(inputs(injected_activity_bq=dose)).is_provisional


@pytest.mark.parametrize("factor", [1000, 2.2046 * 10, 0.001])
def test_a_weight_in_another_unit_is_never_silent(factor):
    try:
        assert suv_factors(inputs(body_weight_kg=70 * factor)).warnings
    except SuvUnavailable as refused:
        assert refused.code == "patient_weight_implausible"


def test_height_in_centimetres_is_taken_and_said():
    result = suv_factors(inputs(body_height_m=175.0))
    assert result.by_kind[SuvKind.BSA] == pytest.approx(suv_factors(inputs()).by_kind[SuvKind.BSA])
    assert "patient_height_in_cm" in {note.code for note in result.warnings}


def test_half_life_of_another_nuclide_is_replaced_and_provisional():
    found = inputs(half_life_s=6586.2)
    assert bw(found) == pytest.approx(EXPECTED)
    assert suv_factors(found).is_provisional
    assert "half_life_replaced" in codes(found)


def test_half_life_in_minutes_is_never_silent():
    assert suv_factors(inputs(half_life_s=67.71)).is_provisional


def test_half_life_a_little_off_is_used_and_said():
    assert codes(inputs(half_life_s=4080.0, tracer=None)) == set()
    assert codes(inputs(half_life_s=4090.0)) == {"half_life_differs"}
    assert bw(inputs(half_life_s=4090.0)) == pytest.approx(70_000 / (150e6 * 2 ** (-3600 / 4090)))


def test_half_life_from_the_table_when_the_header_has_none():
    assert bw(inputs(half_life_s=None)) == pytest.approx(EXPECTED)
    assert codes(inputs(half_life_s=None)) == {"half_life_from_table"}


def test_the_tracer_names_the_nuclide_where_the_header_does_not():
    assert bw(inputs(nuclide=None, half_life_s=None)) == pytest.approx(EXPECTED)
    assert suv_factors(inputs(nuclide=None, half_life_s=6586.2)).is_provisional


def test_nuclide_that_the_tracer_does_not_carry_is_provisional():
    found = inputs(nuclide="18F", half_life_s=6586.2)
    assert suv_factors(found).is_provisional
    assert "nuclide_conflict" in codes(found)


@pytest.mark.parametrize("minutes", [0, 9, 361, 700])
def test_an_implausible_uptake_time_is_provisional(minutes):
    assert suv_factors(inputs(administered_at=NOON - timedelta(minutes=minutes))).is_provisional


def test_an_unusual_uptake_time_is_said():
    assert codes(inputs(administered_at=NOON - timedelta(minutes=150))) == {"uptake_time_unusual"}


def test_corrections_that_a_person_names_are_known():
    named = inputs(corrected_image=None).override("corrected_image", "NORM ATTN DECY", "entered by a physician")
    assert bw(named) == pytest.approx(EXPECTED) and not suv_factors(named).is_provisional


@pytest.mark.parametrize("weight", [59.5, 70.0, 80.5])
def test_a_weight_within_15_percent_of_the_chart_is_used_and_the_chart_is_not(weight):
    found = suv_factors(inputs(body_weight_kg=weight, chart_weight_kg=70.0))
    assert found.by_kind[SuvKind.BW] == pytest.approx(EXPECTED * weight / 70) and found.warnings == ()


@pytest.mark.parametrize("weight", [90.0, 310.0, 390.0])
def test_a_weight_that_a_person_confirms_is_used(weight):
    confirmed = inputs(chart_weight_kg=70.0).override("body_weight_kg", str(weight), "weighed")
    assert bw(confirmed) == pytest.approx(EXPECTED * weight / 70)


def test_a_weight_that_differs_says_both():
    with pytest.raises(SuvUnavailable) as refused:
        suv_factors(replace(inputs(body_weight_kg=91.0), chart_weight_kg=Sourced(70.0, "chart, 2025-03-01")))
    assert "91 kg differs by 30 % from 70 kg (chart, 2025-03-01)" in refused.value.message


def test_the_weight_of_the_chart_is_part_of_the_digest():
    assert digest(inputs(chart_weight_kg=70.0)) != digest(inputs(chart_weight_kg=71.0)) != digest(inputs())


@pytest.mark.parametrize("correction", ["START", "NONE"])
def test_dates_from_before_pet_are_said_and_their_interval_used(correction):
    moved = {
        name: value.replace(year=1974)
        for name, value in {"administered_at": NOON - timedelta(minutes=60), "series_at": NOON}.items()
    }
    hidden = inputs(
        **moved,
        acquired_at=(moved["series_at"],),
        decay_correction=correction,
        corrected_image=("ATTN", "DECY")[: 1 + (correction == "START")],
    )
    found = suv_factors(hidden)
    assert _any(found.by_kind[SuvKind.BW]) == pytest.approx(EXPECTED) and codes(hidden) == {"dates_deidentified"}
    assert "year 1974" in found.warnings[0].message
    true = inputs(
        administered_at=moved["administered_at"].replace(year=1975), series_at=NOON.replace(year=1975), acquired_at=None
    )
    assert codes(true) == set()


def _any(factor):
    return factor[0] if isinstance(factor, tuple) else factor


VALUES = np.full((2, 3, 4), 7.0)


@pytest.mark.parametrize(("highest", "is_refused"), [(1000.0, False), (1000.5, True)])
def test_an_suv_above_1000_is_refused_until_the_dose_is_confirmed(highest, is_refused):
    hot = VALUES.copy()
    hot[1, 2, 3] = highest
    volume, confirmed = Volume.of_array(hot, np.eye(4)), Notes(frozenset({"injected_activity_bq"}))
    for judge in (
        lambda notes: judge_values(volume.statistics(), notes),
        lambda notes: judge_highest(volume.highest(), notes),
    ):
        if is_refused:
            with pytest.raises(SuvUnavailable) as refused:
                judge(Notes(frozenset()))
            assert refused.value.code == "suv_implausible"
        else:
            judge(Notes(frozenset()))
    judge_values(volume.statistics(), confirmed)
    assert [note.code for note in confirmed.cautions] == (["suv_very_high"] if is_refused else [])
    assert not confirmed.is_provisional


def test_the_highest_value_is_that_of_the_statistics_whatever_the_slopes():
    stored = np.arange(-12, 12, dtype=np.int16).reshape(2, 3, 4)
    volume = Volume.of_series(
        stored, slopes=[-2.0, 0.5], intercepts=[1.0, 0.0], factor=3.0, affine=np.eye(4), unit="g/ml{SUVbw}"
    )
    assert volume.highest() == volume.statistics().max == 75.0


def test_notes_are_cautions():
    assert CAUTIONS.keys() >= NOTES


def test_a_series_time_long_before_the_acquisition_is_said():
    assert "series_time_early" in codes(
        inputs(acquired_at=(NOON + timedelta(minutes=31),), administered_at=NOON - timedelta(minutes=60))
    )


@given(st.floats(1e6, 5e9), st.floats(1.01, 3))
def test_more_activity_means_less_suv(dose, by):
    assert bw(inputs(injected_activity_bq=dose * by)) == pytest.approx(bw(inputs(injected_activity_bq=dose)) / by)


@given(st.floats(1, 300), st.floats(0.5, 2))
def test_a_header_error_cancels_in_a_ratio(weight, by):
    assume(0.3 <= weight * by <= 300)
    liver, lesion = 4321.0, 12345.0
    one, other = bw(inputs(body_weight_kg=weight)), bw(inputs(body_weight_kg=weight * by))
    assert lesion * other / (liver * other) == pytest.approx(lesion * one / (liver * one))


def test_inputs_survive_json_and_keep_their_digest():
    full = inputs(
        acquired_at=(NOON, None), administered_time=time(11, 0), frame_duration_s=(120.0,), philips_suv_factor=0.1
    )
    full = replace(full, confirmed=frozenset({"half_life_s"}))
    again = SuvInputs.from_dict(full.to_dict())
    assert again == full
    assert digest(again) == digest(full)
    assert digest(inputs(body_weight_kg=71.0)) != digest(inputs())


def test_a_typed_value_replaces_the_header_and_is_confirmed():
    corrected = inputs(body_weight_kg=None).override("body_weight_kg", "70", "entered by a physician")
    assert bw(corrected) == pytest.approx(EXPECTED)
    assert corrected.confirmed == {"body_weight_kg"}
    timed = inputs(administered_at=None, administered_time=time(3, 0))
    assert bw(timed.override("administered_at", "2025-03-04T11:00", "typed")) == pytest.approx(EXPECTED)
    with pytest.raises(KeyError):
        corrected.override("units", "GML", "typed")
    with pytest.raises(ValueError):
        corrected.override("body_weight_kg", "seventy", "typed")
