"""One line per request: its pattern, outcome and time; never its address, query, form or answer."""

import logging
import time
import uuid

from config.logs import request_id, route_of

log = logging.getLogger("prrt.request")


class RequestLogMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        number = uuid.uuid4().hex
        token, began = request_id.set(number), time.monotonic()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = number
            _note(request, response.status_code, began)
            return response
        finally:
            request_id.reset(token)


def _note(request, status: int, began: float) -> None:
    user = getattr(request, "user", None)
    values = {
        "route": route_of(request),
        "method": request.method if request.method in {"GET", "POST", "HEAD", "OPTIONS"} else "other",
        "status": status,
        "ms": round((time.monotonic() - began) * 1000),
        "user": user.pk if user is not None and user.is_authenticated else None,
    }
    level = logging.ERROR if status >= 500 else logging.INFO
    log.log(level, "request", extra={f"prrt_{name}": value for name, value in values.items()})
