"""Files that a command writes from the others, a lockfile say: where they conflict, made anew."""

from accord.app.boxing import checked_out, for_check, left_behind
from accord.app.config import words
from accord.app.workshop import Workshop
from accord.core.keeping import Merge


def regenerate(workshop: Workshop, ours: str, theirs: str, merge: Merge) -> Merge:
    """Return `merge` with the generated files among its conflicts written by their commands.

    Nothing is done unless every conflict is such a file: a command may read any of the others.
    Each command runs in the box of a check, on a plain checkout of the merge with the generated
    files of `ours`, and only the file that it is for is taken from there. One that fails, or
    leaves no plain file, leaves the conflict.
    """
    commands = workshop.config.beside.regenerate
    if not merge.conflicts or not set(merge.conflicts) <= set(commands):
        return merge
    repo, author = workshop.repo, workshop.author
    commit = repo.join(merge.tree, [ours, theirs], "Regenerate\n", author)
    before = {path: repo.read(ours, path) for path in merge.conflicts}
    commit = repo.commit(commit, before, "Regenerate\n", author)
    made: dict[str, bytes | None] = {}
    with checked_out(workshop, commit) as folder:
        for line in dict.fromkeys(commands[path] for path in merge.conflicts):
            walls = for_check(workshop, str(folder))
            timeout = workshop.config.policy.verify_timeout_s
            if workshop.sandbox().run(words(line), walls, timeout).exit_status != 0:
                return merge
        for path in merge.conflicts:
            made[path] = left_behind(folder / path)
            if made[path] is None:
                return merge
    tree = repo.tree(repo.commit(commit, made, "Regenerate\n", author))
    return merge.with_resolved(tree, merge.conflicts)
