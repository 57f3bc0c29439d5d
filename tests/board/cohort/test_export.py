"""An export: two people, one job, and nothing in it that names a patient, a day, a place or a person."""

import csv
import datetime as dt
import hashlib
import io
import json
import re
import zipfile

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from board.append_only import lifted
from board.cohort import running, services
from board.cohort.query import CohortQuery
from board.cohort.tables import TABLES
from board.models import BoardDecision, CohortExport
from imaging.models import Lesion, LesionFinding, LesionReading, Reading, Scan, Series, Study, UptakeMeasurement, Voi
from patients.domain.roles import Capability, Role, role_may
from patients.models import (
    AuditEvent,
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    LabResult,
    Patient,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)
from patients.services import grant_access, record, revise, update_patient
from tests.board.factories import BASELINE, FOLLOW_UP
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
CANARY = "ZQX"
EXPORTED = (
    Patient, Diagnosis, HistologySpecimen, IhcResult, TreatmentLine, SsaInjection, PrrtCycle, LabResult,
    PerformanceStatus, BodyMeasure, ClinicalEvent, ClinicalAssertion, Scan, Lesion, LesionFinding, Reading,
    LesionReading, Voi, UptakeMeasurement, BoardDecision, Series, Study,
)  # fmt: skip
# What finds the rows, and what the rules themselves refuse to read.
_KEPT = {"lineage", "state", "input_digest", "superseded_at", "differentiation", "refusal_code"}


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.COHORT_EXPORT_DIR = tmp_path / "exports"
    settings.COHORT_KEY = "a key that is only in these tests"


@pytest.fixture
def full(published):
    """The published case with a row in every table that leaves."""
    by, patient = published
    fact = {"by": by, "patient": patient}
    day = dt.date(2025, 7, 3)
    update_patient(patient, by=by, reason="test", centre="A centre", vital_status="alive")
    specimen = HistologySpecimen.objects.get(patient=patient)
    record(IhcResult, by=by, specimen=specimen, marker="SSTR2A", result="positive")
    record(SsaInjection, **fact, drug="lanreotide", dose_mg=120, clinical_date=day)
    record(PrrtCycle, **fact, number=1, activity_mbq=7400, clinical_date=dt.date(2026, 5, 1))
    record(LabResult, **fact, analyte="platelets", value=210, unit="10^9/L", clinical_date=day)
    record(PerformanceStatus, **fact, instrument="ECOG", value=1, clinical_date=day)
    record(BodyMeasure, **fact, kind="weight_kg", value=71, clinical_date=day)
    record(ClinicalEvent, **fact, symptom="pain", clinical_date=day)
    record(
        ClinicalAssertion, **fact, kind="progression", compared_from=BASELINE, compared_to=FOLLOW_UP, clinical_date=day
    )
    BoardDecision.objects.create(
        patient=patient, decided_on=dt.date(2026, 5, 2), outcome="not_yet", text="words", owner="x", recorded_by=by
    )
    researcher = make_user("researcher", username=f"{CANARY}-name")
    grant_access(by=by, patient=patient, kind="care_team", user=researcher)
    return researcher, make_user("coordinator"), patient


def ask(researcher, **more):
    asked = {"query": CohortQuery(), "tables": list(TABLES), "agreement": "DUA-7", "reason": "study"}
    return services.ask_for_export(by=researcher, **asked | more)


def exported(researcher, approver, **more) -> tuple[CohortExport, dict[str, str]]:
    export = services.approve_export(by=approver, export=ask(researcher, **more))
    assert running.run(export.pk)
    export.refresh_from_db()
    assert export.state == "done", export.reason_code
    with zipfile.ZipFile(running.path_of(export)) as archive:
        return export, {name: archive.read(name).decode() for name in archive.namelist()}


def table(files: dict[str, str], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"tables/{name}.csv"])))


def test_every_table_has_its_row_and_every_column_its_meaning(full):
    researcher, approver, _ = full
    export, files = exported(researcher, approver)
    for name in TABLES:
        assert table(files, name), f"{name} is empty: this test would prove nothing of it"
    told = {(row["table"], row["column"]): row for row in csv.DictReader(io.StringIO(files["dictionary.csv"]))}
    for name in TABLES:
        assert {column for _, column in told if _ == name} == set(table(files, name)[0])
    assert all(row["meaning"] and row["type"] for row in told.values())
    assert told["measurements", "suv_max"]["unit"] and told["ssa_injections", "dose"]["unit"] == "mg"
    sums = dict(reversed(line.split("  ")) for line in files["manifest.sha256"].splitlines())
    assert sums == {n: hashlib.sha256(t.encode()).hexdigest() for n, t in files.items() if n != "manifest.sha256"}
    question = json.loads(files["query.json"])
    assert question["question"].startswith("aligned on the first start of CAPTEM") and question["program"]["version"]
    assert json.loads(files["rule_sets.json"])["guidelines"][0]["sha256"]
    assert export.sha256 == hashlib.sha256(running.path_of(export).read_bytes()).hexdigest()


