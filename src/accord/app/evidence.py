"""Run what proves the work, on a fresh checkout of the exact commit, and keep what it said.

What is kept is a cache: the run can be made again from the commit at any time, and a release
always makes it again.
"""

import os
import platform
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache

from attrs import evolve

from accord.app import leasing, room
from accord.app.boxing import checked_out, for_check
from accord.app.changes import Change
from accord.app.config import words
from accord.app.waivers import enough, is_waiver
from accord.app.workshop import Workshop
from accord.core import evidence, inline
from accord.core.approval import Json
from accord.core.cases import is_inline, ran
from accord.core.evidence import Evidence, Result, Run, TestCase
from accord.core.fingerprint import Mark
from accord.core.model import Task, sha256
from accord.core.narrowing import apart
from accord.core.ports import CommandRun, FileChange


def verify(workshop: Workshop, commit: str, command: str) -> Run:
    """Run `command` on a fresh checkout of `commit` and return what it proves.

    Nothing an agent left in its worktree takes part. An empty command proves nothing.
    """
    tree = workshop.repo.tree(commit)
    if not command.strip():
        return Run((), tree, Result.UNKNOWN, "no command is set that would verify it")
    ran = run_on(workshop, commit, words(command), workshop.config.policy.verify_timeout_s)
    run = evidence.judge(ran, tree)
    workshop.journal.note(f"run/{tree}/{sha256(command.encode())[:16]}", _kept(ran, run))
    if run.result is Result.PASS:
        workshop.journal.note(verdict_key(workshop, tree, command), {"result": str(run.result)})
    return run


def run_on(workshop: Workshop, commit: str, command: Sequence[str], limit_s: float) -> CommandRun:
    """Run `command` in the box, on a fresh checkout of `commit`, for `limit_s` seconds at most.

    The checkout is set up first. Where that fails it is what is returned, as `unready`. Raises
    RefusedError for what fails on a full disk.
    """
    with checked_out(workshop, commit) as top:
        variables = leasing.furnish(workshop, str(top), top.parent.name)
        walls = evolve(for_check(workshop, str(top)), variables=variables)
        broken = leasing.set_up(workshop, walls)
        reporting = evolve(walls, reports=workshop.config.reports)
        ran = broken or workshop.sandbox().run(command, reporting, limit_s)
        if ran.exit_status != 0:
            room.refuse_full(workshop)
        return ran


def verdict_key(workshop: Workshop, tree: str, command: str) -> str:
    """Return the note of a verdict: by the tree, the command, and what surrounds a run of it."""
    sandbox, config = workshop.sandbox(), workshop.config
    around = (platform.platform(), platform.python_version(), os.environ.get("PATH", ""),
              str(sandbox.level), str(config.network), repr(config.reads), repr(config.reports),
              str(config.policy.verify_timeout_s), repr(config.environment))  # fmt: skip
    return f"verdict/{tree}/{sha256(chr(0).join((command, *around)).encode())[:32]}"


def command(workshop: Workshop, task: Task) -> str:
    """Return the command that proves `task`: its own, else the configured one."""
    return task.verify or workshop.config.policy.verify


def gathered(
    workshop: Workshop,
    change: Change,
    marked: Iterable[tuple[str, Mark]],
    tests: Sequence[tuple[str, Mark]],
) -> tuple[tuple[Evidence, ...], dict[str, Run]]:
    """Run every task's command on the change, and its tests without the change.

    `marked` are the tests that name a criterion, wherever they do; `tests` are all that the work
    links to one.
    Returns the evidence for each criterion, and the run of each task. The run without the change
    is the base with the change's test files laid over it: a test that passes there too proves
    nothing about the change.
    """
    tip = change.found.tip

    @cache
    def after(line: str) -> Run:
        run = verify(workshop, tip, line)
        return evolve(run, cases=tuple(_marked(one, named, links) for one in run.cases))

    named = set(marked)
    links: dict[Mark, list[str]] = {}
    for name, one in tests:
        links.setdefault(one, []).append(name)
    runs = {task.id: after(command(workshop, task)) for task in change.tasks}
    lines = sorted({command(workshop, one) for one in change.tasks})
    before = _before(workshop, change, {line: after(line) for line in lines}, [*links])
    return evidence.for_criteria(change.spec, runs, before), runs


def _marked(
    case: TestCase, named: Container[tuple[str, Mark]], links: Mapping[Mark, Sequence[str]]
) -> TestCase:
    """Return a case with what it names, where it stands, and what it is linked to otherwise."""
    here = [one for one in links if ran(one, case)]
    pairs = [(name, one) for one in here for name in links[one]]
    satisfies = (*case.satisfies, *(pair[0] for pair in pairs if pair in named))
    linked = () if satisfies else tuple(dict.fromkeys(name for name, _ in pairs))
    return evolve(case, satisfies=satisfies, path=here[0].path if here else "", linked=linked)


def keep(
    workshop: Workshop, change: Change, found: Sequence[Evidence], runs: Mapping[str, Run]
) -> None:
    """Keep what is known about a change for its code exactly as it is now."""
    result: dict[str, Json] = {
        "tree": workshop.repo.tree(change.found.tip),
        "criteria": evidence.as_json(found),
        "runs": {name: f"{run.result}: {run.reason}" for name, run in runs.items()},
    }
    workshop.journal.note(_key(change), result)


