"""All cases in one import per route: what became of each file and series is looked up by its mark and UID."""

import json
import uuid
from collections import Counter
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse

from imaging import selectors
from imaging.framing import CONTENT_TYPE, HEAD
from imaging.management.commands import import_dicom
from imaging.models import ForeignObject, Job, Series, Upload
from imaging.services import requests, series
from imaging.services.identities import confirm_identity
from imaging.services.running import run_until_done
from patients.models import BodyMeasure, Patient
from patients.services import confirm_identifier, create_patient, record, remove_identifier
from tests.imaging.people import importer, make_doctor
from tests.imaging.zoo.box import NAME, Box
from tests.imaging.zoo.cases import mark, routes, specimens
from tests.imaging.zoo.encoding import LEARNED, SCRIPTS
from tests.imaging.zoo.expected import FACT, NONE, PROVISIONAL, SeriesSeen
from tests.imaging.zoo.people import (
    ALIAS,
    CASE,
    CONFIRMED_STUDY,
    EARLIER_STUDY,
    LONG,
    NAMELESS,
    OTHER,
    OTHERS_ID,
    PAYLOADS,
)

ROOTS = {"browser": "2.25.7001", "folder": "2.25.7002"}
BATCH = 100


@pytest.fixture(scope="module")
def zoo_store(once, tmp_path_factory):
    store = tmp_path_factory.mktemp("zoo") / "store"
    with override_settings(FILE_STORE_DIR=store):
        yield store


@pytest.fixture(autouse=True)
def _own_store(zoo_store, settings):
    settings.FILE_STORE_DIR = zoo_store


