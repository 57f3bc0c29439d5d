"""Pictures of what an administrator sees: accounts, the trail over all cases, the health of the installation."""

from collections.abc import Iterator

from demo.meeting_shots import signed_in, sizes

ADMINISTRATOR = "demo-system-admin"
PAGES = {"trail": "/trail/", "people": "/people/", "health": "/health/"}


def take_people(browser, site: str) -> Iterator[tuple[str, bytes]]:
    page = signed_in(browser, site, ADMINISTRATOR)
    for name, address in PAGES.items():
        yield from sizes(page, name, f"{site}{address}")
    page.context.close()
