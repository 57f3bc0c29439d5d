"""What a reader says of the scan as a whole, what keeps a reading from being signed, and two people at one draft."""

import datetime as dt

import pytest

from imaging import ssa_before
from imaging.models import Lesion, LesionFinding, Reading, Scan
from imaging.reading_changes import versions
from imaging.reading_gaps import gaps, lesions_to_read
from imaging.refused import Refused
from imaging.services import amend_reading, answer_reading, place_voi, score_lesion, sign_reading, start_reading
from imaging.services.reading_lock import Stale, token_of_answers, token_of_reading, token_of_score
from imaging.services.readings import NotReady
from patients.models import AuditEvent, SsaInjection, TreatmentLine
from patients.services import create_patient, record, revise
from tests.imaging.scan_rows import BODY, bring_scan, drawn, fresh, refusal_of
from tests.imaging.signing import ANSWERS, sign

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 5, 3)


@pytest.fixture
def scan(phantom_case, doctor):
    return record(Scan, by=doctor, patient=phantom_case, clinical_date=DAY, tracer="68Ga-DOTATATE")


@pytest.fixture
def lesion(phantom_case, doctor):
    return record(Lesion, by=doctor, patient=phantom_case, label="L01", organ="liver")


@pytest.fixture
def draft(scan, lesion, doctor):
    return start_reading(by=doctor, scan=scan)


def codes(reading) -> list[str]:
    return [gap.code for gap in gaps(Reading.objects.get(pk=reading.pk))]


def injected(doctor, patient, days=-20, drug="lanreotide") -> SsaInjection:
    return record(SsaInjection, by=doctor, patient=patient, drug=drug, clinical_date=DAY + dt.timedelta(days=days))


def test_everything_missing_is_named_at_once(draft, lesion, doctor):
    with pytest.raises(NotReady) as refusal:
        sign_reading(by=doctor, reading=draft)
    wanted = ["lesions_unread", "quality_missing", "ssa_missing", "extravasation_missing", "cold_lesions_not_answered"]
    assert [gap.code for gap in refusal.value.gaps] == wanted
    assert "Still to read: L01." in refusal.value.message and "extravasated" in refusal.value.message
    assert Reading.objects.get(pk=draft.pk).state == "draft"
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    for name, answer in ANSWERS.items():
        missing = codes(draft)
        answer_reading(by=doctor, reading=draft, **{name: answer})
        assert len(codes(draft)) == len(missing) - 1
    assert sign_reading(by=doctor, reading=draft).state == "signed"


@pytest.mark.parametrize("quality", ["limited", "non_diagnostic"])
def test_what_limits_the_images_is_said(draft, lesion, doctor, quality):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    answer_reading(by=doctor, reading=draft, **ANSWERS | {"quality": quality, "quality_note": " "})
    assert codes(draft) == ["quality_note_missing"]
    answer_reading(by=doctor, reading=draft, quality_note="motion")
    assert codes(draft) == []


def test_an_answer_that_is_none_is_refused_and_others_stay(draft, doctor):
    answer_reading(by=doctor, reading=draft, quality="good", comment="first")
    for wrong in ({"quality": "perfect"}, {"ssa": "perhaps"}, {"extravasation": "much"}):
        assert refusal_of(answer_reading, by=doctor, reading=draft, **wrong) == "answer_unknown"
    answer_reading(by=doctor, reading=draft, comment="second")
    kept = Reading.objects.get(pk=draft.pk)
    assert (kept.quality, kept.comment) == ("good", "second")


def test_the_analogue_is_kept_once_in_the_chart(draft, doctor, phantom_case):
    known = injected(doctor, phantom_case)
    answer_reading(by=doctor, reading=draft, ssa="given", ssa_drug="Lanreotide", ssa_date=known.clinical_date)
    assert Reading.objects.get(pk=draft.pk).ssa_injection == known
    assert SsaInjection.objects.count() == 1, "the same injection is not recorded a second time"
    answer_reading(by=doctor, reading=draft, ssa="given", ssa_drug="octreotide", ssa_date=DAY)
    added = SsaInjection.objects.get(drug="octreotide")
    assert Reading.objects.get(pk=draft.pk).ssa_injection == added and added.recorded_by == doctor
    answer_reading(by=doctor, reading=draft, ssa="none")
    assert Reading.objects.get(pk=draft.pk).ssa_injection is None


