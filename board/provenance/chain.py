"""The shape of a chain: one link after another, each with its facts, and where it can be opened."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Link:
    """``is_broken``: the chain stops here, ``note`` says why. ``is_override``: a person changed what the file said."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    note: str = ""
    href: str = ""
    href_words: str = ""
    is_broken: bool = False
    is_override: bool = False


@dataclass(frozen=True)
class Chain:
    title: str
    links: tuple[Link, ...] = field(default_factory=tuple)


def facts(*pairs: tuple[str, object]) -> tuple[tuple[str, str], ...]:
    """Pairs with something to say, as text."""
    return tuple((name, str(value)) for name, value in pairs if value not in (None, ""))
