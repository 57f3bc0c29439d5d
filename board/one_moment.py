"""What is read inside is of one moment, whatever others write meanwhile. Nothing can be written inside."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, connections, transaction

Beside = Callable[[Callable[[], None]], None]


@contextmanager
def one_moment() -> Iterator[Beside]:
    """Yields how to write beside it: a call that runs on another connection and is committed at once.

    Inside a transaction of the caller it is that transaction, with the isolation it has.
    """
    if connection.in_atomic_block:
        yield lambda call: call()
        return
    with ThreadPoolExecutor(max_workers=1) as other, _reading():
        try:
            yield lambda call: other.submit(call).result()
        finally:
            other.submit(connections.close_all).result()


@contextmanager
def _reading() -> Iterator[None]:
    if connection.vendor == "sqlite":
        with _deferred(), transaction.atomic():
            yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _deferred() -> Iterator[None]:
    """Transactions here begin as writing ones, which would keep everybody else waiting for the end of the reading."""
    connection.ensure_connection()
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = ON")
        yield
    finally:
        connection.transaction_mode = mode
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = OFF")
