"""Every contradiction through every door: refused with the way to keep it, kept with a reason, marked. The impossible never."""

import pytest

from tests.board.in_question.contradictory import (
    DOORS,
    IMPOSSIBLE,
    ODD,
    REASON,
    born_then,
    columns_of,
)
from tests.patients.factories import make_user

pytestmark = [pytest.mark.django_db]
TO_KEEP = "If it is right, say so in the"
THROUGH = [(name, door) for name, odd in ODD.items() for door in DOORS if door not in odd.not_through]


@pytest.fixture
def clerk(client):
    user = make_user("data_entry", is_staff=True)
    client.force_login(user)
    return user


def found(odd, patient) -> list:
    return list(odd.kind.objects.filter(patient=patient))


@pytest.mark.parametrize(("name", "door"), THROUGH)
def test_a_contradiction_is_kept_with_a_reason_only(client, clerk, name, door):
    odd, patient = ODD[name], born_then(clerk)
    said = DOORS[door](odd, patient, clerk, "", client)
    assert f"{odd.said} {TO_KEEP} {odd.reason_field}." in said
    assert found(odd, patient) == []
    assert DOORS[door](odd, patient, clerk, REASON, client) == ""
    (row,) = found(odd, patient)
    assert getattr(row, odd.reason_field) == REASON
    written = columns_of(odd.kind, odd.values | odd.also)
    assert {column: getattr(row, column) for column in written} == written | {odd.reason_field: REASON}
    assert odd.said in row.doubt_words and f"reason in the {odd.reason_field}" in row.doubt_words


@pytest.mark.parametrize("door", ["desk", "table", "proforma"])
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_is_refused_whatever_the_reason(client, clerk, name, door):
    odd, patient = IMPOSSIBLE[name], born_then(clerk)
    said = DOORS[door](odd, patient, clerk, REASON, client)
    assert said and TO_KEEP not in said
    assert found(odd, patient) == []
