"""The chain: what it says when nothing happened, and a thousand ways of changing what was signed."""

import datetime as dt
import random
import uuid
from importlib import import_module

import pytest
from django.apps import apps
from django.db import models, transaction

from board import chain
from board.append_only import lifted
from board.chain_content import EDITIONS, NEWEST, link_content
from board.domain.sealed import as_code, hash_of
from board.models import BoardDecision, ChainHead, ChainLink, Minutes
from eligibility.models import Assessment
from tests.board.chain_rows import small_chain
from tests.board.meeting_factories import make_meeting
from tests.parts import sliced
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]
FROZEN = BoardDecision.assessments.through


@pytest.fixture
def signed():
    by = make_user("chair")
    found = small_chain(by, make_patient(by=by))
    minutes = Minutes.objects.create(meeting=make_meeting(by), content={"cases": [1, 2.5]}, recorded_by=by)
    chain.append_now(by=by, kind="minutes", obj=minutes)
    return found


def test_untouched_it_has_nothing_to_say(signed):
    assert chain.verify() == []
    assert ChainHead.objects.get().sequence == len(signed) + 1


def test_an_empty_chain_has_nothing_to_say():
    assert chain.verify() == []


@pytest.mark.parametrize(
    ("name", "model"),
    [("decision", BoardDecision), ("assessment", Assessment), ("minutes", Minutes), ("link", ChainLink)],
)
def test_the_newest_edition_seals_every_column(name, model):
    """A new column: add it to a new edition in chain_content.py, and leave the old one as it is."""
    own = {"hash"} if model is ChainLink else set()
    assert EDITIONS[NEWEST][name] == {field.attname for field in model._meta.concrete_fields} - own


