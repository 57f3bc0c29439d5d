"""What an SUV is calculated from: every value with the place it came from.

``imaging/dicom.py`` fills this from a series; a named person may override a value. Nothing is corrected here: an
odd value is kept as it was found and judged by ``suv.py``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class DecayCorrection(StrEnum):
    """Decay Correction (0054,1102)."""

    NONE = "NONE"
    START = "START"
    ADMIN = "ADMIN"


class SuvKind(StrEnum):
    """What the body is measured by: weight, lean mass (James 128 or Janmahasatian), surface area, ideal weight."""

    BW = "bw"
    LBM_JAMES = "lbm_james"
    LBM_JANMAHASATIAN = "lbm_janmahasatian"
    BSA = "bsa"
    IBW = "ibw"


@dataclass(frozen=True)
class Sourced(Generic[T]):
    """A value and where it came from, e.g. ``Sourced(71.0, "header (0010,1030)")``. ``None`` means not stated."""

    value: T | None = None
    source: str = ""


def _absent() -> Any:
    return Sourced()


@dataclass(frozen=True)
class SuvInputs:
    """Inputs of SUV in DICOM units: kg, m, Bq, s. Times are either all local (naive) or carry their offset.

    ``acquired_at`` and ``frame_duration_s`` have one item per slice in the order of the volume, or a single item
    that holds for all slices. ``chart_weight_kg`` is what the weight is compared with, never calculated with.
    ``administered_time`` is for headers with an injection time but no date (0018,1072).
    ``image_type`` is stated of derived images alone, which are measured once a person has confirmed it.
    ``confirmed`` names the inputs that a person has looked at and accepted as they are, ``differing`` those without a
    value because the slices state more than one. ``replaced`` is what the header states of inputs that a person gave.
    """

    units: Sourced[str] = field(default_factory=_absent)
    suv_type: Sourced[str] = field(default_factory=_absent)
    image_type: Sourced[tuple[str, ...]] = field(default_factory=_absent)
    decay_correction: Sourced[str] = field(default_factory=_absent)
    corrected_image: Sourced[tuple[str, ...]] = field(default_factory=_absent)
    body_weight_kg: Sourced[float] = field(default_factory=_absent)
    chart_weight_kg: Sourced[float] = field(default_factory=_absent)
    body_height_m: Sourced[float] = field(default_factory=_absent)
    sex: Sourced[str] = field(default_factory=_absent)
    tracer: Sourced[str] = field(default_factory=_absent)
    nuclide: Sourced[str] = field(default_factory=_absent)
    half_life_s: Sourced[float] = field(default_factory=_absent)
    injected_activity_bq: Sourced[float] = field(default_factory=_absent)
    administration_count: Sourced[int] = field(default_factory=_absent)
    administered_at: Sourced[datetime] = field(default_factory=_absent)
    administered_time: Sourced[time] = field(default_factory=_absent)
    series_at: Sourced[datetime] = field(default_factory=_absent)
    acquired_at: Sourced[tuple[datetime | None, ...]] = field(default_factory=_absent)
    frame_duration_s: Sourced[tuple[float | None, ...]] = field(default_factory=_absent)
    ge_decay_reference_at: Sourced[datetime] = field(default_factory=_absent)
    philips_suv_factor: Sourced[float] = field(default_factory=_absent)
    philips_activity_factor: Sourced[float] = field(default_factory=_absent)
    confirmed: frozenset[str] = frozenset()
    differing: frozenset[str] = frozenset()
    replaced: tuple[tuple[str, Sourced[Any]], ...] = ()

    def override(self, name: str, value: str, source: str) -> "SuvInputs":
        """A copy in which ``name`` has the value a person typed, read from text; it counts as confirmed.

        Raises ``KeyError`` for a name that cannot be overridden and ``ValueError`` for unreadable text.
        """
        read = _READERS[name]
        changes: dict[str, Any] = {name: Sourced(read(value.strip()), source)}
        if name == "administered_at":
            changes["administered_time"] = Sourced()
        settled = {name, "administered_time"} if name == "administered_at" else {name}
        changes["replaced"] = tuple(sorted(({n: getattr(self, n) for n in settled} | dict(self.replaced)).items()))
        return replace(self, confirmed=self.confirmed | {name}, differing=self.differing - settled, **changes)

    def as_stated(self) -> "SuvInputs":
        """A copy in which every input has the value of the header again; what was confirmed stays so."""
        header: dict[str, Any] = dict(self.replaced)
        return replace(self, replaced=(), **header)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: ``{name: {"value", "source"}}`` of the stated inputs, under "replaced" as in the header; names of
        inputs as sorted lists.
        """
        stated: dict[str, Any] = {n: _written(getattr(self, n)) for n in _SOURCED if getattr(self, n).value is not None}
        stated |= {name: sorted(getattr(self, name)) for name in _NAMES if getattr(self, name)}
        return stated | ({"replaced": {n: _written(item) for n, item in self.replaced}} if self.replaced else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SuvInputs":
        """The inverse of ``to_dict``."""
        values = {n: _sourced(n, item) for n, item in data.items() if n in _SOURCED}
        replaced = tuple((n, _sourced(n, item)) for n, item in sorted(data.get("replaced", {}).items()))
        confirmed, differing = (frozenset(data.get(name, ())) for name in _NAMES)
        return cls(confirmed=confirmed, differing=differing, replaced=replaced, **values)


_NAMES = ("confirmed", "differing")
_SOURCED = tuple(f.name for f in fields(SuvInputs) if f.name not in {*_NAMES, "replaced"})
_READERS: dict[str, Any] = {
    "body_weight_kg": float,
    "body_height_m": float,
    "sex": str.upper,
    "suv_type": str.upper,
    "injected_activity_bq": float,
    "administered_at": datetime.fromisoformat,
    "half_life_s": float,
    "corrected_image": lambda text: tuple(text.upper().replace("\\", " ").split()),
}


def digest(inputs: SuvInputs) -> str:
    """SHA-256 of the inputs with their sources; equal inputs give equal digests."""
    text = json.dumps(inputs.to_dict(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _written(item: Sourced[Any]) -> dict[str, Any]:
    value = item.value
    if isinstance(value, datetime | time):
        value = value.isoformat()
    elif isinstance(value, tuple):
        value = [v.isoformat() if isinstance(v, datetime) else v for v in value]
    return {"value": value, "source": item.source}


def _sourced(name: str, item: Mapping[str, Any]) -> Sourced[Any]:
    return Sourced(_read(name, item["value"]), item["source"])


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in {"administered_at", "series_at", "ge_decay_reference_at"}:
        return datetime.fromisoformat(value)
    if name == "administered_time":
        return time.fromisoformat(value)
    if name == "acquired_at":
        return tuple(v and datetime.fromisoformat(v) for v in value)
    return tuple(value) if isinstance(value, list) else value
