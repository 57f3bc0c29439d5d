"""Lesions recognised again: what holds for any set of lesions, and each status by example."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.domain import voi
from imaging.domain.errors import MeasurementRefused
from imaging.domain.lesion_places import FieldOfView, Finding, KnownLesion, PlaceReading, PlaceUptake, read_place
from imaging.domain.matching import NewScan, Status, match, places
from imaging.domain.registration import Method, Quality, Registration, caution
from imaging.domain.volume import Volume

WHOLE = FieldOfView(np.array([[4, 0, 0, -256], [0, 4, 0, -256], [0, 0, 4, -1000], [0, 0, 0, 1.0]]), (260, 128, 128))
GOOD = Registration(Quality.GOOD, Method.OUTLINE, 2.0, matrix=np.eye(4))
POOR = replace(
    GOOD, quality=Quality.POOR, residual_mm=8.0, reasons=(caution("registration_skin_differs", found="8.0"),)
)
REFUSED = Registration(Quality.REFUSED, Method.OUTLINE, None, refusal=MeasurementRefused("registration_turn_large"))
QUIET = PlaceReading(PlaceUptake.BACKGROUND, 0.98)
ORGANS = ("liver", "bone", "lymph node")


def lesion(label, x=0.0, y=0.0, z=-500.0, volume=8.0, organ="liver", **more):
    return KnownLesion(label, (x, y, z), organ, volume, "45 %", **more)


def finding(key, x=0.0, y=0.0, z=-500.0, volume=8.0, organ="liver", **more):
    return Finding(key, (x, y, z), organ, volume, "45 %", **more)


def matched(lesions, findings, registration=GOOD, at_place=None, view=WHOLE, previous_view=WHOLE):
    quiet = {known.key: QUIET for known in lesions} if at_place is None else at_place
    return match(lesions, NewScan(view, findings, quiet), registration, previous_view)


def said(matching):
    return [(p.status, p.labels, p.finding_ids) for p in matching.proposals]


@st.composite
def sets_of_regions(draw, kind, prefix, most=7):
    points = draw(st.lists(st.tuples(*(st.integers(-3, 3),) * 3), max_size=most, unique=True))
    jitter = st.floats(-9, 9)
    return [
        kind(
            f"{prefix}{n:02d}",
            (30.0 * x + draw(jitter), 30.0 * y + draw(jitter), -500 + 30.0 * z + draw(jitter)),
            draw(st.sampled_from(("", *ORGANS))),
            draw(st.none() | st.floats(0.3, 60)),
            "45 %",
        )
        for n, (x, y, z) in enumerate(points)
    ]


BEFORE, AFTER = sets_of_regions(KnownLesion, "L"), sets_of_regions(Finding, "F")


@given(BEFORE, AFTER, st.randoms(use_true_random=False), st.sampled_from([GOOD, POOR, REFUSED]))
@settings(max_examples=80)
def test_order_never_matters(before, after, random, registration):
    expected = matched(before, after, registration)
    shuffled = matched(random.sample(before, len(before)), random.sample(after, len(after)), registration)
    assert [(s, p.confidence, p.reason) for s, p in zip(said(expected), expected.proposals, strict=True)] == [
        (s, p.confidence, p.reason) for s, p in zip(said(shuffled), shuffled.proposals, strict=True)
    ]


@given(BEFORE, AFTER, st.sampled_from([GOOD, POOR, REFUSED]))
@settings(max_examples=80)
def test_everything_is_spoken_of_exactly_once(before, after, registration):
    found = matched(before, after, registration)
    labels = [label for p in found.proposals for label in p.labels]
    ids = [key for p in found.proposals for key in p.finding_ids] + list(found.left_out)
    assert sorted(labels) == [known.key for known in before]
    assert sorted(ids) == [known.key for known in after]
    for p in found.proposals:
        assert p.reason and p.needs_confirmation and 0 <= p.confidence <= 1
        assert (len(p.labels) > 1) == (p.status is Status.MERGED)
        assert (len(p.finding_ids) > 1) == (p.status is Status.SPLIT)
        assert p.status is not Status.NOT_ASSESSABLE or p.confidence == 0


@given(BEFORE, AFTER, st.sampled_from(list(PlaceUptake)), st.booleans())
@settings(max_examples=80)
def test_resolved_needs_a_covered_place_without_uptake(before, after, uptake, is_covered):
    view = WHOLE if is_covered else FieldOfView(WHOLE.affine, (30, 128, 128))
    found = matched(before, after, at_place={k.key: PlaceReading(uptake, 1.0) for k in before}, view=view)
    for p in found.proposals:
        if p.status is Status.RESOLVED:
            assert is_covered and uptake is PlaceUptake.BACKGROUND
            assert p.reason.startswith(f"No uptake found at the place of {p.labels[0]}")
            assert "CT may still show" in p.reason
            assert "redifferentiat" not in p.reason


@given(BEFORE)
@settings(max_examples=60)
def test_the_same_lesions_again_are_all_present(before):
    far = [
        b
        for n, b in enumerate(before)
        if all(np.linalg.norm(np.subtract(b.centroid_lps, o.centroid_lps)) > 45 for o in before[:n])
    ]
    known = [KnownLesion(b.key, b.centroid_lps, "liver", b.volume_ml or 5.0, "45 %") for b in far]
    again = [Finding(f"F{k.key}", k.centroid_lps, "liver", k.volume_ml, "45 %") for k in known]
    for p in matched(known, again).proposals:
        assert p.status is Status.PRESENT and p.finding_ids == (f"F{p.labels[0]}",)
        assert p.confidence > 0.9 and not p.is_ambiguous


@given(BEFORE, AFTER)
@settings(max_examples=40)
def test_poor_registration_is_said_and_settles_nothing(before, after):
    for p in matched(before, after, POOR).proposals:
        assert "poor" in p.reason and "outlines of the body still differ by 8.0 mm" in p.reason
        assert p.confidence <= 0.6 and p.status is not Status.RESOLVED
        assert p.is_ambiguous or p.status is Status.NOT_ASSESSABLE


def test_poor_registration_lowers_the_confidence_of_the_same_match():
    good, poor = (matched([lesion("L01")], [finding("F1", x=6)], r).of("L01") for r in (GOOD, POOR))
    assert (good.status, poor.status) == (Status.PRESENT, Status.PRESENT)
    assert poor.confidence < 0.7 * good.confidence and poor.parts["registration"] == 0.6


def test_refused_registration_proposes_nothing():
    found = matched([lesion("L01")], [finding("F1")], REFUSED)
    assert said(found) == [(Status.NOT_ASSESSABLE, ("L01",), ()), (Status.NOT_ASSESSABLE, (), ("F1",))]
    assert "turned by" in found.of("L01").reason
    with pytest.raises(MeasurementRefused, match="registration_turn_large"):
        places([lesion("L01")], REFUSED)


def test_a_lesion_follows_the_transform():
    moved = np.eye(4)
    moved[:3, 3] = (12, -8, 140)
    found = matched(
        [lesion("L01", x=-60)], [finding("F1", x=-45, y=-8, z=-360, volume=3.0)], replace(GOOD, matrix=moved)
    )
    present = found.of("L01")
    assert present.status is Status.PRESENT and present.distance_mm == pytest.approx(3.0)
    assert "both in liver" in present.reason and "0.38 of its volume" in present.reason


def test_two_lesions_in_one_region_are_merged():
    known = [lesion("L01", x=-12), lesion("L02", x=12), lesion("L03", x=90)]
    found = matched(known, [finding("F1", volume=20.0), finding("F2", x=92)])
    assert said(found) == [(Status.MERGED, ("L01", "L02"), ("F1",)), (Status.PRESENT, ("L03",), ("F2",))]
    assert not found.of("L01").is_ambiguous and found.of("L01").confidence > 0.8


def test_a_place_at_the_edge_of_a_neighbour_is_ambiguous():
    found = matched([lesion("L01"), lesion("L02", x=17)], [finding("F1")]).of("L02")
    assert found.status is Status.MERGED and found.is_ambiguous
    assert "L02 without uptake beside F1" in found.alternatives


def test_one_lesion_in_two_regions_is_split():
    found = matched([lesion("L01", volume=40.0)], [finding("F1", x=-12, volume=6.0), finding("F2", x=14, volume=5.0)])
    assert said(found) == [(Status.SPLIT, ("L01",), ("F1", "F2"))]
    assert not found.of("L01").is_ambiguous


def test_voxels_decide_where_a_sphere_would_not():
    """A long merged region: its equal sphere does not reach the places, its voxels do."""
    along = np.array([(x, 0.0, -500.0) for x in np.arange(-40, 41, 4)])
    known = [lesion("L01", x=-30, volume=2.0), lesion("L02", x=30, volume=2.0)]
    bare, outlined = finding("F1", volume=5.0), replace(finding("F1", volume=5.0), voxels_lps=along)
    assert Status.MERGED not in {s for s, *_ in said(matched(known, [bare]))}
    assert said(matched(known, [outlined])) == [(Status.MERGED, ("L01", "L02"), ("F1",))]


def test_close_rivals_are_named():
    found = matched(
        [lesion("L01", volume=1.0)], [finding("F1", x=14, volume=1.0), finding("F2", x=-15, volume=1.0)]
    ).of("L01")
    assert found.is_ambiguous and found.alternatives and found.confidence < 0.7


def test_a_chain_is_assigned_jointly():
    """Each lesion is nearest to its neighbour's finding; together only one assignment leaves none alone."""
    known = [lesion("L01", x=0, volume=1.0), lesion("L02", x=30, volume=1.0), lesion("L03", x=60, volume=1.0)]
    found = [finding(f"F{n}", x=30 * n - 16, volume=1.0) for n in range(3)]
    assert [ids for _, _, ids in said(matched(known, found))] == [("F0",), ("F1",), ("F2",)]


