"""Archive a change of an OpenSpec repository: its deltas become part of the specs.

Each requirement is merged three ways: what it was when the change was begun, what it is now, what
the change makes of it. Two changes that edit the same one never lose either: where both said
something else, nothing is written and both sentences are shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote

from attrs import frozen

from accord.app import approvers, spec_bases
from accord.app.approvers import Approvers
from accord.app.rewriting import Rewrite, Write
from accord.app.spec_bases import CHANGES, SPECS, Asked, Bases, History
from accord.core.bases import Base, Key
from accord.core.checks import Finding, Severity
from accord.core.merging import Conflict
from accord.core.model import Task
from accord.errors import ConfigurationError, ConflictError, RefusedError
from accord.formats import openspec, openspec_apply, openspec_merging, openspec_rules
from accord.formats import openspec_grammar as grammar


@frozen
class Side:
    """One sentence of a conflict; None for a part that was taken out.

    `approved` names those who signed for it just as it is; `who` is the author in git.
    """

    text: str | None
    who: str
    approved: tuple[str, ...] = ()


@frozen
class Clash:
    """A requirement or scenario that two changes edited otherwise."""

    spec: str
    name: tuple[str, ...]
    now: Side
    change: Side


@frozen
class Archived:
    """What an archived change did: the specs that were written, where it lies, what was waived.

    `kept` are requirements where the change held an older text than the spec, which stayed.
    """

    change: str
    folder: str
    specs: tuple[str, ...]
    waived: tuple[str, ...]
    kept: tuple[str, ...]


class ClashError(ConflictError):
    """Raised when a change and what came in since it was begun cannot both hold."""

    def __init__(self, change: str, clashes: Sequence[Clash]) -> None:
        first = clashes[0]
        more = f" (and {len(clashes) - 1} more)" if len(clashes) > 1 else ""
        super().__init__(
            f"{first.spec}: '{' / '.join(first.name)}' was changed since this change was begun"
            f"{more}; nothing was written",
            hint="write both into the change, then: "
            f"accord archive {quote(change)} --over {quote(first.name[0])}",
        )
        self.clashes = tuple(clashes)


@frozen
class _Work:
    root: Path
    change: str
    history: History
    over: Sequence[str]
    noted: Mapping[Key, Base]
    approved: Approvers

    @property
    def folder(self) -> Path:
        return self.root / CHANGES / self.change

    def delta(self, capability: str) -> str:
        return f"{CHANGES}/{self.change}/specs/{capability}/spec.md"


def archive(
    root: Path,
    change: str,
    history: History,
    write: Write,
    *,
    today: str,
    waived: Sequence[str] = (),
    over: Sequence[str] = (),
    approved: Approvers = approvers.nobody,
) -> Archived:
    """Write the deltas of `change` into the specs and move its folder to the archive.

    `today` is the day for the folder's name, `waived` the open tasks that may stay open, `over`
    the requirements whose text in the change replaces the present one, whoever wrote that. `write`
    does it as one operation; `approved` tells who signed for a sentence. Raises
    ConfigurationError for a change that is not there, RefusedError for open tasks and for deltas
    that OpenSpec would refuse, ClashError where two edits disagree. Then nothing is written.
    """
    _there(root, change, history)
    ledger, noted = spec_bases.noted(root, change)
    work = _Work(root, change, history, over, noted, approved)
    target = root / CHANGES / "archive" / f"{today}-{change}"
    if target.exists():
        raise RefusedError(
            f"{target.relative_to(root)} is already there", hint="give the change another name"
        )
    _no_open_task(work, waived)
    texts, kept = _merged(work)
    where = target.relative_to(root).as_posix()
    specs: dict[str, tuple[bytes | None, bytes | None]] = {
        f"{SPECS}/{capability}/spec.md": (before, text.encode())
        for capability, (before, text) in texts.items()
    }
    if ledger is not None:  # it has served
        specs[spec_bases.ledger(change)] = ledger, None
    moves = {f"{CHANGES}/{change}": where}
    write(Rewrite("archive", change, ", ".join(texts), specs, moves))
    return Archived(change, where, tuple(texts), tuple(waived), tuple(kept))


def note(root: Path, change: str, history: History, write: Write) -> tuple[str, int]:
    """Keep what each requirement was that `change` edits; return where, and how many they are.

    Raises ConfigurationError for a change that is not there and RefusedError in a shallow clone.
    """
    _there(root, change, history)
    before, after, count = spec_bases.note(root, change, history)
    path = spec_bases.ledger(change)
    if after != before:
        write(Rewrite("note", change, path, {path: (before, after)}))
    return path, count


def _there(root: Path, change: str, history: History) -> None:
    if "/" in change or change.startswith(".") or not (root / CHANGES / change).is_dir():
        raise ConfigurationError(
            f"there is no change {change} in {CHANGES}", hint="ls openspec/changes"
        )
    if history.cut:
        raise RefusedError(
            "this clone is shallow: it does not tell what the change was written on",
            hint="git fetch --unshallow",
        )


def _no_open_task(work: _Work, waived: Sequence[str]) -> None:
    path = work.folder / "tasks.md"
    document = openspec.read("tasks.md", path.read_bytes()) if path.is_file() else None
    found = document.items if document else ()
    tasks = {one.id: one for one in found if isinstance(one, Task)}
    unknown = [name for name in waived if name not in tasks]
    if unknown:
        raise ConfigurationError(f"there is no task {unknown[0]}", hint=f"see {path}")
    left = [one for one in tasks.values() if not one.done and one.id not in waived]
    if left:
        names = ", ".join(one.id for one in left[:8])
        raise RefusedError(
            f"{len(left)} of {len(tasks)} tasks are open: {names}",
            hint=f"finish them, or waive each by name: --waive-task {left[0].id}",
        )


def _merged(work: _Work) -> tuple[dict[str, tuple[bytes | None, str]], list[str]]:
    """Return what was read of each spec with its new text, and what was kept as it is."""
    texts: dict[str, tuple[bytes | None, str]] = {}
    clashes: list[Clash] = []
    kept: list[str] = []
    files = {
        path.relative_to(work.folder).as_posix(): path.read_bytes()
        for path in sorted(work.folder.rglob("*"))
        if path.is_file() and (path.suffix == ".md" or path.name == ".openspec.yaml")
    }
    said = {name: data.decode(errors="replace") for name, data in files.items()}
    wrong = [
        one
        for one in openspec_rules.change(said, lambda _: None)
        if one.severity is Severity.BLOCKS
    ]
    if wrong:
        raise RefusedError(
            f"{wrong[0].path}:{wrong[0].line}: {wrong[0].message}",
            hint=f"accord check {CHANGES}/{work.change}",
        )
    _known(
        work, [grammar.plan(grammar.lines(said[name])) for name, _ in spec_bases.deltas([*said])]
    )
    for name, data in files.items():
        if name.startswith("specs/") and name.endswith("/spec.md"):
            capability = name.removeprefix("specs/").removesuffix("/spec.md")
            path = work.root / SPECS / capability / "spec.md"
            now = path.read_bytes() if path.is_file() else None
            text, found, left = _one(work, capability, _text(data, name), now)
            texts[capability] = now, text
            clashes += found
            kept += left
    if clashes:
        raise ClashError(work.change, clashes)
    return texts, kept


def _known(work: _Work, plans: Sequence[grammar.Plan]) -> None:
    """Raise ConfigurationError for a name in `over` that the change has nothing to say of."""
    known = {one.name for plan in plans for one in (*plan.added, *plan.modified)}
    known |= {one.name for plan in plans for one in plan.removed}
    known |= {name for plan in plans for pair in plan.renamed for name in (pair.old, pair.new)}
    for name in work.over:
        if name not in known:
            raise ConfigurationError(
                f"the change says nothing of a requirement '{name}'",
                hint=f"it names {', '.join(sorted(known)[:8]) or 'none'}",
            )


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name} is not UTF-8", hint="save it as UTF-8") from error


def _one(
    work: _Work, capability: str, delta: str, now: bytes | None
) -> tuple[str, list[Clash], list[str]]:
    path = f"{SPECS}/{capability}/spec.md"
    main = None if now is None else _text(now, path)
    source = grammar.lines(delta)
    plan = grammar.plan(source)
    ours = openspec_merging.requirements(main)
    again = {one.name for one in plan.added if one.name in ours}
    for refusal in openspec_apply.refusals(source, plan, main):
        if refusal.name not in again:  # that is a clash of two texts, shown as such
            raise RefusedError(
                f"{work.delta(capability)}:{refusal.at + 1}: '{refusal.name}': {refusal.reason}",
                hint="bring the change up to date with openspec/specs",
            )
    former = {pair.new: pair.old for pair in plan.renamed}
    over = [*work.over, *(former[name] for name in work.over if name in former)]
    bases = Bases(Asked(work.root, work.change, capability, work.history, work.noted, ours, over))
    current = openspec_merging.begun(capability, work.change, source) if main is None else main
    outcome = openspec_merging.merge(current, source, plan, bases.of, over)
    if outcome.dropped:
        requirement, scenario = outcome.dropped[0]
        raise RefusedError(
            f"{work.delta(capability)}: '{requirement}' leaves out the scenario '{scenario}'",
            hint="a change replaces the whole requirement: copy the scenario into it",
        )
    if not outcome.conflicts:
        _no_new_fault(path, main, outcome.text)
    clashes = [_clash(work, capability, one, bases) for one in outcome.conflicts]
    return outcome.text, clashes, [f"{capability}/{name}" for name in outcome.kept]


def _clash(work: _Work, capability: str, conflict: Conflict, bases: Bases) -> Clash:
    """Return a conflict with those who stand behind each of its two sentences."""
    names = conflict.path
    delta = work.delta(capability)
    path = delta.removeprefix(f"{CHANGES}/{work.change}/")
    signed = work.approved(work.change, path, (work.root / delta).read_bytes())
    authors = work.history.versions(delta)
    inner = names[1] if len(names) > 1 else ""
    present = approvers.of_present(work.root, capability, names, conflict.ours, work.approved)
    item = approvers.item(capability, names)
    return Clash(
        capability, names,
        Side(conflict.ours, bases.author(names[0], inner, conflict.ours), present),
        Side(conflict.theirs, authors[-1].author if authors else "", signed.get(item, ())),
    )  # fmt: skip


def _no_new_fault(path: str, before: str | None, after: str) -> None:
    had = {one.message for one in _blocking(path, before)} if before is not None else set()
    for one in _blocking(path, after):
        if one.message not in had:
            raise RefusedError(f"{path} would be left wrong: {one.message}", hint=one.hint)


def _blocking(path: str, text: str) -> Iterator[Finding]:
    found = openspec_rules.spec(path, grammar.lines(text))
    return (one for one in found if one.severity is Severity.BLOCKS)
