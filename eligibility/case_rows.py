"""Everything recorded about one patient, fetched once and wired together.

Pages, assessments on several days and the nightly check all start from the same ``CaseRows``, so what a page
shows and what a rule saw are the same rows.
"""

import datetime as dt
from dataclasses import dataclass, field
from functools import partial

from django.db.models import Model, Q, QuerySet

from eligibility.bundle import Build, bundle, bundle_once
from eligibility.models import ChangeVerdict
from eligibility.rewound_rows import as_read_then
from imaging.models import (
    Lesion,
    LesionFinding,
    LesionReading,
    Reading,
    Scan,
    Series,
    SuvInput,
    SuvResult,
    UptakeMeasurement,
    Voi,
)
from imaging.selectors import in_force
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    ClinicalRow,
    DatePrecision,
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    LabResult,
    Patient,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
    Versioned,
)
from patients.selectors import patient_as_known, patient_lookup, rows

VERSIONED: tuple[type[Versioned], ...] = (
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    TreatmentLine,
    SsaInjection,
    PrrtCycle,
    LabResult,
    PerformanceStatus,
    BodyMeasure,
    ClinicalEvent,
    ClinicalAssertion,
    Scan,
    Lesion,
    LesionFinding,
    Voi,
)


@dataclass
class CaseRows:
    """Rows of one patient, current or as known at ``known_at`` (system time); lists in clinical order.

    Days that contradict each other are not among them: what was written is in ``as_written`` of the row.
    """

    patient: Patient
    known_at: dt.datetime | None
    by_model: dict[type[Model], list] = field(default_factory=dict)

    def of(self, model: type[Model]) -> list:
        return self.by_model.get(model, [])


def fetch(patient: Patient, *, known_at: dt.datetime | None = None, also: tuple[Build, ...] = ()) -> CaseRows:
    """One query. ``also``: make querysets of further models for the same round trip (read them with ``of``)."""
    if known_at is None:
        found = bundle(patient, _versioned, _imaging, *also)
    else:
        as_known = (partial(build, known_at=known_at) for build in (_versioned, _imaging))
        found = bundle_once(patient, *as_known, *also)
    person = patient if known_at is None else (patient_as_known(patient, known_at) or _not_opened_yet(patient))
    case = CaseRows(
        person.as_counted(), known_at, found if known_at is None else as_read_then(patient, found, known_at)
    )
    for model in VERSIONED:
        case.by_model[model] = sorted((_counted(row, person) for row in case.of(model)), key=_clinical_order)
    _wire(case)
    return case


def _not_opened_yet(patient: Patient) -> Patient:
    """Before a case was opened nothing was known of it, not even age and sex."""
    return Patient(pk=patient.pk, case_number=patient.case_number, birth_date_precision=DatePrecision.UNKNOWN)


def _versioned(patient: Patient, known_at: dt.datetime | None = None) -> list[QuerySet]:
    return [rows(model, patient, known_at=known_at) for model in VERSIONED]


def _imaging(patient: Patient, known_at: dt.datetime | None = None) -> list[QuerySet]:
    scans = Scan.versions.filter(patient=patient)
    pet = scans.exclude(pet_series=None).values("pet_series")
    series = Q(pk__in=pet) | Q(pk__in=scans.exclude(ct_series=None).values("ct_series"))
    of_scans = {"scan__patient": patient}
    readings = Reading.objects.filter(**of_scans)
    verdicts = ChangeVerdict.objects.filter(patient=patient)
    if known_at is not None:
        readings = readings.filter(created_at__lte=known_at)
        verdicts = verdicts.filter(recorded_at__lte=known_at)
    corrections = SuvInput.versions.current() if known_at is None else SuvInput.versions.known_at(known_at)
    return [
        Series.objects.filter(series),
        corrections.filter(series__in=pet),
        SuvResult.objects.filter(in_force(known_at), series__in=pet),
        UptakeMeasurement.objects.filter(in_force(known_at), voi__scan__patient=patient),
        readings,
        LesionReading.objects.filter(reading__in=readings.values("pk")),
        verdicts,
    ]


def _counted(row: Versioned, person: Patient) -> Versioned:
    if not isinstance(row, ClinicalRow):
        return row
    row._meta.get_field("patient").set_cached_value(row, person)
    return row.as_counted()


def _clinical_order(row) -> tuple:
    """Oldest first, undated ones before all: the last counts as the newest, and nobody knows that of an undated one."""
    on = getattr(row, "clinical_date", None)
    return on is not None, on or dt.date.min, row.recorded_at, str(row.lineage)


def _wire(case: CaseRows) -> None:
    """Fill foreign keys and reverse sets from the rows at hand; a foreign key holds a lineage."""
    for model in VERSIONED:
        if patient_lookup(model) == "patient":
            to_patient = model._meta.get_field("patient")
            for row in case.of(model):
                to_patient.set_cached_value(row, case.patient)
    _link(case, IhcResult, "specimen", HistologySpecimen, "ihc_results")
    _link(case, PrrtCycle, "line", TreatmentLine, "prrt_cycles")
    _link(case, SuvInput, "series", Series, "suv_inputs")
    _link(case, SuvResult, "series", Series, "suv_results")
    _link(case, Scan, "pet_series", Series, "pet_of_scans")
    _link(case, Scan, "ct_series", Series, "ct_of_scans")
    _link(case, LesionFinding, "lesion", Lesion, "findings")
    _link(case, LesionFinding, "scan", Scan, "findings")
    _link(case, Voi, "scan", Scan, "vois")
    _link(case, Voi, "lesion", Lesion, "vois")
    _link(case, UptakeMeasurement, "voi", Voi, "measurements")
    _link(case, UptakeMeasurement, "suv_result", SuvResult, "measurements")
    _link(case, Reading, "scan", Scan, "readings")
    _link(case, LesionReading, "reading", Reading, "lesions")
    _link(case, LesionReading, "lesion", Lesion, "lesion_readings")


def _link(case: CaseRows, child: type[Model], name: str, parent: type[Model], reverse: str) -> None:
    parents = {getattr(row, "lineage", row.pk): row for row in case.of(parent)}
    children: dict = {key: [] for key in parents}
    to_parent = child._meta.get_field(name)
    for row in case.of(child):
        key = getattr(row, to_parent.attname)
        if key in parents:
            to_parent.set_cached_value(row, parents[key])
            children[key].append(row)
    nothing = child._default_manager.none()
    for key, row in parents.items():
        _prefetch(row, reverse, nothing, children[key])


def _prefetch(row: Model, reverse: str, nothing: QuerySet, found: list) -> None:
    """``nothing``: an empty queryset whose query all rows share; whoever narrows it gets a copy, as always."""
    queryset = type(nothing)(model=nothing.model, query=nothing.query)
    queryset._result_cache = found
    queryset._prefetch_done = True
    row.__dict__.setdefault("_prefetched_objects_cache", {})[reverse] = queryset
