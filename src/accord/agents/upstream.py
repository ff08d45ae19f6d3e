"""The one address that a gateway connects to: asked for by name, checked, and then used as checked.

The check and the connection share the address, so a name that means something else a moment later
changes nothing. Public addresses only, unless the person configured another one.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from attrs import frozen

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

CONNECT_S = 15.0
_PRIVATE = tuple(
    ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
    )
)
# Two clouds keep their metadata in networks that are otherwise a person's own.
_METADATA = (ip_address("100.100.100.200"), ip_address("fd00:ec2::254"))
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class UpstreamError(Exception):
    """Raised with a few words when the model's service cannot or must not be reached."""


@frozen
class Upstream:
    """Where the model's service is. `configured` tells that the person named it themselves."""

    scheme: str
    host: str
    port: int
    prefix: str
    configured: bool


@frozen
class Link:
    """An open connection to the service."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


def parse(address: str, *, configured: bool) -> Upstream:
    """Read the address of a service, to which the paths of its protocol are appended.

    A `/v1` at its end is taken off, since those paths begin with it. Raises UpstreamError for
    what is not a plain http or https address.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise UpstreamError(f"its address cannot be read: {error}") from error
    host = (parts.hostname or "").lower()
    odd = parts.username is not None or parts.password is not None or parts.query or parts.fragment
    named = _literal(host) is not None or _NAME.fullmatch(host)
    plain = re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/?", parts.path) and "/.." not in parts.path
    if parts.scheme not in ("http", "https") or odd or not named or not plain:
        raise UpstreamError("its address must be like https://host:port/path")
    prefix = parts.path.rstrip("/").removesuffix("/v1")
    return Upstream(
        parts.scheme, host, port or (443 if parts.scheme == "https" else 80), prefix, configured
    )


def refused(upstream: Upstream, address: str) -> str:
    """Return why the service must not be reached at `address`, empty when it may.

    Of what is not public, the person's own configuration opens this much: a loopback address when
    that is what they wrote, a private network for any name or address that they wrote. Link-local
    addresses, where clouds keep their metadata, and multicast are never opened.
    """
    found = _inner(ip_address(address.partition("%")[0]))
    kind = _kind(found)
    written = _literal(upstream.host)
    local = upstream.host == "localhost" or (written and _kind(written) == "loopback")
    opened = upstream.configured and (kind == "private" or (kind == "loopback" and bool(local)))
    if kind != "public" and not opened:
        return f"{upstream.host} leads to {found}, which is {kind}"
    if upstream.scheme == "http" and kind == "public":
        return f"{upstream.host} is public and would be asked without encryption"
    return ""


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host` in the order in which the system would try them."""
    # The lookup needs a thread. It comes with the first request and so after the agent was
    # started, which is done by a fork and must not find one.
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def connect(upstream: Upstream, lookup: Resolve, context: ssl.SSLContext | None) -> Link:
    """Open a connection to the service, encrypted and verified by its name where it is https.

    Every address that the name has is checked before any of them is used. Raises UpstreamError.
    """
    try:
        async with asyncio.timeout(CONNECT_S):
            addresses = await lookup(upstream.host, upstream.port)
    except (OSError, TimeoutError) as error:
        raise UpstreamError(f"{upstream.host} could not be looked up: {_why(error)}") from error
    for address in addresses:
        if reason := refused(upstream, address):
            raise UpstreamError(f"must not be reached: {reason}")
    last = "it has no address"
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_S):
                return Link(
                    *await asyncio.open_connection(
                        address,
                        upstream.port,
                        ssl=context,
                        server_hostname=upstream.host if context else None,
                    )
                )
        except (OSError, TimeoutError) as error:
            last = _why(error)
    raise UpstreamError(f"{upstream.host} could not be reached: {last}")


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    return "no answer in time" if isinstance(error, TimeoutError) else str(error)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _inner(found: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, if it does for one."""
    if isinstance(found, IPv4Address):
        return found
    teredo = found.teredo
    if any(found in network for network in _NAT64):
        return IPv4Address(found.packed[-4:])
    if not found.packed[:12].strip(b"\0") and int(found) > 1:  # the old spelling ::a.b.c.d
        return IPv4Address(found.packed[-4:])
    return found.ipv4_mapped or found.sixtofour or (teredo[1] if teredo else None) or found


def _kind(found: Address) -> str:
    if found.is_loopback:
        return "loopback"
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return "link-local or multicast"
    return "public" if found.is_global else "private" if _is_private(found) else "reserved"


def _is_private(found: Address) -> bool:
    return found not in _METADATA and any(found in network for network in _PRIVATE)
