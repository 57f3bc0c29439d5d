"""What a room can read on the screen: sizes, contrast, nothing cut, nothing over another, nothing to click."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SMALLEST, LONG, KEY, LARGE = 0.032, 0.04, 0.045, 0.06
LEAST_CONTRAST = 7.0
MOST_FACTS, MOST_WORDS = 12, 60
SAFE = 0.05
SIZES = ((1920, 1080), (1366, 768), (1280, 720), (1024, 768))
PACK = np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
STYLES = Path(__file__).resolve().parents[2] / "static" / "css"

# Every piece of text that is painted, in the parts of it that no box cuts off, for each size and each size of text: the
# screen measures everything against the box it stands in, so one page can be all of them.
READ = """async ({ html, theme, texts, sizes }) => {
  const root = document.querySelector('.room-screen');
  root.innerHTML = html;
  root.dataset.theme = document.documentElement.dataset.theme = theme;
  await Promise.all([...root.querySelectorAll('image')].map((image) => {
    const picture = new Image();
    picture.src = image.getAttribute('href');
    return picture.decode();
  }));
  const wall = root.querySelector('.wall');
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
  const kindOf = (el) => el.closest('.case-question.is-long') ? 'long question' : el.closest('.case-question') ? 'question' : el.closest('.recommendation-sentence') ? 'sentence'
    : el.closest('.previous-text') ? 'written' : el.closest('.key-fact, .verdict-word, .tile') ? 'key' : '';
  const read = () => {
    const found = [];
    const walk = document.createTreeWalker(wall, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = walk.currentNode, el = node.parentElement;
      if (!node.data.trim() || !el.checkVisibility({ checkVisibilityCSS: true })) continue;
      const style = getComputedStyle(el), range = document.createRange();
      range.selectNodeContents(node);
      const rects = [...range.getClientRects()];
      const of = { text: node.data.trim(), kind: kindOf(el), isMark: Boolean(el.closest('[aria-hidden], .wall-mark')), isCrossed: false };
      // A pill has a ground of its own, which hides the line.
      const line = el.matches('.pill-text') ? null : el.closest('svg.track')?.querySelector('.today-line');
      rects.forEach((rect, nth) => {
        const box = clip(rect, el);
        const isLost = box.right - box.left < 1 || box.bottom - box.top < 2;
        const isCut = !isLost && (rect.right - box.right > 2 || box.left - rect.left > 2 || rect.bottom - box.bottom > rect.height / 4);
        const today = line?.getBoundingClientRect();
        if (today && rect.left < today.right && rect.right > today.left && rect.top < today.bottom && rect.bottom > today.top) of.isCrossed = true;
        found.push({ ...of, ...box, lost: isLost, isCut, isFirst: nth === 0, size: parseFloat(style.fontSize),
          colour: el instanceof SVGElement ? style.fill : style.color });
      });
    }
    return found;
  };
  const answers = [];
  for (const text of texts) {
    for (const [width, height] of sizes) {
      root.dataset.text = String(text);
      Object.assign(root.style, { width: `${width}px`, height: `${height}px`, inset: '0 auto auto 0' });
      answers.push({ text, width, height, pieces: read(),
        facts: [...wall.querySelectorAll('[data-fact]')].filter((el) => el.checkVisibility()).length,
        live: wall.querySelectorAll('a, button, input, select, textarea, form, [onclick], [tabindex]').length,
        cut: [...wall.querySelectorAll('.case-question, .recommendation-sentence, .previous-text')].filter(
          (el) => el.scrollHeight > el.clientHeight + parseFloat(getComputedStyle(el).fontSize) / 3).map((el) => el.className),
        cursor: getComputedStyle(wall).cursor });
    }
  }
  return answers;
}"""
PAGE = """<!DOCTYPE html><html lang="en"><head><style>{styles}</style></head>
<body class="display-page"><main class="room-screen" data-theme="projector" data-text="100"></main></body></html>"""


@dataclass(frozen=True)
class Shown:
    """One frame in a box: ``facts`` and ``words`` are the view's own."""

    where: str
    facts: int
    words: int
    faults: list[str]


