"""Proposed reference regions of an SSTR PET: liver, spleen, blood pool. A proposal, for a person to accept or move.

Classical geometry, no learning. Each organ is found on a coarse grid (``liver``, ``spleen``, ``blood_pool``) and
measured on the scanner's voxels. An organ without a usable region is refused by name with the numbers that refuse it.
The values are those of SSTR tracers; for another tracer the caller gives other rules.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from imaging.domain.blood_pool import find_blood_pool
from imaging.domain.coarse import Coarse, coarse
from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.landmarks import Landmarks, landmarks
from imaging.domain.liver import LiverTissue, find_liver, liver_reference
from imaging.domain.reference_region import FDG, METHOD_VERSION, SSTR, Reference, ReferenceRules, RefusedReference
from imaging.domain.spleen import find_spleen
from imaging.domain.volume import Volume

__all__ = ["FDG", "METHOD_VERSION", "SSTR", "Reference", "ReferenceRules", "References", "RefusedReference", "propose"]

Found = TypeVar("Found")
Answer = Reference | RefusedReference


@dataclass(frozen=True, eq=False)
class References:
    """The three answers, and the frame they were found in, which the guesses of ``physiologic`` use as well."""

    liver: Answer
    spleen: Answer
    blood_pool: Answer
    image: Coarse
    landmarks: Landmarks
    liver_tissue: LiverTissue | None


def propose(pet: Volume, ct: Volume | None = None, rules: ReferenceRules = SSTR) -> References:
    """References of one PET (SUV), with the CT (HU) on the same frame of reference where there is one.

    Raises ``MeasurementRefused`` only where there is nothing to look at: slices not axial, no body, frames that differ.
    """
    image, found = landmarks(coarse(pet, ct))
    tissue = _tried("liver", lambda: find_liver(image, found, rules))
    liver = tissue if isinstance(tissue, LiverTissue) else None

    def reference() -> Reference:
        return liver_reference(pet, image, found, liver, rules)  # type: ignore[arg-type]

    answers = (
        _tried("liver", reference) if isinstance(tissue, LiverTissue) else tissue,
        _tried("spleen", lambda: find_spleen(pet, image, found, liver, rules)),
        _tried("blood pool", lambda: find_blood_pool(pet, image, found, liver, rules)),
    )
    noted = [_with_cautions(answer, rules, ct is not None) for answer in answers]
    return References(noted[0], noted[1], noted[2], image, found, liver)


def _tried(organ: str, find: Callable[[], Found]) -> Found | RefusedReference:
    try:
        return find()
    except MeasurementRefused as refused:
        return RefusedReference(organ, refused.code, refused.message)


def _with_cautions(answer: Answer, rules: ReferenceRules, has_ct: bool) -> Answer:
    if isinstance(answer, RefusedReference):
        return answer
    notes: list[Caution] = [] if has_ct else [caution("reference_without_ct")]
    usual = {"liver": rules.usual_liver_suv, "spleen": rules.usual_spleen_suv}.get(answer.organ)
    if usual and not usual[0] <= answer.mean <= usual[1]:
        numbers = {"mean": f"{answer.mean:.1f}", "low": usual[0], "high": usual[1]}
        notes.append(caution("reference_unusual", organ=answer.organ, **numbers))
    return replace(answer, cautions=(*answer.cautions, *notes))
