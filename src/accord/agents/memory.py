"""Which conversation a run is in, kept in its folder so that it outlives the agent and the host."""

import json
from pathlib import Path

from accord.agents import folder
from accord.core.orders import AgentOrder

STARTS = 3
"""How often the agent of one run is started at most."""

CUT_OFF = "You were cut off in the middle of this. Look at what is there already, and go on."
"""What an agent is told whose process was killed and whose conversation goes on."""


def prompt(order: AgentOrder, held: str, resumed: bool, words: str = "") -> str:
    """Return what the agent is told: all of it, unless the conversation `held` was `resumed`.

    `words` are what there is to say to it on top, such as what people answered.
    """
    if resumed:
        return words or CUT_OFF
    begun = (CUT_OFF, words) if held or words else ()
    return "\n\n".join(filter(None, (order.prompt, *begun)))


class Memory:
    """The file that names the session of a run and counts how often its agent was started."""

    def __init__(self, run: Path) -> None:
        """Read what is known of the run in the folder `run`; a file that is cut says nothing."""
        self._run = run
        self.session = ""
        self._starts = 1
        try:
            held = json.loads((run / folder.SESSION).read_bytes())
            self.session, self._starts = str(held["session"]), int(held["starts"])
        except (OSError, ValueError, KeyError, TypeError):
            return

    def begin(self) -> None:
        """Count one more start, before it is made; the first is counted already."""
        self._starts += 1
        self._write()

    def keep(self, session: str) -> None:
        """Remember the session that can be taken up again."""
        self.session = session
        self._write()

    def resumes(self) -> bool:
        """Tell whether the conversation can be, and is still to be, taken up again."""
        return bool(self.session) and self._starts < STARTS

    def _write(self) -> None:
        folder.write(self._run / folder.SESSION, {"session": self.session, "starts": self._starts})
