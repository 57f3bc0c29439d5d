"""Which rows are about one patient: every table has its path to the patient, or a sentence why it is left out."""

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from board.models import BoardDecision, ChainLink
from imaging.models import Series, UploadItem
from patients.models import Patient

PATHS: dict[str, str] = {
    "patients.Patient": "pk",
    "patients.PatientIdentifier": "patient",
    "patients.AccessGrant": "patient",
    "patients.AuditEvent": "patient",
    "patients.Diagnosis": "patient",
    "patients.HistologySpecimen": "patient",
    "patients.IhcResult": "specimen__patient",
    "patients.TreatmentLine": "patient",
    "patients.SsaInjection": "patient",
    "patients.PrrtCycle": "patient",
    "patients.LabResult": "patient",
    "patients.PerformanceStatus": "patient",
    "patients.BodyMeasure": "patient",
    "patients.ClinicalEvent": "patient",
    "patients.ClinicalAssertion": "patient",
    "imaging.KnownName": "patient",
    "imaging.Study": "series__candidate_patient",
    "imaging.Series": "candidate_patient",
    "imaging.Instance": "series__candidate_patient",
    "imaging.SuvInput": "series__candidate_patient",
    "imaging.SuvResult": "series__candidate_patient",
    "imaging.Scan": "patient",
    "imaging.Lesion": "patient",
    "imaging.LesionFinding": "scan__patient",
    "imaging.ForeignObject": "series__candidate_patient",
    "imaging.Job": "patient",
    "imaging.Upload": "patient",
    "imaging.UploadItem": "series__candidate_patient",
    "imaging.ImageProduct": "scan__patient",
    "imaging.Voi": "scan__patient",
    "imaging.UptakeMeasurement": "voi__scan__patient",
    "imaging.ProposalRun": "scan__patient",
    "imaging.Proposal": "scan__patient",
    "imaging.LesionMatch": "scan__patient",
    "imaging.Reading": "scan__patient",
    "imaging.LesionReading": "reading__scan__patient",
    "eligibility.Assessment": "patient",
    "eligibility.ChangeVerdict": "patient",
    "board.CaseQuestion": "patient",
    "board.Contact": "patient",
    "board.CaseClosing": "patient",
    "board.BoardDecision": "patient",
    "board.BoardDecision_assessments": "boarddecision__patient",
    "board.DecisionFollowUp": "decision__patient",
    "board.DecisionNotice": "decision__patient",
    "board.DecisionDraft": "item__patient",
    "board.AgendaItem": "patient",
    "board.Meeting": "items__patient",
    "board.Attendance": "meeting__items__patient",
    "board.DayNotice": "patient",
    "board.WatchState": "patient",
    "board.MissedLook": "patient",
    "board.PatientExport": "patient",
    "board.EntryDraft": "patient",
    "board.StatedUnknown": "patient",
    "board.EntryReturn": "patient",
    "board.ReturnAnswer": "about__patient",
    "patients.AccessEvent": "patient",
    "patients.ImportRow": "patient",
    "board.ChainLink": "object_id",
}

LEFT_OUT: dict[str, str] = {
    "patients.Team": "names of teams; the grants say which team",
    "patients.User": "accounts; whoever is named in a row is in “people” with name and role",
    "patients.User_teams": "accounts, not about a patient",
    "patients.User_groups": "accounts, not about a patient",
    "patients.User_user_permissions": "accounts, not about a patient",
    "patients.Invitation": "accounts to come, not about a patient",
    "patients.Invitation_teams": "accounts to come, not about a patient",
    "patients.ImportBatch": "one file of many cases; the rows of this patient are in patients.ImportRow",
    "patients.TrailSeal": "seals over the trail of everybody",
    "imaging.BackupNote": "when backups were made, not about a patient",
    "imaging.StoreCheck": "what a check of all stored files found",
    "imaging.WorkerBeat": "signs of life of workers",
    "imaging.WrongFile": "stored files found missing or damaged, by hash",
    "board.CohortQuestion": "what somebody asks of many cases",
    "board.CohortExport": "what left of many cases, under pseudonyms",
    "eligibility.OutboxCursor": "a reading position, not about a patient",
    "board.ChainHead": "the end of the chain of everybody",
    "board.Submission": "keys of forms that were sent, each for a short time",
    "board.MeetingSeries": "the plan of meetings, not about a patient",
    "board.SeriesMember": "the plan of meetings, not about a patient",
    "board.PrivateNote": "what one person wrote for themselves; nobody else may read it here either",
    "board.Minutes": "minutes hold every case of a meeting; this patient's decisions and agenda items are here",
    "board.ScreenState": "what a wall shows at this moment",
    "board.Display": "screens of meeting rooms",
    "board.WatchCheck": "when the nightly check ran, not about a patient",
}

# The frozen agenda of a meeting names every case on it; a print says nothing without the key, and with it a name.
COLUMNS_LEFT_OUT: dict[str, frozenset[str]] = {
    "board.Meeting": frozenset({"snapshot"}),
    "imaging.Series": frozenset({"name_print"}),
    "imaging.KnownName": frozenset({"name_print"}),
}


def rows_of(label: str, patient: Patient) -> QuerySet[Model]:
    """Every version of every row of that table about the patient, oldest key first.

    A series whose identity was not confirmed may be somebody else's: only attached ones count. Files that became no
    series are those of the uploads for this case.
    """
    model, path = apps.get_model(label), PATHS[label]
    found = model._base_manager.filter(_condition(model, path, patient))
    return model._base_manager.filter(pk__in=found.values("pk")).order_by("pk")


def _condition(model: type[Model], path: str, patient: Patient) -> Q:
    if model is ChainLink:
        return Q(object_id__in=BoardDecision.objects.filter(patient=patient).values("pk"))
    if not path.endswith("candidate_patient"):
        return Q(**{path: patient.pk if path == "pk" else patient})
    owner = path.removesuffix("candidate_patient")
    attached = Q(**{path: patient, f"{owner}identity": Series.Identity.ATTACHED})
    return attached | Q(series=None, upload__patient=patient) if model is UploadItem else attached
