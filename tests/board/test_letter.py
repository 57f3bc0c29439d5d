"""The letter: decision, why, what next, whom to ask on two pages; every row of every set only in the annex."""

import io

import pytest
from django.utils import timezone
from pypdf import PdfReader

from board.chain import link_of
from board.chart import Chart
from board.decision_record import decision_core
from board.document_pdf import as_pdf
from board.document_text import as_text
from board.history import history
from board.letter import letter
from board.minutes_content import ONE_SCAN, events_in_words
from board.pack import pack_for
from tests.board.factories import add_scan
from tests.board.test_minutes import SIGNED, board, chair, closed, everything  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
ANNEX = "ANNEX"


@pytest.fixture
def decision(closed, board):  # noqa: F811
    return board[1].decisions.get()


def said(decision) -> str:
    return as_text(letter(decision, today=timezone.localdate()))


def test_it_begins_with_decision_reason_and_what_comes_next_and_ends_with_its_seal(decision):
    text = said(decision)
    order = ("NOT YET:", "Why:", "What next: SSTR PET/CT, within 12 weeks", "Who sees to it: Oncology", "By when:",
             "Whom to ask: chair-of-the-board, Chair", "OPEN POINTS", link_of(decision).content_hash, ANNEX)  # fmt: skip
    places = [text.find(words) for words in order]
    assert -1 not in places and places == sorted(places)


def test_the_reason_names_the_rows_that_decide(decision):
    text = said(decision)
    why = next(line for line in text.splitlines() if line.startswith("Why:"))
    assert "Cannot determine under lutathera-smpc-eu v2024-05.2" in why and "because it is not known:" in why
    assert decision_core(decision)["change_class"] and "SSTR uptake" in why


def test_what_is_missing_is_asked_for_by_its_name(decision):
    line = next(one for one in said(decision).splitlines() if "Ask for:" in one)
    assert "haemoglobin" in line and "creatinine" in line and "Haemoglobin below" not in line


def test_rule_sets_that_are_not_the_sites_stand_in_the_annex_only(decision):
    front, annex = said(decision).split(ANNEX)
    assert "netter-3" in annex and "netter-3" not in front and "lutathera-smpc-eu-old" not in front


def test_without_its_annex_it_has_two_pages(decision):
    pages = PdfReader(io.BytesIO(as_pdf(letter(decision, today=timezone.localdate())))).pages
    first = next(n for n, page in enumerate(pages) if ANNEX in page.extract_text())
    assert first <= 2


def test_one_scan_is_said_to_be_too_few_to_compare(decision):
    decision.ground["change"], decision.ground["scans"] = None, decision.ground["scans"][:1]
    assert ONE_SCAN in said(decision) and "Change of uptake: not recorded" not in said(decision)


def test_krenning_is_said_of_sstr_scans_only(decision):
    by, patient = decision.recorded_by, decision.patient
    scan = add_scan(by, patient, timezone.localdate(), tracer="18F-FDG")
    (line,) = [one for one in events_in_words(history(Chart(patient, scan.clinical_date))) if "18F-FDG" in one]
    assert "Krenning" not in line and "no signed reading" not in line


def test_minutes_say_the_day_they_were_held_and_who_was_not_ticked_as_not_recorded(closed):  # noqa: F811
    closed.content["meeting"]["started_at"] = "2026-11-20T15:30+01:00"
    closed.content["attendance"][0]["seats"][0]["state"] = "expected"
    text = as_text(everything(closed))
    assert text.startswith("Minutes of the NET board, 20 Nov 2026") and SIGNED["text"] in text
    assert "Not recorded: Seat" in text and "Not there" not in text


def test_a_pack_of_a_closed_meeting_says_so_and_gives_no_outcome_of_its_own_as_the_last_one(closed, chair):  # noqa: F811
    text = as_text(pack_for(chair, closed.meeting))
    assert "This meeting was closed" in text and "not frozen yet" not in text
    assert text.count("Last decision: none on record") == 3
