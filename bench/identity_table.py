"""Lesion identity on 20 pairs of digital phantoms with known truth: ``python -m bench.identity_table``.

Not a timing: prints the markdown tables of ``docs/lesion-identity.md``. Seeds 1-20 set the constants, 21-40 report.
"""

import sys
from collections import Counter

import numpy as np

from bench.identity_cases import Case, case
from imaging.domain import outline
from imaging.domain.geometry import index_to_lps
from imaging.domain.lesion_places import FieldOfView, read_place
from imaging.domain.matching import MatchProposal, NewScan, Status, match, places
from imaging.domain.registration import Anatomy, register


def tables(seeds: range) -> None:
    outcomes, registrations, failures, trusted = Counter(), [], [], []
    for seed in seeds:
        one = case(seed)
        registration = register(Anatomy(outline.of_pet(one.before)), Anatomy(outline.of_pet(one.after)))
        at_place = {}
        if registration.matrix is not None:
            at_place = {
                k: read_place(one.after, p.centre_lps, p.radius_mm) for k, p in places(one.known, registration).items()
            }
        matching = match(
            one.known,
            NewScan(FieldOfView.of(one.after), one.findings, at_place),
            registration,
            FieldOfView.of(one.before),
        )
        registrations.append((seed, registration, _error_mm(one, registration)))
        for fate, got, is_right, p in _judged(one, matching):
            outcomes[fate, got, is_right, p.is_ambiguous] += 1
            if p.status is not Status.NOT_ASSESSABLE:
                trusted.append((p.confidence, is_right))
            if not is_right:
                failures.append(
                    f"seed {seed}, {fate}: {p.status.value}, confidence {p.confidence:.2f}{', ambiguous' if p.is_ambiguous else ''}. {p.reason}"
                )
    _print(registrations, outcomes, failures)
    _print_trust(trusted)


def _error_mm(one: Case, registration) -> float:
    """Mean distance between where the transform puts a lesion and where the phantom put it: same-size lesions only."""
    if registration.matrix is None or not one.known:
        return float("nan")
    away = []
    for known in one.known:
        if one.truth.fate.get(known.key) in ("same", "larger", "smaller") and one.truth.places.get(known.key):
            there = index_to_lps(registration.matrix, known.centroid_lps)
            away.append(float(np.linalg.norm(there - one.truth.places[known.key][0])))
    return float(np.mean(away)) if away else float("nan")


def _judged(one: Case, matching):
    """Per lesion and per new finding: what happened, what was proposed, whether that is right."""
    view = FieldOfView.of(one.after)
    for known in one.known:
        fate = one.truth.fate[known.key]
        p = matching.of(known.key)
        true_place = index_to_lps(one.true_transform, known.centroid_lps)
        if not view.covers(true_place, 8):
            yield "outside", p.status.value, p.status is Status.NOT_ASSESSABLE, p
            continue
        yield fate, p.status.value, _is_right(one, known, fate, p), p
    for p in matching.proposals:
        if not p.labels and any(_holds(one, p.finding_ids, place) for place in one.truth.new_places):
            covered = FieldOfView.of(one.before).covers(
                index_to_lps(np.linalg.inv(one.true_transform), _centre(one, p)), 8
            )
            fate = "new" if covered else "new, outside the previous scan"
            wanted = Status.NEW if covered else Status.NOT_ASSESSABLE
            yield fate, p.status.value, p.status is wanted, p


def _is_right(one: Case, known, fate: str, p: MatchProposal) -> bool:
    """Against what the outlines on the new scan really hold: one lesion each, several in one, or one in several."""
    if fate == "gone":
        return p.status is Status.RESOLVED
    hit = _hits(one, known.key)
    together = {k.key for k in one.known if one.truth.fate[k.key] != "gone" and _hits(one, k.key) & hit}
    if len(together) > 1:
        return p.status is Status.MERGED and set(p.labels) == together and set(p.finding_ids) == hit
    wanted = Status.SPLIT if len(hit) > 1 else Status.PRESENT
    return p.status is wanted and set(p.finding_ids) == hit


def _hits(one: Case, label: str) -> set[str]:
    return {
        f.key for f in one.findings if any(_holds(one, (f.key,), place) for place in one.truth.places.get(label, []))
    }


def _holds(one: Case, keys: tuple[str, ...], place) -> bool:
    return any(f.key in keys and f.voxels_lps is not None and f.gap_mm(place) <= 4 for f in one.findings)


def _centre(one: Case, p: MatchProposal):
    return next(f.centroid_lps for f in one.findings if f.key in p.finding_ids)


def _print(registrations, outcomes, failures) -> None:
    print(
        "| seed | quality | residual, mm | turn, degrees | shared length, mm | lesions off their place, mm |\n|---|---|---|---|---|---|"
    )
    for seed, r, error in registrations:
        m = r.measures
        print(
            f"| {seed} | {r.quality.value} | {r.residual_mm:.1f} | {m['turn_degrees']:.1f} | {m['overlap_mm']:.0f} | {error:.1f} |"
        )
    print(
        "\n| what happened | n | right | right and unambiguous | wrong and said to be ambiguous | wrong without a warning | proposed |\n|---|---|---|---|---|---|---|"
    )
    for fate in sorted({key[0] for key in outcomes}):
        rows = {key: n for key, n in outcomes.items() if key[0] == fate}
        total = sum(rows.values())
        right = sum(n for key, n in rows.items() if key[2])
        clear = sum(n for key, n in rows.items() if key[2] and not key[3])
        warned = sum(n for key, n in rows.items() if not key[2] and (key[3] or key[1] == "not assessable"))
        names = Counter()
        for key, n in rows.items():
            names[key[1]] += n
        shown = ", ".join(f"{name} {n}" for name, n in names.most_common())
        print(f"| {fate} | {total} | {right} | {clear} | {warned} | {total - right - warned} | {shown} |")
    print("\nFailures:\n")
    for failure in failures:
        print(f"- {failure}")


def _print_trust(trusted) -> None:
    print("\n| confidence | n | right |\n|---|---|---|")
    for low, high in ((0.9, 1.01), (0.5, 0.9), (0.25, 0.5), (0.0, 0.25)):
        rows = [is_right for confidence, is_right in trusted if low <= confidence < high]
        print(f"| {low:.2f} to {min(high, 1):.2f} | {len(rows)} | {sum(rows)} |")


if __name__ == "__main__":
    first, last = (int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (21, 40)
    tables(range(first, last + 1))
