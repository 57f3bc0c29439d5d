"""Regions by their addresses: what a viewer sends and gets, what a form without scripts does, and who is told no."""

import datetime as dt

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from imaging import region_rows, selectors
from imaging.models import Job, Lesion, LesionFinding, Series, Voi
from imaging.services import came_with_reading, correct_suv_input, place_voi, restore, score_lesion, start_reading
from patients.models import AuditEvent
from patients.services import create_patient, withdraw
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import (
    BODY,
    FIRST,
    OTHER_BODY,
    SECOND,
    bring_scan,
    drawn,
    fresh,
    new_lesion,
    seen,
    work_off,
)
from tests.imaging.signing import sign

pytestmark = pytest.mark.django_db
XYZ, XYZ2 = ("x", "y", "z"), ("x2", "y2", "z2")
GROW = {"how": "grow", "rule": "suv", "parameter": "3", "reach": "60", "organ": "liver"}


def version(voi: Voi) -> str:
    return seen(voi)["recorded_at"]


def at(point, names=XYZ) -> dict:
    return dict(zip(names, map(str, point), strict=True))


@pytest.fixture
def desk(client, doctor):
    client.force_login(doctor)
    return client


@pytest.fixture
def ask(desk):
    """``ask(name, row, **data)``: as a viewer does that shows what is there now; status and answer."""

    def send(name: str, row, **data):
        if isinstance(row, Voi):
            other = Voi.versions.get(pk=data["other"]) if "other" in data else None
            data = seen(row, other) | data
        data = {field: value for field, value in data.items() if value is not None}
        answer = desk.post(reverse(f"imaging:{name}", args=[row.pk]), data, headers={"accept": "application/json"})
        return answer.status_code, answer.json()

    return send


@pytest.fixture
def listed(desk, scan):
    """``listed()``: the regions as a viewer reads them, by id."""

    def read() -> dict:
        answer = desk.get(reverse("imaging:regions", args=[scan.pk]))
        assert answer.status_code == 200 and answer["Content-Type"] == "application/json"
        return {row["voi"]: row for row in answer.json()["regions"]}

    return read


def refused(answer, status: int, code: str) -> bool:
    found, said = answer
    assert set(said) == {"ok", "code", "sentence"} and said["ok"] is False and said["sentence"].endswith("."), said
    assert (found, said["code"]) == (status, code), answer
    return True


def test_a_seed_gives_a_region_with_its_numbers_at_once(ask, listed, scan):
    status, said = ask("region_new", scan, **GROW, **at(FIRST))
    assert (status, said["ok"], said["state"], said["before"]) == (200, True, "computing", None)
    assert said["numbers"]["provisional"] is True and said["numbers"]["volume_ml"] == pytest.approx(57 * 0.064)
    assert said["lesion"]["label"] == "L01" and LesionFinding.objects.get().status == "present"
    assert listed()[said["voi"]]["numbers"] is None, "what is not stored yet is given to nobody else"
    work_off()
    row = listed()[said["voi"]]
    assert row["state"] == "current" and row["digest"] == said["digest"]
    assert row["numbers"] == said["numbers"] | {"provisional": False}, "the worker's numbers are the very same"


@pytest.mark.parametrize(
    "kind, data",
    [
        ("percent", {"rule": "percent", "parameter": "41"}),
        ("percent", {"rule": "percent", "parameter": "50"}),
        ("liver", {"rule": "liver", "parameter": ""}),
    ],
)
def test_every_rule_of_growing(ask, scan, doctor, kind, data):
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    work_off()
    status, said = ask("region_new", scan, **GROW | data, **at(FIRST))
    assert status == 200 and kind in said["contour"]
    liver = selectors.measurements(fresh(scan))[0].measurement
    ratio = said["numbers"]["suv_peak_local"] / liver.suv_mean
    assert said["ratio"] == {"to_liver": pytest.approx(ratio), "method": "SUVpeak / liver mean"}


