"""From parsed slices to series: what belongs together, in which order, with which SUV inputs.

Used alike by the stored import and by the commands that store nothing. A slice's ``source`` is where its bytes are: the
SHA-256 of a stored file, or a path. One SeriesInstanceUID is trusted to be one series only as far as study, identity,
frame of reference, matrix, corrections and units agree.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from imaging import twins
from imaging.domain import names
from imaging.domain.errors import Caution, VolumeUnavailable
from imaging.domain.geometry import StackGeometry, stack
from imaging.domain.suv_inputs import SuvInputs
from imaging.instances import ParsedInstance, is_identity_unreadable
from imaging.reasons import SeriesRefused, caution
from imaging.suv_header import suv_inputs

Slice = tuple[str, ParsedInstance]


@dataclass(frozen=True)
class AssembledSeries:
    """One series. ``slices`` are in volume order where there is a ``geometry``; else ``refusal`` says why not.

    ``repeated`` are slices whose image is among them already, under another SOP Instance UID. ``hold`` is a doubt about
    whose the images are, which keeps them away from any chart until a person has looked, or ""; what is asked about the
    images themselves is in ``questions``.
    """

    slices: tuple[Slice, ...]
    repeated: tuple[Slice, ...]
    is_split: bool
    split_key: str
    geometry: StackGeometry | None
    refusal: VolumeUnavailable | None
    hold: str
    suv_inputs: SuvInputs | None
    warnings: tuple[Caution, ...]

    @property
    def first(self) -> ParsedInstance:
        """The slice that speaks for what all slices of the series share."""
        return self.slices[0][1]

    @property
    def kind(self) -> str:
        return self.first.kind

    @property
    def series_uid(self) -> str:
        return self.first.series_uid

    @property
    def name_print(self) -> str:
        """Of the first slice; ``names.DISAGREE`` where another slice calls the patient by a name that is not alike."""
        first, *others = self._stated("name_print")
        return first if all(names.is_alike(first, other) for other in others) else names.DISAGREE

    @property
    def tracer(self) -> str:
        """What all slices say; "" where they disagree, as of every input they disagree about."""
        return self._agreed("tracer") or ""

    @property
    def body_weight_kg(self) -> float | None:
        """What all slices say."""
        found: float | None = self._agreed("body_weight_kg")
        return found

    def _agreed(self, name: str) -> Any:
        """None where the slices disagree."""
        first, *others = self._stated(name)
        return None if others else first

    def _stated(self, name: str) -> list[Any]:
        """Each value once, that of the first slice first."""
        return list(dict.fromkeys(getattr(instance, name) for _, instance in self.slices))

    @property
    def header(self) -> dict[str, Any]:
        """JSON for the series row: SUV inputs, and what a reader wants to see of the header."""
        return {
            "suv": self.suv_inputs.to_dict() if self.suv_inputs else {},
            "description": self.first.series_description,
            "manufacturer": self.first.manufacturer,
            "model_name": self.first.model_name,
            "radiopharmaceutical": self.first.radiopharmaceutical,
            "reconstruction": self.first.reconstruction,
            "image_type": list(self.first.image_type),
            "body_weight_kg": self.body_weight_kg,
        }

    @property
    def geometry_json(self) -> dict[str, Any] | None:
        if self.geometry is None:
            return None
        return {
            "shape": [len(self.slices), self.first.rows, self.first.columns],
            "affine": self.geometry.affine.tolist(),
            "spacing": list(self.geometry.spacing),
            "frame_of_reference_uid": self.first.frame_of_reference_uid,
        }

    def manifest(self) -> dict[str, Any]:
        """Everything needed to re-open the integers without parsing a header again; JSON."""
        instances = [instance for _, instance in self.slices]
        return {
            "version": 1,
            "image": {name: getattr(self.first, name) for name in _IMAGE_FIELDS},
            "affine": self.geometry.affine.tolist() if self.geometry else None,
            "frame_of_reference_uid": self.first.frame_of_reference_uid,
            "refusal": [self.refusal.code, self.refusal.message] if self.refusal else None,
            "source": [source for source, _ in self.slices],
            **{name: [getattr(i, name) for i in instances] for name in _SLICE_FIELDS},
        }


_IMAGE_FIELDS = ("rows", "columns", "bits_allocated", "bits_stored", "high_bit", "is_signed")
_SLICE_FIELDS = (
    "sop_uid",
    "transfer_syntax",
    "pixel_offset",
    "slope",
    "intercept",
    "position",
    "acquired_at",
)


def assemble(slices: Iterable[Slice]) -> list[AssembledSeries]:
    """Series in the order in which their first slice came."""
    groups: dict[tuple[Any, ...], list[Slice]] = defaultdict(list)
    for source, instance in slices:
        groups[_group_key(instance)].append((source, instance))
    owners, parts = defaultdict(set), defaultdict(int)
    for _, instance in (group[0] for group in groups.values()):
        owners[instance.series_uid].add((instance.study_uid, instance.identity))
        parts[instance.series_uid, instance.study_uid, instance.identity] += 1
    return [
        _assemble_one(
            group,
            is_shared=len(owners[group[0][1].series_uid]) > 1,
            is_split=parts[group[0][1].series_uid, group[0][1].study_uid, group[0][1].identity] > 1,
        )
        for group in groups.values()
    ]


def split_key(instance: ParsedInstance) -> str:
    """Keeps reconstructions apart that share a SeriesInstanceUID; depends on the slice alone, not on its company."""
    text = json.dumps(_reconstruction(instance), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _group_key(instance: ParsedInstance) -> tuple[Any, ...]:
    return (instance.series_uid, instance.study_uid, instance.identity, *_reconstruction(instance))


def _reconstruction(instance: ParsedInstance) -> tuple[Any, ...]:
    spacing = instance.pixel_spacing
    return (
        instance.kind,
        instance.modality,
        instance.frame_of_reference_uid,
        *(getattr(instance, name) for name in _IMAGE_FIELDS),
        tuple(round(mm, 3) for mm in spacing) if spacing else (),
        tuple(sorted(instance.corrected_image or ())),
        instance.reconstruction,
        instance.units,
    )


def _assemble_one(group: list[Slice], *, is_shared: bool, is_split: bool) -> AssembledSeries:
    slices, warnings = _drop_repeated(group)
    slices, repeated = twins.set_aside(slices)
    if is_split:
        warnings.append(caution("series_split"))
    geometry, refusal = None, None
    try:
        _check_kind(slices[0][1])
        geometry = _geometry(slices)
        slices = [slices[k] for k in geometry.order]
        warnings += geometry.warnings
    except VolumeUnavailable as found:
        refusal = SeriesRefused("dynamic_series") if _is_of_many_times(found, slices) else found
        slices.sort(key=lambda item: (item[1].instance_number or 0, item[1].sop_uid))
    inputs = None
    if slices[0][1].kind == "pet":
        inputs, notes = suv_inputs([instance for _, instance in slices])
        warnings += notes
    warnings += _remarks([instance for _, instance in slices])
    return AssembledSeries(
        slices=tuple(slices),
        repeated=tuple(repeated),
        is_split=is_split,
        split_key=split_key(slices[0][1]),
        geometry=geometry,
        refusal=refusal,
        hold="series_uid_shared" if is_shared else doubt_about([instance for _, instance in slices]),
        suv_inputs=inputs,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _drop_repeated(group: list[Slice]) -> tuple[list[Slice], list[Caution]]:
    """One slice per SOP Instance UID; other bytes under a UID that is already here are left out and said so."""
    kept: dict[str, Slice] = {}
    warnings = []
    for source, instance in group:
        first_source, _ = kept.setdefault(instance.sop_uid, (source, instance))
        if first_source != source:
            warnings.append(caution("slice_conflict"))
    return list(kept.values()), warnings


def _check_kind(instance: ParsedInstance) -> None:
    words = {word.upper() for word in instance.image_type}
    if any("MIP" in word or "PROJECTION" in word for word in words):
        raise SeriesRefused("projection_image")
    if instance.kind != "pet":
        return
    called = instance.series_type[0].upper() if instance.series_type else ""
    is_called_static = called in {"STATIC", "WHOLE BODY"}  # there GE counts bed positions as time slices
    if called in {"DYNAMIC", "GATED"} or (instance.time_points > 1 and not is_called_static):
        raise SeriesRefused("dynamic_series")
    if instance.is_lossy:
        raise SeriesRefused("lossy_compression")


def _is_of_many_times(found: VolumeUnavailable, slices: Sequence[Slice]) -> bool:
    """Every place equally often in a series of several time points: it is dynamic, whatever it calls itself."""
    if found.code != "duplicate_slices" or slices[0][1].time_points == 1:
        return False
    times = set(Counter(instance.position for _, instance in slices).values())
    return len(times) == 1 and times != {1}


def _geometry(slices: Sequence[Slice]) -> StackGeometry:
    instances = [instance for _, instance in slices]
    first = instances[0]
    if any(instance.position is None for instance in instances):
        raise VolumeUnavailable("position_missing")
    if any(instance.orientation is None for instance in instances):
        raise VolumeUnavailable("orientation_invalid")
    if first.pixel_spacing is None:
        raise VolumeUnavailable("pixel_spacing_invalid")
    announced = {instance.slice_count for instance in instances}
    return stack(
        [instance.position for instance in instances],
        [instance.orientation for instance in instances],
        first.pixel_spacing,
        first.rows,
        first.columns,
        expected=announced.pop() if len(announced) == 1 and first.kind == "pet" else None,
    )


def _remarks(instances: Sequence[ParsedInstance]) -> list[Caution]:
    first = instances[0]
    found = [caution("header_value_unreadable", tag=tag) for tag in _unreadable(instances)]
    if not first.frame_of_reference_uid:
        found.append(caution("frame_of_reference_missing"))
    if any(instance.has_preamble for instance in instances):
        found.append(caution("preamble_not_empty"))
    if any(instance.is_charset_doubtful for instance in instances):
        found.append(caution("character_set_doubtful"))
    if any(map(_has_irregular_uid, instances)):
        found.append(caution("uid_irregular"))
    if first.kind == "pet" and any(instance.intercept for instance in instances):
        found.append(caution("rescale_intercept_in_pet"))
    if any(instance.is_derived_pet for instance in instances):
        found.append(caution("derived_images"))
    return found


def _has_irregular_uid(instance: ParsedInstance) -> bool:
    uids = (instance.study_uid, instance.series_uid, instance.sop_uid, instance.frame_of_reference_uid)
    return any(len(part) > 1 and part.startswith("0") for uid in uids for part in uid.split("."))


def _unreadable(instances: Sequence[ParsedInstance]) -> list[str]:
    return sorted({tag for instance in instances for tag in instance.problems})


def doubt_about(instances: Sequence[ParsedInstance]) -> str:
    """Why a person has to look at these files, or ""."""
    if any(map(is_identity_unreadable, instances)):
        return "identity_unreadable"
    if any(instance.burned_in == "YES" for instance in instances):
        return "burned_in_annotation"
    return ""
