"""From what is true to what is done next: pure, and the same answer however often it is asked.

There is no script of a change anywhere. Each tick looks at the documents, the gates and the work
as they are, starts what may start, and names whoever is waited for.
"""

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from accord.core.checks import Finding
from accord.core.gates import Gate, Standing, current, sent_back
from accord.core.model import SPEC_STAGES, Stage, Track


class WorkState(StrEnum):
    """How far a task is, as git shows it."""

    BLOCKED = "blocked"
    READY = "ready"
    BUILT = "built"
    LANDED = "landed"


@frozen
class Work:
    """One task: how far it is, and how the next try would be made.

    `key` digests what it is built from: the task, what it rests on, and what was sent back about
    it. `asked` names what its agent asked and nobody has answered. `by_hand`: a person builds it,
    in `folder`, and `handed_in` says that it is ready. `paused`: a person has it wait.
    """

    task: str
    title: str
    key: str
    state: WorkState
    attempt: int = 1
    by_hand: bool = False
    handed_in: bool = False
    folder: str = ""
    commit: str = ""
    asked: tuple[str, ...] = ()
    paused: bool = False


@frozen
class Situation:
    """All that the next step of one change depends on.

    `blank`: the document of the current stage is missing or still a template. `basis` digests
    what a draft would be written from, `draft` numbers the next try on it. `failed` maps what was
    tried in vain since the person asked (a stage or a task) to the reason. `unread`: an agent is
    set to read what was built, and was not asked about this code. `asked` names what the agent at
    the document asked and nobody has answered. `obstacle` is what a person has to decide before
    work goes on (a change that outgrew its track), by signing at one of `obstacle_gates` where
    there are any; `paused` that a person has the draft wait.
    """

    change: str
    track: Track
    gates: tuple[Gate, ...]
    blocking: tuple[Finding, ...] = ()
    blank: bool = False
    drafted_by_agent: bool = False
    basis: str = ""
    draft: int = 1
    document: str = ""
    folder: str = ""
    work: tuple[Work, ...] = ()
    evidence: bool = False
    unread: bool = False
    code: str = ""
    tip: str = ""
    obstacle: str = ""
    obstacle_hint: str = ""
    obstacle_gates: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(factory=dict)
    asked: tuple[str, ...] = ()
    paused: bool = False


@frozen
class Draft:
    """Have an agent write the document of `stage`."""

    change: str
    stage: Stage
    basis: str
    number: int

    @property
    def id(self) -> str:
        """Return the name of this piece of work: the same inputs give the same name."""
        return f"draft/{self.change}/{self.stage}/{self.basis[:12]}/{self.number}"

    @property
    def subject(self) -> str:
        """Return what it is about, as a person would say."""
        return str(self.stage)


@frozen
class Build:
    """Have a task built: by an agent, or taken from the hands of a person."""

    change: str
    task: str
    number: int
    key: str
    by_hand: bool

    @property
    def id(self) -> str:
        """Return the name of this piece of work."""
        return f"build/{self.change}/{self.task}/{self.key[:12]}/{self.number}"

    @property
    def subject(self) -> str:
        """Return what it is about."""
        return self.task


@frozen
class Land:
    """Join a built task to the change's branch, verified as joined."""

    change: str
    task: str
    commit: str
    tip: str

    @property
    def id(self) -> str:
        """Return the name of this piece of work."""
        return f"land/{self.change}/{self.task}/{self.commit[:12]}/{self.tip[:12]}"

    @property
    def subject(self) -> str:
        """Return what it is about."""
        return self.task


@frozen
class Prove:
    """Run what proves the criteria, on the change and without it; `code` digests what changed."""

    change: str
    code: str

    @property
    def id(self) -> str:
        """Return the name of this piece of work."""
        return f"prove/{self.change}/{self.code[:12]}"

    @property
    def subject(self) -> str:
        """Return what it is about."""
        return "evidence"


@frozen
class Review:
    """Have an agent read what was built; `code` digests what changed. Nothing depends on it."""

    change: str
    code: str

    @property
    def id(self) -> str:
        """Return the name of this piece of work."""
        return f"review/{self.change}/review/{self.code[:12]}/1"

    @property
    def subject(self) -> str:
        """Return what it is about."""
        return "opinion"


@frozen
class Release:
    """Land the change on the base branch; `along` names those that are to follow it."""

    change: str
    tip: str
    base: str = ""
    along: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Return the name of this piece of work."""
        return f"release/{self.change}/{self.tip[:12]}/{self.base[:12]}"

    @property
    def subject(self) -> str:
        """Return what it is about."""
        return "release"


@frozen
class Wait:
    """A person has to act: what is waited for, the command for it, and the folder to work in.

    `decides`: the work is there, and a person has to look at it and decide. `signed_at` names the
    gates whose rule says who can do it, by signing at any of them; where there are none, anybody.
    """

    change: str
    what: str
    command: str
    place: str = ""
    decides: bool = field(default=False, eq=False)
    signed_at: tuple[str, ...] = field(default=(), eq=False)


Action = Draft | Build | Land | Prove | Review | Release
Step = Action | Wait


def next_steps(situation: Situation, base: str = "") -> tuple[Step, ...]:
    """Return what may be done now, and whom the rest waits for; `base` is the base's commit."""
    gate = current(situation.gates)
    if gate is not None and gate.standing is Standing.SHUT:
        return (_wait(situation, gate.reason, f"accord show {situation.change}"),)
    if gate is not None and gate.stage in SPEC_STAGES:
        return _document(situation, gate)
    if situation.obstacle:
        gates = situation.obstacle_gates
        return (Wait(situation.change, situation.obstacle, situation.obstacle_hint,
                     signed_at=gates),)  # fmt: skip
    if gate is None:
        return _release(situation, base)
    if _unbuilt(situation):
        return _work(situation)
    return _judgement(situation, gate)


