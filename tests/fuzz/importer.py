"""What one changed series does to the importer, from its bytes to an SUV: in this process, without a database.

``critical`` reads the tags that matter by another way than the importer, so that both cannot be wrong alike.
"""

import json
import os
import signal
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from imaging import dicom, sandbox, suv_report
from imaging.assemble import AssembledSeries, assemble
from imaging.instances import FileRefusal, ParsedInstance, from_json
from imaging.reasons import FILE_CODES
from tests.fuzz.mutations import CRITICAL

SECONDS = 10.0
WALL = 6  # as many seconds of the clock for each of the processor: a reader that waits hangs as well
# What pydicom raises on damage is another; these are mistakes, and the reader would pass them off as damage.
MISTAKES = frozenset(
    {"AssertionError", "AttributeError", "IndexError", "KeyError", "NameError", "TypeError", "UnboundLocalError",
     "ZeroDivisionError"}
)  # fmt: skip
UNREADABLE = "unreadable"
FORMATS = {"DA": ("%Y%m%d", 8), "TM": ("%H%M%S", 6), "DT": ("%Y%m%d%H%M%S", 14)}
SAMPLED = 50  # every so many series go through the sandbox too


class Broken(AssertionError):
    """The importer broke its promise."""


@dataclass
class Tally:
    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


@contextmanager
def at_most(seconds: float):
    """Processor time, since a busy machine is no hang; and a multiple of it by the clock."""

    def late(*_: object) -> None:
        raise Broken(f"no answer within {seconds:g} s")

    timers = ((signal.ITIMER_VIRTUAL, signal.SIGVTALRM, seconds), (signal.ITIMER_REAL, signal.SIGALRM, WALL * seconds))
    before = [signal.signal(number, late) for _, number, _ in timers]
    for timer, _, limit in timers:
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for (timer, number, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def run(files: list[bytes], tally: Tally) -> None:
    """Raises ``Broken`` with what happened; every other exception is one too."""
    parsed: list[tuple[str, ParsedInstance]] = []
    descriptors = []
    try:
        for data in files:
            descriptor = os.memfd_create("slice")
            descriptors.append(descriptor)
            os.write(descriptor, data)
            found = _parse(descriptor, tally)
            if isinstance(found, ParsedInstance):
                parsed.append((f"/proc/self/fd/{descriptor}", found))
        with at_most(SECONDS):
            for series in assemble(parsed):
                _judge(series, tally)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def through_the_sandbox(files: list[bytes]) -> None:
    """The reader in its own limited process says what it says in this one, file for file."""
    with tempfile.TemporaryDirectory(prefix="prrt-fuzz-") as folder:
        paths = [Path(folder) / f"{k}.dcm" for k in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        for path, found in zip(paths, sandbox.parse_files(paths), strict=True):
            with path.open("rb") as file:
                here = from_json(json.loads(json.dumps(dicom.parse(file.fileno()))))
            if found != here:
                raise Broken(f"the sandbox says {found!r:.80}, the reader alone {here!r:.80}")


def _parse(descriptor: int, tally: Tally) -> object:
    start = time.process_time()
    with at_most(SECONDS):
        found = from_json(json.loads(json.dumps(dicom.parse(descriptor), allow_nan=False)))
    tally.files += 1
    tally.slowest = max(tally.slowest, time.process_time() - start)
    if isinstance(found, FileRefusal):
        tally.outcomes[found.code] += 1
        check_refusal(found)
    else:
        tally.outcomes["read"] += 1
    return found


def check_refusal(found: FileRefusal) -> None:
    if found.code not in FILE_CODES:
        raise Broken(f"a code without sentence: {found.code}")
    if found.detail in MISTAKES:
        raise Broken(f"the reader stumbled: {found.detail}")


def _judge(series: AssembledSeries, tally: Tally) -> None:
    series.manifest()
    if series.suv_inputs is None or series.kind != "pet":
        return
    said = suv_report.report(series)
    json.dumps(said, allow_nan=False)
    if said["refusal"]:
        tally.outcomes["no SUV"] += 1
        return
    tally.outcomes["SUV"] += 1
    if differing := disagreeing(series):
        raise Broken(f"an SUV although the slices disagree about {', '.join(sorted(differing))}")


def disagreeing(series: AssembledSeries) -> set[str]:
    """Tags the SUV of this series rests on whose values differ between the slices, as pydicom reads them."""
    headers = [found for source, _ in series.slices if (found := _header(source)) is not None]
    differing = set()
    for tag, vr, of_item, _ in CRITICAL:
        if len({meaning(vr, _value(ds, tag, of_item)) for ds in headers} - {UNREADABLE}) > 1:
            differing.add(tag)
    return {f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in differing & _needed(headers)}


def _needed(headers: list[Dataset]) -> set[int]:
    """By units and decay correction, as the standard has it. One slice that needs a tag is enough."""
    needed = {0x00541001, 0x00280051}
    for ds in headers:
        units, decay = (_value(ds, tag, False) for tag in (0x00541001, 0x00541102))
        if units == b"GML":
            needed.add(0x00541006)
        if units == b"CNTS":
            needed |= {0x70531000, 0x70531009}
        if units not in {b"BQML", b"CNTS"} or (units == b"CNTS" and _number(_value(ds, 0x70531000, False) or b"")):
            continue
        needed |= {0x00101030, 0x00181074, 0x00541102}
        if decay != b"ADMIN":
            needed |= {0x00181075, 0x00181078} if _value(ds, 0x00181078, True) else {0x00181075, 0x00181072}
        if decay == b"START":
            needed |= {0x00080021, 0x00080031}
    return needed


def meaning(vr: str, value: bytes | str | None) -> object:
    """What the bytes say: 1100 is 110000, and what says nothing is as good as missing, whatever its bytes."""
    if not isinstance(value, bytes):
        return value
    if vr == "DS":
        return _number(value)
    if vr == "CS":
        parts = tuple(part.strip(" \0") for part in value.decode("ascii", "replace").split("\\"))
        return None if parts == ("",) else parts
    return _moment(value, *FORMATS[vr])


def _number(value: bytes) -> float | None:
    try:
        return float(value) if isfinite(float(value)) else None
    except ValueError:
        return None


def _moment(value: bytes, form: str, length: int) -> tuple[time.struct_time, bytes] | None:
    digits, _, fraction = value.partition(b".")
    try:
        found = time.strptime(digits.decode().ljust(length, "0"), form)
    except ValueError:
        return None
    return found, fraction.rstrip(b"0")


def _header(path: str) -> Dataset | None:
    try:
        return dcmread(path, stop_before_pixels=True, force=True)
    except Exception:
        return None


def _value(ds: Dataset, tag: int, of_item: bool) -> bytes | str | None:
    """The bytes, None where there are none; ``UNREADABLE`` where pydicom itself stumbles and cannot be the judge."""
    try:
        found = ds.RadiopharmaceuticalInformationSequence if of_item else [ds]
        if isinstance(found, bytes):  # a sequence under another VR, which the importer puts right
            return UNREADABLE
        target = found[0]
        element = target.get_item(tag)
        return None if element is None else (element.value or b"").strip(b" \0")
    except (AttributeError, IndexError):
        return None
    except Exception:
        return UNREADABLE
