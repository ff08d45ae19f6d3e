"""A room for a team, as a file on its machine describes it; no repository has a say in it."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from accord.errors import ConfigurationError
from accord.web.place import Place, shared

SECRET = "ACCORD_OIDC_SECRET"  # noqa: S105 -- the name of a variable
LASTS, IDLE = 12 * 3600.0, 3600.0

_URL = re.compile(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?")
_ISSUER = re.compile(r"https://[^\s?#@]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/[^\s?#@]*)?")
_LISTEN = re.compile(r"(?:\[(?P<six>[0-9a-f:]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})")
_NEEDED = {"url", "issuer", "client"}
_MORE = {"listen", "certificate", "key", "look"}


@frozen
class Team:
    """Where the room listens and what it is called, who vouches for people, and who may only look.

    `look` names the roles that read: whoever has no other role may do nothing. `certificate` and
    `key` are files for TLS; without them something in front speaks TLS, on this machine.
    """

    url: str
    issuer: str
    client: str
    secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8443
    certificate: str = ""
    key: str = ""
    look: tuple[str, ...] = ("reader",)

    @property
    def place(self) -> Place:
        """Return what browsers call the room."""
        return shared(self.url)

    def acts(self, roles: tuple[str, ...]) -> bool:
        """Tell whether somebody with these roles may do more than look."""
        return bool(set(roles) - set(self.look))


def read(path: Path, environment: Mapping[str, str] = os.environ) -> Team:
    """Return the team that the file at `path` describes; the secret is in the environment.

    Raises ConfigurationError, with what is wrong in words: a field that is unknown or missing, an
    address that is not https, or one that others reach without TLS.
    """
    try:
        found = tomllib.loads(path.read_text())
    except OSError as error:
        raise _wrong(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(f"{path} is not TOML: {error}") from error
    strange = set(found) - _NEEDED - _MORE
    if strange or _NEEDED - set(found):
        name = min(strange or _NEEDED - set(found))
        raise _wrong(f"{path} {'has the unknown field' if strange else 'lacks the field'} {name}")
    if not environment.get(SECRET):
        raise ConfigurationError(f"the secret of the client is not in {SECRET}",
                                 hint="set it for this process alone")  # fmt: skip
    text = {name: _text(found, name) for name in (_NEEDED | _MORE) - {"look"}}
    if not _URL.fullmatch(text["url"]) or text["url"].endswith(":443"):  # browsers leave it out
        raise _wrong("url is not https://HOST or https://HOST:PORT")
    if not _ISSUER.fullmatch(text["issuer"]):
        raise _wrong("issuer is not an https address")
    host, port = _address(text["listen"] or "127.0.0.1:8443")
    if bool(text["certificate"]) != bool(text["key"]):
        raise _wrong("certificate and key go together")
    if not text["certificate"] and not ipaddress.ip_address(host).is_loopback:
        raise _wrong(f"{host} can be reached by others, and there is no certificate for TLS")
    look = found.get("look", ["reader"])
    if not isinstance(look, list) or not all(isinstance(one, str) for one in look):
        raise _wrong("look is not a list of roles")
    return Team(text["url"], text["issuer"], text["client"], environment[SECRET], host, port,
                text["certificate"], text["key"], tuple(look))  # fmt: skip


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str) or not value.isprintable():
        raise _wrong(f"{name} is not a text")
    return value


def _address(text: str) -> tuple[str, int]:
    match = _LISTEN.fullmatch(text)
    try:
        host = str(ipaddress.ip_address(match["six"] or match["four"] if match else ""))
    except ValueError:
        raise _wrong("listen is not an address and a port, such as 127.0.0.1:8443") from None
    return host, int(match["port"]) if match else 0


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(what, hint="docs/web-team.md has a file to begin with")
