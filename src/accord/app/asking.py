"""What agents ask while they work, and what people answer: beside the documents, never in them.

An agent's question waits in the state folder and is shown wherever the change is. Its answer is
noted for every later attempt at the same work, and then given to the agent that asked.
"""

from typing import Any

from accord.app.workshop import Workshop
from accord.core.model import sha256
from accord.core.orders import Question, Reply
from accord.core.ports import Operation
from accord.errors import ConfigurationError, RefusedError


def about(change: str, subject: str) -> str:
    """Return the name of a piece of work across its attempts: a stage's or a task's."""
    return f"{change}/{subject}"


def waiting(workshop: Workshop, prefix: str) -> tuple[Question, ...]:
    """Return the open questions of the runs whose ids begin with `prefix`, the oldest first."""
    return tuple(one for one in workshop.agents.questions() if one.run_id.startswith(prefix))


def find(workshop: Workshop, change: str, name: str) -> Question | None:
    """Return the open question called `name` that an agent at work on `change` asked, or None."""
    mine = (one for one in workshop.agents.questions() if one.about.partition("/")[0] == change)
    return next((one for one in mine if one.id == name), None)


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
    workshop.record(operation, lambda: workshop.agents.reply(question, said))
    return f"{question.id} answered: {said}"


def replies(workshop: Workshop, work: str) -> tuple[Reply, ...]:
    """Return what was answered about a piece of work so far (see `about`)."""
    prefix = f"asked/{work}/"
    return tuple(
        Reply(key.removeprefix(prefix), str(note["question"]), str(note["words"]))
        for key, note in sorted(workshop.journal.noted(prefix).items())
    )


def go_on(workshop: Workshop, run_id: str) -> None:
    """Let a run that asked go on. Raises RefusedError while a question of its is open."""
    if workshop.agents.go_on(run_id):
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
    return {
        "id": question.id,
        "kind": "question",
        "standing": "open",
        "open": True,
        "risk": "",
        "rank": (1, 0),
        "text": question.text,
        "answer": "",
        "own": sha256(f"{question.run_id} {question.text}".encode()),
        "place": f"asked by the agent at work on {work}",
        "source": "",
        "words": len(question.text.split()),
        "asked": True,
    }
