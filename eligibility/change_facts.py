"""The change between two scans of a case, from the rows at hand: pages, watch list, command and tests start here."""

import uuid
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from django.conf import settings

from eligibility.case_rows import CaseRows
from eligibility.change_between import between
from eligibility.change_lesion_facts import lesion_pairs
from eligibility.change_scan_facts import scan_record
from eligibility.change_verdicts import has_two_readers, shown_to
from eligibility.domain.change import ChangeAssessment, assess_change
from eligibility.domain.repeatability import LARGEST_CV
from eligibility.models import ChangeVerdict
from imaging.domain.vocabulary import is_sstr
from imaging.models import Scan


def within_subject_cv() -> Decimal | None:
    """The site's own coefficient, or None to borrow. Raises ValueError for text that is no fraction above 0 up to 1."""
    text = str(settings.WITHIN_SUBJECT_CV or "").strip()
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite() or not 0 < value <= LARGEST_CV:
        raise ValueError(text)
    return value


def comparable_scans(case: CaseRows) -> list[Scan]:
    """Dated scans with an SSTR tracer, or with one nobody recorded, which may be one; oldest first."""
    return [scan for scan in case.of(Scan) if scan.clinical_date and (not scan.tracer or is_sstr(scan.tracer))]


def change_between(case: CaseRows, before: Scan | None = None, after: Scan | None = None) -> ChangeAssessment | None:
    """The newest SSTR scan against the newest of an earlier day, or ``after`` against ``before``; None without two.

    Asks the database nothing. Raises ValueError where ``after`` lies before ``before``, or both are one scan.
    """
    pair = _chosen(case, before, after)
    if pair is None:
        return None
    first, second = pair
    if first.lineage == second.lineage:
        raise ValueError("a scan cannot be compared with itself")
    records = scan_record(case, first), scan_record(case, second)
    lesions = lesion_pairs(case, first, second, (records[0].liver_suv, records[1].liver_suv))
    facts = between(case, first.clinical_date, second.clinical_date)
    found = assess_change(*records, lesions, facts, within_subject_cv=within_subject_cv())
    said = verdicts_of_pair(case.of(ChangeVerdict), found)
    if not said or not has_two_readers(said, found.digest):
        return found
    agreed = between(case, first.clinical_date, second.clinical_date, has_second_reader=True)
    return assess_change(*records, lesions, agreed, within_subject_cv=within_subject_cv())


def _chosen(case: CaseRows, before: Scan | None, after: Scan | None) -> tuple[Scan, Scan] | None:
    """Scans known to be of SSTR come first: one of unknown tracer is taken only where there are no two of them."""
    scans = comparable_scans(case)
    known = [scan for scan in scans if is_sstr(scan.tracer)]
    return _newest(known, before, after) or _newest(scans, before, after)


def _newest(scans: list[Scan], before: Scan | None, after: Scan | None) -> tuple[Scan, Scan] | None:
    after = after or (scans[-1] if scans else None)
    if after is None:
        return None
    earlier = [scan for scan in scans if scan.clinical_date < after.clinical_date]
    before = before or (earlier[-1] if earlier else None)
    return None if before is None else (before, after)


def verdicts_on(verdicts: Iterable[ChangeVerdict], found: ChangeAssessment) -> list[ChangeVerdict]:
    """Those given on this very assessment, oldest first; one on another digest is outdated."""
    return [row for row in verdicts_of_pair(verdicts, found) if row.digest == found.digest]


def verdicts_of_pair(verdicts: Iterable[ChangeVerdict], found: ChangeAssessment) -> list[ChangeVerdict]:
    """Every verdict on these two scans, oldest first, outdated ones among them."""
    ids = uuid.UUID(found.before.id), uuid.UUID(found.after.id)
    own = [row for row in verdicts if (row.before_scan, row.after_scan) == ids]
    return sorted(own, key=lambda row: (row.recorded_at, str(row.pk)))


def verdicts_hidden_from(user_id, case: CaseRows, *, may_read: bool) -> set[uuid.UUID]:
    """Keys of the verdicts that no page shows this user today, of whichever two scans of the case."""
    scans = {scan.lineage: scan for scan in comparable_scans(case)}
    said: dict[tuple, list[ChangeVerdict]] = {}
    for row in sorted(case.of(ChangeVerdict), key=lambda row: (row.recorded_at, str(row.pk))):
        said.setdefault((row.before_scan, row.after_scan), []).append(row)
    hidden: set[uuid.UUID] = set()
    for pair, rows in said.items():
        digest = _digest_today(case, *map(scans.get, pair))
        hidden |= {row.pk for row in rows} - {row.pk for row in shown_to(user_id, rows, digest, may_read=may_read)}
    return hidden


def _digest_today(case: CaseRows, before: Scan | None, after: Scan | None) -> str:
    """ "" where the two can no longer be compared: nobody can have answered what is not asked any more."""
    try:
        found = change_between(case, before, after) if before and after else None
    except ValueError:
        return ""
    return found.digest if found else ""
