"""Everything that writes patients, clinical rows, grants and accounts. Each write leaves its audit row."""

from patients.services.access import close_case, follow_centre, grant_access, open_case, revoke_access
from patients.services.audit import audit, snapshot
from patients.services.break_glass import break_glass, end_emergency, review_emergency
from patients.services.invitations import accept, accept_open, invite, may_invite, open_invitation, withdraw_invitation
from patients.services.patients import confirm_identifier, create_patient, remove_identifier, update_patient
from patients.services.seen import OVERTAKEN, version_of
from patients.services.sessions import sign_out_everywhere
from patients.services.users import (
    change_account,
    follow_role,
    force_sign_out,
    guessing_key,
    reset_second_factor,
    set_active,
    store_team,
    store_user,
    unlock,
)
from patients.services.versions import Conflict, StillInUse, record, record_many, revise, revive, still_in_use, withdraw

__all__ = [
    "OVERTAKEN",
    "Conflict",
    "StillInUse",
    "accept",
    "accept_open",
    "audit",
    "break_glass",
    "change_account",
    "close_case",
    "confirm_identifier",
    "create_patient",
    "end_emergency",
    "follow_centre",
    "follow_role",
    "force_sign_out",
    "grant_access",
    "guessing_key",
    "invite",
    "may_invite",
    "open_case",
    "open_invitation",
    "record",
    "record_many",
    "remove_identifier",
    "reset_second_factor",
    "review_emergency",
    "revise",
    "revive",
    "revoke_access",
    "set_active",
    "sign_out_everywhere",
    "snapshot",
    "still_in_use",
    "store_team",
    "store_user",
    "unlock",
    "update_patient",
    "version_of",
    "withdraw",
    "withdraw_invitation",
]