@pytest.mark.parametrize(
    ("known", "place", "words"),
    [
        (lesion("L01", z=-990), QUIET, "outside the new scan"),
        (lesion("L01"), PlaceReading(), "not looked at"),
        (lesion("L01"), PlaceReading(PlaceUptake.RAISED, 2.0), "has to be drawn"),
        (lesion("L01"), PlaceReading(PlaceUptake.COLD, 0.6), "lesion without uptake may lie there"),
        (lesion("L01"), PlaceReading(PlaceUptake.BACKGROUND, 1.0, "bowel"), "normal uptake of bowel"),
        (lesion("L01", volume=0.4), QUIET, "under 10 mm"),
        (lesion("L01", volume=8.0, long_axis_mm=9.0), QUIET, "under 10 mm"),
        (lesion("L01", volume=None), QUIET, "size is not known"),
    ],
)
def test_without_a_finding_it_is_not_assessable(known, place, words):
    view = FieldOfView(np.array([[4, 0, 0, -256], [0, 4, 0, -256], [0, 0, 4, -980], [0, 0, 0, 1.0]]), (200, 128, 128))
    found = matched([known], [], at_place={"L01": place}, view=view).of("L01")
    assert found.status is Status.NOT_ASSESSABLE and words in found.reason


def test_a_finding_where_the_previous_scan_ended_is_not_called_new():
    short = FieldOfView(WHOLE.affine, (60, 128, 128))
    assert said(matched([], [finding("F1")])) == [(Status.NEW, (), ("F1",))]
    found = matched([], [finding("F1")], previous_view=short).proposals[0]
    assert found.status is Status.NOT_ASSESSABLE and "did not cover" in found.reason


