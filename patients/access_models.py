"""Who reached for what: reads of patients and sign-ins, and the seals over the whole trail. Rows are only added."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from patients.added_rows import AppendOnly
from patients.domain.page_words import page_words


class AccessEvent(AppendOnly):
    """One row for every patient in every answer that was given, and one for every sign-in, sign-out and lock-out.

    ``user`` is empty for the display of a room and for the command line: then ``device`` says which. ``mark`` is the
    version of a page that may be asked for again: an answer "as before" shows the same patients again.
    """

    class Kind(models.TextChoices):
        PAGE = "page", "page"
        LIST = "list", "line in a list"
        PICTURE = "picture", "picture"
        DATA = "data", "data for a page"
        PRINT = "print", "document"
        EXPORT = "export", "export"
        DISPLAY = "display", "screen of a room"
        SIGN_IN = "sign_in", "signed in"
        SIGN_OUT = "sign_out", "signed out"
        SIGN_IN_FAILED = "sign_in_failed", "sign-in failed"
        LOCKED_OUT = "locked_out", "locked out"
        TRAIL_READ = "trail_read", "read the trail"
        TRAIL_EXPORT = "trail_export", "exported the trail"

    OF_ACCOUNTS = (Kind.SIGN_IN, Kind.SIGN_OUT, Kind.SIGN_IN_FAILED, Kind.LOCKED_OUT)
    OF_THE_TRAIL = (Kind.TRAIL_READ, Kind.TRAIL_EXPORT)

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    device = models.CharField(max_length=100, blank=True)
    patient = models.ForeignKey(
        "patients.Patient", null=True, db_index=False, on_delete=models.PROTECT, related_name="accesses"
    )
    subject = models.CharField(
        max_length=80,
        blank=True,
        help_text="What was shown of somebody without a case yet: a series, an upload.",
    )
    kind = models.CharField(max_length=16, choices=Kind)
    route = models.CharField(max_length=80, blank=True)
    method = models.CharField(max_length=8, blank=True)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=32, blank=True)
    mark = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["patient", "id"]),
            models.Index(fields=["user", "id"]),
            models.Index(fields=["mark"], condition=~Q(mark=""), name="access_of_a_kept_page"),
        ]

    def __str__(self) -> str:
        return f"access {self.id}: {self.kind}"

    @property
    def page_words(self) -> str:
        return self.subject or page_words(self.route)


class TrailSeal(AppendOnly):
    """One batch of the trail, closed: its rows, and the seal before it, are in ``hash``.

    Ranges are (from, to] by id, of the writes (``AuditEvent``) and of the accesses (``AccessEvent``).
    """

    sequence = models.PositiveBigIntegerField(primary_key=True)
    edition = models.PositiveSmallIntegerField(default=1, help_text="Of the list of columns that it seals.")
    writes_from = models.BigIntegerField()
    writes_to = models.BigIntegerField()
    writes_count = models.PositiveIntegerField()
    accesses_from = models.BigIntegerField()
    accesses_to = models.BigIntegerField()
    accesses_count = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"seal {self.sequence}"
