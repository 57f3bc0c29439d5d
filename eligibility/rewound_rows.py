"""Rows fetched for an earlier moment, made to read as they read then.

An older version has an id of its own; then it stood under the name of its lineage, superseded by nothing, and so it
does here. A reading that was signed later was a draft, with the scores it had by then. Such rows are for reading only:
services take their row from the database again, under its lock.
"""

import datetime as dt

from django.db.models import Model

from imaging.models import LesionReading, Reading, Scan, Series
from patients.models import Patient, Versioned
from patients.selectors import as_they_were

Rows = dict[type[Model], list]


def as_read_then(patient: Patient, found: Rows, known_at: dt.datetime) -> Rows:
    for model, rows in found.items():
        for row in rows:
            if issubclass(model, Versioned):
                row.id = row.lineage
            if hasattr(row, "superseded_at"):
                row.superseded_at = None
    for model in (Series, Scan):
        for row in found[model]:
            row.known_at = known_at
    drafts = [_unsigned(reading) for reading in found[Reading] if _is_signed_later(reading, known_at)]
    drafts += [reading for reading in found[Reading] if reading.state == Reading.State.DRAFT]
    return {**found, LesionReading: _scores(patient, found[LesionReading], {row.pk for row in drafts}, known_at)}


def _is_signed_later(reading: Reading, known_at: dt.datetime) -> bool:
    return reading.signed_at is not None and reading.signed_at > known_at


def _unsigned(reading: Reading) -> Reading:
    reading.state, reading.signed_at, reading.inputs_sha256 = Reading.State.DRAFT, None, ""
    return reading


def _scores(patient: Patient, scores: list, drafts: set, known_at: dt.datetime) -> list:
    final = [score for score in scores if score.reading_id not in drafts]
    of_drafts = [score for score in scores if score.reading_id in drafts]
    return final + as_they_were(of_drafts, known_at, patient=patient, made_by=("score_lesion",))
