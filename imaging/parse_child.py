"""The sandbox's own process: reads untrusted DICOM with every limit on, and talks to its parent only.

A starter process imports pydicom once and then waits; it never sees a file. For each batch it forks a child that
lowers its limits for good and works on descriptors handed over by its parent. What breaks such a child dies with it.
"""

import gc
import json
import logging
import os
import resource
import signal
import socket
import warnings
from typing import Any

from imaging import dicom, dicom_compare, dicom_filing, dicom_objects
from imaging.header import Unusable
from imaging.parse_protocol import (
    CONTENT_REQUEST,
    DIGESTS_REQUEST,
    FILES_PER_MESSAGE,
    FILING_REQUEST,
    HEAD,
    MAX_CONTENT_ANSWER_BYTES,
    MAX_REQUEST_BYTES,
    SECONDS_PER_OBJECT,
)

MEMORY_BYTES = 768 << 20
CPU_SECONDS_PER_FILE = 20
SECONDS_PER_FILE = 3.0


def main(control_descriptor: int) -> None:
    """Starter: one fork per request on the control socket, until the parent closes it."""
    os.dup2(0, 2)  # standard input is the null device: from here on nothing of a file can reach a log
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _too_slow)
    gc.freeze()
    gc.set_threshold(50_000)
    control = socket.socket(fileno=control_descriptor)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message or not descriptors:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            _work(descriptors[0])
        os.close(descriptors[0])
        handle = os.pidfd_open(pid)
        socket.send_fds(control, [b"."], [handle])
        os.close(handle)


def _work(descriptor: int) -> None:
    """Child: ends here, whatever happens."""
    try:
        _limit()
        _serve(socket.socket(fileno=descriptor))
    finally:
        os._exit(0)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _serve(channel: socket.socket) -> None:
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, MAX_REQUEST_BYTES, FILES_PER_MESSAGE)
        if not message:
            return
        image = json.loads(message)
        channel.sendall(b"".join(_answer(descriptor, image) for descriptor in descriptors))


def _answer(descriptor: int, request: dict[str, Any]) -> bytes:
    _allow_more_cpu()
    signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_OBJECT if request == CONTENT_REQUEST else SECONDS_PER_FILE)
    values, pixels = _read(descriptor, request)
    text = json.dumps(values, allow_nan=False).encode()
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.close(descriptor)
    if len(text) > MAX_CONTENT_ANSWER_BYTES:
        text, pixels = json.dumps({"code": "object_too_large", "detail": ""}).encode(), b""
    return b"".join((HEAD.pack(len(text), len(pixels)), text, pixels))


def _read(descriptor: int, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    if request == CONTENT_REQUEST:
        return dicom_objects.read_object(descriptor)
    if request == FILING_REQUEST:
        return dicom_filing.read_filing(descriptor)
    if request == DIGESTS_REQUEST:
        return dicom_compare.read_digests(descriptor)
    return dicom.decode(descriptor, request) if request else (dicom.parse(descriptor), b"")


def _too_slow(*_: object) -> None:
    """Ends what is slow in Python, with its reason; what is stuck in C is ended by the parent."""
    raise Unusable("parser_timeout")


def _allow_more_cpu() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS_PER_FILE
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
