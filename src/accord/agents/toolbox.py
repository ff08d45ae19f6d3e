"""Does what an agent asks Accord's tools for, in the process of its run; all of it is written down.

What counts is decided elsewhere: a text that is handed in is a file in the worktree, to be
harvested and judged like any other, and a claim is a line of the transcript.
"""

import asyncio
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from attrs import evolve

from accord.agents import asked, folder
from accord.agents.transcript import one_line, plain
from accord.core import tools as core
from accord.core.orders import (
    AgentEvent,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Emit,
    EventKind,
    Question,
    Tools,
)
from accord.core.tools import Asked, Claimed, HandedIn, Proposed, Said

CALLS = 500
"""How many calls of one run are answered; an agent that needs more goes round in circles."""

DEAF = "did not load Accord's tools"
"""What is said of an agent that worked without the tools that it was offered."""

PROPOSALS = 5
_LOOK_S = 0.2
_NOT_YET = (
    "Nobody has answered yet. The question waits for a person. End your turn now: you will be "
    "called again with the answer, and what you wrote stays as it is."
)


class Toolbox:
    """Accord's tools as one run has them. `claimed` is what its agent said when it called itself
    done. `offered` tells that the agent was told where they are, `loaded` that it took their list,
    and `missed` that it went to work without.
    """

    def __init__(
        self, run: Path, order: AgentOrder, tools: Tools, emit: Emit,
        redact: Callable[[str], str] = str,
    ) -> None:  # fmt: skip
        """Take the folder of the run, what it is to do, its tools, and where calls are told.

        What is kept for people to read goes through `redact`.
        """
        self.tools = tools
        self.claimed = ""
        self.offered = self.loaded = self.missed = False
        self._run, self._order, self._emit, self._redact = run, order, emit, redact
        self._calls = 0

    def offer(self, order: AgentOrder) -> AgentOrder:
        """Note that the agent is told where the tools are; return the order that names them."""
        self.offered = True
        return evolve(order, prompt=f"{order.prompt}\n\n{core.prompt(self.tools)}\n")

    def concluded(self, report: AgentReport) -> AgentReport:
        """Return `report` with what the tools know of how the run ended.

        An agent that did not load them worked without what it was promised, and one that waits
        for an answer is not at its end, whatever it says.
        """
        if self.missed or (self._is_deaf() and report.status is AgentStatus.ENDED):
            words = f"{one_line(self._order.agent.name, 80)} {DEAF}"
            self._tell(EventKind.ERROR, words)
            return evolve(report, status=AgentStatus.FAILED, detail=words)
        report = evolve(report, claimed=self.claimed)
        ids = [one.id for one in asked.waiting(self._run.parent)
               if one.run_id == report.run_id]  # fmt: skip
        if report.status is not AgentStatus.ENDED or not ids:
            return report
        words = f"waits for an answer to {', '.join(ids)}"
        return evolve(report, status=AgentStatus.ASKS, detail=words)

    def works(self) -> bool:
        """Note that the agent goes on with its work; False when it does so without the tools."""
        self.missed = self.missed or self._is_deaf()
        return not self.missed

    def _is_deaf(self) -> bool:
        return self.offered and not self.loaded

    async def call(self, name: str, arguments: object) -> Said | None:
        """Do what a call asks for and return the answer; None where there is no such tool."""
        act = core.act(self.tools, name, arguments)
        if act is None:
            return None
        self._calls += 1
        if self._calls > CALLS:
            return Said(f"This run has called Accord's tools {CALLS} times, which is enough.", True)
        self._tell(EventKind.TOOL, f"accord {name}{_about(arguments)}")
        said = await self._done(act)
        if said.wrong:
            self._tell(EventKind.REFUSED, f"accord {name}: {said.text}")
        return said

    async def _done(self, act: core.Act) -> Said:
        match act:
            case Said():
                return act
            case Asked(id=name, text=text):
                return await self._ask(name, text)
            case HandedIn(path=path, data=data):
                return self._hand_in(path, data)
            case Claimed(text=text):
                self.claimed = plain(text, core.CLAIM_CHARS)
                self._tell(EventKind.TEXT, f"It says that it is done: {self.claimed}")
                return Said("Noted as what you say. End your turn now; your work is then checked.")
            case Proposed():
                return self._propose(act)

    async def _ask(self, name: str, text: str) -> Said:
        question = Question(name, self._order.run_id, self.tools.about,
                            plain(self._redact(text), core.QUESTION_CHARS))  # fmt: skip
        if not asked.ask(self._run, question):
            return Said(f"{asked.QUESTIONS} questions wait already; end your turn.", wrong=True)
        self._tell(EventKind.TEXT, f"It asks {name}: {question.text}")
        until = asyncio.get_running_loop().time() + self.tools.patience_s
        while (found := asked.reply_to(self._run, name)) is None:
            if asyncio.get_running_loop().time() >= until:
                return Said(_NOT_YET)
            await asyncio.sleep(_LOOK_S)
        asked.tell(self._run, found)
        self._tell(EventKind.TEXT, f"A person answered {name}: {found.words}")
        return Said(core.replied((found,)))

    def _hand_in(self, path: str, data: bytes) -> Said:
        try:
            write_inside(Path(self._order.workdir), path, data)
        except OSError as error:
            return Said(f"{path} cannot be written: {error.strerror}.", wrong=True)
        return Said(f"{path} has {len(data):,} bytes now. It is judged when your turn is over.")

    def _propose(self, act: Proposed) -> Said:
        held = folder.read_proposals(self._run)
        if len(held) >= PROPOSALS:
            return Said(f"A run may propose {PROPOSALS} decisions.", wrong=True)
        offered = (self._redact(act.statement), self._redact(act.because))
        held = tuple(dict.fromkeys((*held, offered)))
        folder.write(self._run / folder.PROPOSALS, {"proposals": [list(one) for one in held]})
        return Said("Noted as a proposal. It binds nobody until a person signs it.")

    def _tell(self, kind: EventKind, text: str) -> None:
        self._emit(AgentEvent(kind, plain(text, 4_000)))


def write_inside(root: Path, path: str, data: bytes) -> None:
    """Put `data` at `path` below `root`, in the place of what was there. Raises OSError.

    The agent owns what lies below `root` and may put a link in any place at any moment, so no
    folder of the path is entered by a link, and a link at its end is replaced, not followed.
    """
    *folders, name = path.split("/")
    with _folder(root, folders) as place:
        written = f".{token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(written, flags, 0o644, dir_fd=place)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(written, name, src_dir_fd=place, dst_dir_fd=place)
        except OSError:
            os.unlink(written, dir_fd=place)
            raise


@contextmanager
def _folder(root: Path, names: list[str]) -> Iterator[int]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    place = os.open(root, flags)
    try:
        for name in names:
            if name in ("", ".", ".."):
                raise OSError(0, "it is no plain path")
            try:
                os.mkdir(name, 0o755, dir_fd=place)
            except FileExistsError:
                if not stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode):
                    raise OSError(0, f"{name} is no folder") from None
            inner = os.open(name, flags, dir_fd=place)
            os.close(place)
            place = inner
        yield place
    finally:
        os.close(place)


def _about(arguments: object) -> str:
    """Return in a few words what a call is about, for the transcript."""
    if not isinstance(arguments, dict) or not arguments:
        return ""
    shown = [f"{key}: {value}" for key, value in arguments.items()]
    return " " + one_line("; ".join(shown), 200)
