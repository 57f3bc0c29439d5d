"""The trail is sealed, and a row that is changed, taken, added, moved or cut off is found."""

import copy
import random

import pytest
from django.db import DatabaseError, connection, models, transaction

from patients import trail_seals
from patients.append_only import TRAIL
from patients.domain.trail_chain import (
    TABLES,
    content_hash,
    problem_of_anchor,
    problems_of_rows,
    problems_of_seals,
    seal_hash,
)
from patients.models import AccessEvent, AuditEvent, TrailSeal
from patients.reads import Notes
from patients.services.accesses import Asked, record_reads
from tests.parts import sliced
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.both_engines


@pytest.fixture
def trail(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    user = make_user()
    patients = [make_patient(by=user) for _ in range(3)]
    for _ in range(2):
        for patient in patients:
            record_reads(asked=Asked(by=user, route="board:patient"), notes=Notes({str(patient.pk): "page"}))
        trail_seals.seal()
    return user, patients


def every(model):
    """The rows without the guard of their manager."""
    return models.QuerySet(model)


def codes():
    return {problem.code for problem in trail_seals.verify_trail()}


def test_what_came_is_sealed_and_holds(trail):
    assert TrailSeal.objects.count() == 2 and trail_seals.verify_trail() == []
    assert trail_seals.unsealed() == {"writes": 0, "accesses": 0} and trail_seals.seal() is None
    make_patient(by=trail[0])
    assert trail_seals.unsealed()["writes"] > 0 and trail_seals.verify_trail() == []


@pytest.mark.parametrize("model", [AuditEvent, AccessEvent, TrailSeal])
@pytest.mark.parametrize(
    "change", [lambda rows: rows.update(**{rows.model._meta.pk.name: 10**9}), lambda rows: rows._raw_delete("default")]
)
def test_the_database_refuses_to_change_it(trail, model, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(every(model).filter(pk=model.objects.first().pk))
    assert TRAIL.unprotected() == []


def test_a_long_trail_is_sealed_in_batches(trail, monkeypatch):
    monkeypatch.setattr(trail_seals, "BATCH", 4)
    user, patients = trail
    for patient in patients * 3:
        record_reads(asked=Asked(by=user, route="board:patient"), notes=Notes({str(patient.pk): "page"}))
    assert trail_seals.seal_all() == 3, "nine rows, four at once"
    assert list(TrailSeal.objects.values_list("accesses_count", flat=True))[2:] == [4, 4, 1]
    assert trail_seals.unsealed() == {"writes": 0, "accesses": 0} and trail_seals.verify_trail() == []


def test_a_changed_and_a_deleted_row_are_named_with_their_seal(trail):
    with TRAIL.lifted():
        every(AccessEvent).filter(pk=AccessEvent.objects.last().pk).update(address="10.9.9.9")
        first = AuditEvent.objects.first()
        every(AuditEvent).filter(pk=first.pk)._raw_delete("default")
    said = [problem.sentence for problem in trail_seals.verify_trail()]
    assert len(said) == 2 and said[0].startswith("Seal 1 of the trail: writes 1 to") and "rows and are" in said[0]
    assert said[1].startswith("Seal 2 of the trail") and "changed" in said[1]


def test_a_cut_end_is_found_by_what_was_noted_outside(trail):
    noted = trail_seals.head()
    with TRAIL.lifted():
        last = TrailSeal.objects.last()
        every(AccessEvent).filter(id__gt=last.accesses_from)._raw_delete("default")
        every(TrailSeal).filter(pk=last.pk)._raw_delete("default")
    assert codes() == set(), "without a note outside nobody could know"
    assert [problem.code for problem in trail_seals.verify_trail(anchors=[noted])] == ["trail_cut"]


def in_memory(table: str) -> list[dict]:
    return list(trail_seals._rows(table, 0, 10**9, trail_seals.NEWEST))


class Trail:
    """Seals and rows in memory, to be tampered with a thousand times."""

    def __init__(self):
        self.seals = [trail_seals.said_by(seal) for seal in TrailSeal.objects.order_by("sequence")]
        self.rows = {table: in_memory(table) for table in TABLES}
        self.anchor = (self.seals[-1]["sequence"], self.seals[-1]["hash"])

    def problems(self):
        hashes = {seal["sequence"]: seal["hash"] for seal in self.seals}
        found = problems_of_seals(self.seals) + problem_of_anchor(hashes, *self.anchor)
        for seal in self.seals:
            found += problems_of_rows(seal, {table: self._of(seal, table) for table in TABLES})
        return found

    def _of(self, seal, table):
        start, end = seal[f"{table}_from"], seal[f"{table}_to"]
        return sorted((row for row in self.rows[table] if start < row["id"] <= end), key=lambda row: row["id"])


def edit(trail, chance):
    row = chance.choice(trail.rows[chance.choice(TABLES)])
    name = chance.choice(sorted(set(row) - {"id"}))
    row[name] = {"other": 1} if row[name] is None else None if chance.random() < 0.5 else "another"


def delete(trail, chance):
    rows = trail.rows[chance.choice(TABLES)]
    rows.remove(chance.choice(rows))


def insert(trail, chance):
    """In the place of a number that a transaction rolled back would have left free."""
    rows = trail.rows[chance.choice(TABLES)]
    rows.append(copy.deepcopy(chance.choice(rows)) | {"id": chance.choice(rows)["id"] - 0.5})


def reorder(trail, chance):
    one, other = chance.sample(trail.rows[chance.choice(TABLES)], 2)
    one["id"], other["id"] = other["id"], one["id"]


def truncate(trail, chance):
    last = trail.seals.pop()
    for table in TABLES:
        trail.rows[table] = [row for row in trail.rows[table] if row["id"] <= last[f"{table}_from"]]


def write_anew(trail, chance):
    """A row changed and every seal after it made anew, as somebody could who owns the database."""
    edit(trail, chance)
    before = ""
    for seal in trail.seals:
        seal["content_hash"], _ = content_hash({table: trail._of(seal, table) for table in TABLES})
        seal["previous_hash"] = before
        seal["hash"] = before = seal_hash(seal)


def change_seal(trail, chance):
    seal = chance.choice(trail.seals)
    seal[chance.choice(["writes_to", "accesses_to", "accesses_count", "sequence", "edition"])] += 1


@pytest.mark.one_engine
@pytest.mark.parametrize("tamperings", sliced(200, 1000))
def test_all_tamperings_are_found(trail, tamperings):
    whole, chance = Trail(), random.Random(7)
    assert whole.problems() == []
    missed = []
    for number in range(tamperings):
        tampered = copy.deepcopy(whole)
        how = chance.choice([edit, delete, insert, reorder, truncate, write_anew, change_seal])
        how(tampered, chance)
        if not tampered.problems():
            missed.append((number, how.__name__))
    assert missed == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_truncation_is_refused(trail):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE patients_accessevent")
