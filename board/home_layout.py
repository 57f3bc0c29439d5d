"""Which panels a role finds on its home page, and where: only what the role may act on, and first what it comes for."""

from patients.domain.roles import Capability, Role

ENTRIES, READ, DECIDE, JOBS, IMPORTS = "entries", "read", "decide", "jobs", "imports"
LOST, LOOK, DUE, CASES = "never_lost", "look", "due", "cases"
COHORT, EXPORTS, PEOPLE, STORAGE, WORK, OTHERS = "cohort", "exports", "people", "storage", "work", "others"

_C = Capability
# One of these is needed for a panel.
NEEDS: dict[str, tuple[Capability, ...]] = {
    ENTRIES: (_C.EDIT_CLINICAL, _C.PREPARE_MEETING),
    READ: (_C.SIGN_READING,),
    DECIDE: (_C.MEASURE,),
    JOBS: (_C.IMPORT_SCAN,),
    IMPORTS: (_C.IMPORT_SCAN,),
    LOST: (_C.FOLLOW_UP,),
    LOOK: (_C.FOLLOW_UP, _C.IMPORT_SCAN, _C.RESOLVE_IDENTITY),
    DUE: (_C.FOLLOW_UP,),
    CASES: (_C.READ_CHART,),
    COHORT: (_C.EXPORT_COHORT,),
    EXPORTS: (_C.EXPORT_COHORT, _C.APPROVE_EXPORT),
    PEOPLE: (_C.MANAGE_USERS,),
    STORAGE: (_C.MANAGE_USERS,),
    WORK: (_C.MANAGE_USERS,),
    OTHERS: (_C.MANAGE_USERS,),
}

READING, FOLLOW_UP, BACKGROUND = "reading", "follow_up", "background"
Columns = tuple[tuple[str, tuple[str, ...]], ...]
_LAYOUTS: dict[str, Columns] = {
    Role.NUCLEAR_MEDICINE: (
        (READING, (READ, DECIDE, LOOK)),
        (BACKGROUND, (JOBS, IMPORTS)),
        (FOLLOW_UP, (LOST, ENTRIES, DUE, CASES)),
    ),
    Role.DATA_ENTRY: ((BACKGROUND, (ENTRIES, JOBS, IMPORTS)), (FOLLOW_UP, (LOOK, CASES))),
    Role.COORDINATOR: (
        (FOLLOW_UP, (ENTRIES, EXPORTS, LOST)),
        (DUE, (LOOK, DUE, CASES)),
        (BACKGROUND, (JOBS, IMPORTS)),
    ),
    Role.RESEARCHER: ((COHORT, (COHORT,)), (EXPORTS, (EXPORTS,))),
    Role.SYSTEM_ADMIN: ((PEOPLE, (PEOPLE, OTHERS)), (STORAGE, (STORAGE,)), (WORK, (WORK,))),
}
_PLAIN: Columns = ((FOLLOW_UP, (ENTRIES, EXPORTS, LOST)), (DUE, (LOOK, DUE)), (CASES, (CASES,)))


def columns_of(user) -> Columns:
    """Without what the role may not act on, and without columns that are empty then."""
    kept = ((name, tuple(one for one in panels if _may(user, one))) for name, panels in _layout(user))
    return tuple(column for column in kept if column[1])


def _layout(user) -> Columns:
    return _LAYOUTS.get(user.role, _PLAIN)


def _may(user, panel: str) -> bool:
    return any(user.may(one) for one in NEEDS[panel])
