"""`python -m bench.drift_peers`: the drift check beside Doorstop and StrictDoc, on one project.

The project has 5,000 Python files and 10,000 criteria, each bound to code. Every tool is given the
same criteria, words and files in its own format, and is asked what it can say of them after ten
files were edited. What each checks: Accord, whether a bound symbol does something else; Doorstop,
whether links and reviewed items are intact and the file with the keyword is there; StrictDoc,
whether every requirement's file is there. Neither of them looks at what the code does.

The peers are installed, pinned, into a folder that is removed. What is measured with fewer criteria
(`--strictdoc 1000`) is shown and is no part of the ratio. Each figure is told as it is found.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from bench import drifting
from bench.meter import Failed, spent
from bench.place import ROOT, Place, git, throw_away
from bench.table import Figure, Peer, lines

PINNED = ("doorstop==3.2", "strictdoc==0.30.4")
AHEAD = 20.0
PER_FILE = 2


def main(words: Sequence[str] | None = None) -> int:
    """Print the figures; return 1 when one of them breaks its budget."""
    parser = argparse.ArgumentParser(prog="bench.drift_peers")
    parser.add_argument("--changes", type=int, default=200, help="of 50 criteria and 25 files")
    parser.add_argument("--doorstop", type=int, default=10_000, help="criteria that it is given")
    parser.add_argument("--strictdoc", type=int, default=10_000, help="criteria that it is given")
    chosen = parser.parse_args(words)
    with throw_away() as place:
        _say(f"accord: {chosen.changes * drifting.EACH} criteria")
        first, after = drifting.measure(place, chosen.changes)
        _say(f"  {first.value:.3f} CPU s, then {after.value:.3f}")
        peers = _peers(place, chosen.doorstop, chosen.strictdoc)
    every = chosen.changes * drifting.EACH
    sizes = (chosen.doorstop, chosen.strictdoc)
    known = [one.value for one, size in zip(peers, sizes, strict=True) if one.value
             and size >= every]  # fmt: skip
    figures = [first, evolve(after, peers=(*after.peers, *peers))]
    if known:
        ratio = min(known) / after.value
        figures.append(
            Figure("the fastest peer is slower by", ratio, "times", AHEAD, (), more=True)
        )
    print("\n".join(lines(figures)))
    return 0 if all(one.kept for one in figures) else 1


def _peers(place: Place, doors: int, strict: int) -> tuple[Peer, ...]:
    ROOT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        programs = install(Path(folder))
        if programs is None:
            return (Peer("doorstop", None), Peer("strictdoc", None))
        _say(f"doorstop: {doors} criteria")
        first = doorstop(place.repo, programs / "doorstop", doors)
        _say(f"  {first} CPU s")
        _say(f"strictdoc: {strict} criteria, twice")
        second = strictdoc(place.repo, programs / "strictdoc", strict)
        return (
            Peer(f"doorstop 3.2, {doors} items", first),
            Peer(f"strictdoc 0.30.4, {strict} items, second run", second),
        )


def install(folder: Path) -> Path | None:
    """Install the peers into an environment of their own; return its programs, or None."""
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / "bin"
    python = str(programs / "python")
    words = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    done = subprocess.run([*words, *PINNED], capture_output=True, check=False)
    return programs if done.returncode == 0 else None


def doorstop(repo: Path, program: Path, count: int) -> float | None:
    """Return the CPU seconds of Doorstop's check of `count` items after ten files were edited."""
    folder = repo / "reqs"
    folder.mkdir()
    (folder / ".doorstop.yml").write_text(
        "settings:\n  digits: 5\n  prefix: REQ\n  sep: ''\n  itemformat: yaml\n"
    )
    for number in range(count):
        path = drifting.path(number // PER_FILE)
        (folder / f"REQ{number:05}.yml").write_text(
            f"active: true\nderived: false\nheader: ''\nlevel: 1.{number + 1}\nlinks: []\n"
            f"normative: true\nref: ''\nreferences:\n- path: {path}\n  type: file\nreviewed: null\n"
            f"text: |\n  WHEN it is {number} THE shop SHALL do {number}.\n"
        )
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Items")
    _edit(repo, "doorstop")
    return _measured([str(program), "-F", "-q"], repo)


def strictdoc(repo: Path, program: Path, count: int) -> float | None:
    """Return the CPU seconds of StrictDoc's second export, after ten files were edited."""
    (repo / "strictdoc.toml").write_text(
        '[project]\ntitle = "Shop"\nfeatures = ["REQUIREMENT_TO_SOURCE_TRACEABILITY"]\n'
        'include_doc_paths = ["sdoc/*"]\ninclude_source_paths = ["pkg*/**"]\n'
    )
    folder = repo / "sdoc"
    folder.mkdir()
    for at in range(0, count, drifting.EACH):
        nodes = "".join(_node(number) for number in range(at, min(at + drifting.EACH, count)))
        (folder / f"part{at}.sdoc").write_text(f"[DOCUMENT]\nTITLE: Part {at}\n{nodes}")
    command = [str(program), "export", ".", "--formats=html", "--output-dir", "out"]
    if _measured(command, repo) is None:
        return None
    _edit(repo, "strictdoc")
    return _measured(command, repo)


def _node(number: int) -> str:
    path = drifting.path(number // PER_FILE)
    return (
        f"\n[REQUIREMENT]\nUID: REQ-{number:05}\nTITLE: Thing {number}\n"
        f"STATEMENT: WHEN it is {number} THE shop SHALL do {number}.\n"
        f"RELATIONS:\n- TYPE: File\n  VALUE: {path}\n"
    )


def _edit(repo: Path, who: str) -> None:
    for number in range(10):
        path = repo / drifting.path(number)
        path.write_text(f"# Edit for {who}.\n{path.read_text()}")


def _measured(command: Sequence[str], repo: Path) -> float | None:
    try:
        return spent(command, repo)[0]
    except Failed as failure:
        print(f"  {str(failure)[-300:]}", file=sys.stderr)
        return None


def _say(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
