"""One lesion of a TID 1500 report: measurements and Krenning score, with the codes of the standard where it has any."""

from typing import Any

from pydicom.sr.coding import Code as DicomCode

from imaging.domain.vocabulary import SUV_UNITS, Code
from imaging.object_export import (
    BACKGROUND_LIVER,
    PRIVATE_SCHEME,
    ExportRefused,
    KrenningStatement,
    LesionExport,
    LesionNumbers,
    SourceSeries,
)

_MAX, _MEAN = DicomCode("56851009", "SCT", "Maximum"), DicomCode("373098007", "SCT", "Mean")
_PEAK = DicomCode("126031", "DCM", "Peak Value Within ROI")
_DERIVATIONS = {"suv_max": _MAX, "suv_mean": _MEAN, "suv_peak": _PEAK}
_LOCAL_PEAK = DicomCode("VJGA", "IBSI", "Local intensity peak")
_GLOBAL_PEAK = DicomCode("0F91", "IBSI", "Global intensity peak")
_VOLUME = DicomCode("118565006", "SCT", "Volume")
_VOXEL_SUM = DicomCode("126030", "DCM", "Sum of segmented voxel volumes")
_MILLILITRE, _RATIO = DicomCode("ml", "UCUM", "milliliter"), DicomCode("{ratio}", "UCUM", "ratio")
_LIVER_RATIO = DicomCode("126039", "DCM", "Lesion to Background SUV Ratio")
_BACKGROUND = DicomCode("126040", "DCM", "Background for Lesion to Background SUV Ratio")
_TOTAL = DicomCode("TLSRE", PRIVATE_SCHEME, "Total lesion somatostatin receptor expression")
_SCALE = DicomCode("KRENNING_SCALE", PRIVATE_SCHEME, "Scale and version of the Krenning score")
_RELATION = DicomCode("REL_LIVER", PRIVATE_SCHEME, "Uptake in relation to normal liver")
_RELATIONS = {
    "none": "No uptake",
    "below": "Below normal liver",
    "equal": "Equal to normal liver",
    "above": "Above normal liver",
}
_SUV = {
    SUV_UNITS["bw"]: (
        DicomCode("126401", "DCM", "SUVbw"),
        DicomCode("126410", "DCM", "SUV body weight calculation method"),
    ),
    SUV_UNITS["lbm_james"]: (
        DicomCode("126402", "DCM", "SUVlbm"),
        DicomCode("126411", "DCM", "SUV lean body mass calculation method"),
    ),
    SUV_UNITS["lbm_janmahasatian"]: (
        DicomCode("126405", "DCM", "SUVlbm(Janma)"),
        DicomCode("126414", "DCM", "SUV lean body mass (Janma) calculation method"),
    ),
}


def measurement_group(source: SourceSeries, lesion: LesionExport, segmentation: Any) -> Any:
    """TID 1411: a volumetric group that names the lesion's segment. Raises ``ExportRefused``."""
    import highdicom as hd

    numbers = lesion.numbers
    assert numbers is not None
    if numbers.unit not in _SUV:
        raise ExportRefused(f"SUV in {numbers.unit} cannot be reported.")
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=lesion.tracking_uid, identifier=lesion.tracking_id),
        referenced_segment=hd.sr.ReferencedSegment(
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=lesion.number,
            source_series=hd.sr.SourceSeriesForSegmentation(source.series_uid),
        ),
        finding_type=dicom_code(lesion.finding),
        method=_SUV[numbers.unit][1],
        finding_sites=[hd.sr.FindingSite(dicom_code(lesion.finding_site))] if lesion.finding_site else None,
        measurements=_measurements(numbers),
        qualitative_evaluations=_evaluations(lesion.krenning) if lesion.krenning else None,
    )


def _measurements(numbers: LesionNumbers) -> list[Any]:
    import highdicom as hd

    name, unit = _SUV[numbers.unit][0], DicomCode(numbers.unit, "UCUM", numbers.unit)
    suv = [
        (numbers.suv_max, _MAX, None),
        (numbers.suv_mean, _MEAN, None),
        (numbers.suv_peak_local, _PEAK, _LOCAL_PEAK),
        (numbers.suv_peak_global, _PEAK, _GLOBAL_PEAK),
    ]
    found = [
        hd.sr.Measurement(name=name, value=float(value), unit=unit, derivation=derivation, method=method)
        for value, derivation, method in suv
        if value is not None
    ]
    found.append(hd.sr.Measurement(name=_VOLUME, value=float(numbers.volume_ml), unit=_MILLILITRE, method=_VOXEL_SUM))
    if numbers.total_lesion_sstr_expression is not None:
        total = float(numbers.total_lesion_sstr_expression)
        found.append(hd.sr.Measurement(name=_TOTAL, value=total, unit=DicomCode("g", "UCUM", "gram")))
    if numbers.liver_ratio is not None:
        found.append(_liver_ratio(numbers))
    return found


def _liver_ratio(numbers: LesionNumbers) -> Any:
    import highdicom as hd

    ratio = hd.sr.Measurement(
        name=_LIVER_RATIO,
        value=float(numbers.liver_ratio),
        unit=_RATIO,
        derivation=_DERIVATIONS[numbers.liver_ratio_of],
    )
    background = hd.sr.CodeContentItem(_BACKGROUND, dicom_code(BACKGROUND_LIVER), "HAS CONCEPT MOD")
    ratio[0].ContentSequence.append(background)
    return ratio


def _evaluations(krenning: KrenningStatement) -> list[Any]:
    """Score, scale with version, and relation to liver, all in the private scheme: the standard has no codes."""
    import highdicom as hd

    scale = krenning.scale.removeprefix("KR-")
    name = DicomCode(f"KRENNING_{scale}", PRIVATE_SCHEME, f"Krenning score, scale {krenning.scale}")
    score = DicomCode(f"KR{krenning.score}", PRIVATE_SCHEME, f"Krenning {krenning.score}")
    version = DicomCode(krenning.version, PRIVATE_SCHEME, f"{krenning.scale}, {krenning.version}")
    relation = krenning.relation_to_liver
    against = DicomCode(f"REL_LIVER_{relation.upper()}", PRIVATE_SCHEME, _RELATIONS[relation])
    pairs = ((name, score), (_SCALE, version), (_RELATION, against))
    return [hd.sr.QualitativeEvaluation(name=name, value=value) for name, value in pairs]


def dicom_code(code: Code) -> DicomCode:
    return DicomCode(code.value, code.scheme, code.meaning)
