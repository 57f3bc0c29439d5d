"""What no page of ours asks a browser for, so that nothing that got into one can either."""

NOT_USED = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb", "serial", "bluetooth", "midi")


class PermissionsPolicyMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response
        self.policy = ", ".join(f"{name}=()" for name in NOT_USED)

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.policy)
        return response
