"""A named guess for each focus of an SSTR PET: which organ it may be, and what a person must look at.

Three answers. *Set apart* (``is_physiologic``): small organs with place, size, heat and, for paired ones, partner.
*To be confirmed* (``is_plain_organ``): spleen, kidney or bladder that looks like nothing else; these are large and hot
enough for a lesion that touches them to vanish in them, so a person looks at each. *Asked*: everything else, with the
guess beside it; the uncinate region always, the liver always, and any organ with something unusual about it.
Millimetres are wide bands of adult anatomy counted from the liver: local conventions, not published limits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from imaging.domain.focus_shape import FocusShape

METHOD_VERSION = "physiologic/1.1"


@dataclass(frozen=True)
class Guess:
    """``organ``: the field's word, "" for none; ``sentence``: why; ``is_physiologic``: set apart;
    ``is_plain_organ``: a large organ to be confirmed, never set apart."""

    organ: str
    sentence: str
    is_physiologic: bool
    is_plain_organ: bool = False

    @property
    def must_ask(self) -> bool:
        return not self.is_physiologic


@dataclass(frozen=True)
class PhysiologicRules:
    """Bands in mm, volumes in mL, ratios to the liver's level."""

    liver_around: float = 0.5
    uncinate_share: float = 0.5
    uncinate_touch: float = 0.05
    spleen_ml: tuple[float, float] = (30.0, 1000.0)
    kidney_ml: tuple[float, float] = (60.0, 450.0)
    kidney_volume_ratio: float = 1.7
    organ_solidity: float = 0.75
    organ_bump_ml: float = 0.8
    organ_max_over_mean: float = 2.2
    pelvis_ml: float = 25.0
    bladder_ml: float = 15.0
    pituitary_ml: float = 4.0
    adrenal_ml: float = 6.0
    gland_ml: float = 40.0
    pair_off_mm: float = 18.0
    pair_height_mm: float = 30.0
    pair_suv_ratio: float = 1.7
    pair_volume_ratio: float = 3.0
    bowel_over_liver: float = 2.0
    bowel_solidity: float = 0.6
    bowel_long_mm: float = 80.0
    ureter_long_mm: float = 40.0
    ureter_wide_mm: float = 18.0


SSTR = PhysiologicRules()
_MAY_HIDE = "A lesion that touches it cannot always be told from it: to be confirmed."
Finder = Callable[[FocusShape, Sequence[FocusShape], PhysiologicRules], Guess | None]


def guess_all(shapes: Sequence[FocusShape], rules: PhysiologicRules = SSTR) -> list[Guess]:
    """One guess per focus, in the same order. The first organ whose place fits gives the name."""
    return [_guess(shape, shapes, rules) for shape in shapes]


def _guess(shape: FocusShape, shapes: Sequence[FocusShape], rules: PhysiologicRules) -> Guess:
    for find in _FINDERS:
        found = find(shape, shapes, rules)
        if found is not None:
            return found
    return Guess("", "No organ that usually takes up the tracer is expected here.", False)


