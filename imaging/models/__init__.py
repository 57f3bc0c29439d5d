"""What was seen: uploads, jobs, series, scans, lesions, regions, measurements, readings, proposals, pictures."""

from imaging.models.foreign import ForeignObject
from imaging.models.jobs import Job, Upload, UploadItem
from imaging.models.names import KnownName
from imaging.models.products import ImageProduct
from imaging.models.proposals import LesionMatch, Proposal, ProposalRun
from imaging.models.readings import SIGNED_IS_FINAL, LesionReading, Reading
from imaging.models.regions import UptakeMeasurement, Voi
from imaging.models.scans import Lesion, LesionFinding, Scan
from imaging.models.series import Instance, Series, Study, SuvInput, SuvResult
from imaging.models.upkeep import BackupNote, StoreCheck, WorkerBeat, WrongFile

__all__ = [
    "SIGNED_IS_FINAL",
    "BackupNote",
    "ForeignObject",
    "ImageProduct",
    "Instance",
    "Job",
    "KnownName",
    "Lesion",
    "LesionFinding",
    "LesionMatch",
    "LesionReading",
    "Proposal",
    "ProposalRun",
    "Reading",
    "Scan",
    "Series",
    "StoreCheck",
    "Study",
    "SuvInput",
    "SuvResult",
    "Upload",
    "UploadItem",
    "UptakeMeasurement",
    "Voi",
    "WorkerBeat",
    "WrongFile",
]
