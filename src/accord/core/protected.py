"""What no agent may change by the way: files that steer Accord, the next agent, an editor, the CI.

An agent that may write these decides what runs outside its box tomorrow: the next agent obeys
AGENTS.md, an editor runs the tasks of its folder, direnv runs .envrc in whoever enters it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from accord.core.paths import matches, prefix

# A name without a slash before it is read by tools in any folder, the others only at the top.
# None ends with a slash: a link of that name counts too.
ACCORD = ("/.accord", "/specs", "/openspec", "/.kiro/specs", "/.specify")
GIT = (
    ".git", ".gitmodules", ".gitattributes", "/.husky", "/.githooks", "/.pre-commit-config.yaml",
    "/.pre-commit-config.yml", "/lefthook.yml", "/lefthook.yaml", "/.lefthook.yml",
    "/.lefthook.yaml", "/.lefthook", "/.lefthook-local.yml", "/lefthook-local.yml",
)  # fmt: skip
CI = (
    "/.github", "/.github/workflows", "/.github/actions", "/.gitlab", "/.gitlab-ci.yml",
    "/.circleci", "/.buildkite", "/azure-pipelines.yml", "/azure-pipelines.yaml",
    "/.azure-pipelines", "/Jenkinsfile", "/.travis.yml", "/bitbucket-pipelines.yml", "/.drone.yml",
    "/.woodpecker", "/.woodpecker.yml", "/.cirrus.yml", "/.appveyor.yml", "/appveyor.yml",
    "/cloudbuild.yaml", "/.teamcity", "/.forgejo", "/.gitea",
)  # fmt: skip
EDITORS = (
    "/.vscode", "/.idea", "/.vs", "/.zed", "/.fleet", "/.devcontainer", "/.devcontainer.json",
    ".envrc", "*.code-workspace",
)  # fmt: skip
AGENTS = (
    ".claude", "CLAUDE.md", "CLAUDE.local.md", ".codex", "AGENTS.md", "AGENTS.override.md",
    "/.agents", ".gemini", "GEMINI.md", ".cursor", ".cursorrules", ".cursorignore", "/.opencode",
    "/opencode.json", "/opencode.jsonc", ".mcp.json", "/mcp.json", "/.kiro", "/.copilot",
    "/.github/copilot-instructions.md", "/.github/instructions", ".windsurf", ".windsurfrules",
    ".clinerules", ".aider*", "/.continue", "/.continuerc.json", ".roo", ".roomodes", ".roorules",
    "/.junie", "/.augment", "/.amazonq", "/.goosehints", "/.goose", ".qwen", "QWEN.md", "/.crush",
    "/CRUSH.md", "/.factory", "/.trae", "WARP.md",
)  # fmt: skip
PROTECTED = (*ACCORD, *GIT, *CI, *EDITORS, *AGENTS)
REASON = "it is protected: it steers Accord, an agent, an editor or the CI"

# What no pattern can open: the records of Accord, and git's own folder.
_NEVER = ("/.accord", ".git")
# What no task can open either. A draft of a document is written by an agent with nothing else.
_BY_NO_TASK = (*_NEVER, *ACCORD)
_STEERING = tuple(one.casefold() for one in PROTECTED)
# NTFS and FAT give a long name, or one that begins with a dot, six letters and a number as well.
_SHORT_NAME = re.compile(r"([^~]{2,6})~[0-9](?:\.[^.]{0,3})?")
_SHORTENED = {
    name.lstrip(".").partition(".")[0][:6]: name
    for name in (one.lstrip("/") for one in _STEERING)
    if "/" not in name and "*" not in name and (name.startswith(".") or len(name) > 12)
}
# A wall needs names; these stand for the patterns with a wildcard.
_NAMED = {".aider*": (".aider.conf.yml", ".aiderignore"), "*.code-workspace": ()}


def is_protected(path: str, touches: Sequence[str]) -> str:
    """Return why `path` may not be changed under the patterns `touches`, or an empty string.

    A pattern opens a protected path when what stands before its first wildcard is protected by
    itself: `.github/**` and `src/CLAUDE.md` do, `**`, `.*` and `src/**` do not, and only for what
    they match. `.accord` and `.git` cannot be opened at all. Case does not count, nor does what
    some file systems leave out: elsewhere `claude.md`, `.vscode.` and `CLAUDE~1` are read too.
    """
    folded = _as_read_elsewhere(path)
    if not matches(folded, _STEERING):
        return ""
    named = [one for one in touches if one.startswith("!") or _names(one, _STEERING)]
    return "" if not matches(folded, _NEVER) and matches(path, named) else REASON


def _as_read_elsewhere(path: str) -> str:
    return "/".join(_plain(one) for one in path.split("/"))


def _plain(name: str) -> str:
    """Return what NTFS, HFS+ and FAT make of a name: streams, dots and blanks at its end, 8.3."""
    if not name.isascii():
        kept = unicodedata.normalize("NFKC", name)
        name = "".join(one for one in kept if unicodedata.category(one) != "Cf")
    name = name.partition(":")[0].rstrip(". ").casefold()
    short = _SHORT_NAME.fullmatch(name)
    return _SHORTENED.get(short[1], name) if short else name


def declarable(touches: Sequence[str]) -> tuple[str, ...]:
    """Return the patterns of a task without those that name what no task may change.

    These are Accord's records, the specs, which only their own stages write, and git's folder.
    """
    return tuple(
        one for one in touches if one.startswith("!") or not _names(one, _folded(_BY_NO_TASK))
    )


def protected_for(touches: Sequence[str]) -> tuple[str, ...]:
    """Return what a task with these `Touches` may not write, as plain paths from the root.

    To be made read-only in the folder where the task is done, present or absent. Left out is a
    path that a pattern declares: one whose part before the first wildcard lies at or below it.
    Below others a protected name (`src/CLAUDE.md`) can only be refused when the work is taken.
    """
    declared = [prefix(one).casefold() for one in declarable(touches) if not one.startswith("!")]
    found = [
        name for name in _names_at_the_top() if not any(_is_below(one, name.casefold())
                                                        for one in declared)
    ]  # fmt: skip
    return tuple(one for one in found if not any(one.startswith(f"{above}/") for above in found))


def _names_at_the_top() -> Iterator[str]:
    for one in PROTECTED:
        yield from _NAMED.get(one, (one.lstrip("/"),))


def _names(pattern: str, protected: tuple[str, ...]) -> bool:
    return matches(prefix(pattern).casefold(), protected)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


@cache
def _folded(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.casefold() for one in patterns)
