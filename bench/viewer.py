"""V1: the reading workspace of demo case 1 in Chromium that draws by software: first image, redraw, jump to a lesion.
V2: a marking step there, from the key to the numbers of the new outline.

Limits are parts of what a reader is promised (1500, 50, 100 and 300 ms); the peer of the redraw is the same six fused
slices written straight down, pixel by pixel, without tables: place, voxel, SUV, window, mix. Both give the same pixels.
"""

import statistics

from bench.harness import Result, skipped
from demo.site import chromium, demo_site, scans_of, sign_in

LOADS, DRAWS, MARKS = 5, 25, 12
STEPS = 8  # of 255: one step of a colour table, where uptake lies between two of its steps
GOALS = (
    ("V1 first image", "click on Read to the first picture / 1500 ms", 1, True),
    ("V1 slices", "click on Read to all slices and MIPs of both scans / 1500 ms", 1, True),
    ("V1 redraw", "6 fused slices and 2 MIPs at 1920 x 1080 / 50 ms", 1, True),
    ("V1 jump", "key to both scans drawn at the next lesion / 100 ms", 1, True),
    ("V1 peer", "the same slices pixel by pixel without tables / ours", 5, False),
    ("V2 mark", "key to the numbers of the outline at another threshold / 300 ms", 1, True),
)
DRAW = """async (count) => {
  const work = await (await import("/static/js/reading/reading.js")).ready;
  const slices = work.panels.filter((p) => p.plane && p.canvas.offsetParent);
  const draw = (panels) => panels.forEach((p) => p.draw(work.state, work.tables(p.scan, work.state)));
  const timed = (panels) => { const at = performance.now(); draw(panels); panels[0].context.getImageData(0, 0, 1, 1); return performance.now() - at; };
  const all = [], only = [];
  work.change({ isSmooth: true });
  for (let n = 0; n < count; n += 1) {
    work.stepSlice("new", "axial", n % 2 ? 1 : -1);
    all.push(timed(work.panels.filter((p) => p.canvas.offsetParent)));
  }
  work.change({ isSmooth: false, hasOutlines: false });
  for (let n = 0; n < count; n += 1) only.push(timed(slices));
  return { all, only, panels: work.panels.filter((p) => p.canvas.offsetParent).length, pixels: slices.reduce((sum, p) => sum + p.canvas.width * p.canvas.height, 0) };
}"""
NAIVE = """async () => {
  const work = await (await import("/static/js/reading/reading.js")).ready;
  const geometry = await import("/static/js/reading/geometry.js");
  const { suvOf } = await import("/static/js/reading/colour.js");
  const PANELS = work.panels.filter((p) => p.plane && p.canvas.offsetParent);
  const palette = Uint8Array.from(atob(work.pair.palettes.even_heat), (c) => c.charCodeAt(0));
  const times = [];
  let worst = 0;
  const code = (volume, place) => {
    const voxel = geometry.voxelAt(volume, place);
    return voxel ? volume.codes[geometry.offsetOf(volume.shape, voxel)] : 0;
  };
  const clamp = (v) => Math.min(1, Math.max(0, v));
  const state = work.state;
  for (let round = 0; round < 3; round += 1) {
    const begun = performance.now();
    const images = PANELS.map((panel) => {
      const { width, height } = panel.canvas;
      const image = new ImageData(width, height);
      const camera = panel.camera(state);
      const { pet, ct } = panel.scan.about;
      for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
        const place = geometry.fromCanvas(camera, x + 0.5, y + 0.5);
        const share = clamp(suvOf(code(panel.scan.pet, place), pet) / state.windows[panel.role][1]);
        const grey = 255 * clamp((ct.lowest + ct.step * code(panel.scan.ct, place) + 160) / 400);
        const opacity = state.mix * Math.min(share / 0.25, 1);
        const step = 3 * Math.round(255 * share);
        for (let n = 0; n < 3; n += 1) image.data[4 * (y * width + x) + n] = grey * (1 - opacity) + palette[step + n] * opacity;
        image.data[4 * (y * width + x) + 3] = 255;
      }
      return image;
    });
    times.push(performance.now() - begun);
    PANELS.forEach((panel, k) => {
      panel.draw(state, work.tables(panel.scan, state));
      const ours = panel.image.data;
      for (let n = 0; n < ours.length; n += 1) worst = Math.max(worst, Math.abs(ours[n] - images[k].data[n]));
    });
  }
  return { times, worst };
}"""

