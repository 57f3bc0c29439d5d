"""Bundles as they leave, word by word. A change here is a change of what other systems receive.

`PRRT_WRITE_GOLDEN=1 .venv/bin/python -m pytest tests/board/fhir/test_golden.py` writes them anew; read the difference.
"""

import json
import os
from pathlib import Path

import pytest

from board.fhir.mapping.terms import NOTICE
from imaging.models import Scan, SuvResult
from tests.board.fhir.factories import bare_case, decided_case, exported, full_case, numbered, ticking

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
GOLDEN = Path(__file__).parent / "golden"
CASES = {"full": full_case, "bare": bare_case, "decided": decided_case}


@pytest.fixture
def clock(monkeypatch):
    ticking(monkeypatch)


@pytest.fixture(params=CASES)
def name(request):
    return request.param


def test_a_bundle_equals_its_golden_file(name, clock):
    _, patient = CASES[name]()
    text, path = numbered(exported(patient)), GOLDEN / f"{name}.json"
    if os.environ.get("PRRT_WRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_the_library_reads_the_golden_file_and_gives_it_back(name):
    """Straight from the library, not through our own door: with Decimals as numbers, nothing is lost or added."""
    from fhir.resources.R4B.bundle import Bundle

    written = json.loads((GOLDEN / f"{name}.json").read_text())
    assert _sorted(json.loads(Bundle.model_validate(written).model_dump_json())) == _sorted(written)


def _sorted(value):
    if isinstance(value, dict):
        return {name: _sorted(one) for name, one in sorted(value.items())}
    if isinstance(value, str):  # the library writes whole seconds without their zeros
        return value.replace(".000Z", "Z")
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def test_every_reference_leads_to_an_entry_of_its_kind(name):
    bundle = json.loads((GOLDEN / f"{name}.json").read_text())
    entries = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    assert len(entries) == len(bundle["entry"])
    assert set(_references(bundle)) <= set(entries)
    assert all(url == f"urn:uuid:{resource['id']}" for url, resource in entries.items())


def _references(value):
    if isinstance(value, dict):
        yield from ([value["reference"]] if isinstance(value.get("reference"), str) else [])
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def test_it_says_what_it_is_and_what_was_not_checked(name):
    meta = json.loads((GOLDEN / f"{name}.json").read_text())["meta"]
    assert [tag["display"] for tag in meta["tag"]] == [NOTICE]
    assert "not a certified medical device" in NOTICE and "structure checked, not profile-validated" in NOTICE
    assert ("HTEST" in json.dumps(meta)) is (name != "bare"), "a case with a demonstration note is test data"


def test_no_person_is_named(clock):
    user, patient = decided_case()
    user.first_name, user.last_name = "ZQFIRST", "ZQLAST"
    user.save()
    text = exported(patient)
    assert "ZQ" not in text and user.username not in text
    assert "ZQOWNER" in patient.decisions.first().owner, "nothing was planted, so nothing was tested"


def test_a_provisional_number_never_leaves(clock):
    _, patient = decided_case()
    assert exported(patient).count('"126401"') == 4
    SuvResult.objects.filter(series__in=Scan.objects.values("pet_series")).update(is_provisional=True)
    assert '"126401"' not in exported(patient)


def test_a_draft_of_a_reading_never_leaves(clock):
    from imaging.services import score_lesion, start_reading

    user, patient = decided_case()
    signed = exported(patient).count('"KRENNING"')
    scan = Scan.objects.filter(patient=patient).latest("clinical_date")
    from imaging.models import Lesion
    from tests.board.factories import add_scan

    other = add_scan(user, patient, scan.clinical_date.replace(day=28))
    draft = start_reading(by=user, scan=other)
    score_lesion(
        by=user, reading=draft, lesion=Lesion.objects.filter(patient=patient).first(), score_low=4, score_high=4
    )
    assert signed == 4 and exported(patient).count('"KRENNING"') == signed
