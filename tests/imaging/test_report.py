"""The report: ENETS headings, only numbers with inputs, the state of the day it was signed, the same words as PDF."""

import datetime as dt
import io
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from imaging.models import Lesion, Reading, Scan, Series
from imaging.report import NOT_A_DEVICE, build
from imaging.report_pdf import as_pdf
from imaging.report_text import as_text
from imaging.selectors import measurements
from imaging.services import (
    amend_reading,
    answer_reading,
    correct_suv_input,
    move_voi,
    outlines,
    score_lesion,
    start_reading,
)
from patients.models import Diagnosis, SsaInjection, TreatmentLine
from patients.services import record, revise
from tests.imaging.phantom import write_pet
from tests.imaging.scan_rows import BODY, SECOND, bring_scan, drawn, fresh, work_off
from tests.imaging.signing import sign
from tests.imaging.test_recompute import HOT, place

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
HEADINGS = (
    "CLINICAL INFORMATION", "TECHNIQUE", "COMPARISON", "FINDINGS", "REFERENCES", "FDG PAIRING", "CONCLUSION", "LIMITS",
)  # fmt: skip


@pytest.fixture
def scan(tmp_path, phantom_case, import_files, doctor):
    record(Diagnosis, by=doctor, patient=phantom_case, primary_site="pancreas", clinical_date=dt.date(2025, 1, 1))
    return bring_scan(import_files, tmp_path, phantom_case)


@pytest.fixture
def lesion(scan, doctor, phantom_case):
    found = record(
        Lesion,
        by=doctor,
        patient=phantom_case,
        label="L01",
        organ="liver",
        segment="VII",
        clinical_date=scan.clinical_date,
    )
    place(scan, doctor, "liver", centre_lps=BODY, radius_mm=12)
    drawn(scan, found, doctor)
    return found


@pytest.fixture
def draft(scan, lesion, doctor):
    reading = start_reading(by=doctor, scan=fresh(scan))
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3, rads="5")
    return reading


def text_of(reading) -> str:
    return as_text(build(Reading.objects.get(pk=reading.pk)))


def line(text: str, start: str) -> str:
    return next(found for found in text.splitlines() if found.startswith(start))


def test_headings_numbers_and_who_signed(draft, doctor, phantom_case):
    injection = record(
        SsaInjection, by=doctor, patient=phantom_case, drug="lanreotide", clinical_date=dt.date(2026, 4, 1)
    )
    signed = sign(by=doctor, reading=draft, ssa="given", injection=injection, comment="Stable otherwise.")
    text = text_of(signed)
    found = [row for row in text.splitlines() if row in HEADINGS]
    assert tuple(found) == HEADINGS
    assert f"Signed by doctor, {signed.signed_at:%-d %b %Y %H:%M} UTC" in text and "DRAFT" not in text
    assert f"Inputs sha256 {signed.inputs_sha256}" in text and "Reading version 1, scale KR-ORIG" in text
    for words in (
        "Case SYN-a", "primary: pancreas", "last lanreotide, 2026-04-01", "Tracer: 68Ga-DOTATATE", "150 MBq",
        "60 min after injection", "Extravasation: none", "SUVbw in g/mL, suv/1.0", "No earlier scan",
        "SSTR-RADS 1.0 category 5", "Reader's comment: Stable otherwise.", NOT_A_DEVICE,
    ):  # fmt: skip
        assert words in text, words
    row = line(text, "- L01 VII: read Krenning 3")
    measured = signed.scan.vois.get(lesion__label="L01").measurements.get()
    for words in (
        f"SUVmax {measured.suv_max:.2f}",
        f"SUVpeak {measured.suv_peak_local:.2f}",
        "× liver",
        "computed 3 or more",
    ):
        assert words in row
    assert f"Liver: {signed.scan.vois.get(role='liver').measurements.get().suv_mean:.2f}" in text


