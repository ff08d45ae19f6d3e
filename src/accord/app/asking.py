"""What agents ask while they work, and what people answer: beside the documents, never in them.

An agent's question waits in the state folder and is shown wherever the change is. Its answer is
noted for every later attempt at the same work, and then given to the agent that asked.
"""

from contextlib import suppress
from typing import Any

from accord.app.workshop import Workshop
from accord.core import choices
from accord.core.approval import Json
from accord.core.model import sha256
from accord.core.orders import Question, Reply
from accord.core.ports import Operation
from accord.errors import AgentError, ConfigurationError, RefusedError

CARRIED = "question"
MOST = 4000
"""As many characters of a question or an answer of another clone are taken."""


def about(change: str, subject: str) -> str:
    """Return the name of a piece of work across its attempts: a stage's or a task's."""
    return f"{change}/{subject}"


def waiting(workshop: Workshop, prefix: str) -> tuple[Question, ...]:
    """Return the open questions of the runs whose ids begin with `prefix`, the oldest first."""
    return tuple(one for one in workshop.agents.questions() if one.run_id.startswith(prefix))


def find(workshop: Workshop, change: str, name: str) -> Question | None:
    """Return the open question called `name` that an agent at work on `change` asked, or None.

    It may have asked in another clone.
    """
    mine = (one for one in workshop.agents.questions() if one.about.partition("/")[0] == change)
    every = (*mine, *elsewhere(workshop, change))
    return next((one for one in every if one.id == name), None)


def elsewhere(workshop: Workshop, change: str) -> tuple[Question, ...]:
    """Return what agents of other clones asked about `change` and nobody has answered."""
    here = {one.id for one in workshop.agents.questions()}
    notes = workshop.journal.noted(f"{CARRIED}/{change}/")
    return tuple(
        Question(key.rpartition("/")[2], str(note["run"]), about, str(note["text"])[:MOST])
        for key, note in notes.items()
        if note.get("open") and key.rpartition("/")[2] not in here
        and not _answered(workshop, about := key.removeprefix(f"{CARRIED}/").rpartition("/")[0],
                          key.rpartition("/")[2])
    )  # fmt: skip


def carry(workshop: Workshop, clone: str) -> None:
    """Let other clones see what agents of this one ask, and give them what was answered there.

    An answer is text for an agent, as it is where it was given, and opens nothing.
    """
    waits = {f"{CARRIED}/{one.about}/{one.id}": one for one in workshop.agents.questions()}
    known = workshop.journal.noted(f"{CARRIED}/")
    for key, one in waits.items():
        words = _answered(workshop, one.about, one.id)
        if words:
            with suppress(AgentError):  # the next time will do as well
                workshop.agents.reply(one, words)
        note: dict[str, Json] = {"clone": clone, "run": one.run_id, "text": one.text,
                                 "open": not words}  # fmt: skip
        if known.get(key) != note:
            workshop.journal.note(key, note)
    for key, held in known.items():
        if held.get("clone") == clone and held.get("open") and key not in waits:
            workshop.journal.note(key, {**held, "open": False})


def close(workshop: Workshop, prefix: str) -> None:
    """Let nobody be asked any more what the runs asked whose ids begin with `prefix`."""
    for key, note in workshop.journal.noted(f"{CARRIED}/").items():
        if note.get("open") and str(note.get("run")).startswith(prefix):
            workshop.journal.note(key, {**note, "open": False})


def _answered(workshop: Workshop, about: str, name: str) -> str:
    """Return what was answered to a question in any clone, cleaned as it is here, or ''."""
    key = f"asked/{about}/{name}"
    words = str(workshop.journal.noted(key).get(key, {}).get("words", ""))
    return " ".join(words.split())[:MOST]


def answer(workshop: Workshop, question: Question, words: str) -> str:
    """Answer what an agent asked, as one operation of the log; return what was written.

    Raises ConfigurationError for an empty answer.
    """
    said = " ".join(words.split())
    if not said:
        raise ConfigurationError(
            f"{question.id} needs an answer", hint=f"accord answer {question.id} '...'"
        )
    # The note comes first: whoever is killed in between leaves a question that is still asked.
    key = f"asked/{question.about}/{question.id}"
    at = workshop.clock.now()
    note = {"question": question.text, "words": said, "by": workshop.person, "at": at}
    workshop.journal.note(key, dict(note))
    change = question.about.partition("/")[0]
    operation = Operation(workshop.person, "answer", change, f"{question.id}: {said}", {}, at)
    here = question in workshop.agents.questions()
    workshop.record(operation, lambda: workshop.agents.reply(question, said) if here else None)
    return f"{question.id} answered: {said}"


def replies(workshop: Workshop, work: str) -> tuple[Reply, ...]:
    """Return what was answered about a piece of work so far (see `about`)."""
    prefix = f"asked/{work}/"
    return tuple(
        Reply(key.removeprefix(prefix), str(note["question"]), str(note["words"]))
        for key, note in sorted(workshop.journal.noted(prefix).items())
    )


def go_on(workshop: Workshop, run_id: str, beside: str = "") -> None:
    """Let a run that asked go on, with `beside` said to its agent as well.

    Raises RefusedError while a question of its is open.
    """
    if workshop.agents.go_on(run_id, beside):
        return
    name = next((one.id for one in waiting(workshop, run_id)), "its question")
    raise RefusedError(f"the agent waits for an answer to {name}", hint="accord status")


def let_go(workshop: Workshop, change: str) -> None:
    """End the runs about a change that is over which asked and wait: nobody will answer them."""
    for kind in ("draft", "build"):
        workshop.agents.let_go(f"{kind}/{change}/")


def supersede(workshop: Workshop, action: str) -> None:
    """End the earlier runs of a piece of work that asked and wait: `action` (its id) begins."""
    work = action.rsplit("/", 2)[0]
    workshop.agents.let_go(f"{work}/", f"{action}/")


def note_of(question: Question) -> dict[str, Any]:
    """Return a question as the notes of a change are shown."""
    work = question.about.partition("/")[2]
    said, listed = choices.taken_apart(question.text)
    return {
        "id": question.id,
        "kind": "question",
        "standing": "open",
        "open": True,
        "risk": "",
        "rank": (1, 0),
        "text": question.text,
        "said": said,
        "choices": listed,
        "answer": "",
        "own": sha256(f"{question.run_id} {question.text}".encode()),
        "place": f"asked by the agent at work on {work}",
        "source": "",
        "words": len(question.text.split()),
        "asked": True,
    }
