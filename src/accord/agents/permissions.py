"""Which paths an agent may write: the protocol's half of the wall, under the box's half."""

from pathlib import Path

from attrs import frozen
from pathspec import GitIgnoreSpec

from accord.core.ports import AgentOrder


@frozen
class Writable:
    """The part of `root` (resolved) that `patterns` open for writing."""

    root: Path
    patterns: GitIgnoreSpec

    def allows(self, path: str) -> bool:
        """Tell whether `path`, absolute or from the root, may be written.

        It is judged where it really leads, symbolic links followed, so a link that was made
        inside the tree does not open what lies outside of it. Git's own folder stays shut under
        any pattern: a hook written there runs with the rights of the person. What cannot be
        understood as a path is refused.
        """
        inside = self.relative(path)
        if inside is None or any(part.casefold() == ".git" for part in inside.parts):
            return False
        return inside != Path() and self.patterns.match_file(inside)

    def relative(self, path: str) -> Path | None:
        """Return where `path` really leads, from the root, or None when it leads out of it."""
        if not path or "://" in path:
            return None
        try:
            return Path(self.root, path).resolve().relative_to(self.root)
        except (ValueError, OSError, RuntimeError):  # outside, a NUL, a loop of links
            return None


def writable(order: AgentOrder) -> Writable:
    """Return what `order` opens for writing; its patterns are read as gitignore(5) reads them."""
    return Writable(
        Path(order.workdir).resolve(), GitIgnoreSpec.from_lines(order.writable, backend="simple")
    )
