"""Where the room is reached: what a browser calls it, and what belongs to that name."""

from attrs import frozen

HOST = "accord.localhost"


@frozen
class Place:
    """One name of the room. `entry` is what the trust file says of passkeys that sign there."""

    origin: str
    entry: str
    cookie: str
    team: bool = False

    @property
    def authority(self) -> str:
        """Return the host, with the port where it is not the usual one."""
        return self.origin.partition("://")[2]

    @property
    def host(self) -> str:
        """Return the host alone, which passkeys are bound to."""
        return self.authority.partition(":")[0]


def local(port: int) -> Place:
    """Return the room on this machine: browsers take the name to be it, and no other has it.

    Browsers send cookies to every port of a host, so the name of the cookie holds the port.
    """
    return Place(f"http://{HOST}:{port}", f"http://{HOST}", f"accord-{port}")


def shared(url: str) -> Place:
    """Return the room of a team; its cookie belongs to this host alone and needs TLS."""
    return Place(url, url, "__Host-accord", team=True)