def test_a_box_and_spheres(ask, scan, doctor):
    lesion = new_lesion(doctor, scan.patient)
    corners = at((10.0, 12.0, -360.0)) | at((-34.0, -12.0, -390.0), XYZ2)
    status, said = ask("region_new", scan, how="box", rule="suv", parameter="10", lesion=str(lesion.pk), **corners)
    assert status == 200 and said["numbers"]["volume_ml"] == pytest.approx(54 * 0.064) and not said["may_move"]
    for role in ("liver", "spleen", "blood_pool"):
        status, said = ask("region_new", scan, how="sphere", role=role, radius="12", **at(BODY))
        assert (status, said["role"], said["lesion"], said["may_move"]) == (200, role, None, True)
    status, said = ask("region_new", scan, how="sphere", radius="6", lesion=str(lesion.pk), **at(SECOND))
    assert (status, said["method"], said["lesion"]["pk"]) == (200, "sphere", str(lesion.pk))


def test_what_cannot_be_marked_is_said_and_leaves_nothing(ask, scan, doctor, tmp_path):
    stranger = new_lesion(doctor, create_patient(by=doctor, case_number="NET-9"))
    for wrong in (
        {"how": "explode"}, {"how": ""}, {"x": ""}, {"x": "NaN"}, {"y": "left"}, {"rule": ""}, {"rule": "colour"},
        {"parameter": "0"}, {"parameter": "-3"}, {"rule": "percent", "parameter": "100"}, {"reach": "0"},
        {"reach": "501"}, {"how": "sphere"}, {"how": "sphere", "radius": "0.5"}, {"how": "box"}, {"role": "liver"},
        {"lesion": str(stranger.pk)}, {"organ": "x" * 25}, {"label": "x" * 9},
    ):  # fmt: skip
        assert refused(ask("region_new", scan, **GROW | at(FIRST) | wrong), 422, "input_invalid"), wrong
    for wrong, code in (
        ({"organ": " "}, "lesion_label_missing"),
        ({"rule": "liver"}, "liver_not_measured"),
        ({"parameter": "999"}, "seed_below_threshold"),
        ({"x": "9999"}, "voi_outside_volume"),
    ):
        assert refused(ask("region_new", scan, **GROW | at(FIRST) | wrong), 422, code), wrong
    assert not Voi.objects.exists() and not Lesion.objects.filter(patient=scan.patient).exists()


def test_a_label_is_given_to_one_lesion_only(ask, scan, doctor):
    assert ask("region_new", scan, **GROW, **at(FIRST), label="T1")[1]["lesion"]["label"] == "T1"
    assert refused(ask("region_new", scan, **GROW, **at(FIRST), label="T1"), 422, "lesion_label_taken")
    gone = new_lesion(doctor, scan.patient, "L07")
    withdraw(gone, by=doctor, reason="artefact")
    assert refused(ask("region_new", scan, **GROW, **at(FIRST), label="L07"), 422, "lesion_label_taken")
    assert ask("region_new", scan, **GROW, **at(FIRST))[1]["lesion"]["label"] == "L08"


def test_no_number_of_another_version_is_ever_given(ask, listed, scan, lesion, doctor):
    voi = drawn(scan, lesion, doctor)
    first = listed()[str(voi.pk)]
    assert first["state"] == "current" and first["numbers"]["provisional"] is False
    status, said = ask("outline", voi, step="widen", number="4", recorded_at=first["recorded_at"])
    assert (status, said["before"]) == (200, first["recorded_at"])
    row = listed()[str(voi.pk)]
    assert (row["state"], row["numbers"], row["ratio"]) == ("computing", None, None)
    assert row["recorded_at"] == said["recorded_at"] and row["digest"] != first["digest"]
    Job.objects.filter(state=Job.State.QUEUED).update(state=Job.State.FAILED)
    assert listed()[str(voi.pk)]["state"] == "outdated" and listed()[str(voi.pk)]["numbers"] is None
    Job.objects.filter(state=Job.State.FAILED).update(state=Job.State.QUEUED)
    work_off()
    row = listed()[str(voi.pk)]
    assert row["numbers"]["volume_ml"] == pytest.approx((27 + 54) * 0.064) and row["state"] == "current"


