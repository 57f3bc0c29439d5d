"""An export while others write: every case of it is as it was when the first was read."""

import datetime as dt
import zipfile

import pytest

from board.cohort import running, services
from board.cohort.query import CohortQuery
from board.export_claims import Claims
from patients.models import LabResult
from patients.services import grant_access, record
from tests.board.factories import published_case
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_written_meanwhile_is_of_no_case_of_the_export(settings, tmp_path, monkeypatch):
    settings.COHORT_EXPORT_DIR, settings.COHORT_KEY = tmp_path / "exports", "a key that is only in this test"
    researcher, cases = make_user("researcher"), [published_case(number) for number in ("0001", "0002")]
    for owner, patient in cases:
        grant_access(by=owner, patient=patient, kind="care_team", user=researcher)
    asked = {"query": CohortQuery(), "tables": ["labs"], "agreement": "DUA-7", "reason": "study"}
    export = services.approve_export(
        by=make_user("coordinator"), export=services.ask_for_export(by=researcher, **asked)
    )
    seen = []

    def progress(claims, pk, token, stage, done, total):
        """Said once the first case is read: somebody enters a value of each."""
        seen.append((stage, done))
        if (stage, done) == ("reading cases", 0):
            for owner, patient in cases:
                fact = {"analyte": "platelets", "value": 97, "unit": "10^9/L", "clinical_date": dt.date(2026, 4, 1)}
                record(LabResult, by=owner, patient=patient, **fact)

    monkeypatch.setattr(Claims, "progress", progress)
    monkeypatch.setattr(running, "RENEW_SECONDS", -1)
    assert running.run(export.pk)
    export.refresh_from_db()
    assert seen[:2] == [("reading cases", 0), ("reading cases", 1)] and LabResult.objects.filter(value=97).count() == 2
    with zipfile.ZipFile(running.path_of(export)) as archive:
        assert b'"97' not in archive.read("tables/labs.csv"), "the second case is of the same moment as the first"
    assert len(export.members) == 2
