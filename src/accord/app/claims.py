"""What a host's files claim of their own state, beside what the gates say; and kept in step.

Whoever writes the documents writes these claims too, so they open nothing and no gate covers them.
"""

from collections.abc import Mapping

from attrs import frozen

from accord.app import desk, ticking
from accord.app.changes import Change, load
from accord.app.workshop import Workshop
from accord.core.gates import Standing
from accord.core.model import SPEC_STAGES, Stage
from accord.formats import claiming

FLAGS = {
    "requirements": Stage.STORY, "bugfix": Stage.STORY, "design": Stage.DESIGN,
    "tasks": Stage.ARCHITECTURE,
}  # fmt: skip
APPROVED, DRAFT, DONE = "Approved", "Draft", "done"


@frozen
class Claim:
    """One thing that a file says of the change, and whether the gates say so as well."""

    path: str
    name: str
    said: str
    verified: bool


def claims(change: Change) -> tuple[Claim, ...]:
    """Return what the files of the change claim: of approvals, in file order, then of tasks."""
    opened = _open(change)
    found = []
    for document in change.spec.documents:
        read = change.form.claims.get(document.path)
        for name, said in (read(document.data) if read else {}).items():
            stage, approved = _about(name, said)
            if stage is not None:
                found.append(Claim(document.path, name, said, approved == opened[stage]))
    said_done = [one for one in change.spec.tasks if one.done]
    done = ticking.proved(change.workshop, change) if said_done else {}
    found += [Claim(one.place.path, one.id, DONE, done[one.id]) for one in said_done]
    return tuple(found)


def keep_in_step(workshop: Workshop, change: Change) -> tuple[str, ...]:
    """Write what the gates say into the claims of the change's files; return the files written.

    A task is ticked while its work landed and is proved, and no longer. One value each is changed,
    by splice. Raises what committing on the branch raises.
    """
    tip = desk.save(workshop, change.name, change.found.ref)
    change = load(workshop, change.name)
    opened, done = _open(change), ticking.proved(workshop, change)
    files: dict[str, bytes | None] = {}
    for document in change.spec.documents:
        claiming = bool(change.form.claims)
        data = _written(document.path, document.data, opened) if claiming else document.data
        data = ticking.ticked(change, document.path, data, done)
        if data != document.data:
            files[f"{change.folder}/{document.path}"] = data
    if files:
        message = f"Keep the status of {change.name} in step\n"
        commit = workshop.repo.commit(tip, files, message, workshop.author)
        workshop.move("status", change.name, change.found.ref, commit, tip, detail=", ".join(files))
        desk.refresh(workshop, change.name, change.found.ref)
    return tuple(files)


def _open(change: Change) -> dict[Stage, bool]:
    standing = {gate.stage: gate.standing for gate in change.standings}
    return {stage: standing[stage] in (Standing.OPEN, Standing.SKIPPED) for stage in SPEC_STAGES}


def _about(name: str, said: str) -> tuple[Stage | None, bool]:
    """Return the stage that a claim is about, and whether it claims that this is approved."""
    parts = name.split(".")
    if len(parts) == 3 and parts[0] == "approvals" and parts[2] == "approved":
        return FLAGS.get(parts[1]), said == "true"
    if name == "status":
        return Stage.STORY, said.casefold() != DRAFT.casefold()
    return None, False


def _written(path: str, data: bytes, opened: Mapping[Stage, bool]) -> bytes:
    if path == "spec.json":
        for name, stage in FLAGS.items():
            data = claiming.with_flag(data, name, "approved", value=opened[stage])
        return data
    if path == "spec.md":
        return claiming.with_status(data, APPROVED if opened[Stage.STORY] else DRAFT)
    return data
