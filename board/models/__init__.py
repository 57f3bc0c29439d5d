"""What people decided, when they meet, and who must not be lost."""

from board.models.cases import SSTR_TRACERS, CaseClosing, CaseQuestion, Contact, of_open_cases
from board.models.chain import ChainHead, ChainLink, Submission
from board.models.cohort import CohortExport, CohortQuestion
from board.models.decisions import BoardDecision, DecisionFollowUp, NextStep
from board.models.display import Display, ScreenState
from board.models.entry import EntryDraft, EntryReturn, ReturnAnswer, StatedUnknown
from board.models.exports import PatientExport
from board.models.meetings import (
    AgendaItem,
    Attendance,
    DecisionDraft,
    Discipline,
    Meeting,
    MeetingSeries,
    Minutes,
    PrivateNote,
    SeriesMember,
)
from board.models.notices import DayNotice, DecisionNotice, answers_to_changes
from board.models.watch import MissedLook, WatchCheck, WatchState

__all__ = [
    "SSTR_TRACERS",
    "AgendaItem",
    "Attendance",
    "BoardDecision",
    "CaseClosing",
    "CaseQuestion",
    "ChainHead",
    "ChainLink",
    "CohortExport",
    "CohortQuestion",
    "Contact",
    "DayNotice",
    "DecisionDraft",
    "DecisionFollowUp",
    "DecisionNotice",
    "Discipline",
    "Display",
    "EntryDraft",
    "EntryReturn",
    "Meeting",
    "MeetingSeries",
    "Minutes",
    "MissedLook",
    "NextStep",
    "PatientExport",
    "PrivateNote",
    "ReturnAnswer",
    "ScreenState",
    "SeriesMember",
    "StatedUnknown",
    "Submission",
    "WatchCheck",
    "WatchState",
    "answers_to_changes",
    "of_open_cases",
]
