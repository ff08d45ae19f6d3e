"""Claude Code behind the agent port, through claude-agent-sdk: one order, one turn, one report.

What the agent may do is decided call by call in `claude_tools`, and asked for twice: by a
PreToolUse hook that blocks when it fails, because Claude Code asks for no permission where a rule
of its own already allows a call, and again by the permission callback. No settings, hooks or MCP
servers of the person or the repository are loaded.

The process is started here and not by the SDK, whose own transport hands the whole environment on
and knows neither a box nor limits nor what else the agent has started.
"""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from attrs import evolve

from accord.agents.account import Account
from accord.agents.claude_tools import WRITERS, Ruling, flags, is_shut, judge, servers
from accord.agents.memory import Memory, prompt
from accord.agents.supervising import ENDED, supervise
from accord.agents.toolbox import DEAF, Toolbox
from accord.agents.toolroom import NAME
from accord.agents.transcript import one_line, plain
from accord.agents.wire import Fault, Message, Wire, parsed
from accord.core.orders import AgentOrder, AgentReport, AgentStatus, Emit, EventKind

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeSDKClient

_OWN = (
    ("CLAUDE_CODE_ENTRYPOINT", "sdk-py"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
)
_FORGOTTEN = "No conversation found"
_READ = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


async def drive(
    order: AgentOrder, emit: Emit, memory: Memory | None = None, *, box: Toolbox | None = None,
    words: str = "",
) -> AgentReport:  # fmt: skip
    """Run one turn of Claude Code for `order`, tell `emit` of it as it goes, return the report.

    With a `memory` the conversation is written down, and one that was begun is gone on with, by
    `words` if there is something to say. The tools in `box` are offered.
    Never raises for what the agent or the model's service does: that is what the report says.
    Tokens read include those that came from the service's cache.
    """
    order = dressed(box.offer(order) if box is not None else order)
    run = _Run(order, emit, memory)
    try:
        import claude_agent_sdk  # noqa: F401 - it is an extra, and need not be installed
    except ImportError:
        missing = 'was not started: claude-agent-sdk is missing: pip install "accord[claude]"'
        return run.report(AgentStatus.FAILED, missing)
    held = memory.session if memory is not None else ""
    fault = await _attended(run, prompt(order, held, bool(held), words), held)
    if held and run.forgotten:
        run = _Run(order, emit, memory)
        fault = await _attended(run, prompt(order, held, False, words))
    return run.report(*fault)


async def _attended(run: "_Run", said: str, session: str = "") -> Fault:
    words = command(run.order, session)
    return await supervise(run.order, words, run, lambda wire: _Talk(wire, run, said), _read)


def dressed(order: AgentOrder) -> AgentOrder:
    """Return `order` with the variables that Claude Code needs, the order's own part last."""
    variables = (*_OWN, *order.environment, ("PWD", order.workdir))
    return evolve(order, environment=variables)


def command(order: AgentOrder, session: str = "") -> tuple[str, ...]:
    """Return the CLI that was named or comes with the SDK, its flags, and what it goes on with."""
    import claude_agent_sdk as sdk

    bundled = Path(sdk.__file__).parent / "_bundled" / "claude"
    found = str(bundled) if bundled.is_file() else shutil.which("claude") or "claude"
    return (
        *(order.agent.command or (found,)),
        *("--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
        # Every piece of an answer is heard as it comes, so that silence means that nothing comes.
        "--include-partial-messages",
        *("--permission-mode", "default", "--permission-prompt-tool", "stdio"),
        *("--setting-sources=", "--strict-mcp-config"),
        *flags(order),
        *servers(order),
        *((f"--model={order.agent.model}",) if order.agent.model else ()),
        *((f"--resume={session}",) if session else ()),
    )


def _read(line: bytes) -> Message | None:
    """Understand a line of the CLI, which writes notes of its own between the messages."""
    if not line.startswith(b"{"):
        return {}
    message = parsed(line)
    return message if message is not None and isinstance(message.get("type"), str) else None


class _Pipe:
    """The SDK's `Transport` over the wire of a process that was started without it."""

    def __init__(self, wire: Wire, run: "_Run") -> None:
        self._wire, self._run = wire, run
        self.over = False

    async def connect(self) -> None:
        """Do nothing: the process runs."""

    async def write(self, data: str) -> None:
        # A process that is gone is reported by the reading side, which knows why.
        with suppress(ConnectionError):
            await self._wire.write(data)

    async def read_messages(self) -> AsyncIterator[dict[str, Any]]:
        while (message := await self._wire.receive()) is not None:
            # It says so and leaves before it has answered the SDK, which then hears nothing of it.
            self._run.forgotten |= _FORGOTTEN in str(message.get("errors", ""))
            yield message
        self.over = True
        raise ConnectionError("Claude Code is gone")

    async def end_input(self) -> None:
        await self._wire.close()

    def is_ready(self) -> bool:
        return True

    async def close(self) -> None:
        await self._wire.close()


class _Talk:
    """One turn with Claude Code, which `said` begins."""

    def __init__(self, wire: Wire, run: "_Run", said: str) -> None:
        import claude_agent_sdk as sdk

        self._run, self._said, self._pipe = run, said, _Pipe(wire, run)
        matcher = sdk.HookMatcher(hooks=[run.before], on_failure="block")
        # A prompt quotes documents: what looks like a file mention or a command in one is neither.
        options = sdk.ClaudeAgentOptions(
            can_use_tool=run.permit, hooks={"PreToolUse": [matcher]}, verbatim_prompts=True
        )
        transport = cast("sdk.Transport", self._pipe)
        self._client: ClaudeSDKClient = sdk.ClaudeSDKClient(options, transport=transport)

    async def hold(self) -> Fault:
        import claude_agent_sdk as sdk

        try:
            await self._client.connect(self._said)
            self._run.prompted = True
            async for message in self._client.receive_response():
                self._run.take(message)
        except sdk.CLIConnectionError as error:
            return AgentStatus.FAILED, f"will not do: {one_line(str(error))}"
        except Exception as error:  # the SDK raises it bare, and KeyError on odd messages
            if self._run.result is None and self._pipe.over:
                raise ConnectionError("Claude Code is gone") from error
            if self._run.result is None:
                odd = one_line(f"{type(error).__name__}: {error}")
                return AgentStatus.GARBAGE, f"said what cannot be understood: {odd}"
        finally:
            await self._client.disconnect()
        return self._run.verdict()

    async def interrupt(self) -> None:
        await self._client.interrupt()

    async def close(self) -> None:
        """Do nothing: who held the conversation let go of it, as the SDK asks."""


class _Run(Account):
    """Takes in the messages of one turn and answers the questions in it."""

    def __init__(self, order: AgentOrder, emit: Emit, memory: Memory | None) -> None:
        super().__init__(order, emit)
        self.result: Any = None
        self.forgotten = False
        self._memory = memory
        self._ruled: set[str] = set()

    def rule(self, tool: str, arguments: Mapping[str, object], call: str | None) -> Ruling:
        """Decide a call and tell of it once, however often the same one is asked for."""
        ruling = judge(self.order, tool, arguments)
        if call is None or call not in self._ruled:
            self._ruled.add(call or "")
            path = one_line(ruling.path)
            if ruling.allowed:
                self.say(EventKind.ALLOWED, tool, path)
            else:
                self.refuse(f"{tool}: {ruling.reason}", path)
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

    def take(self, message: object) -> None:
        """Take in one message of the turn."""
        import claude_agent_sdk as sdk

        if isinstance(message, sdk.SystemMessage):
            self._note(message.subtype, message.data)
        elif isinstance(message, sdk.ResultMessage):
            self.result = message
            usage = message.usage or {}
            read = sum(int(usage.get(kind) or 0) for kind in _READ)
            self.count(read, int(usage.get("output_tokens") or 0))
        elif isinstance(message, sdk.AssistantMessage | sdk.UserMessage):
            failed = bool(getattr(message, "error", None))
            for block in message.content if isinstance(message.content, list) else ():
                self._take(block, failed)

    def _note(self, subtype: str, data: Mapping[str, Any]) -> None:
        if subtype == "api_retry":
            answered = data.get("error_status") or "nothing"
            self.say(EventKind.ERROR, f"the model's service answered {answered}; asking again")
        elif subtype == "init":
            if self._memory is not None:
                self._memory.keep(str(data.get("session_id") or ""))
            found = data.get("mcp_servers")
            listed = [one for one in found if isinstance(one, dict)] if found else []
            states = [one.get("status") for one in listed if one.get("name") == NAME]
            if self.order.tools is not None and all(map(is_shut, states)):
                self.fail(AgentStatus.FAILED, DEAF)

    def _take(self, block: object, failed: bool) -> None:
        import claude_agent_sdk as sdk

        if isinstance(block, sdk.TextBlock) and failed:
            # Claude Code passes a failure of the service on as if the model had said it.
            self.say(EventKind.ERROR, block.text)
        elif isinstance(block, sdk.TextBlock):
            self.hear(block.text)
        elif isinstance(block, sdk.ToolUseBlock):
            ruling = judge(self.order, block.name, block.input)
            self.say(EventKind.TOOL, block.name, one_line(ruling.path))
            command = str(block.input.get("command") or f"{block.name} {ruling.path}")
            self.ran(block.id, "edit" if block.name in WRITERS else "execute", command)
            # A tool that was never offered is turned away without a question to the hook.
            if not ruling.allowed:
                self.rule(block.name, block.input, block.id)
        elif isinstance(block, sdk.ToolResultBlock):
            self.ran(block.tool_use_id, status="failed" if block.is_error else "completed")

    def verdict(self) -> Fault:
        """Return how the turn ended, by the result that Claude Code gave of it."""
        result = self.result
        if result is None:
            raise ConnectionError("Claude Code ended before its turn did")
        self.stop_reason = plain(result.stop_reason or "", 80)
        if result.api_error_status:
            words = f"the model's service answered {result.api_error_status}"
        elif result.is_error:
            words = "; ".join(result.errors or ()) or result.result or result.subtype
        else:
            return ENDED
        return AgentStatus.FAILED, f"ended its turn in an error: {one_line(words)}"
