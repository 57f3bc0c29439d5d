"""The finder of proposals on phantoms whose truth is known: ``python -m demo.study`` prints the tables of the docs.

Counted per lesion, by where at least a quarter of it lies: found (in foci that are asked about), in an organ (in a
spleen, kidney or bladder to be confirmed), swallowed (in foci set apart as physiologic) or missed. A false proposal is
an asked focus that holds no part of a lesion. This measures a program on drawings; it says nothing about clinical
sensitivity.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from demo.phantom import PET_GRID
from demo.variants import TUNING_SEEDS, UNTOUCHED_SEEDS, KnownLesion, Variant, as_scanned, variant
from imaging.domain import candidates, references, segmentation
from imaging.domain.candidates import Foci, Focus
from imaging.domain.references import Reference, RefusedReference
from imaging.domain.splitting import edge_distance
from imaging.domain.volume import Volume

CONTRAST, DIAMETER_MM = 1.5, 12.0
HELD = 0.25
INTERIOR_MM = 8.0  # farther from the organ's surface than the widest blur of the study


@dataclass(frozen=True)
class LesionResult:
    """``shown``: highest SUV of the lesion in the image without noise, over the liver's true mean."""

    seed: int
    known: KnownLesion
    contrast: float
    shown: float
    outcome: str  # found, in an organ, swallowed, missed
    guess: str
    volume_errors: tuple[float, float] | None  # as proposed, and outlined at 45 % of its maximum

    @property
    def must_be_found(self) -> bool:
        return self.known.diameter_mm >= DIAMETER_MM and min(self.contrast, self.shown) >= CONTRAST


@dataclass(frozen=True)
class ScanResult:
    seed: int
    liver_error: float | str
    spleen_error: float | str
    lesions: tuple[LesionResult, ...]
    false_proposals: tuple[str, ...]  # what each really is
    to_confirm: tuple[str, ...]
    set_apart: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Truth:
    """``clean``: the image without counting noise; ``labels`` and ``names``: what fills each voxel."""

    clean: np.ndarray
    labels: np.ndarray
    names: list[str]

    def voxels(self, name: str) -> np.ndarray:
        return self.labels == self.names.index(name)

    def organ_suv(self, name: str) -> float:
        """Mean of the organ's interior as painted, textured and blurred; lesions and noise left out."""
        inner = edge_distance(self.voxels(name), PET_GRID.spacing[::-1]) > INTERIOR_MM
        return float(self.clean[inner].mean())

    def content(self, focus: Focus) -> str:
        """The painted structure that fills most of a focus; plain tissue only where there is nothing else."""
        counts = np.bincount(_inside(focus, self.labels), minlength=len(self.names))
        counts[0] = 0
        return self.names[int(counts.argmax())] if counts.any() else self.names[0]


def evaluate(made: Variant) -> ScanResult:
    """One phantom: made, proposed, compared with its truth."""
    pet = as_scanned(made.phantom.pet())
    truth = Truth(made.phantom.without_noise(), *made.phantom.labels())
    found = references.propose(pet)
    foci = candidates.propose(pet, found)
    any_lesion = truth.labels >= len(truth.names) - len(made.lesions)
    false = [truth.content(focus) for focus in foci.to_ask if not _inside(focus, any_lesion).any()]
    return ScanResult(
        made.seed,
        _error(found.liver, truth.organ_suv("liver")),
        _error(found.spleen, truth.organ_suv("spleen")),
        tuple(_lesion(made, number, truth, foci, pet) for number in range(len(made.lesions))),
        tuple(false),
        *(
            tuple(f"{f.guess.organ}: {truth.content(f)}" for f in group)
            for group in (foci.to_confirm, foci.physiologic)
        ),
    )


def _error(answer: Reference | RefusedReference, truth: float) -> float | str:
    return answer.mean / truth - 1 if isinstance(answer, Reference) else answer.sentence


def _lesion(made: Variant, number: int, truth: Truth, foci: Foci, pet: Volume) -> LesionResult:
    known, voxels = made.lesions[number], truth.voxels(f"lesion {number}")
    shares = [(_held(f, voxels), f) for f in foci.foci]
    outcome = _outcome(foci, voxels)
    held, best = max(shares, key=lambda pair: pair[0])
    is_own = outcome == "found" and voxels[best.uptake.hottest_index]
    errors = _volume_errors(pet, best, int(voxels.sum())) if is_own else None
    shown = float(truth.clean[voxels].max()) / truth.organ_suv("liver") if voxels.any() else 0.0
    guess = best.guess.organ if held > 0 else ""
    return LesionResult(made.seed, known, known.painted_suv / made.liver_suv, shown, outcome, guess, errors)


def _outcome(foci: Foci, voxels: np.ndarray) -> str:
    groups = (("found", foci.to_ask), ("in an organ", foci.to_confirm), ("swallowed", foci.physiologic))
    held = (name for name, group in groups if sum(_held(focus, voxels) for focus in group) >= HELD)
    return next(held, "missed")


def _inside(focus: Focus, image: np.ndarray) -> np.ndarray:
    return image[focus.mask.bounds.slices][focus.mask.voxels]


def _volume_errors(pet: Volume, focus: Focus, true_voxels: int) -> tuple[float, float]:
    again = int(segmentation.percent_of_max(pet, focus.mask, 45).voxels.sum())
    return focus.uptake.voxel_count / true_voxels - 1, again / true_voxels - 1


