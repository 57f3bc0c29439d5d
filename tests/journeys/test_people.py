"""From an invitation to the first page; an emergency; a decision signed with a security key; a sign-in that runs out."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from board.models import BoardDecision
from patients.models import AccessGrant, User
from patients.session_time import SEEN
from tests.board.factories import published_case
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "several plain words here"


@pytest.fixture
def expected_errors():
    return ["404", "403"]


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def key(page):
    """A security key that is always at hand."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True}
    more = {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options | more})


def test_invited_signed_in_and_a_second_factor_before_anything_else(
    page, live_server, sign_in, settings, shoot, has_no_serious_finding
):
    settings.MFA_ROLES = ["clinician"]
    sign_in(make_user("system_admin", first_name="Root", last_name="Keeper"), "/people/invitations/")
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Role").select_option("clinician")
    has_no_serious_finding()
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("Link to hand over").input_value()
    shoot("people-invited")
    page.get_by_role("button", name="Sign out").click()
    page.goto(link)
    has_no_serious_finding()
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password", exact=True).fill("password")
    page.get_by_label("Password again").fill("password")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_text("at least 12 characters")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(WORDS)
    page.get_by_label("Password again").fill(WORDS)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill(WORDS)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/people/second-factor/")
    has_no_serious_finding()
    page.goto(f"{live_server.url}/patients/")
    page.wait_for_url("**/people/second-factor/")
    page.get_by_role("link", name="Authenticator app").click()
    secret = page.locator("#authenticator_secret").input_value()
    shoot("people-totp")
    has_no_serious_finding()
    page.get_by_label("Authenticator code").fill(code_now(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/recovery-codes/")
    has_no_serious_finding()
    shoot("people-codes")
    page.goto(f"{live_server.url}/patients/")
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()
    assert User.objects.get(username="ada").role == "clinician"


def test_a_case_is_opened_in_an_emergency_and_seen_by_an_administrator(
    page, sign_in, live_server, shoot, has_no_serious_finding
):
    make_patient(case_number="ER-7")
    sign_in(make_user("clinician", first_name="Night", last_name="Duty"), "/patients/")
    assert page.goto(f"{live_server.url}/patients/ER-7/").status == 404
    page.goto(f"{live_server.url}/patients/")
    page.get_by_role("link", name="Open a case in an emergency").click()
    has_no_serious_finding()
    page.get_by_label("Case number, exactly").fill("ER-7")
    page.get_by_label("Why you need this case now").fill("bleeding tonight, on call")
    shoot("people-emergency")
    page.get_by_role("button", name="Open this case").click()
    expect(page.get_by_text("Emergency access")).to_contain_text("Emergency access")
    expect(page.locator("[data-until]")).to_contain_text("min left")
    shoot("people-emergency-open")
    has_no_serious_finding()
    grant = AccessGrant.objects.get(kind="break_glass")
    AccessGrant.objects.filter(pk=grant.pk).update(until=timezone.now())
    assert page.goto(f"{live_server.url}/patients/ER-7/").status == 404
    page.goto(f"{live_server.url}/")
    page.get_by_role("button", name="Sign out").click()
    sign_in(make_user("system_admin"), "/")
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_text("bleeding tonight, on call")).to_be_visible()
    has_no_serious_finding()
    shoot("people-emergencies")
    page.get_by_role("button", name="Mark as seen").click()
    expect(page.get_by_text("Noted with your name")).to_be_visible()


def test_a_decision_is_signed_with_a_security_key(key, page, sign_in, live_server, shoot, has_no_serious_finding):
    user, patient = published_case()
    meeting = make_meeting(user, state="running", started_at=timezone.now())
    item = make_item(meeting, patient, user, question="Suitable?")
    sign_in(user, "/")
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("Key in the drawer")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/")
    Authenticator.objects.filter(user=user, type="recovery_codes").delete()
    page.goto(f"{live_server.url}/meetings/items/{item.pk}/draft/")
    page.keyboard.press("m")
    page.get_by_label("Recommendation, shown to the room").fill("Get labs")
    page.get_by_label("Next step", exact=True).select_option("labs")
    page.get_by_label("Within").select_option("7")
    page.get_by_label("Owner of the next step").fill("Oncologist")
    page.get_by_label("Stage", exact=True).check()
    page.get_by_label("Consensus").check()
    expect(page.locator("[data-decision-state]")).to_contain_text("Saved", timeout=10_000)
    page.get_by_label("Your password").fill("not-a-real-password")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your second factor is a security key").first).to_be_visible()
    assert not BoardDecision.objects.exists()
    page.get_by_role("button", name="Use security key").click()
    expect(page.locator("[data-security-key-said]")).to_have_text("The key has answered. Sign now.")
    shoot("people-security-key")
    has_no_serious_finding()
    page.get_by_label("Your password").fill("not-a-real-password")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Verification code")).to_be_visible()
    assert BoardDecision.objects.get().recorded_by == user


def test_signing_in_with_the_key(key, page, sign_in, live_server):
    user = make_user("clinician")
    sign_in(user, "/")
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("Key")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/")
    page.goto(f"{live_server.url}/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill("not-a-real-password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/authenticate/**")
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(f"{live_server.url}/")


def sit_still(seconds: int) -> None:
    """The server's clock of the one session is put back."""
    for session in Session.objects.all():
        held = session.get_decoded()
        if SEEN in held:
            held[SEEN] -= seconds
            Session.objects.filter(pk=session.pk).update(session_data=Session.objects.encode(held))


def test_a_minute_before_the_end_one_may_stay_and_afterwards_nothing_is_lost(
    page, sign_in, settings, live_server, shoot, has_no_serious_finding
):
    settings.IDLE_MINUTES = 2
    user = make_user("system_admin")
    sign_in(user, "/people/invitations/")
    page.get_by_label("First name").fill("Half typed")
    dialog = page.get_by_role("dialog", name="You will be signed out in a minute")
    sit_still(70)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(dialog).to_be_visible()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_focused()
    expect(page.locator("[data-session-again]")).to_be_hidden()
    shoot("people-session-warning")
    has_no_serious_finding()
    with page.expect_response("**/people/session/stay/"):
        page.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
    with page.expect_response("**/people/session/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(dialog).to_be_hidden()
    sit_still(130)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    over = page.get_by_role("dialog", name="You are signed out")
    expect(over).to_be_visible()
    shoot("people-session-over")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again in a new tab").click()
    tab = opened.value
    tab.get_by_label("User name").fill(user.username)
    tab.get_by_label("Password").fill("not-a-real-password")
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_url(f"{live_server.url}/")
    tab.close()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(over).to_be_hidden()
    expect(page.get_by_label("First name")).to_have_value("Half typed")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_label("Link to hand over")).to_be_visible()
