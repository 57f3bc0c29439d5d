"""Everything that writes imaging rows: imports, identity decisions, corrections, regions, readings."""

from imaging.services.corrections import correct_suv_input, withdraw_suv_input
from imaging.services.identities import confirm_identity, detach_series, reject_identity
from imaging.services.importing import run_import
from imaging.services.lesions import withdraw_lesion
from imaging.services.measuring import run_measure
from imaging.services.readings import (
    amend_reading,
    comment_reading,
    remove_score,
    score_lesion,
    sign_reading,
    start_reading,
)
from imaging.services.requests import request_measurements, request_series
from imaging.services.series import run_series
from imaging.services.uploads import add_file, add_files, close_upload, open_upload
from imaging.services.vois import move_voi, place_voi, remove_voi

__all__ = [
    "add_file",
    "add_files",
    "amend_reading",
    "close_upload",
    "comment_reading",
    "confirm_identity",
    "correct_suv_input",
    "detach_series",
    "move_voi",
    "open_upload",
    "place_voi",
    "reject_identity",
    "remove_score",
    "remove_voi",
    "request_measurements",
    "request_series",
    "run_import",
    "run_measure",
    "run_series",
    "score_lesion",
    "sign_reading",
    "start_reading",
    "withdraw_lesion",
    "withdraw_suv_input",
]
