"""A sandbox child whose reader does what the first word of a file says."""

import os
import resource
import signal
import sys
import time

from imaging import dicom, dicom_compare, parse_child

parse_well, compare_well = dicom.parse, dicom_compare.read_digests


def parse(descriptor: int) -> dict:
    word = os.pread(descriptor, 16, 0).split(b"\0")[0]
    return DEEDS.get(word, parse_well)(descriptor)


def read_digests(descriptor: int):
    return _die(descriptor) if os.pread(descriptor, 3, 0) == b"DIE" else compare_well(descriptor)


def _die(_):
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang(_):
    while True:
        time.sleep(1)


def _take_memory(_):
    return dicom.guarded(lambda: ({}, bytearray(2 << 30)))[0]


def _write_file(_):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    return dicom.guarded(_write)[0]


def _write():
    with open("/tmp/never", "wb") as file:
        file.write(b"x" * 10)
    return {"code": "written", "detail": ""}, b""


def _fork(_):
    return dicom.guarded(os.fork)[0]


def _speak_nonsense(_):
    return {"code": "\ud800" * 100_000}


def _speak_without_end(_):
    return {"code": "x" * (1 << 20)}


def _look_around(_):
    folder = os.readlink("/proc/self/cwd").rpartition(" ")[2]
    descriptors = len(os.listdir("/proc/self/fd"))
    core = resource.getrlimit(resource.RLIMIT_CORE)
    loaded = ",".join(name for name in ("django", "celery") if name in sys.modules)
    return {"code": "looked", "detail": f"{','.join(os.environ)}|{descriptors}|{folder}|{core}|{loaded}"}


DEEDS = {
    b"DIE": _die,
    b"HANG": _hang,
    b"MEMORY": _take_memory,
    b"WRITE": _write_file,
    b"FORK": _fork,
    b"NONSENSE": _speak_nonsense,
    b"ENDLESS": _speak_without_end,
    b"OTHER FIELDS": lambda _: {"rows": 3},
    b"LOOK": _look_around,
}


def main(descriptor: int) -> None:
    dicom.parse = parse
    dicom_compare.read_digests = read_digests
    parse_child.main(descriptor)
