"""How signed things are named; the trail is named in the same way."""

from patients.domain.sealed import as_code, code_of, hash_of

__all__ = ["as_code", "code_of", "hash_of"]
