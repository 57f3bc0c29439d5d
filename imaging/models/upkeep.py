"""How the installation itself is doing: counts and times only, never anything of a case."""

from django.db import models
from django.utils import timezone


class StoreCheck(models.Model):
    """One comparison of the stored files with the rows that name them."""

    started_at = models.DateTimeField(default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(null=True)
    is_full = models.BooleanField(help_text="Every file was read, not a sample.")
    files = models.PositiveIntegerField(default=0)
    named = models.PositiveIntegerField(default=0)
    hashed = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    damaged = models.PositiveIntegerField(default=0)
    put_back = models.PositiveIntegerField(default=0)
    orphans = models.PositiveIntegerField(default=0)
    trashed = models.PositiveIntegerField(default=0)
    strange = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["started_at"]

    def __str__(self) -> str:
        return f"check of the files, {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_good(self) -> bool:
        return self.finished_at is not None and not (self.missing or self.damaged)


class WrongFile(models.Model):
    """A stored file that a check found missing or damaged; it stays until that file was read and is whole again."""

    digest = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField(default=timezone.now, help_text="When a check last found it so.")

    class Meta:
        ordering = ["digest"]

    def __str__(self) -> str:
        return self.digest


class BackupNote(models.Model):
    """A backup that was made of this installation, so that its age can be told."""

    finished_at = models.DateTimeField(default=timezone.now, db_index=True)
    files = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of its manifest.")

    class Meta:
        ordering = ["finished_at"]

    def __str__(self) -> str:
        return f"backup of {self.finished_at:%Y-%m-%d %H:%M}"


class WorkerBeat(models.Model):
    """When a process of the background last said that it lives."""

    name = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=8, choices=[("worker", "worker"), ("beat", "beat")])
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name
