"""``manage.py export_cohort QUESTION``: the de-identified export of the page, with its two people, in one go."""

import os
from pathlib import Path

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import CommandError

from board.cohort.query import CohortQuery, query_of
from board.cohort.running import REASONS, path_of, run
from board.cohort.services import approve_export, ask_for_export, note_download
from board.cohort.tables import TABLES
from board.cohort.views import asked_in
from board.models import CohortExport, CohortQuestion
from patients.commands import CaseCommand, acting_user, bad_input, moment_of
from patients.domain.roles import Capability


class Command(CaseCommand):
    help = "Export the cases of a question, de-identified. Two people stand for it; both are in the trail."

    def add_arguments(self, parser):
        parser.add_argument("question", help="name of a kept question of --by, or choices as in the page's address")
        parser.add_argument("--by", required=True, metavar="NAME", help="who asks: a researcher")
        parser.add_argument("--approved-by", required=True, metavar="NAME", help="a coordinator or the chair")
        parser.add_argument("--out", required=True, metavar="FILE", help="a new ZIP file")
        parser.add_argument("--agreement", required=True, help="number of the data use agreement")
        parser.add_argument("--reason", required=True, help="what it is for")
        parser.add_argument("--tables", help=f"parted by commas; default: all of {', '.join(TABLES)}")
        parser.add_argument("--known-at", help="record date or date-time: only what had been recorded by then")
        parser.add_argument("--free-text", action="store_true", help="columns of free text as well, not looked through")

    def handle(self, *, question, by, approved_by, out, **options):
        asker = acting_user(by, Capability.EXPORT_COHORT)
        approver = acting_user(approved_by, Capability.APPROVE_EXPORT)
        query, path = _query(asker, question), Path(out)
        if path.exists():
            raise bad_input(f"{path} cannot be written: it is there already.")
        try:
            export = ask_for_export(by=asker, query=query, **_asked(options))
            approve_export(by=approver, export=export)
        except (PermissionDenied, ValidationError) as refused:
            raise bad_input("; ".join(getattr(refused, "messages", [str(refused)]))) from refused
        run(export.pk)
        export.refresh_from_db()
        if export.state != CohortExport.State.DONE:
            raise CommandError(REASONS.get(export.reason_code, "Stopped."))
        _hand_out(export, path)
        note_download(by=asker, export=export)
        self.stderr.write(f"{export.patients} patients, {sum(export.rows.values())} rows, sha256 {export.sha256}.")


def _query(asker, text: str) -> CohortQuery:
    kept = CohortQuestion.objects.filter(user=asker, name=text).first()
    if kept:
        return query_of(kept.choices)
    if "=" not in text:
        raise bad_input(f"There is no kept question “{text}” of this user.")
    return asked_in(asker, text)


def _asked(options: dict) -> dict:
    known, tables = options.get("known_at"), options.get("tables")
    return {
        "agreement": options["agreement"],
        "reason": options["reason"],
        "tables": [name.strip() for name in tables.split(",")] if tables else list(TABLES),
        "known_at": moment_of(known) if known else None,
        "has_free_text": bool(options.get("free_text")),
    }


def _hand_out(export: CohortExport, path: Path) -> None:
    """Readable by nobody else, and never in the place of another file."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise bad_input(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(path_of(export).read_bytes())