def test_an_injection_that_cannot_be_the_last_before_the_scan(draft, doctor, phantom_case):
    later = injected(doctor, phantom_case, days=1)
    other = injected(doctor, create_patient(by=doctor, case_number="NET-9"))
    give = {"by": doctor, "reading": draft, "ssa": "given"}
    assert refusal_of(answer_reading, **give, injection=later) == "ssa_after_scan"
    day = DAY + dt.timedelta(days=1)
    assert refusal_of(answer_reading, **give, ssa_drug="octreotide", ssa_date=day) == "ssa_after_scan"
    assert phantom_case.birth_date > dt.date(1901, 1, 1)
    assert refusal_of(answer_reading, **give, ssa_drug="octreotide", ssa_date=dt.date(1901, 1, 1)) == "ssa_before_birth"
    assert refusal_of(answer_reading, **give, injection=other) == "ssa_injection_missing"
    assert refusal_of(answer_reading, **give, ssa_drug="octreotide") == "ssa_injection_missing"
    assert not SsaInjection.objects.filter(drug="octreotide").exists()


def test_the_chart_fills_in_with_its_source(scan, doctor, phantom_case):
    assert ssa_before.known(scan) == ssa_before.SsaKnown(None, ())
    for days in (-90, -20, 5):
        injected(doctor, phantom_case, days)
    line = {"treatment_class": "ssa", "regimen": "Lanreotide"}
    record(TreatmentLine, by=doctor, patient=phantom_case, clinical_date=DAY - dt.timedelta(days=400), **line)
    record(TreatmentLine, by=doctor, patient=phantom_case, clinical_date=DAY + dt.timedelta(days=4), **line)
    revise(scan, by=doctor, reason="request form", ssa_status="on")
    known = ssa_before.known(fresh(scan))
    assert known.injection.clinical_date == DAY - dt.timedelta(days=20)
    assert (
        len(known.sources) == 3 and "treatment line" in known.sources[1] and "stated with the scan" in known.sources[2]
    )


def test_a_signed_reading_keeps_the_injection_as_it_was(draft, lesion, doctor, phantom_case):
    known = injected(doctor, phantom_case)
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    signed = sign(by=doctor, reading=draft, ssa="given", injection=known)
    revise(known, by=doctor, reason="wrong drug", drug="octreotide")
    signed = Reading.objects.get(pk=signed.pk)
    assert signed.ssa_injection.drug == "octreotide", "the chart has the correction"
    assert ssa_before.of_reading(signed).drug == "lanreotide"


def test_a_reader_who_differs_says_why(tmp_path, phantom_case, import_files, doctor):
    scan = bring_scan(import_files, tmp_path, phantom_case)
    lesion = record(Lesion, by=doctor, patient=phantom_case, label="L01", organ="bone", clinical_date=DAY)
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    drawn(scan, lesion, doctor)
    draft = start_reading(by=doctor, scan=fresh(scan))
    answer_reading(by=doctor, reading=draft, **ANSWERS)
    score = {"by": doctor, "reading": draft, "lesion": lesion}
    for low, high in ((3, 3), (3, 4), (2, 3), (0, 4)):
        score_lesion(**score, score_low=low, score_high=high)
        assert codes(draft) == [], f"{low} to {high} leaves room for the computed score"
    score_lesion(**score, score_low=1, score_high=2, difference_reason="  ")
    with pytest.raises(NotReady) as refusal:
        sign_reading(by=doctor, reading=draft)
    assert refusal.value.code == "difference_reason_missing" and "L01" in refusal.value.message
    score_lesion(**score, score_low=1, score_high=2, difference_reason="adjacent bowel")
    signed = sign_reading(by=doctor, reading=draft)
    assert signed.inputs_sha256 and signed.lesions.get().difference_reason == "adjacent bowel"


def test_where_nothing_is_computed_no_reason_is_asked(draft, lesion, doctor):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=0, score_high=0)
    answer_reading(by=doctor, reading=draft, **ANSWERS)
    assert codes(draft) == []


def test_which_lesions_a_scan_has_to_answer_for(scan, doctor, phantom_case):
    def lesion(label, *findings, day=None):
        made = record(Lesion, by=doctor, patient=phantom_case, label=label, organ="liver", clinical_date=day)
        for of, status in findings:
            record(LesionFinding, by=doctor, lesion=made, scan=of, status=status)

    week = dt.timedelta(days=7)
    earlier = record(Scan, by=doctor, patient=phantom_case, clinical_date=DAY - week, tracer="68Ga-DOTATATE")
    later = record(Scan, by=doctor, patient=phantom_case, clinical_date=DAY + week, tracer="68Ga-DOTATATE")
    lesion("L01", (scan, "present"))
    lesion("L02", (earlier, "present"))
    lesion("L03", (earlier, "resolved"))
    lesion("L04", (earlier, "present"), (scan, "resolved"))
    lesion("L05", (later, "new"))
    lesion("L06", (scan, "not_assessable"))
    lesion("L07")
    lesion("L08", day=DAY + week)
    assert [found.label for found in lesions_to_read(scan)] == ["L01", "L02", "L07"]