def test_sites_leave_as_codes_however_they_were_written(full):
    researcher, approver, patient = full
    (row,) = Diagnosis.objects.filter(patient=patient)
    sites = ["Lymph nodes", "liver", "none", "the left foot"]
    revise(row, by=approver, reason="test", metastatic_sites=sites)
    (left,) = table(exported(researcher, approver)[1], "diagnoses")
    assert left["metastatic_sites"] == "liver;lymph_node;none;other"


def test_suvs_keep_their_unit_and_the_versions_that_made_them(full):
    researcher, approver, _ = full
    rows = table(exported(researcher, approver)[1], "measurements")
    lesion = next(row for row in rows if row["suv_max"] == "11.47")
    assert lesion["unit"] == "g/ml{SUVbw}" and lesion["volume"] == "4.2"
    assert (lesion["method_version"], lesion["suv_version"]) == ("uptake/1.0", "suv/1.0")


def test_a_canary_in_every_field_of_every_table_does_not_leave(full):
    researcher, approver, patient = full
    with lifted():
        planted = {name for model in EXPORTED for name in _plant(model)}
    assert len(planted) > 100 and {"Patient.centre", "Study.study_uid", "TreatmentLine.note"} <= planted, planted
    # As known now: a number stays in the table though its inputs, and so its digest, are canaries.
    everybody = {"query": CohortQuery(scans="0"), "known_at": timezone.now()}
    _, files = exported(researcher, approver, **everybody)
    assert [name for name in TABLES if not table(files, name)] == []
    assert [name for name, text in files.items() if CANARY in text] == []
    _, typed = exported(researcher, approver, **everybody, has_free_text=True)
    assert any(CANARY in text for text in typed.values()), "the canary is seen where free text was asked for"
    for name, text in typed.items():
        assert str(patient.pk) not in text and patient.case_number not in text.split('"'), name


def _plant(model) -> list[str]:
    """In each field of each row that holds text, codes among them; past every check of the services."""
    found = []
    for field in model._meta.concrete_fields:
        if (
            field.name in _KEPT
            or field.name.endswith("_precision")
            or field.primary_key
            or field.is_relation
            or _canary(field, 0) is None
        ):
            continue
        try:
            with transaction.atomic():
                for number, pk in enumerate(list(QuerySet(model).values_list("pk", flat=True))):
                    QuerySet(model).filter(pk=pk).update(**{field.name: _canary(field, number)})
        except IntegrityError:
            continue  # a constraint of the database says what may stand there
        found.append(f"{model.__name__}.{field.name}")
    return found


def _canary(field, number: int):
    word = f"{number}{CANARY}{field.name}"
    if (field.model, field.name) == (TreatmentLine, "regimen"):
        return f"CAPTEM {word}"  # it finds the case
    if isinstance(field, models.JSONField):
        return [word] if field.default is list else None
    if isinstance(field, models.CharField | models.TextField):
        return word[: field.max_length] if (field.max_length or 99) > len(CANARY) else None
    return None


def test_no_true_day_leaves_and_every_interval_stays(full):
    researcher, approver, _ = full
    _, files = exported(researcher, approver)
    moved = [
        row["date"]
        for name in ("scans", "treatment_lines", "labs", "ssa_injections", "specimens")
        for row in table(files, name)
    ]
    line, decision = table(files, "treatment_lines")[0], table(files, "decisions")[0]
    moved += [line["stop"], decision["decided_on"], table(files, "cohort")[0]["day_0"]]
    true = [BASELINE, FOLLOW_UP, dt.date(2025, 9, 1), dt.date(2025, 7, 3), dt.date(2025, 7, 3), dt.date(2025, 7, 1)]
    true += [dt.date(2026, 2, 15), dt.date(2026, 5, 2), dt.date(2025, 9, 1)]
    shifts = {dt.date.fromisoformat(text) - day for text, day in zip(moved, true, strict=True)}
    assert len(shifts) == 1 and 0 < abs(shifts.pop().days) <= 365
    assert table(files, "patients")[0]["birth_year"] == "1967"
    assert "1967-06" not in "".join(files.values())


