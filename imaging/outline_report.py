"""What ``manage.py measure`` says about the outlines of a file, as plain JSON: one entry per segment or region."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from imaging.assemble import AssembledSeries
from imaging.domain import uptake
from imaging.domain.activity import Notes
from imaging.domain.errors import Caution, ImagingRefusal, SuvUnavailable
from imaging.domain.mesh import mesh_volume_ml
from imaging.domain.plausible import judge_highest
from imaging.domain.suv import SuvKind, suv_factors
from imaging.domain.vocabulary import SUV_UNITS
from imaging.domain.volume import Volume
from imaging.objects import Segmentation, StructureSet
from imaging.outlines import Images, OutlineOutcome, Refusal, place_outlines
from imaging.reasons import caution
from imaging.suv_report import inputs_of
from imaging.volumes import load_from_manifest

NUMBERS = (
    "voxels",
    "volume_ml",
    "suv_max",
    "suv_mean",
    "suv_peak_local",
    "suv_peak_global",
    "total_lesion_uptake",
    "volume_mesh_ml",
)


@dataclass(frozen=True, eq=False)
class Target:
    """A PET to measure on. Without SUV (``refusal``) voxels and volume remain; ``warnings`` go with every number."""

    images: Images
    refusal: Refusal | None
    warnings: tuple[Caution, ...]


def folder_target(pet: Sequence[AssembledSeries], content: Segmentation | StructureSet) -> Target | None:
    """The PET the outlines were drawn on; else the only one there. Raises ``VolumeUnavailable``."""
    wanted = content.header.referenced_series_uids
    chosen = [series for series in pet if series.series_uid in wanted] or list(pet)
    if len(chosen) > 1:
        frame = content.header.frame_of_reference_uid
        chosen = [series for series in chosen if series.first.frame_of_reference_uid == frame]
    return _target(chosen[0]) if len(chosen) == 1 else None


def _target(series: AssembledSeries) -> Target:
    if series.refusal is not None:
        raise series.refusal
    factor: Any = 1.0
    unit, refusal, warnings = "", None, list(series.warnings)
    try:
        factors = suv_factors(inputs_of(series))
        if factors.by_kind[SuvKind.BW] is None:
            raise SuvUnavailable("patient_weight_missing")
        factor, unit = factors.by_kind[SuvKind.BW], SUV_UNITS[SuvKind.BW]
        warnings += [*factors.warnings, *([caution("suv_provisional")] if factors.is_provisional else [])]
    except ImagingRefusal as found:
        refusal = Refusal(found.code, found.message)
    manifest = series.manifest()
    values = load_from_manifest(manifest)
    volume = values.volume(factor, unit)
    if refusal is None and (refusal := _too_hot(volume)):
        volume = values.volume(1.0, "")
    return Target(images_of(volume, series.series_uid, manifest), refusal, tuple(warnings))


def _too_hot(volume: Volume) -> Refusal | None:
    """Of files in a folder nobody has confirmed anything."""
    try:
        judge_highest(volume.highest(), Notes(frozenset()))
    except SuvUnavailable as found:
        return Refusal(found.code, found.message)
    return None


def images_of(volume: Volume, series_uid: str, manifest: dict[str, Any]) -> Images:
    return Images(volume, series_uid, frozenset(manifest["sop_uid"]))


def vois(content: Segmentation | StructureSet, target: Target | None) -> Iterator[dict[str, Any]]:
    for outcome in place_outlines(content, target.images if target else None):
        yield _voi(outcome, target)


def _voi(outcome: OutlineOutcome, target: Target | None) -> dict[str, Any]:
    refusal, warnings = outcome.refusal, list(outcome.warnings)
    numbers: dict[str, Any] = {"voxels": outcome.own_voxels, "volume_ml": outcome.own_volume_ml}
    if outcome.placed is not None and target is not None:
        numbers, refusal, found = _measured(outcome, target)
        warnings += found
    return {
        "segment_number": outcome.number,
        "label": outcome.label,
        "tracking_uid": outcome.tracking_uid or None,
        **dict.fromkeys(NUMBERS),
        **numbers,
        "state": outcome.state,
        "method": outcome.placed.method if outcome.placed else None,
        "parameters": outcome.placed.parameters if outcome.placed else {},
        "warnings": [asdict(warning) for warning in warnings],
        "refusal": asdict(refusal) if refusal else None,
    }


def _measured(outcome: OutlineOutcome, target: Target) -> tuple[dict[str, Any], Refusal | None, list[Caution]]:
    """Numbers of a placed outline; without SUV only those of its shape."""
    assert outcome.placed is not None
    volume, mask = target.images.volume, outcome.placed.mask
    count = int(np.count_nonzero(mask.voxels))
    shape = {"voxels": count, "volume_ml": count * volume.voxel_volume_ml}
    shape |= {"volume_mesh_ml": mesh_volume_ml(volume, mask)}
    if target.refusal is not None:
        return shape, target.refusal, list(target.warnings)
    try:
        found = uptake.measure(volume, mask)
    except ImagingRefusal as refused:
        return shape, Refusal(refused.code, refused.message), list(target.warnings)
    numbers = {name: getattr(found, name) for name in NUMBERS if name.startswith("suv_")}
    numbers |= {"total_lesion_uptake": found.total_lesion_sstr_expression}
    return shape | numbers, None, [*target.warnings, *found.warnings]