def test_a_draft_says_so_on_every_page(draft, doctor):
    answer_reading(by=doctor, reading=draft, comment="A long remark of the reader. " * 200)
    report = build(Reading.objects.get(pk=draft.pk))
    assert "DRAFT, not signed" in as_text(report)
    found = pages(as_pdf(report))
    assert len(found) > 1 and all("DRAFT, not signed" in page for page in found)


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_pdf_says_what_the_text_says_on_numbered_pages(draft, doctor, phantom_case):
    comment = "Größe ≤ 1 cm; wąski brzeg, ўсё. " + "A long remark of the reader. " * 200
    signed = sign(by=doctor, reading=draft, comment=comment)
    report = build(signed)
    found = pages(as_pdf(report))
    assert len(found) > 1
    foot = [f"Case SYN-a, page {n} of {len(found)}" for n in range(1, len(found) + 1)]
    for number, page in enumerate(found):
        assert foot[number] in page and NOT_A_DEVICE in page
    whole = bare("".join(found))
    for words in (*foot, NOT_A_DEVICE):
        whole = whole.replace(bare(words), "")
    wanted = bare(as_text(report).replace(NOT_A_DEVICE, ""))
    assert whole == wanted


def test_a_character_the_font_lacks_is_seen_to_be_lacking(draft, doctor):
    signed = sign(by=doctor, reading=draft, comment="患者 seen")
    assert "\ufffd\ufffd seen" in "".join(pages(as_pdf(build(signed))))
    assert "患者 seen" in text_of(signed)


def test_the_same_reading_gives_the_same_bytes(draft, doctor):
    signed = sign(by=doctor, reading=draft)
    assert as_pdf(build(signed)) == as_pdf(build(Reading.objects.get(pk=signed.pk)))


def test_a_signed_report_stays_that_of_its_day(draft, lesion, scan, doctor, phantom_case, tmp_path, import_files):
    injection = record(
        SsaInjection, by=doctor, patient=phantom_case, drug="lanreotide", clinical_date=dt.date(2026, 4, 1)
    )
    signed = sign(by=doctor, reading=draft, ssa="given", injection=injection)
    before = text_of(signed)
    pdf = as_pdf(build(signed))
    correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="weighed")
    work_off()
    revise(injection, by=doctor, reason="wrong drug", drug="octreotide")
    revise(fresh(scan), by=doctor, reason="request form", label="restaging", note="late note")
    revise(lesion, by=doctor, reason="CT", segment="VIII", note="late note")
    record(Diagnosis, by=doctor, patient=phantom_case, primary_site="stomach", clinical_date=dt.date(2026, 1, 1))
    record(
        TreatmentLine,
        by=doctor,
        patient=phantom_case,
        treatment_class="chemo",
        regimen="CAPTEM",
        clinical_date=dt.date(2026, 1, 1),
    )
    record(Scan, by=doctor, patient=phantom_case, clinical_date=dt.date(2026, 4, 20), tracer="18F-FDG")
    record(Scan, by=doctor, patient=phantom_case, clinical_date=dt.date(2026, 1, 20), tracer="68Ga-DOTATATE")
    assert text_of(signed) == before
    assert as_pdf(build(Reading.objects.get(pk=signed.pk))) == pdf
    now = text_of(amend_reading(by=doctor, reading=signed, reason="weight"))
    for words in (
        "octreotide",
        "restaging",
        "primary: stomach",
        "CAPTEM",
        "13 days apart, within 31 days",
        "2026-01-20",
    ):
        assert words in now and words not in before
    assert "L01 VIII" in now


def test_regions_of_a_signed_report_stay_as_they_were_placed(draft, lesion, scan, doctor):
    """A liver region moved later does not become the newest one of that day, nor an outline drawn anew its outline."""
    older = scan.vois.get(role="liver")
    place(scan, doctor, "liver", centre_lps=HOT, radius_mm=9)
    signed = sign(by=doctor, reading=draft)
    before = text_of(signed)
    move_voi(by=doctor, voi=older, reason="vessel", centre_lps=SECOND)
    outlines.regrow(by=doctor, voi=scan.vois.get(lesion=lesion), rule="percent", parameter=50, reason="too wide")
    work_off()
    assert text_of(signed) == before
    now = text_of(amend_reading(by=doctor, reading=signed, reason="liver"))
    for start in ("- L01", "Liver: "):
        assert line(now, start) != line(before, start)


def test_a_number_of_an_earlier_placement_is_not_that_of_a_region(draft, scan, doctor):
    liver = scan.vois.get(role="liver")
    move_voi(by=doctor, voi=liver, reason="vessel", radius_mm=10)
    (item,) = [m for m in measurements(fresh(scan), known_at=timezone.now()) if m.voi.role == "liver"]
    assert (item.state, item.measurement, item.voi.radius_mm) == ("not_measured", None, 10)
    work_off()
    (item,) = [m for m in measurements(fresh(scan), known_at=timezone.now()) if m.voi.role == "liver"]
    assert item.state == "current" and item.measurement == liver.measurements.get(superseded_at=None)


