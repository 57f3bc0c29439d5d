"""The rotating picture in a browser, under the product's own content-security-policy: what it shows, and by which keys."""

import mimetypes
import uuid
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from imaging.domain.mip import rotating_mip
from imaging.domain.volume import Volume
from imaging.products import mip_sprite, mip_still

STATIC = Path(settings.BASE_DIR) / "static"
SPRITE, STILL = uuid.UUID(int=1), uuid.UUID(int=2)
SITE = "http://127.0.0.1:9"  # nothing listens: every request is answered below
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>MIP</title>
<link rel="stylesheet" href="/css/tokens.css"><link rel="stylesheet" href="/css/app.css">
<link rel="stylesheet" href="/css/imaging.css"><script type="module" src="/js/mip.js"></script></head>
<body><main><h1>Scan</h1>{figure}</main></body></html>"""


@pytest.fixture(scope="module")
def mip():
    """A pale body with one hot spot in front on the patient's left, and one behind."""
    suv = np.zeros((40, 32, 48), np.float32)
    suv[2:38, 6:26, 6:42] = 1.0
    suv[20, 8, 36], suv[10, 24, 24] = 12.0, 30.0
    return rotating_mip(Volume.of_array(suv, np.diag([4.0, 4.0, 5.0, 1.0])))


@pytest.fixture(scope="module")
def files(mip):
    sprite, still = mip_sprite(mip), mip_still(mip)
    rotating = {
        **{name: sprite.about[name] for name in ("frames", "tiles_across", "tile_width", "tile_height")},
        "column_mm": sprite.about["column_mm"],
        "row_mm": sprite.about["row_mm"],
        "code_max": sprite.about["coding"]["suv_max"],
        "levels": sprite.about["coding"]["levels"],
        "last_frame": sprite.about["frames"] - 1,
        "window": 15,
        "sprite": {"pk": SPRITE},
        "still": {"pk": STILL},
        "still_width": still.about["width"],
        "still_height": still.about["height"],
    }
    page = PAGE.format(figure=render_to_string("imaging/_rotating_mip.html", {"rotating": rotating}))
    return {"/": page.encode(), address(SPRITE): sprite.data, address(STILL): still.data}


def address(product: uuid.UUID) -> str:
    return reverse("imaging:product", args=[product])


def serve(context, files) -> None:
    def answer(route):
        path = route.request.url.removeprefix(SITE)
        body = files.get(path)
        if body is None and (STATIC / path[1:]).is_file():
            body = (STATIC / path[1:]).read_bytes()
        pictures = dict.fromkeys((address(SPRITE), address(STILL)), "image/webp")
        kind = "text/html" if path == "/" else pictures.get(path) or mimetypes.guess_type(path)[0] or "text/plain"
        headers = {"Content-Type": kind, "Content-Security-Policy": POLICY}
        route.fulfill(status=404 if body is None else 200, body=body or b"", headers=headers)

    context.route("**/*", answer)


@pytest.fixture
def shown(page, files):
    serve(page.context, files)
    page.goto(f"{SITE}/")
    page.wait_for_selector("[data-frame='0']")
    return page


def at_frame(page, frame: int) -> None:
    page.wait_for_selector(f"[data-frame='{frame}']")


def grey(page) -> np.ndarray:
    """The canvas as it is painted, one value per canvas pixel."""
    read = """() => { const c = document.querySelector("canvas");
      return [c.width, c.height, [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)]; }"""
    width, height, values = page.evaluate(read)
    return np.array(values).reshape(height, width)


def expected(mip, frame: int, top: float) -> np.ndarray:
    share = np.minimum(mip.code.decode(mip.frames[frame]) / np.float32(top), 1)
    return 255 - np.rint(255 * share)


