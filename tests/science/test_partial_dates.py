"""Partial dates, ages, stains and drugs."""

import datetime as dt

import pytest

from patients.domain.dates import age_range, in_words, is_surely_before, span
from patients.domain.drugs import contains_alkylator, drugs_of
from patients.domain.ihc import IhcRefused, Stain, parse_ihc, write_ihc
from patients.domain.partial_dates import DateRefused, parse_partial_date

DAY = dt.date


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2024-03-15", DAY(2024, 3, 15), "day"),
        ("15.03.2024", DAY(2024, 3, 15), "day"),
        ("15/3/2024", DAY(2024, 3, 15), "day"),
        ("2024-03", DAY(2024, 3, 1), "month"),
        ("03/2024", DAY(2024, 3, 1), "month"),
        ("2024", DAY(2024, 1, 1), "year"),
        ("", None, "unknown"),
    ],
)
def test_a_date_says_itself_how_exact_it_is(text, day, precision):
    assert parse_partial_date(text) == (day, precision)
    if day:
        assert parse_partial_date(in_words(day, precision)) == (day, precision)


@pytest.mark.parametrize("text", ["spring 2024", "2024-02-30", "2024-13", "24-03-15", "0024-03-15", "3024"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(DateRefused, match=r"\."):
        parse_partial_date(text)


def test_a_month_is_neither_before_nor_after_a_day_in_it():
    march, day = span(DAY(2024, 3, 1), "month"), span(DAY(2024, 3, 15), "day")
    assert not is_surely_before(march, day) and not is_surely_before(day, march)
    assert is_surely_before(march, span(DAY(2024, 4, 1), "day"))
    assert not is_surely_before(None, day)
    assert span(DAY(2024, 2, 9), "month")[1] == DAY(2024, 2, 29)


def test_age_is_a_range_when_only_the_year_of_birth_is_known():
    assert age_range(span(DAY(1965, 1, 1), "year"), DAY(2024, 3, 1)) == (58, 59)
    assert age_range(span(DAY(1965, 3, 1), "day"), DAY(2024, 3, 1)) == (59, 59)
    assert age_range(span(DAY(1965, 3, 2), "day"), DAY(2024, 3, 1)) == (58, 58)
    assert age_range(span(DAY(1964, 2, 29), "day"), DAY(2023, 2, 28)) == (58, 58)
    assert age_range(None, DAY(2024, 3, 1)) is None


def test_stains_are_read_and_written_back():
    stains = parse_ihc("CgA +, SSTR2A positive (IRS 9), ATRX retained; p53 lost, Ki-67 -, synaptophysin ++")
    assert stains == [
        Stain("CgA", "positive"),
        Stain("SSTR2A", "positive", "IRS 9"),
        Stain("ATRX", "retained"),
        Stain("p53", "lost"),
        Stain("Ki-67", "negative"),
        Stain("synaptophysin", "positive", "++"),
    ]
    assert parse_ihc(write_ihc(stains)) == stains
    assert parse_ihc("") == []


@pytest.mark.parametrize("text", ["CgA", "CgA maybe", "CgA +, cga -", "+"])
def test_stains_that_are_not_understood_are_refused(text):
    with pytest.raises(IhcRefused, match=r"\."):
        parse_ihc(text)


def test_alkylators():
    assert contains_alkylator("CAPTEM", []) is True
    assert contains_alkylator("", ["Temozolomide"]) is True
    assert contains_alkylator("lanreotide", []) is False
    assert contains_alkylator("FOLFOX", []) is False
    assert contains_alkylator("study drug", []) is None
    assert contains_alkylator("", ["capecitabine", "study drug"]) is None
    assert drugs_of("captem") == ("capecitabine", "temozolomide")