def test_a_scan_without_any_lesion_can_be_signed_as_such(scan, doctor):
    signed = sign(by=doctor, reading=start_reading(by=doctor, scan=scan))
    assert signed.state == "signed" and not signed.lesions.exists()


def test_a_lesion_without_number_needs_its_words(draft, lesion, doctor):
    answer_reading(by=doctor, reading=draft, **ANSWERS)
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=None, score_high=None)
    assert codes(draft) == ["lesions_unread"]
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=None, score_high=None, text="hidden by the bladder")
    assert codes(draft) == []


def test_rads_is_kept_with_its_version(draft, lesion, doctor):
    score = {"by": doctor, "reading": draft, "lesion": lesion, "score_low": 3, "score_high": 3}
    assert score_lesion(**score, rads="3C").rads_version == "SSTR-RADS 1.0"
    assert score_lesion(**score).rads_version == ""
    with pytest.raises(Exception, match="6"):
        score_lesion(**score, rads="6")


def test_what_somebody_else_changed_is_not_written_over(draft, lesion, doctor, colleague):
    score = {"reading": draft, "lesion": lesion}
    shown = token_of_score(None)
    row = score_lesion(by=colleague, **score, score_low=2, score_high=2, seen=shown)
    with pytest.raises(Stale) as refusal:
        score_lesion(by=doctor, **score, score_low=4, score_high=4, seen=shown)
    assert "changed by colleague at " in refusal.value.message
    assert draft.lesions.get().score_low == 2
    score_lesion(by=doctor, **score, score_low=4, score_high=4, seen=token_of_score(row))
    assert draft.lesions.get().score_low == 4


def test_answers_and_signature_look_at_what_was_shown_too(draft, lesion, doctor, colleague):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    shown = token_of_answers(draft)
    changed = answer_reading(by=colleague, reading=draft, **ANSWERS, seen=shown)
    with pytest.raises(Stale, match="colleague"):
        answer_reading(by=doctor, reading=draft, quality="limited", seen=shown)
    whole = token_of_reading(changed)
    score_lesion(by=colleague, reading=draft, lesion=lesion, score_low=4, score_high=4)
    with pytest.raises(Stale):
        sign_reading(by=doctor, reading=draft, seen=whole)
    assert sign_reading(by=doctor, reading=draft, seen=token_of_reading(changed)).state == "signed"


def test_both_versions_stay_and_say_what_changed(draft, lesion, doctor, colleague):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=2, score_high=2, rads="4")
    first = sign(by=doctor, reading=draft)
    second = amend_reading(by=colleague, reading=first, reason="compared with the MR")
    assert second.quality == "good" and second.lesions.get().rads == "4" and second.inputs_sha256 == ""
    score_lesion(by=colleague, reading=second, lesion=lesion, score_low=3, score_high=3, rads="5")
    sign(by=colleague, reading=second, quality="limited", quality_note="motion")
    newest, oldest = versions(first.scan)
    assert (newest["reading"].pk, oldest["reading"].pk) == (second.pk, first.pk)
    assert newest["reason"] == "compared with the MR" and oldest["is_first"]
    for words in ("L01 Krenning 2 to 3", "L01 SSTR-RADS: 4 to 5", "image quality: good to limited"):
        assert words in newest["changes"]


def test_nothing_of_a_signed_reading_is_answered_or_scored_any_more(draft, lesion, doctor):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    signed = sign(by=doctor, reading=draft)
    before = AuditEvent.objects.count()
    for call, values in (
        (answer_reading, {"quality": "limited"}),
        (answer_reading, {"ssa": "given", "ssa_drug": "octreotide", "ssa_date": DAY}),
        (score_lesion, {"lesion": lesion, "score_low": 1, "score_high": 1}),
    ):
        with pytest.raises(Refused) as refusal:
            call(by=doctor, reading=signed, **values)
        assert refusal.value.code == "reading_signed"
    assert AuditEvent.objects.count() == before and not SsaInjection.objects.exists()
