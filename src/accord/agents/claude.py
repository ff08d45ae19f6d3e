"""Claude Code behind the agent port, through claude-agent-sdk: one order, one turn, one report.

What the agent may do is decided call by call in `judge`, and asked for twice: by a PreToolUse hook
that blocks when it fails, because Claude Code asks for no permission where a rule of its own
already allows a call, and again by the permission callback. Tools that are never allowed are not
offered at all; no settings, hooks or MCP servers of the person or the repository are loaded. None
of this is a wall: it keeps an honest agent inside its area. The wall is the order's `box`.

The process is started here and not by the SDK, whose own transport hands the whole environment on
and knows neither a box nor limits nor what else the agent has started.
"""

import asyncio
import json
import os
import shutil
import signal
import time
import unicodedata
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from attrs import Factory, define, frozen
from pathspec import GitIgnoreSpec

from accord.agents import claude_tools
from accord.agents.environment import clean
from accord.agents.processes import end_marked
from accord.agents.toolbox import Toolbox
from accord.core.orders import (
    AgentEvent,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Emit,
    EventKind,
)
from accord.core.paths import SIMPLE

_READERS = ("Read", "Grep", "Glob", "LS")
_WRITERS = dict.fromkeys(("Write", "Edit", "MultiEdit"), "file_path")
_WRITERS["NotebookEdit"] = "notebook_path"
_NEVER = ("WebFetch", "WebSearch", "Task", "Agent")
_MARK = "ACCORD_CLAUDE_RUN"
_SAID = 4000
_GRACE_S = 5.0


@frozen
class Ruling:
    """What was decided about one tool call: a reason when it is refused, its path if it has one."""

    allowed: bool
    reason: str = ""
    path: str = ""


def judge(order: AgentOrder, tool: str, arguments: Mapping[str, object]) -> Ruling:
    """Decide one tool call of the agent; whatever is not known to be allowed is refused.

    Reading is allowed. Writing is allowed where `order.writable` says so, judged after symbolic
    links are followed. Bash is allowed only inside a box: what a shell command does cannot be told
    from its text, so without a wall around the agent there is no safe answer but no. The network
    tools, sub-agents and tools that this version does not know are refused.
    """
    if claude_tools.is_own(order, tool):
        return Ruling(True)
    if tool in _READERS:
        return Ruling(True, path=str(arguments.get("file_path") or arguments.get("path") or ""))
    if tool in _WRITERS:
        return _judge_write(order, arguments.get(_WRITERS[tool]))
    if tool == "Bash":
        reason = "" if order.box else "there is no box around this run, so no shell in it"
        return Ruling(bool(order.box), reason=reason)
    return Ruling(False, reason="this tool is not allowed here")


def _judge_write(order: AgentOrder, path: object) -> Ruling:
    if not isinstance(path, str) or path != path.strip() or path[:1] in ("", "~") or "\0" in path:
        return Ruling(False, reason="the path is not a plain one", path=str(path or ""))
    root = os.path.realpath(order.workdir)
    asked = Path(order.workdir, path)
    shown = asked.relative_to(order.workdir) if asked.is_relative_to(order.workdir) else asked
    area = GitIgnoreSpec.from_lines(order.writable, backend=SIMPLE)
    for place in _places(asked):
        if not place.is_relative_to(root):
            return Ruling(False, "the path leads out of the checkout", str(shown))
        inside = place.relative_to(root)
        hidden = any(part.lower() == ".git" for part in inside.parts)
        if hidden or not area.match_file(inside.as_posix()):
            return Ruling(False, f"{inside} is not among the paths that may be written", str(shown))
    return Ruling(True, path=str(shown))


def _places(asked: Path) -> list[Path]:
    """Return what writing to `asked` could change: what it names and where that leads."""
    # Claude Code composes accents in the paths that it compares, so both spellings count.
    spellings = (asked, Path(unicodedata.normalize("NFC", str(asked))))
    names = [Path(os.path.realpath(path.parent), path.name) for path in spellings]
    return [*names, *(Path(os.path.realpath(path)) for path in spellings)]


