"""A result against its intent: criterion by criterion, what nobody asked for first of all."""

import difflib
from collections.abc import Sequence
from typing import Any

from accord.app import evidence, hunks, left_out, opinions
from accord.app.changes import Change
from accord.app.weakening import weakenings
from accord.app.workshop import Workshop
from accord.core import paths, policy
from accord.core.approval import Json
from accord.core.breaking import Answer
from accord.core.evidence import Proof, is_test
from accord.core.model import SPEC_STAGES, Task, lineage
from accord.core.ports import FileChange
from accord.core.weakening import Weakened

View = dict[str, Any]

CONTEXT = 3
LONGEST_FILE = 3000  # lines; above it the diff is read with git
LONGEST_DIFF = 600  # lines of one file that are shown

# The risky end first: what is looked at last is looked at least.
_ORDER = (str(Proof.MISSING), str(Proof.CLAIMED), str(Proof.PROVEN))


def result_view(workshop: Workshop, change: Change) -> View:
    """Return what was built: the criteria with their evidence, and the files with their diffs.

    A hunk is listed once, under the first criterion that it belongs to. `loud` are those in files
    that no task declared, and those in which a test that was there before lost lines, or does less
    in other ways; they are never folded. `files` is the diff file by file, the riskiest first.
    """
    known = evidence.known(workshop, change) or {}
    tasks = change.tasks
    less: dict[str, list[Weakened]] = {}
    for each in weakenings(workshop, change):
        less.setdefault(each.path, []).append(each)
    files = [_file(workshop, change, one, tasks, less.get(one.path, ())) for one in change.code]
    files.sort(key=lambda one: (not one["unasked"], not one["weakened"], not one["risky"],
                                not one["deleted"], -one["lines"]))  # fmt: skip
    links = hunks.bound(workshop, change) if files and change.landed else {}
    parts = [
        part for one in files
        for part in hunks.split(workshop, change, one, links, one.pop("after"),
                                less.get(one["path"], ()))
    ]  # fmt: skip
    loud = [one for one in parts if one["unasked"] or one["weakened"]]
    quiet = [one for one in parts if one not in loud]
    proofs = known.get("criteria")
    proved = {
        str(one["criterion"]): one
        for one in (proofs if isinstance(proofs, list) else [])
        if isinstance(one, dict)
    }
    criteria = [_criterion(change, name, proved.get(name)) for name in _ids(change)]
    criteria.sort(key=lambda one: _ORDER.index(one["proof"]))
    _share_out(criteria, quiet)
    gate = change.gate
    return {
        "built": gate is None or gate.stage not in SPEC_STAGES,
        "verified": bool(known),
        "criteria": criteria,
        "surviving": [one["id"] for one in criteria if one["survives"]],
        "proven": sum(one["proof"] == Proof.PROVEN for one in criteria),
        "runs": known.get("runs") or {},
        "files": files,
        "unasked": sum(one["unasked"] for one in parts),
        "hunks": parts,
        "loud": loud,
        "rest": [one for one in quiet if "under" not in one],
        "open": hunks.open_of(parts),
        "left_out": left_out.of_change(workshop, change),
        "opinion": opinions.known(workshop, change),
        "lines": sum(one["lines"] for one in files),
        "outgrown": str(change.outgrowth) if change.outgrowth else "",
        "tasks": [
            {"id": one.id, "title": one.text, "landed": one.id in change.landed,
             "satisfies": list(one.satisfies), "touches": list(one.touches)}
            for one in tasks
        ],
    }  # fmt: skip


def _share_out(criteria: Sequence[View], quiet: Sequence[View]) -> None:
    """Give each hunk to the first criterion that it belongs to; the others name its place."""
    for one in criteria:
        own = [each for each in quiet if one["id"] in each["criteria"]]
        one["hunks"] = [each for each in own if "under" not in each]
        one["elsewhere"] = [f"{each['path']}:{each['line']}" for each in own if "under" in each]
        for each in one["hunks"]:
            each["under"] = one["id"]


def kept(workshop: Workshop, change: Change) -> dict[str, Json]:
    """Return the hunks of the code as it is that a person keeps for a reason: it is signed."""
    if not workshop.journal.noted(f"{hunks.NOTE}{change.name}/"):
        return {}
    return {
        one["id"]: {
            "place": f"{one['path']}:{one['line']}",
            "why": one["why"],
            "by": one["by_whom"],
        }
        for one in result_view(workshop, change)["hunks"]
        if one["said"] == hunks.Said.KEEP and one["why"]
    }


def _ids(change: Change) -> list[str]:
    return [one.id for one in change.spec.criteria]


def _criterion(change: Change, name: str, found: object) -> View:
    held = found if isinstance(found, dict) else {}
    return {
        "id": name,
        "text": next(one.text for one in change.spec.criteria if one.id == name),
        "proof": str(held.get("proof", Proof.MISSING)),
        "reason": str(held.get("reason", "nothing was verified for the code as it is now")),
        "tests": held.get("tests", []),
        "survives": held.get("broken") == str(Answer.SURVIVES),
    }


def _file(
    workshop: Workshop, change: Change, one: FileChange, tasks: Sequence[Task],
    less: Sequence[Weakened],
) -> View:  # fmt: skip
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
        "risky": policy.risky(one.path, workshop.config.policy),
        "blob": one.id,
        "after": after,
        "weakened": before is not None
        and bool(asking)
        and (bool(less) or (lost and is_test(one.path))),
        "lost": [f"{each.test} {each.words}" for each in less],
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
