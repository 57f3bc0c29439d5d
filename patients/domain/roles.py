"""Who may do what. One enum of roles, one enum of capabilities, one table between them.

A capability says that a role may perform an action at all; on which patients is decided by
``patients.selectors`` through access grants. Both must hold.
"""

from enum import StrEnum


class Role(StrEnum):
    NUCLEAR_MEDICINE = "nuclear_medicine"
    CLINICIAN = "clinician"
    COORDINATOR = "coordinator"
    CHAIR = "chair"
    DATA_ENTRY = "data_entry"
    RESEARCHER = "researcher"
    OBSERVER = "observer"
    SYSTEM_ADMIN = "system_admin"
    DISPLAY = "display"


class Capability(StrEnum):
    READ_CHART = "read_chart"
    EDIT_CLINICAL = "edit_clinical"
    IMPORT_SCAN = "import_scan"
    RESOLVE_IDENTITY = "resolve_identity"
    CONFIRM_SUV_INPUT = "confirm_suv_input"
    MEASURE = "measure"
    SIGN_READING = "sign_reading"
    RECORD_DECISION = "record_decision"
    FOLLOW_UP = "follow_up"
    SEE_MEETING = "see_meeting"
    PREPARE_MEETING = "prepare_meeting"
    RUN_MEETING = "run_meeting"
    SEE_COHORT = "see_cohort"
    EXPORT_COHORT = "export_cohort"
    APPROVE_EXPORT = "approve_export"
    GRANT_ACCESS = "grant_access"
    MANAGE_USERS = "manage_users"
    BREAK_GLASS = "break_glass"
    INVITE_OBSERVER = "invite_observer"
    READ_TRAIL = "read_trail"


_C = Capability
_MAY: dict[Role, frozenset[Capability]] = {
    Role.NUCLEAR_MEDICINE: frozenset(
        {
            _C.READ_CHART,
            _C.EDIT_CLINICAL,
            _C.IMPORT_SCAN,
            _C.RESOLVE_IDENTITY,
            _C.CONFIRM_SUV_INPUT,
            _C.MEASURE,
            _C.SIGN_READING,
            _C.RECORD_DECISION,
            _C.FOLLOW_UP,
            _C.SEE_MEETING,
            _C.SEE_COHORT,
            _C.BREAK_GLASS,
        }
    ),
    Role.CLINICIAN: frozenset(
        {
            _C.READ_CHART,
            _C.EDIT_CLINICAL,
            _C.RECORD_DECISION,
            _C.FOLLOW_UP,
            _C.SEE_MEETING,
            _C.BREAK_GLASS,
        }
    ),
    Role.COORDINATOR: frozenset(
        {
            _C.READ_CHART,
            _C.EDIT_CLINICAL,
            _C.IMPORT_SCAN,
            _C.GRANT_ACCESS,
            _C.FOLLOW_UP,
            _C.SEE_MEETING,
            _C.PREPARE_MEETING,
            _C.RUN_MEETING,
            _C.SEE_COHORT,
            _C.APPROVE_EXPORT,
            _C.INVITE_OBSERVER,
            _C.READ_TRAIL,
        }
    ),
    Role.CHAIR: frozenset(
        {
            _C.READ_CHART,
            _C.RECORD_DECISION,
            _C.GRANT_ACCESS,
            _C.FOLLOW_UP,
            _C.SEE_MEETING,
            _C.PREPARE_MEETING,
            _C.RUN_MEETING,
            _C.SEE_COHORT,
            _C.APPROVE_EXPORT,
            _C.BREAK_GLASS,
        }
    ),
    Role.DATA_ENTRY: frozenset({_C.READ_CHART, _C.EDIT_CLINICAL, _C.IMPORT_SCAN}),
    Role.RESEARCHER: frozenset({_C.SEE_COHORT, _C.EXPORT_COHORT}),  # figures and pseudonyms, no page of a case
    Role.OBSERVER: frozenset({_C.READ_CHART, _C.SEE_MEETING}),
    Role.SYSTEM_ADMIN: frozenset({_C.MANAGE_USERS, _C.READ_TRAIL}),
    Role.DISPLAY: frozenset(),
}


def role_may(role: str, capability: Capability) -> bool:
    """Whether ``role`` carries ``capability``; an unknown role carries none."""
    try:
        return capability in _MAY[Role(role)]
    except ValueError:
        return False
