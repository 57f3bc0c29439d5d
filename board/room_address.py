"""From where a device of a room asks, as far as it can be trusted."""

import ipaddress

from django.http import HttpRequest

from patients import addresses

NETWORK_OF_A_SITE = 64


def address_of(request: HttpRequest) -> str:
    """The address as the trail has it; of IPv6 the /64 network: whoever has one address of it has them all."""
    found = addresses.address_of(request)
    if request.META.get("REMOTE_ADDR", "") == found:
        return found
    known = ipaddress.ip_address(found)
    return str(ipaddress.ip_network(f"{found}/{NETWORK_OF_A_SITE}", strict=False)) if known.version == 6 else found
