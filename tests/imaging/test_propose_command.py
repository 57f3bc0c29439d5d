"""``manage.py propose``: what the software finds on a stored scan, printed; nothing is stored and nothing is silent."""

import json
import uuid

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError

from patients.services import revise
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import (
    OTHER_BODY,
    bring_scan,
    drawn,
    finds,
    fresh,
    new_focus,
    new_lesion,
    new_reference,
    work_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
KEYS = {
    "scan", "case", "tracer", "parameters", "references", "foci", "registration", "matches", "warnings", "refusal",
}  # fmt: skip


def everything() -> dict:
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in apps.get_models()}


def proposed(scan, capsys, *options, status: int = 0) -> tuple[str, str]:
    before = everything()
    if status:
        with pytest.raises(SystemExit) as ended:
            call_command("propose", str(scan.pk), *options)
        assert ended.value.code == status
    else:
        call_command("propose", str(scan.pk), *options)
    assert everything() == before, "nothing is stored"
    return capsys.readouterr()


def test_what_is_found_as_json(scan, capsys, monkeypatch):
    finds(monkeypatch, lambda s: [
        new_reference(s), new_reference(s, "spleen", refusal_code="reference_no_room", refusal_message="No room."),
        new_focus(s, 1, guess="liver", must_ask=True, reason="hot"), new_focus(s, 2, OTHER_BODY, is_physiologic=True),
    ])  # fmt: skip
    out, _ = proposed(scan, capsys, "--json")
    found = json.loads(out)
    assert set(found) == KEYS
    assert (found["scan"], found["case"], found["tracer"]) == (str(scan.pk), "SYN-a", "68Ga-DOTATATE")
    assert [(r["organ"], r["refusal"]) for r in found["references"]] == [
        ("liver", None),
        ("spleen", {"code": "reference_no_room", "message": "No room."}),
    ]
    assert [(f["label"], f["guess"], f["must_ask"], f["is_physiologic"]) for f in found["foci"]] == [
        ("F01", "liver", True, False),
        ("F02", "", False, True),
    ]
    assert found["foci"][0]["numbers"]["suv_max"] == pytest.approx(22.2, abs=0.1)
    assert set(found["foci"][0]) == {
        "label", "guess", "is_physiologic", "must_ask", "reason", "centre_lps_mm", "numbers",
    }  # fmt: skip


def test_the_real_finder_on_a_phantom_without_organs_says_why(scan, capsys):
    out, said = proposed(scan, capsys, "--json", status=3)
    found = json.loads(out)
    assert set(found) == KEYS and found["foci"] == []
    assert found["refusal"]["code"] == "foci_need_liver" and found["refusal"]["message"] in said
    assert {r["organ"] for r in found["references"]} == {"liver", "spleen", "blood_pool"}
    assert all(r["refusal"]["message"].endswith(".") for r in found["references"])


def test_in_words(scan, capsys, monkeypatch):
    finds(monkeypatch, lambda s: [new_reference(s), new_focus(s, must_ask=True, reason="Hotter than the liver.")])
    out, _ = proposed(scan, capsys)
    for words in ("liver", "F01", "ask", "Hotter than the liver.", "not a certified medical device"):
        assert words in out


def test_without_suv_lesions_of_the_scan_before_are_listed_all_the_same(tmp_path, scan, doctor, import_files, capsys):
    drawn(scan, new_lesion(doctor, scan.patient), doctor)
    later = bring_scan(import_files, tmp_path, scan.patient, "b", days_later=60, paint=two_bodies, body_weight_kg=None)
    out, said = proposed(later, capsys, "--json", status=3)
    found = json.loads(out)
    assert found["refusal"]["code"] == "patient_weight_missing" and "weight" in said
    assert [(m["lesion"], m["status"]) for m in found["matches"]] == [("L01", "not_assessable")]


def test_what_is_not_there_yet_or_not_a_tracer_is_said(scan, doctor, capsys):
    from imaging.services import correct_suv_input

    correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="weighed")
    out, _ = proposed(fresh(scan), capsys, "--json", status=3)
    assert json.loads(out)["refusal"] == {
        "code": "suv_not_computed_yet",
        "message": "The SUV of this scan is being computed; ask again in a moment.",
    }
    work_off()
    revise(fresh(scan), by=doctor, reason="typed", tracer="18F-NaF")
    out, _ = proposed(fresh(scan), capsys, "--json", status=3)
    assert json.loads(out)["refusal"]["code"] == "tracer_not_proposed"


@pytest.mark.parametrize("key", ["", "nonsense", str(uuid.uuid4())])
def test_no_such_scan(db, key):
    with pytest.raises(CommandError, match="no scan of this id"):
        call_command("propose", key)


def test_a_scan_without_images(phantom_case, doctor, capsys):
    from imaging.models import Scan
    from patients.services import record

    bare = record(Scan, by=doctor, patient=phantom_case, clinical_date="2026-01-01", tracer="68Ga-DOTATATE")
    out, said = proposed(bare, capsys, "--json", status=3)
    assert json.loads(out)["refusal"]["code"] == "scan_without_images" and "no PET" in said
