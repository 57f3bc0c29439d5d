"""``manage.py decision ID`` prints a signed decision as JSON; ``--schema`` the JSON Schema of that."""

import json
import uuid

from board.decision_record import decision_record
from board.decision_schema import decision_schema
from board.models import BoardDecision
from patients.commands import CaseCommand, bad_input
from patients.services.accesses import record_read


class Command(CaseCommand):
    help = "Print a signed decision with everything it rests on as JSON."

    def add_arguments(self, parser):
        parser.add_argument("id", nargs="?", help="id of the decision")
        parser.add_argument("--schema", action="store_true", help="print docs/schemas/decision.schema.json")

    def handle(self, *args, **options):
        found = decision_schema() if options["schema"] else decision_record(_asked(options["id"]))
        self.stdout.write(json.dumps(found, indent=2, ensure_ascii=False))


def _asked(text: str | None) -> BoardDecision:
    if not text:
        raise bad_input("Name a decision by its id, or ask for --schema.")
    try:
        found = BoardDecision.objects.filter(pk=uuid.UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise bad_input(f"There is no decision “{text}”.")
    record_read(by=None, patient=found.patient, route="decision")
    return found
