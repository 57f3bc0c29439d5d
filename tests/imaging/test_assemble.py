"""Slices into series: kept together by what they share, kept apart by what they do not, never patched over."""

import json
import random
from dataclasses import replace

import pytest

from imaging.assemble import assemble, split_key
from imaging.domain.errors import SuvUnavailable
from imaging.domain.suv import suv_factors
from imaging.instances import ParsedInstance
from tests.imaging.dicom_files import ct_slice, pet_slice, radiopharmaceutical, to_bytes
from tests.imaging.test_dicom import parsed


@pytest.fixture(scope="module")
def pet() -> list[ParsedInstance]:
    return [parsed(to_bytes(pet_slice(k))) for k in range(8)]


@pytest.fixture(scope="module")
def ct() -> list[ParsedInstance]:
    return [parsed(to_bytes(ct_slice(k))) for k in range(4)]


def named(instances):
    return [(f"/files/{n}", instance) for n, instance in enumerate(instances)]


def one(instances):
    (series,) = assemble(named(instances))
    return series


def codes(series):
    return [warning.code for warning in series.warnings]


def test_slices_are_ordered_by_position_whatever_their_numbers(pet):
    shuffled = [replace(i, instance_number=99 - n) for n, i in enumerate(pet)]
    random.Random(3).shuffle(shuffled)
    series = one(shuffled)
    assert [i.position[2] for _, i in series.slices] == [0, 4, 8, 12, 16, 20, 24, 28]
    assert series.refusal is None and series.hold == "" and series.warnings == ()
    assert series.geometry_json["shape"] == [8, 24, 20] and series.geometry_json["spacing"] == [4, 4, 4]


def test_the_result_does_not_depend_on_the_order_of_arrival(pet):
    def assembled(seed):
        mixed = named(pet)
        random.Random(seed).shuffle(mixed)
        (series,) = assemble(mixed)
        return series.manifest(), series.header, series.split_key

    assert all(assembled(seed) == assembled(0) for seed in range(10))


def test_pet_and_ct_of_one_study(pet, ct):
    assert [(s.kind, len(s.slices)) for s in assemble(named([*pet, *ct]))] == [("pet", 8), ("ct", 4)]


@pytest.mark.parametrize(
    "changes",
    [
        {"frame_of_reference_uid": "1.9"},
        {"modality": "NM"},
        {"rows": 48},
        {"pixel_spacing": (2.0, 2.0)},
        {"corrected_image": ("NORM", "SCAT")},
        {"reconstruction": "other kernel"},
        {"units": "CNTS"},
        {"bits_stored": 12, "high_bit": 11},
    ],
)
def test_reconstructions_under_one_series_uid_are_kept_apart(pet, changes):
    other = [replace(i, sop_uid=i.sop_uid + ".1", **changes) for i in pet]
    first, second = assemble(named([*pet, *other]))
    assert len(first.slices) == len(second.slices) == 8
    assert first.split_key != second.split_key
    assert "series_split" in codes(first) and "series_split" in codes(second)
    assert first.split_key == split_key(pet[0]) == one(pet).split_key


@pytest.mark.parametrize("changes", [{"study_uid": "1.8"}, {"patient_id": "OTHER"}, {"birth_date": "1960-01-03"}])
def test_a_series_uid_of_two_studies_or_patients_is_held(pet, changes):
    other = [replace(i, sop_uid=i.sop_uid + ".1", **changes) for i in pet]
    series = assemble(named([*pet, *other]))
    assert [s.hold for s in series] == ["series_uid_shared"] * 2
    assert [len(s.slices) for s in series] == [8, 8]


def test_a_study_uid_may_be_shared(pet):
    other = [replace(i, series_uid="1.7", sop_uid=i.sop_uid + ".1", patient_id="OTHER") for i in pet]
    assert [s.hold for s in assemble(named([*pet, *other]))] == ["", ""]


