"""What was refused is not kept: its row stays, with hash and reason, and its content leaves the store with the import.

So does an archive that was opened: every file of it is there by itself. Somebody else may be bringing the same content
at this moment: a file that was put since ``before`` stays, and one that a row names after all is put back.
"""

import os
from collections.abc import Iterator

from imaging import store, store_check, store_names
from imaging.models import Upload

AT_ONCE = 400


def let_go(upload: Upload, *, before: float) -> int:
    """Call after the commit that ends the import; how many files went."""
    digests = store_names.let_go_of(upload.items.all()).values_list("sha256", flat=True).distinct()
    return sum(_let_go(chunk, before) for chunk in _chunks(sorted(digests)))


def _let_go(digests: set[str], before: float) -> int:
    aside = [digest for digest in digests - store_names.named_among(digests) if _set_aside(digest, before)]
    needed = store_names.named_among(set(aside))
    for digest in aside:
        place = store_check.trash() / digest
        if digest in needed:
            os.replace(place, store.path(digest))
        else:
            place.unlink(missing_ok=True)
    return len(aside) - len(needed)


def _set_aside(digest: str, before: float) -> bool:
    """Looked at after it was moved: whoever puts it again finds no file and writes a new one."""
    place = store_check.trash() / digest
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(store.path(digest), place)
    except FileNotFoundError:
        return False
    if place.stat().st_mtime < before:
        return True
    os.replace(place, store.path(digest))
    return False


def _chunks(digests: list[str]) -> Iterator[set[str]]:
    for start in range(0, len(digests), AT_ONCE):
        yield set(digests[start : start + AT_ONCE])
