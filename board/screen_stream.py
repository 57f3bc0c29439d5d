"""Server-sent events from plain WSGI: a generator that looks whether the screen has moved, several times a second.

It needs neither Redis nor a worker. Each look is one query that joins by primary keys, outside any transaction. The
stream ends by itself, so that a client that vanished holds a thread for minutes at most; what goes wrong in between is
said as ``stale`` before it ends, and the client asks again.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator

from django.db import Error, connection
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse

LOOK_SECONDS = 0.08
BEAT_SECONDS = 2.0
LIVES_SECONDS = 300.0
MOST_STREAMS = 10
RETRY_SECONDS = 10

_free = threading.BoundedSemaphore(MOST_STREAMS)

Look = Callable[[], object]
"""What tells one state from another; cheap. ``None``: there is nothing to follow any more."""
Payload = Callable[[], dict | None]
"""The whole state for the client; ``None`` ends the stream."""


class Events:
    """One stream. It gives its place back when it ends, also when nobody ever read from it."""

    def __init__(self, look: Look, payload: Payload, *, lives: float = LIVES_SECONDS):
        self._lines = _events(look, payload, lives)
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        yield from self._lines

    def close(self) -> None:
        self._lines.close()
        if self._is_open:
            self._is_open = False
            _free.release()


def stream(look: Look, payload: Payload) -> HttpResponse | StreamingHttpResponse:
    """The stream, or 503 where this process has no thread left for one: the client then asks every few seconds."""
    if not _free.acquire(blocking=False):
        busy = JsonResponse({"code": "busy"}, status=503)
        busy["Retry-After"] = str(RETRY_SECONDS)
        return busy
    response = StreamingHttpResponse(Events(look, payload), content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


def _events(look: Look, payload: Payload, lives: float) -> Iterator[bytes]:
    try:
        yield from _followed(look, payload, time.monotonic() + lives)
        yield _event("end", {})
    except Error:  # the database is away: said, not swallowed
        connection.close()
        yield _event("stale", {})


def _followed(look: Look, payload: Payload, until: float) -> Iterator[bytes]:
    """The state at once, then whenever it has changed; a beat every two seconds, for which everything is read again."""
    seen, sent, beat = object(), None, 0.0
    while (now := time.monotonic()) < until:
        found = look()
        if found != seen or now >= beat:
            state = payload()
            if state is None:
                return
            text = _text(state)
            yield _event("state", state) if text != sent else _event("beat", {"seconds": state.get("seconds", 0)})
            seen, sent, beat = found, text, now + BEAT_SECONDS
        time.sleep(LOOK_SECONDS)


def _text(state: dict) -> str:
    """Without the clock, which runs by itself on the client."""
    return json.dumps({key: value for key, value in state.items() if key != "seconds"}, sort_keys=True)


def _event(name: str, data: dict) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