def _held(focus: Focus, lesion: np.ndarray) -> float:
    """Share of the lesion that lies in the focus."""
    total = int(lesion.sum())
    return float(_inside(focus, lesion).sum()) / total if total else 0.0


def report(title: str, scans: list[ScanResult]) -> str:
    lesions = [lesion for scan in scans for lesion in scan.lesions]
    lines = [f"## {title}", "", *_references(scans), "", *_sensitivity(lesions), "", *_false(scans), ""]
    return "\n".join([*lines, *_volumes(lesions), "", *_failures(lesions), ""])


def _references(scans: list[ScanResult]) -> list[str]:
    rows = ["| reference | placed | mean error | largest error | within 3 % |", "|---|---|---|---|---|"]
    for organ in ("liver", "spleen"):
        errors = [getattr(s, f"{organ}_error") for s in scans]
        numbers = np.array([e for e in errors if not isinstance(e, str)])
        rows.append(
            f"| {organ} | {len(numbers)} of {len(errors)} | {100 * numbers.mean():+.1f} % | "
            f"{100 * np.abs(numbers).max():.1f} % | {int((np.abs(numbers) <= 0.03).sum())} |"
        )
    return rows


def _sensitivity(lesions: list[LesionResult]) -> list[str]:
    groups = [
        ("painted and shown contrast >= 1.5, >= 12 mm", [r for r in lesions if r.must_be_found]),
        ("painted >= 1.5, >= 12 mm, blurred to less than 1.5", [r for r in lesions if _is_blurred_away(r)]),
        (
            "painted >= 1.5, smaller than 12 mm",
            [r for r in lesions if r.contrast >= CONTRAST and r.known.diameter_mm < DIAMETER_MM],
        ),
        ("painted 1.0 to 1.5", [r for r in lesions if 1 <= r.contrast < CONTRAST]),
        ("painted below the liver (expected misses)", [r for r in lesions if r.contrast < 1]),
    ]
    rows = ["| lesions | n | found | in an organ | swallowed | missed | found, % |", "|---|---|---|---|---|---|---|"]
    for name, group in groups:
        count = Counter(r.outcome for r in group)
        share = f"{100 * count['found'] / len(group):.0f}" if group else "-"
        shown = " | ".join(str(count[outcome]) for outcome in ("found", "in an organ", "swallowed", "missed"))
        rows.append(f"| {name} | {len(group)} | {shown} | {share} |")
    return rows


def _is_blurred_away(result: LesionResult) -> bool:
    return result.known.diameter_mm >= DIAMETER_MM and result.contrast >= CONTRAST > result.shown


def _false(scans: list[ScanResult]) -> list[str]:
    real = Counter(name for scan in scans for name in scan.false_proposals)
    per_scan = [len(scan.false_proposals) for scan in scans]
    listed = ", ".join(f"{name} {count}" for name, count in real.most_common())
    confirm, apart = (np.mean([len(getattr(scan, name)) for scan in scans]) for name in ("to_confirm", "set_apart"))
    return [
        f"False proposals per scan: {np.mean(per_scan):.1f} (least {min(per_scan)}, most {max(per_scan)}). "
        f"Organs to confirm per scan: {confirm:.1f}. Set apart as physiologic per scan: {apart:.1f}.",
        f"What they are, over {len(scans)} scans: {listed}.",
    ]


def _volumes(lesions: list[LesionResult]) -> list[str]:
    rows = [
        "| found lesions >= 12 mm, painted contrast | n | as proposed: median, middle half | at 45 % of maximum |",
        "|---|---|---|---|",
    ]
    for low, high in ((1.0, 1.5), (1.5, 2.5), (2.5, 4.1)):
        fitting = [r for r in lesions if r.known.diameter_mm >= DIAMETER_MM and low <= r.contrast < high]
        errors = [r.volume_errors for r in fitting if r.volume_errors is not None]
        if errors:
            spread = [_spread(100 * np.array(column)) for column in zip(*errors, strict=True)]
            rows.append(f"| {low} to {high} | {len(errors)} | {spread[0]} | {spread[1]} |")
    return rows


def _spread(percent: np.ndarray) -> str:
    quarter, half, three = np.percentile(percent, (25, 50, 75))
    return f"{half:+.0f} % ({quarter:+.0f} to {three:+.0f} %)"


def _failures(lesions: Iterable[LesionResult]) -> list[str]:
    rows = []
    for r in lesions:
        if r.outcome not in ("swallowed", "in an organ") and not (r.must_be_found and r.outcome == "missed"):
            continue
        what = f"{r.known.site}, {r.known.diameter_mm:.0f} mm, painted {r.contrast:.2f}, shown {r.shown:.2f}"
        rows.append(f"- seed {r.seed}: {what}: {r.outcome}" + (f" ({r.guess})" if r.guess else ""))
    return ["Failures:", *rows] if rows else ["Failures: none."]


def main() -> None:
    for title, seeds, is_untouched in (
        ("Tuning seeds 1 to 20", TUNING_SEEDS, False),
        ("Untouched seeds 601 to 620", UNTOUCHED_SEEDS, True),
    ):
        scans = []
        for seed in seeds:
            scans.append(evaluate(variant(seed, is_untouched=is_untouched)))
            sys.stderr.write(f"seed {seed}\n")
        sys.stdout.write(report(title, scans) + "\n")


if __name__ == "__main__":
    main()
