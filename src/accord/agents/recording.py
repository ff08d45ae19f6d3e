"""Turns the record of a run into a script, which the scripted agent plays (see `script`).

What an agent said is said again, each tool that it used is named and not used, and the files are
written as the run left them. Nothing in a record becomes a command.
"""

from base64 import b64encode
from collections.abc import Iterator

from tomlkit.items import String, StringType

from accord.agents.script import PLAYING, Step
from accord.core.orders import AgentStatus, EventKind
from accord.core.recording import Recording, Written

_TOLD = {
    EventKind.TOOL: "",
    EventKind.ALLOWED: "allowed: ",
    EventKind.REFUSED: "refused: ",
}


def script_of(recording: Recording) -> str:
    """Return a script with one scene that plays `recording` for the same stage or task.

    The last tool that named a file stands where that file is written. A run that did not come to
    its own end ends with the agent's death, whatever ended the recorded one.
    """
    when = f"Task {recording.subject}: " if recording.task else f"Stage: {recording.subject}."
    lines = ["[[scene]]", f"when = [{_text(when)}]"]
    for step in (*_steps(recording), *_end(recording)):
        lines += ["", *_lines(step)]
    return "\n".join(lines) + "\n"


def _steps(recording: Recording) -> Iterator[Step]:
    files = {one.path: one for one in recording.files}
    last = {event.path: at for at, event in enumerate(recording.events)
            if event.kind is EventKind.TOOL and event.path in files}  # fmt: skip
    for at, event in enumerate(recording.events):
        if last.get(event.path) == at:
            yield _write(files.pop(event.path))
        elif event.kind is EventKind.TEXT and (said := event.text.removeprefix(PLAYING)):
            yield Step("say", text=said)  # what it says of itself it says again by itself
        elif event.kind in _TOLD:
            yield Step("show", text=f"{_TOLD[event.kind]}{event.text}", path=event.path)
    for one in files.values():
        yield _write(one)


def _write(one: Written) -> Step:
    if one.data is None:
        return Step("delete", path=one.path)
    try:
        text = one.data.decode()
    except UnicodeDecodeError:
        encoded = b64encode(one.data).decode()
        return Step("write-bytes", path=one.path, base64=encoded, executable=one.executable)
    return Step("write", path=one.path, text=text, executable=one.executable)


def _end(recording: Recording) -> Iterator[Step]:
    if recording.ended is not AgentStatus.ENDED:
        yield Step("die")


def _lines(step: Step) -> Iterator[str]:
    yield "[[scene.step]]"
    yield f'do = "{step.do}"'
    if step.path:
        yield f"path = {_text(step.path)}"
    if step.do in ("say", "show", "write"):
        yield f"text = {_text(step.text)}"
    if step.base64:
        yield f"base64 = {_text(step.base64)}"
    if step.executable is not None:
        yield f"executable = {str(step.executable).lower()}"


def _text(text: str) -> str:
    # A line end of two characters does not survive in a text of several lines, nor would half a
    # surrogate pair anywhere.
    sound = text.encode(errors="replace").decode()
    several = "\n" in sound and "\r" not in sound
    return String.from_raw(sound, StringType.MLB if several else StringType.SLB).as_string()