def test_physiologic_findings_are_left_out_unless_a_lesion_was_there():
    gut = finding("F1", organ="", physiologic="bowel")
    assert matched([], [gut]).left_out == {"F1": "bowel"}
    found = matched([lesion("L01")], [gut])
    assert found.of("L01").status is Status.PRESENT and found.of("L01").confidence < 0.3
    assert "reads as normal uptake of bowel" in found.of("L01").reason and not found.left_out


def test_volumes_of_different_methods_are_not_compared():
    other = Finding("F1", (0, 0, -500), "liver", 2.0, "41 %")
    found = matched([lesion("L01")], [other]).of("L01")
    assert found.parts["size"] == 0.8 and "different methods were not compared" in found.reason


def test_a_name_used_twice_is_refused():
    with pytest.raises(MeasurementRefused, match="lesion_name_repeated"):
        matched([lesion("L01"), lesion("L01", x=50)], [])


def noisy(value=5.0):
    rng = np.random.default_rng(3)
    return rng.normal(value, 0.25, (40, 40, 40)).astype(np.float32)


def ball(values, centre, radius, level):
    z, y, x = np.indices(values.shape)
    values[(z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2] = level
    return values


AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
MIDDLE = (80.0, 80.0, 80.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (noisy(), PlaceUptake.BACKGROUND),
        (ball(noisy(), (20, 20, 20), 3, 9.0), PlaceUptake.RAISED),
        (ball(noisy(), (20, 20, 20), 3, 2.0), PlaceUptake.COLD),
        (noisy(0) * 0, PlaceUptake.UNKNOWN),
    ],
)
def test_what_a_scan_shows_at_a_place(values, expected):
    volume = Volume.of_array(values, AFFINE, "Bq/ml")
    assert read_place(volume, MIDDLE, 10).uptake is expected


def test_a_place_off_the_images_or_in_a_known_region_is_not_read_as_quiet():
    volume = Volume.of_array(ball(noisy(), (20, 20, 24), 3, 9.0), AFFINE)
    assert read_place(volume, (900.0, 0.0, 0.0), 10).uptake is PlaceUptake.UNKNOWN
    assert read_place(volume, MIDDLE, 12).uptake is PlaceUptake.RAISED
    assert read_place(volume, MIDDLE, 200, ignoring=(voi.sphere(volume, MIDDLE, 300),)).uptake is PlaceUptake.UNKNOWN
