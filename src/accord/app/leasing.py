"""What a worktree has to itself beside its code: files, ports, a set-up that is seen to work.

Ports are leased by a file for each block, which names the folder that has it; the lease ends when
that folder is gone, however it went.
"""

import fcntl
import shutil
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from attrs import evolve

from accord.app.boxing import for_check, for_setup
from accord.app.config import words
from accord.app.environment import PORTS, Environment
from accord.app.workshop import Workshop
from accord.core.evidence import ended
from accord.core.ports import CommandRun, Walls
from accord.errors import RefusedError

FIRST_PORT, LAST_PORT = 20_000, 32_000  # below those that Linux gives to whoever asks for any

Variables = tuple[tuple[str, str], ...]


def prepare(workshop: Workshop, folder: str, name: str) -> Variables:
    """Make the worktree at `folder` ready for an agent; return the variables that it is given.

    It holds agreed code alone so far. Raises RefusedError where the set-up or the check of the
    environment fails: work that begins on a broken ground proves nothing.
    """
    environment = workshop.config.environment
    variables = furnish(workshop, folder, name)
    walls = evolve(for_setup(workshop, folder), variables=variables)
    for path in walls.shared:
        Path(path).mkdir(parents=True, exist_ok=True)
    _demand(_run(workshop, environment.setup, walls), "the set-up fails", folder)
    walls = evolve(for_check(workshop, folder), variables=variables)
    _demand(_run(workshop, environment.check, walls), "the check fails before any work", folder)
    return variables


def furnish(workshop: Workshop, folder: str, name: str) -> Variables:
    """Give the worktree at `folder` its files and ports; return its variables.

    Raises RefusedError for a file that git would take into a commit, and where no port is free.
    """
    environment = workshop.config.environment
    if environment == Environment():
        return ()
    _copy(workshop, folder, environment.copy)
    return environment.filled(_ports(workshop.state.parent / "ports", folder), name)


def set_up(workshop: Workshop, walls: Walls) -> CommandRun | None:
    """Set up the checkout in `walls`, which holds an agent's work; return the run if it failed."""
    ran = _run(workshop, workshop.config.environment.setup, walls)
    return evolve(ran, unready=True) if ran is not None and ran.exit_status != 0 else None


def _run(workshop: Workshop, command: str, walls: Walls) -> CommandRun | None:
    if not command.strip():
        return None
    return workshop.sandbox().run(words(command), walls, workshop.config.environment.timeout_s)


def _demand(ran: CommandRun | None, fault: str, folder: str) -> None:
    if ran is not None and ran.exit_status != 0:
        last = ran.output.strip().splitlines()[-1:] or [""]
        raise RefusedError(
            f"{fault} ({ended(ran)}) {last[0][:200]}".rstrip(), hint=f"run it yourself in {folder}"
        )


def _copy(workshop: Workshop, folder: str, names: Sequence[str]) -> None:
    there = [name for name in names if _is_plain(workshop.top, name)]
    ignored = set(workshop.repo.ignored(str(workshop.top), there)) if there else set()
    for name in there:
        if name not in ignored:
            raise RefusedError(
                f"{name} is not ignored by git and would end up in a commit",
                hint="name it in .gitignore, or take it out of environment.copy",
            )
        target = Path(folder) / name
        if _is_open(Path(folder), name):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(workshop.top / name, target)
            shutil.copymode(workshop.top / name, target)


def _is_plain(top: Path, name: str) -> bool:
    place = top / name
    return place.is_file() and place.resolve() == top.resolve() / name


def _is_open(folder: Path, name: str) -> bool:
    """Tell whether nothing stands at `name`, nor a link above it: it may come from a stranger."""
    above = [folder / one for one in PurePosixPath(name).parents]
    place = folder / name
    return not (place.is_symlink() or place.exists()) and all(
        not one.is_symlink() and (one.is_dir() or not one.exists()) for one in above
    )


def _ports(leases: Path, folder: str) -> int:
    """Return the first port of the block that `folder` has leased, a new one where it has none."""
    leases.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (leases / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = {int(one.name): one.read_text() for one in leases.iterdir() if one.name.isdigit()}
        for port, holder in held.items():
            if holder == folder:
                return port
        for port in range(FIRST_PORT, LAST_PORT, PORTS):
            if not _lives(held.get(port, "")) and _are_free(port):
                (leases / str(port)).write_text(folder)
                return port
    raise RefusedError("no ten ports in a row are free", hint=f"look into {leases}")


def _lives(holder: str) -> bool:
    return bool(holder) and Path(holder).exists()


def _are_free(first: int) -> bool:
    with ExitStack() as stack:
        try:
            for port in range(first, first + PORTS):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            return False
    return True