def test_burned_in_text_is_held(pet):
    assert one([replace(i, burned_in="YES") for i in pet]).hold == "burned_in_annotation"


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda s: s[:3] + s[4:], "missing_slices"),
        (lambda s: [*s, replace(s[2], sop_uid="1.2.3")], "duplicate_slices"),
        (lambda s: s[:1], "single_slice"),
        (lambda s: [replace(s[0], position=None), *s[1:]], "position_missing"),
        (lambda s: [replace(s[0], orientation=None), *s[1:]], "orientation_invalid"),
        (lambda s: [replace(i, pixel_spacing=None) for i in s], "pixel_spacing_invalid"),
        (lambda s: [replace(i, slice_count=9) for i in s], "missing_slices"),
        (lambda s: [replace(i, series_type=("DYNAMIC", "IMAGE")) for i in s], "dynamic_series"),
        (lambda s: [replace(i, series_type=("GATED", "IMAGE")) for i in s], "dynamic_series"),
        (lambda s: [replace(i, is_lossy=True) for i in s], "lossy_compression"),
        (lambda s: [replace(i, image_type=("ORIGINAL", "SECONDARY", "MIP")) for i in s], "projection_image"),
    ],
)
def test_no_volume_but_the_suv_factors_still_come_out(pet, damage, code):
    series = one(damage(list(pet)))
    assert series.geometry is None and series.refusal.code == code and series.refusal.message
    assert series.manifest()["affine"] is None and series.manifest()["refusal"] == [code, series.refusal.message]
    assert suv_factors(series.suv_inputs).by_kind["bw"] == pytest.approx(one_factor(pet), rel=1e-12)


def one_factor(pet):
    return suv_factors(one(pet).suv_inputs).by_kind["bw"]


@pytest.mark.parametrize("field", ["body_weight_kg", "total_dose", "half_life_s", "administered_at", "nuclide"])
def test_slices_that_disagree_leave_the_value_missing(pet, field):
    other = {"body_weight_kg": 71.0, "total_dose": 151e6, "half_life_s": 6586.2, "nuclide": "18F"}
    changed = other.get(field, "2025-03-10T11:01:00")
    series = one([replace(pet[0], **{field: changed}), *pet[1:]])
    assert "header_values_differ" in codes(series)
    name = {"total_dose": "injected_activity_bq"}.get(field, field)
    assert name not in series.suv_inputs.to_dict()


def test_a_weight_on_which_slices_disagree_waits_for_a_person(pet):
    series = one([replace(pet[0], body_weight_kg=17.0), *pet[1:]])
    with pytest.raises(SuvUnavailable) as refusal:
        suv_factors(series.suv_inputs)
    assert refusal.value.code == "patient_weight_missing"
    entered = series.suv_inputs.override("body_weight_kg", "70", "entered")
    assert suv_factors(entered).by_kind["bw"] == pytest.approx(one_factor(pet))


def test_zero_is_not_missing(pet):
    with pytest.raises(SuvUnavailable) as refusal:
        suv_factors(one([replace(i, body_weight_kg=0.0) for i in pet]).suv_inputs)
    assert refusal.value.code == "patient_weight_zero"


def test_unreadable_values_are_named(pet):
    series = one([replace(pet[0], problems=("(0010,1020)",)), *pet[1:]])
    (warning,) = series.warnings
    assert warning.code == "header_value_unreadable" and "(0010,1020)" in warning.message


def test_the_same_slice_twice(pet):
    again = [("/files/0", pet[0]), *named(pet)]
    (series,) = assemble(again)
    assert len(series.slices) == 8 and series.warnings == ()
    (series,) = assemble([*named(pet), ("/elsewhere", replace(pet[3], slope=9.0))])
    assert len(series.slices) == 8 and codes(series) == ["slice_conflict"]
    assert series.first.slope == 2.5


def test_remarks(pet):
    series = one([replace(i, intercept=-3.0, frame_of_reference_uid="", image_type=("DERIVED",)) for i in pet])
    assert {"rescale_intercept_in_pet", "frame_of_reference_missing", "derived_images"} <= set(codes(series))


def test_slopes_and_times_stay_with_their_slices(pet):
    varied = [replace(i, slope=1.0 + n, acquired_at=f"2025-03-10T12:0{n}:00") for n, i in enumerate(pet)]
    manifest = one(varied[::-1]).manifest()
    assert manifest["slope"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert manifest["source"] == [f"/files/{n}" for n in range(7, -1, -1)]
    assert len(one(varied).suv_inputs.acquired_at.value) == 8
    assert len(one(pet).suv_inputs.acquired_at.value) == 1


def test_the_header_is_plain_json_and_has_no_name(pet):
    text = json.dumps(one(pet).header) + json.dumps(one(pet).manifest())
    assert "CANARY" not in text and "SYN-0001" not in text


def test_two_administrations_are_refused():
    ds = [pet_slice(k) for k in range(3)]
    for one_slice in ds:
        one_slice.RadiopharmaceuticalInformationSequence = [radiopharmaceutical(one_slice)] * 2
    with pytest.raises(SuvUnavailable) as refusal:
        suv_factors(one([parsed(to_bytes(d)) for d in ds]).suv_inputs)
    assert refusal.value.code == "several_administrations"
