"""Reading the audit trail as news, by cursor, without losing a row that commits late."""

from django.db import connection, transaction
from django.db.models import BigIntegerField, Func, QuerySet
from django.db.models.functions import Cast

from patients.models import AuditEvent

# Any fixed number: writers of audit rows share this lock, the reader of news takes it alone.
LOCK = 7_220_241
# Another for those who write down reads: no page waits until a long load of rows has ended.
LOCK_READS = 7_220_242
LATEST = 300


def hold_open() -> None:
    """Keep the reader waiting until this transaction ends, so that no id appears behind its cursor.

    PostgreSQL hands out ids before commit; SQLite has one writer at a time and needs nothing.
    """
    _lock("pg_advisory_xact_lock_shared")


def hold_reads_open() -> None:
    """The same for the rows of reads; their transactions are short."""
    _lock("pg_advisory_xact_lock_shared", LOCK_READS)


def settle() -> None:
    """Wait until every row up to the newest, of writes and of reads, is final. Inside a transaction."""
    _lock("pg_advisory_xact_lock")
    _lock("pg_advisory_xact_lock", LOCK_READS)


@transaction.atomic
def news(*, after_id: int, limit: int = 500) -> list[AuditEvent]:
    """Audit rows after a cursor, oldest first. Every row up to the last one returned is final."""
    _lock("pg_advisory_xact_lock")
    return list(AuditEvent.objects.filter(id__gt=after_id).order_by("id")[:limit])


def mark() -> QuerySet:
    """One number, also for a subquery: it rises with every row that comes, be it behind the newest (``hold_open``)."""
    latest = AuditEvent.objects.order_by("-id").values("id")[:LATEST]
    ids = Cast(Func("id", function="SUM"), BigIntegerField())
    return AuditEvent.objects.filter(id__in=latest).order_by().values_list(ids, flat=True)


def _lock(function: str, number: int = LOCK) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [number])