@pytest.mark.parametrize("precision", ["month", "year"])
def test_a_date_that_is_not_exact_does_not_tell_by_how_much_days_are_moved(full, precision):
    """The first of a month, moved, is the first of a month and the shift."""
    researcher, approver, patient = full
    line = TreatmentLine.objects.get(patient=patient, regimen__iexact="captem")
    changes = {"clinical_date_precision": precision, "stop_date_precision": precision}
    revise(line, by=researcher, reason="only so much is known", **changes)
    _, files = exported(researcher, approver)
    row = next(row for row in table(files, "treatment_lines") if row["date_precision"] == precision)
    assert (row["date"], row["stop"]) == ("", "") and table(files, "cohort")[0]["day_0"] == ""


def test_a_period_leaves_in_whole_years(full):
    researcher, approver, _ = full
    one_day = CohortQuery(since="2025-09-01", until="2025-09-01")
    export, files = exported(researcher, approver, query=one_day)
    assert "2025-09-01" not in export.query_text and "day 0 from 2025-01-01" in files["query.json"]


def test_whoever_is_90_or_older_is_of_a_group(full):
    researcher, approver, patient = full
    update_patient(patient, by=approver, reason="test", birth_date=dt.date(1930, 1, 1), birth_date_precision="day")
    (row,) = table(exported(researcher, approver)[1], "patients")
    assert (row["birth_year"], row["age_group"]) == ("", "90 or older")


def test_two_exports_have_other_names_and_other_days(full, settings):
    researcher, approver, patient = full
    first, second = (exported(researcher, approver)[1] for _ in range(2))
    one, other = (table(files, "scans")[0] for files in (first, second))
    assert one["patient"] != other["patient"] and one["date"] != other["date"]
    export, files = exported(researcher, approver)
    name = table(files, "patients")[0]["patient"]
    from board.domain.cohort_safe import pseudonym

    assert name == pseudonym(settings.COHORT_KEY.encode(), f"export:{export.pk}", str(patient.pk))
    assert settings.COHORT_KEY not in "".join(files.values())


def test_formulas_in_free_text_are_text(full):
    researcher, approver, patient = full
    line = TreatmentLine.objects.get(patient=patient)
    revise(line, by=approver, reason="test", response_text='=HYPERLINK("http://x")')
    (row,) = table(exported(researcher, approver, has_free_text=True)[1], "treatment_lines")
    assert row["response_text"].startswith("'=")


def test_as_known_on_a_day_later_words_are_not_in_it(full):
    researcher, approver, patient = full
    line, known = TreatmentLine.objects.get(patient=patient), timezone.now()
    revise(line, by=approver, reason="test", cycles=4)
    assert table(exported(researcher, approver)[1], "treatment_lines")[0]["cycles"] == "4"
    _, then = exported(researcher, approver, known_at=known)
    assert table(then, "treatment_lines")[0]["cycles"] == "6"
    before = ask(researcher, known_at=patient.recorded_at - dt.timedelta(days=1))
    running.run(services.approve_export(by=approver, export=before).pk)
    before.refresh_from_db()
    assert (before.state, before.reason_code) == ("failed", "nobody")


def test_the_one_who_asked_cannot_approve_and_others_only_with_the_right(full):
    researcher, approver, _ = full
    export = ask(researcher)
    researcher.role = "chair"
    researcher.save()
    with pytest.raises(ValidationError, match="second person"):
        services.approve_export(by=researcher, export=export)
    with pytest.raises(PermissionDenied):
        services.approve_export(by=make_user("nuclear_medicine"), export=export)
    with pytest.raises(PermissionDenied):
        ask(approver)
    with pytest.raises(IntegrityError), transaction.atomic():
        CohortExport.objects.filter(pk=export.pk).update(decided_by=researcher)
    assert not running.run(export.pk), "nothing runs that nobody has approved"
    services.refuse_export(by=approver, export=export, reason="too wide")
    with pytest.raises(ValidationError, match="already"):
        services.approve_export(by=approver, export=export)


def test_only_cases_of_the_one_who_asked(full):
    _, approver, _ = full
    stranger = make_user("researcher")
    export = services.approve_export(by=approver, export=ask(stranger))
    running.run(export.pk)
    export.refresh_from_db()
    assert (export.state, export.reason_code) == ("failed", "nobody")
    assert not list(running.path_of(export).parent.iterdir()), "no partial file is left"


