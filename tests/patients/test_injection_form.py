"""The query of docs/operations.md for injections whose form nobody may have stated."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from patients.models import SsaInjection
from patients.services import record, revise
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
NAME = "0008_form_of_an_injection_may_be_unknown"


def listed() -> list[str]:
    """The drugs the documented query names."""
    text = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    (query,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    with connection.cursor() as cursor:
        cursor.execute(query.strip().rstrip(";"))
        return [row[2] for row in cursor.fetchall()]


def test_the_documented_query_names_depots_from_before_the_migration_and_no_others():
    with connection.cursor() as cursor:
        cursor.execute("SELECT applied FROM django_migrations WHERE app = 'patients' AND name = %s", [NAME])
        (applied,) = cursor.fetchone()
    assert applied, "the name of the migration in the documents is that of the file"
    user = make_user("clinician")
    patient = make_patient(by=user)
    fact = {"by": user, "patient": patient, "clinical_date": dt.date(2026, 4, 1)}
    rows = {
        name: record(SsaInjection, **fact, drug=name, is_long_acting=form)
        for name, form in (("old", True), ("new", True), ("short", False), ("open", None), ("mended", True))
    }
    long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    for name in ("old", "short", "open", "mended"):
        QuerySet(SsaInjection).filter(pk=rows[name].pk).update(recorded_at=long_ago)
    revise(SsaInjection.objects.get(drug="mended"), by=user, reason="asked the ward", is_long_acting=False)
    assert listed() == ["old"]
    revise(SsaInjection.objects.get(drug="old"), by=user, reason="dose", dose_mg=30)
    assert listed() == ["old"], "a row corrected since in something else is still to be looked at"
