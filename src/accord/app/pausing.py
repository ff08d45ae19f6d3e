"""Have a piece of work wait, go on with it, or give it to another agent; nothing written is lost.

A piece of work is a stage's document or a task. Its agent's turn is ended as `stopping` ends one,
and what it wrote is kept as a snapshot and stays in its worktree, where the next round goes on.
"""

from accord.app import agency, records
from accord.app.at_work import Running, running
from accord.app.changes import Change, load
from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.model import SPEC_STAGES, Stage
from accord.core.ports import Operation
from accord.errors import ConfigurationError, RefusedError


def pause(workshop: Workshop, name: str, subject: str) -> str:
    """Start nothing more at `subject` of a change until `go_on`, and end the run that is at it.

    Returns what was done in a sentence. Raises RefusedError for what is paused already,
    ConfigurationError for what there is not, and AgentError for a run that cannot be ended here.
    """
    change = _known(workshop, name, subject)
    if agency.is_paused(workshop, name, subject):
        raise RefusedError(f"{subject} of {name} is paused already",
                           hint=f"accord go-on {name} {subject}")  # fmt: skip
    # The note comes first: whoever takes what the ended run left has to know why it ended.
    _note(workshop, change, subject, paused=True)
    ended = _end(workshop, name, subject, agency.PAUSED)
    _log(workshop, "pause", name, subject)
    so_far = "; what its agent wrote so far is kept" if ended else ""
    return f"paused {subject} of {name}{so_far}"


def go_on(workshop: Workshop, name: str, subject: str) -> str:
    """Let paused work go on where it was left; return what was done in a sentence.

    Raises RefusedError for what is not paused.
    """
    change = _known(workshop, name, subject)
    if not agency.is_paused(workshop, name, subject):
        raise RefusedError(f"{subject} of {name} is not paused", hint="accord status")
    _note(workshop, change, subject, paused=False)
    _log(workshop, "go-on", name, subject)
    return f"{subject} of {name} may go on: accord run {name}"


def hand_over(workshop: Workshop, name: str, subject: str, agent: str) -> str:
    """Give `subject` of a change to another agent, which goes on with what is there.

    Returns what was done in a sentence. Raises RefusedError where it is that agent's already, and
    ConfigurationError for an agent that is not configured.
    """
    change = _known(workshop, name, subject)
    if agent not in workshop.config.agents:
        known = ", ".join(workshop.config.agents) or "none is defined"
        raise ConfigurationError(f"there is no agent {agent}",
                                 hint=f"in .accord/config.toml: {known}")  # fmt: skip
    stage = Stage(subject) if subject in list(SPEC_STAGES) else Stage.IMPLEMENTATION
    task = "" if stage in SPEC_STAGES else subject
    before = agency.set_for(workshop, change, stage, task)
    if before is not None and before.name == agent:
        raise RefusedError(f"{subject} of {name} is {agent}'s already", hint="accord agents")
    run = _at_it(workshop, name, subject)
    note = {"name": agent, "run": run.run_id if run else "", "by": workshop.person}
    workshop.journal.note(f"agent/{name}/{subject}", {**note})
    ended = _end(workshop, name, subject, agency.HANDED_OVER)
    _tell(workshop, name, subject)
    _log(workshop, "hand-over", name, f"{subject} to {agent}")
    words = "goes on with what is there" if ended else f"does it from now on: accord run {name}"
    return f"handed {subject} of {name} over: {agent} {words}"


def paused(workshop: Workshop) -> list[dict[str, str]]:
    """Return what is paused: change, subject, by whom and when."""
    found = []
    for key, note in sorted(workshop.journal.noted("pause/").items()):
        _, name, subject = key.split("/", 2)
        if note.get("paused"):
            found.append({"change": name, "subject": subject, "by": str(note.get("by", "")),
                          "at": str(note.get("at", ""))})  # fmt: skip
    return found


def _known(workshop: Workshop, name: str, subject: str) -> Change:
    records.refuse_agents()
    change = load(workshop, name)
    names = [str(stage) for stage in SPEC_STAGES] + [task.id for task in change.tasks]
    if subject not in names:
        raise ConfigurationError(f"{name} has no {subject}", hint=f"there is: {', '.join(names)}")
    return change


def _at_it(workshop: Workshop, name: str, subject: str) -> Running | None:
    mine = (one for one in running(workshop) if (one.change, one.subject) == (name, subject))
    return next(mine, None)


def _end(workshop: Workshop, name: str, subject: str, words: str) -> bool:
    run = _at_it(workshop, name, subject)
    if run is None:
        return False
    workshop.journal.note(f"halt/{run.run_id}", {"words": words})
    workshop.agents.stop(run.run_id)
    return True


def _tell(workshop: Workshop, name: str, subject: str) -> None:
    """Have whoever goes on after an earlier pause know that another agent began it."""
    for key in workshop.journal.noted("halt/"):
        if key.split("/")[2:4] == [name, subject]:
            workshop.journal.note(key, {"words": agency.HANDED_OVER})


def _note(workshop: Workshop, change: Change, subject: str, *, paused: bool) -> None:
    note: dict[str, Json] = {"paused": paused, "by": workshop.person, "at": workshop.clock.now()}
    workshop.journal.note(f"pause/{change.name}/{subject}", note)


def _log(workshop: Workshop, verb: str, change: str, detail: str) -> None:
    operation = Operation(workshop.person, verb, change, detail, {}, workshop.clock.now())
    workshop.record(operation, lambda: None)