def test_a_right_that_ended_stops_the_job(full):
    researcher, approver, _ = full
    export = services.approve_export(by=approver, export=ask(researcher))
    researcher.is_active = False
    researcher.save()
    running.run(export.pk)
    export.refresh_from_db()
    assert (export.state, export.reason_code) == ("failed", "right_withdrawn")


def test_a_lost_lease_leaves_no_file_and_the_next_worker_finishes(full, monkeypatch):
    researcher, approver, _ = full
    export = services.approve_export(by=approver, export=ask(researcher))
    save = running.Archive.save

    def while_another_takes_it(self, path, now):
        save(self, path, now)
        CohortExport.objects.filter(pk=export.pk).update(token=9)

    monkeypatch.setattr(running.Archive, "save", while_another_takes_it)
    assert not running.run(export.pk)
    assert not list(running.path_of(export).parent.iterdir())
    assert not AuditEvent.objects.filter(action="export_cohort").exists()
    monkeypatch.undo()
    CohortExport.objects.filter(pk=export.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert export.pk in running.sweep() or running.run(export.pk)


def test_three_attempts_then_it_says_so(full, monkeypatch):
    researcher, approver, _ = full
    export = services.approve_export(by=approver, export=ask(researcher))
    monkeypatch.setattr(running, "each_case", lambda *args: 1 / 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            running.run(export.pk)
    assert not running.run(export.pk)
    running.sweep()
    export.refresh_from_db()
    assert (export.state, export.reason_code) == ("failed", "given_up")
    running.sweep()
    assert failures(export) == [(None, {"code": "given_up"})], "once"


def failures(export) -> list[tuple]:
    trail = AuditEvent.objects.filter(action="export_failed", object_id=str(export.pk))
    return list(trail.values_list("by", "after"))


def test_a_failure_is_in_the_trail_and_that_of_a_lost_lease_is_not(full, monkeypatch):
    researcher, approver, _ = full
    export = services.approve_export(by=approver, export=ask(researcher))
    monkeypatch.setattr(running, "_make", lambda *args: (_ for _ in ()).throw(OSError))
    running.run(export.pk)
    export.refresh_from_db()
    assert (export.state, failures(export)) == ("failed", [(researcher.pk, {"code": "disk"})])
    running._fail(export, export.token, "disk")
    assert len(failures(export)) == 1


def test_the_trail_names_who_asked_who_agreed_each_case_and_each_download(full, client):
    researcher, approver, patient = full
    export, _ = exported(researcher, approver)
    client.force_login(researcher)
    address = reverse("board:cohort_file", args=[export.pk])
    answer = client.get(address)
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    assert "cohort-" in answer["Content-Disposition"] and patient.case_number not in answer["Content-Disposition"]
    actions = list(AuditEvent.objects.filter(object_id=str(export.pk)).values_list("action", "by", "patient"))
    assert actions == [
        ("ask_cohort_export", researcher.pk, None),
        ("approve_cohort_export", approver.pk, None),
        ("export_cohort", researcher.pk, patient.pk),
        ("download_cohort_export", researcher.pk, None),
    ]
    client.force_login(approver)
    assert client.get(address).status_code == 403


def test_after_a_day_the_file_is_gone(full, client):
    researcher, approver, _ = full
    export, _ = exported(researcher, approver)
    assert export.expires_at - export.finished_at == dt.timedelta(hours=24)
    CohortExport.objects.filter(pk=export.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    client.force_login(researcher)
    assert client.get(reverse("board:cohort_file", args=[export.pk])).status_code == 404
    assert running.remove_expired() == 1 and not running.path_of(export).exists()
    assert running.remove_expired() == 0


def test_a_second_export_says_what_has_changed_since_the_first(full, client):
    researcher, approver, patient = full
    exported(researcher, approver)
    same, _ = exported(researcher, approver)
    revise(TreatmentLine.objects.get(patient=patient), by=approver, reason="test", cycles=5)
    other, _ = exported(researcher, approver)
    client.force_login(approver)
    pages = [client.get(reverse("board:cohort_export", args=[e.pk])).content.decode() for e in (same, other)]
    assert "nothing has changed" in pages[0] and "0 new, 0 gone, 1 changed" in pages[1]
    client.force_login(researcher)
    page = client.get(reverse("board:cohort_export", args=[other.pk])).content.decode()
    assert "something has changed; numbers under 5 are not shown" in page


def test_the_pages_ask_approve_and_preview_without_a_true_name(full, client):
    researcher, approver, patient = full
    client.force_login(researcher)
    sent = {"question": "", "tables": ["cohort", "patients"], "agreement": "DUA-7", "reason": "study"}
    assert client.post(reverse("board:cohort_exports"), sent).status_code == 422, "a form without its key"
    sent["key"] = key_on(client)
    answer = client.post(reverse("board:cohort_exports"), sent)
    export = CohortExport.objects.get()
    address = reverse("board:cohort_export", args=[export.pk])
    assert answer["Location"] == address
    page = client.get(address).content.decode()
    assert "Waiting for second approval." in page and f">{patient.case_number}<" not in page
    assert "as they would leave" not in page, "no row is shown to the one who asked before the second person agreed"
    assert client.post(reverse("board:cohort_exports"), sent | {"key": "new", "tables": []}).status_code == 422
    assert (
        client.post(reverse("board:cohort_exports"), sent | {"key": "new", "known_at": "2999-01-01"}).status_code == 422
    )
    client.force_login(approver)
    page = client.get(address).content.decode()
    assert "Whoever approves agrees" in page and "as they would leave" in page and ">2025-09-01<" not in page
    client.post(reverse("board:cohort_decide", args=[export.pk]), {"answer": "approve"})
    export.refresh_from_db()
    assert (export.state, export.decided_by) == ("queued", approver)


def key_on(client) -> str:
    page = client.get(reverse("board:cohort_exports")).content.decode()
    return re.search(r'name="key" value="([0-9a-f]{32})"', page)[1]


def test_two_clicks_ask_for_one_export(full, client):
    researcher, _, _ = full
    client.force_login(researcher)
    sent = {"question": "", "tables": ["cohort"], "agreement": "DUA-7", "reason": "study", "key": key_on(client)}
    first, second = (client.post(reverse("board:cohort_exports"), sent) for _ in range(2))
    export = CohortExport.objects.get()
    assert first["Location"] == second["Location"] == reverse("board:cohort_export", args=[export.pk])
    assert AuditEvent.objects.filter(action="ask_cohort_export").count() == 1
    other = client.post(reverse("board:cohort_exports"), sent | {"reason": "another study"})
    assert other.status_code == 422 and "stored before, with other words" in other.content.decode()
    client.post(reverse("board:cohort_exports"), sent | {"key": key_on(client)})
    assert CohortExport.objects.count() == 2, "the form opened anew is another export"


def test_two_clicks_as_known_today_are_one_export_too(full, client):
    researcher, _, _ = full
    client.force_login(researcher)
    sent = {"question": "", "tables": ["cohort"], "agreement": "DUA-7", "reason": "study", "key": key_on(client)}
    sent["known_at"] = timezone.localdate().isoformat()
    first, second = (client.post(reverse("board:cohort_exports"), sent) for _ in range(2))
    export = CohortExport.objects.get()
    assert (first.status_code, second.status_code) == (302, 302)
    assert export.known_at <= timezone.now() and timezone.localdate(export.known_at) == timezone.localdate()
    for known, said in (("2099-01-01", "not in the future"), ("today", "YYYY-MM-DD"), ("9999-12-31", "")):
        page = client.post(reverse("board:cohort_exports"), sent | {"key": key_on(client), "known_at": known})
        assert page.status_code == 422 and said in page.content.decode()


def test_who_exports_is_no_reader_whose_verdict_others_could_sway():
    both = (Capability.EXPORT_COHORT, Capability.SIGN_READING)
    assert [role for role in Role if all(role_may(role, one) for one in both)] == []


def test_the_command_exports_a_kept_question_or_an_address(full, tmp_path):
    researcher, approver, _ = full
    names = {"by": researcher.username, "approved_by": approver.username, "agreement": "DUA-7", "reason": "study"}
    out = tmp_path / "out.zip"
    call_command("export_cohort", "event=captem&scans=2", out=str(out), **names)
    with zipfile.ZipFile(out) as archive:
        assert "tables/cohort.csv" in archive.namelist()
    assert out.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="second person"):
        call_command(
            "export_cohort", "event=captem", out=str(tmp_path / "b.zip"), **names | {"approved_by": names["by"]}
        )
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_cohort", "event=captem", out=str(out), **names)
    with pytest.raises(CommandError, match="no kept question"):
        call_command("export_cohort", "nothing of that name", out=str(tmp_path / "c.zip"), **names)
