"""Checks of two scans against each other: tracer, machine, timing, what was injected, what stood in the way (4.3)."""

from collections.abc import Sequence
from decimal import Decimal

from eligibility.domain.change_inputs import LesionPair, Number, ScanRecord, relative
from eligibility.domain.check_types import (
    Answer,
    Missing,
    Pair,
    between_unknown,
    hard,
    lacking,
    number,
    ok,
    percent,
    said,
    soft,
    unknown,
)
from patients.domain.drugs import local_kinds

SOFT_UPTAKE_MIN, HARD_UPTAKE_MIN = Decimal(10), Decimal(20)
SSA_INTERVAL_DAYS = 14
LARGE_CHANGE = Decimal("0.20")
SINK_CHANGE = Decimal("0.50")
PARTIAL_VOLUME_MM = Decimal(15)
WINDOWS: dict[str, tuple[int, int, str]] = {
    "68Ga-DOTATATE": (40, 90, "R[S54]"),
    "68Ga-DOTATOC": (55, 90, "MH"),
    "64Cu-DOTATATE": (45, 90, "R[S55]"),
}


def tracer(p: Pair) -> Answer:
    if missing := lacking(p, "tracer", "Tracer"):
        return unknown(said(missing), missing, hides_hard=True)
    if p.before.tracer != p.after.tracer:
        return hard(f"{p.before.tracer} at first, {p.after.tracer} then: their SUVs are not comparable")
    return ok(f"{p.after.tracer} on both scans")


def quality(p: Pair) -> Answer:
    scans = (p.before, p.after)
    if bad := [scan for scan in scans if scan.quality == "non_diagnostic"]:
        days = " and ".join(str(scan.day) for scan in bad)
        return unknown(f"the signed reading of {days} calls the images non-diagnostic", hides_hard=True)
    if missing := lacking(p, "quality", "Image quality by a signed reading"):
        return unknown(said(missing), missing, hides_hard=True)
    if limited := [str(scan.day) for scan in scans if scan.quality == "limited"]:
        return soft(f"image quality limited on {' and '.join(limited)}")
    return ok("image quality good on both scans")


def scanner(p: Pair) -> Answer:
    b, a = p.before, p.after
    same_scanner = b.scanner == a.scanner if b.scanner and a.scanner else None
    same_method = b.reconstruction == a.reconstruction if b.reconstruction and a.reconstruction else None
    if b.uses_psf is not None and a.uses_psf is not None:
        if b.uses_psf != a.uses_psf:
            return hard(f"resolution modelling (PSF) {_on(b.uses_psf)} at first, {_on(a.uses_psf)} then")
    elif not (same_scanner and same_method):
        missing = lacking(p, "uses_psf", "Resolution modelling (PSF)")
        return unknown(said(missing), missing, hides_hard=True)
    differing = [name for name, same in (("scanner", same_scanner), ("reconstruction", same_method)) if same is False]
    if b.uses_tof is not None and a.uses_tof is not None and b.uses_tof != a.uses_tof:
        differing.append("time of flight")
    if differing:
        return soft(f"{', '.join(differing)} changed: {_machine(b)}; {_machine(a)}")
    if same_scanner is None or same_method is None:
        return unknown("PSF unchanged; scanner or reconstruction " + (b.reasons.get("scanner") or "not recorded"))
    return ok(f"same scanner and reconstruction: {_machine(a)}")


def _on(value: bool) -> str:
    return "on" if value else "off"


def _machine(scan: ScanRecord) -> str:
    return ", ".join(word for word in (scan.scanner, scan.reconstruction) if word) or "not recorded"


