"""gunicorn's worker with threads, in which a client that sends slowly holds no thread from the others.

A thread is given to a request when its head is there as a whole. What follows has to arrive at a mean speed: the time
that is spent waiting for it is counted, not the time in which it is worked on. Behind a proxy that takes a request
whole before it passes it on, neither ever shows.
"""

import errno
import socket
import time
from typing import Any

from gunicorn.workers import gthread

HEAD_BYTES = 64 << 10
HEAD_SECONDS = 20.0
BODY_GRACE_SECONDS = 20.0
LEAST_BYTES_PER_SECOND = 16 << 10
LONGEST_WAIT_SECONDS = 3600.0
HEAD_END = b"\r\n\r\n"


class SteadyConnection(gthread.TConn):
    """``has_head`` looks at what has arrived and takes nothing of it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.head_since: float | None = None
        self.waited, self.received = 0.0, 0

    def init(self) -> None:
        is_new = not self.initialized
        super().init()
        unreader = getattr(self.parser, "unreader", None)
        if is_new and unreader is not None:
            self._read, unreader.chunk = unreader.chunk, self._chunk

    def begin(self) -> None:
        """Another request: its head and its speed are looked at anew."""
        self.head_since, self.data_ready = None, True
        self.waited, self.received = 0.0, 0

    def has_head(self) -> bool:
        if self.parser is not None and self.parser.unreader.buf.getvalue():
            return True  # of this one something was read with the request before
        try:
            seen = self.sock.recv(HEAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wake_at(1)
            return False
        if not seen or HEAD_END in seen or len(seen) >= HEAD_BYTES:
            self._wake_at(1)
            return True
        self._wake_at(len(seen) + 1)
        return False

    def may_wait(self) -> bool:
        self.head_since = self.head_since or time.monotonic()
        return time.monotonic() - self.head_since < HEAD_SECONDS

    def _wake_at(self, size: int) -> None:
        """The poller is told when this much is there, not of every byte that is there already."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)

    def _chunk(self, size_hint: int | None = None) -> bytes:
        left = min(BODY_GRACE_SECONDS + self.received / LEAST_BYTES_PER_SECOND, LONGEST_WAIT_SECONDS) - self.waited
        if left <= 0:
            raise ConnectionResetError(errno.ECONNRESET, "the request came too slowly")
        began = time.monotonic()
        self.sock.settimeout(left)
        try:
            data = self._read(size_hint)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the request came too slowly") from error
        finally:
            self.sock.settimeout(None)
            self.waited += time.monotonic() - began
        self.received += len(data)
        return data


class SteadyWorker(gthread.ThreadWorker):
    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        self.enqueue_req(SteadyConnection(self.cfg, client, address, listener.getsockname()))

    def handle(self, conn: SteadyConnection) -> Any:
        if self.cfg.is_ssl:
            return super().handle(conn)
        try:
            if not conn.has_head():
                return gthread._DEFER if conn.may_wait() else False
        except OSError:
            return False
        conn.begin()
        return super().handle(conn)
