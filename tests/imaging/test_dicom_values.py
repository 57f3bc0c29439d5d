"""Strict values: what does not follow PS3.5 is missing, never guessed."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging import dicom_values as read


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (b"70", 70.0),
        (b" 70.5 \0", 70.5),
        (b"-1.5e-3", -0.0015),
        (b".5", 0.5),
        (b"5.", 5.0),
        (b"0.97656250000000", 0.9765625),
        (b" -1.234567890e-05", -1.23456789e-05),
        (b"0", 0.0),
    ],
)
def test_decimal_strings(value, number):
    assert read.decimal(value) == number


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"NaN",
        b"inf",
        b"-Infinity",
        b"1,5",
        b"1e400",
        b"7O",
        b"70kg",
        b"1\\2",
        b"0x10",
        b"1_000",
        b"0.976562500000000",
        b"9" * 17,
        b"\xff",
    ],
)
def test_unusable_decimal_strings_are_missing(value):
    assert read.decimal(value) is None


@given(st.binary(max_size=80))
def test_a_decimal_is_finite_or_missing(value):
    number = read.decimal(value)
    assert number is None or abs(number) < float("inf")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_survives_that_fits_16_characters(number):
    written = repr(number).encode()
    assert read.decimal(written) == (number if len(written) <= 16 else None)


@pytest.mark.parametrize(
    ("value", "number"),
    [(b"12", 12), (b" -7 \0", -7), (b"000000000012", 12), (b"0000000000012", None), (b"1.0", None), (b"one", None)],
)
def test_an_integer_has_at_most_12_characters(value, number):
    assert read.integer(value) == number


def test_several_numbers_need_their_count():
    assert read.decimals(b"1\\-2.5\\3 ", 3) == (1.0, -2.5, 3.0)
    assert read.decimals(b"1\\2", 3) is None
    assert read.decimals(b"1\\NaN\\3", 3) is None
    assert read.decimals(None, 3) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [(b"1.2.840.10008.1.2\0", "1.2.840.10008.1.2"), (b"2.25.1 ", "2.25.1"), (b"1.02.3", "1.02.3")],
)
def test_uids(value, found):
    assert read.uid(value) == found


@pytest.mark.parametrize(
    "value", [None, b"", b"../../etc/passwd", b"1.2.a", b"1..2", b".1", b"1.", b"1" * 65, b"1.2\n", b"1.2/3"]
)
def test_malformed_uids_are_missing(value):
    assert read.uid(value) is None


@pytest.mark.parametrize(("value", "found"), [(b"20250310", date(2025, 3, 10)), (b"20240229 ", date(2024, 2, 29))])
def test_dates(value, found):
    assert read.day(value) == found


@pytest.mark.parametrize(
    "value", [b"00000000", b"2026.01.05", b"20260230", b"2025031", b"20250310-20250311", b"", None]
)
def test_invalid_dates_are_missing(value):
    assert read.day(value) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"12", time(12)),
        (b"1234", time(12, 34)),
        (b"123456", time(12, 34, 56)),
        (b"123456.7", time(12, 34, 56, 700000)),
        (b"120000.123456", time(12, 0, 0, 123456)),
        (b"000000", time(0)),
    ],
)
def test_times(value, found):
    assert read.clock(value) == found


@pytest.mark.parametrize(
    "value", [b"24:00", b"2400", b"240000", b"12:00:00", b"1", b"123", b"1200-1300", b"120000+0100", b"126000", b""]
)
def test_invalid_times_are_missing(value):
    assert read.clock(value) is None


def test_moments():
    def shown(value, **options):
        return read.moment(value, **options).isoformat()

    assert shown(b"20250310110000.00") == "2025-03-10T11:00:00"
    assert shown(b"20250310110000+0100", scanner_offset=timedelta(hours=2)) == "2025-03-10T12:00:00"
    assert shown(b"20250310110000+0100") == "2025-03-10T11:00:00+01:00"
    for value in (b"20250310", b"2025031025", b"20250230110000", b"", None):
        assert read.moment(value) is None


def test_offsets():
    assert read.utc_offset(b"+0530") == timedelta(hours=5, minutes=30)
    assert read.utc_offset(b"-0300") == -timedelta(hours=3)
    assert read.utc_offset(b"+2500") is None and read.utc_offset(b"Z") is None


def test_unsigned_short_has_two_bytes():
    assert read.unsigned_short(b"\x01\x02") == 0x0201
    assert read.unsigned_short(b"\x01\x02", is_little_endian=False) == 0x0102
    assert read.unsigned_short(b"\x01\x00\x00\x00") is None and read.unsigned_short(None) is None
