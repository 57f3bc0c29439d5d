"""``manage.py rule_sets``: every row of every rule set with its source, as Markdown."""

from django.core.management.base import BaseCommand, CommandError

from eligibility.loader import guidelines
from eligibility.rule_set_page import as_markdown
from eligibility.schema import GuidelineError


class Command(BaseCommand):
    help = "Print every rule set, row by row, with citation, evidence and whether it is active."
    requires_system_checks = ()

    def handle(self, *args, **options):
        try:
            self.stdout.write(as_markdown(guidelines().values()), ending="")
        except GuidelineError as error:
            raise CommandError(str(error)) from error