def _liver(shape: FocusShape, _all: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    """First of all: a large metastasis in the back of the liver has place and size of a kidney."""
    if not shape.in_liver and shape.liver_around < rules.liver_around:
        return None
    return Guess("liver", "Lies in the liver or is surrounded by it: always asked.", False)


def _uncinate(shape: FocusShape, _all: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    if shape.uncinate_share < rules.uncinate_share:
        return None
    return Guess("uncinate process", "Lies where head and uncinate process of the pancreas are: always asked.", False)


def _spleen(shape: FocusShape, _all: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    if not shape.holds_spleen:
        return None
    odd = _odd(shape, rules.spleen_ml, rules)
    return _large_organ("spleen", "Holds the spleen reference: hot, on the left, level with the liver", odd)


def _kidney(shape: FocusShape, everything: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    if not _is_at_kidney(shape) or shape.volume_ml < rules.kidney_ml[0]:
        return None
    side = "left" if shape.left_mm > 0 else "right"
    partners = [s for s in everything if _is_at_kidney(s) and s.left_mm * shape.left_mm < 0]
    volumes = [s.volume_ml for s in partners if s.volume_ml >= rules.kidney_ml[0]]
    odd = _odd(shape, rules.kidney_ml, rules)
    others = [s for s in everything if s is not shape and _is_at_kidney(s) and s.left_mm * shape.left_mm > 0]
    if any(s.volume_ml > rules.pelvis_ml for s in others):
        odd = odd or "another large focus lies in the same place"
    if not volumes:
        odd = odd or "it has no partner on the other side"
    elif shape.volume_ml > rules.kidney_volume_ratio * max(volumes):
        odd = odd or "it is much larger than its partner"
    return _large_organ(f"{side} kidney", "Hot, at the back beside the spine, around the lower end of the liver", odd)


def _pelvis(shape: FocusShape, everything: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    """The renal pelvis comes apart from the cortex where the fat of the sinus lies between."""
    kidneys = [s for s in everything if _is_at_kidney(s) and s.volume_ml >= rules.kidney_ml[0]]
    beside = [s for s in kidneys if s.left_mm * shape.left_mm > 0 and _is_medial(shape, s)]
    if not beside or shape.volume_ml > rules.pelvis_ml:
        return None
    odd = "" if _has_partner(shape, everything, rules) else "it has no equal partner on the other side"
    return _organ("renal pelvis", "On the inner side of a kidney, level with it", odd)


def _is_medial(shape: FocusShape, kidney: FocusShape) -> bool:
    inward = abs(kidney.left_mm) - abs(shape.left_mm)
    level = abs(shape.centroid_lps[2] - kidney.centroid_lps[2])
    return 0 <= inward <= 45 and level <= 60 and abs(shape.centroid_lps[1] - kidney.centroid_lps[1]) <= 30


def _is_at_kidney(shape: FocusShape) -> bool:
    beside = 25 <= abs(shape.left_mm) <= 105 and shape.depth >= 0.45
    return beside and shape.above_liver_bottom_mm >= -90 and shape.above_liver_middle_mm <= 25


def _bladder(shape: FocusShape, everything: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    if not _is_at_bladder(shape) or shape.volume_ml < rules.bladder_ml:
        return None
    rivals = [s for s in everything if s is not shape and _is_at_bladder(s) and s.volume_ml >= rules.bladder_ml]
    odd = "another large focus lies in the same place" if rivals else ""
    odd = odd or ("its outline is not rounded" if shape.solidity < rules.organ_solidity else "")
    return _large_organ("bladder", "Hot urine in the middle of the pelvis, in front", odd)


def _is_at_bladder(shape: FocusShape) -> bool:
    return abs(shape.left_mm) <= 30 and shape.depth <= 0.65 and shape.above_liver_bottom_mm <= -130


def _pituitary(shape: FocusShape, _all: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    is_here = abs(shape.left_mm) <= 12 and shape.above_liver_top_mm >= 240 and 0.25 <= shape.depth <= 0.75
    if not is_here:
        return None
    odd = "" if shape.volume_ml <= rules.pituitary_ml else "it is large for a pituitary"
    return _organ("pituitary", "Small, in the midline, deep in the head", odd)


def _glands(shape: FocusShape, everything: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    height, off = shape.above_liver_top_mm, abs(shape.left_mm)
    if shape.volume_ml > rules.gland_ml or off > 90:
        return None
    if height >= 195:
        organ, where = "salivary gland", "At the face or jaw"
    elif height >= 120 and off <= 45 and shape.depth <= 0.62:
        organ, where = "thyroid", "In front of the neck"
    else:
        return None
    odd = "" if _has_partner(shape, everything, rules) else "it has no equal partner on the other side"
    return _organ(organ, where + ", beside the midline", odd)


def _adrenal(shape: FocusShape, everything: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    is_here = 12 <= abs(shape.left_mm) <= 70 and shape.depth >= 0.5 and shape.volume_ml <= rules.adrenal_ml
    if not (is_here and shape.above_liver_bottom_mm >= 0 and shape.above_liver_middle_mm <= 40):
        return None
    odd = "" if _has_partner(shape, everything, rules) else "it has no equal partner on the other side"
    return _organ("adrenal", "Small, at the back above the kidney", odd)


def _ureter(shape: FocusShape, _all: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    x, y, z = shape.extent_mm
    is_here = 12 <= abs(shape.left_mm) <= 90 and -260 <= shape.above_liver_bottom_mm <= 10 and shape.depth >= 0.4
    if not is_here or z < 2 * max(x, y) or z < rules.ureter_long_mm / 2:
        return None
    is_thin = z >= rules.ureter_long_mm and max(x, y) <= rules.ureter_wide_mm
    odd = "" if is_thin else "it is short or wide for a ureter; a row of nodes looks the same"
    return _organ("ureter", "A thin upright line between kidney and bladder", odd)


def _bowel(shape: FocusShape, _all: Sequence[FocusShape], rules: PhysiologicRules) -> Guess | None:
    if shape.depth > 0.62 or not -250 <= shape.above_liver_bottom_mm <= 60:
        return None
    is_plain = shape.suv_ratio <= rules.bowel_over_liver and shape.longest_mm >= rules.bowel_long_mm
    odd = "" if is_plain and shape.solidity < rules.bowel_solidity else "it is not a long loop of low uptake"
    if shape.uncinate_share >= rules.uncinate_touch:
        odd = odd or "it reaches into the region of the uncinate process"
    return _organ("bowel", "In the front of the abdomen, among bowel", odd)


def _has_partner(shape: FocusShape, everything: Sequence[FocusShape], rules: PhysiologicRules) -> bool:
    """One focus at the mirrored place with about the same heat and size, and that one has no other partner: a lesion
    beside a gland makes two."""
    partners = [s for s in everything if s is not shape and _is_mirror(shape, s, rules)]
    return len(partners) == 1 and sum(_is_mirror(partners[0], s, rules) for s in everything) == 1


def _is_mirror(shape: FocusShape, other: FocusShape, rules: PhysiologicRules) -> bool:
    (_, y, z), (_, y2, z2) = shape.centroid_lps, other.centroid_lps
    is_across = shape.left_mm * other.left_mm < 0 and abs(shape.left_mm + other.left_mm) <= rules.pair_off_mm
    is_level = abs(z - z2) <= rules.pair_height_mm and abs(y - y2) <= rules.pair_off_mm
    return (
        is_across
        and is_level
        and _ratio(shape.suv_max, other.suv_max) <= rules.pair_suv_ratio
        and _ratio(shape.volume_ml, other.volume_ml) <= rules.pair_volume_ratio
    )


def _ratio(a: float, b: float) -> float:
    return max(a, b) / min(a, b)


def _odd(shape: FocusShape, usual_ml: tuple[float, float], rules: PhysiologicRules) -> str:
    """What is unusual about a solid organ; "" for nothing."""
    if not usual_ml[0] <= shape.volume_ml <= usual_ml[1]:
        return f"its volume of {shape.volume_ml:.0f} mL is unusual"
    if shape.solidity < rules.organ_solidity or shape.bump_ml > rules.organ_bump_ml:
        return "something stands out of its surface"
    if shape.suv_max > rules.organ_max_over_mean * shape.suv_mean:
        return "one place in it is much hotter than the rest"
    return ""


def _organ(organ: str, reason: str, odd: str) -> Guess:
    return Guess(organ, f"{reason}, but {odd}: asked." if odd else f"{reason}.", not odd)


def _large_organ(organ: str, reason: str, odd: str) -> Guess:
    if odd:
        return _organ(organ, reason, odd)
    return Guess(organ, f"{reason}. {_MAY_HIDE}", False, is_plain_organ=True)


_FINDERS: tuple[Finder, ...] = (
    _liver, _spleen, _kidney, _bladder, _pituitary, _glands, _uncinate, _adrenal, _pelvis, _ureter, _bowel,
)  # fmt: skip
