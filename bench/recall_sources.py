"""The public decision records that recall is measured on, taken from clones on this machine.

    python -m bench.recall_sources CLONES OUT.json

CLONES is a folder that holds a git clone of each source below, under any folder whose name ends
with the repository's. Nothing is fetched, and what is written is not part of this project:

    hypnotox/agentic-workflows   AGPL-3.0   decision records with the claims that each one changes
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

Query: TypeAlias = dict[str, object]

SOURCES = {"hypnotox/agentic-workflows": "AGPL-3.0"}
_CLAIM = re.compile(
    r"^### `(?:[a-z]+: )?([a-z0-9-]+)`\s*\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL
)
_CHANGED = re.compile(r"^- (?:update|remove) `([a-z0-9-]+/[a-z0-9-]+):([a-z0-9-]+)`", re.MULTILINE)
_NOTE = re.compile(r"(?:Origin|Revised-by|Backing|Proof|Verification):")
_TOPICS = ".awf/topics/parts"


def main() -> int:
    """Write the corpus that is found below the first argument to the second."""
    clones, target = Path(sys.argv[1]), Path(sys.argv[2])
    found: list[Query] = []
    for name, licence in SOURCES.items():
        clone = _clone(clones, name)
        if clone is None:
            print(f"{name} ({licence}) is not there", file=sys.stderr)
            continue
        queries = list(claims(clone))
        print(f"{name} ({licence}): {len(queries)} queries", file=sys.stderr)
        found += queries
    target.write_text(json.dumps(found))
    return 0 if found else 1


def _clone(clones: Path, name: str) -> Path | None:
    short = name.partition("/")[2]
    wanted = (one for one in sorted(clones.iterdir()) if one.name.endswith(short))
    folder = next(wanted, None)
    if folder is not None and (folder / "repo").is_dir():
        return folder / "repo"
    return folder


def _git(clone: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(clone), *words], capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


def claims(clone: Path) -> Iterator[Query]:
    """Yield a query for each record that changes claims: its words, the claims before it, which.

    Records begin under a provisional name, so their history is followed to the first commit; the
    claims are those of the commit before. What would give the answer away is taken out.
    """
    listed = _git(clone, "ls-tree", "--name-only", "HEAD", "docs/decisions/").splitlines()
    for path in listed:
        text = _git(clone, "show", f"HEAD:{path}")
        gold = {f"{topic}:{name}" for topic, name in _CHANGED.findall(text)}
        if not gold:
            continue
        log = _git(clone, "log", "--follow", "--format=%H", "--", path).split()
        before = _git(clone, "rev-list", "--parents", "-n1", log[-1]).split()[1:2] if log else []
        known = dict(_claims_at(clone, before[0])) if before else {}
        if kept := gold & known.keys():
            yield {"query": _query(text, kept), "claims": known, "gold": sorted(kept)}


def _claims_at(clone: Path, commit: str) -> Iterator[tuple[str, str]]:
    said = _git(clone, "ls-tree", "-r", "--format=%(objectname) %(path)", commit, _TOPICS)
    for line in said.splitlines():
        blob, _, path = line.partition(" ")
        if not path.endswith("/current-state.md"):
            continue
        topic = path.removeprefix(f"{_TOPICS}/").removesuffix("/current-state.md")
        for name, body in _CLAIM.findall(_git(clone, "cat-file", "blob", blob)):
            lines = [one for one in body.splitlines()
                     if not _NOTE.match(one)]  # fmt: skip
            yield f"{topic}:{name}", _clean(" ".join(lines))


def _query(text: str, gold: set[str]) -> str:
    title = re.search(r"^# (?:ADR-[\w-]+:)?\s*(.+)$", text, re.MULTILINE)
    context = re.search(r"^## Context\s*\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    words = f"{title[1] if title else ''}\n{context[1] if context else ''}"
    for name in gold:
        words = words.replace(name, " ").replace(name.rpartition(":")[2], " ")
    return _clean(words)


def _clean(text: str) -> str:
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(re.sub(r"ADR-\d+", " ", text).split())


def load(path: Path) -> list[Mapping[str, object]]:
    """Return the corpus that `main` wrote."""
    found: list[Mapping[str, object]] = json.loads(path.read_text())
    return found


if __name__ == "__main__":
    sys.exit(main())
