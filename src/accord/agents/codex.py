"""Codex behind the agent port, through its app-server: one order, one turn, one report.

In a box Codex runs without its own sandbox, which could not be built there, and asks before each
command and each edit all the same: what the order does not open is declined, and the turn goes on.
Without a box its own sandbox keeps commands from writing, and leave to go without is not given.

Protocol: what `codex app-server generate-ts` and `generate-json-schema` print of version 0.166.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping

from accord import __version__
from accord.agents import quirks
from accord.agents.account import Account
from accord.agents.environment import TOOLS_TOKEN
from accord.agents.memory import Memory, prompt
from accord.agents.rpc import Rpc, table, text
from accord.agents.supervising import ENDED, supervise
from accord.agents.toolbox import Toolbox
from accord.agents.toolroom import NAME
from accord.agents.transcript import one_line
from accord.agents.wire import Fault, Message, Wire
from accord.core.orders import AgentOrder, AgentReport, AgentStatus, Emit, EventKind
from accord.errors import AgentError

_UNTOLD = ("userMessage", "agentMessage", "reasoning", "plan", "contextCompaction", "hookPrompt")
_SERVER = "app-server"


async def drive(
    order: AgentOrder, emit: Emit, memory: Memory | None = None, *, box: Toolbox | None = None,
    words: str = "",
) -> AgentReport:  # fmt: skip
    """Run Codex for `order` to the end of one turn and report how it ended.

    With a `memory` the conversation is written down, and one that was begun is gone on with, by
    `words` if there is something to say. The tools in `box` are offered.
    Every fault is a status of the report. Cancelling interrupts the turn, then kills the agent.
    """
    order = box.offer(order) if box is not None else order
    turn = _Turn(order, emit)
    fault = await supervise(
        order, command(order), turn, lambda wire: _Talk(wire, turn, memory, words)
    )
    return turn.report(*fault)


def command(order: AgentOrder) -> tuple[str, ...]:
    """Return the command that starts the app-server of the Codex that the order names.

    Its configuration is told by flags: a thread may not have another service than its server.
    """
    given = order.agent.command
    server = () if _SERVER in given else (_SERVER,)
    return (*given, *server, *_flags("", {**quirks.codex(quirks.asked(order)), **_tools(order)}))


def _tools(order: AgentOrder) -> Mapping[str, object]:
    """Return where Accord's tools are; other users can read a command line: it names no token."""
    if order.tools is None:
        return {}
    server = {
        "url": order.tools.url,
        "bearer_token_env_var": TOOLS_TOKEN,
        "startup_timeout_sec": 60,  # its own ten seconds are short on a machine that is busy
        "tool_timeout_sec": 600,
        "default_tools_approval_mode": "approve",
    }
    return {"mcp_servers": {NAME: server}}


def _flags(prefix: str, held: Mapping[str, object]) -> Iterator[str]:
    for key, value in held.items():
        if isinstance(value, dict):
            yield from _flags(f"{prefix}{key}.", value)
        else:  # TOML spells these values as JSON does
            yield from ("-c", f"{prefix}{key}={json.dumps(value)}")


async def greet(rpc: Rpc) -> Message:
    """Introduce Accord to the app-server and return what it says of itself."""
    me = {"name": "accord", "title": "Accord", "version": __version__}
    greeting = await rpc.ask("initialize", clientInfo=me, capabilities=None)
    await rpc.tell("initialized")
    return greeting


class _Talk:
    """One turn with the app-server."""

    def __init__(self, wire: Wire, turn: "_Turn", memory: Memory | None, words: str) -> None:
        self._turn, self._memory, self._words = turn, memory, words
        self._rpc = Rpc(wire, turn.answer, turn.news)

    async def hold(self) -> Fault:
        listening = asyncio.create_task(self._rpc.listen())
        over = asyncio.create_task(self._turn.over.wait())
        try:
            await self._begin()
            await asyncio.wait({listening, over}, return_when=asyncio.FIRST_COMPLETED)
            if not self._turn.over.is_set():
                raise ConnectionError("the app-server is gone")
            return self._turn.verdict()
        finally:
            listening.cancel()
            over.cancel()
            await asyncio.gather(listening, over, return_exceptions=True)

    async def _begin(self) -> None:
        await greet(self._rpc)
        turn, memory = self._turn, self._memory
        held = memory.session if memory is not None else ""
        resumed = bool(held) and await self._taken_up(held)
        if not resumed:
            started = await self._rpc.ask("thread/start", **_settings(turn))
            turn.session = _name(started.get("thread"))
            if memory is not None:
                memory.keep(turn.session)
        words = prompt(turn.order, held, resumed, self._words)
        said = {"type": "text", "text": words, "text_elements": []}
        begun = await self._rpc.ask("turn/start", threadId=turn.session, input=[said])
        turn.number = _name(begun.get("turn"))
        turn.prompted = True

    async def _taken_up(self, thread: str) -> bool:
        """Go on with a thread; False where Codex no longer knows it."""
        self._turn.session = thread
        try:
            await self._rpc.ask("thread/resume", threadId=thread, excludeTurns=True,
                                **_settings(self._turn))  # fmt: skip
        except AgentError:
            return False
        return True

    async def interrupt(self) -> None:
        turn = self._turn
        await self._rpc.ask("turn/interrupt", threadId=turn.session, turnId=turn.number)

    async def close(self) -> None:
        """There is nothing to let go of: the pipes are the process's own."""


