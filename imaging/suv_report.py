"""What ``manage.py suv`` says about one series, as plain JSON; and the SUVbw volume as NIfTI."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from imaging.assemble import AssembledSeries
from imaging.domain.activity import Notes
from imaging.domain.errors import NOTES, Caution, ImagingRefusal, SuvUnavailable
from imaging.domain.plausible import judge_highest, judge_values
from imaging.domain.suv import Factor, SuvFactors, SuvKind, suv_factors
from imaging.domain.suv_inputs import SuvInputs
from imaging.domain.vocabulary import SUV_UNITS
from imaging.domain.volume import Volume
from imaging.reasons import caution
from imaging.volumes import ReusableBuffer, load_from_manifest

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def heading(warning: dict[str, str]) -> str:
    """What a line of a command begins with."""
    return "note" if warning["code"] in NOTES else "warning"


def report(series: AssembledSeries, buffer: ReusableBuffer | None = None) -> dict[str, Any]:
    """One entry of the ``series`` list. A factor that differs from slice to slice is a list in volume order.

    Without a volume the factors are still given, minimum, median and maximum are null, and the refusal says why.
    """
    warnings, kinds, refusal = list(series.warnings), dict.fromkeys(SuvKind), None
    try:
        factors = suv_factors(inputs_of(series))
        warnings += factors.warnings
        kinds = {kind: _numbers(factor) for kind, factor in factors.by_kind.items()}
        notes = Notes(factors.inputs.confirmed)
        try:
            _add_statistics(kinds, factors, series, buffer, notes)
        except SuvUnavailable:
            kinds = dict.fromkeys(SuvKind)
            raise
        finally:
            is_provisional = factors.is_provisional or notes.is_provisional
            warnings += [*notes.cautions, *([caution("suv_provisional")] if is_provisional else [])]
    except ImagingRefusal as found:
        refusal = {"code": found.code, "message": found.message}
    return {
        "series_uid": series.series_uid,
        "units": series.first.units,
        "suv": {kind.value: numbers for kind, numbers in kinds.items()},
        "inputs": {name: _input(name, item) for name, item in series.suv_inputs.to_dict().items() if "value" in item},
        "warnings": [_warning(warning) for warning in dict.fromkeys(warnings)],
        "refusal": refusal,
    }


def suv_volume(series: AssembledSeries, kind: SuvKind = SuvKind.BW, buffer: ReusableBuffer | None = None) -> Volume:
    """The series as a volume in SUV. Raises ``SuvUnavailable`` or ``VolumeUnavailable``."""
    factors = suv_factors(inputs_of(series))
    factor = factors.by_kind[kind]
    if factor is None:
        raise factors.absent[kind]
    volume = _volume(series, factor, kind, buffer)
    if kind is SuvKind.BW:
        judge_highest(volume.highest(), Notes(factors.inputs.confirmed))
    return volume


def write_nifti(volume: Volume, path: Path) -> None:
    """SUV as float32, axes i, j, k, with the affine in RAS mm as NIfTI wants it."""
    import nibabel

    values = np.empty(volume.shape[::-1], np.float32, order="F")
    for k in range(volume.shape[0]):
        values[:, :, k] = volume.slice_suv(k).T
    image = nibabel.Nifti1Image(values, LPS_TO_RAS @ volume.affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def _volume(series: AssembledSeries, factor: Factor, kind: SuvKind, buffer: ReusableBuffer | None) -> Volume:
    if series.refusal is not None:
        raise series.refusal
    return load_from_manifest(series.manifest(), buffer).volume(factor, SUV_UNITS[kind])


def inputs_of(series: AssembledSeries) -> SuvInputs:
    """Whoever names the files has chosen them, derived images too: the warning goes with the numbers."""
    return replace(series.suv_inputs, confirmed=series.suv_inputs.confirmed | {"image_type"})


def _numbers(factor: Factor | None) -> dict[str, Any] | None:
    if factor is None:
        return None
    return {"factor": list(factor) if isinstance(factor, tuple) else factor, "min": None, "median": None, "max": None}


def _add_statistics(
    kinds: dict[SuvKind, dict[str, Any] | None],
    factors: SuvFactors,
    series: AssembledSeries,
    buffer: ReusableBuffer | None,
    notes: Notes,
) -> None:
    """Kinds differ by one ratio of body sizes, so the voxels are read once."""
    base = factors.by_kind[SuvKind.BW]
    if base is None:
        raise SuvUnavailable("patient_weight_missing")
    found = _volume(series, base, SuvKind.BW, buffer).statistics()
    judge_values(found, notes)
    for kind, numbers in kinds.items():
        factor = factors.by_kind[kind]
        if numbers is not None and factor is not None:
            ratio = _first(factor) / _first(base)
            numbers |= {"min": found.min * ratio, "median": found.median * ratio, "max": found.max * ratio}


def _first(factor: Factor) -> float:
    return factor[0] if isinstance(factor, tuple) else factor


def _input(name: str, item: dict[str, Any]) -> dict[str, Any]:
    """Times and durations are many; the first stands for them and says so."""
    value, source = item["value"], item["source"]
    if name not in {"acquired_at", "frame_duration_s"}:
        return {"value": value, "source": source}
    stated = [one for one in value if one is not None]
    return {"value": min(stated), "source": source if len(value) == 1 else f"{source}, lowest of {len(value)} slices"}


def _warning(warning: Caution) -> dict[str, str]:
    return {"code": warning.code, "message": warning.message}
