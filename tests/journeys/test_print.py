"""Paper cannot be unfolded: what a page has folded is on its print, and folded again on the screen afterwards."""

import pytest
from playwright.sync_api import expect

from tests.board.factories import published_case

pytestmark = pytest.mark.django_db(transaction=True)

# Forms are for the screen; everything else is printed.
HIDDEN = """() => [...document.querySelectorAll('main details > :not(summary, form)')]
  .filter(el => el.textContent.trim() && !el.checkVisibility({contentVisibilityAuto: true}))
  .map(el => el.textContent.trim().slice(0, 60))"""
FOLDED = "() => [...document.querySelectorAll('main details')].map(d => d.open)"


@pytest.fixture
def case(sign_in):
    user, patient = published_case()
    sign_in(user, "/patients/0001/")
    return patient


def test_the_print_style_unfolds_by_itself(case, page):
    assert page.evaluate(HIDDEN), "nothing is folded, so nothing would be tested"
    before = page.evaluate(FOLDED)
    folded = page.locator("main details:not([open]) > :not(summary, form)").first
    expect(folded).not_to_be_visible()
    page.emulate_media(media="print")
    page.wait_for_function(f"() => ({HIDDEN})().length === 0", timeout=5000)
    assert folded.bounding_box()["height"] > 5
    page.emulate_media(media="screen")
    page.wait_for_function(f"() => ({HIDDEN})().length > 0", timeout=5000)
    assert page.evaluate(FOLDED) == before


def test_printing_opens_what_the_style_may_not_and_folds_it_again(case, page):
    """For browsers that do not know the pseudo-element; a real print, whose events this browser fires itself."""
    before = page.evaluate(FOLDED)
    assert False in before
    page.evaluate(
        f"() => {{ window.seen = null; addEventListener('beforeprint', () => {{ window.seen = ({FOLDED})() }}) }}"
    )
    page.pdf()
    assert page.evaluate("() => window.seen") == [True] * len(before)
    assert page.evaluate(FOLDED) == before
