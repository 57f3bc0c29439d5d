"""Parent side of the sandbox: untrusted DICOM is read in a limited child process, never in this one.

Each batch costs one fork, two for a long one. A child that dies, hangs or talks nonsense costs the one file it was
working on; the next child carries on behind it.
"""

import contextlib
import errno
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from imaging.instances import FileRefusal, ParsedInstance, ParsedObject, from_json
from imaging.object_answer import content_from
from imaging.object_export import Filing
from imaging.objects import ObjectContent
from imaging.parse_protocol import (
    CONTENT_REQUEST,
    DIGESTS_REQUEST,
    FILES_PER_MESSAGE,
    FILING_REQUEST,
    HEAD,
    MAX_ANSWER_BYTES,
    MAX_CONTENT_ANSWER_BYTES,
    MAX_PIXEL_BYTES,
)

WALL_SECONDS = 10.0  # for one file, or for a whole group that goes well
OBJECT_WALL_SECONDS = 30.0
READERS = 2  # children at once for the headers of a series: reading them is most of the time of a small one
START_SECONDS = 60.0
_IMAGE_FIELDS = ("rows", "columns", "bits_allocated", "bits_stored", "is_signed")
_BOOT = "import sys; sys.path[:0] = {path!r}; from imaging.parse_child import main; main({descriptor})"


class SandboxUnavailable(RuntimeError):
    """No child could be started: a fault of this machine, not of a file."""


Answer = tuple[dict[str, Any], bytes]


def parse_files(paths: Iterable[Path | str]) -> Iterator[ParsedInstance | ParsedObject | FileRefusal]:
    """One outcome per path, in order; headers are read once. Children take turns, and read on while a group is used."""
    remaining = iter(paths)
    with ExitStack() as stack:
        turns = cycle([stack.enter_context(_Batch()) for _ in range(READERS)])
        asked: deque[tuple[_Batch, _Group]] = deque()
        while True:
            while len(asked) <= READERS and (group := list(islice(remaining, FILES_PER_MESSAGE))):
                batch = next(turns)
                asked.append((batch, batch.ask(group, {})))
            if not asked:
                return
            batch, waiting = asked.popleft()
            for values, _ in batch.collect(waiting):
                yield _outcome(values)


def decode_frames(slices: Iterable[tuple[Path | str, dict[str, Any]]]) -> Iterator[bytes | FileRefusal]:
    """The stored integers of compressed slices, little endian, in order. Each comes with its parsed image fields."""
    with _Batch() as batch:
        for path, fields in slices:
            image = {name: fields[name] for name in _IMAGE_FIELDS}
            for values, pixels in batch.collect(batch.ask([path], image)):
                yield FileRefusal(**values) if values else pixels


def read_object(path: Path | str) -> ObjectContent | FileRefusal:
    """All of a segmentation, structure set or report. It costs a child of its own; nothing is read twice."""
    with _Batch(is_content=True) as batch:
        ((values, body),) = batch.collect(batch.ask([path], CONTENT_REQUEST))
    try:
        return FileRefusal(**values) if "code" in values else content_from(values, body)
    except (TypeError, LookupError, ValueError, AttributeError):
        return FileRefusal("parser_crash")


def read_filing(path: Path | str) -> Filing | FileRefusal:
    """Patient and study as the header of a stored image has them."""
    with _Batch() as batch:
        ((values, _),) = batch.collect(batch.ask([path], FILING_REQUEST))
    try:
        return FileRefusal(**values) if "code" in values else Filing(**values)
    except TypeError:
        return FileRefusal("parser_crash")


def read_digests(paths: Iterable[Path | str]) -> Iterator[dict[str, list[str]] | FileRefusal]:
    """Tag -> keyword and digest of its value, one file after the other."""
    with _Batch(is_content=True) as batch:
        for path in paths:
            ((values, _),) = batch.collect(batch.ask([path], DIGESTS_REQUEST))
            try:
                yield FileRefusal(**values) if "code" in values else values["elements"]
            except (TypeError, KeyError):
                yield FileRefusal("parser_crash")


def _outcome(values: dict[str, Any]) -> ParsedInstance | ParsedObject | FileRefusal:
    try:
        return from_json(values)
    except (TypeError, KeyError):
        return FileRefusal("parser_crash")


class _ChildFailed(Exception):
    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class _Group(NamedTuple):
    """Files handed to one child and not answered yet."""

    files: list[int | FileRefusal]
    image: dict[str, Any]
    child: "_Child | None"