def _wait(situation: Situation, what: str, command: str, place: str = "") -> Wait:
    return Wait(situation.change, what, command, place)


def _unbuilt(situation: Situation) -> bool:
    return any(work.state is not WorkState.LANDED for work in situation.work)


def _release(situation: Situation, base: str) -> tuple[Step, ...]:
    if reason := situation.failed.get("release"):
        return (_wait(situation, reason, f"accord run {situation.change}"),)
    return (Release(situation.change, situation.tip, base),)


def _document(situation: Situation, gate: Gate) -> tuple[Step, ...]:
    change, stage = situation.change, gate.stage
    if reason := situation.failed.get(stage):
        return (_wait(situation, reason, f"accord run {change}"),)
    back = sent_back(gate)
    if situation.blank or back:
        if situation.asked:
            return (_answer(situation, situation.asked, "the agent"),)
        if situation.drafted_by_agent and situation.paused:
            return (_paused(situation, stage),)
        if situation.drafted_by_agent:
            return (Draft(change, stage, situation.basis, situation.draft),)
        verb = "revise" if back else "write"
        words = f"{verb} {situation.document}"
        return (_wait(situation, words, f"accord show {change}", situation.folder),)
    notes = [one for one in situation.blocking if one.rule in ("open-question", "open-assumption")]
    if notes:
        ids = ", ".join(one.item for one in notes)
        command = f"accord answer {change} {notes[0].item} '...'"
        return (Wait(change, f"answer {ids}", command, decides=True),)
    if situation.blocking:
        count = len(situation.blocking)
        words = f"mend {count} finding{'' if count == 1 else 's'} in {situation.document}"
        return (_wait(situation, words, f"accord show {change}", situation.folder),)
    return (_approve(situation, gate),)


def _work(situation: Situation) -> tuple[Step, ...]:
    change = situation.change
    steps: list[Step] = []
    landing = False
    for work in situation.work:
        if reason := situation.failed.get(work.task):
            if work.state is not WorkState.LANDED:
                words = f"{work.task} is not done: {reason}"
                again = f" --built {work.task}" if work.by_hand else ""
                steps.append(_wait(situation, words, f"accord run {change}{again}"))
        elif work.state is WorkState.BUILT and not landing:
            landing = True  # one at a time: each is verified on top of the one before
            steps.append(Land(change, work.task, work.commit, situation.tip))
        elif work.state is WorkState.READY and work.asked:
            steps.append(_answer(situation, work.asked, f"the agent at {work.task}"))
        elif work.state is WorkState.READY and work.paused and not work.handed_in:
            steps.append(_paused(situation, work.task))
        elif work.state is WorkState.READY:
            steps.append(_ready(situation, work))
    if not steps:
        names = ", ".join(work.task for work in situation.work if work.state is WorkState.BLOCKED)
        steps.append(_wait(situation, f"{names} can never start", f"accord show {change}"))
    return tuple(steps)


def _paused(situation: Situation, subject: str) -> Wait:
    command = f"accord go-on {situation.change} {subject}"
    return _wait(situation, f"{subject} is paused", command)


def _answer(situation: Situation, asked: tuple[str, ...], whom: str) -> Wait:
    command = f"accord answer {situation.change} {asked[0]} '...'"
    return Wait(situation.change, f"answer {whom}: {', '.join(asked)}", command, decides=True)


def _ready(situation: Situation, work: Work) -> Step:
    if work.by_hand and not work.handed_in:
        command = f"accord run {situation.change} --built {work.task}"
        return _wait(situation, f"build {work.task}: {work.title}", command, work.folder)
    return Build(situation.change, work.task, work.attempt, work.key, work.by_hand)


def _judgement(situation: Situation, gate: Gate) -> tuple[Step, ...]:
    if gate.standing is Standing.EARLY:
        return (_wait(situation, gate.reason, f"accord show {situation.change}"),)
    if not situation.evidence:
        if reason := situation.failed.get("evidence"):
            return (_wait(situation, reason, f"accord run {situation.change}"),)
        return (Prove(situation.change, situation.code),)
    if sent_back(gate):
        return (_wait(situation, gate.reason, f"accord show {situation.change}"),)
    if situation.unread and gate.stage is Stage.REVIEW and "opinion" not in situation.failed:
        return (_approve(situation, gate), Review(situation.change, situation.code))
    return (_approve(situation, gate),)


def _approve(situation: Situation, gate: Gate) -> Wait:
    command = f"accord approve {situation.change}"
    words = f"approve the {gate.stage}"
    return Wait(situation.change, words, command, decides=True, signed_at=(gate.stage,))