def test_a_ratio_rests_on_the_liver_of_today(ask, listed, scan, lesion, doctor):
    liver, _ = place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    voi = drawn(scan, lesion, doctor)
    assert listed()[str(voi.pk)]["ratio"]["to_liver"] > 1 and listed()[str(liver.pk)]["ratio"] is None
    status, said = ask("outline", liver, step="move", **at((36.0, 0.0, -376.0)))
    assert (status, said["centre_mm"], said["radius_mm"]) == (200, [36.0, 0.0, -376.0], 12.0)
    assert said["numbers"]["provisional"] is True
    assert listed()[str(voi.pk)]["ratio"] is None, "the liver it would rest on is not measured yet"
    work_off()
    assert listed()[str(voi.pk)]["ratio"] is not None


def test_references_are_moved_and_outlines_are_not(ask, scan, lesion, doctor):
    for role in ("liver", "spleen", "blood_pool"):
        voi, _ = place_voi(by=doctor, scan=scan, role=role, method="sphere", centre_lps=BODY, radius_mm=12)
        status, said = ask("outline", voi, step="move", radius="9", **at(SECOND))
        assert (status, said["centre_mm"], said["radius_mm"], said["role"]) == (200, list(SECOND), 9.0, role)
    outline = drawn(scan, lesion, doctor)
    assert refused(ask("outline", outline, step="move", **at(SECOND)), 422, "outline_not_moved")
    assert refused(ask("outline", outline, step="move"), 422, "input_invalid")


def test_what_was_seen_must_still_be_so(ask, scan, both, doctor):
    first = both.recorded_at.isoformat()
    other = drawn(scan, new_lesion(doctor, scan.patient, "L02"), doctor, OTHER_BODY)
    assert ask("outline", both, step="widen", number="4")[0] == 200
    now = Voi.objects.get(pk=both.pk).recorded_at
    for name, data in (
        ("outline", {"step": "widen", "number": "4"}),
        ("outline", {"step": "regrow", "rule": "percent", "number": "45"}),
        ("outline", {"step": "merge", "other": str(other.pk)}),
        ("outline", {"step": "subtract", "other": str(other.pk)}),
        ("outline", {"step": "split", "organ": "liver", **at(FIRST), **at(SECOND, XYZ2)}),
        ("outline", {"step": "move", **at(FIRST)}),
        ("region_withdraw", {}),
        ("region_restore", {"version": first}),
    ):
        assert refused(ask(name, both, reason="x", recorded_at=first, **data), 409, "region_changed"), data
    assert Voi.objects.get(pk=both.pk).recorded_at == now and Voi.objects.filter(pk=other.pk).exists()
    assert Lesion.objects.filter(patient=scan.patient).count() == 2, "a refused split leaves no lesion"


def test_what_was_not_seen_is_not_changed(ask, scan, both, doctor):
    """A step that does not say which version was seen, of either region, is refused and changes nothing."""
    other = drawn(scan, new_lesion(doctor, scan.patient, "L02"), doctor, OTHER_BODY)
    pair = {"other": str(other.pk)}
    for name, data in (
        ("outline", {"step": "widen", "number": "4", "recorded_at": None}),
        ("outline", {"step": "merge", "recorded_at": None, **pair}),
        ("outline", {"step": "merge", "other_recorded_at": None, **pair}),
        ("outline", {"step": "subtract", "other_recorded_at": None, **pair}),
        ("region_withdraw", {"recorded_at": None}),
        ("region_restore", {"recorded_at": None, "version": version(both)}),
    ):
        assert refused(ask(name, both, reason="x", **data), 422, "input_invalid"), data
    assert {(voi.pk, voi.recorded_at) for voi in Voi.objects.all()} == {
        (voi.pk, voi.recorded_at) for voi in (both, other)
    }


