"""Have agents write documents and build tasks. Each step may be done twice without harm.

A run is cut into begin (prepare the worktree, start the agent), the agent's own time, and take
(harvest what it wrote, judge it). Whoever is killed in between finds everything where it was.
"""

from collections.abc import Sequence

from attrs import evolve, frozen

from accord.app import (
    agency,
    asking,
    boxing,
    clashing,
    desk,
    evidence,
    judging,
    leasing,
    left_out,
    prompting,
    radar,
    showing,
    tooling,
    workplaces,
)
from accord.app.changes import TRAILER, Change, Found, load, read, trailer
from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.checks import blocking
from accord.core.cones import WHOLE, Want
from accord.core.evidence import Result
from accord.core.model import Stage, Task
from accord.core.orders import AgentChoice, AgentOrder, AgentStatus
from accord.core.ports import Harvest
from accord.core.protected import declarable
from accord.core.reconcile import Build, Draft, Review
from accord.errors import AgentError, ConfigurationError, RefusedError

DRAFTED = "Spec-Draft"


@frozen
class Taken:
    """What came of one round of an agent: accepted, to be tried again with `feedback`, or not.

    `unknown` tells that the work was there but nothing could prove it, `waits` that the agent
    asked and goes on when it is answered; `exit_code` is what a command that ends with it exits
    with.
    """

    accepted: bool
    detail: str
    feedback: str = ""
    unknown: bool = False
    exit_code: int = AgentError.exit_code
    waits: bool = False

    def as_json(self) -> dict[str, Json]:
        """Return it as a job keeps it."""
        return {
            "accepted": self.accepted,
            "detail": self.detail,
            "feedback": self.feedback,
            "unknown": self.unknown,
            "exit_code": self.exit_code,
            "waits": self.waits,
        }


def begin_draft(workshop: Workshop, action: Draft, number: int, feedback: str) -> str:
    """Start round `number` of a draft, unless it was started before; return the run's id.

    That is the one of a later round where one was begun already; if it asked, it goes on.
    """
    run_id, begun = _begun_already(workshop, action, number)
    if begun and not tooling.is_asking(workshop.agents.report(run_id)):
        return run_id
    change = load(workshop, action.change)
    if not _is_asked(change, action.stage):
        raise RefusedError(f"the {action.stage} of {action.change} is not what is asked for now")
    if begun:
        asking.go_on(workshop, run_id)
        return run_id
    tip = desk.save(workshop, action.change, change.found.ref)
    folder = _worktree(workshop, action, workplaces.draft_key(action), tip, number)
    change = load(workshop, action.change)
    path = f"{change.folder}/{change.spec.layout.documents[action.stage]}"
    shown = showing.draft_block(_begun(workshop, change, action), action.stage, path)
    prompt = prompting.for_stage(change, action.stage, path, feedback, decisions=shown)
    agent = agency.agent_for(workshop, change, action.stage, run_id)
    box = boxing.for_draft(workshop, agent, change.name, change.folder, run_id, folder)
    tools = tooling.for_stage(workshop, change, action.stage, path)
    prompt = tooling.prompted(prompt, tools.replies)
    order = AgentOrder(run_id, agent, folder, prompt, (f"/{change.folder}/**",), tools=tools)
    start(workshop, order, box)
    return run_id


