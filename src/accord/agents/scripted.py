"""`python -m accord.agents.scripted SCRIPT.toml`: an agent that speaks real ACP and plays a script.

It stands in for a model in demonstrations and tests, and says so. It writes like real agents do,
by itself and without asking, wherever its script tells it to; what it may not do, the box and the
checks around it must prevent.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL
from base64 import b64decode
from pathlib import Path
from typing import Any, cast

import acp
from acp.schema import (
    AgentCapabilities,
    AllowedOutcome,
    Implementation,
    InitializeResponse,
    McpCapabilities,
    NewSessionResponse,
    PermissionOption,
    PromptResponse,
    TextContentBlock,
    ToolCallLocation,
    ToolCallUpdate,
)

from accord import __version__
from accord.agents.script import PLAYING, Scene, Script, Step, parse
from accord.agents.tool_client import ToolClient
from accord.errors import ConfigurationError

_SESSION = "scripted"
# The ids say nothing on purpose, and the refusal comes first: a client that picks by id or by
# position picks wrong.
_OPTIONS = (
    PermissionOption(option_id="option-1", name="No", kind="reject_once"),
    PermissionOption(option_id="option-2", name="Always", kind="allow_always"),
    PermissionOption(option_id="option-3", name="Yes", kind="allow_once"),
)


class ScriptedAgent:
    """Plays the scene that fits the prompt, in the folder that the session was opened for."""

    def __init__(self, script: Script) -> None:
        """Take the script to play."""
        self._script = script
        self._folder = Path()
        self._calls = 0
        self._tools: dict[str, ToolClient] = {}
        self._playing: asyncio.Task[None] | None = None
        self._cancellable = True

    def on_connect(self, conn: acp.Client) -> None:
        """Remember whom to talk to."""
        self._client = conn

    async def initialize(self, protocol_version: int, **_: Any) -> InitializeResponse:
        """Introduce the agent."""
        return InitializeResponse(
            protocol_version=min(protocol_version, acp.PROTOCOL_VERSION),
            agent_info=Implementation(name="accord-scripted", version=__version__),
            agent_capabilities=AgentCapabilities(mcp_capabilities=McpCapabilities(http=True)),
        )

    async def new_session(
        self, cwd: str, mcp_servers: list[Any] | None = None, **_: Any
    ) -> NewSessionResponse:
        """Take the folder to work in, and load the tools that are offered."""
        self._folder = Path(cwd)
        for one in mcp_servers or () if self._script.tools else ():
            headers = [(header.name, header.value) for header in one.headers]
            client = ToolClient(one.url, headers)
            self._tools |= dict.fromkeys(await asyncio.to_thread(client.load), client)
        return NewSessionResponse(session_id=_SESSION)

    async def prompt(self, prompt: list[object], **_: Any) -> PromptResponse:
        """Play the scene for `prompt`, to its end or until it is cancelled."""
        words = "\n".join(block.text for block in prompt if isinstance(block, TextContentBlock))
        scene = self._script.scene(words)
        if scene is None:
            await self._say("[scripted] The script holds no scene for this prompt.")
            return PromptResponse(stop_reason="end_turn")
        await self._say(PLAYING)
        self._playing = asyncio.create_task(self._play(scene))
        try:
            await self._playing
        except asyncio.CancelledError:
            return PromptResponse(stop_reason="cancelled")
        return PromptResponse(stop_reason="end_turn")

    async def cancel(self, **_: Any) -> None:
        """Stop playing, unless the script refuses to."""
        if self._playing is not None and self._cancellable:
            self._playing.cancel()

    async def _play(self, scene: Scene) -> None:
        for step in scene.steps:
            if step.do == "finish":
                return
            await self._do(step)

    async def _do(self, step: Step) -> None:
        match step.do:
            case "write" | "write-bytes" | "append" | "replace" | "delete":
                await self._tool(step)
                await self._tried(step)
            case "run":
                await self._tool(step)
                await self._run(step)
            case "show":
                await self._show(step)
            case "ask":
                await self._ask(step)
            case "tool":
                await self._call(step)
            case "say" | "claim":
                await self._say(step.text)
            case "wait":
                await asyncio.sleep(step.seconds)
            case _:
                await self._misbehave(step)

    async def _misbehave(self, step: Step) -> None:
        match step.do:
            case "die":
                os._exit(step.status)
            case "hang":
                await asyncio.Event().wait()
            case "flood":
                for _ in range(0, step.bytes, 4096):
                    await self._say("x" * 4096)
            case "garbage":
                os.write(1, (step.text or "Segmentation fault").encode() + b"\n")
            case "refuse-cancel":
                self._cancellable = False
                signal.signal(signal.SIGTERM, signal.SIG_IGN)

    async def _tried(self, step: Step) -> None:
        """Change a file; walls that keep it from that are told, as an agent's tool would."""
        try:
            self._change(step)
        except OSError as error:
            await self._say(f"could not {step.do} {step.path}: {error.strerror}\n")

    def _change(self, step: Step) -> None:
        path = self._folder / step.path
        if step.do == "delete":
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if step.do in ("write", "write-bytes"):
            path.write_bytes(b64decode(step.base64) or step.text.encode())
            if step.executable is not None:
                bits = path.stat().st_mode
                path.chmod(bits | 0o111 if step.executable else bits & ~0o111)
        elif step.do == "append":
            with path.open("a", encoding="utf-8") as file:
                file.write(step.text)
        else:
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(step.old, step.new), encoding="utf-8")

    async def _run(self, step: Step) -> None:
        process = await asyncio.create_subprocess_exec(
            *step.argv, cwd=self._folder, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        )
        await process.wait()

    async def _call(self, step: Step) -> None:
        """Call a tool and say what it answers."""
        client = self._tools.get(step.name)
        if client is None:
            await self._say(f"there is no tool {step.name}\n")
            return
        try:
            said = await asyncio.to_thread(client.call, step.name, step.arguments)
        except OSError as error:
            said = str(error)
        await self._say(f"{step.name}: {said}\n")

    async def _ask(self, step: Step) -> None:
        self._calls += 1
        answer = await self._client.request_permission(
            session_id=_SESSION,
            tool_call=ToolCallUpdate(
                tool_call_id=f"call-{self._calls}",
                kind="edit",
                title=f"write {step.path}",
                locations=[ToolCallLocation(path=str(self._folder / step.path))],
            ),
            options=list(_OPTIONS),
        )
        chosen = answer.outcome
        if isinstance(chosen, AllowedOutcome) and chosen.option_id == "option-3":
            await self._tried(Step("write", path=step.path, text=step.text))

    async def _tool(self, step: Step) -> None:
        self._calls += 1
        await self._client.session_update(
            session_id=_SESSION,
            update=acp.start_tool_call(
                f"call-{self._calls}",
                f"{step.do} {step.path or ' '.join(step.argv)}",
                kind="execute" if step.do == "run" else "edit",
                status="in_progress",
                locations=[ToolCallLocation(path=str(self._folder / step.path))]
                if step.path
                else None,
            ),
        )

    async def _show(self, step: Step) -> None:
        """Tell of a tool that is not used; nothing in the words of `step` is done."""
        self._calls += 1
        await self._client.session_update(
            session_id=_SESSION,
            update=acp.start_tool_call(
                f"call-{self._calls}", step.text, kind="other", status="in_progress",
                locations=[ToolCallLocation(path=str(self._folder / step.path))]
                if step.path else None,
            ),
        )  # fmt: skip

    async def _say(self, text: str) -> None:
        await self._client.session_update(
            session_id=_SESSION, update=acp.update_agent_message_text(text)
        )


def main(argv: list[str]) -> int:
    """Play the script named in `argv` to the client on standard input; return the exit status."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m accord.agents.scripted SCRIPT.toml\n")
        return 2
    try:
        script = parse(Path(argv[0]).read_text(encoding="utf-8"))
    except (ConfigurationError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    asyncio.run(acp.run_agent(cast(acp.Agent, ScriptedAgent(script))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
