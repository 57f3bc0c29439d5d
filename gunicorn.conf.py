"""Read by gunicorn by itself: no access log (it would hold addresses), and errors without the address they met."""

from gunicorn.glogging import Logger

accesslog = None
proc_name = "prrt-board"


class PlacesOnlyLogger(Logger):
    """gunicorn's own lines name what it does; an exception of a request is cut to its kind and places."""

    def exception(self, msg, *args, **kwargs):
        import sys

        from config.logs import kinds_of, places_of

        error = sys.exc_info()[1]
        told = f": {kinds_of(error)} at {', '.join(places_of(error))}" if error else ""
        self.error_log.error("a request could not be answered%s", told)


logger_class = PlacesOnlyLogger
worker_class = "config.slow_clients.SteadyWorker"