def take_draft(workshop: Workshop, action: Draft, number: int) -> Taken:
    """Judge what round `number` of a draft wrote, and put it on the branch when it is accepted.

    A draft with findings goes back; in the last round it is put on the branch with them, so that
    a person sees it. Questions and assumptions are not findings here: they are what was asked for.
    """
    change = load(workshop, action.change)
    if not _is_asked(change, action.stage):
        return Taken(True, "a person went on without it")
    if f"{action.id}/{number}" in workshop.repo.trailers(change.fork, change.found.tip, DRAFTED):
        return Taken(True, "drafted")
    base = _base(workshop, action)["commit"]
    run_id = f"{action.id}/{number}"
    agent = agency.agent_for(workshop, change, action.stage, run_id)
    harvest = workshop.repo.harvest(
        workplaces.draft_key(action), base, (f"/{change.folder}/**",),
        message=f"Draft the {action.stage} of {action.change}\n\n{DRAFTED}: {action.id}/{number}\n"
        f"{_level(workshop, action)}",
        author=_author(agent),
    )  # fmt: skip
    ref = f"{workplaces.WIP}/{action.change}/{action.stage}/{action.number}-{number}"
    workplaces.keep(workshop, ref, harvest)
    if reason := unfinished(workshop, run_id):
        return _halted(workshop, action, run_id) or Taken(
                     False, reason, agency.steps_in(workshop, agent, run_id, number),
                     waits=tooling.is_asking(workshop.agents.report(run_id)))  # fmt: skip
    tooling.keep_proposals(workshop, change.name, run_id, agent.name)
    path = f"{change.folder}/{change.spec.layout.documents[action.stage]}"
    if not harvest.commit or path not in harvest.changed:
        return Taken(False, "the agent ended without writing the document", left_out.words(harvest)
                     or f"You wrote nothing to {path}.")  # fmt: skip
    before, drafted = _begun(workshop, change, action), _at(workshop, change, harvest.commit)
    noted = showing.with_note(before, drafted, action.stage, f"{action.id}/{number}")
    harvest, drafted = evolve(harvest, commit=noted), _at(workshop, change, noted)
    notes = ("open-question", "open-assumption")
    found = [one for one in blocking(drafted.findings_at(action.stage)) if one.rule not in notes]
    if found and number < agency.rounds(workshop, action.id):
        count = f"{len(found)} finding{'' if len(found) == 1 else 's'}"
        return Taken(False, f"{count}: {found[0].message}", prompting.as_feedback(found))
    return _publish(workshop, change, harvest, action.stage, agent)


def begin_build(workshop: Workshop, action: Build, number: int, feedback: str) -> str:
    """Start round `number` of a task, unless it was started before; return the run's id.

    That is the one of a later round where one was begun already; if it asked, it goes on.
    """
    run_id, begun = _begun_already(workshop, action, number)
    if begun and not tooling.is_asking(workshop.agents.report(run_id)):
        return run_id
    change = load(workshop, action.change)
    workplaces.refuse_shut(change)
    if begun:
        waits = asking.waiting(workshop, run_id)
        beside = "" if waits else radar.untold(workshop, change.name, action.task)
        asking.go_on(workshop, run_id, prompting.told_beside(beside))
        return run_id
    task = _task(change, action.task)
    key = workplaces.build_key(action.change, action.task)
    want = Want((*task.touches, f"/{change.folder}/**"))
    folder = _worktree(workshop, action, key, change.found.tip, number, want)
    lease = leasing.prepare if number == 1 else leasing.furnish
    given = lease(workshop, folder, key)
    beside = radar.untold(workshop, change.name, task.id, anew=number > 1)
    feedback = "\n".join(filter(None, (clashing.told(workshop, change.name, task.id), feedback)))
    prompt = prompting.for_task(change, task, evidence.command(workshop, task), feedback,
                                decisions=showing.task_block(change, task.touches),
                                beside=beside)  # fmt: skip
    agent = agency.agent_for(workshop, change, Stage.IMPLEMENTATION, run_id, task.id)
    box = boxing.for_build(workshop, agent, action.change, task, run_id, folder)
    tools = tooling.for_task(workshop, change, task.id, task.touches)
    prompt = tooling.prompted(prompt, tools.replies)
    order = AgentOrder(run_id, agent, folder, prompt, task.touches, environment=given, tools=tools)
    start(workshop, order, box)
    return run_id