def environment(order: AgentOrder) -> dict[str, str]:
    """Return all that the agent's process sees of the environment, the order's own part last."""
    own = {
        "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    }
    return clean({**own, **dict(order.environment), "PWD": order.workdir})


def command(order: AgentOrder) -> tuple[str, ...]:
    """Return the command of a run: the box, the CLI that was named or comes with the SDK, flags."""
    import claude_agent_sdk as sdk

    bundled = Path(sdk.__file__).parent / "_bundled" / "claude"
    found = str(bundled) if bundled.is_file() else shutil.which("claude") or "claude"
    offered, refused = (("Bash",), ()) if order.box else ((), ("Bash",))
    return (
        *order.box,
        *(order.agent.command or (found,)),
        *("--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
        # Every piece of an answer is heard as it comes, so that silence means that nothing comes.
        "--include-partial-messages",
        *("--permission-mode", "default", "--permission-prompt-tool", "stdio"),
        *("--setting-sources=", "--strict-mcp-config"),
        *("--tools", ",".join((*_READERS, *_WRITERS, *offered))),
        *("--disallowedTools", ",".join((*_NEVER, *refused))),
        *((f"--model={order.agent.model}",) if order.agent.model else ()),
        *claude_tools.flags(order),
    )


class _Over(Exception):  # noqa: N818 - it says how a run ended, which need not be an error
    """Raised with a status and a sentence where a run ends before its turn does."""

    def __str__(self) -> str:
        return str(self.args[1])


class _Wire:
    """The SDK's `Transport` over a process in a session of its own, held to the order's limits."""

    def __init__(self, order: AgentOrder) -> None:
        self._order = order
        self._run = uuid4().hex
        self._process: asyncio.subprocess.Process | None = None
        self._complaints: list[asyncio.Task[None]] = []
        self._complaint = b""
        self._bytes = 0
        self._deadline = time.monotonic() + order.limits.total_s

    async def connect(self) -> None:
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command(self._order),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=self._order.workdir,
                env={**environment(self._order), _MARK: self._run},
                start_new_session=True,
            )
        except OSError as error:
            raise _Over(AgentStatus.FAILED, f"Claude Code could not be started: {error}") from error
        self._complaints.append(asyncio.create_task(self._collect(self._process)))

    async def write(self, data: str) -> None:
        if self._process and self._process.stdin:
            # A process that is gone is reported by the reading side, which knows why.
            with suppress(ConnectionError):
                self._process.stdin.write(data.encode())
                await self._process.stdin.drain()

    async def read_messages(self) -> AsyncIterator[dict[str, Any]]:
        held = bytearray()
        while self._process:
            chunk = await self._hear(self._process)
            held += chunk
            if b"\n" in chunk:
                *lines, held = held.split(b"\n")
                for line in lines:
                    if line.startswith(b"{"):
                        yield json.loads(line)

    async def _hear(self, process: asyncio.subprocess.Process) -> bytes:
        limits, left = self._order.limits, self._deadline - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            async with asyncio.timeout(min(left, limits.idle_s)):
                chunk = await cast("asyncio.StreamReader", process.stdout).read(2**16)
        except TimeoutError:
            self.kill(signal.SIGTERM)
            silent, late = f"silent for {limits.idle_s:g} s", f"not done in {limits.total_s:g} s"
            said = f"Claude Code was {silent if limits.idle_s < left else late}"
            raise _Over(AgentStatus.HUNG, said) from None
        self._bytes += len(chunk)
        if self._bytes > limits.output_bytes:
            self.kill()
            raise _Over(AgentStatus.FLOODED, f"Claude Code printed {self._bytes} bytes and more")
        if not chunk:
            raise await self._end(process)
        return chunk

    async def _end(self, process: asyncio.subprocess.Process) -> Exception:
        """Return the SDK's own error for a process that is gone: it adds what was said before."""
        from claude_agent_sdk import ProcessError

        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE_S)
        words = _printable(self._complaint.decode(errors="replace")).strip().splitlines()
        ending = ": ".join((f"exit status {process.returncode}", *words[-1:]))
        return ProcessError(f"Claude Code ended before its turn did, {ending}")

    async def _collect(self, process: asyncio.subprocess.Process) -> None:
        while process.stderr and (chunk := await process.stderr.read(2**16)):
            self._bytes += len(chunk)
            self._complaint = (self._complaint + chunk)[-_SAID:]

    async def end_input(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def is_ready(self) -> bool:
        return self._process is not None

    async def close(self) -> None:
        """Let the process leave, then ask it to, then make it; what it started goes with it."""
        if self._process is None:
            return
        await self.end_input()
        leaving = asyncio.create_task(self._leave(self._process))
        for farewell in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
            if (await asyncio.wait({leaving}, timeout=_GRACE_S))[0]:
                break
            self.kill(farewell)
        leaving.cancel()
        self.kill()
        self._process = None

    async def _leave(self, process: asyncio.subprocess.Process) -> None:
        # A process whose last words nobody reads may not end, and its pipes close only after it.
        while process.stdout and await process.stdout.read(2**16):
            pass
        await asyncio.gather(process.wait(), *self._complaints)

    def kill(self, deadly: signal.Signals = signal.SIGKILL) -> None:
        """Signal the agent's group, and for SIGKILL all that has left the group too.

        A shell of the agent runs in a session of its own, which no signal to the group reaches.
        """
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, deadly)
        if self._process and deadly is signal.SIGKILL:
            end_marked(_MARK, self._run)


