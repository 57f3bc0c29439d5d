"""Every action of the trail as an event of DICOM PS3.15 A.5: its EventID, its EventActionCode, its EventTypeCode.

Codes and meanings are those of DICOM PS3.16, context groups 400 (events) and 401 (types). A.5.3 fixes what may be done
in some events: an export is a read and an import a creation, so what is asked for, released or removed around them is
another event.
"""

from dataclasses import dataclass

AUDIT_LOG_USED = ("110101", "Audit Log Used")
INSTANCES_ACCESSED = ("110103", "DICOM Instances Accessed")
EXPORT = ("110106", "Export")
IMPORT = ("110107", "Import")
PATIENT_RECORD = ("110110", "Patient Record")
PROCEDURE_RECORD = ("110111", "Procedure Record")
QUERY = ("110112", "Query")
SECURITY_ALERT = ("110113", "Security Alert")
USER_AUTHENTICATION = ("110114", "User Authentication")
LOGIN, LOGOUT = ("110122", "Login"), ("110123", "Logout")
RESTRICTED_FUNCTION = ("110132", "Use of Restricted Function")
OBJECT_SECURITY = ("110135", "Object Security Attributes Changed")
ROLES_CHANGED = ("110136", "Security Roles Changed")
USER_SECURITY = ("110137", "User Security Attributes Changed")

CREATE, READ, UPDATE, DELETE, EXECUTE = "C", "R", "U", "D", "E"
SUCCESS, MINOR_FAILURE, SERIOUS_FAILURE = "0", "4", "8"
Code = tuple[str, str]


@dataclass(frozen=True)
class AtnaEvent:
    event: Code
    action: str
    type: Code | None = None
    outcome: str = SUCCESS


def _each(event: Code, action: str, names: str, type_: Code | None = None) -> dict[str, AtnaEvent]:
    return {name: AtnaEvent(event, action, type_) for name in names.split()}


OF_WRITES: dict[str, AtnaEvent] = {
    **_each(PATIENT_RECORD, CREATE, "create_patient record record_decision ask log_contact follow_up close_case"),
    **_each(PATIENT_RECORD, CREATE, "reopen_case change_verdict freeze_assessment confirm_identifier import_fhir"),
    **_each(PATIENT_RECORD, UPDATE, "update_patient revise notice_change notice_changed_back write_draft write_note"),
    **_each(
        PATIENT_RECORD, UPDATE, "write_private_note edit_entry submit_entry note_entry state_unknown duplicate_check"
    ),
    **_each(PATIENT_RECORD, CREATE, "return_entry answer_return"),
    **_each(PATIENT_RECORD, DELETE, "withdraw remove_identifier undo_import"),
    **_each(PATIENT_RECORD, READ, "request_export"),
    **_each(PROCEDURE_RECORD, CREATE, "start_reading sign_reading amend_reading propose score_lesion compute"),
    **_each(
        PROCEDURE_RECORD,
        UPDATE,
        "answer_reading confirm_netpet decide_proposal confirm_match reopen_match update_series",
    ),
    **_each(PROCEDURE_RECORD, UPDATE, "attach_series hold_series detach_series reject_identity read_object"),
    **_each(PROCEDURE_RECORD, UPDATE, "leave_out_series keep_in_chart take_up_series close_files reopen_files"),
    **_each(PROCEDURE_RECORD, UPDATE, "cancel_job retry_job"),
    **_each(PROCEDURE_RECORD, DELETE, "remove_score"),
    **_each(IMPORT, CREATE, "open_upload load_scale import_table"),
    **_each(
        EXPORT, READ, "export_fhir export_dicom export_patient download_export export_cohort download_cohort_export"
    ),
    "export_failed": AtnaEvent(EXPORT, READ, outcome=MINOR_FAILURE),
    **_each(SECURITY_ALERT, EXECUTE, "approve_cohort_export refuse_cohort_export", OBJECT_SECURITY),
    **_each(SECURITY_ALERT, EXECUTE, "remove_export remove_cohort_export", OBJECT_SECURITY),
    **_each(QUERY, EXECUTE, "ask_cohort_export keep_cohort_question delete_cohort_question"),
    # A meeting is planned, run and written down: an activity of the application about the cases it lists.
    **_each(PROCEDURE_RECORD, CREATE, "create_meeting list_case add_seat write_minutes create_series"),
    **_each(PROCEDURE_RECORD, UPDATE, "change_meeting arrange edit_item put_back postpone freeze_agenda"),
    **_each(PROCEDURE_RECORD, UPDATE, "start_meeting close_meeting set_attendance screen_show screen_control"),
    **_each(PROCEDURE_RECORD, DELETE, "take_off cancel_meeting"),
    **_each(SECURITY_ALERT, EXECUTE, "grant_access revoke_access", OBJECT_SECURITY),
    **_each(SECURITY_ALERT, EXECUTE, "create_user update_user change_password create_demo_user", USER_SECURITY),
    **_each(SECURITY_ALERT, EXECUTE, "create_team update_team", ROLES_CHANGED),
    **_each(SECURITY_ALERT, EXECUTE, "invite withdraw_invitation accept_invitation", USER_SECURITY),
    **_each(SECURITY_ALERT, EXECUTE, "reset_second_factor sign_out_everywhere unlock_account", USER_SECURITY),
    **_each(SECURITY_ALERT, EXECUTE, "try_emergency review_emergency", RESTRICTED_FUNCTION),
    **_each(SECURITY_ALERT, EXECUTE, "pair_display unpair_display", OBJECT_SECURITY),
    "confirm_at_hospital": AtnaEvent(USER_AUTHENTICATION, EXECUTE, LOGIN),
    "not_confirmed_at_hospital": AtnaEvent(USER_AUTHENTICATION, EXECUTE, LOGIN, MINOR_FAILURE),
    "display_code_refused": AtnaEvent(SECURITY_ALERT, EXECUTE, RESTRICTED_FUNCTION, MINOR_FAILURE),
}
OF_ACCESSES: dict[str, AtnaEvent] = {
    **_each(PATIENT_RECORD, READ, "page data print display list"),
    "picture": AtnaEvent(INSTANCES_ACCESSED, READ),
    "export": AtnaEvent(EXPORT, READ),
    "sign_in": AtnaEvent(USER_AUTHENTICATION, EXECUTE, LOGIN),
    "sign_out": AtnaEvent(USER_AUTHENTICATION, EXECUTE, LOGOUT),
    "sign_in_failed": AtnaEvent(USER_AUTHENTICATION, EXECUTE, LOGIN, MINOR_FAILURE),
    "locked_out": AtnaEvent(SECURITY_ALERT, EXECUTE, USER_SECURITY, SERIOUS_FAILURE),
    "trail_read": AtnaEvent(AUDIT_LOG_USED, READ),
    "trail_export": AtnaEvent(AUDIT_LOG_USED, READ),
}
# An action that came later than this table: said as a change of the record, never left out.
OTHERWISE = AtnaEvent(PATIENT_RECORD, UPDATE)


def event_of(*, action: str, is_access: bool) -> AtnaEvent:
    return (OF_ACCESSES if is_access else OF_WRITES).get(action, OTHERWISE)
