"""The manifest: every route, what it is about, and which roles may use it. A route that is not here fails the suite.

Roles are written out, not derived from the capability table: this file is the second opinion on it.
"""

from dataclasses import dataclass

from patients.domain.roles import Role

NM, CL, CO, CH = Role.NUCLEAR_MEDICINE, Role.CLINICIAN, Role.COORDINATOR, Role.CHAIR
DE, RE, OB, SA, DI = Role.DATA_ENTRY, Role.RESEARCHER, Role.OBSERVER, Role.SYSTEM_ADMIN, Role.DISPLAY

NOBODY: frozenset[Role] = frozenset()
EVERYONE = frozenset(Role)
READERS = frozenset({NM, CL, CO, CH, DE, RE, OB})
IMPORTERS = frozenset({NM, CO, DE})
RESOLVERS = frozenset({NM})
MEASURERS = frozenset({NM})
SIGNERS = frozenset({NM})
DECIDERS = frozenset({NM, CL, CH})
FOLLOWERS = frozenset({NM, CL, CO, CH})
ENTERERS = frozenset({NM, CL, CO, DE})
CARRIERS = frozenset({NM, CL, CO, CH, DE})


@dataclass(frozen=True)
class Rule:
    """``about``: the kind of object in the address. ``others``: who may use it though it is not theirs."""

    about: str = ""
    get: frozenset[Role] | None = None
    post: frozenset[Role] | None = None
    others: frozenset[Role] = NOBODY
    may_be_missing: bool = False


ROUTES: dict[str, list[Rule]] = {
    "board:home": [Rule(get=EVERYONE)],
    "board:patients": [Rule(get=EVERYONE)],
    "board:watch": [Rule(get=EVERYONE)],
    "board:closing": [Rule("case_number", post=FOLLOWERS)],
    "board:patient": [Rule("case_number", get=READERS)],
    "board:decide": [Rule("case_number", get=DECIDERS, post=DECIDERS)],
    "board:what_if": [Rule("case_number", get=READERS, post=READERS)],
    "board:source": [Rule("case_number", get=READERS)],
    "board:state": [Rule("case_number", get=READERS)],
    "board:next": [Rule("case_number", get=READERS)],
    "board:previous": [Rule("case_number", get=READERS)],
    "board:ask": [Rule("case_number", post=FOLLOWERS)],
    "board:change_verdict": [Rule("case_number", post=SIGNERS)],
    "board:contact": [Rule("case_number", post=FOLLOWERS)],
    "board:export_fhir": [Rule("case_number", get=CARRIERS)],
    "board:import_fhir": [Rule(get=ENTERERS, post=ENTERERS)],
    "board:confirm_fhir": [Rule(post=ENTERERS)],
    "board:follow_up": [Rule("decision", post=FOLLOWERS)],
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
        Rule("series", get=READERS, may_be_missing=True),
        Rule("held_series", get=IMPORTERS, may_be_missing=True),
    ],
    "imaging:suv_input": [Rule("series", post=RESOLVERS), Rule("held_series", post=RESOLVERS)],
    "imaging:confirm": [Rule("held_series", post=RESOLVERS)],
    "imaging:reject": [Rule("held_series", post=RESOLVERS)],
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
}

# Answered without signing in; they know nothing of any patient.
PUBLIC = {"healthz"}
