"""A scripted meeting while what it stands on is taken away, with the room's display watched at every frame.

``python -m tests.drill.meeting [CASES] [--sqlite]``: thirty cases on a PostgreSQL of its own; broker and worker are killed,
the database is restarted, the web server is killed. Prints what the room saw; ends with 1 where a limit was missed.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from demo.site import chromium
from tests.drill.servers import Servers, servers

STALE_SECONDS = 5.0
RECOVERY_SECONDS = 10.0
AWAY_SECONDS = 7.0
# What the room sees, written down whenever it changes: when, which frame, the small word, whether anything stands there.
WATCH = """
window.seen = [];
addEventListener("DOMContentLoaded", () => {
  let last = "";
  const look = () => {
    const root = document.querySelector("[data-screen]");
    const shown = [...document.querySelectorAll(".wall")].filter((el) => !el.hidden && getComputedStyle(el).visibility !== "hidden");
    const now = [root?.dataset.painted ?? "", root?.querySelector("[data-word]")?.textContent ?? "", shown.some((el) => el.innerText.trim())];
    if (JSON.stringify(now) !== last) window.seen.push([Date.now(), ...now]);
    last = JSON.stringify(now);
    requestAnimationFrame(look);
  };
  look();
});
"""


@dataclass
class Figures:
    switches: list[float] = field(default_factory=list)
    without_broker: list[float] = field(default_factory=list)
    stale: dict[str, float] = field(default_factory=dict)
    recovery: dict[str, float] = field(default_factory=dict)
    words_without_broker: int = 0
    empty_frames: int = 0
    changes: int = 0

    def missed(self) -> list[str]:
        """Limits that were not kept, in words."""
        found = [f"{self.empty_frames} empty frames"] if self.empty_frames else []
        found += ["the display lost its way with the broker"] if self.words_without_broker else []
        found += [f"{what}: marked stale after {s:.1f} s" for what, s in self.stale.items() if s > STALE_SECONDS]
        found += [f"{what}: back after {s:.1f} s" for what, s in self.recovery.items() if s > RECOVERY_SECONDS]
        return found

    def __str__(self) -> str:
        everything = [*self.switches, *self.without_broker]
        lines = [
            f"cases shown {len(everything)}, changes of the display {self.changes}, empty frames {self.empty_frames}"
        ]
        for name, times in (("all", everything), ("without broker and worker", self.without_broker)):
            if times:
                lines.append(f"key to painted frame, {name}: median {1000 * statistics.median(times):.0f} ms, "
                             f"p95 {1000 * _p95(times):.0f} ms")  # fmt: skip
        for what, seconds in self.stale.items():
            lines.append(
                f"{what}: marked stale after {seconds:.1f} s, back {self.recovery[what]:.1f} s after its return"
            )
        return "\n".join(lines)


@dataclass
class Drill:
    site: Servers
    console: Page
    display: Page
    figures: Figures = field(default_factory=Figures)

    def switch(self, times: list[float]) -> None:
        """One key to the next case, until the display has painted it."""
        before, pressed = self.painted(), time.time()
        self.console.keyboard.press("PageDown")
        at = self._first(lambda row: row[1] != before and "/overview/" in row[1], since=pressed, seconds=15)
        times.append(at - pressed)

    def outage(self, what: str, away, back) -> None:
        """``away`` takes something from the meeting, ``back`` brings it again; a key pressed in between is not lost."""
        began = time.time()
        away()
        before = self.painted()
        self.figures.stale[what] = self._first(lambda row: row[2] == "reconnecting", since=began, seconds=20) - began
        self.console.keyboard.press("PageDown")
        time.sleep(max(0.0, AWAY_SECONDS - (time.time() - began)))
        called_back = time.time()
        back()
        returned = time.time()  # the display may be quicker to see it than who waits for it here
        at = self._first(lambda row: row[1] != before and row[2] == "", since=called_back, seconds=40)
        self.figures.recovery[what] = max(0.0, at - returned)

    def painted(self) -> str:
        return self.display.evaluate("document.querySelector('[data-screen]').dataset.painted ?? ''")

    def _first(self, is_it, *, since: float, seconds: float) -> float:
        """When the display first was so."""
        limit = time.time() + seconds
        while time.time() < limit:
            for row in self.display.evaluate("seen.slice(-40)"):
                if row[0] / 1000 >= since and is_it(row):
                    return row[0] / 1000
            time.sleep(0.02)
        raise AssertionError(
            f"the display did not get there within {seconds} s: {self.display.evaluate('seen.slice(-3)')}"
        )


def drill(site: Servers, cases: int, say=lambda text: None) -> Figures:
    """Fills the site, runs the meeting with its outages. Raises AssertionError where the display gets stuck."""
    meeting = site.fill(cases)
    for name in ("broker", "worker", "web"):
        site.start(name)
    site.wait_for_web()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        run = Drill(site, *_pages(browser, site, meeting))
        _script(run, cases, say)
        seen = run.display.evaluate("seen")
        browser.close()
    run.figures.changes, run.figures.empty_frames = len(seen), sum(not row[3] for row in seen)
    return run.figures


def _script(run: Drill, cases: int, say) -> None:
    """A third in peace, a third without broker and worker, the rest with the database and the web server going away."""
    outages = 2 if run.site.database else 1
    rest = cases - outages
    for _ in range(rest // 3):
        run.switch(run.figures.switches)
    say("broker and worker are killed")
    killed = time.time()
    run.site.kill("broker", "worker")
    for _ in range(rest // 3):
        run.switch(run.figures.without_broker)
    rows = run.display.evaluate("seen")
    run.figures.words_without_broker = sum(row[0] / 1000 >= killed and bool(row[2]) for row in rows)
    run.site.start("broker")
    run.site.start("worker")
    if run.site.database:
        say("the database is stopped and started")
        run.outage("PostgreSQL restarted", run.site.database.stop, run.site.database.start)
    say("the web server is killed and started")
    run.outage(
        "web server killed", lambda: run.site.kill("web"), lambda: (run.site.start("web"), run.site.wait_for_web())
    )
    while len(run.figures.switches) + len(run.figures.without_broker) < rest:
        run.switch(run.figures.switches)


def _pages(browser, site: Servers, meeting: str) -> tuple[Page, Page]:
    display = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    display.add_init_script(WATCH)
    display.goto(f"{site.address}/display/")
    console = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    console.goto(f"{site.address}/meetings/{meeting}/console/")
    console.get_by_label("User name").fill("chair")
    console.get_by_label("Password").fill("not-a-real-password")
    console.get_by_role("button", name="Sign in").click()
    console.locator("[data-displays] summary").click()
    console.get_by_label("Code on the display").fill(display.locator("[data-code]").inner_text())
    console.get_by_role("button", name="Pair").click()
    display.locator(".wall-waiting:visible").wait_for()
    console.get_by_role("button", name="Start the meeting").click()
    console.locator("[data-step='1']:enabled").wait_for()
    return console, display


def _p95(times: list[float]) -> float:
    return sorted(times)[max(0, round(0.95 * len(times)) - 1)]


def main() -> int:
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    on_postgres = "--sqlite" not in sys.argv
    with tempfile.TemporaryDirectory(prefix="prrt-") as folder, servers(Path(folder), on_postgres=on_postgres) as site:
        figures = drill(site, numbers[0] if numbers else 30, say=print)
    print(figures)
    for line in figures.missed():
        print(f"MISSED  {line}")
    return int(bool(figures.missed()))


if __name__ == "__main__":
    sys.exit(main())
