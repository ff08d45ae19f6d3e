"""Bring decisions in from the files of other tools, and write views of ours for them."""

from collections.abc import Sequence
from pathlib import Path

from attrs import evolve, frozen

from accord.app import deciding, ledger
from accord.app.workshop import Workshop
from accord.core import interchange
from accord.core.decision_record import Rule
from accord.core.decisions import normal
from accord.core.interchange import VIEWS, Imported
from accord.errors import AccordError, ConfigurationError

LARGEST = 512 * 2**10
KNOWN = (
    "docs/adr", "docs/adrs", "doc/adr", "docs/decisions", "docs/architecture/decisions",
    "architecture/decisions", ".specify/memory/constitution.md", ".kiro/steering", "CLAUDE.md",
    "AGENTS.md",
)  # fmt: skip


@frozen
class Brought:
    """What an import gave: the proposals that were written, and what was left out and why."""

    proposed: tuple[Rule, ...]
    left: tuple[Imported, ...]


def bring(workshop: Workshop, change: str, paths: Sequence[str]) -> Brought:
    """Propose what the files at `paths` (else at the known places) say; nothing comes into force.

    A rule that says what a decision here says already is left out. Raises ConfigurationError
    where there is nothing to read.
    """
    files = _files(workshop.top, paths or [one for one in KNOWN if (workshop.top / one).exists()])
    if not files:
        raise ConfigurationError(
            "there is nothing to import", hint="accord decisions import FOLDER"
        )
    entries = deciding.held(workshop, change).register.entries.values()
    known = {normal(one.rule.statement) for one in entries}
    wanted: list[Rule] = []
    left: list[Imported] = []
    for path in files:
        for one in _read(workshop.top, path):
            if one.rule is None:
                left.append(one)
            elif normal(one.rule.statement) in known:
                place = one.rule.source.get("import", one.path)
                left.append(evolve(one, path=place, rule=None, reason="it is here already"))
            else:
                known.add(normal(one.rule.statement))
                wanted.append(one.rule)
    return _proposed(workshop, change, wanted, left)


def _proposed(workshop: Workshop, change: str, wanted: list[Rule], left: list[Imported]) -> Brought:
    """Write all at once; where one cannot be a decision, it is left out and the rest is written."""
    try:
        return Brought(deciding.propose(workshop, change, wanted), tuple(left))
    except AccordError:
        sound = []
        for rule in wanted:
            if reason := deciding.unwritable(rule):
                left.append(Imported(rule.source.get("import", ""), None, reason))
            else:
                sound.append(rule)
        return Brought(deciding.propose(workshop, change, sound), tuple(left))


def _files(top: Path, paths: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for name in paths:
        path = top / name
        if not path.exists():
            raise ConfigurationError(f"there is no {name} here", hint="name a file or a folder")
        found += sorted(path.rglob("*.md")) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def _read(top: Path, path: Path) -> tuple[Imported, ...]:
    name = path.relative_to(top).as_posix() if path.is_relative_to(top) else path.name
    if path.is_symlink() or not path.is_file():
        return (Imported(name, None, "it is a link or no file"),)
    if path.stat().st_size > LARGEST:
        return (Imported(name, None, f"it is larger than {LARGEST // 2**10} KB"),)
    try:
        return interchange.read(name, path.read_bytes())
    except AccordError as error:
        return (Imported(name, None, error.message),)


def export(workshop: Workshop, kinds: Sequence[str], *, check: bool) -> dict[str, str]:
    """Write the views into the checkout, or with `check` only say how each differs.

    Returns for each path what was done or is wrong; an empty text means that it is as it should
    be. Only what is in force on the base is written.
    """
    rules = ledger.on_base(workshop).register.in_force
    said = {}
    for kind in kinds:
        path = workshop.top / VIEWS[kind]
        present = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        words = interchange.drifted(kind, present, rules)
        said[VIEWS[kind]] = words
        if words and not check:
            if path.is_symlink():
                raise ConfigurationError(f"{VIEWS[kind]} is a link", hint="remove it")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(interchange.view(kind, rules))
            said[VIEWS[kind]] = "written"
    return said


def unnamed(workshop: Workshop, kinds: Sequence[str]) -> str:
    """Return the view that no tool reads by itself and AGENTS.md does not name, or nothing."""
    agents = workshop.top / "AGENTS.md"
    said = agents.read_bytes() if agents.is_file() else b""
    view = VIEWS["agents"]
    return view if "agents" in kinds and view.encode() not in said else ""
