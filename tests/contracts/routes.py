"""The manifest: every route, what it is about, and which roles may use it. A route that is not here fails the suite,
and so does an address that is not in addresses.py, which gives each route its one pattern.

Roles are written out, not derived from the capability table: this file is the second opinion on it.
"""

from dataclasses import dataclass

from patients.domain.roles import Role

NM, CL, CO, CH = Role.NUCLEAR_MEDICINE, Role.CLINICIAN, Role.COORDINATOR, Role.CHAIR
DE, RE, OB, SA, DI = Role.DATA_ENTRY, Role.RESEARCHER, Role.OBSERVER, Role.SYSTEM_ADMIN, Role.DISPLAY

NOBODY: frozenset[Role] = frozenset()
EVERYONE = frozenset(Role)
READERS = frozenset({NM, CL, CO, CH, DE, OB})
MANAGERS = frozenset({SA})
INVITERS = frozenset({CO, SA})
GRANTERS = frozenset({CO, CH})
IN_EMERGENCIES = frozenset({NM, CL, CH})
IMPORTERS = frozenset({NM, CO, DE})
RESOLVERS = frozenset({NM})
MEASURERS = frozenset({NM})
SIGNERS = frozenset({NM})
DECIDERS = frozenset({NM, CL, CH})
FOLLOWERS = frozenset({NM, CL, CO, CH})
SEERS = frozenset({NM, CL, CO, CH, OB})
PREPARERS = frozenset({CO, CH})
RUNNERS = frozenset({CO, CH})
ENTERERS = frozenset({NM, CL, CO, DE})
COHORT = frozenset({RE, NM, CO, CH})
ASKERS = frozenset({RE})
APPROVERS = frozenset({CO, CH})
TRAIL_READERS = frozenset({CO, SA})
CARRIERS = frozenset({NM, CL, CO, CH, DE})


@dataclass(frozen=True)
class Rule:
    """``about``: the kind of object in the address. ``others``: who may use it though it is not theirs."""

    about: str = ""
    get: frozenset[Role] | None = None
    post: frozenset[Role] | None = None
    others: frozenset[Role] = NOBODY
    may_be_missing: bool = False
    makes: frozenset[str] = frozenset()  # tables in which looking at it leaves a row


