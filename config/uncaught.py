"""What nobody caught, in a thread, a finaliser or the program, and warnings: told by kind and place, as any error is.

Python would print the sentence of the error, which may quote a row or a header.
"""

import logging
import logging.config
import sys
import threading

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

log = logging.getLogger("prrt.uncaught")
# Their sentences are about the installation, and whoever runs a command needs them.
ABOUT_THE_INSTALLATION = (ImproperlyConfigured, ImportError, OperationalError)


def configure(wanted: dict) -> None:
    """As LOGGING_CONFIG: every process of the product comes by here."""
    logging.config.dictConfig(wanted)
    logging.captureWarnings(True)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _in_a_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _while_tidying
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _at_the_top


def _in_a_thread(found) -> None:
    if found.exc_type is not SystemExit:
        log.error("a thread ended by an error", exc_info=(found.exc_type, found.exc_value, found.exc_traceback))


def _while_tidying(found) -> None:
    log.error("an error came too late to be handled", exc_info=(found.exc_type, found.exc_value, found.exc_traceback))


def _at_the_top(kind, error, trace) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    said = f": {str(error).splitlines()[0]}" if isinstance(error, ABOUT_THE_INSTALLATION) and str(error) else ""
    log.critical("ended by an error%s", said, exc_info=(kind, error, trace))