@pytest.mark.parametrize("step", ["merge", "subtract"])
def test_the_other_region_must_still_be_as_it_was_seen(ask, scan, both, doctor, step):
    other = drawn(scan, new_lesion(doctor, scan.patient, "L02"), doctor, OTHER_BODY)
    was = version(other)
    assert ask("outline", other, step="widen", number="4")[0] == 200
    pair = {"step": step, "other": str(other.pk), "reason": "x"}
    assert refused(ask("outline", both, other_recorded_at=was, **pair), 409, "region_changed")
    assert Voi.objects.filter(pk=other.pk).exists() and version(both) == both.recorded_at.isoformat()
    assert ask("outline", both, **pair)[0] == 200


def test_a_region_that_is_gone_is_a_conflict_and_no_error(ask, scan, both):
    assert ask("region_withdraw", both)[1]["state"] == "withdrawn"
    for data in ({"step": "widen", "number": "4"}, {"step": "regrow", "rule": "percent", "number": "45"}):
        assert refused(ask("outline", both, reason="x", **data), 409, "region_changed")
    assert refused(ask("region_withdraw", both, reason="x"), 409, "region_changed")


def test_a_split_names_both_parts(ask, listed, scan, both, lesion):
    points = at(FIRST) | at(SECOND, XYZ2)
    assert refused(ask("outline", both, step="split", organ="liver", **at(FIRST)), 422, "input_invalid")
    assert refused(ask("outline", both, step="split", **points), 422, "lesion_label_missing")
    outside = at(FIRST) | at(BODY, XYZ2)
    assert refused(ask("outline", both, step="split", organ="liver", **outside), 422, "seed_outside_region")
    status, said = ask("outline", both, step="split", organ="liver", **points)
    assert status == 200 and said["lesion"]["label"] == "L01" and said["other"]["lesion"]["label"] == "L02"
    shares = [part["numbers"]["volume_ml"] for part in (said, said["other"])]
    assert sum(shares) == pytest.approx(57 * 0.064) and all(
        part["numbers"]["provisional"] for part in (said, said["other"])
    )
    work_off()
    assert {listed()[part["voi"]]["numbers"]["volume_ml"] for part in (said, said["other"])} == set(shares)


def test_a_second_lesion_found_in_an_outline_of_a_later_scan_is_a_split_and_not_new(
    desk, tmp_path, scan, doctor, import_files
):
    later = bring_scan(import_files, tmp_path, scan.patient, "b", paint=two_bodies, days_later=90)
    lesion = new_lesion(doctor, scan.patient)
    whole = drawn(later, lesion, doctor)
    there = {"first": (-24.0, 0.0, -376.0), "second": (-20.0, 0.0, -376.0)}
    data = {
        "step": "split",
        "organ": "liver",
        "recorded_at": version(whole),
        **at(there["first"]),
        **at(there["second"], XYZ2),
    }
    assert desk.post(reverse("imaging:outline", args=[whole.pk]), data).status_code == 302
    finding = LesionFinding.objects.get(scan=later, lesion__label="L02")
    assert (finding.status, finding.related_lesion) == ("split", lesion)


def test_own_marks_need_no_typed_reason_until_a_reading_is_signed_on_them(ask, listed, scan, both, lesion, doctor):
    assert listed()[str(both.pk)]["default_reason"] == region_rows.ADJUSTED
    assert ask("outline", both, step="widen", number="4")[0] == 200
    assert AuditEvent.objects.filter(action="revise", reason=region_rows.ADJUSTED).exists()
    work_off()
    reading = start_reading(by=doctor, scan=scan)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3)
    sign(by=doctor, reading=reading)
    assert listed()[str(both.pk)]["default_reason"] == ""
    for name, data in (("outline", {"step": "widen", "number": "4"}), ("region_withdraw", {})):
        assert refused(ask(name, both, **data), 422, "reason_missing")
    assert ask("outline", both, step="widen", number="-4", reason="seen on CT")[0] == 200