def uptake_time(p: Pair) -> Answer:
    first, second = p.before.uptake_min, p.after.uptake_min
    if first is None or second is None:
        missing = lacking(p, "uptake_min", "Uptake time")
        return unknown(said(missing), missing, hides_hard=True)
    apart = abs(second - first)
    numbers = f"{number(first)} and {number(second)} min, {number(apart)} min apart"
    if apart > HARD_UPTAKE_MIN:
        return hard(f"{numbers}: more than {HARD_UPTAKE_MIN} min")
    if apart > SOFT_UPTAKE_MIN:
        return soft(f"{numbers}: more than {SOFT_UPTAKE_MIN} min")
    if outside := [scan for scan in (p.before, p.after) if not _is_in_window(scan)]:
        low, high, source = WINDOWS[outside[0].tracer]
        return soft(f"{numbers}; outside the window of {low} to {high} min ({source})")
    return ok(numbers)


def _is_in_window(scan: ScanRecord) -> bool:
    window = WINDOWS.get(scan.tracer)
    return window is None or scan.uptake_min is None or window[0] <= scan.uptake_min <= window[1]


def ssa(p: Pair) -> Answer:
    if missing := lacking(p, "ssa", "Somatostatin analogue (none or given)"):
        return unknown(said(missing), missing, hides_hard=True)
    if p.after.ssa == "on" and p.before.ssa == "none":
        return hard(f"analogue newly given before the second scan{_named(p.after)}: it lowers liver uptake, not tumour")
    if p.before.ssa == "on" and p.after.ssa == "none":
        return soft(f"analogue stopped between the scans{_named(p.before)}")
    if p.before.ssa == "none":
        return ok("no analogue before either scan")
    return _ssa_on_both(p.before, p.after)


def _ssa_on_both(b: ScanRecord, a: ScanRecord) -> Answer:
    if b.ssa_drug and a.ssa_drug and b.ssa_drug.casefold() != a.ssa_drug.casefold():
        return soft(f"analogue changed: {b.ssa_drug}, then {a.ssa_drug}")
    if b.ssa_dose_mg is not None and a.ssa_dose_mg is not None and b.ssa_dose_mg != a.ssa_dose_mg:
        return soft(f"dose changed: {number(b.ssa_dose_mg)} mg, then {number(a.ssa_dose_mg)} mg")
    if b.days_since_ssa is None or a.days_since_ssa is None:
        return unknown("analogue before both scans; days since the last injection not recorded")
    numbers = f"{b.days_since_ssa} and {a.days_since_ssa} days since the last injection"
    if abs(b.days_since_ssa - a.days_since_ssa) > SSA_INTERVAL_DAYS:
        return soft(f"{numbers}: more than {SSA_INTERVAL_DAYS} days apart")
    if not (b.ssa_drug and a.ssa_drug) or b.ssa_dose_mg is None or a.ssa_dose_mg is None:
        return unknown(f"analogue before both scans, {numbers}; whether drug and dose are the same is not recorded")
    return ok(f"analogue before both scans, {numbers}")


def _named(scan: ScanRecord) -> str:
    dose = "" if scan.ssa_dose_mg is None else f" {number(scan.ssa_dose_mg)} mg"
    ago = "" if scan.days_since_ssa is None else f", {scan.days_since_ssa} days before"
    return f" ({scan.ssa_drug}{dose}{ago})" if scan.ssa_drug else ""


def injection(p: Pair) -> Answer:
    names = {"injected_mbq": ("activity", "MBq"), "weight_kg": ("weight", "kg")}
    missing = [item for field, (name, _) in names.items() for item in lacking(p, field, name.capitalize())]
    if missing:
        return unknown(f"SUV not verifiable. {said(missing)}")
    parts = [_step(p, field, *names[field]) for field in names]
    text = "; ".join(text for text, _ in parts)
    if any(large for _, large in parts):
        return soft(f"{text}: more than 20 %")
    return ok(f"{text}; residual activity and clocks are not recorded")


def _step(p: Pair, field: str, name: str, unit: str) -> tuple[str, bool]:
    first, second = getattr(p.before, field), getattr(p.after, field)
    change = relative(first, second)
    shown = "" if change is None else f" ({percent(change)})"
    return f"{name} {number(first)} and {number(second)} {unit}{shown}", change is None or abs(change) > LARGE_CHANGE


