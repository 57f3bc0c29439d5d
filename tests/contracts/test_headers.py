"""Every page: strict content-security-policy, never kept, nothing inline, nothing from another host."""

from html.parser import HTMLParser

import pytest
from django.urls import reverse

from patients.domain.roles import Role
from tests.contracts.routes import ROUTES
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
PAGES = [(name, rule) for name, rules in ROUTES.items() for rule in rules if rule.get]
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
UNSAFE = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"}


class Inline(HTMLParser):
    """Collects what the policy would have to allow: inline script or style, handlers, other hosts."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.found.append(f"<{tag}> without src")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.found.append(f"{tag} {name}={value}")
            if name in {"src", "href", "action"} and (value or "").startswith(("http:", "https:", "//", "javascript:")):
                self.found.append(f"{tag} {name}={value}")


def inline_in(html: str) -> list[str]:
    parser = Inline()
    parser.feed(html)
    return parser.found


def missing_headers(response) -> list[str]:
    policy = response.headers.get("Content-Security-Policy", "")
    wrong = [
        f"{name}: {response.headers.get(name)}" for name, value in FIXED.items() if response.headers.get(name) != value
    ]
    if "no-store" not in response.headers.get("Cache-Control", ""):
        wrong.append("Cache-Control")
    if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
        wrong.append("Content-Security-Policy")
    if "camera=()" not in response.headers.get("Permissions-Policy", ""):
        wrong.append("Permissions-Policy")
    return wrong + [f"policy allows {word}" for word in UNSAFE & set(policy.replace(";", " ").split())]


def check(response, where: str) -> None:
    assert missing_headers(response) == [], where
    if response.headers.get("Content-Type", "").startswith("text/html"):
        assert inline_in(response.content.decode()) == [], where


@pytest.fixture(scope="module")
def own(once):
    """A world of somebody who may open the data desk too."""
    return make_world("OWN", make_user(Role.NUCLEAR_MEDICINE.value, is_staff=True))


@pytest.mark.parametrize(("name", "rule"), PAGES, ids=[f"{n}-{r.about or 'page'}" for n, r in PAGES])
def test_every_page(client, own, name, rule):
    client.force_login(own.owner)
    check(client.get(reverse(name, kwargs=own.kwargs(rule.about))), name)


@pytest.mark.parametrize("path", ["/accounts/login/", "/healthz", "/readyz", "/no/such/page/", "/imaging/upload/"])
def test_pages_for_nobody_in_particular(client, path):
    check(client.get(path), path)


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.SYSTEM_ADMIN])
def test_refusals_carry_them_too(client, role):
    user = make_user(role.value)
    client.force_login(user)
    response = client.get("/imaging/upload/")
    assert response.status_code == 403
    check(response, "403")
    assert "nuclear medicine" in response.content.decode()


def test_the_admin_pages(client):
    user = make_user(Role.NUCLEAR_MEDICINE.value, is_staff=True, is_superuser=True)
    client.force_login(user)
    from django.contrib import admin

    check(client.get(reverse("admin:index")), "admin index")
    for model in admin.site._registry:
        address = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for action in ("changelist", "add"):
            response = client.get(reverse(f"{address}_{action}"))
            assert response.status_code in {200, 403}, f"{address} {action}: {response.status_code}"
            check(response, f"{address} {action}")


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<p style='color:red'>x</p>",
        "<a href='javascript:x()'>x</a>",
        "<img src='https://example.org/x.png'>",
        "<p onclick='x()'>x</p>",
        "<style>p{}</style>",
    ],
)
def test_what_is_inline_would_be_found(html):
    assert inline_in(html)


def test_a_page_without_its_headers_would_be_found():
    from django.http import HttpResponse

    assert len(missing_headers(HttpResponse("bare"))) == len(FIXED) + 3
