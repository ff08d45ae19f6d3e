"""Run the checks of decisions that are commands, on a fresh checkout, as the base has them.

Which commands there are comes from the decisions on the base alone, and every file that such a
command names is taken from the base as well: a change cannot rewrite what it is judged by.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from accord.app import ledger
from accord.app.boxing import checked_out, for_check
from accord.app.config import words
from accord.app.workshop import Workshop
from accord.core.checks import Finding, Severity
from accord.core.decision_checks import commands
from accord.core.decision_record import Check, CheckKind, Rule
from accord.core.model import Stage
from accord.core.paths import matches
from accord.core.ports import CommandRun
from accord.errors import ConfigurationError

_READ: Mapping[str, tuple[str, ...]] = {
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "npm": ("package.json",),
    "pnpm": ("package.json",),
    "yarn": ("package.json",),
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
}


def findings(workshop: Workshop, commit: str, changed: Iterable[str]) -> tuple[Finding, ...]:
    """Return the commands of rules in force on the base that fail on `commit`.

    A rule with paths is asked only where one of `changed` lies in them.
    """
    touched = list(changed)
    found = []
    for rule, check in commands(ledger.on_base(workshop).register.in_force):
        concerned = not rule.paths or any(matches(path, rule.paths) for path in touched)
        if concerned and Stage.IMPLEMENTATION in check.stages:
            ran = _run(workshop, _with_base_files(workshop, commit, check), check.value)
            if said := _failure(ran):
                found.append(_finding(rule, check, said))
    return tuple(found)


def unproved(workshop: Workshop, rule: Rule) -> tuple[str, ...]:
    """Return why the commands of `rule` may not be put in force.

    Each is run on the base with the Wrong example in the file that `example` names, where it has
    to fail, and with the Right one, where it has to succeed.
    """
    base = workshop.repo.resolve(workshop.base)
    reasons = []
    for number, check in enumerate(rule.checks, 1):
        if check.kind is not CheckKind.COMMAND:
            continue
        path = check.options.get("example", "")
        what = f"check {number} (command)"
        if not path or not rule.wrong or not rule.right:
            reasons.append(f"{what} needs a line example: with a path, and Wrong: and Right:")
            continue
        wrong, right = (_run(workshop, _with(workshop, base, path, text), check.value)
                        for text in (rule.wrong, rule.right))  # fmt: skip
        if wrong.missing or wrong.timed_out or right.missing or right.timed_out:
            reasons.append(f"{what} could not be run to its end")
        elif wrong.exit_status == 0:
            reasons.append(f"{what} does not fail on the Wrong example")
        elif right.exit_status != 0:
            reasons.append(f"{what} fails on the Right example")
    return tuple(reasons)


def _with(workshop: Workshop, base: str, path: str, text: str) -> str:
    files = {path: f"{text}\n".encode()}
    return workshop.repo.commit(base, dict(files), "An example of a decision\n", "accord <>")


def _with_base_files(workshop: Workshop, commit: str, check: Check) -> str:
    """Return `commit` with each file that decides what the command does as the base has it.

    The file that `example` names is what the command looks at, and so is taken from `commit`.
    """
    repo, base = workshop.repo, workshop.repo.resolve(workshop.base)
    parts = _words(check.value)
    read = _implied(parts)
    named = [word for word in parts if "/" in word or "." in word]
    files = {path: data for path in named if (data := repo.read(base, path)) is not None}
    # What is found by its name alone must not be added by a change either.
    wanted: dict[str, bytes | None] = {**files, **{path: repo.read(base, path) for path in read}}
    wanted.pop(check.options.get("example", "").removeprefix("./"), None)
    changed = {path: data for path, data in wanted.items() if data != repo.read(commit, path)}
    if not changed:
        return commit
    return repo.commit(commit, changed, "As on the base\n", "accord <>")


def _implied(parts: Sequence[str]) -> list[str]:
    """Return the files that a command reads although its words do not name them."""
    found = [*_READ.get(parts[0].rpartition("/")[2], ())] if parts else []
    for option, module in pairwise(parts):
        if option == "-m":
            stem = module.replace(".", "/")
            found += [f"{stem}.py", f"{stem}/__init__.py", f"{stem}/__main__.py"]
    return found


def _words(command: str) -> tuple[str, ...]:
    try:
        found = words(command)
    except ConfigurationError:
        return ()
    return tuple(word.removeprefix("./") for word in found if not word.startswith("/"))


def _run(workshop: Workshop, commit: str, command: str) -> CommandRun:
    if not _words(command):
        return CommandRun((command,), None, "", missing=True)
    with checked_out(workshop, commit) as top:
        walls = for_check(workshop, str(top))
        timeout = workshop.config.policy.verify_timeout_s
        return workshop.sandbox().run(words(command), walls, timeout)


def _failure(ran: CommandRun) -> str:
    """Return how a command did not succeed; one that cannot be run proves nothing either."""
    if ran.missing:
        return f"{ran.command[0]} was not found"
    if ran.timed_out:
        return "it did not end in time"
    if ran.exit_status == 0:
        return ""
    lines = [line.strip() for line in ran.output.splitlines() if line.strip()]
    return f"exit status {ran.exit_status}" + (f": {lines[-1][:160]}" if lines else "")


def _finding(rule: Rule, check: Check, said: str) -> Finding:
    severity = Severity.BLOCKS if check.blocks else Severity.WARNS
    return Finding(
        "decision", severity, check.value, 1, 1, rule.id,
        f"{check.value}: {said}, against {rule.id}: {rule.statement}",
        f"change it, or write under ## Decisions: - Departs {rule.id}: why",
    )  # fmt: skip
