"""Texts that are words of the code: poisoning them would only test its lists. Every other text of every model is poisoned.

A new text field is poisoned by itself; one that must not be has to be named here.
"""

from patients.domain.bulk_reasons import REFUSED

# What a row needs besides, where any value will not do.
OWN: dict[str, dict[str, object]] = {
    "patients.ImportRow": {"table": "labs", "outcome": REFUSED, "code": "not_accepted"},
    "board.DecisionNotice": {"changes": [{"text": "<script>xss(1)</script>"}]},
    "board.DecisionDraft": {
        "content": {"rationale": "<script>xss(1)</script>", "question": "<img src=x onerror=xss(1)>"}
    },
    "board.EntryDraft": {"data": {"values": {"patient.question": "<script>xss(1)</script>"}, "base": {}}},
    "imaging.SuvInput": {"name": "suv_type"},  # the others are numbers, which no form takes as anything else
    "board.CaseClosing": {"is_closed": False, "reason": ""},
    "board.DecisionFollowUp": {"kind": "done", "assignee": None},
}
WORDS = frozenset(
    f"{label}.{name}"
    for label, names in {
        "patients.User": "password username",
        "patients.Invitation": "token_digest",
        "patients.Patient": "case_number",
        "patients.AuditEvent": "action object_type object_id",
        "patients.LabResult": "analyte",
        "patients.AccessEvent": "method",
        "patients.TrailSeal": "content_hash previous_hash hash",
        "patients.ImportBatch": "sha256",
        "patients.ImportRow": "code table outcome undone",
        "imaging.Study": "study_uid identity_digest dicom_sex",
        "imaging.Series": "series_uid split_key modality sop_class_uid frame_of_reference_uid tracer units manifest_sha256 volume_sha256 refusal_code",
        "imaging.Instance": "sop_uid sha256",
        "imaging.SuvResult": "input_digest method_version refusal_code",
        "imaging.Scan": "tracer",
        "imaging.Lesion": "given_tracking_uid",
        "imaging.ForeignObject": "sop_uid sha256 refusal_code input_digest",
        "imaging.Job": "input_digest method_version stage reason_code",
        "imaging.Upload": "reason_code",
        "imaging.UploadItem": "sha256 reason_code",
        "imaging.ImageProduct": "sha256 content_type content_encoding input_digest method_version",
        "imaging.Voi": "mask_sha256",
        "imaging.UptakeMeasurement": "input_digest method_version unit mask_sha256 refusal_code",
        "imaging.ProposalRun": "input_digest method_version refusal_code",
        "imaging.Proposal": "tracking_uid mask_sha256 refusal_code",
        "imaging.Reading": "inputs_sha256",
        "imaging.LesionReading": "rads_version",
        "imaging.WrongFile": "digest",
        "imaging.BackupNote": "digest",
        "eligibility.Assessment": "guideline_id guideline_version guideline_sha256 verdict digest",
        "eligibility.ChangeVerdict": "digest method_version",
        "board.ChainLink": "kind content_hash previous_hash hash",
        "board.ChainHead": "hash",
        "board.Submission": "key kind",
        "board.CohortQuestion": "digest",
        "board.CohortExport": "query_digest stage reason_code sha256",
        "board.DecisionFollowUp": "changes_digest",
        "board.ScreenState": "controller_key",
        "board.Display": "code token_digest",
        "board.PatientExport": "stage reason_code sha256",
        "board.DecisionNotice": "assessment_digest",
        "board.WatchState": "digest",
        "board.WatchCheck": "last_case edition",
    }.items()
    for name in names.split()
)

# Keys of JSON values under which persons, headers or sentences speak; under the others stand codes, numbers and keys.
SPOKEN = frozenset(
    {
        *(
            "text",
            "note",
            "message",
            "label",
            "name",
            "title",
            "description",
            "question",
            "reason",
            "sentence",
            "source",
        ),
        *("rationale", "finding", "words", "said", "comment", "summary", "wording", "excerpt"),
        *("manufacturer", "model_name", "radiopharmaceutical", "reconstruction"),
    }
)
TEXT_LISTS = frozenset({"patients.Diagnosis.metastatic_sites", "patients.TreatmentLine.drugs"})
TABS = ("eligibility", "change", "scans", "histology", "lines", "labs", "decisions", "contacts", "audit")
# Answered with JSON, text, pictures or a file: looked at without a browser, whose they are not to be read as a page.
NO_PAGE = {
    "text/plain",
    "application/json",
    "application/pdf",
    "image/png",
    "image/webp",
    "application/fhir+json",
    "application/zip",
    "application/xml",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Free texts of a header stand together in one series; words of a list each in one of its own, since many of them say
# that there is no SUV, and why in their own words.
FREE = [
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientComments",
    "OtherPatientIDs",
    "StudyDescription",
    "SeriesDescription",
    "StationName",
    "Manufacturer",
    "ManufacturerModelName",
    "InstitutionName",
    "ProtocolName",
    "ReferringPhysicianName",
    "OperatorsName",
    "SoftwareVersions",
    "AccessionNumber",
    "StudyID",
    "ImageComments",
    "DeviceSerialNumber",
    "ReconstructionMethod",
    "ConvolutionKernel",
]
OF_LISTS = [
    "PatientSex",
    "Modality",
    "ImageType",
    "SeriesType",
    "CorrectedImage",
    "Units",
    "SUVType",
    "DecayCorrection",
    "BurnedInAnnotation",
    "LossyImageCompression",
    "TimezoneOffsetFromUTC",
    "SpecificCharacterSet",
    "Radiopharmaceutical",
    "CodeValue",
    "CodeMeaning",
    "UniversalEntityID",
]
NO_IMAGE_WITH_IT = {"PhotometricInterpretation"}  # any other word is a refusal that repeats nothing
SAID_IN_JSON = {
    *(
        "board.DecisionDraft.content",
        "board.DecisionNotice.changes",
        "board.Minutes.content",
        "board.WatchState.reasons",
    ),
    *("imaging.Series.header", "imaging.Series.warnings", "imaging.SuvResult.absent", "imaging.SuvResult.inputs"),
    *("patients.AuditEvent.after", "patients.Diagnosis.metastatic_sites", "patients.TreatmentLine.drugs"),
}
