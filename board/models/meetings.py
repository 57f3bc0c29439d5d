"""Meetings: who sits on the board, what is on the agenda, and the minutes."""

import datetime as dt
import uuid
from calendar import day_name

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from eligibility.models import AppendOnly
from patients.models import Patient


class Discipline(models.TextChoices):
    NUCLEAR_MEDICINE = "nuclear_medicine", "nuclear medicine"
    ONCOLOGY = "oncology", "oncology"
    ENDOCRINOLOGY = "endocrinology", "endocrinology"
    GASTROENTEROLOGY = "gastroenterology", "gastroenterology"
    SURGERY = "surgery", "surgery"
    RADIOLOGY = "radiology", "radiology"
    PATHOLOGY = "pathology", "pathology"
    RADIATION_ONCOLOGY = "radiation_oncology", "radiation oncology"
    ENDOSCOPY = "endoscopy", "endoscopy"
    NURSING = "nursing", "nursing"
    COORDINATION = "coordination", "coordination"
    OTHER = "other", "other"


class MeetingSeries(models.Model):
    """A board that meets again and again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, unique=True)
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday.")
    starts_at = models.TimeField("begins at", help_text="Local time.")
    planned_minutes = models.PositiveSmallIntegerField("planned minutes", default=90)
    every_weeks = models.PositiveSmallIntegerField("every how many weeks", default=1)
    place = models.CharField(max_length=120, blank=True)
    quorum = models.JSONField(help_text="Groups of disciplines; of each group one must be present.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "meeting series"
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_of_series"),
            models.CheckConstraint(condition=Q(every_weeks__gte=1), name="series_comes_again"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rhythm(self) -> str:
        day = day_name[self.weekday]
        return f"every {day}" if self.every_weeks == 1 else f"{day}, every {self.every_weeks} weeks"


class SeriesMember(models.Model):
    """Who sits on a board, and for which discipline. With an account, listed cases become readable to them."""

    series = models.ForeignKey(MeetingSeries, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="board_seats"
    )
    name = models.CharField(max_length=80)
    discipline = models.CharField(max_length=20, choices=Discipline)
    is_chair = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["series", "name"], name="one_seat_per_name")]

    def __str__(self) -> str:
        return f"{self.name}, {self.get_discipline_display()}"


class Meeting(models.Model):
    """One sitting. ``version`` rises with every change of its agenda: whoever writes says which one was seen."""

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        FROZEN = "frozen", "agenda frozen"
        RUNNING = "running", "running"
        CLOSED = "closed", "closed"

    OPEN = (State.PLANNED, State.FROZEN, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(MeetingSeries, null=True, blank=True, on_delete=models.PROTECT, related_name="meetings")
    title = models.CharField(max_length=80)
    starts_at = models.DateTimeField("begins")
    planned_minutes = models.PositiveSmallIntegerField("planned minutes", default=90)
    place = models.CharField(max_length=120, blank=True)
    quorum = models.JSONField(help_text="Groups of disciplines; of each group one must be present.")
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    snapshot = models.JSONField(null=True, blank=True, help_text="The agenda when it was frozen.")
    frozen_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    agenda_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    agenda_at = models.DateTimeField(null=True, blank=True, help_text="When the agenda was changed last.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["state", "starts_at"])]
        constraints = [
            models.UniqueConstraint(fields=["series", "starts_at"], name="one_meeting_of_a_series_at_a_time")
        ]

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def held_at(self) -> dt.datetime:
        """When it began; while it has not, when it is planned for."""
        return self.started_at or self.starts_at

    @property
    def is_cancelled(self) -> bool:
        """Over without having begun."""
        return self.state == self.State.CLOSED and self.started_at is None

    def __str__(self) -> str:
        return f"{self.title}, {timezone.localtime(self.starts_at):%Y-%m-%d %H:%M}"


class Attendance(models.Model):
    """One seat at one meeting."""

    class State(models.TextChoices):
        EXPECTED = "expected", "expected"
        APOLOGY = "apology", "apology"
        PRESENT = "present", "present"
        LEFT = "left", "left"

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attendance")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="attended"
    )
    name = models.CharField(max_length=80)
    discipline = models.CharField(max_length=20, choices=Discipline)
    is_chair = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.EXPECTED)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["meeting", "name"], name="one_seat_at_a_meeting")]

    def __str__(self) -> str:
        return f"{self.name}, {self.get_discipline_display()}: {self.get_state_display()}"


class AgendaItem(models.Model):
    """A case on the agenda of a meeting. Removed and postponed ones stay as rows."""

    class Lane(models.TextChoices):
        DISCUSS = "discuss", "discuss"
        NOTING = "noting", "for noting"

    class State(models.TextChoices):
        LISTED = "listed", "listed"
        DISCUSSED = "discussed", "discussed"
        POSTPONED = "postponed", "postponed"
        REMOVED = "removed", "taken off"

    class Why(models.TextChoices):
        STALE = "stale", "decision out of date"
        CONVERSION = "conversion", "possible change of the SSTR class"
        OVERDUE = "overdue", "overdue on the watch list"
        NO_DATE = "no_date", "without a next date"
        RELISTED = "relisted", "to be discussed again"
        POSTPONED = "postponed", "postponed before"
        REFERRAL = "referral", "referral"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="agenda_items")
    lane = models.CharField(max_length=8, choices=Lane)
    position = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField(default=10)
    why = models.CharField("why it is listed", max_length=12, choices=Why)
    why_text = models.CharField(max_length=200, blank=True)
    question = models.CharField(max_length=200, blank=True)
    reviewer = models.CharField(max_length=80, blank=True, help_text="Of a case for noting.")
    gate_missing = models.JSONField(default=list, blank=True, help_text="Minimum data that was missing when listed.")
    gate_reason = models.CharField(max_length=300, blank=True, help_text="Why it was listed all the same.")
    is_late = models.BooleanField("added after the freeze", default=False)
    state = models.CharField(max_length=10, choices=State, default=State.LISTED)
    state_reason = models.CharField(max_length=300, blank=True)
    times_postponed = models.PositiveSmallIntegerField(default=0, help_text="Before this listing.")
    seconds = models.PositiveIntegerField(default=0, help_text="On the screen of the room, added up.")
    minuted = models.TextField("minuted note", blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["lane", "position", "added_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "patient"], condition=~Q(state="removed"), name="once_on_an_agenda"
            )
        ]
        indexes = [models.Index(fields=["patient", "state"])]

    def __str__(self) -> str:
        return f"{self.patient}: {self.meeting}"


class DecisionDraft(models.Model):
    """A decision while it is written. ``version``: whoever saves or signs says which text was on the screen."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.OneToOneField(AgendaItem, on_delete=models.PROTECT, related_name="draft")
    version = models.PositiveIntegerField(default=0)
    content = models.JSONField(default=dict)
    replaces = models.ForeignKey(
        "board.BoardDecision",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The decision that stood when this was begun, or was told of since: no other is replaced unseen.",
    )
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"draft {self.version}: {self.item}"

    @property
    def patient(self):
        return self.item.patient


class PrivateNote(models.Model):
    """What one person writes for themselves about a case of a meeting. Never minuted, never shown to others."""

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="private_notes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="one_private_note")]

    def __str__(self) -> str:
        return f"private note: {self.item}"


class Minutes(AppendOnly):
    """The minutes of a closed meeting, word by word. A correction is a new version with a reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="minutes")
    version = models.PositiveIntegerField(default=1)
    content = models.JSONField()
    amendment_reason = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["recorded_at"]
        verbose_name_plural = "minutes"
        constraints = [models.UniqueConstraint(fields=["meeting", "version"], name="one_version_of_minutes")]

    def __str__(self) -> str:
        return f"minutes {self.version}: {self.meeting}"
