"""The chain over everything signed: each link names the content of one thing and the link before it."""

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from board.chain_check import Problem, verify
from board.chain_content import NEWEST, content_of, link_content
from board.models import ChainHead, ChainLink
from patients.domain.sealed import code_of, hash_of

__all__ = [
    "ChainBroken",
    "Problem",
    "append",
    "append_now",
    "content_of",
    "hash_of",
    "link_of",
    "verification_code",
    "verify",
]
HEAD = 1


class ChainBroken(ValidationError):
    """Nothing can be signed until somebody has looked: the end of the chain is not where it was left."""


@transaction.atomic
def append(*, by, kind: str, obj: models.Model, content_hash: str) -> ChainLink:
    """Add one link, the head held until the transaction ends. ``content_hash``: of ``content_of`` the stored row."""
    head = _held_head()
    link = ChainLink(
        sequence=head.sequence + 1,
        kind=kind,
        object_id=obj.pk,
        edition=NEWEST,
        content_hash=content_hash,
        previous_hash=head.hash,
        signed_at=timezone.now(),
        signed_by=by,
    )
    link.hash = hash_of(link_content(link))
    link.save(force_insert=True)
    head.sequence, head.hash = link.sequence, link.hash
    head.save(update_fields=["sequence", "hash"])
    return link


def append_now(*, by, kind: str, obj: models.Model) -> ChainLink:
    """``append`` with the content as the database holds it now."""
    stored = type(obj)._default_manager.get(pk=obj.pk)
    return append(by=by, kind=kind, obj=obj, content_hash=hash_of(content_of(kind, stored)))


def _held_head() -> ChainHead:
    ChainHead.objects.get_or_create(pk=HEAD)
    head = ChainHead.objects.select_for_update().get(pk=HEAD)
    if ChainLink.objects.filter(sequence=head.sequence + 1).exists():
        raise ChainBroken("The chain goes on behind its head. Nothing is signed; run manage.py verify_chain.")
    return head


def verification_code(link: ChainLink) -> str:
    """To be printed: it names this link and, through it, everything signed before."""
    return code_of(link.hash)


def link_of(obj: models.Model) -> ChainLink | None:
    return ChainLink.objects.filter(object_id=obj.pk).first()