def _settings(turn: "_Turn") -> Message:
    """Return how a thread is to work: in which folder, with which model, asking for what."""
    order = turn.order
    held: Message = {"cwd": turn.folder, "approvalsReviewer": "user"}
    held |= {"model": order.agent.model} if order.agent.model else {}
    if order.box:
        return held | {"sandbox": "danger-full-access", "approvalPolicy": "untrusted"}
    return held | {"sandbox": "read-only", "approvalPolicy": "on-request"}


def _name(value: object) -> str:
    """Return the id of what was made. Raises AgentError where there is none."""
    name = text(table(value).get("id"))
    if not name:
        raise AgentError("gave an answer that the protocol does not know")
    return name


class _Turn(Account):
    """Takes in the news of one turn and answers the requests in it."""

    def __init__(self, order: AgentOrder, emit: Emit) -> None:
        super().__init__(order, emit)
        self.number = ""
        self.over = asyncio.Event()
        self._end: Message = {}
        self._edits: dict[str, tuple[str, ...]] = {}
        self._heard: set[str] = set()
        self._before: tuple[int, int] | None = None

    def verdict(self) -> Fault:
        """Return how the turn ended, by what the app-server said of it."""
        self.stop_reason = one_line(text(self._end.get("status")), 80)
        if self.stop_reason == "completed":
            return ENDED
        words = one_line(text(table(self._end.get("error")).get("message")))
        return AgentStatus.FAILED, f"ended its turn as {self.stop_reason}: {words or 'no reason'}"

    def news(self, method: str, params: Message) -> None:
        """Turn a notification into events; what says nothing here is passed over."""
        item = table(params.get("item"))
        match method:
            case "item/agentMessage/delta":
                self._heard.add(text(params.get("itemId")))
                self.hear(text(params.get("delta")))
            case "item/started":
                self._began(item)
            case "item/completed":
                self._done(item)
            case "thread/tokenUsage/updated":
                self._spent(table(params.get("tokenUsage")))
            case "error":
                again = "; it asks again" if params.get("willRetry") is True else ""
                words = text(table(params.get("error")).get("message"))
                self.say(EventKind.ERROR, f"{one_line(words)}{again}")
            case "turn/completed" if params.get("threadId") == self.session:
                self._end = table(params.get("turn"))
                self.over.set()

    def answer(self, method: str, params: Message) -> Message | None:
        """Answer a request: once, and only what the order opens."""
        match method:
            case "item/fileChange/requestApproval":
                allowed = self._may_edit(text(params.get("itemId")), params.get("grantRoot"))
                return {"decision": "accept" if allowed else "decline"}
            case "item/commandExecution/requestApproval":
                return {"decision": "accept" if self._may_run(params) else "decline"}
            case "item/permissions/requestApproval":
                self.refuse(f"more rights: {one_line(text(params.get('reason')))}")
                return {"permissions": {}, "scope": "turn"}
            case "item/tool/requestUserInput":
                self.refuse("a question to whoever is at the keyboard: nobody is")
                return {"answers": {}}
            case "mcpServer/elicitation/request":
                self.refuse(f"a question of a server: {one_line(text(params.get('message')))}")
                return {"action": "decline", "content": None, "_meta": None}
        return None

    def _may_edit(self, item: str, root: object) -> bool:
        paths = self._edits.get(item, ())
        shut = tuple(path for path in paths if not self.writable.allows(path))
        if paths and not shut and root is None:
            self.say(EventKind.ALLOWED, "edit", self.shown(paths[0]))
            return True
        for shown in dict.fromkeys(map(self.shown, shut or paths or ("",))):
            self.refuse("edit", shown)
        return False

    def _may_run(self, params: Message) -> bool:
        # What a command does cannot be told from its text: a wall around it is what allows it.
        command = text(params.get("command"))
        if self.order.box:
            self.say(EventKind.ALLOWED, command)
        else:
            self.refuse(f"to leave its sandbox: {one_line(command)}")
        return bool(self.order.box)

    def _began(self, item: Message) -> None:
        name, kind = text(item.get("id")), text(item.get("type"))
        if kind in _UNTOLD:
            return
        if kind == "fileChange":
            self._edits[name] = _paths(item)
            self.ran(name, "edit")
            self.say(EventKind.TOOL, "edit", self.shown(*self._edits[name][:1]))
            return
        command = text(item.get("command"))
        self.ran(name, "execute", command)
        tool = ".".join(filter(None, (text(item.get("server")), text(item.get("tool")))))
        self.say(EventKind.TOOL, command or tool or kind)

    def _done(self, item: Message) -> None:
        name = text(item.get("id"))
        if item.get("type") == "agentMessage" and name not in self._heard:
            self.hear(text(item.get("text")))
        status = text(item.get("status"))
        over = status if status in ("completed", "failed") else "failed" if status else ""
        self.ran(name, status=over, output={"exit_code": item.get("exitCode")})

    def _spent(self, usage: Message) -> None:
        """Count the tokens of this process; a thread that was taken up counts on from before."""
        total, last = (_tokens(table(usage.get(key))) for key in ("total", "last"))
        if self._before is None:
            self._before = (total[0] - last[0], total[1] - last[1])
        self.count(total[0] - self._before[0], total[1] - self._before[1])


def _paths(item: Message) -> tuple[str, ...]:
    """Return every path that an edit writes, deletes or moves to; '' for one that is not told."""
    found = []
    changes = item.get("changes")
    for change in changes if isinstance(changes, list) else ():
        found.append(text(table(change).get("path")))
        target = table(table(change).get("kind")).get("move_path")
        found += [] if target is None else [text(target)]
    return tuple(dict.fromkeys(found))


def _tokens(usage: Message) -> tuple[int, int]:
    put, got = usage.get("inputTokens"), usage.get("outputTokens")
    return put if isinstance(put, int) else 0, got if isinstance(got, int) else 0