def test_a_mark_of_somebody_else_is_not_changed_without_a_reason(client, colleague, scan, both):
    client.force_login(colleague)
    address = reverse("imaging:outline", args=[both.pk])
    data = {"step": "widen", "number": "4", "recorded_at": version(both)}
    answer = client.post(address, data, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "reason_missing")


def test_undo_and_redo(ask, listed, scan, both, doctor):
    first = listed()[str(both.pk)]
    said = ask("outline", both, step="widen", number="4")[1]
    status, back = ask("region_restore", both, version=said["before"], recorded_at=said["recorded_at"])
    assert (status, back["numbers"]["volume_ml"]) == (200, first["numbers"]["volume_ml"])
    assert (
        ask("region_restore", both, version=back["before"])[1]["numbers"]["volume_ml"] == said["numbers"]["volume_ml"]
    )
    gone = ask("region_withdraw", both)[1]
    status, back = ask("region_restore", both, version=gone["before"])
    assert status == 200 and back["voi"] != str(both.pk) and list(listed()) == [back["voi"]]
    assert refused(ask("region_restore", both, version=gone["before"], reason="x"), 422, "region_back_already")
    assert refused(ask("region_restore", both, version="yesterday"), 422, "input_invalid")


def test_a_merge_says_what_is_needed_to_undo_it(ask, listed, scan, both, doctor):
    other = drawn(scan, new_lesion(doctor, scan.patient, "L02"), doctor, OTHER_BODY)
    before = {pk: row["numbers"]["volume_ml"] for pk, row in listed().items()}
    said = ask("outline", both, step="merge", other=str(other.pk))[1]
    assert list(listed()) == [str(both.pk)]
    assert ask("region_restore", both, version=said["before"])[0] == 200
    again = ask("region_restore", other, version=said["absorbed"]["before"])[1]
    work_off()
    after = {pk: row["numbers"]["volume_ml"] for pk, row in listed().items()}
    assert after == {str(both.pk): before[str(both.pk)], again["voi"]: before[str(other.pk)]}


def test_without_suv_regions_are_listed_with_the_reason(desk, tmp_path, phantom_case, doctor, import_files):
    scan = bring_scan(import_files, tmp_path, phantom_case, "n", paint=two_bodies, body_weight_kg=None)
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    data = {"how": "sphere", "organ": "liver", "radius": "6", **at(FIRST)}
    said = desk.post(reverse("imaging:region_new", args=[scan.pk]), data, headers={"accept": "application/json"}).json()
    assert said["ok"] and said["numbers"] is None
    work_off()
    rows = desk.get(reverse("imaging:regions", args=[scan.pk])).json()["regions"]
    assert {row["state"] for row in rows} == {"refused"} and all(row["sentence"].endswith(".") for row in rows)
    (lesion,) = (row for row in rows if row["role"] == "lesion")
    assert lesion["numbers"] is None and lesion["ratio"]["to_liver"] > 1, "a ratio needs no weight"


def forms_of(page: str) -> set[str]:
    return {part.split('"')[0] for part in page.split('action="')[1:]}


def test_every_step_is_a_form_on_the_page(desk, scan, both, doctor):
    sphere, _ = place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    address = reverse("imaging:scan", args=[scan.pk])
    shown = desk.get(address).content.decode()
    assert reverse("imaging:region_new", args=[scan.pk]) in forms_of(shown)
    assert f'href="?region={both.pk}#change"' in shown and 'id="change"' not in shown
    for how in ("grow", "box", "sphere"):
        assert f'name="how" value="{how}"' in shown
    for voi, steps in ((both, {"regrow", "widen", "split"}), (sphere, {"regrow", "widen", "split", "move"})):
        shown = desk.get(address, {"region": str(voi.pk)}).content.decode()
        assert {reverse(f"imaging:{name}", args=[voi.pk]) for name in ("outline", "region_withdraw")} <= forms_of(shown)
        assert {
            step for step in ("regrow", "widen", "split", "move") if f'name="step" value="{step}"' in shown
        } == steps
        assert all(f'type="submit" name="step" value="{step}"' in shown for step in ("subtract", "merge"))
        assert f'name="recorded_at" value="{version(voi)}"' in shown
        assert f'name="other_recorded_at" value="{version(sphere)}"' in shown, "the newest that is offered"
    assert desk.get(address, {"region": "nonsense"}).status_code == 200