def open_wall(page) -> None:
    """An empty screen with the styles of the product."""
    styles = "".join((STYLES / name).read_text() for name in ("tokens.css", "screen.css"))
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.set_content(PAGE.format(styles=styles))


def measure(page, html: str, *, theme: str = "projector", texts=(100,), sizes=SIZES) -> list[Shown]:
    asked = {"html": html, "theme": theme, "texts": list(texts), "sizes": list(sizes)}
    return [_shown(answer) for answer in page.evaluate(READ, asked)]


def contrast_faults(page, html: str, theme: str, picture: Path) -> list[str]:
    """At one size: colours do not depend on it."""
    width, height = 1280, 720
    asked = {"html": html, "theme": theme, "texts": [100], "sizes": [(width, height)]}
    (read,) = page.evaluate(READ, asked)
    box = {"x": 0, "y": 0, "width": width, "height": height}
    image = np.asarray(Image.open(io.BytesIO(page.screenshot(path=picture, clip=box))).convert("RGB"))
    found = [(contrast(p, image), p["text"]) for p in read["pieces"] if not p["lost"] and not p["isMark"]]
    return [f"contrast {c:.1f}: {text}" for c, text in found if c < LEAST_CONTRAST]


def _shown(read: dict) -> Shown:
    pieces, height = [p for p in read["pieces"] if not p["lost"]], read["height"]
    is_squeezed = read["text"] > 110 and any(p["kind"] == "sentence" for p in pieces)
    least = {"key": KEY, "long question": LONG, "question": KEY if is_squeezed else LARGE, "sentence": LARGE}
    faults = [f"cut: {name}" for name in read["cut"]]
    faults += [f"lost: {p['text']}" for p in read["pieces"] if p["lost"] and p["kind"] not in CLAMPED]
    faults += [f"cut: {p['text']}" for p in pieces if p["isCut"] and p["kind"] not in CLAMPED]
    faults += [
        f"small: {p['text']} {p['size'] / height:.4f}"
        for p in pieces
        if p["size"] < least.get(p["kind"], SMALLEST) * height - 0.05
    ]
    faults += [f"edge: {p['text']}" for p in pieces if _is_at_the_edge(p, read)]
    faults += [f"crossed by today's line: {p['text']}" for p in pieces if p["isCrossed"]]
    faults += [f"over each other: {a} / {b}" for a, b in overlaps(pieces)]
    if read["live"] or read["cursor"] != "none":
        faults.append("something can be clicked")
    where = f"{read['width']}x{read['height']} text {read['text']}"
    return Shown(where, read["facts"], count_words(read["pieces"]), faults)


CLAMPED = ("question", "long question", "sentence", "written")


def count_words(pieces: list[dict]) -> int:
    """Every word with a letter in it, in pictures too. Not what people wrote: the question and the decision."""
    ours = [p for p in pieces if p["isFirst"] and not p["isMark"] and p["kind"] not in CLAMPED]
    return sum(any(c.isalpha() for c in word) for p in ours for word in p["text"].split())


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
            if wide > 1 and high > slack and not (a["isCut"] or b["isCut"]):
                found.append((a["text"], b["text"]))
    return found


def contrast(p: dict, image: np.ndarray) -> float:
    """Of the text's own colour against the colour that fills most of the place it stands in."""
    part = image[int(p["top"]) : int(p["bottom"]) + 1, int(p["left"]) : int(p["right"]) + 1].reshape(-1, 3)
    colour = _colour(p["colour"])
    packed, counts = np.unique(part.astype(np.uint32) @ PACK, return_counts=True)
    common = [(int(c) >> 16, int(c) >> 8 & 255, int(c) & 255) for c in packed[np.argsort(-counts)]]
    ground = next((c for c in common if _apart(c, colour) > 60), colour)
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
