"""A result against its intent: criterion by criterion, what nobody asked for first of all."""

import difflib
from collections.abc import Sequence

from accord.app import evidence, opinions
from accord.app.changes import Change
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core import paths
from accord.core.evidence import Proof, is_test
from accord.core.model import SPEC_STAGES, Task, lineage
from accord.core.ports import FileChange

CONTEXT = 3
LONGEST_FILE = 3000  # lines; above it the diff is read with git
LONGEST_DIFF = 600  # lines of one file that are shown

# The risky end first: what is looked at last is looked at least.
_ORDER = (str(Proof.MISSING), str(Proof.CLAIMED), str(Proof.PROVEN))


def result_view(workshop: Workshop, change: Change) -> View:
    """Return what was built: the criteria with their evidence, and the files with their diffs.

    A file belongs to the criteria of the tasks that declared it. `unasked` are files that no task
    declared, `weakened` tests that were there before and lost lines; both are never folded.
    """
    known = evidence.known(workshop, change) or {}
    tasks = change.tasks
    files = [_file(workshop, change, one, tasks) for one in change.code]
    files.sort(key=lambda one: (not one["unasked"], not one["weakened"], -one["lines"]))
    proofs = known.get("criteria")
    proved = {
        str(one["criterion"]): one
        for one in (proofs if isinstance(proofs, list) else [])
        if isinstance(one, dict)
    }
    criteria = [_criterion(change, name, proved.get(name), files) for name in _ids(change)]
    criteria.sort(key=lambda one: _ORDER.index(one["proof"]))
    gate = change.gate
    return {
        "built": gate is None or gate.stage not in SPEC_STAGES,
        "verified": bool(known),
        "criteria": criteria,
        "proven": sum(one["proof"] == Proof.PROVEN for one in criteria),
        "runs": known.get("runs") or {},
        "files": files,
        "unasked": [one for one in files if one["unasked"]],
        "weakened": [one for one in files if one["weakened"]],
        "others": [one for one in files if not one["unasked"] and not one["weakened"]],
        "opinion": opinions.known(workshop, change),
        "lines": sum(one["lines"] for one in files),
        "outgrown": str(change.outgrowth) if change.outgrowth else "",
        "tasks": [
            {"id": one.id, "title": one.text, "landed": one.id in change.landed,
             "satisfies": list(one.satisfies), "touches": list(one.touches)}
            for one in tasks
        ],
    }  # fmt: skip


def _ids(change: Change) -> list[str]:
    return [one.id for one in change.spec.criteria]


def _criterion(change: Change, name: str, found: object, files: Sequence[View]) -> View:
    held = found if isinstance(found, dict) else {}
    return {
        "id": name,
        "text": next(one.text for one in change.spec.criteria if one.id == name),
        "proof": str(held.get("proof", Proof.MISSING)),
        "reason": str(held.get("reason", "nothing was verified for the code as it is now")),
        "tests": held.get("tests", []),
        "files": [one for one in files if name in one["criteria"]],
    }


def _file(workshop: Workshop, change: Change, one: FileChange, tasks: Sequence[Task]) -> View:
    asking = [task for task in tasks if not paths.outside([one.path], task.touches)]
    before = workshop.repo.read(change.fork, one.path)
    after = workshop.repo.blob(one.id) if one.id else b""
    diff, cut = _diff(before or b"", after)
    lost = any(sign == "-" for sign, _ in diff) or not one.id
    named = {name for task in asking for name in task.satisfies}
    return {
        "path": one.path,
        "lines": one.lines,
        "added": sum(sign == "+" for sign, _ in diff),
        "taken": sum(sign == "-" for sign, _ in diff),
        "deleted": not one.id,
        "new": before is None,
        "unasked": not asking,
        "test": is_test(one.path),
        "weakened": is_test(one.path) and before is not None and lost and bool(asking),
        "tasks": [task.id for task in asking],
        "criteria": [name for name in _ids(change) if named & set(lineage(name))],
        "diff": diff,
        "cut": cut,
        "command": f"git diff {change.fork[:12]} {change.found.tip[:12]} -- {one.path}",
    }


def _diff(before: bytes, after: bytes) -> tuple[list[tuple[str, str]], str]:
    """Return the lines of a diff as (sign, text), and in words what was left out of it."""
    if b"\0" in before or b"\0" in after:
        return [], "it is not text"
    old = before.decode(errors="backslashreplace").splitlines()
    new = after.decode(errors="backslashreplace").splitlines()
    if max(len(old), len(new)) > LONGEST_FILE:
        return [], f"it has {max(len(old), len(new))} lines"
    lines = [
        ("@", line) if line.startswith("@@") else (line[0], line[1:])
        for line in list(difflib.unified_diff(old, new, lineterm="", n=CONTEXT))[2:]
    ]
    more = len(lines) - LONGEST_DIFF
    return lines[:LONGEST_DIFF], f"{more} more lines" if more > 0 else ""
