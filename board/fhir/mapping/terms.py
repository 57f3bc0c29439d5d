"""Addresses: code systems, profiles, extensions. Ours lie under a name that is reserved never to exist.

mCODE profiles: STU4 (4.0.0, FSH sources at commit 543477b). Nothing here has been checked against a profile.
"""

LOCAL = "http://prrt-board.invalid/fhir"
CASE_NUMBER = f"{LOCAL}/case-number"
TRACKING_UID = "urn:ietf:rfc:3986"
STUDY_UID = "urn:dicom:uid"

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
UMLS = "http://terminology.hl7.org/CodeSystem/umls"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CONDITION_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"

MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition"

NOTICE_CODE = "structure-checked"
NOTICE = "Research and decision support, not a certified medical device; structure checked, not profile-validated"


def code_system(name: str) -> str:
    """Address of one of our own code systems, e.g. "analyte"."""
    return f"{LOCAL}/CodeSystem/{name}"


def extension_url(name: str) -> str:
    """Address of one of our own extensions, e.g. "treatment-class"."""
    return f"{LOCAL}/StructureDefinition/{name}"


def profile(name: str) -> str:
    """Address of an mCODE profile, e.g. "tumor-marker-test"."""
    return f"{MCODE}/mcode-{name}"
