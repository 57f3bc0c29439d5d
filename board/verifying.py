"""Whether a printed document is what was signed: by its verification code, its hash, or both."""

import re
from dataclasses import dataclass, field

from board.chain_content import EDITIONS, MODELS, content_of, link_content, rows_of
from board.models import BoardDecision, ChainLink, Minutes
from patients import reads
from patients.domain.roles import Capability
from patients.domain.sealed import as_code, code_of, hash_of
from patients.selectors import visible_patients

LETTERS, CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 16  # as ``domain/sealed`` writes a code
_HASH = re.compile(r"[0-9a-f]{64}\Z")
NOT_FOUND = (
    "Nothing that was signed here has this code or hash. A letter or digit may be misread: compare it once more."
)
TOO_SHORT = "A verification code has four groups of four letters or digits; a hash has 64 digits."
OTHER_HASH = "The hash on your document is not that of what was signed under this code: one of the two was changed."
GONE = "What this link was signed over is not in the database any more."
CHANGED = "What is in the database now is not what was signed."
LINK_CHANGED = "The link itself was changed since it was made."
BEFORE = "The link before it is missing or was changed: the chain does not hold up to here."


@dataclass(frozen=True)
class Found:
    """``said``: what is wrong; empty where document, row and chain agree. ``about``: only for who may see it."""

    link: ChainLink | None = None
    code: str = ""
    about: BoardDecision | Minutes | None = None
    said: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return self.link is not None and not self.said


def checked(user, *, code: str, content_hash: str = "") -> Found:
    """``code`` or ``content_hash`` may be empty, and either may stand in the place of the other."""
    code, given = code.strip(), content_hash.strip().lower()
    if _HASH.match(code.lower()):
        code, given = "", given or code.lower()
    link = _by_code(code) if code else _by_hash(given)
    if link is None:
        is_whole = bool(_prefix(code)) if code else bool(_HASH.match(given))
        return Found(said=[NOT_FOUND if is_whole else TOO_SHORT])
    row = rows_of(link.kind, [link.object_id]).get(link.object_id) if link.kind in MODELS else None
    said = [OTHER_HASH] if given and given != link.content_hash else []
    about = row if _may_see(user, row) else None
    reads.note(about if isinstance(about, BoardDecision) else None)
    return Found(link, code_of(link.hash), about, said + _problems(link, row))


def _by_code(typed: str) -> ChainLink | None:
    prefix = _prefix(typed)
    found = ChainLink.objects.filter(hash__startswith=prefix) if prefix else ChainLink.objects.none()
    return found.select_related("signed_by").first()


def _by_hash(content_hash: str) -> ChainLink | None:
    return ChainLink.objects.filter(content_hash=content_hash).select_related("signed_by").first()


def _prefix(typed: str) -> str:
    """The first 80 bits of the hash that a code stands for; "" for what is no code."""
    letters = as_code(typed).replace("-", "")
    if len(letters) != CODE_LETTERS or not set(letters) <= set(LETTERS):
        return ""
    number = 0
    for letter in letters:
        number = number * len(LETTERS) + LETTERS.index(letter)
    return f"{number:020x}"


def _problems(link: ChainLink, row) -> list[str]:
    found = []
    if row is None:
        found.append(GONE)
    elif not _is_whole(link) or hash_of(content_of(link.kind, row, link.edition)) != link.content_hash:
        found.append(CHANGED)
    if not _is_whole(link):
        found.append(LINK_CHANGED)
    return found if _holds_up_to(link) else [*found, BEFORE]


def _is_whole(link: ChainLink) -> bool:
    return link.edition in EDITIONS and hash_of(link_content(link)) == link.hash


def _holds_up_to(link: ChainLink) -> bool:
    """Every link before this one is whole and names the one before it."""
    number, before = 0, ""
    for each in ChainLink.objects.filter(sequence__lt=link.sequence).order_by("sequence").iterator():
        if each.sequence != number + 1 or each.previous_hash != before or not _is_whole(each):
            return False
        number, before = each.sequence, each.hash
    return link.sequence == number + 1 and link.previous_hash == before


def _may_see(user, row) -> bool:
    if isinstance(row, BoardDecision):
        return visible_patients(user).filter(pk=row.patient_id).exists()
    return isinstance(row, Minutes) and user.may(Capability.SEE_MEETING)