def test_forms_come_back_to_the_page_and_say_why_not(desk, scan, both):
    address = f"{reverse('imaging:scan', args=[scan.pk])}#regions"
    stale = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).isoformat()
    for data, count in (({"recorded_at": stale}, 1), ({"recorded_at": both.recorded_at.isoformat()}, 0)):
        answer = desk.post(reverse("imaging:region_withdraw", args=[both.pk]), data)
        assert (answer.status_code, answer["Location"]) == (302, address)
        assert len(list(get_messages(answer.wsgi_request))) == count
        shown = desk.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
        assert ("changed or taken away meanwhile" in shown) is bool(count)
    assert f'name="recorded_at" value="{version(both)}"' in shown, "the form that brings it back says what was seen"
    assert "Taken away (1)" in shown and reverse("imaging:region_restore", args=[both.pk]) in forms_of(shown)
    data = {name: version(both) for name in ("version", "recorded_at")} | {"reason": "it is a lesion after all"}
    assert desk.post(reverse("imaging:region_restore", args=[both.pk]), data).status_code == 302
    assert "Taken away" not in desk.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert Voi.objects.count() == 1


def test_those_who_only_read_see_the_numbers_and_no_forms(client, scan, both, doctor, django_user_model):
    from patients.services import grant_access

    clinician = django_user_model.objects.create_user("clin", role="clinician")
    grant_access(by=doctor, patient=scan.patient, kind="care_team", user=clinician)
    client.force_login(clinician)
    shown = client.get(reverse("imaging:scan", args=[scan.pk]), {"region": str(both.pk)}).content.decode()
    assert "/regions/" not in "".join(forms_of(shown)) and "Mark a region" not in shown
    (row,) = client.get(reverse("imaging:regions", args=[scan.pk])).json()["regions"]
    assert row["numbers"] and row["default_reason"] == ""


def test_restore_of_what_was_never_there(scan, both, doctor):
    found = next(item for item in selectors.measurements(fresh(scan)) if item.voi.pk == both.pk)
    with pytest.raises(Exception, match="no earlier version"):
        restore(by=doctor, voi=found.voi, version=dt.datetime(2020, 1, 1, tzinfo=dt.UTC), reason="x")


def test_a_lesion_that_came_with_a_mark_goes_with_it_when_that_is_undone(ask, scan, doctor):
    said = ask("region_new", scan, **GROW, **at(FIRST))[1]
    voi, lesion = Voi.objects.get(pk=said["voi"]), Lesion.objects.get()
    reading = start_reading(by=doctor, scan=scan)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3)
    status, gone = ask("region_withdraw", voi, with_lesion="on")
    assert (status, gone["is_lesion_gone"]) == (200, False) and Lesion.objects.exists(), "a scored lesion stays"
    other = ask("region_new", scan, **GROW, **at(FIRST))[1]
    status, gone = ask("region_withdraw", Voi.objects.get(pk=other["voi"]), with_lesion="on")
    assert (status, gone["is_lesion_gone"]) == (200, True)
    assert list(Lesion.objects.all()) == [lesion] and LesionFinding.objects.count() == 1
    third = ask("region_new", scan, **GROW, **at(FIRST))[1]
    assert ask("region_withdraw", Voi.objects.get(pk=third["voi"]))[1]["is_lesion_gone"] is False


def test_the_answer_brings_the_voxels_that_were_measured(ask, scan, client):
    said = ask("region_new", scan, **GROW, **at(FIRST))[1]
    assert said["threshold"] == {"rule": "suv", "number": 3}
    work_off()
    pair = client.get(reverse("imaging:viewer", args=[scan.pk])).json()
    drawn_later = next(row for row in pair["scans"][-1]["regions"] if row["id"] == said["voi"])
    assert said["outline"] == drawn_later and said["outline"]["bits"]


