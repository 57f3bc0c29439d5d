"""Everything that writes imaging rows: imports, identity decisions, corrections, regions, proposals, readings."""

from imaging.services import outlines
from imaging.services.at_once import measure_at_once
from imaging.services.contours import run_contours
from imaging.services.corrections import correct_suv_input, withdraw_suv_input
from imaging.services.held_files import close_files, reopen_files
from imaging.services.identities import confirm_identity, detach_series, reject_identity, take_up_again
from imaging.services.importing import run_import
from imaging.services.lesions import came_with_reading, lesion_to_mark, withdraw_if_bare, withdraw_lesion
from imaging.services.looking import run_scan
from imaging.services.matches import confirm_match
from imaging.services.measuring import run_measure
from imaging.services.proposals import accept_as_lesion, accept_reference, reject_proposal, reopen_proposal
from imaging.services.reading_answers import answer_reading
from imaging.services.readings import (
    amend_reading,
    confirm_netpet,
    remove_score,
    score_lesion,
    sign_reading,
    start_reading,
)
from imaging.services.requests import (
    request_contours,
    request_look,
    request_looks,
    request_measurements,
    request_series,
)
from imaging.services.restoring import restore
from imaging.services.series import run_series
from imaging.services.standing import keep_in_chart
from imaging.services.steering import cancel_job, retry_job
from imaging.services.taking_back import take_back_acceptance, take_back_match
from imaging.services.uploads import add_file, add_files, close_upload, open_upload
from imaging.services.vois import move_voi, place_voi, remove_voi
from imaging.services.weights import compare_weights

__all__ = [
    "accept_as_lesion",
    "accept_reference",
    "add_file",
    "add_files",
    "amend_reading",
    "answer_reading",
    "came_with_reading",
    "cancel_job",
    "close_files",
    "close_upload",
    "compare_weights",
    "confirm_identity",
    "confirm_match",
    "confirm_netpet",
    "correct_suv_input",
    "detach_series",
    "keep_in_chart",
    "lesion_to_mark",
    "measure_at_once",
    "move_voi",
    "open_upload",
    "outlines",
    "place_voi",
    "reject_identity",
    "reject_proposal",
    "remove_score",
    "remove_voi",
    "reopen_files",
    "reopen_proposal",
    "request_contours",
    "request_look",
    "request_looks",
    "request_measurements",
    "request_series",
    "restore",
    "retry_job",
    "run_contours",
    "run_import",
    "run_measure",
    "run_scan",
    "run_series",
    "score_lesion",
    "sign_reading",
    "start_reading",
    "take_back_acceptance",
    "take_back_match",
    "take_up_again",
    "withdraw_if_bare",
    "withdraw_lesion",
    "withdraw_suv_input",
]
