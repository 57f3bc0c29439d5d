"""What is missing in a case, by field: each with its name, and where it is entered."""

from eligibility.case_rows import CaseRows
from eligibility.domain.change import ChangeAssessment
from patients.models import Diagnosis, HistologySpecimen, Patient, TreatmentLine

# key -> (name, part of the case page where it is entered)
FIELDS: dict[str, tuple[str, str]] = {
    "sex": ("sex used in formulas", "overview"),
    "birth": ("date of birth", "overview"),
    "vital": ("vital status", "overview"),
    "site": ("primary site", "histology"),
    "functional": ("functional status", "histology"),
    "stage": ("stage", "histology"),
    "ki67": ("Ki-67", "histology"),
    "differentiation": ("differentiation", "histology"),
    "grade": ("grade", "histology"),
    "stop": ("end of the treatment", "lines"),
    "cycles": ("number of cycles", "lines"),
    "response": ("best response", "lines"),
    "ssa": ("somatostatin analogue before the scan", "scans"),
    "uptake_min": ("uptake time", "scans"),
    "injected_mbq": ("injected activity", "scans"),
    "weight_kg": ("body weight at the scan", "scans"),
    "uses_psf": ("resolution modelling (PSF)", "scans"),
    "scanner": ("scanner", "scans"),
    "extravasation": ("extravasation", "scans"),
    "quality": ("image quality", "scans"),
    "liver_suv": ("SUVmean of the liver", "scans"),
    "size": ("size of a lesion on both scans", "scans"),
}
_OF_SCANS = ("ssa", "uptake_min", "injected_mbq", "weight_kg", "uses_psf", "scanner", "extravasation", "quality")
_IN_CYCLES = (TreatmentLine.TreatmentClass.CHEMO, TreatmentLine.TreatmentClass.PRRT)
OF_PAIRS = frozenset({*_OF_SCANS, "liver_suv", "size"})


def gaps_of(case: CaseRows, tumour, line: TreatmentLine, change: ChangeAssessment | None) -> frozenset[str]:
    found = {*_of_person(case.patient), *_of_tumour(case, tumour), *_of_line(line)}
    return frozenset(found | (_of_change(change) if change else set()))


def _of_person(patient: Patient) -> set[str]:
    missing = {"sex": patient.sex_for_formulas in ("U", ""), "birth": patient.birth_date is None}
    missing["vital"] = patient.vital_status == Patient.VitalStatus.UNKNOWN
    return {key for key, is_missing in missing.items() if is_missing}


def _of_tumour(case: CaseRows, tumour) -> set[str]:
    diagnosis = (case.of(Diagnosis) or [None])[-1]
    stage = diagnosis.stage if diagnosis else "unknown"
    values = {
        "site": tumour.site,
        "functional": tumour.functional,
        "stage": stage,
        "differentiation": tumour.differentiation,
        "grade": tumour.grade,
    }
    has_ki67 = any(row.ki67_interval for row in case.of(HistologySpecimen))
    return {key for key, value in values.items() if value == "unknown"} | ({"ki67"} if not has_ki67 else set())


def _of_line(line: TreatmentLine) -> set[str]:
    missing = {
        "stop": line.stop_span is None and not line.is_ongoing,
        "cycles": line.cycles is None and line.treatment_class in _IN_CYCLES,
        "response": not line.best_response,
    }
    return {key for key, is_missing in missing.items() if is_missing}


def _of_change(change: ChangeAssessment) -> set[str]:
    both = (change.before, change.after)
    found = {name for name in _OF_SCANS if any(getattr(scan, name) in (None, "") for scan in both)}
    found |= {"liver_suv"} if any(scan.liver_suv is None for scan in both) else set()
    matched = [lesion for lesion in change.lesions if lesion.is_matched]
    if any(lesion.before.size_mm is None or lesion.after.size_mm is None for lesion in matched):
        found.add("size")
    return found
