"""Whether everything that was signed is still there, as it was signed.

Nothing is held while it is read: signing goes on. The head is read before and after the links, and each statement sees
one state of the database, so that a link that comes meanwhile is no finding.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from board.chain_content import DECISION, EDITIONS, MODELS, content_of, link_content, rows_of
from board.models import BoardDecision, ChainHead, ChainLink
from patients.domain.sealed import hash_of
from patients.models import AuditEvent

AT_ONCE = 200


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was signed; ``code`` names it for programs, ``sentence`` for people."""

    code: str
    sentence: str


def verify() -> list[Problem]:
    """Everything recomputed from the rows; [] when all of it holds."""
    before = _heads()
    links = list(ChainLink.objects.order_by("sequence"))
    found = [*_links(links), *_ends(links, before, _heads()), *_contents(links), *_without_link(), *_gone()]
    return list(dict.fromkeys(found))


def _heads() -> list[tuple[int, str]]:
    return list(ChainHead.objects.values_list("sequence", "hash"))


def _links(links: list[ChainLink]) -> Iterator[Problem]:
    if links and (links[0].sequence != 1 or links[0].previous_hash):
        yield Problem("first_link", f"The chain begins with link {links[0].sequence}; its beginning is missing.")
    for link in links:
        if link.edition not in EDITIONS or hash_of(link_content(link)) != link.hash:
            yield Problem("link_changed", f"Link {link.sequence} was changed: its hash is not that of what it says.")
    for one, other in pairwise(links):
        if other.sequence != one.sequence + 1:
            yield Problem("link_missing", f"Between link {one.sequence} and link {other.sequence} links are missing.")
        elif other.previous_hash != one.hash:
            yield Problem(
                "link_order", f"Link {other.sequence} does not name link {one.sequence} as the one before it."
            )


def _ends(links: list[ChainLink], before: list, after: list) -> Iterator[Problem]:
    """The last link lies between the two looks at the head, and each head names the hash of its link."""
    if len(before) > 1 or len(after) > 1:
        yield Problem("heads", "There is more than one head of the chain.")
        return
    if not after:
        if links:
            yield Problem("head_missing", f"The head of the chain is missing; {len(links)} links are there.")
        return
    hashes, last = {link.sequence: link.hash for link in links} | {0: ""}, links[-1].sequence if links else 0
    if any(sequence > last for sequence, _ in before):
        yield Problem(
            "tail_cut", f"The head names link {before[0][0]}, and the last link is {last}: the end is cut off."
        )
    if last > after[0][0]:
        yield Problem("head_behind", f"The head names link {after[0][0]}, and the last link is {last}.")
    if any(sequence in hashes and hashes[sequence] != named for sequence, named in before + after):
        yield Problem("head_changed", "The head of the chain does not name the hash of its link.")


def _contents(links: list[ChainLink]) -> Iterator[Problem]:
    known = [link for link in links if link.edition in EDITIONS]
    for start in range(0, len(known), AT_ONCE):
        some = known[start : start + AT_ONCE]
        for kind in {link.kind for link in some}:
            yield from _of_kind(kind, [link for link in some if link.kind == kind])


def _of_kind(kind: str, links: list[ChainLink]) -> Iterator[Problem]:
    if kind not in MODELS:
        yield from (Problem("kind", f"Link {link.sequence} is over a “{kind}”, which nobody signs.") for link in links)
        return
    rows = rows_of(kind, [link.object_id for link in links])
    for link in links:
        row = rows.get(link.object_id)
        if row is None:
            yield Problem("object_missing", f"Link {link.sequence}: the {kind} {link.object_id} is gone.")
        elif hash_of(content_of(kind, row, link.edition)) != link.content_hash:
            yield Problem("content_changed", f"Link {link.sequence}: the {kind} {link.object_id} is not as signed.")


def _without_link() -> Iterator[Problem]:
    for kind, model in MODELS.items():
        linked = ChainLink.objects.filter(kind=kind).values("object_id")
        for pk in model._default_manager.exclude(pk__in=linked).order_by("pk").values_list("pk", flat=True):
            yield Problem("no_link", f"The {kind} {pk} has no link: it was never signed.")


def _gone() -> Iterator[Problem]:
    """What the audit trail saw signed, of which neither row nor link is left."""
    told = AuditEvent.objects.filter(action="record_decision", object_type=BoardDecision._meta.label)
    there = {str(pk) for pk in BoardDecision.objects.values_list("pk", flat=True)}
    for pk in sorted(set(told.values_list("object_id", flat=True)) - there):
        yield Problem("object_missing", f"The trail knows of a {DECISION} {pk}; it is gone.")
