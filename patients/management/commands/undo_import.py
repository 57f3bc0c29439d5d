"""``manage.py undo_import BATCH --by USER --reason TEXT``: take an import of tables back."""

from collections import Counter

from django.core.exceptions import PermissionDenied, ValidationError

from patients.bulk.undoing import UndoRefused, undo_import
from patients.commands import CaseCommand, acting_user, bad_input
from patients.domain.bulk_reasons import UNDONE
from patients.domain.roles import Capability
from patients.models import ImportBatch


class Command(CaseCommand):
    help = "Withdraw what an import brought, as far as nobody changed it since."

    def add_arguments(self, parser):
        parser.add_argument("batch", metavar="BATCH")
        parser.add_argument("--by", metavar="USER", required=True)
        parser.add_argument("--reason", required=True)

    def handle(self, *, batch, by, reason, **_):
        user = acting_user(by, Capability.EDIT_CLINICAL)
        try:
            found = undo_import(ImportBatch.objects.get(pk=batch), by=user, reason=reason)
        except (ImportBatch.DoesNotExist, ValidationError) as missing:
            raise bad_input("There is no such import.") from missing
        except (UndoRefused, PermissionDenied) as refused:
            raise bad_input(str(refused)) from refused
        for code, number in Counter(found.rows.exclude(undone="").values_list("undone", flat=True)).items():
            self.stdout.write(f"{number:6}  {UNDONE[code]}")