def _printable(text: str) -> str:
    # Neither control characters nor halves of characters, but for line ends.
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


@define
class _Run:
    """What is known of the run so far; the SDK's messages and questions come in here."""

    order: AgentOrder
    emit: Emit
    ruled: set[str] = Factory(set)
    refused: dict[str, None] = Factory(dict)
    said: str = ""
    result: object = None

    def tell(self, kind: EventKind, text: str, path: str = "") -> None:
        """Emit one event, without what no transcript should hold."""
        self.emit(AgentEvent(kind, _printable(text), _printable(path)))

    def rule(self, tool: str, arguments: Mapping[str, object], call: str | None) -> Ruling:
        """Decide a call and tell of it once, however often the same one is asked for."""
        ruling = judge(self.order, tool, arguments)
        if call is None or call not in self.ruled:
            self.ruled.add(call or "")
            kind = EventKind.ALLOWED if ruling.allowed else EventKind.REFUSED
            self.tell(kind, ": ".join(filter(None, (tool, ruling.reason))), ruling.path)
            if not ruling.allowed:
                self.refused[_printable(ruling.path or tool)] = None
        return ruling

    async def before(self, asked: Any, call: str | None, _context: Any) -> Any:
        """Answer the question before every tool call (`HookCallback`); a failure here blocks it."""
        ruling = self.rule(asked["tool_name"], asked["tool_input"], call)
        denial = {"hookEventName": "PreToolUse", "permissionDecision": "deny"}
        denial["permissionDecisionReason"] = ruling.reason
        return {} if ruling.allowed else {"hookSpecificOutput": denial}

    async def permit(self, tool: str, arguments: dict[str, Any], context: Any) -> Any:
        """Answer a request for a permission (`CanUseTool`)."""
        from claude_agent_sdk import PermissionResultAllow, PermissionResultDeny

        ruling = self.rule(tool, arguments, context.tool_use_id)
        denial = PermissionResultDeny(message=ruling.reason)
        return PermissionResultAllow() if ruling.allowed else denial

    def hear(self, message: object) -> None:
        """Take in one message of the turn."""
        import claude_agent_sdk as sdk

        if isinstance(message, sdk.SystemMessage) and message.subtype == "api_retry":
            answered = message.data.get("error_status") or "nothing"
            self.tell(EventKind.ERROR, f"the model's service answered {answered}; asking again")
        elif isinstance(message, sdk.ResultMessage):
            self.result = message
        for block in message.content if isinstance(message, sdk.AssistantMessage) else ():
            if isinstance(block, sdk.TextBlock):
                # Claude Code passes a failure of the service on as if the model had said it.
                failed = bool(getattr(message, "error", None))
                self.tell(EventKind.ERROR if failed else EventKind.TEXT, block.text)
                self.said = self.said if failed else _printable(block.text)[:_SAID]
            elif isinstance(block, sdk.ToolUseBlock):
                ruling = judge(self.order, block.name, block.input)
                self.tell(EventKind.TOOL, block.name, ruling.path)
                # A tool that was never offered is turned away without a question to the hook.
                if not ruling.allowed:
                    self.rule(block.name, block.input, block.id)

    def report(self, status: AgentStatus, detail: str = "") -> AgentReport:
        """Tell how the run ended and return its report."""
        detail = " ".join(_printable(detail).split())[:500]
        usage = getattr(self.result, "usage", None) or {}
        kinds = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        read = sum(int(usage.get(kind) or 0) for kind in kinds)
        written = int(usage.get("output_tokens") or 0)
        self.tell(EventKind.USAGE, f"{read} tokens read, {written} written")
        if status is not AgentStatus.ENDED:
            self.tell(EventKind.ERROR, detail)
        self.tell(EventKind.END, status.value)
        stop = _printable(getattr(self.result, "stop_reason", None) or "")
        run, refused = self.order.run_id, tuple(self.refused)
        return AgentReport(run, status, detail, self.said, stop, refused, read, written)