def take_build(workshop: Workshop, action: Build, number: int) -> Taken:
    """Harvest and verify what was built for a task; keep it for landing when it is proved.

    Verified is the commit on a fresh checkout, never the worktree. A task that nothing proves is
    kept only when a person waived that.
    """
    change = load(workshop, action.change)
    task = _task(change, action.task)
    if built(workshop, change, task):
        return Taken(True, f"{task.id} is built")
    run_id = f"{action.id}/{number}"
    by_hand = action.by_hand or (
        agency.set_for(workshop, change, Stage.IMPLEMENTATION, task.id) is None
    )
    agent = None if by_hand else agency.agent_for(workshop, change, Stage.IMPLEMENTATION, run_id,
                                                  task.id)  # fmt: skip
    harvest = _harvest(workshop, action, change, task, agent)
    kept = f"{workplaces.WIP}/{action.change}/{action.task}/{action.number}-{number}"
    workplaces.keep(workshop, kept, harvest)
    left_out.note(workshop, change, task, kept, harvest)
    workplaces.refuse_shut(change)
    reason = "" if action.by_hand else unfinished(workshop, run_id)
    if reason:
        return _halted(workshop, action, run_id) or Taken(
                     False, reason,
                     agency.steps_in(workshop, agent, run_id, number) if agent else "",
                     waits=tooling.is_asking(workshop.agents.report(run_id)))  # fmt: skip
    if agent:
        tooling.keep_proposals(workshop, change.name, run_id, agent.name)
    parked = left_out.words(harvest)
    if not harvest.commit:
        detail = f"nothing was changed; left out: {parked}" if parked else "nothing was changed"
        return Taken(False, detail, parked or "You changed no file.")
    run = evidence.verify(workshop, harvest.commit, evidence.command(workshop, task))
    if not evidence.accepted(run, change, task.id):
        feedback = "\n".join(
            part for part in (run.reason, parked, _tail(workshop, run.tree)) if part
        )
        unknown = run.result is Result.UNKNOWN
        way_on = f"; a person may sign that it stays so: accord approve {change.name} --waive WHY"
        return Taken(False, run.reason + (way_on if unknown else ""), feedback, unknown)
    last = action.by_hand or number >= agency.rounds(workshop, action.id)
    broken, feedback = judging.refused(change, harvest.commit, _base(workshop, action)["commit"],
                                       last=last)  # fmt: skip
    if broken:
        return Taken(False, broken, feedback)
    ref = f"{workplaces.BUILT}/{action.change}/{action.task}"
    old = workshop.repo.resolve(ref)
    if old != harvest.commit:
        actor = agent.name if agent else ""
        workshop.move("build", action.change, ref, harvest.commit, old, detail=action.task,
                      actor=actor)  # fmt: skip
    detail = f"{run.reason}; left out: {parked}" if parked else run.reason
    return Taken(True, detail)


def refuse_early(change: Change, tasks: Sequence[str]) -> None:
    """Raise for tasks that nobody can hand in yet.

    ConfigurationError for one that the change does not have, RefusedError for one that waits for
    others to land.
    """
    known = {task.id: task for task in change.tasks}
    for name in tasks:
        if name not in known:
            hint = f"there is: {', '.join(known)}" if known else f"accord show {change.name}"
            raise ConfigurationError(f"{change.name} has no task {name}", hint=hint)
        before = [one for one in known[name].after if one not in change.landed]
        if before:
            raise RefusedError(
                f"{name} waits for {', '.join(before)}", hint=f"accord show {change.name}"
            )


def built(workshop: Workshop, change: Change, task: Task) -> str:
    """Return the commit that holds `task` as it is agreed now, proved and ready to land, or ''."""
    commit = workshop.repo.resolve(f"{workplaces.BUILT}/{change.name}/{task.id}")
    value = trailer(change.name, task.id, change.keys[task.id])
    if commit and value in workshop.repo.trailers(f"{commit}^", commit, TRAILER):
        return commit
    return ""


def remember(workshop: Workshop, action: Draft | Build | Review, taken: Taken) -> None:
    """Remember how an attempt ended, so that the next one has another number.

    One that waits for an answer is not over.
    """
    if taken.waits:
        return
    workshop.journal.note(action.id, taken.as_json())


def _harvest(workshop: Workshop, action: Build, change: Change, task: Task,
             agent: AgentChoice | None) -> Harvest:  # fmt: skip
    base = _base(workshop, action)["commit"]
    value = trailer(action.change, task.id, action.key)
    message = f"{task.text}\n\n{TRAILER}: {value}\n{_level(workshop, action)}"
    folder = workplaces.build_key(change.name, task.id, by_hand=action.by_hand)
    return workshop.repo.harvest(
        folder, base, declarable(task.touches), message=message,
        author=_author(agent) if agent else workshop.author,
    )  # fmt: skip


def _publish(
    workshop: Workshop, change: Change, harvest: Harvest, stage: Stage, agent: AgentChoice
) -> Taken:
    """Put an accepted draft on the branch, on top of what a person wrote meanwhile."""
    repo, ref = workshop.repo, change.found.ref
    tip = desk.save(workshop, change.name, ref)
    new = harvest.commit
    if not repo.contains(new, tip):
        merge = repo.merge(tip, new)
        if merge.conflicts:
            return Taken(False, f"you and the agent changed the same lines: {merge.conflicts[0]}")
        new = repo.join(merge.tree, [tip, new], f"Join the draft of {stage}\n", _author(agent))
    workshop.move("draft", change.name, ref, new, tip, detail=str(stage), actor=agent.name)
    desk.refresh(workshop, change.name, ref)
    left = left_out.words(harvest)
    return Taken(True, f"drafted; left out: {left}" if left else "drafted")


