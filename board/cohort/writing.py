"""The archive of an export: a CSV file a table, the dictionary, the question, the rule sets, the sum of each file."""

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from board.cohort.cases import CohortCase, cohort_case, read_case
from board.cohort.columns import Leaving, Table, leaves
from board.cohort.contents import PATIENT, READ_ME, dictionary, rule_sets
from board.cohort.query import query_of
from board.cohort.selection import candidates, matches
from board.cohort.tables import TABLES, columns_of
from board.domain.cohort_safe import pseudonym, shift_of
from board.models import BoardDecision, CaseClosing, CohortExport
from eligibility.case_rows import CaseRows
from patients.domain.spreadsheet import neutral
from patients.models import Patient
from patients.selectors import cohort_patients

Weighed = tuple[CaseRows, CohortCase | None]
ZIP_DAY = (1980, 1, 1, 0, 0, 0)  # no time of day in the archive


class Archive:
    """Takes case after case, then writes itself. ``rows`` by table; ``members``: digest of each case as it was."""

    def __init__(self, export: CohortExport):
        self.export = export
        self.tables = [TABLES[name] for name in export.tables if name in TABLES]
        self.rows = dict.fromkeys(export.tables, 0)
        self.members: dict[str, str] = {}
        self._texts = {table.name: io.StringIO(newline="") for table in self.tables}
        for table in self.tables:
            self._write(table, [PATIENT, *(c.name for c in self._columns(table))])

    def add(self, case: CaseRows, found: CohortCase, *, today: dt.date) -> None:
        leaving = self.leaving(case, found, today)
        seen = hashlib.sha256()
        for table in self.tables:
            for row in table.rows(leaving):
                values = [(column, column.get(leaving, row)) for column in self._columns(table)]
                seen.update(repr([str(value) for _, value in values]).encode())
                texts = [leaves(column, value, leaving.shift) for column, value in values]
                self._write(table, [leaving.name, *texts])
                self.rows[table.name] += 1
        self.members[str(case.patient.pk)] = seen.hexdigest()[:16]

    def leaving(self, case: CaseRows, found: CohortCase, today: dt.date) -> Leaving:
        key, scope, patient = settings.COHORT_KEY.encode(), f"export:{self.export.pk}", str(case.patient.pk)
        return Leaving(case, found, pseudonym(key, scope, patient), shift_of(key, scope, patient), today)

    def save(self, path: Path, now: dt.datetime) -> None:
        files = {f"tables/{name}.csv": text.getvalue() for name, text in self._texts.items()}
        files |= {
            "README.txt": READ_ME,
            "dictionary.csv": dictionary(self.tables, has_free_text=self.export.has_free_text),
            "query.json": _json(self._question(now)),
            "rule_sets.json": _json(rule_sets()),
        }
        sums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
        files["manifest.sha256"] = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        with path.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            path.chmod(0o600)
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, ZIP_DAY)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, files[name])

    def _question(self, now: dt.datetime) -> dict:
        query = query_of(self.export.choices)
        known = self.export.known_at or now
        return {
            "export": str(self.export.pk),
            "question": query.text_without_centre,
            "digest_without_centre": replace(query, centre="").digest,
            "agreement": neutral(self.export.agreement),
            "as_known_on": timezone.localdate(known).isoformat(),
            "patients": len(self.members),
            "rows": self.rows,
            "free_text": self.export.has_free_text,
            "program": {"name": "PRRT Board", "version": settings.VERSION},
        }

    def _columns(self, table: Table):
        return columns_of(table, has_free_text=self.export.has_free_text)

    def _write(self, table: Table, values: list[str]) -> None:
        csv.writer(self._texts[table.name], quoting=csv.QUOTE_ALL).writerow(
            [neutral(value, keeps_numbers=True) for value in values]
        )


def leaving_patients(export: CohortExport) -> list[Patient]:
    """Of whom it is to be asked whether they match: as known on an earlier day, everybody."""
    query = query_of(export.choices)
    if export.known_at is None:
        return list(candidates(export.asked_by, query))
    return list(cohort_patients(export.asked_by).order_by("case_number"))


def each_case(
    export: CohortExport, patients: list[Patient], today: dt.date
) -> Iterator[tuple[CaseRows, CohortCase | None]]:
    """Case after case with what the question says of it, None where it does not match."""
    query = query_of(export.choices)
    for patient in patients:
        case = read_case(patient, known_at=export.known_at)
        case.by_model = _as_known(case, export.known_at)
        found = cohort_case(case, query.event, query.within, today)
        yield case, found if matches(found, query) and _was_there(case) and _is_of(case, query.centre) else None


def _as_known(case: CaseRows, known_at: dt.datetime | None) -> dict:
    """What the board wrote has one version each: later ones were not known."""
    if known_at is None:
        return case.by_model
    kept = {
        model: [row for row in case.of(model) if row.recorded_at <= known_at] for model in (BoardDecision, CaseClosing)
    }
    return case.by_model | kept


def _was_there(case: CaseRows) -> bool:
    return case.known_at is None or case.patient.recorded_at <= case.known_at


def _is_of(case: CaseRows, centre: str) -> bool:
    return not centre or case.patient.centre == centre


def _json(value) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
