"""Which paths an agent may write: the protocol's half of the wall, under the box's half."""

import unicodedata
from pathlib import Path

from attrs import frozen
from pathspec import GitIgnoreSpec

from accord.core.orders import AgentOrder
from accord.core.paths import SIMPLE


@frozen
class Writable:
    """The part of `root` (resolved) that `patterns` open for writing."""

    root: Path
    patterns: GitIgnoreSpec

    def allows(self, path: str) -> bool:
        """Tell whether `path`, absolute or from the root, may be written.

        Both what it names and where that leads, symbolic links followed, have to be open: a link
        that was made inside the tree does not open what lies outside of it, and a link elsewhere
        is not replaced because it leads into the tree. Git's own folder stays shut under any
        pattern: a hook written there runs with the rights of the person. What cannot be
        understood as a path is refused.
        """
        if path != path.strip() or path[:1] in ("", "~") or "://" in path:
            return False
        try:
            return all(map(self._opens, _places(Path(self.root, path))))
        except (ValueError, OSError, RuntimeError):  # a NUL, a loop of links
            return False

    def _opens(self, place: Path) -> bool:
        if not place.is_relative_to(self.root):
            return False
        inside = place.relative_to(self.root)
        hidden = any(part.casefold() == ".git" for part in inside.parts)
        return not hidden and inside != Path() and self.patterns.match_file(inside)

    def relative(self, path: str) -> Path | None:
        """Return where `path` really leads, from the root, or None when it leads out of it."""
        if not path or "://" in path:
            return None
        try:
            return Path(self.root, path).resolve().relative_to(self.root)
        except (ValueError, OSError, RuntimeError):  # outside, a NUL, a loop of links
            return None


def _places(asked: Path) -> list[Path]:
    """Return what writing to `asked` could change: what it names and where that leads."""
    # Some agents compose accents in the paths that they compare, so both spellings count.
    spellings = (asked, Path(unicodedata.normalize("NFC", str(asked))))
    names = [path.parent.resolve() / path.name for path in spellings]
    return [*names, *(path.resolve() for path in spellings)]


def writable(order: AgentOrder) -> Writable:
    """Return what `order` opens for writing; its patterns are read as gitignore(5) reads them."""
    return Writable(
        Path(order.workdir).resolve(), GitIgnoreSpec.from_lines(order.writable, backend=SIMPLE)
    )
