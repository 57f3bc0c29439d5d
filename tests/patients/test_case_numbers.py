"""A case number is a part of addresses: one rule at every door, and cases of before the rule keep their pages."""

import re
import uuid
from urllib.parse import unquote

import pytest
from django.core.exceptions import ValidationError
from django.urls import Resolver404, get_resolver, resolve, reverse

from board.entry.drafts import own_draft, save_draft
from board.entry.submit import submit
from board.fhir.identity import existing_case
from board.fhir.received import BundleRefused
from patients.bulk.importing import import_tables
from patients.bulk.reading import read
from patients.domain.case_numbers import RESERVED, from_address, refusal, to_address
from patients.models import Patient
from patients.services import create_patient, update_patient
from tests.patients.factories import make_patient, make_user

BAD = ["A/1", "A\\1", "A?1", "A#1", " A1", "A1 ", "A\n1", "A\u200b1", ".", "..", "new", "NEW", "A" * 33]
OLD = ["A/1", "A~1", "A~2F1", "A\\1", "A?1", "A#1", " A1", "A\n1", ".", "..", "new", "A%2F1"]


@pytest.fixture
def clerk(db):
    return make_user("coordinator")


@pytest.mark.parametrize("number", BAD)
def test_the_services_refuse_it_with_a_sentence(clerk, number):
    with pytest.raises(ValidationError) as refused:
        create_patient(by=clerk, case_number=number)
    assert refusal(number) in refused.value.message_dict["case_number"]
    with pytest.raises(ValidationError):
        update_patient(make_patient(by=clerk), by=clerk, reason="test", case_number=number)


@pytest.mark.parametrize("number", ["0388", "MUC-17 b", "Ä.7", "a...b", "new-1", "A~1", "100%"])
def test_what_harms_nobody_is_taken(clerk, number):
    assert create_patient(by=clerk, case_number=number).case_number == number


def test_the_proforma_says_it_beside_the_number(clerk):
    draft = own_draft(clerk, uuid.uuid4())
    entry = save_draft(by=clerk, draft=draft, seen_version="0.0", values={"patient.case_number": "A/1"})
    with pytest.raises(ValidationError) as refused:
        submit(by=clerk, draft=draft, seen_version=entry.version, reason="", is_incomplete_meant=True)
    assert refused.value.message_dict["patient.case_number"] == [refusal("A/1")]


def test_a_table_and_a_bundle_open_no_such_case_and_find_one_of_before(clerk):
    def outcome():
        found = read(b"case_number,date,analyte,value,unit\nA/1,2024-01-02,hb,12,g/dL\n")
        return import_tables(by=clerk, found=found, is_trial=True).lines[0].code

    assert outcome() == "case_number_refused"
    with pytest.raises(BundleRefused, match="slash"):
        existing_case("A/1", by=clerk)
    old = make_patient(by=clerk)
    Patient.objects.filter(pk=old.pk).update(case_number="A/1")
    assert outcome() == "recorded" and existing_case("A/1", by=clerk) == old


@pytest.mark.parametrize("number", OLD)
def test_a_case_of_before_keeps_its_pages_and_can_be_corrected(client, clerk, number):
    old = make_patient(by=clerk)
    Patient.objects.filter(pk=old.pk).update(case_number=number)
    client.force_login(clerk)
    address = reverse("board:entry", args=[number])
    assert re.fullmatch(r"/patients/[^/?#\\]+/entry/", address) and "/../" not in address and "/./" not in address
    assert client.get(address).context["patient"] == old
    assert update_patient(old, by=clerk, reason="test", centre="Other").case_number == number


@pytest.mark.parametrize("address", ["/patients/~00/", "/patients/a%00b/"])
def test_no_address_names_a_number_with_a_nul_character(client, clerk, address):
    client.force_login(clerk)
    with pytest.raises(Resolver404):
        resolve(unquote(address))
    assert client.get(address).status_code == 404
    assert client.get("/patients/?q=%00").status_code == 400


@pytest.mark.parametrize("number", [*OLD, *BAD])
def test_an_address_comes_back_as_the_number(number):
    assert from_address(to_address(number)) == number


def test_every_word_that_is_another_page_is_reserved():
    """Of two routes for one address the first wins: a case called like that would have no page."""
    texts = (str(one) for one in _patterns(get_resolver()))
    assert {
        found[1] for text in texts if (found := re.match(r"(?:patients|watch|people/cases)/([\w-]+)/", text))
    } == RESERVED


def _patterns(resolver, before=""):
    for one in resolver.url_patterns:
        here = before + str(one.pattern)
        yield from _patterns(one, here) if hasattr(one, "url_patterns") else [here]