MARK = """(key) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("no numbers within 20 s")), 20000);
  const [threshold, numbers] = ["[data-threshold]", "[data-numbers]"].map((name) => document.querySelector(name));
  const before = threshold.textContent;
  const seen = () => threshold.textContent !== before && numbers.textContent.includes("SUVmax");
  const begun = performance.now();
  new MutationObserver((_, watch) => seen() && (watch.disconnect(), resolve(performance.now() - begun)))
    .observe(numbers, { childList: true });
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
})"""


def run() -> list[Result]:
    browser = chromium()
    if browser is None:
        why = "no Chromium here: install it or set PRRT_CHROMIUM"
        return [skipped(name, what, goal, why, is_limit=is_limit) for name, what, goal, is_limit in GOALS]
    with demo_site() as site:
        return _measured(site, browser)


def _measured(site: str, browser: str) -> list[Result]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = opened.new_page(viewport={"width": 1920, "height": 1080})
        sign_in(page, site)
        address = scans_of(page, site, "0001")[0]
        loads = [_load(page, address) for _ in range(LOADS)]
        jumps = [_jump(page) for _ in range(12)]
        drawn = page.evaluate(DRAW, DRAWS)
        naive = page.evaluate(NAIVE)
        marks = _marks(page)
        opened.close()
    first, slices = (statistics.median(load[name] for load in loads) for name in ("mipMs", "pictureMs"))
    redraw, ours, peer = (statistics.median(times) for times in (drawn["all"], drawn["only"], naive["times"]))
    jump, mark = statistics.median(jumps), statistics.median(marks)
    ratios = (first / 1500, slices / 1500, redraw / 50, jump / 100, peer / ours, mark / 300)
    notes = (
        f"{first:.0f} ms, median of {LOADS} loads",
        f"{slices:.0f} ms, median of {LOADS} loads",
        f"{redraw:.1f} ms, {drawn['panels']} pictures, {drawn['pixels'] / 1e6:.2f} million pixels in slices",
        f"{jump:.1f} ms",
        f"peer {peer:.0f} ms, ours {ours:.1f} ms, largest difference {naive['worst']} of 255",
        f"{mark:.0f} ms, median of {MARKS} steps; first {marks[0]:.0f}, longest {max(marks):.0f} ms",
    )
    return [
        Result(name, what, ratio, goal, is_limit, agrees=naive["worst"] <= STEPS, note=note)
        for (name, what, goal, is_limit), ratio, note in zip(GOALS, ratios, notes, strict=True)
    ]


def _load(page, address: str) -> dict[str, float]:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Read", exact=False).first.click()
    page.wait_for_selector("[data-all-ms]")
    return {
        key: float(v)
        for key, v in page.evaluate("({...document.querySelector('[data-workspace]').dataset})").items()
        if key.endswith("Ms")
    }


def _jump(page) -> float:
    page.keyboard.press("j")
    page.wait_for_timeout(150)
    return float(page.get_attribute("[data-workspace]", "data-answer-ms"))


def _marks(page) -> list[float]:
    """On an own mark where the last jump led: what a signed reading rests on is not changed without a typed reason."""
    page.keyboard.press("a")
    page.get_by_label("Organ", exact=True).fill("liver")
    page.locator('[data-scan="new"] [data-view="axial"] canvas').focus()
    page.keyboard.press("Enter")
    page.locator("[data-numbers]").filter(has_text="provisional").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    times = []
    for number in range(MARKS):
        times.append(page.evaluate(MARK, "[" if number % 2 else "]"))
        page.wait_for_timeout(1000)
    return times
