"""The folder of one run: the names of its files, and what the two JSON files in it hold."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from attrs import asdict

from accord.core.orders import (
    AgentChoice,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Budget,
    Leash,
    Limits,
    Outlet,
    Price,
    Reply,
    Tools,
)

ORDER = "order.json"
EXIT = "exit.json"
LOCK = "lock"
GATE = "gate"
HOST = "host"
DOOR = "door"
STOP = "stop"
HOME = "home"
SESSION = "session.json"
TRANSCRIPT = "transcript.jsonl"
LOG = "host.log"
REQUESTS = "requests.jsonl"
PAUSED = "paused.json"
REPLIES = "replies"
BESIDE = "beside.json"
PROPOSALS = "proposals.json"
QUESTIONS = "questions"
"""Beside the folder of the runs: a file for each question that waits for a person."""

STOPPED = "the run was stopped"
KILLED = "the run's process was killed"
UNANSWERED = "it asked, and the work went on without an answer"


def folder_name(run_id: str) -> str:
    """Return one file name for `run_id`, whatever characters it holds; `run_id_of` undoes it."""
    return quote(run_id, safe="").replace(".", "%2E")


def run_id_of(name: str) -> str:
    """Return the run whose folder is called `name`."""
    return unquote(name)


def mark_of(run: Path) -> str:
    """Return the value that marks the processes of the run in the folder `run`, and no others."""
    return hashlib.sha256(os.fsencode(run.resolve())).hexdigest()[:32]


def write_order(run: Path, order: AgentOrder) -> None:
    """Write what the run is to do."""
    write(run / ORDER, asdict(order))


def read_order(run: Path) -> AgentOrder:
    """Return what the run is to do. Raises ValueError, KeyError or TypeError if unreadable."""
    held: dict[str, Any] = json.loads((run / ORDER).read_bytes())
    agent = held.pop("agent")
    return AgentOrder(
        run_id=held["run_id"],
        agent=AgentChoice(
            agent["name"],
            AgentKind(agent["kind"]),
            tuple(agent["command"]),
            agent["model"],
            tuple(agent["passes"]),
            otherwise=agent["otherwise"],
        ),
        workdir=held["workdir"],
        prompt=held["prompt"],
        writable=tuple(held["writable"]),
        limits=Limits(**held["limits"]),
        box=tuple(held["box"]),
        environment=tuple((name, value) for name, value in held["environment"]),
        outlet=_outlet(held["outlet"]),
        tools=_tools(held.get("tools")),
        leash=Leash(**held["leash"]) if held.get("leash") else None,
    )


def _tools(held: dict[str, Any] | None) -> Tools | None:
    if held is None:
        return None
    held["documents"] = tuple((path, text) for path, text in held["documents"])
    held["items"] = tuple((name, text) for name, text in held["items"])
    held["decisions"] = tuple(held["decisions"])
    held["replies"] = tuple(Reply(**one) for one in held["replies"])
    return Tools(**held)


def _outlet(held: dict[str, Any] | None) -> Outlet | None:
    if held is None:
        return None
    return Outlet(
        held["service"],
        held["upstream"],
        tuple(held["keys"]),
        tuple((scope, Budget(**budget)) for scope, budget in held["budgets"]),
        tuple(Price(**price) for price in held["prices"]),
        held["retry_s"],
    )


def write_report(run: Path, report: AgentReport) -> None:
    """Write how the run ended; from then on it is over."""
    write(run / EXIT, asdict(report))


def read_report(run: Path, name: str = EXIT) -> AgentReport | None:
    """Return how the run ended, None while it has not, FAILED when the record is unreadable."""
    try:
        held: dict[str, Any] = json.loads((run / name).read_bytes())
        held["status"] = AgentStatus(held["status"])
        held["refused"] = tuple(held["refused"])
        return AgentReport(**held)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return AgentReport(
            run_id_of(run.name), AgentStatus.FAILED, "the record of the run cannot be read"
        )


def read_proposals(run: Path) -> tuple[tuple[str, str], ...]:
    """Return what the agent proposed, as (statement, reason); an unreadable file holds nothing."""
    try:
        listed = json.loads((run / PROPOSALS).read_bytes())["proposals"]
        return tuple((str(statement), str(because)) for statement, because in listed)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def forget(run: Path) -> None:
    """Delete what the agent of a run that is over kept in its home."""
    shutil.rmtree(run / HOME, ignore_errors=True)
    (run / SESSION).unlink(missing_ok=True)
    (run / PAUSED).unlink(missing_ok=True)


def write(path: Path, value: dict[str, Any]) -> None:
    """Write `value` as JSON in the place of what was there."""
    # A reader sees the whole file or none, also after the power fails in the middle.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
