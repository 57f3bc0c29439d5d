"""Each case of the demonstration is opened in a browser and says what it is there to show."""

import pytest

from board.looking import read_news
from demo.accounts import DEMO_PASSWORD, DEMO_USER
from demo.loading import CASES
from imaging.domain.vocabulary import Tracer
from imaging.models import Scan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# By case: words of a page, by the tab of the case; "fdg" is the page of its FDG scan, "watch" and "patients" lists.
SAYS: dict[str, dict[str, tuple[str, ...]]] = {
    "0001": {
        "change": (
            "Undetermined whether SSTR uptake changed. 3 of 4 matched lesions rose in score",
            "16 values still to be entered",
            "SSTR gate krenning-gt2 v2 changed: Not met → Met",
            "borrowed from FDG",
        ),
        "overview": ("SUVmax 9.09", "SUVmax 11.47", "Cannot determine", "4 matched, 0 lost, 0 new"),
        "lines": ("CAPTEM",),
    },
    "0002": {
        "eligibility": ("krenning-gt2 v2 would be met if lesion L01 were read as above liver", "(+8.5 %)"),
        "overview": ("Not met under krenning-gt2", "Active rows met", "1.01 × liver", "equal, SUVmax 6"),
        "patients": ("On Lanreotide",),
    },
    "0003": {
        "overview": ("Unknown under krenning-gt2", "no SUV"),
        "scans": ("no SUV", "The PET header has no body weight."),
    },
    "0004": {
        "change": (
            "Reference-driven pseudo-conversion: liver SUVmean fell by 22.0 % and the SUV of none of them rose",
            "analogue newly given before the second scan (lanreotide 120 mg, 28 days before)",
        ),
        "overview": (
            "3 matched, 0 lost, 0 new",
            "within-lesion median SUVmax × 1.0 (3 of 3 matched)",
            "1.04 × liver 2",
            "1.33 × liver 3",
            "Krenning up 1 SUVmax +0 %",
            "Lanreotide",
        ),
        "lines": ("lanreotide",),
        "scans": ("no SSA", "on SSA"),
    },
    "0005": {
        "change": (
            "Lesion loss: the scan looks better only because lesions without uptake are gone.",
            "Pseudo-conversion by lesion loss: 2 lost (L05, L06), 0 of 4 matched lesions rose.",
        ),
        "overview": (
            "4 matched, 2 lost, 0 new",
            "within-lesion median SUVmax × 1.0 (4 of 4 matched)",
            "0.58 × liver 1",
            "2.44 × liver 3",
            "Krenning unchanged",
            "Lost",
        ),
        "lines": ("CAPTEM",),
    },
    "0006": {
        "eligibility&set=enets-centre": ("FDG-discordant disease (triggered)",),
        "overview": ("Not eligible under lutathera-smpc-eu", "0.58 × liver 1", "2.14 × liver 3"),
        "fdg": (
            "9 days apart, within 31 days",
            "L01 above negative not discordant",
            "L04 below positive, more than SSTR discordant",
            "Discordant disease: yes, at least one lesion",
            "NETPET: P5, confirmed by demo",
        ),
        "scans": ("18F-FDG", "68Ga-DOTATATE"),
    },
    "0007": {
        "eligibility": ("fragile: 78 is +4.0 % from < 75, stated error ±10 %",),
        "overview": ("Active rows met", "78 10⁹/L platelets 78 10⁹/L", "196 → 78 10⁹/L"),
        "labs": ("Platelets 78 10⁹/L",),
    },
    "0008": {
        "watch": (
            "SSTR-poor on",
            "CAPTEM ×6 ended",
            "no SSTR scan since. ",
            "Nobody has given this patient a next date, and the case is not closed.",
        ),
        "overview": (
            "CAPTEM ×6",
            "no PET recorded, 11 months",
            "No decision recorded",
            "No follow-up has a date",
            "0.62 × liver 1",
        ),
        "contacts": ("No contact",),
        "patients": ("Pancreatic NET G2 Ki-67 17 % After CAPTEM ×6",),
    },
}
TEXT = "() => document.querySelector('main').innerText.replace(/\\u00ad/g, '').replace(/\\s+/g, ' ')"


@pytest.fixture
def opened(page, live_server, demo_loaded):
    read_news()  # as the worker does within a minute: the watch list has its rows
    page.goto(f"{live_server.url}/")
    page.get_by_label("User name").fill(DEMO_USER)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    return page


def address(case: str, where: str) -> str:
    if where == "fdg":
        return f"/imaging/scans/{Scan.objects.get(patient__case_number=case, tracer=Tracer.F18_FDG).pk}/"
    lists = {"patients": "/patients/", "watch": "/watch/"}
    return lists.get(where) or f"/patients/{case}/?tab={where}"


def text_of(page, url: str) -> str:
    """The words of a page as they are read, folded parts and all."""
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
    return page.evaluate(TEXT)


def missing(page, site: str, wanted: dict[str, dict[str, tuple[str, ...]]]) -> list[tuple[str, str, str]]:
    """Case, place and words of everything that is not to be read where it should be."""
    found = []
    for case, places in wanted.items():
        for where, words in places.items():
            text = text_of(page, site + address(case, where)).replace("\u00a0", " ").casefold()
            found += [(case, where, said) for said in words if said.casefold() not in text]
    return found


def test_each_case_says_what_it_is_there_to_show(opened, live_server):
    assert set(SAYS) == set(CASES)
    assert missing(opened, live_server.url, SAYS) == []


def test_the_case_before_and_after_are_one_key_away(opened, live_server):
    """Through all eight and back to the seventh, in the order of the list."""
    page, numbers = opened, list(CASES)
    page.goto(f"{live_server.url}/patients/{numbers[0]}/")
    for number in numbers[1:]:
        page.keyboard.press("]")
        page.wait_for_url(f"{live_server.url}/patients/{number}/*")
        page.wait_for_load_state("networkidle")
    page.keyboard.press("[")
    page.wait_for_url(f"{live_server.url}/patients/{numbers[-2]}/*")
