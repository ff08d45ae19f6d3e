"""Look at what Accord needs on this machine and in this repository."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import frozen

from accord.app import config as configuration
from accord.app.changes import load_all
from accord.app.workshop import Workshop
from accord.core.orders import AgentKind
from accord.errors import AccordError, ConfigurationError
from accord.git.locate import check_version, locate
from accord.sandbox.choose import strongest
from accord.wiring.machine import person, person_file, state_folder
from accord.wiring.opening import open_workshop

PARTLY = 2
"""The level of a box that holds with gaps; below it there is none."""


@frozen
class Check:
    """One thing that was looked at: `state` is good, bad or note."""

    what: str
    state: str
    said: str
    hint: str = ""


def examine(start: Path) -> list[Check]:
    """Return what was found, good and bad; never raises for what it finds."""
    checks = [
        _asked("python", lambda: sys.version.split()[0]),
        _asked("git", check_version),
        _asked("repository", lambda: str(locate(start).top)),
    ]
    if any(one.state == "bad" for one in checks):
        return checks
    checks.append(_asked("state", lambda: str(state_folder(locate(start).common))))
    try:
        workshop = open_workshop(start, lambda _: "")
    except Exception as error:  # noqa: BLE001 - whatever is broken here is what is asked for
        return [*checks, _broken("accord", error)]
    try:
        for look in (_person, _commands, _wall, _edited, _changes):
            checks += _looked(look, workshop)
    finally:
        workshop.close()
    return checks


def _looked(look: Callable[[Workshop], Iterator[Check]], workshop: Workshop) -> Iterator[Check]:
    """Yield what `look` finds; what it trips over is one thing more that was found."""
    try:
        yield from look(workshop)
    except Exception as error:  # noqa: BLE001 - whatever is broken here is what is asked for
        yield _broken(look.__name__.strip("_"), error)


def _broken(what: str, error: Exception) -> Check:
    if isinstance(error, AccordError):
        return Check(what, "bad", error.message, error.hint)
    return Check(what, "bad", f"{type(error).__name__}: {error}")


def _person(workshop: Workshop) -> Iterator[Check]:
    trust = workshop.trust
    people = ", ".join(one.name for one in trust.principals)
    yield Check("trust", "good", f"version {trust.version}: {people}")
    known = person(trust.project)
    if not known.key:
        hint = "accord init --key PATH"
        yield Check("key", "bad", f"none is known ({person_file(trust.project)})", hint)
    elif not Path(known.key).exists() and not Path(f"{known.key}.pub").exists():
        yield Check("key", "bad", f"{known.key} is not there", "accord init --key PATH")
    else:
        yield Check("key", "good", known.key)


def _changes(workshop: Workshop) -> Iterator[Check]:
    for change in load_all(workshop):
        for one in change.log.unsound:
            yield Check(change.name, "bad", one.reason, f"accord show {change.name}")


def _commands(workshop: Workshop) -> Iterator[Check]:
    verify = workshop.config.policy.verify
    if verify.strip():
        yield _program("verify", verify)
    else:
        hint = f"set verify.command in {configuration.PATH}"
        yield Check("verify", "note", "no command is set that proves a task", hint)
    for pattern, line in workshop.config.beside.drivers.items():
        yield _program(f"driver of {pattern}", line)
    for agent in workshop.config.agents.values():
        if agent.kind is AgentKind.SCRIPTED:
            yield Check(agent.name, "note", "scripted: it plays a file and thinks nothing")
        elif agent.kind is AgentKind.CLAUDE and not agent.command:
            yield _asked(agent.name, _claude)
        elif agent.command:
            yield _found(agent.name, agent.command[0])
    if not workshop.config.agents:
        yield Check("agent", "note", "none is set; people write and build, Accord keeps the gates")


def _wall(workshop: Workshop) -> Iterator[Check]:
    """Prove what box this machine can have, anew each time, and say why no stronger one holds."""
    choice = strongest(workshop.state / "canaries")
    for one in choice.rejected:
        yield Check(one.name, "note", one.why, one.hint)
    level = choice.sandbox.level
    if level < PARTLY:
        yield Check("wall", "note", f"level {level}: agents run with your own rights",
                    "run agents on code and machines where that is acceptable")  # fmt: skip
        return
    how = "enforced" if level > PARTLY else "partly enforced"
    yield Check("wall", "good", f"level {level}, {how} by {choice.name}: nothing got through")
    for gap in choice.sandbox.gaps:
        yield Check("gap", "note", gap)


def _program(what: str, command: str) -> Check:
    try:
        split = configuration.words(command)
    except ConfigurationError as error:
        return _broken(what, error)
    return _found(what, split[0])


def _edited(workshop: Workshop) -> Iterator[Check]:
    local = workshop.top / configuration.PATH
    committed = workshop.repo.read(workshop.base, configuration.PATH)
    if local.is_file() and local.read_bytes() != committed:
        base = workshop.config.policy.base
        yield Check("configuration", "note", f"{local} differs from {base}, which is what counts",
                    f"commit it on {base}")  # fmt: skip


def claude_version() -> str:
    """Return the name and version of the SDK that drives Claude Code, '' where there is none."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"claude-agent-sdk {version('claude-agent-sdk')}"
    except PackageNotFoundError:
        return ""


def _claude() -> str:
    found = claude_version()
    if not found:
        raise AccordError("claude-agent-sdk is not installed", hint="pip install 'accord[claude]'")
    return found


def _found(what: str, program: str) -> Check:
    where = shutil.which(program)
    if where:
        return Check(what, "good", where)
    return Check(what, "bad", f"{program} was not found", "install it, or mend the configuration")


def _asked(what: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(what, "good", ask())
    except Exception as error:  # noqa: BLE001 - whatever is broken here is what is asked for
        return _broken(what, error)
