"""Bring the branches of this clone and those of the remote together; nothing is lost on the way.

The remote is where machines meet, so what it has is what counts. Branches of changes go forward
with it; what parted from it here is kept as a snapshot. What was built and never came to the
remote is kept as a snapshot too, and built again or handed in again by whoever holds the task.
"""

from collections.abc import Callable, Collection, Mapping

from attrs import define, field

from accord.app.changes import released
from accord.app.workplaces import BUILT, WIP
from accord.app.workshop import CHANGES, Workshop
from accord.core.ports import Remote
from accord.errors import ConflictError, RefusedError

Say = Callable[[str, str], None]


@define
class Travel:
    """One clone and its remote; `say` is told (change, words) of what a person should know.

    `yields`: where a branch here parted from the remote's, this clone gives way.
    """

    workshop: Workshop
    remote: Remote
    yields: bool
    say: Say = lambda *_: None
    told: set[str] = field(factory=set)

    def meet(self, busy: Collection[str] = ()) -> None:
        """Fetch, and bring every ref but those that are `busy` to where the remote has it.

        Raises ConfigurationError where the remote is no use, and ConflictError where a branch
        parted from it and this clone does not give way.
        """
        before = self.remote.far()
        self.remote.fetch()
        far = self.remote.far()
        base = self.workshop.base
        if base in far and base not in busy:
            self._forward(base, far[base])
        over = set(released(self.workshop))
        here = self.workshop.repo.refs(CHANGES)  # asked for once: there may be thousands
        for ref, commit in far.items():
            moved = ref.startswith(CHANGES) and here.get(ref) != commit
            if moved and ref not in busy and _change(ref) not in over:
                self._branch(ref, commit)
        for ref, commit in before.items():
            if ref.startswith(CHANGES) and ref not in far and ref not in busy:
                self._gone(ref, commit)
        for ref in {one for one in (*far, *self._built()) if one.startswith(f"{BUILT}/")}:
            if ref not in busy:
                self._task(ref, far.get(ref, ""), before.get(ref, ""))

    def bring(self, refs: Collection[str]) -> bool:
        """Move what the remote has of `refs` to where they are here; tell whether it took them."""
        far, repo = self.remote.far(), self.workshop.repo
        here = {ref: (far.get(ref, ""), repo.resolve(ref)) for ref in refs}
        moves = {ref: (old, new) for ref, (old, new) in here.items() if old != new}
        return not moves or self.remote.push(moves)

    def ahead(self) -> Mapping[str, str]:
        """Map the branches of changes that have more here than the remote has to their tips."""
        repo = self.workshop.repo
        here = repo.refs(CHANGES)
        return {
            ref: tip
            for ref, commit in self.remote.far().items()
            if (tip := here.get(ref, "")) not in ("", commit) and repo.contains(tip, commit)
        }

    def _built(self) -> Collection[str]:
        return self.workshop.repo.refs(f"{BUILT}/")

    def _branch(self, ref: str, commit: str) -> None:
        repo = self.workshop.repo
        here = repo.resolve(ref)
        if not here:
            repo.move(ref, commit, "", "fetch")
        elif not (repo.contains(here, commit) or self._forward(ref, commit)):
            if not self.yields:
                name, there = ref.removeprefix("refs/heads/"), f"{self.remote.name}/"
                raise ConflictError(
                    f"{name} here and on the remote have parted",
                    hint=f"git switch {name} && git merge {there}{name}",
                )
            self._keep(ref, here)
            repo.move(ref, commit, here, "fetch")
            self.say(_change(ref), "parted from the remote; what was here is a snapshot")

    def _forward(self, ref: str, commit: str) -> bool:
        """Move `ref` forward to `commit`; False where that would lose something."""
        repo = self.workshop.repo
        here = repo.resolve(ref)
        if here == commit:
            return True
        if not here or not repo.contains(commit, here):
            return False
        try:
            repo.move(ref, commit, here, "fetch")
        except RefusedError as error:
            if ref not in self.told:
                self.told.add(ref)
                self.say(_change(ref), error.message)
        return True

    def _gone(self, ref: str, commit: str) -> None:
        """Take a branch away that the remote has no more, if it is what the remote had.

        A person's stays unless it was released: it may have been deleted there by mistake.
        """
        repo = self.workshop.repo
        if repo.resolve(ref) != commit or repo.checkout_of(ref):
            return
        if not repo.contains(repo.resolve(self.workshop.base), commit):
            if not self.yields:
                return
            self._keep(ref, commit)
        repo.move(ref, "", commit, "fetch")

    def _task(self, ref: str, commit: str, known: str) -> None:
        repo = self.workshop.repo
        here = repo.resolve(ref)
        if here == commit:
            return
        if not commit and here != known and not self.yields:
            return  # a person built it, and it has not come to the remote so far
        if here:
            self._keep(ref, here)
        repo.move(ref, commit, here, "fetch")

    def _keep(self, ref: str, commit: str) -> None:
        """Keep `commit` as a snapshot of the change or task that `ref` is about."""
        about = _change(ref)
        kept = f"{WIP}/{about}/parted-{commit[:12]}"
        if not self.workshop.repo.resolve(kept):
            self.workshop.repo.move(kept, commit, "", "fetch")


def _change(ref: str) -> str:
    """Return the change, or the change and task, that a ref is about."""
    return ref.removeprefix(CHANGES).removeprefix(f"{BUILT}/").removeprefix("refs/heads/")
