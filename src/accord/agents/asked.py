"""What agents ask and people answer, in files of which each has one writer and is written once.

A question waits in a folder beside those of the runs, so that nobody has to look through all runs;
its reply is written to the folder of the run, and the question is deleted then. Whoever is killed
in between leaves a question that has a reply, which is answered. The host that passes a reply on
marks it as told, before: an agent may miss what it can ask again, and is never told twice.
"""

import json
import time
from pathlib import Path
from typing import Any

from attrs import asdict

from accord.agents import folder
from accord.core.orders import Question, Reply

QUESTIONS = 10
"""How many questions of one run may wait at the same time."""

_TOLD = ".told"


def ask(run: Path, question: Question) -> bool:
    """Put a question where people see it, unless it is there; False when too many wait.

    One that an earlier run about the same work asked and left behind is this run's from then on.
    """
    place = _place(run.parent, question.id)
    asks = _held(place).get("run_id") == question.run_id
    if asks or reply_to(run, question.id) is not None:
        return True
    if len([one for one in waiting(run.parent) if one.run_id == question.run_id]) >= QUESTIONS:
        return False
    place.parent.mkdir(mode=0o700, exist_ok=True)
    folder.write(place, {**asdict(question), "at": time.time()})
    return True


def waiting(runs: Path) -> tuple[Question, ...]:
    """Return the questions that nobody has answered, the oldest first.

    `runs` is the folder of the runs. A file that cannot be read is no question.
    """
    found = []
    try:
        files = sorted((runs.parent / folder.QUESTIONS).glob("*.json"))
    except OSError:
        return ()
    for file in files:
        held = _held(file)
        try:
            one = Question(*(str(held[key]) for key in ("id", "run_id", "about", "text")))
            at = float(held["at"])
            answered = reply_to(runs / folder.folder_name(one.run_id), one.id) is not None
        except (KeyError, TypeError, ValueError):
            continue
        if not answered:
            found.append((at, one.id, one))
    return tuple(one for _, _, one in sorted(found, key=lambda each: each[:2]))


def reply(runs: Path, question: Question, words: str) -> None:
    """Keep what a person answered, for the run that asked. Raises OSError."""
    run = runs / folder.folder_name(question.run_id)
    place = run / folder.REPLIES
    place.mkdir(mode=0o700, exist_ok=True)
    folder.write(
        place / f"{_hex(question.id)}.json", asdict(Reply(question.id, question.text, words))
    )
    _place(runs, question.id).unlink(missing_ok=True)


def withdraw(runs: Path, run_id: str) -> None:
    """Delete the questions of a run that nobody has answered."""
    for one in waiting(runs):
        if one.run_id == run_id:
            _place(runs, one.id).unlink(missing_ok=True)


def reply_to(run: Path, question_id: str) -> Reply | None:
    """Return what a person answered to a question of the run, None while nobody has."""
    return _reply(run / folder.REPLIES / f"{_hex(question_id)}.json")


def tell(run: Path, one: Reply) -> None:
    """Mark a reply as told to the agent."""
    _told(run, one).touch()


def replies(run: Path) -> tuple[Reply, ...]:
    """Return all that was answered to the agent of the run."""
    files = sorted((run / folder.REPLIES).glob("*.json"))
    return tuple(one for one in map(_reply, files) if one is not None)


def untold(run: Path) -> tuple[Reply, ...]:
    """Return what was answered and the agent was not told yet."""
    return tuple(one for one in replies(run) if not _told(run, one).exists())


def inform(run: Path, words: str) -> None:
    """Keep `words` for the agent of a run that is about to go on, in the place of earlier ones."""
    folder.write(run / folder.BESIDE, {"words": words})


def beside(run: Path) -> str:
    """Return what there is to say to the agent beside the answers, or an empty string."""
    return str(_held(run / folder.BESIDE).get("words", ""))


def _told(run: Path, one: Reply) -> Path:
    return run / folder.REPLIES / f"{_hex(one.id)}{_TOLD}"


def _reply(file: Path) -> Reply | None:
    held = _held(file)
    try:
        return Reply(*(str(held[key]) for key in ("id", "question", "words")))
    except KeyError:
        return None


def _held(file: Path) -> dict[str, Any]:
    try:
        held = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _place(runs: Path, question_id: str) -> Path:
    return runs.parent / folder.QUESTIONS / f"{_hex(question_id)}.json"


def _hex(question_id: str) -> str:
    """Return the part of an id that is safe as a file's name. Raises ValueError for no id."""
    name = question_id.removeprefix("Q#")
    if not (name.isascii() and name.isalnum()):
        raise ValueError(question_id)
    return name
