"""A run that is over, taken from its record so that it can be played again."""

from collections.abc import Iterator

from attrs import evolve, frozen

from accord.app import tooling
from accord.app.changes import TRAILER, Change
from accord.app.running import DRAFTED
from accord.app.runs_view import runs
from accord.app.situations import situation
from accord.app.views import View
from accord.app.workplaces import WIP
from accord.app.workshop import Workshop
from accord.core import paths, protected, secrets
from accord.core.orders import AgentOrder
from accord.core.ports import FileChange
from accord.core.reconcile import Build, Draft, next_steps
from accord.core.recording import Recording, Written, joined
from accord.errors import ConfigurationError, RefusedError

PLAIN, EXECUTABLE = "100644", "100755"


@frozen
class Name:
    """What the id of a run says: `build/guest/T1/0a1b2c3d4e5f/ATTEMPT/ROUND`."""

    kind: str
    change: str
    subject: str
    key: str
    attempt: str
    round: str

    @property
    def run_id(self) -> str:
        """Return the id of the run."""
        return f"{self.kind}/{self.change}/{self.subject}/{self.key}/{self.attempt}/{self.round}"

    @property
    def task(self) -> bool:
        """Tell whether it is about a task and not about a stage."""
        return self.kind == "build"


def find(workshop: Workshop, name: str) -> Name:
    """Return the run called `name`: an id, its beginning, or `CHANGE/STAGE` or `CHANGE/TASK`.

    Of several rounds of one try the last is meant. Raises ConfigurationError for a name that
    fits none, or several tries.
    """
    every = [Name(*one["run"].split("/")) for one in _every(workshop)]
    found = [one for one in every
             if f"{one.run_id}/".startswith(f"{name}/") or name == f"{one.change}/{one.subject}"
             ]  # fmt: skip
    tries = {one.run_id.rpartition("/")[0]: one for one in found}
    if not tries:
        raise ConfigurationError(f"there is no run {name}", hint="accord show CHANGE --runs")
    if len(tries) > 1:
        change = found[0].change
        raise ConfigurationError(f"{name} names {len(tries)} tries",
                                 hint=f"accord show {change} --runs lists their ids")  # fmt: skip
    return max(found, key=lambda one: int(one.round))


def record(workshop: Workshop, name: Name, change: Change | None = None) -> Recording:
    """Return the record of a run, with its documents in the folder of `change` where one is given.

    Raises RefusedError for a run that is not over, or of which too little is kept.
    """
    report = workshop.agents.report(name.run_id)
    if report is None or tooling.is_asking(report):
        raise RefusedError(f"{name.run_id} is not over", hint=f"accord run {name.change}")
    order = workshop.agents.order(name.run_id)
    if order is None:
        raise _gone(name, "what it was given cannot be read")
    files, left = _files(workshop, name, order)
    found = Recording(
        name.run_id, name.subject, name.task, report.status,
        joined(workshop.agents.transcript(name.run_id)), tuple(files), tuple(left),
    )  # fmt: skip
    if change is None or name.task:
        return found
    return _moved(found, _home(order), change.folder)


def refuse_idle(workshop: Workshop, change: Change, name: Name) -> None:
    """Raise RefusedError where `change` does not ask for what the run was about."""
    steps = next_steps(situation(workshop, change), workshop.repo.resolve(workshop.base))
    kind = Build if name.task else Draft
    if any(isinstance(step, kind) and step.subject == name.subject for step in steps):
        return
    what = name.subject if name.task else f"the {name.subject}"
    raise RefusedError(f"{change.name} does not ask for {what} now",
                       hint=f"accord replay {name.change}/{name.subject} OTHER-CHANGE, "
                       f"or accord show {change.name}")  # fmt: skip


def view(recording: Recording) -> View:
    """Return what is played, as it is printed."""
    return {
        "run": recording.run_id,
        "subject": recording.subject,
        "ended": str(recording.ended),
        "events": len(recording.events),
        "files": [one.path for one in recording.files],
        "left": [{"path": path, "reason": reason} for path, reason in recording.left],
    }


def _every(workshop: Workshop) -> Iterator[View]:
    noted = [*workshop.journal.noted("base/draft/"), *workshop.journal.noted("base/build/")]
    for change in dict.fromkeys(key.split("/")[2] for key in noted):
        yield from runs(workshop, change)


def _files(
    workshop: Workshop, name: Name, order: AgentOrder
) -> tuple[list[Written], list[tuple[str, str]]]:
    """Return the files that the run left, and what of them is not played again."""
    snapshot = _snapshot(workshop, name)
    if not snapshot:
        return [], []
    base = workshop.repo.resolve(f"{snapshot}^")
    allowed = protected.declarable(order.writable) if name.task else order.writable
    files, left = [], []
    for one in workshop.repo.changed(base, snapshot):
        if paths.outside([one.path], allowed):
            left.append((one.path, "it is outside the paths that were agreed"))
        elif one.id and one.mode not in (PLAIN, EXECUTABLE):
            left.append((one.path, "it is no plain file"))
        else:
            written = _written(workshop, base, one)
            if any(secrets.find((written.data or b"").decode(errors="replace"))):
                left.append((one.path, "it holds what looks like a secret"))
            else:
                files.append(written)
    return sorted(files, key=lambda one: one.data is not None), left


def _written(workshop: Workshop, base: str, one: FileChange) -> Written:
    if not one.id:
        return Written(one.path, None)
    before = workshop.repo.entry(base, one.path)
    moved = one.mode != (before.mode if before else PLAIN)
    return Written(one.path, workshop.repo.blob(one.id),
                   one.mode == EXECUTABLE if moved else None)  # fmt: skip


def _snapshot(workshop: Workshop, name: Name) -> str:
    """Return the commit of what the run left, '' where it left nothing."""
    ref = f"{WIP}/{name.change}/{name.subject}/{name.attempt}-{name.round}"
    commit = workshop.repo.resolve(ref)
    if not commit:
        return ""
    trailer = TRAILER if name.task else DRAFTED
    said = workshop.repo.trailers(f"{commit}^", commit, trailer)
    own = f"{name.change}/{name.subject}@{name.key}"
    if not any(one.startswith(own) if name.task else one == name.run_id for one in said):
        raise _gone(name, "a later run took the place of what it wrote")
    return commit


def _moved(found: Recording, old: str, new: str) -> Recording:
    """Return the record with what lay in the folder `old` in the folder `new`."""

    def there(path: str) -> str:
        return new + path.removeprefix(old) if path.startswith(f"{old}/") else path

    return evolve(
        found,
        events=tuple(evolve(one, path=there(one.path)) for one in found.events),
        files=tuple(evolve(one, path=there(one.path)) for one in found.files),
    )


def _home(order: AgentOrder) -> str:
    """Return the folder of the documents that a draft was to write."""
    return order.writable[0].strip("/").removesuffix("/**")


def _gone(name: Name, why: str) -> RefusedError:
    return RefusedError(f"{name.run_id} cannot be played: {why}",
                        hint=f"accord salvage {name.change}, or another run")  # fmt: skip
