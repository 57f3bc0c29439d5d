"""Everything that writes patients, clinical rows, grants and accounts. Each write leaves its audit row."""

from patients.services.access import grant_access, revoke_access
from patients.services.audit import audit, snapshot
from patients.services.patients import confirm_identifier, create_patient, remove_identifier, update_patient
from patients.services.users import store_team, store_user
from patients.services.versions import Conflict, StillInUse, record, record_many, revise, revive, still_in_use, withdraw

__all__ = [
    "Conflict",
    "StillInUse",
    "audit",
    "confirm_identifier",
    "create_patient",
    "grant_access",
    "record",
    "record_many",
    "remove_identifier",
    "revise",
    "revive",
    "revoke_access",
    "snapshot",
    "still_in_use",
    "store_team",
    "store_user",
    "update_patient",
    "withdraw",
]
