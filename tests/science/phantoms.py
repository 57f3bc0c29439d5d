"""Phantoms of the untouched seeds, each made, proposed and compared with its truth once for all tests."""

from functools import cache

from demo.phantom import CT_GRID, Phantom
from demo.study import ScanResult, evaluate
from demo.variants import Variant, as_scanned, variant
from imaging.domain import references
from imaging.domain.references import References
from imaging.domain.suv import SuvKind, suv_factors
from imaging.domain.volume import Volume

from .reference import load, shared

SEEDS = (602, 617)  # the first two untouched ones with nine lesions, three of which must be found


@cache
def made(seed: int) -> Variant:
    return variant(seed, is_untouched=True)


@cache
def result(seed: int) -> ScanResult:
    return evaluate(made(seed))


def ct_of(phantom: Phantom) -> Volume:
    return Volume.of_array(phantom.ct(), CT_GRID.affine, "[hnsf'U]")


@cache
def real_fdg() -> tuple[Volume, References]:
    """The whole-body FDG series of the reference data, and what is proposed on it."""
    series = load(shared("sts001-wholebody-ge", "FDG_PET", "image"))
    pet = series.volume(suv_factors(series.inputs).by_kind[SuvKind.BW])
    return pet, references.propose(pet, rules=references.FDG)


def proposed(phantom: Phantom, *, with_ct: bool = False) -> References:
    return references.propose(as_scanned(phantom.pet()), ct_of(phantom) if with_ct else None)
