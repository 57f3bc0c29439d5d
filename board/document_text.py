"""A document as plain text, to copy into another system: one statement per line, never wrapped."""

from board.document import Block, Document, Grid, Part, PictureRow, Timeline, Words


def as_text(document: Document) -> str:
    head = [document.mark] if document.mark else []
    parts = [[*head, document.title, *document.head]]
    parts += [[part.title.upper(), *_lines(part)] for part in document.parts]
    parts.append([document.foot])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _lines(part: Part) -> list[str]:
    return [line for block in part.blocks for line in _block(block)]


def _block(block: Block) -> list[str]:
    if isinstance(block, Words):
        return [block.text]
    if isinstance(block, Grid):
        return _grid(block)
    if isinstance(block, PictureRow):
        return [f"Picture: {picture.caption}" for picture in block.pictures]
    return _timeline(block)


def _grid(grid: Grid) -> list[str]:
    if not grid.rows:
        return [grid.empty] if grid.empty else []
    if not grid.has_heads:
        return [f"{row[0]}: {', '.join(row[1:])}" for row in grid.rows]
    return [_row(grid.heads, row) for row in grid.rows]


def _row(heads: tuple[str, ...], row: tuple[str, ...]) -> str:
    """The first cell names the row; of the others only those with a value are said."""
    said = [f"{head}: {cell}" if head else cell for head, cell in zip(heads[1:], row[1:], strict=True) if cell]
    return f"- {row[0]}. " + "; ".join(said) if said else f"- {row[0]}"


def _timeline(timeline: Timeline) -> list[str]:
    return ["Timeline:", *(f"- {event}" for event in timeline.events)]