def test_without_inputs_no_number_is_shown(tmp_path, phantom_case, import_files, doctor):
    import pydicom

    paths = write_pet(tmp_path / "a", "a")
    for path in paths:
        ds = pydicom.dcmread(path)
        del ds.PatientWeight
        ds.save_as(path)
    import_files(paths, patient=phantom_case)
    scan = Scan.objects.get()
    lesion = record(
        Lesion, by=doctor, patient=phantom_case, label="L01", organ="bone", clinical_date=scan.clinical_date
    )
    place(scan, doctor, lesion=lesion)
    place(scan, doctor, "liver", centre_lps=BODY, radius_mm=12)
    draft = start_reading(by=doctor, scan=fresh(scan))
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    text = text_of(sign(by=doctor, reading=draft))
    row = line(text, "- L01")
    assert "no number: withheld" in row and "× liver" in row and "SUVmax" not in row and "mL" not in row
    assert "no SUV: The PET header has no body weight." in text and line(text, "Liver:") == "Liver: withheld"


def rise(doctor, patient, *, treated: bool) -> str:
    """The conclusion over two scans on which one lesion rose from 1 to 3 and another stayed."""
    if treated:
        line = {"treatment_class": "chemo", "regimen": "CAPTEM", "clinical_date": dt.date(2026, 2, 1)}
        record(TreatmentLine, by=doctor, patient=patient, **line)
    lesions = [record(Lesion, by=doctor, patient=patient, label=label, organ="liver") for label in ("L01", "L02")]
    for month, score in ((1, 1), (5, 3)):
        scan = record(Scan, by=doctor, patient=patient, clinical_date=dt.date(2026, month, 3), tracer="68Ga-DOTATATE")
        reading = start_reading(by=doctor, scan=scan)
        for lesion, value in zip(lesions, (score, 2), strict=True):
            score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=value, score_high=value)
        signed = sign(by=doctor, reading=reading, cold_lesions="not_assessed")
    return text_of(signed)


def test_a_rise_is_called_possible_and_no_more(phantom_case, doctor):
    text = rise(doctor, phantom_case, treated=True)
    assert "rose in 1 and fell in 0: possible treatment-associated increase in SSTR uptake." in text
    assert "Krenning 3 or more in 1 of 2 scored lesions" in text and "before: Krenning 1" in text
    assert "tissue was not examined" in text and "redifferentiat" not in text.lower()
    assert "Somatostatin analogue unknown" in text and "the list may not be complete" in text


def test_without_a_treatment_between_nothing_is_associated_with_one(phantom_case, doctor):
    text = rise(doctor, phantom_case, treated=False)
    assert "possible increase in SSTR uptake." in text and "treatment-associated" not in text


def test_a_reading_without_lesions(phantom_case, doctor):
    scan = record(Scan, by=doctor, patient=phantom_case, clinical_date=dt.date(2026, 5, 3), tracer="68Ga-DOTATATE")
    text = text_of(sign(by=doctor, reading=start_reading(by=doctor, scan=scan)))
    assert "No lesion with uptake above physiologic was found." in text


def test_as_files(client, draft, doctor):
    client.force_login(doctor)
    text = client.get(reverse("imaging:report_text", args=[draft.pk]))
    assert text["Content-Type"] == "text/plain; charset=utf-8" and text.content.decode() == text_of(draft)
    pdf = client.get(reverse("imaging:report_pdf", args=[draft.pk]))
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF-")
    assert "SYN" not in pdf["Content-Disposition"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (None, "Scanner: PRRT Board, Digital phantom"),
        ({"manufacturer": "SIEMENS", "model_name": ""}, "Scanner: SIEMENS"),
        ({"manufacturer": "SIEMENS"}, "Scanner: SIEMENS"),
        ({"manufacturer": "", "model_name": "Biograph 64"}, "Scanner: Biograph 64"),
        ({}, "Scanner: not stated"),
    ],
)
def test_the_scanner_is_named_by_maker_and_model_as_far_as_they_are_known(scan, lesion, doctor, header, said):
    """As imported, and as series of earlier imports have kept it."""
    if header is not None:
        Series.objects.filter(pk=scan.pet_series_id).update(header={"suv": scan.pet_series.header["suv"]} | header)
    assert said in as_text(build(start_reading(by=doctor, scan=fresh(scan)))).splitlines()
