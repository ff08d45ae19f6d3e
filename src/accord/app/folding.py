"""Fold what a change says of earlier ones into the living spec, as the change is released.

A criterion that another takes the place of is held three ways against what it was when the change
was begun and what it is now. Where somebody changed it meanwhile, or ended it as well, nothing is
released and both sentences are shown.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from accord.app.promises import find
from accord.app.workshop import Workshop
from accord.core import living, merging
from accord.core.checks import Finding, Severity
from accord.core.living import Ending
from accord.core.model import Stage
from accord.core.ports import Repo
from accord.errors import ConflictError

if TYPE_CHECKING:  # a change asks for its findings, which ask here, so this cannot import it
    from accord.app.changes import Change


def findings(change: "Change", stage: Stage) -> Iterator[Finding]:
    """Yield what the story takes out of force although it is not in force on the base."""
    repo = change.workshop.repo
    for one in living.endings(change.spec) if stage is Stage.STORY else ():
        name = f"{one.change}/{one.criterion}"
        there = find(repo, change.workshop.base, one.change, one.criterion)
        if there is None:
            words = f"{name} is no criterion of a released change"
        elif over := living.ended(there.document, there.item):
            words = f"{name} is over: {over}"
        else:
            continue
        yield Finding("supersedes-nothing", Severity.BLOCKS, one.path, one.line, 1,
                      one.by or one.path, words, "accord show --living lists what is in force"
                      )  # fmt: skip


def folded(workshop: Workshop, change: "Change", commit: str) -> str:
    """Return the tree of `commit` with what the change ends marked so, or '' where it ends nothing.

    Raises ConflictError where an earlier criterion is not what it was when the change was begun.
    """
    asked = living.endings(change.spec)
    files: dict[str, bytes | None] = {}
    for one in asked:
        files |= _ended(workshop.repo, change, commit, one)
        commit = workshop.repo.commit(commit, files, "Fold\n", workshop.author)
    return workshop.repo.tree(commit) if asked else ""


def _ended(repo: Repo, change: "Change", commit: str, one: Ending) -> dict[str, bytes | None]:
    name = f"{one.change}/{one.criterion}"
    hint = f"accord show {change.name}, and say what shall hold"
    now = find(repo, commit, one.change, one.criterion)
    if now is None:
        raise ConflictError(f"{name}, which {change.name} ends, is gone", hint=hint)
    if over := living.ended(now.document, now.item):
        words = f"{name}, which {change.name} ends, was {over} since it was begun"
        raise ConflictError(words, hint=hint)
    before = find(repo, change.fork, one.change, one.criterion)
    base = merging.parts(before.document) if before else ()
    clashes = living.clash(base, merging.parts(now.document), [one.criterion])
    for clash in clashes:
        was, ours = (" ".join((text or "").split()) for text in (clash.base, clash.ours))
        words = f"{name} was changed since {change.name} was begun: '{was}' is now '{ours}'"
        raise ConflictError(words, hint=hint)
    return {now.path: living.marked(now.document, now.item, change.name, one)}
