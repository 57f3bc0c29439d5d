"""What a room can read on the screen: sizes, contrast, nothing cut, nothing over another, nothing to click."""

import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SMALLEST, KEY, LARGE = 0.032, 0.045, 0.06
LEAST_CONTRAST = 7.0
MOST_FACTS, MOST_WORDS = 12, 60
SAFE = 0.05

# Every piece of text that is painted, in the parts of it that no box cuts off.
READ = """() => {
  const wall = [...document.querySelectorAll('.wall')].find(
    (el) => !el.hidden && el.dataset.layer !== 'waits');
  const clip = (rect, el) => {
    let box = { left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom };
    for (let up = el; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflow === 'visible' || up.tagName === 'svg') continue;
      const edge = up.getBoundingClientRect();
      box = { left: Math.max(box.left, edge.left), top: Math.max(box.top, edge.top),
              right: Math.min(box.right, edge.right), bottom: Math.min(box.bottom, edge.bottom) };
    }
    return box;
  };
  const found = [];
  const walk = document.createTreeWalker(wall, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, el = node.parentElement;
    if (!node.data.trim() || !el.checkVisibility({ checkVisibilityCSS: true })) continue;
    const style = getComputedStyle(el), range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      const box = clip(rect, el);
      if (box.right - box.left < 1 || box.bottom - box.top < 2) {
        found.push({ text: node.data.trim(), lost: true });
        continue;
      }
      const isMark = Boolean(el.closest('[aria-hidden], .mark'));
      found.push({ text: node.data.trim(), lost: false, ...box, whole: rect.bottom - rect.top, size: parseFloat(style.fontSize),
        colour: el instanceof SVGElement ? style.fill : style.color, isMark,
        isPicture: Boolean(el.closest('[data-picture]')), kind: el.closest('.case-question') ? 'question' :
          el.closest('.recommendation-sentence') ? 'sentence' : el.closest('.previous-text') ? 'written' : el.closest('.key-fact, .verdict-word, .tile') ? 'key' : '' });
    }
  }
  return { pieces: found, width: innerWidth, height: innerHeight,
    facts: wall.querySelectorAll('[data-fact]').length,
    live: wall.querySelectorAll('a, button, input, select, textarea, form, [onclick], [tabindex]').length,
    cut: [...wall.querySelectorAll('.case-question, .recommendation-sentence')].filter(
      (el) => el.scrollHeight > el.clientHeight + 2).map((el) => el.className),
    cursor: getComputedStyle(wall).cursor };
}"""


@dataclass(frozen=True)
class Measured:
    smallest: float
    """Of the height of the screen."""
    contrast: float
    facts: int
    words: int
    faults: list[str]


def measure(page, picture: Path | None = None) -> Measured:
    read = page.evaluate(READ)
    image = np.asarray(Image.open(io.BytesIO(page.screenshot(path=picture))).convert("RGB"))
    pieces = [p for p in read["pieces"] if not p["lost"]]
    height = read["height"]
    contrasts = [(contrast(p, image), p["text"]) for p in pieces if not p["isMark"]]
    faults = [f"cut: {name}" for name in read["cut"]]
    faults += [f"lost: {p['text']}" for p in read["pieces"] if p["lost"] and not _is_clamped(p, read)]
    faults += [f"small: {p['text']} {p['size'] / height:.4f}" for p in pieces if p["size"] < SMALLEST * height - 0.05]
    faults += [f"key fact: {p['text']}" for p in pieces if p["kind"] == "key" and p["size"] < KEY * height - 0.05]
    faults += [f"large: {p['text']}" for p in pieces if p["kind"] in _LARGE and p["size"] < LARGE * height - 0.05]
    faults += [f"contrast {c:.1f}: {text}" for c, text in contrasts if c < LEAST_CONTRAST]
    faults += [f"edge: {p['text']}" for p in pieces if _is_at_the_edge(p, read)]
    faults += [f"over each other: {a} / {b}" for a, b in overlaps(pieces)]
    if read["live"] or read["cursor"] != "none":
        faults.append("something can be clicked")
    return Measured(
        smallest=min(p["size"] for p in pieces) / height if pieces else 1.0,
        contrast=min((c for c, _ in contrasts), default=21.0),
        facts=read["facts"],
        words=count_words(pieces),
        faults=faults,
    )


_LARGE = ("question", "sentence")


def count_words(pieces: list[dict]) -> int:
    """Words with letters that the product adds: outside the pictures, and outside what people wrote for this case."""
    ours = [
        p for p in pieces if not (p["isPicture"] or p["isMark"] or p["kind"] in ("question", "sentence", "written"))
    ]
    texts = {(p["text"], p["kind"]): p["text"] for p in ours}
    return sum(any(c.isalpha() for c in word) for text in texts.values() for word in text.split())


def _is_clamped(piece: dict, read: dict) -> bool:
    return bool(read["cut"])


def _is_at_the_edge(p: dict, read: dict) -> bool:
    side, top = SAFE * read["width"] - 1, SAFE * read["height"] - 1
    return p["left"] < side or p["right"] > read["width"] - side or p["top"] < top or p["bottom"] > read["height"] - top


def overlaps(pieces: list[dict]) -> list[tuple[str, str]]:
    """Texts whose letters lie over each other; lines may touch."""
    found = []
    for i, a in enumerate(pieces):
        for b in pieces[i + 1 :]:
            slack = 0.22 * min(a["size"], b["size"])
            wide = min(a["right"], b["right"]) - max(a["left"], b["left"])
            high = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
            if wide > 1 and high > slack:
                found.append((a["text"], b["text"]))
    return found


def contrast(p: dict, image: np.ndarray) -> float:
    """Of the text's own colour against the colour that fills most of the place it stands in."""
    part = image[int(p["top"]) : int(p["bottom"]) + 1, int(p["left"]) : int(p["right"]) + 1].reshape(-1, 3)
    colour = _colour(p["colour"])
    counted = Counter(map(tuple, part.tolist()))
    ground = next((c for c, _ in counted.most_common() if _apart(c, colour) > 60), colour)
    return _ratio(_luminance(colour), _luminance(ground))


def _colour(text: str) -> tuple[int, ...]:
    return tuple(int(float(part)) for part in text[text.index("(") + 1 : -1].split(",")[:3])


def _apart(a, b) -> int:
    return sum(abs(int(x) - int(y)) for x, y in zip(a, b, strict=True))


def _luminance(colour) -> float:
    parts = [c / 255 for c in colour]
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _ratio(a: float, b: float) -> float:
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