def peptide(p: Pair) -> Answer:
    first, second = p.before.peptide_ug, p.after.peptide_ug
    if first is None or second is None:
        return unknown(said(lacking(p, "peptide_ug", "Peptide mass")))
    change = relative(first, second)
    numbers = f"{number(first)} and {number(second)} µg"
    return soft(numbers) if change is None or abs(change) > LARGE_CHANGE else ok(numbers)


def extravasation(p: Pair) -> Answer:
    if seen := [str(scan.day) for scan in (p.before, p.after) if scan.extravasation == "seen"]:
        return hard(f"extravasation seen on {' and '.join(seen)}")
    if guessed := [s for s in ("before", "after") if getattr(p, s).extravasation == "suspected"]:
        missing = tuple(
            Missing("extravasation", side, f"Extravasation on {getattr(p, side).day}: suspected, neither seen nor none")
            for side in guessed
        )
        return unknown(said(missing), missing, hides_hard=True)
    if missing := lacking(p, "extravasation", "Extravasation"):
        return unknown(said(missing), missing, hides_hard=True)
    return ok("none on either scan")


def partial_volume(p: Pair) -> Answer:
    if not any(lesion.is_matched for lesion in p.lesions):
        return unknown("no lesion is matched on both scans", hides_hard=True)
    if missing := sizes_missing(p.index.open):
        labels = ", ".join(dict.fromkeys(item.lesion for item in missing))
        return unknown(f"size needed at both scans, {len(missing)} missing: {labels}", missing, hides_hard=True)
    if not p.index.chosen:
        return hard("every matched lesion is under 10 mm on at least one scan")
    if small := [lesion.label for lesion in p.index.chosen if lesion.label in p.index.tolerated]:
        return soft(f"{', '.join(small)}: 10 mm or more but under {PARTIAL_VOLUME_MM} mm on at least one scan")
    return ok(f"index lesions {', '.join(x.label for x in p.index.chosen)}: 15 mm or more on both scans")


def sizes_missing(lesions: Sequence[LesionPair]) -> tuple[Missing, ...]:
    return tuple(
        Missing("size_mm", side, f"Size of {lesion.label} on the {word} scan: {seen.size_reason}", lesion.label)
        for lesion in lesions
        for side, word, seen in (("before", "first", lesion.before), ("after", "second", lesion.after))
        if seen.size_mm is None
    )


def liver_change(p: Pair) -> Number:
    return relative(p.before.liver_suv, p.after.liver_suv)


def liver(p: Pair) -> Answer:
    change = liver_change(p)
    sirt = [course for course in p.between.courses if "sirt" in local_kinds(course.name)]
    if given := [course.name for course in sirt if course.is_between]:
        known = "" if change is None else f"; liver SUVmean {percent(change)}"
        return soft(f"{', '.join(given)} between the scans changes the liver it treats{known}")
    if sirt:
        return unknown(between_unknown(sirt))
    if change is None or p.before.liver_suv is None or p.after.liver_suv is None:
        return unknown(said(lacking(p, "liver_suv", "Liver SUVmean")) or "liver SUVmean is zero")
    numbers = f"liver SUVmean {p.before.liver_suv:.2f} and {p.after.liver_suv:.2f} ({percent(change)})"
    return soft(f"{numbers}: more than 20 %") if abs(change) > LARGE_CHANGE else ok(numbers)


def sink(p: Pair) -> Answer:
    b, a = p.before, p.after
    if b.tumour_volume_ml is None or a.tumour_volume_ml is None:
        return unknown(said(lacking(p, "tumour_volume_ml", "SSTR tumour volume")))
    if b.volume_method != a.volume_method:
        return unknown(f"volumes made by different methods are not compared: {b.volume_method}; {a.volume_method}")
    change = relative(b.tumour_volume_ml, a.tumour_volume_ml)
    numbers = f"{b.tumour_volume_ml:.1f} and {a.tumour_volume_ml:.1f} mL"
    if change is None:
        return unknown(f"{numbers}: no relative change of nothing")
    text = f"{numbers} ({percent(change)})"
    return soft(f"{text}: more than 50 %") if abs(change) > SINK_CHANGE else ok(text)
