"""A request that breaks where its header says so; and the application around the application."""

import logging
import os
import signal
import threading
import time
import warnings

from django.http import StreamingHttpResponse

from .apps import SAID

HEADER = "HTTP_X_BREAK"


class Breaks:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        how = request.META.get(HEADER, "")
        if how == "middleware":
            raise RuntimeError(f"{SAID} {request.get_full_path()}")
        response = self.get_response(request)
        if how == "stream":
            return StreamingHttpResponse(_breaks_midway(request.get_full_path()))
        return response

    def process_view(self, request, view, args, kwargs):
        how = request.META.get(HEADER, "")
        if how == "view":
            answer = view(request, *args, **kwargs)
            raise RuntimeError(f"{SAID} {kwargs} {getattr(answer, 'content', answer)}")
        if how == "thread":
            thread = threading.Thread(target=_raises)
            thread.start()
            thread.join()
        if how == "warning":
            warnings.warn(SAID, stacklevel=1)
        if how == "unraisable":
            _BreaksWhenDropped()
        if how == "aborts":
            os.kill(os.getpid(), signal.SIGABRT)
            time.sleep(30)
        if how == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "stops the process":
            os.kill(os.getpid(), signal.SIGSTOP)
        if how == "leaks":
            logging.getLogger("prrt.leak").warning("the web says %s", SAID)


class _BreaksWhenDropped:
    def __del__(self):
        raise RuntimeError(SAID)


def _raises():
    raise RuntimeError(SAID)


def _breaks_midway(address: str):
    yield b"<html>"
    raise RuntimeError(f"{SAID} {address}")


def around(application):
    """Outside Django: what only the server itself can catch."""

    def outer(environ, start_response):
        if environ.get(HEADER) == "server":
            raise RuntimeError(f"{SAID} {environ['PATH_INFO']}")
        return application(environ, start_response)

    return outer
