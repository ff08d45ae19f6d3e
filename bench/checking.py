"""What it costs to check a large OpenSpec repository: at first, again, and after one edit."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.meter import median
from bench.peers import ACCORD
from bench.place import Place, git
from bench.table import Figure, Peer

COLD, WARM, MEMORY = 1.5, 0.3, 100.0
EDITED = {1: 0.5, 10: 0.5, 100: 0.6}
"""The CPU seconds of a check after that many specs changed: it grows with them."""
REQUIREMENTS, SCENARIOS = 10, 3

_NOUNS = (
    "user account session token cart order item payment invoice report login device profile search "
    "index cache page field value message customer delivery refund stock price discount basket "
    "address country language reminder export import archive ledger shipment parcel voucher"
).split()


def measure(
    place: Place, openspec: str, specs: int = 2000, changes: int = 200, repeats: int = 3
) -> list[Figure]:
    """Return CPU seconds and the most memory of `accord check` over that many specs and changes."""
    size = _lay(place.repo, specs, changes) / 1e6
    git(place.repo, "add", "-A")
    git(place.repo, "commit", "-q", "-m", "Specs")
    kept = place.folder / "state" / "accord"
    check = [ACCORD, "check"]
    cold = []
    for _ in range(repeats):
        shutil.rmtree(kept, ignore_errors=True)
        cold.append(median(check, place.repo, 1))
    median(check, place.repo, 1)
    warm = median(check, place.repo, repeats)
    edited = {
        many: sorted(_edited(place.repo, min(many, specs), number) for number in range(repeats))[
            repeats // 2
        ]
        for many in EDITED
    }
    shutil.rmtree(kept, ignore_errors=True)
    peak = _peak(check, place.repo)
    words = [openspec, "validate", "--all", "--no-interactive"]
    theirs = median(words, place.repo, repeats) if openspec else None
    memory = _peak(words, place.repo) if openspec else None
    name = f"accord check, {specs} specs, {changes} changes"
    peer = Peer("openspec validate --all", theirs)
    note = f"{size:.1f} MB of specs; nothing is found in them"
    return [
        Figure(f"{name}: first", sorted(cold)[len(cold) // 2], "CPU s", COLD, (peer,), note=note),
        Figure(f"{name}: again", warm, "CPU s", WARM, (peer,)),
        *(
            Figure(f"{name}: {_count(many)}", took, "CPU s", EDITED[many], (peer,))
            for many, took in edited.items()
        ),
        Figure(f"{name}: memory", peak, "MB", MEMORY, (Peer("openspec validate --all", memory),)),
    ]


def _count(edits: int) -> str:
    return "one edit" if edits == 1 else f"{edits} edits"


def _edited(repo: Path, many: int, number: int) -> float:
    """Edit `many` specs, in other words for each `number`, and return what a check costs then."""
    words = ("keeps", "holds", "has", "knows")
    old, new = (f"{words[(number + at) % len(words)]} what" for at in (0, 1))
    for one in range(many):
        path = repo / "openspec" / "specs" / f"cap-{one:04}" / "spec.md"
        text = path.read_text()
        path.write_text(text.replace(old, new) if old in text else f"{text}\n")
    return median([ACCORD, "check"], repo, 1)


def _peak(command: Sequence[str], cwd: Path) -> float:
    """Return the most memory that `command` had in use at once, in megabytes."""
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2) differs there
    return used.ru_maxrss * unit / 1e6


def _lay(root: Path, specs: int, changes: int) -> int:
    """Write the repository's specs and open changes; return their size in bytes."""
    size = 0
    for number in range(specs):
        size += _write(root / f"openspec/specs/cap-{number:04}/spec.md", _spec(number))
    for number in range(changes):
        folder = root / f"openspec/changes/change-{number:03}"
        words = _words(number, 40)
        size += _write(
            folder / "proposal.md",
            f"# Change {number}\n\n## Why\n\n{words}.\n\n## What Changes\n\n- {words}\n",
        )
        changed = _requirement(number, 0).replace(" seconds.", " seconds, and says so.", 1)
        added = _requirement(number, REQUIREMENTS)
        size += _write(
            folder / f"specs/cap-{number:04}/spec.md",
            f"## MODIFIED Requirements\n\n{changed}\n## ADDED Requirements\n\n{added}",
        )
        tasks = (f"- [{' x'[at % 2]}] 1.{at} {_words(at, 8)}\n" for at in range(1, 9))
        size += _write(folder / "tasks.md", "## 1. Build\n\n" + "".join(tasks))
    return size


def _spec(number: int) -> str:
    parts = "\n".join(_requirement(number, one) for one in range(REQUIREMENTS))
    purpose = (
        f"The capability {number} keeps what a person needs for their daily work in one place."
    )
    return f"# cap-{number} Specification\n\n## Purpose\n{purpose}\n\n## Requirements\n\n{parts}"


def _requirement(spec: int, number: int) -> str:
    seed = spec * 31 + number
    said = f"The system {spec} SHALL {_words(seed, 18)} within {seed % 90 + 2} seconds."
    rows = [f"### Requirement: Rule {number} of {_words(seed, 2)}\n{said}\n"]
    for one in range(SCENARIOS):
        steps = "".join(
            f"- **{word}** {_words(seed + at * 7 + one, 11)}\n"
            for at, word in enumerate(("GIVEN", "WHEN", "THEN", "AND"))
        )
        rows.append(f"#### Scenario: Case {one} {_words(seed + one, 2)}\n{steps}")
    return "\n".join(rows)


def _words(seed: int, count: int) -> str:
    return " ".join(_stream(seed, count))


def _stream(seed: int, count: int) -> Iterator[str]:
    # A generator of Lehmer's kind: made up, and the same in every run.
    state = seed * 48271 % 2147483647 + 1
    for _ in range(count):
        state = state * 48271 % 2147483647
        yield _NOUNS[state % len(_NOUNS)]


def _write(path: Path, text: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_text(text)