class _Batch:
    """Hands groups of files to a child and replaces the child when it fails."""

    def __init__(self, *, is_content: bool = False) -> None:
        self._child: _Child | None = None
        self._is_content = is_content

    def __enter__(self) -> "_Batch":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def ask(self, paths: Sequence[Path | str], image: dict[str, Any]) -> _Group:
        files = [open_regular(path) for path in paths]
        descriptors = [file for file in files if isinstance(file, int)]
        return _Group(files, image, self._send(descriptors, image) if descriptors else None)

    def collect(self, group: _Group) -> Iterator[Answer]:
        """Answers in order. A group whose child failed is read again file by file, to find the culprit."""
        descriptors = [file for file in group.files if isinstance(file, int)]
        try:
            answers = iter(self._answers(descriptors, group))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        for file in group.files:
            yield next(answers) if isinstance(file, int) else ({"code": file.code, "detail": file.detail}, b"")

    def _answers(self, descriptors: list[int], group: _Group) -> list[Answer]:
        try:
            return group.child.answers(len(descriptors)) if group.child else []
        except _ChildFailed as failure:
            if self._is_content:
                self._stop()
                return [({"code": failure.code, "detail": ""}, b"")]
            return [self._read_alone(descriptor, group.image) for descriptor in descriptors]

    def _read_alone(self, descriptor: int, image: dict[str, Any]) -> Answer:
        self._stop()
        try:
            return self._send([descriptor], image).answers(1)[0]
        except _ChildFailed as failure:
            return {"code": failure.code, "detail": ""}, b""

    def _send(self, descriptors: list[int], image: dict[str, Any]) -> "_Child":
        self._child = self._child or _Child(self._is_content)
        self._child.ask(descriptors, image)
        return self._child

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None


def open_regular(path: Path | str) -> int | FileRefusal:
    """A descriptor of a regular file; a link, a pipe or a device is refused without being read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return FileRefusal("not_a_regular_file" if error.errno == errno.ELOOP else "file_unreadable")
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return FileRefusal("not_a_regular_file")


class _Child:
    """One forked child: its channel, and a handle that can only ever mean this process."""

    def __init__(self, is_content: bool) -> None:
        with _lock:
            self._channel, self._handle = _starter().fork()
        self._most_text = MAX_CONTENT_ANSWER_BYTES if is_content else MAX_ANSWER_BYTES
        self._seconds = OBJECT_WALL_SECONDS if is_content else WALL_SECONDS
        self._buffer = bytearray()
        self._deadline = 0.0

    def ask(self, descriptors: list[int], image: dict[str, Any]) -> None:
        """Never waits. That the child is gone shows when it should answer."""
        with contextlib.suppress(OSError):
            socket.send_fds(self._channel, [json.dumps(image).encode()], descriptors)

    def answers(self, count: int) -> list[Answer]:
        self._deadline = time.monotonic() + self._seconds
        return [self._answer() for _ in range(count)]

    def _answer(self) -> Answer:
        text_size, pixel_size = HEAD.unpack(self._take(HEAD.size))
        if text_size > self._most_text or pixel_size > MAX_PIXEL_BYTES:
            raise _ChildFailed("parser_crash")
        text, pixels = self._take(text_size), self._take(pixel_size)
        try:
            values = json.loads(text)
        except ValueError as error:
            raise _ChildFailed("parser_crash") from error
        if not isinstance(values, dict):
            raise _ChildFailed("parser_crash")
        return values, pixels

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            try:
                self._channel.settimeout(max(0.001, self._deadline - time.monotonic()))
                chunk = self._channel.recv(1 << 18)
            except TimeoutError as error:
                raise _ChildFailed("parser_timeout") from error
            except OSError as error:
                raise _ChildFailed("parser_crash") from error
            if not chunk:
                raise _ChildFailed("parser_crash")
            self._buffer += chunk
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        os.close(self._handle)
        self._channel.close()


class _Starter:
    """The process that forks the children. It ends by itself when this process closes its end, or dies."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(START_SECONDS)
        path = [str(Path(__file__).resolve().parent.parent), *filter(os.path.isabs, sys.path)]
        empty = tempfile.mkdtemp()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT.format(path=path, descriptor=theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                cwd=empty,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        os.rmdir(empty)

    @property
    def is_usable(self) -> bool:
        return self.owner == os.getpid() and self._process.poll() is None

    def fork(self) -> tuple[socket.socket, int]:
        mine, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            message, handles, _, _ = socket.recv_fds(self._control, 1, 1)
        except OSError as error:
            mine.close()
            raise SandboxUnavailable("the sandbox does not answer") from error
        if not message or not handles:
            mine.close()
            raise SandboxUnavailable("the sandbox did not start")
        return mine, handles[0]


_lock = threading.Lock()
_current: _Starter | None = None


def _starter() -> "_Starter":
    global _current  # noqa: PLW0603 - one starter per process, made when first needed
    if _current is None or not _current.is_usable:
        _current = _Starter()
    return _current
