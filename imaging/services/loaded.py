"""Volumes in memory that a worker uses again: the first touch of fresh memory costs more than reading the files."""

import threading

from imaging import volumes
from imaging.domain.errors import ImagingRefusal
from imaging.domain.scratch import Scratch
from imaging.domain.volume import Volume
from imaging.models import Scan, SuvResult

HU = "[hnsf'U]"
_memory = threading.local()


def pet_of(scan: Scan, suv_result: SuvResult) -> Volume:
    """SUVbw of the scan, valid until the next scan is loaded by this thread. Raises an ``ImagingRefusal``."""
    return volumes.load_volume(scan.pet_series, suv_result, buffer=buffer("pet"))


def ct_of(scan: Scan, name: str = "ct") -> Volume | None:
    """CT numbers of the scan; None where there is no usable CT."""
    if scan.ct_series is None or scan.ct_series.refusal_code:
        return None
    try:
        return volumes.load_stored(scan.ct_series, buffer(name)).volume(1.0, HU)
    except ImagingRefusal:
        return None


def buffer(name: str) -> volumes.ReusableBuffer:
    buffers = _memory.__dict__.setdefault("buffers", {})
    return buffers.setdefault(name, volumes.ReusableBuffer())


def scratch() -> Scratch:
    return _memory.__dict__.setdefault("scratch", Scratch())