@pytest.fixture(scope="module")
def quiet():
    """What is proposed and drawn on the images is not the matter here."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (requests, series):
            patch.setattr(module, "request_look", lambda **_: [])
        patch.setattr(import_dicom, "WORKER_PATIENCE_SECONDS", 0.0)
        yield


@pytest.fixture(scope="module")
def doctor(zoo_store):
    return make_doctor("doctor")


@pytest.fixture(scope="module")
def people(doctor, quiet, tmp_path_factory) -> Patient:
    """The case of the files, weighed and with confirmed identifiers; and another case with a study in its chart."""
    born = date(1960, 1, 2)
    case = create_patient(by=doctor, case_number=CASE, sex_for_formulas="F", birth_date=born)
    weighed = {"clinical_date": date(2025, 3, 1), "kind": BodyMeasure.Kind.WEIGHT, "value": Decimal(70)}
    record(BodyMeasure, by=doctor, patient=case, **weighed)
    other = create_patient(by=doctor, case_number=OTHER, birth_date=born)
    wrongly = confirm_identifier(by=doctor, patient=other, issuer=ALIAS[0], value=ALIAS[1], reason="letter")
    folder = tmp_path_factory.mktemp("earlier")
    Box(folder, EARLIER_STUDY, "a").series(StudyInstanceUID=EARLIER_STUDY, PatientID=OTHER, PatientName=OTHER)
    Box(folder, CONFIRMED_STUDY, "b").series(
        StudyInstanceUID=CONFIRMED_STUDY, PatientID=ALIAS[1], PatientName=ALIAS[1], IssuerOfPatientID=ALIAS[0]
    )
    importer(doctor)(sorted(folder.iterdir()), patient=other)
    assert set(Series.objects.values_list("identity", "candidate_patient")) == {("attached", other.pk)}
    remove_identifier(wrongly, by=doctor, reason="it is the other one's")
    confirm_identifier(by=doctor, patient=other, issuer=OTHERS_ID[0], value=OTHERS_ID[1], reason="letter")
    for value in (NAMELESS, *PAYLOADS):
        confirm_identifier(by=doctor, patient=case, issuer="", value=value, reason="letter of the clinic")
    confirm_first_scans(case, doctor, tmp_path_factory.mktemp("first"))
    return case


def confirm_first_scans(case: Patient, doctor, folder: Path) -> None:
    """One scan under each ID of the case, that a person confirmed: so its ID and its name are known."""
    learned = [(CASE, NAME, ""), (ALIAS[1], NAME, ALIAS[0]), (*LONG, "")]
    learned += [(text, NAME, "") for text in SCRIPTS.values()] + [(value, name, "") for value, name in LEARNED.items()]
    for n, (value, name, issuer) in enumerate(learned):
        under = {"IssuerOfPatientID": issuer} if issuer else {}
        Box(folder, f"2.25.7003.{n + 1}", f"{n:02d}").series(
            SpecificCharacterSet="ISO_IR 192", PatientID=value, PatientName=name, **under
        )
    importer(doctor)(sorted(folder.iterdir()), patient=case)
    for held in Series.objects.filter(identity=Series.Identity.HELD, candidate_patient=case):
        confirm_identity(by=doctor, series=held, patient=case, reason="seen on the request form")


class Seen:
    """What became of the specimens of one route."""

    def __init__(self, route: str, upload: Upload) -> None:
        self.route, self.upload = route, upload
        self.items = list(upload.items.all())
        self.series = [(found.series_uid, seen_of(found)) for found in selectors.series_of(upload)]

    def files(self, case, n: int) -> dict[str, int]:
        own = [item for item in self.items if item.label.startswith(mark(case, n))]
        return dict(Counter(" ".join(filter(None, (item.outcome, item.reason_code))) for item in own))

    def of(self, case, n: int) -> list[SeriesSeen]:
        own = f"{ROOTS[self.route]}.{case.number}.{n + 1}."
        return [found for series_uid, found in self.series if series_uid.startswith(own)]


def seen_of(found: Series) -> SeriesSeen:
    suv = selectors.current_suv(found) if found.modality == "PT" else None
    result = suv.result if suv else None
    warnings = [*found.warnings, *(result.warnings if result else [])]
    return SeriesSeen(
        held=found.identity_reason if found.identity == Series.Identity.HELD else "",
        volume=found.refusal_code,
        suv=NONE if suv is None else suv.code or (PROVISIONAL if result and result.is_provisional else FACT),
        warnings=frozenset(warning["code"] for warning in warnings),
        outlines=frozenset(code for row in found.foreign_objects.all() for code in _outlines(row)),
    )


def _outlines(row: ForeignObject) -> set[str]:
    """Why the object, or a region of it, was not laid on images; "" for a region that was."""
    return {row.refusal_code} if row.refusal_code else {outcome["code"] for outcome in row.outcomes}


@pytest.fixture(scope="module")
def seen(people, doctor, tmp_path_factory) -> dict[str, Seen]:
    """All specimens imported by each route, once."""
    folders = {route: tmp_path_factory.mktemp(route) for route in ROOTS}
    for route, folder in folders.items():
        _make(folder, route)
    uploads = {"browser": _by_browser(folders["browser"], doctor), "folder": _by_folder(folders["folder"], doctor)}
    return {route: Seen(route, upload) for route, upload in uploads.items()}


def _make(folder: Path, route: str) -> None:
    for case, n, specimen in specimens():
        if route in routes(case, n):
            specimen.make(Box(folder, f"{ROOTS[route]}.{case.number}.{n + 1}", mark(case, n)))


def _by_browser(folder: Path, doctor) -> Upload:
    client = Client()
    client.force_login(doctor)
    opened = client.post(reverse("imaging:upload_start"), {"key": str(uuid.uuid4()), "case": CASE}).json()
    paths = sorted(folder.iterdir())
    for start in range(0, len(paths), BATCH):
        files = [(path.name.encode(), path.read_bytes()) for path in paths[start : start + BATCH]]
        body = b"".join(HEAD.pack(len(name), len(data)) + name + data for name, data in files)
        assert client.post(opened["files"], body, content_type=CONTENT_TYPE).status_code == 200
    assert client.post(opened["close"], headers={"Accept": "application/json"}).status_code == 200
    upload = Upload.objects.get(source=Upload.Source.BROWSER)
    run_until_done(Job.objects.get(kind=Job.Kind.IMPORT, subject_id=upload.pk).pk)
    return upload


def _by_folder(folder: Path, doctor) -> Upload:
    out = StringIO()
    call_command("import_dicom", str(folder), "--case", CASE, "--user", "doctor", "--json", stdout=out)
    return Upload.objects.get(pk=json.loads(out.getvalue())["upload"])