async def drive(order: AgentOrder, emit: Emit, box: Toolbox | None = None) -> AgentReport:
    """Run one turn of Claude Code for `order`, tell `emit` of it as it goes, return the report.

    Never raises for what the agent or the model's service does: that is what the report says. The
    agent and all that it started are gone when this returns or is cancelled. Tokens read include
    those that came from the service's cache.
    """
    run, wire = _Run(order := claude_tools.offered(order, box), emit), _Wire(order)
    try:
        import claude_agent_sdk as sdk
    except ImportError:
        missing = 'claude-agent-sdk is not installed: pip install "accord[claude]"'
        return run.report(AgentStatus.FAILED, missing)
    try:
        return run.report(*await _turn(run, wire))
    except _Over as over:
        return run.report(*over.args)
    except (sdk.ResultError, sdk.CLIConnectionError) as error:
        return run.report(AgentStatus.FAILED, str(error))
    except sdk.ProcessError as error:
        return run.report(AgentStatus.DIED, str(error))
    except Exception as error:  # noqa: BLE001 - the SDK raises it bare, and KeyError on odd messages
        if isinstance(error.__cause__, TimeoutError):
            return run.report(AgentStatus.HUNG, "Claude Code did not answer when it was started")
        odd = f"Claude Code said what cannot be understood: {type(error).__name__}: {error}"
        return run.report(AgentStatus.GARBAGE, odd)
    finally:
        wire.kill()


async def _turn(run: _Run, wire: _Wire) -> tuple[AgentStatus, str]:
    import claude_agent_sdk as sdk

    matcher = sdk.HookMatcher(hooks=[run.before], on_failure="block")
    # A prompt quotes documents: what looks like a file mention or a command in one is neither.
    options = sdk.ClaudeAgentOptions(
        can_use_tool=run.permit, hooks={"PreToolUse": [matcher]}, verbatim_prompts=True
    )
    client = sdk.ClaudeSDKClient(options, transport=cast("sdk.Transport", wire))
    try:
        await client.connect(run.order.prompt)
        async for message in client.receive_response():
            run.hear(message)
    finally:
        await client.disconnect()
    if not isinstance(run.result, sdk.ResultMessage):
        return AgentStatus.DIED, "Claude Code ended before its turn did"
    if run.result.api_error_status:
        return AgentStatus.FAILED, f"the model's service answered {run.result.api_error_status}"
    if run.result.is_error:
        words = "; ".join(run.result.errors or ()) or run.result.result or run.result.subtype
        return AgentStatus.FAILED, f"the turn ended in an error: {words}"
    return AgentStatus.ENDED, ""
