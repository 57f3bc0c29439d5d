"""The hash of a link, the same when it is made and when it is checked."""

from board.domain.sealed import hash_of
from board.models import ChainLink
from patients.services import snapshot


def hash_of_link(link: ChainLink) -> str:
    """Of every column but the hash itself."""
    held = snapshot(link)
    del held["hash"]
    return hash_of(held)
