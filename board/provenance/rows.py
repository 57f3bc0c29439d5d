"""The chain of a value that a person entered: short, and it says so."""

from django.utils import timezone

from board.chart import Chart
from board.identity import in_question
from board.provenance.chain import Chain, Link, facts
from board.provenance.criteria import used_by
from board.record_table import ROW_MODELS, record_rows
from patients.models import HistologySpecimen

BY_HAND = "Entered by hand, no image source."


def row_chain(chart: Chart, lineage: str) -> Chain | None:
    row = next((row for model in ROW_MODELS for row in chart.of(model) if str(row.lineage) == lineage), None)
    shown = next((found for found in record_rows(chart) if found.key == lineage), None)
    if lineage == str(chart.patient.pk):
        return _person(chart)
    if row is None or shown is None:
        return None
    record = Link(
        "Record",
        facts(
            ("What", shown.what),
            ("Value", shown.detail),
            ("Clinical date", shown.day),
            ("Note", row.note),
            ("In question", row.doubt_words),
            ("Recorded by", chart.names.get(row.recorded_by_id, "not known")),
            ("Recorded", f"{timezone.localtime(row.recorded_at):%Y-%m-%d %H:%M}"),
        ),
        note=BY_HAND,
    )
    graded = [_grade(chart, row)] if isinstance(row, HistologySpecimen) else []
    return Chain(f"{shown.lane}: {shown.what}", (record, *graded, used_by(chart, {lineage})))


def _person(chart: Chart) -> Chain:
    """Date of birth and sex used in formulas stand with the case itself."""
    person = chart.patient
    record = Link(
        "Record",
        facts(
            ("Initials", person.initials or "not recorded"),
            ("Sex used in formulas", person.get_sex_for_formulas_display()),
            (
                "Date of birth",
                f"recorded to the {person.birth_date_precision}" if person.birth_date else "not recorded",
            ),
            ("In question", in_question(person)),
            ("Recorded", f"{timezone.localtime(person.recorded_at):%Y-%m-%d %H:%M}"),
        ),
        note=BY_HAND,
    )
    return Chain("Case: who the patient is", (record, used_by(chart, {str(person.pk)})))


def _grade(chart: Chart, specimen: HistologySpecimen) -> Link:
    found = chart.grades[specimen.pk]
    return Link(
        "Grade",
        facts(
            ("Ki-67 as written", specimen.ki67_text or "not stated"),
            ("Read as", _interval(specimen)),
            ("Mitoses per 2 mm²", specimen.mitoses_per_2mm2),
            ("Differentiation", specimen.get_differentiation_display()),
            ("Computed", f"{found.label} by {found.edition}"),
            ("Stated", specimen.stated_grade or "not stated"),
        ),
    )


def _interval(specimen: HistologySpecimen) -> str:
    low, high = specimen.ki67_low, specimen.ki67_high
    if low is None and high is None:
        return "no number"
    ends = [("more than " if specimen.ki67_low_open else "") + f"{low.normalize():f}" if low is not None else ""]
    ends += [("less than " if specimen.ki67_high_open else "") + f"{high.normalize():f}" if high is not None else ""]
    return f"{' to '.join(dict.fromkeys(end for end in ends if end))} %"
