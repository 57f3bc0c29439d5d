"""`manage.py verify_chain`: sentences, JSON and an exit code."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, models

from board.append_only import lifted
from board.chain import link_of, verification_code
from board.models import BoardDecision
from patients.models import AuditEvent
from tests.board.chain_rows import small_chain
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]


@pytest.fixture
def signed():
    by = make_user("chair")
    return small_chain(by, make_patient(by=by), 2)


def run(*arguments) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_chain", *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def change(decision):
    with lifted():
        models.QuerySet(BoardDecision).filter(pk=decision.pk).update(text="another")


def test_all_as_signed(signed):
    code, said = run()
    first, second = said.splitlines()
    assert (code, first) == (
        0, f"2 signed things, all as signed. Newest verification code: {verification_code(link_of(signed[1]))}"
    )  # fmt: skip
    assert second.startswith("0 seals of the trail; ") and second.endswith("came since and are not sealed yet.")


def test_the_trail_is_verified_too_and_its_head_can_be_kept_on_paper(signed, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    head = run("--head")[1].strip()
    assert run("--expect-head", head)[0] == 0 and run()[1].endswith("1 seals of the trail; every row is sealed.\n")
    code, said = run("--expect-head", f"9:{'0' * 64}")
    assert code == 1 and "its end is cut off" in said
    with lifted():
        models.QuerySet(AuditEvent).filter(pk=AuditEvent.objects.first().pk).update(reason="another")
    code, said = run()
    assert code == 1 and "Seal 1 of the trail" in said


def test_nothing_signed_yet():
    said = "0 signed things, all as signed.\n0 seals of the trail; every row is sealed.\n"
    assert run() == (0, said)


def test_a_changed_decision_is_named(signed):
    change(signed[0])
    code, said = run()
    assert code == 1
    assert f"Link 1: the decision {signed[0].pk} is not as signed." in said and "1 problem." in said


def test_as_json(signed):
    change(signed[1])
    code, said = run("--json")
    told = json.loads(said)
    assert (code, told["ok"], told["links"]) == (1, False, 2)
    assert [problem["code"] for problem in told["problems"]] == ["content_changed"]


def test_a_code_from_paper(signed):
    assert run("--expect", verification_code(link_of(signed[0])).lower().replace("-", " "))[0] == 0
    code, said = run("--expect", "0000-0000-0000-0000")
    assert code == 1 and "No link carries" in said


def test_a_missing_trigger_is_a_finding(signed):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER append_only_board_chainlink_delete")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE board_chainlink DISABLE TRIGGER append_only_board_chainlink_change")
    code, said = run()
    assert code == 1 and "lacks its trigger append_only_board_chainlink" in said
