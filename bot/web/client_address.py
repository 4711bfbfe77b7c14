"""From which address a request comes: that of the connection, or what a proxy wrote into `X-Forwarded-For`."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from aiohttp import web

FORWARDED: Final = "X-Forwarded-For"

_NEAR: Final = [
    *map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")),
    *map(ip_network, ("::1/128", "fc00::/7", "fe80::/10")),
]
"""This machine and private networks. Python's own `is_private` takes in what is merely not in use."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose limits a request counts for: an `address`, and `via` which peer we have it.

    `via` is empty where the address is that of the connection, or where we were told that there is a proxy.
    """

    address: str
    via: str = ""


def origin_of(request: web.Request, proxies: int | None) -> Origin:
    """Return who calls. Behind so many proxies of ours it is what the first of them has written down.

    Anybody can write `X-Forwarded-For`: only what our own proxies have added at its end is known to be true. Where
    nobody has told how many there are, its last entry is believed of a peer that is near. Such a peer need be no
    proxy: through the port of a container strangers may come from one as well.
    """
    peer = request.remote or ""
    told = proxies if proxies is not None else int(is_near(peer))
    if told:
        noted = ",".join(request.headers.getall(FORWARDED, [])).split(",")
        address = network_of(noted[-told].strip()) if len(noted) >= told else ""
        if address:
            return Origin(address, "" if proxies else f"via {network_of(peer)}")
    return Origin(network_of(peer) or peer)


def describe(request: web.Request, proxies: int | None) -> dict[str, object]:
    """Return what we see of a caller, for whoever operates us."""
    peer = request.remote or ""
    noted = ",".join(request.headers.getall(FORWARDED, []))
    return {
        "peer": peer,
        "near": is_near(peer),
        "forwarded": len(noted.split(",")) if noted else 0,
        "proxies": proxies,
        "address": origin_of(request, proxies).address,
    }


def is_near(peer: str) -> bool:
    """Return whether a peer is on this machine (one without an address is) or in a private network."""
    address = _read(peer)
    return not peer if address is None else any(address in network for network in _NEAR)


def network_of(text: str) -> str:
    """Return an address as limits count it, and nothing for what is none.

    Of an IPv6 address only the network counts, because each caller has a whole one.
    """
    address = _read(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64))
    return "" if address is None else str(address)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
