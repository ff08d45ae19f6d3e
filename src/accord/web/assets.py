"""The files that pages load: read once at the start, told apart by their hash, nothing else."""

import hashlib
from collections.abc import Mapping
from importlib.resources import files

from attrs import frozen

_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
          "svg": "image/svg+xml"}  # fmt: skip
_NAMES = (
    "room.css",
    "room.js",
    "passkey.js",
    "mark.svg",
    "vendor/htmx-4.0.1.min.js",
    "vendor/hx-sse-4.0.1.min.js",
)


@frozen
class Asset:
    """One file: its bytes and its media type."""

    data: bytes
    kind: str


def assets() -> tuple[Mapping[str, Asset], Mapping[str, str]]:
    """Return the files by their address below `/static/`, and the address of each by its name.

    An address holds the hash of the bytes, so that a browser may keep it for ever.
    """
    held: dict[str, Asset] = {}
    named: dict[str, str] = {}
    for name in _NAMES:
        data = files("accord.web").joinpath("static", name).read_bytes()
        stem, _, ending = name.rpartition("/")[2].rpartition(".")
        address = f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{ending}"
        held[address] = Asset(data, _KINDS[ending])
        named[name.rpartition("/")[2]] = f"/static/{address}"
    return held, named
