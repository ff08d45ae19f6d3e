"""The names of pieces of work, as machines agree on them, and what each of them may move."""

from accord.app.workplaces import BUILT
from accord.app.workshop import CHANGES
from accord.core.reconcile import Action, Build, Draft, Land, Prove, Release, Review


def kind(name: str) -> str:
    """Return the name of a piece of work across its attempts (of a landing: across tips)."""
    return name.rpartition("/")[0]


def job_of(step: Action) -> str:
    """Return what is leased for `step`: one branch is landed on at a time, and one base."""
    if isinstance(step, Land):
        return f"branch/{step.change}"
    return "base" if isinstance(step, Release) else step.id


def refs_of(step: Action, base: str) -> tuple[str, ...]:
    """Return what `step` may move; while it is under way nothing else here does."""
    branch, task = f"{CHANGES}{step.change}", f"{BUILT}/{step.change}/{step.subject}"
    match step:
        case Build():
            return (task,)
        case Land():
            return branch, task
        case Draft():
            return (branch,)
        case Release():
            return branch, base, *(f"{CHANGES}{one}" for one in step.along)
        case Prove() | Review():
            return ()
