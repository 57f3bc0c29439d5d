"""Scans, lesions, what was measured and what a reader signed. Written only: scans come in as DICOM, not as FHIR.

A number that rests on an input nobody has confirmed is not written. Readers are not named.
"""

import uuid
from decimal import Decimal
from typing import Any

from board.fhir.mapping.codes import LONGEST, OTHER_AXIS, TUMOUR_SIZE, site_concept
from board.fhir.mapping.parts import (
    Json,
    category,
    coding,
    concept,
    dated,
    extension,
    instant,
    local,
    notes,
    quantity,
    reference,
    resource,
)
from board.fhir.mapping.terms import (
    DICOM,
    LOINC,
    SNOMED,
    STUDY_UID,
    TRACKING_UID,
    UMLS,
    code_system,
    extension_url,
    profile,
)
from board.fhir.mapping.to_observations import component, joined
from imaging.domain.vocabulary import TRACER_CODES

SYSTEMS = {"SCT": SNOMED, "UMLS": UMLS, "99PRRT": code_system("99PRRT")}
SUV, LIVER_UNIT = coding(DICOM, "126401"), "g/ml{SUVbw}"
UPTAKE = (("suv_max", SNOMED, "56851009"), ("suv_mean", SNOMED, "373098007"), ("suv_peak_global", DICOM, "126031"))
ILLUSTRATIVE = "Illustrative: drawn for a demonstration, never a fact."


def scan(row: Any, patient_id: object) -> Json:
    series = [one for one in (row.pet_series, row.ct_series) if one is not None]
    study = f"urn:oid:{series[0].study.study_uid}" if series else ""
    return resource(
        "ImagingStudy",
        row.lineage,
        extension=[*_tracer(row.tracer), *extension("ssa-status", "Code", row.ssa_status)],
        identifier=[{"system": STUDY_UID, "value": study}] if study else None,
        status="available" if series else "unknown",
        subject=reference(patient_id),
        **dated("started", row.clinical_date, row.clinical_date_precision),
        note=[*notes(row.note), *notes(ILLUSTRATIVE if row.is_illustrative else "")],
        description=row.label,
        series=[{"uid": one.series_uid, "modality": coding(DICOM, one.modality)} for one in series],
    )


def _tracer(tracer: str) -> list[Json]:
    if not tracer:
        return []
    known = TRACER_CODES.get(tracer)  # type: ignore[call-overload]
    codes = [coding(SYSTEMS[known.scheme], known.value)] if known else []
    return [{"url": extension_url("tracer"), "valueCodeableConcept": concept(*codes, text=tracer)}]


def lesion(row: Any, patient_id: object) -> Json:
    uid = {"system": TRACKING_UID, "value": f"urn:oid:{row.tracking_uid}"}
    return resource(
        "BodyStructure",
        row.lineage,
        profile=profile("tumor"),
        extension=[*extension("lesion-kind", "Code", row.kind), *extension("is-target", "Boolean", row.is_target)],
        identifier=[uid, {"value": row.label}],
        location=site_concept("organ", row.organ, " ".join(word for word in (row.organ, row.segment) if word)),
        patient=reference(patient_id),
    )


def _of_lesion(pk: object, patient_id: object, on: Any, lesion_id: object, **fields: Any) -> Json:
    """An Observation about one lesion on one scan."""
    return resource(
        "Observation",
        pk,
        profile=fields.pop("profile", ""),
        extension=fields.pop("extension", None),
        status="final",
        category=category("imaging"),
        code=fields.pop("code"),
        subject=reference(patient_id),
        focus=[reference(lesion_id)],
        **dated("effectiveDateTime", on.clinical_date, on.clinical_date_precision),
        derivedFrom=[reference(on.lineage)],
        **fields,
    )


def finding(row: Any, patient_id: object) -> Json:
    """Whether the lesion was there on the scan, and how large on CT."""
    axes = ((LONGEST, row.long_axis_mm), (OTHER_AXIS, row.short_axis_mm), (OTHER_AXIS, row.third_axis_mm))
    sizes = joined(component(concept(coding(LOINC, code)), value, "mm", "mm") for code, value in axes)
    code = concept(coding(LOINC, TUMOUR_SIZE), text="tumour size") if sizes else local("row", "finding", "finding")
    return _of_lesion(
        row.lineage,
        patient_id,
        row.scan,
        row.lesion_id,
        profile=profile("tumor-size") if sizes else "",
        extension=[*extension("finding", "Code", row.status), *extension("necrosis", "Code", row.necrosis)],
        code=code,
        note=notes(ILLUSTRATIVE if row.is_illustrative else ""),
        component=sizes,
    )


def uptake(voi: Any, row: Any, on: Any, patient_id: object) -> Json:
    """SUV by body weight in one region of a lesion, with the version of the method."""
    parts = ((coding(system, code), getattr(row, name)) for name, system, code in UPTAKE)
    return _of_lesion(
        row.pk,
        patient_id,
        on,
        voi.lesion_id,
        code=concept(SUV, text="SUVbw"),
        method={"text": row.method_version},
        note=notes(ILLUSTRATIVE if on.is_illustrative else ""),
        component=[
            {"code": concept(code), "valueQuantity": quantity(rounded(value), row.unit, row.unit)}
            for code, value in parts
            if value is not None
        ]
        + component(concept(coding(SNOMED, "118565006")), rounded(row.volume_ml), "mL", "mL"),
    )


def rounded(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.3f}")


def score(row: Any, reading: Any, on: Any, patient_id: object) -> Json:
    """What a reader signed about one lesion: the Krenning score with its scale, and the relation to liver."""
    relation = row.relation_to_liver
    codes = (
        (local("99PRRT", "KR-LOW", "lowest"), row.score_low),
        (local("99PRRT", "KR-HIGH", "highest"), row.score_high),
    )
    is_exact = row.score_low is not None and row.score_low == row.score_high
    return _of_lesion(
        uuid.uuid5(reading.pk, str(row.lesion_id)),
        patient_id,
        on,
        row.lesion_id,
        extension=extension("krenning-scale", "Code", reading.scale_id),
        code=local("99PRRT", "KRENNING", f"Krenning score, scale {reading.scale_id}, read and signed"),
        issued=instant(reading.signed_at),
        valueCodeableConcept=local("99PRRT", f"KR{row.score_low}", row.score_text) if is_exact else None,
        valueString=None if is_exact else row.text or row.score_text,
        component=[
            *([{"code": code, "valueInteger": value} for code, value in codes if value is not None and not is_exact]),
            *(
                [
                    {
                        "code": local("99PRRT", "REL_LIVER"),
                        "valueCodeableConcept": local("99PRRT", f"REL_LIVER_{relation.upper()}"),
                    }
                ]
                if relation
                else []
            ),
        ],
    )
