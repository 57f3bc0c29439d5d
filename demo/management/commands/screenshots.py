"""Pictures of every page of the demonstration in docs/screenshots, each from a server of its own."""

from django.core.management.base import BaseCommand

from demo.screenshots import main


class Command(BaseCommand):
    help = "Makes docs/screenshots anew. Needs Chromium."

    def handle(self, *args, **options) -> None:
        if main():
            raise SystemExit(1)
