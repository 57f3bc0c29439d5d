"""A document before it is put on a page: what ``document_text`` and ``document_pdf`` both print, word for word."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from imaging.report import NOT_A_DEVICE

FOLD_FROM = 14


@dataclass(frozen=True)
class Words:
    """A paragraph. ``look``: "body", "item", "strong" or "small"."""

    kind: ClassVar[str] = "words"
    text: str
    look: str = "body"


@dataclass(frozen=True)
class Grid:
    """A table; with empty heads the first column names each row. ``empty`` stands where there is no row."""

    kind: ClassVar[str] = "grid"
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]
    empty: str = ""

    @property
    def has_heads(self) -> bool:
        return any(self.heads)

    @property
    def is_long(self) -> bool:
        """Folded on a page; whole on paper."""
        return len(self.rows) > FOLD_FROM


@dataclass(frozen=True)
class StoredPicture:
    """A picture of the file store by its SHA-256; "" where there is none and ``caption`` says why."""

    sha256: str
    caption: str


@dataclass(frozen=True)
class PictureRow:
    kind: ClassVar[str] = "pictures"
    pictures: tuple[StoredPicture, ...]


@dataclass(frozen=True)
class Timeline:
    """``sketch`` of ``domain/sketch``, and the same events in words for who does not see it."""

    kind: ClassVar[str] = "timeline"
    sketch: dict[str, Any]
    events: tuple[str, ...]


Block = Words | Grid | PictureRow | Timeline


@dataclass(frozen=True)
class Part:
    """A section. ``is_new_page``: it begins one."""

    title: str
    blocks: tuple[Block, ...]
    is_new_page: bool = False


@dataclass(frozen=True)
class Document:
    """``mark``: what stands at the head of every page, such as "EXTRACT". ``where`` names it beside the page number."""

    title: str
    where: str
    head: tuple[str, ...]
    parts: tuple[Part, ...]
    mark: str = ""
    foot: str = field(default=NOT_A_DEVICE)
