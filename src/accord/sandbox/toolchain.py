"""Which folders outside the system a box has to show so that the person's own tools work in it.

A tool on the PATH is seldom one file: there is a library beside its folder, an interpreter that
its environment was made from, a version that a link points at. Each such place is shown, and
nothing that could hold a secret: never the home itself, and no folder that a secret lies in.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import accord
from accord.errors import ConfigurationError

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SECRETS = (
    ".ssh", ".gnupg", ".aws", ".azure", ".config", ".docker", ".kube", ".netrc", ".npmrc",
    ".pypirc", ".git-credentials", ".gitconfig", ".password-store", ".mozilla", ".thunderbird",
    ".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml",
    ".gradle/gradle.properties", ".local/share/keyrings", ".local/state", ".claude", ".claude.json",
    ".codex", ".gemini", ".copilot", ".bash_history", ".zsh_history", ".terraform.d",
    ".vault-token", ".cache", "Library",
)  # fmt: skip
_BESIDE = ("lib", "lib64", "libexec", "include", "share", "pyvenv.cfg")
_BIN = ("bin", "sbin", "shims")
_MOST_LINKS = 2000


def visible(
    environment: Mapping[str, str], home: Path, needed: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the paths to show, none within another: for PATH and VIRTUAL_ENV, and the `needed`."""
    found = [Path(one) for one in needed]
    for place in _candidates(environment, home):
        place = Path(os.path.normpath(place))
        if _is_there(place) and not is_system(place) and is_harmless(place, home):
            found.append(place)
    return _outermost(found)


def home_beside(workdir: str) -> Path:
    """Return the folder at which a box has its home: the person's own, if that is a home.

    Raises ConfigurationError where `workdir`, which the box shows, holds it.
    """
    home = Path(os.path.normpath(os.environ.get("HOME") or "/"))
    if not home.is_absolute() or len(home.parts) < 2 or is_system(home):
        home = Path("/home/agent")
    if home.is_relative_to(workdir):
        raise ConfigurationError(f"{workdir} holds your home and is no place for a box")
    return home


def search_path(environment: Mapping[str, str]) -> str:
    """Return the PATH without entries that are relative: those mean the folder one works in."""
    entries = environment.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if Path(entry).is_absolute())


def is_system(place: Path) -> bool:
    """Tell whether a box shows `place` anyway."""
    return any(place.is_relative_to(one) for one in SYSTEM)


def is_harmless(place: Path, home: Path) -> bool:
    """Tell whether `place` neither is, nor lies in, nor holds the home or a secret of it."""
    secrets, above = _kept_from_boxes(home)
    apart = secrets.isdisjoint((place, *place.parents))
    return apart and place not in above and place != Path("/")


@lru_cache(maxsize=8)
def _kept_from_boxes(home: Path) -> tuple[frozenset[Path], frozenset[Path]]:
    """Return the secrets of a home, under both of its names, and all folders that hold them."""
    bases = {home, Path(os.path.realpath(home))}
    secrets = frozenset(base / name for base in bases for name in _SECRETS)
    above = {one for secret in secrets for one in secret.parents}
    return secrets, frozenset(above | {one for base in bases for one in (base, *base.parents)})


def _candidates(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    for prefix in (environment.get("VIRTUAL_ENV", ""), sys.prefix, sys.base_prefix):
        if Path(prefix).is_absolute():
            yield from _installation(Path(prefix))
    package = Path(accord.__file__).parent
    # An import lists the folder that the package lies in, where that is a checkout's.
    yield package.parent if package.parent.name == "src" else package
    for entry in search_path(environment).split(os.pathsep):
        if entry and not is_system(Path(entry)):
            yield from _entry(Path(entry), home)


def _entry(entry: Path, home: Path) -> Iterator[Path]:
    """Yield what an entry of the PATH needs: itself, what lies beside it, what it links to."""
    yield entry
    above = entry.parent
    if entry.name in _BIN and above != home:
        for name in _BESIDE:
            if name != "share" or above != home / ".local":
                yield above / name
        yield from _base(above)
    if entry.name == "shims":  # pyenv and its like: the shim asks which version it stands for
        yield from (above / name for name in ("bin", "versions", "version", "plugins"))
    if _is_there(entry / "rustup"):
        rust = home / ".rustup"
        yield from (rust / "toolchains", rust / "settings.toml")
    real = Path(os.path.realpath(entry))
    if real != entry:
        yield from _entry(real, home)
        return
    try:
        found = sorted(entry.iterdir())[:_MOST_LINKS]
    except OSError:
        return
    for link in found:
        if link.is_symlink():
            yield from _target(Path(os.path.realpath(link)), home)


def _target(target: Path, home: Path) -> Iterator[Path]:
    """Yield the installation that a program belongs to: what its `bin` lies in, else the file.

    Where links of npm lead, that is the whole folder of modules, which its program looks through.
    """
    if is_system(target) or not _is_there(target):
        return
    for above in target.parents:
        if above.name in ("bin", "node_modules"):
            root = above.parent if above.name == "bin" else above
            # `~/bin`, `~/.local/bin` and `~/.cargo/bin` lie in folders that hold other things too.
            if root in (home, home / ".local") or root.parent == home:
                break
            yield from _installation(root)
            return
    yield target


def _installation(root: Path) -> Iterator[Path]:
    yield root
    yield from _base(root)


def _base(root: Path) -> Iterator[Path]:
    """Yield the interpreter's installation that the virtual environment at `root` was made from.

    `home` in pyvenv.cfg is the folder of its program (PEP 405).
    """
    try:
        lines = (root / "pyvenv.cfg").read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        name, _, value = line.partition("=")
        folder = Path(value.strip())
        if name.strip() == "home" and folder.is_absolute():
            for one in (folder, Path(os.path.realpath(folder / "python3")).parent):
                if one.name == "bin" and not is_system(one):
                    yield one.parent


def _is_there(place: Path) -> bool:
    """Tell whether `place` can be shown; what cannot even be looked at is somebody else's."""
    try:
        return place.exists()
    except OSError:
        return False


def _outermost(places: list[Path]) -> tuple[str, ...]:
    kept: list[Path] = []
    for place in sorted(set(places), key=lambda one: len(one.parts)):
        if not any(place.is_relative_to(one) for one in kept):
            kept.append(place)
    return tuple(str(one) for one in sorted(kept))
