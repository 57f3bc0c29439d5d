"""SUV against published truth: IBSI reference objects, real series, real headers."""

import json

import numpy as np
import pytest

from imaging.domain.suv import Sourced, SuvInputs, SuvKind, suv_factors

from .reference import load, masked, moment, shared

OBJECTS = ("DRO_0_0", "DRO_1_0", "DRO_2_4", "DRO_3_1", "DRO_5_0")


@pytest.mark.parametrize("name", OBJECTS)
def test_ibsi_reference_object_has_its_published_suv(name):
    series = load(shared("ibsi-suv-dro", name, "PT"))
    volume = series.volume(suv_factors(series.inputs).by_kind[SuvKind.BW])
    suv = masked(volume, shared("ibsi-suv-dro", name, "mask", "DRO_mask.nii.gz"))
    assert suv.min() == pytest.approx(0.20, rel=0.005)
    assert np.median(suv) == pytest.approx(1.00, rel=0.005)
    assert suv.max() == pytest.approx(4.00, rel=0.005)


def test_whole_body_series_has_its_published_factors():
    series = load(shared("sts001-wholebody-ge", "FDG_PET", "image"))
    factors = suv_factors(series.inputs).by_kind
    expected = {
        SuvKind.BW: 2.42903e-4,
        SuvKind.LBM_JAMES: 1.84108e-4,
        SuvKind.LBM_JANMAHASATIAN: 1.80829e-4,
        SuvKind.BSA: 6.04173e-5,
        SuvKind.IBW: 2.04107e-4,
    }
    for kind, value in expected.items():
        assert factors[kind] == pytest.approx(value, rel=1e-5), kind
    assert len(set(series.slopes)) == 267
    assert series.volume(factors[SuvKind.BW]).statistics().max == pytest.approx(66.5215, abs=1e-4)


@pytest.mark.parametrize("patient", ["STS_001", "STS_002"])
def test_a_series_in_suv_needs_no_time(patient):
    series = load(shared("sts-petct", "dicom", patient, "PET", "image"))
    result = suv_factors(series.inputs)
    assert result.by_kind[SuvKind.BW] == 1
    assert not result.is_provisional


def test_an_injection_dated_after_the_scan_does_not_touch_a_series_in_suv():
    result = suv_factors(load(shared("sts-petct", "dicom", "STS_002", "PET", "image")).inputs)
    assert result.uptake_time_s is None
    assert "administered_after_scan" in {note.code for note in result.warnings}


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("SIEMENS", SuvKind.BW, 4.27483e-4),
        ("GE_MEDICAL_AND_BQML", SuvKind.BW, 5.36739e-4),
        ("GE_MEDICAL_AND_BQML", SuvKind.BSA, 1.61103e-4),
        ("GE_MEDICAL_AND_BQML", SuvKind.LBM_JANMAHASATIAN, 3.70194e-4),
        ("PHILIPS_BQML", SuvKind.BW, 7.46375e-4),
        ("PHILIPS_CNTS_AND_SUV", SuvKind.BW, 7.28e-4),
    ],
)
def test_real_header_has_its_published_factor(name, kind, expected):
    headers = json.loads(shared("suv-headers", f"{name}-instances.json").read_text())
    assert suv_factors(_of_json(headers)).by_kind[kind] == pytest.approx(expected, rel=1e-3)


def test_philips_factors_are_ignored_when_the_units_are_bqml():
    headers = json.loads(shared("suv-headers", "PHILIPS_BQML-instances.json").read_text())
    result = suv_factors(_of_json(headers))
    assert "philips_factors_ignored" in {note.code for note in result.warnings}


def _of_json(headers: list[dict]) -> SuvInputs:
    first = headers[0]
    started = first.get("RadiopharmaceuticalStartDateTime", "").strip()
    clock = moment("20000101", first["RadiopharmaceuticalStartTime"])
    philips = first["PhilipsPETPrivateGroup"]
    stated = {
        "units": first["Units"],
        "decay_correction": first["DecayCorrection"],
        "corrected_image": tuple(first["CorrectedImage"]),
        "body_weight_kg": first["PatientWeight"],
        "body_height_m": first.get("PatientSize"),
        "sex": first["PatientSex"],
        "nuclide": "18F",
        "half_life_s": first["RadionuclideHalfLife"],
        "injected_activity_bq": first["RadionuclideTotalDose"],
        "administered_at": moment(started[:8], started[8:]) if started else None,
        "administered_time": clock.time() if clock else None,
        "series_at": moment(first["SeriesDate"], first["SeriesTime"]),
        "acquired_at": tuple(moment(h["AcquisitionDate"], h["AcquisitionTime"]) for h in headers),
        "philips_suv_factor": _number(philips.get("SUVScaleFactor")),
        "philips_activity_factor": _number(philips.get("ActivityConcentrationScaleFactor")),
    }
    return SuvInputs(**{name: Sourced(value, "header") for name, value in stated.items()})


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
