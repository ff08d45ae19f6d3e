"""What git may look at of a folder that an agent wrote: its files, under the rules of the base.

Ignore rules and attributes decide which files are seen and which programs turn them into blobs,
and a repository inside the folder brings a configuration of its own, which git obeys. So git is
not pointed at the folder but at a view of it: hard links to the files, without any of these, and
with the `.gitignore` and `.gitattributes` of the base in the place of the agent's.
"""

import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from attrs import field, frozen
from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

from accord.core.paths import SIMPLE
from accord.core.ports import Entry
from accord.git.objects import REGULAR, listing
from accord.git.overlays import Ground
from accord.git.run import Git
from accord.git.worktrees import erase, held, open_up

RULES = (".gitignore", ".gitattributes")
# What is larger, or new and beyond this in all, is not even kept: an agent may fill a disk once.
LARGEST = 512 * 2**20
NEW_IN_ALL = 2 * 2**30
NEW_FILES = 200_000
# https://bford.info/cachedir/: what pytest, mypy, ruff, cargo and uv put into their caches.
_SHORT = re.compile(r"git~[0-9]{1,6}")
_CACHE = b"Signature: 8a477f597d28d172789f06886806bc55"


@frozen
class View:
    """A folder for git to look at, and what the walk that made it saw.

    `files` are in the view, `rules` are the agent's own rule files, which are not. `refused` maps
    what cannot be in it to the reason, `doubted` what can but may not be committed. `new` counts
    what the base does not have. `untouched` is as in the base and therefore not in the view.
    """

    path: Path
    base: Mapping[str, Entry]
    files: set[str] = field(factory=set)
    rules: set[str] = field(factory=set)
    refused: dict[str, str] = field(factory=dict)
    doubted: dict[str, str] = field(factory=dict)
    new: dict[str, int] = field(factory=lambda: {"files": 0, "bytes": 0})
    ground: Ground | None = None
    untouched: set[str] = field(factory=set)


@contextmanager
def view(git: Git, root: Path, base: str, ground: Ground | None = None) -> Iterator[View]:
    """Yield the view of `root` under the rules of the commit `base`; it is gone afterwards.

    `ground` is what an overlay at `root` lies on.
    """
    place = root.with_name(f".{root.name}.view")
    with held(root.with_name(f".{root.name}.lock")):
        erase(place)  # of a run that was killed; its links would make every file a hard link
        seen = View(place, listing(git, base), ground=ground)
        try:
            _fill(seen, root, _Ignored(git, seen.base))
            for path, entry in seen.base.items():
                target = place / path
                if target.name in RULES and entry.mode in REGULAR and target.parent.is_dir():
                    target.write_bytes(git.bytes("cat-file", "blob", entry.id))
            yield seen
        finally:
            erase(place)


def _fill(seen: View, root: Path, ignored: "_Ignored") -> None:
    open_up(root)
    known = {str(above) for path in seen.base for above in PurePosixPath(path).parents}
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        (seen.path / folder).mkdir()
        with os.scandir(root / folder) as found:
            entries = sorted(found, key=lambda one: one.name)
        if folder and {"HEAD", "objects", "refs"} <= {one.name for one in entries}:
            seen.doubted[folder] = "it is a repository inside the repository"
        for entry in entries:
            path = f"{folder}/{entry.name}".lstrip("/")
            if path == ".git":
                continue
            if entry.is_dir(follow_symlinks=False) and not _fault(entry):
                tracked = path in known or path in seen.base
                if tracked or not (ignored(f"{path}/") or _is_cache(entry.path)):
                    waiting.append(path)
            elif reason := _fault(entry):
                if path in seen.base or not ignored(path):
                    seen.refused[path] = reason
            else:
                _take(seen, path, entry, ignored)


def _take(seen: View, path: str, entry: "os.DirEntry[str]", ignored: "_Ignored") -> None:
    if entry.name in RULES:
        if path in seen.base or not ignored(path):
            seen.rules.add(path)
        return
    facts = entry.stat(follow_symlinks=False)
    if seen.ground is not None and seen.ground.has(path, seen.base.get(path), facts):
        seen.untouched.add(path)
        return
    if (path in seen.base or not ignored(path)) and (reason := _is_too_much(seen, path, facts)):
        seen.refused[path] = reason
        return
    seen.files.add(path)
    if stat.S_ISREG(facts.st_mode) and facts.st_nlink > 1:
        seen.doubted[path] = "it is a hard link"
    if stat.S_ISREG(facts.st_mode) and facts.st_mode & (stat.S_ISUID | stat.S_ISGID):
        seen.doubted[path] = "it runs with the rights of its owner"
    target = seen.path / path
    try:
        os.link(entry.path, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(entry.path, target, follow_symlinks=False)


def _is_too_much(seen: View, path: str, facts: os.stat_result) -> str:
    if facts.st_size > LARGEST:
        return f"it is larger than {LARGEST // 2**20} MiB and is not kept"
    if path not in seen.base:
        if seen.new["files"] == NEW_FILES or seen.new["bytes"] + facts.st_size > NEW_IN_ALL:
            return "with it there are too many new files, and it is not kept"
        seen.new["files"] += 1
        seen.new["bytes"] += facts.st_size
    return ""


def _fault(entry: "os.DirEntry[str]") -> str:
    """Return why no tree can hold this entry, or an empty string."""
    mode = entry.stat(follow_symlinks=False).st_mode
    if entry.name == ".git":
        return "it is a repository inside the repository"
    if imitates_git(entry.name):
        return "its name imitates git's own folder"
    if stat.S_ISDIR(mode):
        return "it is a folder where git expects its rules" if entry.name in RULES else ""
    if stat.S_ISREG(mode):
        return "" if mode & stat.S_IRUSR else "it cannot be read"
    return "" if stat.S_ISLNK(mode) else "it is a device, a pipe or a socket"


def imitates_git(name: str) -> bool:
    """Tell whether some file system takes `name` for `.git`: case, ignored characters, 8.3."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf"
    )
    plain = plain.split(":")[0].rstrip(". ").lower()
    return plain == ".git" or _SHORT.fullmatch(plain) is not None


def _is_cache(folder: str) -> bool:
    tag = Path(folder, "CACHEDIR.TAG")
    if tag.is_symlink() or not tag.is_file():
        return False
    with tag.open("rb") as handle:
        return handle.read(len(_CACHE)) == _CACHE


class _Ignored:
    """Answers whether the base's own rules ignore a path, without the agent's; see gitignore(5)."""

    def __init__(self, git: Git, base: Mapping[str, Entry]) -> None:
        self._specs = {}
        for path, entry in base.items():
            folder, _, name = path.rpartition("/")
            if name == RULES[0] and entry.mode in REGULAR:
                said = git.bytes("cat-file", "blob", entry.id).decode(errors="surrogateescape")
                self._specs[folder] = _spec(said)

    def __call__(self, path: str) -> bool:
        folder = path.rstrip("/")
        while folder:
            folder = folder.rpartition("/")[0]
            if spec := self._specs.get(folder):
                said = spec.check_file(path.removeprefix(folder).lstrip("/")).include
                if said is not None:
                    return said
        return False


def _spec(text: str) -> GitIgnoreSpec:
    lines = []
    for line in text.splitlines():
        try:
            GitIgnoreSpec.from_lines([line], backend=SIMPLE)
        except GitIgnorePatternError:
            continue  # git ignores such a line too
        lines.append(line)
    return GitIgnoreSpec.from_lines(lines, backend=SIMPLE)
