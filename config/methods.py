"""Pages are asked for by GET and sent by POST. Whatever else is asked is refused before anything is looked up.

HEAD too: it would have a page composed, and written down as read, of which nobody gets a word.
"""

from django.http import HttpResponseNotAllowed

SPOKEN = ("GET", "POST")


class MethodsMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request) if request.method in SPOKEN else HttpResponseNotAllowed(SPOKEN)
