"""The address of a client: that of its connection, or what a proxy wrote into `X-Forwarded-For`."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from aiohttp import web
from msgspec import Struct

FORWARDED: Final = "X-Forwarded-For"

_LOCAL: Final = [
    *map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")),
    *map(ip_network, ("::1/128", "fc00::/7", "fe80::/10")),
]
"""This machine and private networks. Python's own `is_private` includes unused networks."""


class ClientOrigin(Struct, frozen=True):
    """The `address` whose limits a request counts for, and the peer `via` which it came.

    `via` is empty where the address is that of the connection, or where a proxy is configured.
    """

    address: str
    via: str = ""


def client_origin(request: web.Request, proxies: int | None) -> ClientOrigin:
    """Return the client. Behind that many proxies of ours, it is what the first of them has written.

    Anybody can send `X-Forwarded-For`: only what our own proxies have added at its end is true. Without a
    configured number, the last entry of a local peer is trusted. Such a peer need be no proxy: through the port of
    a container, strangers seem to be local too.
    """
    peer = request.remote or ""
    trusted = proxies if proxies is not None else int(is_local(peer))
    if trusted:
        forwarded = ",".join(request.headers.getall(FORWARDED, [])).split(",")
        address = network_of(forwarded[-trusted].strip()) if len(forwarded) >= trusted else ""
        if address:
            return ClientOrigin(address, "" if proxies else f"via {network_of(peer)}")
    return ClientOrigin(network_of(peer) or peer)


def describe_client(request: web.Request, proxies: int | None) -> dict[str, object]:
    """Return what we see of a client, for the operator."""
    peer = request.remote or ""
    forwarded = ",".join(request.headers.getall(FORWARDED, []))
    return {
        "peer": peer,
        "near": is_local(peer),
        "forwarded": len(forwarded.split(",")) if forwarded else 0,
        "proxies": proxies,
        "address": client_origin(request, proxies).address,
    }


def is_local(peer: str) -> bool:
    """Return whether a peer is on this machine (one without an address is) or in a private network."""
    address = _read(peer)
    return not peer if address is None else any(address in network for network in _LOCAL)


def network_of(text: str) -> str:
    """Return an address as limits count it, or an empty text where it is none.

    Of an IPv6 address only the network counts, because each client has a whole one.
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
