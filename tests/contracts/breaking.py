"""Middlewares that break every view: before it does anything, or after it has made its page."""

from tests.contracts.canary import WORD


class FailsBeforeTheView:
    """What the request brought stands in the frame and in the error; the page is not made, so it costs little."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        what_was_sent = f"{WORD} 1901-02-03 {request.get_full_path()} {request.POST} {kwargs} {request.user}"
        raise RuntimeError(f"could not begin {what_was_sent}")


class FailsUnlessRefused(FailsBeforeTheView):
    """Only what the view takes is broken: a method that it refuses stays refused."""

    def process_view(self, request, view, args, kwargs):
        answer = view(request, *args, **kwargs)
        if answer.status_code in {403, 404, 405}:
            return answer
        raise RuntimeError(f"could not show {WORD} 1901-02-03 {request.get_full_path()} {answer}")
