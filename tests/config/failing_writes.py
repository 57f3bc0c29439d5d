"""Run as a program on a PostgreSQL of its own: every way in which a row of the product can be refused, with a word of the case."""

from functools import partial

import django
from django.db import Error, connection, transaction

WORD = "ZQCANARY"
ROOMS = {"patients", "imaging", "eligibility", "board"}


def refusals() -> dict[str, object]:
    from imaging.models import Lesion
    from patients.models import AccessGrant, AuditEvent, PatientIdentifier
    from patients.services import confirm_identifier
    from tests.contracts.world import make_world
    from tests.patients.factories import make_user

    by = make_user("nuclear_medicine")
    world = make_world(WORD, by)
    patient, made = world.patient, world.objects
    confirm_identifier(by=by, patient=patient, value=f"{WORD}-ID", reason=f"{WORD}-REASON")
    lesion = Lesion.objects.filter(patient=patient).first()
    closing = patient.closings.model(patient=patient, text=f"{WORD}-NOTE", is_closed=True, recorded_by=by)
    table = patient._meta.db_table
    return {
        "unique: a case number": lambda: again(patient),
        "unique: an identifier": lambda: again(PatientIdentifier.objects.get()),
        "unique: a study": lambda: again(made["series"].study),
        "unique: a label": lambda: again(lesion),
        "unique: an agenda item": lambda: again(made["item"]),
        "check: a grant": lambda: AccessGrant.objects.create(patient=patient, reason=f"{WORD}-REASON", granted_by=by),
        "check: a closing": closing.save,
        "too long: a case number": lambda: again(patient, case_number=f"{WORD}-CASE" * 50),
        "too long: a label": lambda: again(lesion, label=f"{WORD}-L" * 50),
        "absent: an organ": lambda: again(lesion, organ=None, label=WORD),
        "points nowhere": lambda: again(made["item"], patient_id=10**9, question=f"{WORD}-QUESTION-2"),
        "append-only: a row of the trail": lambda: plain(f'UPDATE "{AuditEvent._meta.db_table}" SET action = %s', WORD),
        "append-only: a decision": lambda: plain('UPDATE "board_boarddecision" SET text = %s', f"{WORD}-OTHER"),
        "no such column": lambda: plain(f"SELECT no_such FROM {table} WHERE case_number = '{WORD}'"),
        "divided by zero": lambda: plain(f"SELECT 1 / (length(case_number) * 0) FROM {table} WHERE centre = %s", f"{WORD}-CENTRE"),
        "too slow": lambda: slow(table),
    } | dict(bare_rows())  # fmt: skip


def bare_rows():
    """Into every table of the product that holds a text: the text alone, and the text far too long."""
    from django.apps import apps

    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if model._meta.app_label in ROOMS and field.db_type(connection).startswith(("varchar", "text")):
                statement = f'INSERT INTO "{model._meta.db_table}" ("{field.column}") VALUES (%s)'
                for what, text in (("absent", WORD[: field.max_length]), ("too long", f"{WORD}-LONG" * 200)):
                    yield f"{what}: {model._meta.label}.{field.name}", partial(plain, statement, text)


def again(row, **changed) -> None:
    """The same row once more, as another one."""
    model = type(row)
    values = {field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields}
    values.pop(model._meta.pk.attname)
    model._base_manager.create(**values | changed)


def plain(statement: str, *values: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values) or None)


def slow(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 50")
        cursor.execute(f"SELECT pg_sleep(5) FROM {table} WHERE centre = %s", [f"{WORD}-CENTRE"])


def main() -> None:
    with transaction.atomic():
        for name, act in refusals().items():
            print(f"{name}: {outcome(act)}", flush=True)
        transaction.set_rollback(True)


def outcome(act) -> str:
    try:
        with transaction.atomic():
            act()
            connection.check_constraints()
    except Error as error:
        return type(error).__name__
    return "nothing was refused"


if __name__ == "__main__":
    django.setup()
    main()
