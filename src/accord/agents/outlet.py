"""Opens the gateway of a run: finds the key, makes the sockets, tells the agent where they are."""

import asyncio
import contextlib
import os
import secrets
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from attrs import evolve

from accord.agents import folder, upstream
from accord.agents.environment import TOOLS_TOKEN, TOOLS_URL
from accord.agents.gateway import Gateway, Plan
from accord.agents.gateway_rules import SERVICES, Service
from accord.agents.redaction import EVERY_KEY
from accord.agents.spending import LEDGER, Ledger
from accord.agents.toolroom import PATH, ToolRoom
from accord.agents.visits import Visits
from accord.core.orders import (
    BRIDGE_PORT,
    DOOR,
    PORT,
    AgentEvent,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Emit,
    EventKind,
    Outlet,
)
from accord.core.spending import shown
from accord.errors import AgentError


def plan(order: AgentOrder, outlet: Outlet, environ: Mapping[str, str]) -> Plan:
    """Return what the gateway of `order` is to work with; the key comes from `environ` alone.

    Raises AgentError when there is no key, no such service or no such address.
    """
    service = SERVICES.get(outlet.service)
    if service is None:
        raise AgentError(
            f"No gateway leads to a service called {outlet.service}.",
            hint=f"The services are {', '.join(SERVICES)}.",
        )
    names = outlet.keys or service.keys
    variable = next((name for name in names if environ.get(name, "").strip()), "")
    if not variable:
        raise AgentError(
            f"There is no key for the model's service {service.name}.",
            hint=f"Set {' or '.join(names)} in the environment and start again.",
        )
    key = environ[variable].strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise AgentError(f"What {variable} holds is not a key: it has characters that none has.")
    try:
        address = upstream.parse(
            outlet.upstream or service.upstream, configured=bool(outlet.upstream)
        )
    except upstream.UpstreamError as error:
        raise AgentError(
            f"The model's service cannot be asked: {error}.",
            hint="Correct its upstream in .accord/config.toml.",
        ) from error
    token = f"sk-accord-{secrets.token_hex(24)}"
    idle_s = order.limits.idle_s
    return Plan(
        order.run_id, outlet, service, address, variable, key, token, idle_s, outlet.retry_s
    )


def environment(order: AgentOrder, plan: Plan, port: int) -> tuple[tuple[str, str], ...]:
    """Return the order's environment with the way to the gateway, and without any key."""
    shut = EVERY_KEY | set(plan.outlet.keys)
    kept = [(n, v) for n, v in order.environment if n not in shut and plan.key not in v]
    service: Service = plan.service
    urls = [(name, f"http://127.0.0.1:{port}{suffix}") for name, suffix in service.urls]
    return (*kept, *urls, *((name, plan.token) for name in service.tokens), *service.fixed)


@contextlib.asynccontextmanager
async def opened(
    run: Path, order: AgentOrder, plan: Plan, emit: Emit, tools: ToolRoom | None = None
) -> AsyncIterator[tuple[AgentOrder, Gateway]]:
    """Give the order as the agent is to have it, and the gateway that listens for it meanwhile.

    Accord's `tools` are reached by the same door. Raises AgentError when it cannot be opened.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            ledger = Ledger(run.parent.parent / LEDGER)
            stack.callback(ledger.close)
            log = os.open(run / folder.REQUESTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            file = stack.enter_context(os.fdopen(log, "ab", 0))
            gateway = Gateway(plan, ledger, emit, file, tools)
            port = await _listening(stack, run, order, gateway)
        except (OSError, sqlite3.Error) as error:
            raise AgentError(f"The gateway of the run cannot be opened: {error}.") from error
        stack.push_async_callback(gateway.close)
        led = evolve(order, environment=environment(order, plan, port))
        yield _with_tools(run, led, tools, port), gateway


@contextlib.asynccontextmanager
async def opened_for_tools(
    run: Path, order: AgentOrder, tools: ToolRoom
) -> AsyncIterator[AgentOrder]:
    """Give the order of a run that has no gateway, while Accord's tools can be reached.

    Raises AgentError when the door cannot be opened.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            port = await _listening(stack, run, order, tools)
        except OSError as error:
            raise AgentError(f"The door of the run cannot be opened: {error}.") from error
        stack.push_async_callback(tools.close)
        yield _with_tools(run, order, tools, port)


async def _listening(
    stack: contextlib.AsyncExitStack, run: Path, order: AgentOrder, visits: Visits
) -> int:
    """Listen on the socket in the run's folder, to which a box leads; return the agent's port.

    Without a box it listens on a port of the loopback address too. Raises OSError.
    """
    listeners = [_door(run)]
    if not order.box:
        listeners.append(socket.create_server(("127.0.0.1", 0)))
    for listener in listeners:
        stack.enter_context(listener)
        start = asyncio.start_server if listener.family == socket.AF_INET else _start_unix
        server = await start(visits.serve, sock=listener)
        stack.callback(server.close)
    return BRIDGE_PORT if order.box else int(listeners[-1].getsockname()[1])


def _with_tools(run: Path, order: AgentOrder, tools: ToolRoom | None, port: int) -> AgentOrder:
    """Return the order with the address of its tools, for drivers and as variables."""
    if tools is None:
        return order
    url = f"http://127.0.0.1:{port}{PATH.decode()}"
    held = evolve(tools.box.tools, url=url, door=str(run / folder.DOOR))
    named = ((TOOLS_URL, url), (TOOLS_TOKEN, held.token))
    return evolve(order, tools=held, environment=(*order.environment, *named))


async def _start_unix(*args: object, **kwargs: object) -> asyncio.Server:
    return await asyncio.start_unix_server(*args, **kwargs)  # type: ignore[arg-type]


def _door(run: Path) -> socket.socket:
    door = run / folder.DOOR
    door.mkdir(mode=0o700, exist_ok=True)
    (door / PORT).unlink(missing_ok=True)
    if door.is_symlink():
        raise OSError(f"{door} is a link")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # An address of this kind holds 100 bytes or so, and the path to a run may well be longer.
    with contextlib.chdir(door):
        Path(DOOR).unlink(missing_ok=True)
        listener.bind(DOOR)
        Path(DOOR).chmod(0o600)
    listener.listen(128)
    return listener


def concluded(report: AgentReport, gateway: Gateway, plan: Plan, emit: Emit) -> AgentReport:
    """Return `report` with what the gateway saw, and tell of it; to be called before it closes."""
    hung = report.status is AgentStatus.HUNG
    patience = plan.idle_s / 2 if hung else float("inf")
    seen = gateway.seen
    joined = seen.joined(report, seen.trouble(time.monotonic(), patience))
    if joined.status is not report.status:
        emit(AgentEvent(EventKind.ERROR, joined.detail))
    return joined


def counted(report: AgentReport, gateway: Gateway, emit: Emit) -> AgentReport:
    """Return `report` with the gateway's final sums, and tell them; called after it closed."""
    seen = gateway.seen
    words = (
        f"{seen.requests} requests, {seen.took.tokens - seen.took.usage.output:,} tokens in,"
        f" {seen.took.usage.output:,} out"
    )
    if seen.took.micros:
        words += f", {shown('micros', seen.took.micros)}"
    emit(AgentEvent(EventKind.USAGE, words))
    return seen.counted(report)