ROUTES: dict[str, list[Rule]] = {
    "board:home": [Rule(get=EVERYONE)],
    "board:patients": [Rule(get=READERS)],
    "board:watch": [Rule(get=READERS)],
    "board:watch_act": [Rule("case_number", post=FOLLOWERS)],
    "board:closing": [Rule("case_number", post=FOLLOWERS)],
    "board:patient": [Rule("case_number", get=READERS)],
    "board:entry_new": [Rule(get=ENTERERS)],
    "board:entry_new_save": [Rule(post=ENTERERS)],
    "board:entry_new_look": [Rule(post=ENTERERS)],
    "board:entry_new_submit": [Rule(post=ENTERERS)],
    "board:entry_duplicate": [Rule(post=ENTERERS)],
    "board:entry_paste": [Rule(post=ENTERERS)],
    "board:entry": [Rule("case_number", get=ENTERERS)],
    "board:entry_save": [Rule("case_number", post=ENTERERS)],
    "board:entry_look": [Rule("case_number", post=ENTERERS)],
    "board:entry_submit": [Rule("case_number", post=ENTERERS)],
    "board:entry_noted": [Rule("case_number", post=PREPARERS)],
    "board:entry_return": [Rule("case_number", get=PREPARERS, post=PREPARERS)],
    "board:decide": [Rule("case_number", get=DECIDERS, post=DECIDERS)],
    "board:what_if": [Rule("case_number", get=READERS, post=READERS)],
    "board:source": [Rule("case_number", get=READERS)],
    "board:scan_then": [Rule("scan_of_case", get=READERS)],
    "board:since": [Rule("case_number", get=READERS)],
    "board:state": [Rule("case_number", get=READERS)],
    "board:next": [Rule("case_number", get=READERS)],
    "board:previous": [Rule("case_number", get=READERS)],
    "board:ask": [Rule("case_number", post=FOLLOWERS)],
    "board:change_verdict": [Rule("case_number", post=SIGNERS)],
    "board:contact": [Rule("case_number", post=FOLLOWERS)],
    "board:present": [Rule("case_number", post=RUNNERS)],
    # Where a screen stands and what somebody has begun to write is kept from the first look on.
    "board:console": [
        Rule(
            "running_meeting",
            get=RUNNERS,
            others=RUNNERS,
            makes=frozenset({"board_screenstate", "board_decisiondraft"}),
        )
    ],
    "board:export_fhir": [Rule("case_number", get=CARRIERS, makes=frozenset({"patients_auditevent"}))],
    "board:request_export": [Rule("case_number", post=CARRIERS)],
    "board:patient_export": [Rule("patient_export", get=CARRIERS)],
    "board:download_export": [
        Rule("patient_export", get=CARRIERS, may_be_missing=True, makes=frozenset({"patients_auditevent"}))
    ],
    "board:import_fhir": [Rule(get=ENTERERS, post=ENTERERS)],
    "board:confirm_fhir": [Rule(post=ENTERERS)],
    # An administrator reads who saw which case, and no case; of others' cases a coordinator sees nothing in either
    # (tests/board/test_trail_pages.py).
    "board:trail": [Rule(get=TRAIL_READERS, others=frozenset({SA}))],
    "board:trail_csv": [Rule(get=TRAIL_READERS, others=frozenset({SA}))],
    "board:trail_atna": [Rule(get=TRAIL_READERS, others=frozenset({SA}))],
    "board:trail_fhir": [Rule(get=TRAIL_READERS, others=frozenset({SA}))],
    "board:import_table": [Rule(get=ENTERERS, post=ENTERERS)],
    "board:import_table_confirm": [Rule(post=ENTERERS)],
    "board:import_template": [Rule("import_template", get=ENTERERS, others=ENTERERS)],
    "board:import_batch": [Rule("import_batch", get=ENTERERS)],
    "board:import_undo": [Rule("import_batch", post=ENTERERS)],
    "board:follow_up": [Rule("decision", post=FOLLOWERS)],
    "board:meetings": [Rule(get=SEERS)],
    "board:meeting_new": [Rule(get=PREPARERS, post=PREPARERS)],
    "board:series_new": [Rule(get=PREPARERS, post=PREPARERS)],
    # Meetings are everybody's who may see meetings; the cases on them are not (test_meeting_pages).
    "board:series": [Rule("meeting_series", get=PREPARERS, post=PREPARERS, others=PREPARERS)],
    "board:meeting": [Rule("meeting", get=SEERS, others=SEERS)],
    "board:meeting_edit": [Rule("meeting", get=PREPARERS, post=PREPARERS, others=PREPARERS)],
    "board:meeting_agenda": [Rule("meeting", post=PREPARERS, others=PREPARERS)],
    "board:meeting_freeze": [Rule("meeting", post=PREPARERS, others=PREPARERS)],
    "board:meeting_start": [Rule("meeting", post=PREPARERS, others=PREPARERS)],
    "board:meeting_attendance": [Rule("meeting", post=PREPARERS, others=PREPARERS)],
    "board:meeting_cancel": [Rule("meeting", post=PREPARERS, others=PREPARERS)],
    "board:meeting_seat": [Rule("meeting", post=RUNNERS, others=RUNNERS)],
    "board:meeting_unseen": [Rule("meeting", post=RUNNERS, others=RUNNERS)],
    "board:item_postpone": [Rule("item", post=PREPARERS)],
    "board:item_note": [Rule("item", post=SEERS)],
    "board:list_case": [Rule("case_number", post=PREPARERS)],
    # Meetings are everybody's who may see any; of their cases each sees his own (tests/board/test_documents.py).
    "board:meeting_close": [Rule("running_meeting", post=RUNNERS, others=RUNNERS)],
    "board:minutes": [
        Rule("running_meeting", get=SEERS, others=SEERS),
        Rule("minuted_meeting", get=SEERS, others=SEERS),
    ],
    "board:minutes_correct": [Rule("minuted_meeting", post=RUNNERS, others=RUNNERS)],
    "board:minutes_pdf": [Rule("minuted_meeting", get=SEERS, others=SEERS)],
    "board:minutes_text": [Rule("minuted_meeting", get=SEERS, others=SEERS)],
    "board:pack_pdf": [Rule("running_meeting", get=SEERS, others=SEERS)],
    "board:pack_text": [Rule("running_meeting", get=SEERS, others=SEERS)],
    "board:letter_pdf": [Rule("decision", get=READERS)],
    "board:letter_text": [Rule("decision", get=READERS)],
    "board:decision_json": [Rule("decision", get=READERS)],
    "board:follow_through": [Rule(get=READERS)],
    "board:follow_through_told": [Rule("decision", post=FOLLOWERS)],
    "board:meeting_statistics": [Rule(get=SEERS)],
    "board:verify": [Rule(get=EVERYONE)],
    "board:item_draft": [Rule("item", get=FOLLOWERS, post=FOLLOWERS, makes=frozenset({"board_decisiondraft"}))],
    "board:item_sign": [Rule("item", post=DECIDERS)],
    "board:amend": [Rule("decision", get=DECIDERS, post=DECIDERS)],
    "board:screen": [
        Rule("room_meeting", get=SEERS, post=RUNNERS, others=SEERS, makes=frozenset({"board_screenstate"}))
    ],
    "board:screen_frame": [Rule("room_frame", get=SEERS, makes=frozenset({"board_screenstate"}))],
    "board:screen_card": [Rule("room_card", get=SEERS, others=SEERS)],
    "board:display_pair": [Rule("room_meeting", post=RUNNERS, others=RUNNERS)],
    "board:display_unpair": [Rule("room_display", post=RUNNERS, others=RUNNERS)],
    # People, rights, sign-ins: tests/patients/test_people*.py
    "people:accounts": [Rule(get=MANAGERS)],
    "people:account": [Rule("account", get=MANAGERS, post=MANAGERS, others=MANAGERS)],
    "people:act": [Rule("account", post=MANAGERS, others=MANAGERS)],
    "people:invitations": [Rule(get=INVITERS, post=INVITERS)],
    "people:invitation_withdraw": [Rule("invitation", post=INVITERS, others=MANAGERS)],
    "people:teams": [Rule(get=MANAGERS, post=MANAGERS)],
    "people:team": [Rule("team", get=MANAGERS, post=MANAGERS, others=MANAGERS)],
    "people:open_case": [Rule("case_number", post=GRANTERS)],
    "people:end_grant": [Rule("grant", post=GRANTERS)],
    "people:emergency": [Rule(get=IN_EMERGENCIES, post=IN_EMERGENCIES)],
    "people:emergencies": [Rule(get=MANAGERS, others=MANAGERS)],
    "people:emergency_act": [Rule("emergency", post=MANAGERS, others=MANAGERS)],
    "people:second_factor": [Rule(get=EVERYONE)],
    "people:session": [Rule(get=EVERYONE)],
    "people:stay": [Rule(post=EVERYONE)],
    "people:security_key": [Rule(post=NOBODY)],  # those who have a key: tests/board/test_second_factor.py
    "closed_first_password": [Rule()],
    "closed_mails": [Rule()],
    "closed_signup": [Rule()],
    "closed_connections": [Rule()],
    "closed_social_signup": [Rule()],
    # The cohort: of figures everybody's own; exports are seen by who asked and by who approves, fetched by who asked.
    "board:cohort": [Rule(get=COHORT)],
    "board:cohort_count": [Rule(get=COHORT)],
    "board:cohort_keep": [Rule(post=COHORT)],
    "board:cohort_forget": [Rule("cohort_question", post=COHORT)],
    "board:cohort_exports": [Rule(get=ASKERS | APPROVERS, post=ASKERS, others=APPROVERS)],
    "board:cohort_export": [Rule("cohort_export", get=ASKERS | APPROVERS, others=APPROVERS)],
    "board:cohort_export_state": [Rule("cohort_export", get=ASKERS | APPROVERS, others=APPROVERS)],
    "board:cohort_decide": [Rule("cohort_export", post=APPROVERS, others=APPROVERS)],
    "board:cohort_file": [Rule("cohort_export", get=ASKERS, may_be_missing=True)],
    "imaging:upload": [Rule(get=IMPORTERS, post=IMPORTERS)],
    "imaging:upload_start": [Rule(post=IMPORTERS)],
    "imaging:upload_detail": [
        Rule("upload", get=IMPORTERS),
        Rule("upload_without_case", get=IMPORTERS, others=RESOLVERS),
    ],
    "imaging:upload_progress": [
        Rule("upload", get=IMPORTERS),
        Rule("upload_without_case", get=IMPORTERS, others=RESOLVERS),
    ],
    "imaging:upload_files": [Rule("upload", post=IMPORTERS)],
    "imaging:upload_plain": [Rule("upload", post=IMPORTERS)],
    "imaging:upload_close": [Rule("upload", post=IMPORTERS)],
    "imaging:jobs": [Rule(get=READERS)],
    "imaging:jobs_state": [Rule(get=READERS)],
    "imaging:job": [Rule("job", get=READERS), Rule("import_job", get=IMPORTERS, others=RESOLVERS)],
    "imaging:job_cancel": [Rule("job", post=IMPORTERS), Rule("import_job", post=IMPORTERS, others=RESOLVERS)],
    "imaging:job_retry": [Rule("job", post=IMPORTERS), Rule("import_job", post=IMPORTERS, others=RESOLVERS)],
    "imaging:series": [
        Rule("series", get=READERS),
        Rule("held_series", get=IMPORTERS),
        Rule("unassigned_series", get=IMPORTERS, others=RESOLVERS),
    ],
    "imaging:series_state": [Rule("series", get=READERS), Rule("held_series", get=IMPORTERS)],
    "imaging:mip": [
        Rule("series", get=READERS),
        Rule("held_series", get=IMPORTERS, may_be_missing=True),
    ],
    "imaging:suv_input": [Rule("series", post=RESOLVERS), Rule("held_series", post=RESOLVERS)],
    "imaging:confirm": [Rule("held_series", post=RESOLVERS)],
    "imaging:reject": [Rule("held_series", post=RESOLVERS)],
    "imaging:take_up": [Rule("held_series", post=RESOLVERS)],
    "imaging:held_files": [Rule("upload", post=RESOLVERS)],
    "imaging:keep": [Rule("series", post=RESOLVERS)],
    "imaging:take_out": [Rule("series", post=RESOLVERS)],
    "imaging:scan": [Rule("scan", get=READERS)],
    "imaging:scan_state": [Rule("scan", get=READERS)],
    "imaging:read": [Rule("scan", get=READERS)],
    "imaging:read_lists": [Rule("scan", get=READERS)],
    "imaging:viewer": [Rule("scan", get=READERS)],
    "imaging:look": [Rule("scan", post=MEASURERS)],
    "imaging:netpet": [Rule("scan", post=SIGNERS)],
    "imaging:export": [Rule("scan", post=MEASURERS)],
    "imaging:start_reading": [Rule("scan", post=SIGNERS)],
    "imaging:score": [Rule("reading", post=SIGNERS)],
    "imaging:answers": [Rule("reading", post=SIGNERS)],
    "imaging:sign": [Rule("reading", post=SIGNERS)],
    "imaging:amend": [Rule("reading", post=SIGNERS)],
    "imaging:report_text": [Rule("reading", get=READERS)],
    "imaging:report_pdf": [Rule("reading", get=READERS)],
    "imaging:accept": [Rule("proposal", post=MEASURERS), Rule("reference", post=MEASURERS)],
    "imaging:reject_proposal": [Rule("proposal", post=MEASURERS)],
    "imaging:reopen": [Rule("proposal", post=MEASURERS)],
    "imaging:reopen_match": [Rule("match", post=MEASURERS)],
    "imaging:confirm_match": [Rule("match", post=MEASURERS)],
    "imaging:regions": [Rule("scan", get=READERS)],
    "imaging:region_new": [Rule("scan", post=MEASURERS)],
    "imaging:outline": [Rule("region", post=MEASURERS)],
    "imaging:region_withdraw": [Rule("region", post=MEASURERS)],
    "imaging:region_restore": [Rule("region", post=MEASURERS), Rule("taken_region", post=MEASURERS)],
    "imaging:product": [Rule("product", get=READERS)],
    # How the installation is, and what waits for a person to say whose it is.
    # It shows birth dates of one's own; that a clerk sees nobody else's: tests/imaging/test_held.py.
    "imaging:held": [Rule(get=IMPORTERS, others=IMPORTERS)],
    "health": [Rule(get=frozenset({SA}))],
    "health_json": [Rule(get=frozenset({SA}))],
}

# Answered without signing in; they know nothing of any patient.
PUBLIC = {"healthz", "readyz", "people:invited"}

# The devices of a room: no sign-in, no user; what they show is bound to one meeting. tests/board/test_display.py
DISPLAY_ROUTES = {
    "board:display",
    "board:display_state",
    "board:display_events",
    "board:display_frame",
    "board:display_card",
}

# Ends the session that asks: tests/patients/test_sessions.py
ENDS = {"people:end_all"}

# Answers that do not end by themselves, for those who see meetings: tests/board/test_screen_stream.py
STREAMS = {"board:screen_events"}
