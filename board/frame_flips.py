"""What would change a verdict, for a wall: at most two sentences, those with a value near its limit first.

A row that nobody can answer yet blocks nothing: the sentence says what is to be known. A sentence that would only
repeat its row ("met if “title” were met") is not said.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter

from board import words
from eligibility.domain.criteria import Condition, Test, check
from eligibility.domain.flip import Flip, FlipAnalysis
from eligibility.domain.flip_words import phrase
from eligibility.domain.guideline import SAFETY_LEVELS, Criterion, Guideline
from eligibility.domain.lesions import LesionVerdict, Quantifier
from eligibility.domain.margin import COUNTING
from eligibility.domain.near_limit import FAR, NearLimit, near_limits, share_to_edge, share_to_limit
from eligibility.domain.rules import FAVOURABLE, AssessmentResult, RowResult, Verdict
from eligibility.domain.scale_words import relation_words
from eligibility.domain.vocabulary import RELATIONS, YES_NO, label_of
from eligibility.measurement_errors import stated_errors
from eligibility.sensitivity import sensitivity

MOST_SENTENCES = 2
ROWS_NAMED = 2
LESIONS_NAMED = 3
LONGEST, SHORT = 70, 45
_NOW = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)")
_MUST_BE_RECORDED = frozenset({"missing", "not_stated", "input_missing", "recorded_unknown"})


@dataclass(frozen=True)
class WallFlip:
    """``word`` under ``label`` if ``when``; without a word the sentence says why nothing changes it.

    ``share``: how far the farthest value of the sentence is from its limit, as a part of the limit.
    """

    word: str
    label: str
    when: str
    share: Decimal = FAR


def nearest(by_set: Iterable[list[WallFlip]]) -> list[WallFlip]:
    """One sentence of each set before a second of any; then those with a value near its limit first."""
    ranked = [sorted(one, key=lambda flip: flip.share) for one in by_set]
    turns = [one[n] for n in range(MOST_SENTENCES) for one in ranked if n < len(one)]
    return sorted(turns[:MOST_SENTENCES], key=lambda flip: flip.share)


def flips_of(one: Guideline, result: AssessmentResult) -> list[WallFlip]:
    analysis = sensitivity(one, result, result.facts).analysis
    limits = () if analysis.improves else near_limits(one, result, stated_errors())
    said = [*(_flip(flip, one, result, analysis) for flip in analysis.flips), *(_limit(n, one) for n in limits)]
    found = [flip for flip in said if flip is not None]
    return found or [WallFlip("", one.label, _why_none(one, result, analysis))]


def _flip(flip: Flip, one: Guideline, result: AssessmentResult, analysis: FlipAnalysis) -> WallFlip | None:
    criteria = {criterion.id: criterion for criterion in one.criteria}
    named = [(criteria[row.id], row) for row in flip.rows]
    said = [_condition(*pair, result, improves=analysis.improves) for pair in named[:ROWS_NAMED]]
    if not all(said):
        return None
    more = f" and {len(named) - ROWS_NAMED} more" if len(named) > ROWS_NAMED else ""
    share = max(_share(criterion, result, improves=analysis.improves) for criterion, _ in named)
    return WallFlip(_word(flip.verdict), one.label, f"{' and '.join(said)}{more}", share)


def _limit(near: NearLimit, one: Guideline) -> WallFlip:
    verb = "fell below" if near.is_above else "rose above"
    said = f"{label_of(near.fact)} {verb} {near.limit} (now {near.now})"
    return WallFlip(_word(near.verdict), one.label, said, near.share)


def _word(verdict: Verdict) -> str:
    if verdict in FAVOURABLE:
        return {Verdict.GATE_MET: "MET", Verdict.ELIGIBLE: "ELIGIBLE"}.get(verdict, "ALL ACTIVE ROWS MET")
    return verdict.value.replace("_", " ").upper()


def _why_none(one: Guideline, result: AssessmentResult, analysis: FlipAnalysis) -> str:
    adverse = [row for row in analysis.blocking if row.is_adverse]
    if adverse:
        return f"blocked by {adverse[0].title}{_more(len(adverse) - 1)}"
    if analysis.improves and any(row.is_open and row.level in SAFETY_LEVELS for row in result.rows):
        return _until(one, [row for row in result.rows if row.is_open and row.level in SAFETY_LEVELS], result)
    if len(analysis.modifiable) > 1 and analysis.improves:
        return f"{len(analysis.modifiable)} criteria would have to change together"
    if analysis.modifiable:
        return f"depends on {analysis.modifiable[0].title}{_more(len(analysis.modifiable) - 1)}"
    return "nothing here is marked as changeable"


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _until(one: Guideline, rows: Sequence[RowResult], result: AssessmentResult) -> str:
    tests = {criterion.id: criterion.test for criterion in one.criteria}
    found = [name for row in rows for name in _open_facts(tests.get(row.id), result)]
    named = [label_of(name).partition(" (")[0] for name in dict.fromkeys(found)] or [rows[0].title]
    verb = f"{'is' if len(named) == 1 else 'are'} {_what_it_takes({c for row in rows for c in row.reason_codes})}"
    more = f" and {len(named) - 1} more fact{'s' if len(named) > 2 else ''}" if len(named) > 1 else ""
    return f"cannot be determined until {named[0]}{more} {verb}"


def _what_it_takes(reasons: set[str]) -> str:
    if reasons == {"out_of_date"}:
        return "up to date"
    return "recorded" if reasons <= _MUST_BE_RECORDED else "known"


def _open_facts(test: Test | None, result: AssessmentResult) -> list[str]:
    if test is None:
        return []
    if not isinstance(test, Condition):
        return [name for part in test.parts for name in _open_facts(part, result)]
    return [test.fact] if check(test, result.facts, result.as_of).truth is None else []


def _condition(criterion: Criterion, row: RowResult, result: AssessmentResult, *, improves: bool) -> str:
    """ "" where nothing shorter can be said than the name of the row itself."""
    test, want = criterion.test, improves is not criterion.is_exclusion
    if isinstance(test, Condition) and test.quantifier is not None:
        return _lesions(test, test.quantifier, row, result, want=want)
    said = words.typeset(phrase(criterion, result.facts, result.as_of, improves=improves))
    if isinstance(test, Condition) and test.among and test.among <= YES_NO:
        said = said.replace("were not yes", "were no").replace("were not no", "were yes")
    short = said if len(said) <= LONGEST else _NOW.sub("", said)
    return short if len(short) <= LONGEST else ""


def _share(criterion: Criterion, result: AssessmentResult, *, improves: bool) -> Decimal:
    test, want = criterion.test, improves is not criterion.is_exclusion
    if not isinstance(test, Condition):
        return FAR
    if test.quantifier is None:
        return share_to_limit(test, result.facts)
    shares = [share for share, _ in _apart(test, result, want=want)]
    one_is_enough = test.quantifier.is_any is want
    return (min if one_is_enough else max)(shares, default=FAR)


def _apart(test: Condition, result: AssessmentResult, *, want: bool) -> list[tuple[Decimal, LesionVerdict]]:
    """The lesions that would have to be scored otherwise, the nearest to its edge first."""
    wanted = test.among if want else RELATIONS - test.among
    found = [v for v in check(test, result.facts, result.as_of).lesions if v.weight in COUNTING and v.truth is not want]
    return sorted(((share_to_edge(v.lesion, wanted), v) for v in found), key=itemgetter(0))


def _lesions(test: Condition, quantifier: Quantifier, row: RowResult, result: AssessmentResult, *, want: bool) -> str:
    """ "L01 (0.94 ×) were scored above liver": the reader's score decides, not the number beside it."""
    found = [verdict for _, verdict in _apart(test, result, want=want)]
    scored = f"were {'' if want else 'not '}scored {relation_words(test.among)}"
    one_is_enough = quantifier.is_any is want
    if not found:
        said = row.reason_text if len(row.reason_text) <= SHORT else row.reason_text.partition(":")[0]
        why = f" (now: {said})" if said else ""
        return f"{'one' if one_is_enough else 'every'} lesion {scored}{why}"
    if one_is_enough:
        return f"one lesion {scored}, nearest {_named(found[:1])}"
    return f"{_named(found[:LESIONS_NAMED])}{_more(len(found) - LESIONS_NAMED)} {scored}"


def _named(found: Sequence[LesionVerdict]) -> str:
    ratios = [(v.lesion.label, v.lesion.ratio) for v in found]
    return ", ".join(label if ratio is None else f"{label} ({ratio:.2f} ×)" for label, ratio in ratios)
