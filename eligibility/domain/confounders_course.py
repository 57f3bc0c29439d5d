"""Checks of what happened between two scans, of who read them, and of the evidence beside them (4.3, B4)."""

from eligibility.domain.change_inputs import LesionPair
from eligibility.domain.check_types import Answer, Pair, State, between_unknown, lacking, ok, said, soft, unknown
from eligibility.domain.three import Truth

PEAK_DAYS = 7
SCINTIGRAPHY = frozenset({"111In-pentetreotide", "99mTc-HYNIC-TOC"})


def _flag(p: Pair, field: str, name: str) -> Answer:
    if found := [str(scan.day) for scan in (p.before, p.after) if getattr(scan, field) is True]:
        return soft(f"{name} stated for {' and '.join(found)}")
    missing = lacking(p, field, name.capitalize())
    return unknown(said(missing)) if missing else ok(f"{name}: none on either scan")


def steroids(p: Pair) -> Answer:
    return _flag(p, "high_dose_steroid", "high-dose glucocorticoid")


def inflammation(p: Pair) -> Answer:
    courses = [c for c in p.between.courses if c.kind in ("local", "ebrt", "prrt")]
    if given := [c.name for c in courses if c.is_between]:
        return soft(f"{', '.join(given)} between the scans: inflamed tissue takes up tracer too")
    said_of_scans = _flag(p, "inflammation", "inflammation or treatment effect")
    return unknown(between_unknown(courses)) if courses and said_of_scans.state is State.OK else said_of_scans


def drift(p: Pair) -> Answer:
    if missing := lacking(p, "reader", "Reader"):
        return unknown(said(missing))
    if p.before.reader != p.after.reader:
        return soft("read by different readers")
    if p.between.was_blinded is None:
        return unknown("same reader; whether blinded to the order of the scans is not recorded")
    return ok("same reader, blinded to order") if p.between.was_blinded else soft("same reader, who knew the order")


def clone(p: Pair) -> Answer:
    if not p.between.has_specimen:
        return unknown("no specimen since the first scan: another clone is neither shown nor excluded")
    agrees: Truth = p.between.specimen_agrees
    text = p.between.specimen_text or "specimen since the first scan"
    if agrees is None:
        return unknown(f"{text}: grade not comparable")
    return ok(f"{text}: same grade") if agrees else soft(f"{text}: another grade")


def since_chemo(p: Pair) -> Answer:
    days = p.after.days_since_chemo
    if days is None:
        return unknown(f"days from the last chemotherapy to the second scan: {p.after.why('days_since_chemo')}")
    text = f"{days} days from the end of chemotherapy to the second scan"
    if days <= PEAK_DAYS:
        return soft(f"{text}: within the peak of the effect in vitro (3 to 7 days), which reverses")
    return ok(text)


def loss_or_gain(p: Pair) -> Answer:
    """C9: a conversion needs two matched lesions, or more than half of the matched volume, that rise."""
    matched = [lesion for lesion in p.lesions if lesion.is_matched]
    rose = [lesion for lesion in matched if lesion.rose]
    counts = {status: sum(x.status == status for x in p.lesions) for status in ("lost", "new")}
    unmarked = [lesion for lesion in p.lesions if lesion.is_open]
    text = f"{len(rose)} of {len(matched)} matched lesions rose; {counts['lost']} lost, {counts['new']} new"
    text += f", {len(unmarked)} open" if unmarked else ""
    if len(rose) >= 2 or _is_most_volume(rose, matched):
        return ok(text)
    if any(lesion.rose is None for lesion in matched):
        return unknown(f"{text}; not every matched lesion is scored on both scans")
    if unmarked:
        return unknown(f"{text}; not every lesion is marked on both scans")
    if not rose and not any(counts.values()):
        return ok(text)
    return soft(f"{text}: fewer than two, and not most of the matched volume")


def _is_most_volume(rose: list[LesionPair], matched: list[LesionPair]) -> bool:
    volumes = {lesion.id: v for lesion in matched if (v := lesion.after.volume_ml) is not None}
    if not rose or len(volumes) < len(matched):
        return False
    return 2 * sum(volumes[lesion.id] for lesion in rose) > sum(volumes.values())


def support(p: Pair) -> Answer:
    """C12: FDG by NETPET class, SSTR2A by IHC."""
    supports: list[str] = []
    against: list[str] = []
    first, second = p.before.netpet, p.after.netpet
    if first and second:
        moved = first[:2] in ("P4", "P5") and second[:2] in ("P1", "P2")
        worse = first[:2] in ("P1", "P2") and second[:2] in ("P4", "P5")
        (supports if moved else against if worse else []).append(f"NETPET {first} to {second}")
    b, a = p.between.sstr2_before, p.between.sstr2_after
    if b and a:
        grew = receptor_grew(b, a)
        (supports if grew else against if a in ("negative", "lost") else []).append(f"SSTR2A by IHC {b}, then {a}")
    if against:
        return soft(f"speaks against an increase: {', '.join(against)}")
    if supports:
        return ok(f"supports an increase: {', '.join(supports)}")
    return unknown("no paired FDG (NETPET class) and no paired SSTR2A IHC that would support or contradict it")


def receptor_grew(before: str, after: str) -> bool:
    """SSTR2A by IHC: absent or focal before, there after. A receptor that was there before supports no increase."""
    return before in ("negative", "lost", "focal") and after in ("positive", "retained")


def first_exam(p: Pair) -> Answer:
    if p.before.tracer in SCINTIGRAPHY:
        return soft(f"the scan before is scintigraphy ({p.before.tracer}): optimisation of the examination, no change")
    if not p.before.tracer:
        return unknown("tracer of the scan before not recorded")
    return ok(f"the scan before is a PET with {p.before.tracer}")