def test_a_code_is_found_as_it_was_typed(signed):
    code = chain.verification_code(chain.link_of(signed[0]))
    assert as_code(code.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == code


def test_signing_stops_where_the_chain_goes_on_behind_its_head(signed):
    ChainHead.objects.update(sequence=3)
    with pytest.raises(chain.ChainBroken):
        chain.append_now(by=signed[0].recorded_by, kind="decision", obj=signed[0])


@pytest.mark.one_engine
@pytest.mark.parametrize("tamperings", sliced(150, 1000))
def test_every_tampering_is_found(signed, tamperings):
    """Seeded. Each is made by SQL with the triggers away, looked for, and undone."""
    chance, missed = random.Random(20261126), []
    with lifted():
        for number in range(tamperings):
            with transaction.atomic():
                said = chance.choice(WAYS)(chance, signed)
                if not chain.verify():
                    missed.append((number, said))
                transaction.set_rollback(True)
        assert chain.verify() == []
    assert missed == []


def every(model):
    """Without the manager that refuses to change rows."""
    return models.QuerySet(model)


def change_column(model, row, chance, names) -> str:
    field = model._meta.get_field(chance.choice(sorted(names)))
    value = other_value(field, getattr(row, field.attname), chance)
    assert every(model).filter(pk=row.pk).update(**{field.attname: value}) == 1
    return f"{model.__name__}.{field.attname} = {value!r}"


def other_value(field, held, chance):
    if isinstance(field, models.JSONField):
        return {"was": held} if chance.random() < 0.5 else None if field.null and held is not None else [held, 1]
    if isinstance(field, models.DateTimeField):
        return held + dt.timedelta(microseconds=chance.choice([1, 10**9]))
    if isinstance(field, models.DateField):
        return (held or dt.date(2026, 1, 1)) + dt.timedelta(days=chance.choice([1, -400]))
    if isinstance(field.target_field if field.is_relation else field, models.UUIDField):
        return uuid.UUID(int=chance.getrandbits(128), version=4)
    if isinstance(held, int) or (field.null and held is None):
        return (held or 0) + 1
    if held and (chance.random() < 0.5 or len(held) == field.max_length):
        return held[:-1] + chance.choice([other for other in "0x " if other != held[-1]])
    return held + chance.choice([" ", "x", "\N{NO-BREAK SPACE}"])


def decision_column(chance, signed):
    names = EDITIONS[NEWEST]["decision"] - {"id"}
    return change_column(BoardDecision, chance.choice(signed), chance, names)


def assessment_column(chance, signed):
    row = chance.choice(list(chance.choice(signed).assessments.all()))
    return change_column(Assessment, row, chance, EDITIONS[NEWEST]["assessment"] - {"id"})


def minutes_column(chance, _):
    return change_column(Minutes, Minutes.objects.get(), chance, EDITIONS[NEWEST]["minutes"] - {"id"})


def link_column(chance, _):
    names = (EDITIONS[NEWEST]["link"] | {"hash"}) - {"sequence"}
    return change_column(ChainLink, chance.choice(list(ChainLink.objects.all())), chance, names)


def frozen_row(chance, signed):
    rows = list(FROZEN.objects.filter(boarddecision=chance.choice(signed)))
    others = Assessment.objects.exclude(pk__in=[row.assessment_id for row in rows])
    other, row = chance.choice(list(others)), chance.choice(rows)
    way = chance.choice(["missing", "extra", "another"])
    if way == "missing":
        FROZEN.objects.filter(pk=row.pk).delete()
    elif way == "extra":
        FROZEN.objects.create(boarddecision_id=row.boarddecision_id, assessment=other)
    else:
        FROZEN.objects.filter(pk=row.pk).update(assessment=other)
    return f"assessment {way}"


def link_deleted(chance, _):
    which = chance.randint(1, ChainHead.objects.get().sequence)
    every(ChainLink).filter(sequence=which).delete()
    return f"link {which} deleted"


def tail_cut(chance, _):
    """With the head moved back or not: what was signed is there without a link."""
    last = ChainHead.objects.get().sequence - chance.randint(1, 4)
    every(ChainLink).filter(sequence__gt=last).delete()
    moved = chance.random() < 0.5
    if moved:
        ChainHead.objects.update(sequence=last, hash=ChainLink.objects.get(sequence=last).hash)
    return f"cut behind {last}, head moved: {moved}"


def tail_gone(chance, signed):
    """The last decision, its link and the head are all put right: the trail still knows of it."""
    every(ChainLink).filter(sequence__gte=len(signed)).delete()
    every(Minutes).delete()
    FROZEN.objects.filter(boarddecision=signed[-1]).delete()
    every(BoardDecision).filter(pk=signed[-1].pk)._raw_delete("default")
    last = len(signed) - 1
    ChainHead.objects.update(sequence=last, hash=ChainLink.objects.get(sequence=last).hash)
    return "the last decision with everything"


def links_swapped(chance, _):
    one, other = chance.sample(list(ChainLink.objects.values_list("sequence", flat=True)), 2)
    for before, after in ((one, 900), (other, one), (900, other)):
        every(ChainLink).filter(sequence=before).update(sequence=after)
    return f"links {one} and {other} swapped"


def link_inserted(chance, signed):
    """A link with a right hash over something that nobody signed, the head moved to it."""
    head = ChainHead.objects.get()
    forged = ChainLink(
        sequence=head.sequence + 1, kind=chance.choice(["decision", "minutes", "letter"]), object_id=uuid.uuid4(),
        content_hash="c" * 64, previous_hash=head.hash, signed_at=signed[0].recorded_at, signed_by=signed[0].recorded_by,
    )  # fmt: skip
    forged.hash = hash_of(link_content(forged))
    forged.save(force_insert=True)
    ChainHead.objects.update(sequence=forged.sequence, hash=forged.hash)
    return "link inserted"


def link_made_to_fit(chance, signed):
    """A decision is changed, and its link is given the new hashes: the next one does not name it."""
    decision = chance.choice(signed)
    every(BoardDecision).filter(pk=decision.pk).update(text="quite another")
    link = chain.link_of(decision)
    link.content_hash = hash_of(chain.content_of("decision", BoardDecision.objects.get(pk=decision.pk)))
    every(ChainLink).filter(pk=link.pk).update(content_hash=link.content_hash, hash=hash_of(link_content(link)))
    return f"link {link.sequence} made to fit"


def head_changed(chance, _):
    head = ChainHead.objects.get()
    way = chance.choice(["gone", "hash", "ahead", "behind", "second"])
    if way == "gone":
        ChainHead.objects.all().delete()
    elif way == "hash":
        ChainHead.objects.update(hash=head.hash[::-1])
    elif way == "second":
        ChainHead.objects.create(pk=2, sequence=head.sequence, hash=head.hash)
    else:
        ChainHead.objects.update(sequence=head.sequence + (1 if way == "ahead" else -1))
    return f"head {way}"


def decision_inserted(chance, signed):
    row = BoardDecision.objects.get(pk=chance.choice(signed).pk)
    row.pk, row._state.adding = uuid.uuid4(), True
    row.save(force_insert=True)
    return "decision without a link"


def decision_deleted(chance, signed):
    decision = chance.choice(signed)
    FROZEN.objects.filter(boarddecision=decision).delete()
    every(BoardDecision).filter(pk=decision.pk)._raw_delete("default")
    return "decision deleted"


WAYS = [
    decision_column, decision_column, assessment_column, minutes_column, link_column, frozen_row, link_deleted, tail_cut,
    tail_gone, links_swapped, link_inserted, link_made_to_fit, head_changed, decision_inserted, decision_deleted,
]  # fmt: skip


def test_each_way_is_found_by_itself(signed):
    chance = random.Random(1)
    with lifted():
        for way in WAYS:
            for _ in range(3):
                with transaction.atomic():
                    said = way(chance, signed)
                    assert chain.verify(), said
                    transaction.set_rollback(True)


def test_decisions_from_before_the_chain_get_their_links(signed):
    seal = import_module("board.migrations.0009_chain_and_triggers").seal
    with lifted():
        every(Minutes)._raw_delete("default")
        every(ChainLink)._raw_delete("default")
        ChainHead.objects.all().delete()
        assert {problem.code for problem in chain.verify()} == {"no_link"}
        seal(apps, None)
    assert chain.verify() == []
    assert [link.object_id for link in ChainLink.objects.all()] == [decision.pk for decision in signed]
