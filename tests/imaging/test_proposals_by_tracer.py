"""Organs are guessed for SSTR tracers only: on FDG every focus is put to a person, none is set apart."""

import datetime as dt

import pytest

from demo.anatomy import Figure
from demo.phantom import Phantom
from demo.variants import as_scanned
from imaging.domain.vocabulary import Tracer
from imaging.models import LesionFinding, Proposal, Scan
from imaging.services import accept_as_lesion, looking
from patients.services import record
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import bring_scan, focus

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture(scope="module")
def pet():
    return as_scanned(Phantom(Figure(stretch=(1.0, 1.0, 1.0), seed=3, fat_mm=14), noise_seed=4).pet())


def foci(pet, patient, doctor, tracer: str) -> list[Proposal]:
    scan = record(Scan, by=doctor, patient=patient, clinical_date=dt.date(2026, 5, 3), tracer=tracer)
    return [found for found in looking.propose(scan, pet, None).proposals if found.kind == Proposal.Kind.FOCUS]


def test_an_sstr_scan_has_foci_set_apart_as_organs(pet, phantom_case, doctor):
    assert any(found.is_physiologic for found in foci(pet, phantom_case, doctor, Tracer.GA68_DOTATATE))


def test_on_fdg_every_focus_is_asked_and_none_is_named(pet, phantom_case, doctor):
    found = foci(pet, phantom_case, doctor, Tracer.F18_FDG)
    assert found
    assert all(row.must_ask and not row.is_physiologic and not row.guess for row in found)


def test_an_fdg_scan_before_does_not_make_it_new(tmp_path, phantom_case, doctor, import_files):
    bring_scan(import_files, tmp_path, phantom_case, "f", tracer=Tracer.F18_FDG)
    first_sstr = bring_scan(import_files, tmp_path, phantom_case, "b", paint=two_bodies, days_later=9)
    lesion, _, _ = accept_as_lesion(by=doctor, proposal=focus(first_sstr), organ="bone")
    assert LesionFinding.objects.get(lesion=lesion).status == "present"