def known(workshop: Workshop, change: Change) -> dict[str, Json] | None:
    """Return what was kept for the code exactly as it is now, or None."""
    return workshop.journal.noted(_key(change)).get(_key(change))


def waived(change: Change, task: str) -> bool:
    """Tell whether enough people signed that `task`, as it is agreed now, may go unverified."""
    return waived_key(change, change.keys[task])


def waived_key(change: Change, key: str) -> bool:
    """Tell whether enough people signed that what `key` names may go without evidence."""
    found = []
    for one in change.log.signed:
        keys = one.approval.details.get("keys")
        if is_waiver(one, "evidence") and isinstance(keys, list) and key in keys:
            found.append(one)
    return enough(change.workshop.trust, found, "evidence")


def accepted(run: Run, change: Change, task: str) -> bool:
    """Tell whether `run` is enough for `task` to go on: it proves it, or its lack was waived.

    A run that fails is never enough, whatever was waived.
    """
    return run.result is Result.PASS or (run.result is Result.UNKNOWN and waived(change, task))


def unverified(workshop: Workshop, change: Change) -> tuple[str, ...]:
    """Return the tasks whose last build proved nothing, for want of a command or of tests."""
    found = []
    for task in change.tasks:
        prefix = f"build/{change.name}/{task.id}/{change.keys[task.id][:12]}/"
        notes = workshop.journal.noted(prefix)
        last = max(notes, key=lambda key: int(key.rpartition("/")[2]), default="")
        if task.id not in change.landed and last and notes[last].get("unknown"):
            found.append(task.id)
    return tuple(found)


def _before(
    workshop: Workshop, change: Change, after: Mapping[str, Run], own: Sequence[Mark]
) -> dict[tuple[str, ...], Run]:
    """Return, by its command, each run of the change's tests laid over the base.

    `after` has the runs with the change, by their lines. Of which of its `own` tests a run says
    nothing, since it ended early or its file was not asked for, these run once more, alone.
    """
    repo = workshop.repo
    tests = {one.path: repo.blob(one.id) for one in change.code
             if one.id and evidence.is_test(one.path)}  # fmt: skip
    tests |= {one.path: laid for one in change.code if (laid := _beside(workshop, change, one))}
    if not tests:
        return {}
    base = repo.commit(change.fork, dict(tests), "Tests without the change\n", "accord <>")
    found = {}
    for line, run in after.items():
        if line.strip():
            before = verify(workshop, base, line)
            left = [one for one in _unsaid(run, before, own) if one.path in tests]
            names = [one.name for one in run.cases]
            found[run.command] = _alone(workshop, base, before, left, names)
    return found


def _beside(workshop: Workshop, change: Change, one: FileChange) -> bytes:
    """Return code as it was with the tests of Rust that stand beside it now, or nothing."""
    old = workshop.repo.read(change.fork, one.path)
    if not (one.id and old and one.path.endswith(".rs")) or evidence.is_test(one.path):
        return b""
    new = workshop.repo.blob(one.id)
    texts = [each.decode(errors="surrogateescape") for each in (old, new)]
    laid = inline.laid_over(*texts).encode(errors="surrogateescape")

    def tests(data: bytes) -> dict[str, str]:
        found = workshop.symbols(one.path, data) or ()
        return {each.name: each.print for each in found if is_inline(one.path, each)}

    # Anything else that is laid out in its own way would not compile for that alone.
    return laid if laid and tests(laid) == tests(new) else b""


def _unsaid(after: Run, before: Run, own: Sequence[Mark]) -> list[Mark]:
    """Return the tests that pass with the change and of which nothing is known without it."""
    cases = [
        one for one in after.cases
        if one.passed and evidence.without(one, before) is evidence.Before.UNSAID
    ]  # fmt: skip
    return [mark for mark in own if any(ran(mark, one) for one in cases)]


def _alone(
    workshop: Workshop, base: str, before: Run, tests: Sequence[Mark], names: Sequence[str]
) -> Run:
    """Return a run on `base` with what another says that is asked for `tests` alone.

    `names` are those that the tests have with the change. Asked for some, pytest may begin the name
    of a module further down.
    """
    repo = workshop.repo
    if not tests or before.exit_status is None:
        return before
    words = apart(
        before.command, tests, lambda path: bool(repo.entry(base, path) or repo.names(base, path))
    )
    if words == before.command:
        return before
    said = run_on(workshop, base, words, workshop.config.policy.verify_timeout_s)
    run = evidence.judge(said, before.tree)

    def whole(name: str) -> str:
        longer = [] if name in names else [one for one in names if one.endswith(f".{name}")]
        return longer[0] if len(longer) == 1 else name

    cases = tuple(evolve(one, name=whole(one.name)) for one in run.cases)
    failed = tuple(map(whole, run.failed))
    return evolve(
        before, cases=(*before.cases, *cases), failed=(*before.failed, *failed),
        unloaded=(*before.unloaded, *run.unloaded),
    )  # fmt: skip


def _key(change: Change) -> str:
    return f"evidence/{change.name}/{change.code_digest}"


def _kept(ran: CommandRun, run: Run) -> Mapping[str, Json]:
    return {
        "command": list(run.command),
        "tree": run.tree,
        "result": str(run.result),
        "reason": run.reason,
        "exit": run.exit_status,
        "tests": run.tests,
        "output": ran.output[-4000:],
    }
