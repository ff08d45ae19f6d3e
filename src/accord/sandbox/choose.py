"""Which box this machine can have: the strongest that proves itself, and why none stronger does."""

import platform
import sys
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from accord.core.ports import Sandbox
from accord.errors import AccordError
from accord.sandbox.bubblewrap import Bubblewrap
from accord.sandbox.canaries import prove
from accord.sandbox.landlock import Landlock
from accord.sandbox.launcher import Launcher
from accord.sandbox.none import NoSandbox


@frozen
class Rejected:
    """A box that this machine cannot have: its name, why, and what a person can do about it."""

    name: str
    why: str
    hint: str = ""


@frozen
class Choice:
    """The box that proved itself, and those that were tried before it."""

    sandbox: Sandbox
    name: str
    rejected: tuple[Rejected, ...] = ()


def strongest(state: Path) -> Choice:
    """Return the strongest box that proves itself on a scratch folder in `state`.

    Level 3 is tried before level 2; level 1, which is no box, is left when neither holds. Nothing
    is remembered: what held yesterday is proved again. There is no level 0 here: a machine that
    cannot start processes at all cannot run this either.
    """
    rejected: list[Rejected] = []
    for name, make in (("bubblewrap", Bubblewrap), ("landlock", Landlock)):
        tried = _try(name, make, state)
        if not isinstance(tried, Rejected):
            return Choice(tried, name, tuple(rejected))
        rejected.append(tried)
    return Choice(NoSandbox(), "none", tuple(rejected))


def _try(name: str, make: Callable[[], Sandbox], state: Path) -> Sandbox | Rejected:
    if sys.platform != "linux":
        return Rejected(name, f"{platform.system()} has none", _elsewhere())
    try:
        sandbox = make()
        proof = prove(sandbox, state, Launcher.here().python)
    except AccordError as error:
        return Rejected(name, error.message, _hint(error.message) or error.hint)
    except OSError as error:
        return Rejected(name, f"{error.filename or state}: {error.strerror}")
    if proof.failed:
        return Rejected(name, proof.failed, _hint(proof.failed))
    through = proof.unexpected(sandbox.level)
    if through:
        return Rejected(name, f"it does not hold: {'; '.join(through)}")
    return sandbox


_NAMESPACES = ("uid map", "RTM_NEWADDR", "namespace", "unshare")


def _hint(said: str) -> str:
    """Return what a person can do about what bubblewrap said, on the system that this is."""
    if "not installed" in said:
        return _install()
    if "Unknown option" in said:
        return "bubblewrap 0.8 or newer is needed"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        if "mount proc" in said or any(word in said for word in _NAMESPACES):
            return (
                "in a container: start it with --security-opt seccomp=unconfined --security-opt"
                " systempaths=unconfined, or run Accord outside of it"
            )
        return ""
    if not any(word in said for word in _NAMESPACES):
        return ""
    if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists():
        return (
            "sudo apt install apparmor-profiles apparmor-utils; sudo install -m 644"
            " /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/;"
            " sudo apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict"
        )
    if _number("/proc/sys/kernel/unprivileged_userns_clone") == 0:
        return "sudo sysctl kernel.unprivileged_userns_clone=1"
    if _number("/proc/sys/user/max_user_namespaces") == 0:
        return "sudo sysctl user.max_user_namespaces=15000"
    return "let your user make user namespaces, or run Accord outside of the container it is in"


def _install() -> str:
    names = _distribution()
    if names & {"fedora", "rhel", "centos"}:
        return "sudo dnf install bubblewrap"
    if "arch" in names:
        return "sudo pacman -S bubblewrap"
    if names & {"suse", "opensuse"}:
        return "sudo zypper install bubblewrap"
    if "alpine" in names:
        return "sudo apk add bubblewrap"
    return "sudo apt install bubblewrap"


def _distribution() -> set[str]:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return set()
    return {release.get("ID", ""), *release.get("ID_LIKE", "").split()}


def _elsewhere() -> str:
    if sys.platform == "darwin":
        return "run Accord in a Linux virtual machine or container on this Mac"
    return "run Accord on Linux, or in WSL2"


def _number(file: str) -> int | None:
    try:
        return int(Path(file).read_text())
    except (OSError, ValueError):
        return None
