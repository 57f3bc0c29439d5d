"""What is told of an unexpected error: its kind and where; no values, no request, no settings."""

from django.views.debug import ExceptionReporter

from config.logs import kinds_of, places_of


class PlacesOnlyReporter(ExceptionReporter):
    def get_traceback_text(self) -> str:
        if self.exc_value is None:
            return "no exception"
        return "\n".join([kinds_of(self.exc_value), *places_of(self.exc_value)])

    def get_traceback_html(self) -> str:
        return f"<pre>{self.get_traceback_text()}</pre>"
