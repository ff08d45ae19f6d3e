"""What an agent thinks of a built change: shown to whoever asks, and nothing follows from it.

It is kept beside the repository, for the code exactly as it was read; it opens no gate and shuts
none.
"""

from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.model import Stage


def wanted(workshop: Workshop, change: Change) -> bool:
    """Tell whether an agent is set to read what was built and was not asked about this code."""
    return workshop.config.agent(Stage.REVIEW) is not None and not known(workshop, change)


def known(workshop: Workshop, change: Change) -> dict[str, Json]:
    """Return what an agent said of the code exactly as it is now; empty where none was asked.

    The keys are `agent`, `said`, `trouble` (why it said nothing) and `folded` (a person has not
    decided yet).
    """
    key = _key(change.name, change.code_digest)
    note = workshop.journal.noted(key).get(key)
    if not note:
        return {}
    gate = change.gate
    return {**note, "folded": gate is not None and gate.stage is Stage.REVIEW}


def keep(workshop: Workshop, change: str, code: str, agent: str, said: str, trouble: str) -> None:
    """Keep what `agent` said of the code whose digest is `code`."""
    note = {"agent": agent, "said": said, "trouble": trouble}
    workshop.journal.note(_key(change, code), dict(note))


def _key(change: str, code: str) -> str:
    return f"opinion/{change}/{code}"
