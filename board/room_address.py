"""From where a device of a room asks, as far as it can be trusted."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

NETWORK_OF_A_SITE = 64


def address_of(request: HttpRequest) -> str:
    """The address the connection comes from; behind a proxy the one which that proxy has added, never one before it.

    Of IPv6 the /64 network: whoever has one address of it has them all.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    if not settings.SECURE_PROXY_SSL_HEADER:
        return direct
    added = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    try:
        found = ipaddress.ip_address(added)
    except ValueError:
        return direct
    return str(ipaddress.ip_network(f"{found}/{NETWORK_OF_A_SITE}", strict=False)) if found.version == 6 else str(found)