def _is_asked(change: Change, stage: Stage) -> bool:
    return change.gate is not None and change.gate.stage is stage


def start(workshop: Workshop, order: AgentOrder, box: boxing.Boxed) -> None:
    """Start the run of `order` in its box, with the limits that are configured."""
    workshop.journal.note(f"box/{order.run_id}", {"level": box.level})
    limits = workshop.config.limits
    workshop.agents.start(evolve(order, limits=limits, box=box.prefix, outlet=box.outlet,
                                 leash=workshop.leash))  # fmt: skip


def _level(workshop: Workshop, action: Draft | Build) -> str:
    """Return the trailer with the lowest level at which the rounds of an action ran."""
    notes = workshop.journal.noted(f"box/{action.id}/")
    lowest = boxing.lowest([str(note["level"]) for note in notes.values()])
    return f"{boxing.LEVEL}: {lowest}\n" if notes else ""


def _begun_already(workshop: Workshop, action: Draft | Build, number: int) -> tuple[str, bool]:
    """Return the run of round `number` or of the last one after it, and whether it was begun."""
    last = number
    while last < agency.rounds(workshop, action.id) and known(workshop, f"{action.id}/{last + 1}"):
        last += 1
    run_id = f"{action.id}/{last}"
    return run_id, known(workshop, run_id)


def known(workshop: Workshop, run_id: str) -> bool:
    """Tell whether a run was started already."""
    return workshop.agents.is_running(run_id) or workshop.agents.report(run_id) is not None


def _worktree(workshop: Workshop, action: Draft | Build, key: str, tip: str, number: int,
              want: Want = WHOLE) -> str:  # fmt: skip
    """Return the folder of a run: made anew for the first round, as it was left for the others."""
    if number > 1:
        base = _base(workshop, action)
        workshop.repo.reopen(key, base["commit"])
        return base["folder"]
    asking.supersede(workshop, action.id)
    folder = workplaces.fresh(workshop, f"{action.change}/{action.subject}", key, tip, want)
    workshop.journal.note(f"base/{action.id}", {"commit": tip, "folder": folder})
    return folder


def _at(workshop: Workshop, change: Change, commit: str) -> Change:
    found = Found(change.name, change.found.ref, commit)
    return read(workshop, found, {}, desk_too=False)


def _begun(workshop: Workshop, change: Change, action: Draft) -> Change:
    """Return the change as it was when the first round began: what a prompt is made from."""
    return _at(workshop, change, _base(workshop, action)["commit"])


def _base(workshop: Workshop, action: Draft | Build) -> dict[str, str]:
    """Return the commit that a run started from and the folder that it works in."""
    hand = f"hand/{action.change}/{action.subject}"
    key = hand if isinstance(action, Build) and action.by_hand else f"base/{action.id}"
    note = workshop.journal.noted(key).get(key)
    if note is None:
        raise RefusedError(f"{action.subject} of {action.change} was never begun here")
    return {name: str(value) for name, value in note.items()}


def _halted(workshop: Workshop, action: Draft | Build, run_id: str) -> Taken | None:
    """Return what comes of a round that a person ended to have it wait, or handed over."""
    words = agency.halted(workshop, run_id)
    if not words:
        return None
    if agency.is_paused(workshop, action.change, action.subject):
        return Taken(False, "paused by a person", waits=True)
    return Taken(False, "a person ended the round, and lets the work go on", words)


def unfinished(workshop: Workshop, run_id: str) -> str:
    """Return why a run did not come to its own end, or an empty string when it did."""
    report = workshop.agents.report(run_id)
    if report is None:
        return "the agent was never started"
    if report.status is AgentStatus.ENDED:
        return ""
    return report.detail or f"the agent's run ended as {report.status}"


def _tail(workshop: Workshop, tree: str) -> str:
    notes = workshop.journal.noted(f"run/{tree}/")
    return "\n".join(str(note.get("output", ""))[-2000:] for note in notes.values())


def _task(change: Change, name: str) -> Task:
    for task in change.tasks:
        if task.id == name:
            return task
    raise RefusedError(f"{change.name} has no task {name}")


def _author(agent: AgentChoice) -> str:
    return f"{agent.name} (agent) <{agent.name}@agent.accord>"
