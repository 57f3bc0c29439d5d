"""The screen of the room: what it shows, and which devices show it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from board.models.meetings import AgendaItem, Meeting


class ScreenState(models.Model):
    """What the room sees. ``version`` rises with every change; displays follow it."""

    class View(models.TextChoices):
        WAITING = "waiting", "waiting card"
        OVERVIEW = "overview", "overview"
        TIMELINE = "timeline", "timeline"
        LESION = "lesion", "lesion"
        HEATMAP = "heatmap", "heatmap"
        WHAT_IF = "what_if", "what if"
        PREVIOUS = "previous", "previous decision"
        TEST = "test", "test card"
        CLOSED = "closed", "meeting closed"

    OF_A_CASE = (View.OVERVIEW, View.TIMELINE, View.LESION, View.HEATMAP, View.WHAT_IF, View.PREVIOUS)

    meeting = models.OneToOneField(Meeting, primary_key=True, on_delete=models.CASCADE, related_name="screen")
    item = models.ForeignKey(AgendaItem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    view = models.CharField(max_length=8, choices=View, default=View.WAITING)
    lesion = models.PositiveSmallIntegerField(default=0, help_text="Which lesion, counted from the coldest.")
    is_blank = models.BooleanField(default=False)
    shows_sentence = models.BooleanField(default=False, help_text="The proposed sentence, for the room to agree.")
    version = models.PositiveBigIntegerField(default=1)
    shown_since = models.DateTimeField(null=True, blank=True, help_text="When the case came on the screen.")
    controller = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    controller_key = models.CharField(max_length=64, blank=True, help_text="Which window of the controller.")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.get_view_display()}: {self.meeting}"


class Display(models.Model):
    """A device in a room. Its session is bound to one meeting and may do nothing but look."""

    class Theme(models.TextChoices):
        DARK = "dark", "dark"
        LIGHT = "light", "light"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=6, blank=True, help_text="Shown on the device until it is paired.")
    code_until = models.DateTimeField()
    token_digest = models.CharField(max_length=64, unique=True)
    meeting = models.ForeignKey(Meeting, null=True, blank=True, on_delete=models.CASCADE, related_name="displays")
    label = models.CharField(max_length=60, blank=True)
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.DARK)
    text_percent = models.PositiveSmallIntegerField(default=100)
    made_at = models.DateTimeField(default=timezone.now)
    paired_at = models.DateTimeField(null=True, blank=True)
    paired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    seen_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=~models.Q(code=""), name="one_display_per_code")
        ]

    @property
    def spaced_code(self) -> str:
        """As it is read aloud: "123 456"; "" while there is none."""
        return f"{self.code[:3]} {self.code[3:]}".strip()

    def __str__(self) -> str:
        return self.label or "display"