def agrees(page, mip, frame: int, top: float) -> bool:
    found, wanted = grey(page), expected(mip, frame, top)
    assert found.shape == (round(wanted.shape[0] * 5 / 4), wanted.shape[1])
    rows = np.minimum((np.arange(wanted.shape[0]) + 0.5) * 5 / 4, found.shape[0] - 1).astype(int)
    flat = np.abs(np.diff(wanted, axis=0, prepend=wanted[:1])) + np.abs(np.diff(wanted, axis=0, append=wanted[-1:]))
    same_down = flat == 0  # scaled in height only: where neighbours above and below are equal nothing is mixed
    return bool((np.abs(found[rows] - wanted)[same_down] <= 1).all()) and found.min() <= wanted.min() + 100


def test_every_angle_and_window_shows_the_suv_of_the_volume(shown, mip):
    assert agrees(shown, mip, 0, 15)
    shown.locator("canvas").focus()
    shown.keyboard.press("ArrowRight")
    at_frame(shown, 1)
    assert agrees(shown, mip, 1, 15)
    shown.keyboard.press("ArrowLeft")
    shown.keyboard.press("ArrowLeft")
    at_frame(shown, 35)
    assert agrees(shown, mip, 35, 15)
    shown.get_by_label("SUV 0 to").fill("4")
    shown.wait_for_function("document.querySelector('[data-mip-window-text]').textContent === '4'")
    shown.wait_for_timeout(60)
    assert agrees(shown, mip, 35, 4)
    assert "seen from 350°" in shown.locator("canvas").get_attribute("aria-label")


def test_the_range_goes_all_the_way_round(shown):
    angle = shown.get_by_label("Angle")
    angle.focus()
    shown.keyboard.press("ArrowLeft")
    at_frame(shown, 35)
    shown.keyboard.press("PageUp")
    at_frame(shown, 8)
    angle.fill("18")
    at_frame(shown, 18)
    assert angle.get_attribute("aria-valuetext") == "seen from behind"
    assert shown.locator(".mip-letters").inner_text().split() == ["L", "R"]


def test_it_plays_on_request_and_stops(shown):
    shown.get_by_role("button", name="Play").click()
    at_frame(shown, 3)
    shown.get_by_role("button", name="Pause").click()
    frame = shown.locator("figure").get_attribute("data-frame")
    shown.wait_for_timeout(400)
    assert abs(int(shown.locator("figure").get_attribute("data-frame")) - int(frame)) <= 1
    assert shown.get_by_role("button", name="Play").is_visible()


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_by_itself_for_those_who_asked_for_less_motion(page, files, motion, moves):
    page.emulate_media(reduced_motion=motion)
    html = files["/"].replace(b"data-rotating-mip", b"data-rotating-mip data-autoplay", 1)
    serve(page.context, {**files, "/": html})
    page.goto(f"{SITE}/")
    page.wait_for_selector("[data-frame]")
    page.wait_for_timeout(500)
    assert (page.locator("figure").get_attribute("data-frame") != "0") is moves


def test_dragging_turns_the_body(shown):
    box = shown.locator("canvas").bounding_box()
    shown.mouse.move(box["x"] + 100, box["y"] + 50)
    shown.mouse.down()
    shown.mouse.move(box["x"] + 73, box["y"] + 50, steps=3)
    shown.mouse.up()
    at_frame(shown, 3)


def test_without_script_the_still_is_shown(browser, files):
    context = browser.new_context(java_script_enabled=False)
    serve(context, files)
    page = context.new_page()
    page.goto(f"{SITE}/")
    assert page.locator("img").is_visible()
    assert not page.locator("canvas").is_visible() and not page.locator("[data-mip-controls]").is_visible()
    context.close()


@pytest.mark.parametrize("expected_errors", [["404"]])
def test_without_the_sprite_the_still_stays_and_says_so(page, files, expected_errors):
    serve(page.context, {name: body for name, body in files.items() if name != address(SPRITE)})
    page.goto(f"{SITE}/")
    page.wait_for_selector("[data-mip-lost]:not([hidden])")
    assert page.locator("img").is_visible() and not page.locator("canvas").is_visible()


def test_it_can_be_used_by_everybody(shown, has_no_serious_finding):
    has_no_serious_finding()
