"""Who wrote what a gate covers, as far as git knows: those whom a rule may keep from approving it.

Git takes the name of an author from whoever commits, so this holds among people who mean well; it
is no defence against one who commits under the name of another.
"""

from typing import TYPE_CHECKING

from accord.core.model import SPEC_STAGES, STAGES, Stage

if TYPE_CHECKING:  # a change asks here who wrote it
    from accord.app.changes import Change


def writers(change: "Change", stage: Stage) -> tuple[str, ...]:
    """Return the names of those who wrote what `stage` covers, whoever opened the change included.

    What lies on a desk counts as the person's: it is committed before it is approved.
    """
    paths = [one.path for one in change.code]
    if stage in SPEC_STAGES:
        paths = [change.folder]
    wrote = change.workshop.repo.authors(change.fork, change.found.tip, *paths)
    typed = (change.workshop.person,) if change.edited and stage in SPEC_STAGES else ()
    return tuple(sorted({*wrote, *typed}))


def separated(change: "Change") -> dict[str, tuple[str, ...]]:
    """Map each stage that its writers may not approve to their names; asks git for these alone."""
    rule = change.workshop.trust.rule
    return {stage: writers(change, stage) for stage in STAGES if rule(stage).separate}
