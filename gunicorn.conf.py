"""Read by gunicorn by itself: no access log (it would hold addresses), and errors without the address they met."""

import sys

from gunicorn.glogging import Logger

accesslog = None
# Should somebody turn it on: when, what came of it, how long it took. Not the address, which names the case.
access_log_format = "%(t)s %(s)s %(B)s %(M)s"
proc_name = "prrt-board"


class PlacesOnlyLogger(Logger):
    """gunicorn's own lines name what it does; of a request it could not answer or read, kind and places."""

    def exception(self, msg, *args, **kwargs):
        self.error_log.error("a request could not be answered%s", _met())

    def warning(self, msg, *args, **kwargs):
        if sys.exc_info()[1] is not None:  # its own sentence would quote what was sent
            self.error_log.warning("a request could not be read%s", _met())
        else:
            super().warning(msg, *args, **kwargs)

    def debug(self, msg, *args, **kwargs):
        """Without what is put into it: that is the address, or what a browser sent."""
        self.error_log.debug("%s", msg if args else "a step of the server")


def _met() -> str:
    from config.logs import kinds_of, places_of

    error = sys.exc_info()[1]
    return f": {kinds_of(error)} at {', '.join(places_of(error))}" if error else ""


logger_class = PlacesOnlyLogger
worker_class = "config.slow_clients.SteadyWorker"