def test_a_lesion_of_this_reading_goes_with_its_only_region_and_both_come_back(ask, listed, scan, doctor):
    said = ask("region_new", scan, **GROW, **at(FIRST))[1]
    voi, lesion, finding = Voi.objects.get(pk=said["voi"]), Lesion.objects.get(), LesionFinding.objects.get()
    gone = ask("region_withdraw", voi, with_lesion="on", reason="physiologic uptake")[1]
    assert gone["is_lesion_gone"] is True and not Lesion.objects.exists() and not LesionFinding.objects.exists()
    back = {"version": gone["before"], "reason": "undone"}
    assert refused(ask("region_restore", voi, **back), 422, "lesion_taken_back")
    status, again = ask("region_restore", voi, **back, with_lesion="on")
    assert (status, again["lesion"]["pk"], again["lesion"]["label"]) == (200, str(lesion.pk), "L01")
    assert LesionFinding.objects.get() == finding and list(listed()) == [again["voi"]]
    told = AuditEvent.objects.filter(reason="undone", by=doctor, object_id=str(lesion.pk))
    assert told.get().action == "record" and Lesion.versions.filter(lineage=lesion.lineage).count() == 2


def test_a_lesion_of_somebody_else_or_of_a_signed_reading_stays_without_its_region(ask, scan, doctor, colleague):
    lesion = new_lesion(colleague, scan.patient)
    voi = drawn(scan, lesion, doctor)
    assert ask("region_withdraw", voi, with_lesion="on")[1]["is_lesion_gone"] is False
    mine = Voi.objects.get(pk=ask("region_new", scan, **GROW, **at(FIRST))[1]["voi"])
    work_off()
    reading = start_reading(by=doctor, scan=scan)
    for one in (lesion, mine.lesion):
        score_lesion(by=doctor, reading=reading, lesion=one, score_low=3, score_high=3)
    assert came_with_reading(by=doctor, scan=scan, lesion=mine.lesion) is True
    sign(by=doctor, reading=reading)
    assert came_with_reading(by=doctor, scan=scan, lesion=mine.lesion) is False
    assert ask("region_withdraw", mine, with_lesion="on", reason="x")[1]["is_lesion_gone"] is False
    assert Lesion.objects.count() == 2


def test_steps_before_a_region_was_taken_away_are_undone_after_it_came_back(ask, scan, both):
    wide = ask("outline", both, step="widen", number="4")[1]
    gone = ask("region_withdraw", both)[1]
    back = ask("region_restore", both, version=gone["before"])[1]
    status, first = ask("region_restore", Voi.objects.get(pk=back["voi"]), version=wide["before"])
    assert (status, first["voi"], first["restored"]) == (200, back["voi"], wide["before"])
    assert Voi.objects.get().mask_sha256 == both.mask_sha256


def test_a_corrected_dose_changes_every_suv_and_no_ratio(ask, listed, scan, both, doctor):
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    work_off()
    before = listed()[str(both.pk)]
    given = Series.objects.get(pk=scan.pet_series_id).header["suv"]["injected_activity_bq"]["value"]
    about = {"name": "injected_activity_bq", "value": str(2 * float(given)), "reason": "read off the syringe"}
    correct_suv_input(by=doctor, series=scan.pet_series, **about)
    row = listed()[str(both.pk)]
    assert (row["numbers"], row["ratio"], row["state"]) == (None, None, "computing"), "no number of the earlier dose"
    work_off()
    row = listed()[str(both.pk)]
    for name in ("suv_max", "suv_mean", "suv_peak_local"):
        assert row["numbers"][name] == pytest.approx(before["numbers"][name] / 2, rel=1e-6), name
    assert (
        row["ratio"]["to_liver"] == pytest.approx(before["ratio"]["to_liver"], rel=1e-9)
        and row["ratio"]["to_liver"] > 1
    )
    assert row["numbers"]["volume_ml"] == before["numbers"]["volume_ml"]
