"""Have the scripted agent play the record of a run."""

from pathlib import Path

from attrs import evolve

from accord.agents.folder import folder_name
from accord.agents.recording import script_of
from accord.app.changes import Change
from accord.app.replaying import Name, refuse_idle
from accord.app.workshop import Workshop
from accord.core.recording import Recording
from accord.errors import RefusedError
from accord.wiring.opening import with_agent

REPLAYS = "replays"


def save(recording: Recording, file: Path) -> None:
    """Write the script of `recording` to `file`, which must not be there.

    Raises RefusedError where it is, and OSError where it cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(script_of(recording))
    except FileExistsError:
        raise RefusedError(f"{file} exists", hint="name another file") from None


def with_recording(
    workshop: Workshop, change: Change, name: Name, recording: Recording
) -> Workshop:
    """Return the workshop with all work given to a scripted agent that plays `recording`, once.

    Raises RefusedError where `change` does not ask for what the run `name` was about.
    """
    folder = workshop.state / REPLAYS
    file = folder / f"{folder_name(recording.run_id)}.toml"
    # What is sent back would be played again word for word.
    workshop.config = evolve(workshop.config, rounds=1)
    workshop = with_agent(workshop, script=str(file))
    refuse_idle(workshop, change, name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(script_of(recording), encoding="utf-8")
    return workshop
