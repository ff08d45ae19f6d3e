"""Notices an agent that goes round in circles: the same command over and over, nothing edited.

Agents tell in different ways that a command failed: by the status of the call, by a number in its
output, by words in it, or not at all. For those last the command alone has to do, seen more often.
"""

import re

from attrs import define, field

from accord.agents.transcript import one_line

FAILING = 4
"""How often a command may fail in the same way before it is a loop."""

REPEATED = 12
"""How often a command may be run at all while nothing is edited."""

_EXIT = re.compile(r"(?i)\bexit(?:ed)?(?: with)?(?: exit)?[ _]?(?:code|status)?:? ?(-?\d{1,3})\b")
_NUMBERS = ("exit", "exit_code", "exitCode", "returncode")
_EDITS = frozenset({"edit", "delete", "move"})


@define
class Circle:
    """Counts the commands of one turn since something was last edited."""

    _commands: dict[str, str] = field(factory=dict)
    _kinds: dict[str, str] = field(factory=dict)
    _over: set[str] = field(factory=set)
    _failed: dict[str, int] = field(factory=dict)
    _run: dict[str, int] = field(factory=dict)

    def note(
        self, call: str, kind: str = "", command: str = "", status: str = "", output: object = None
    ) -> str:
        """Take what became known of the tool call `call`; return what loop it closes, else ''.

        `kind` is one of the kinds of tools in the Agent Client Protocol (`edit`, `execute`),
        `status` is `completed` or `failed` once it is over. What is not known yet is empty.
        """
        self._kinds[call] = kind or self._kinds.get(call, "")
        if command:
            self._commands[call] = command
        if status not in ("completed", "failed") or call in self._over:
            return ""
        self._over.add(call)
        if self._kinds[call] in _EDITS:
            if status == "completed":
                self._failed.clear()
                self._run.clear()
            return ""
        ran = self._commands.get(call, "")
        return self._count(ran, failed=status == "failed" or _failed(output)) if ran else ""

    def _count(self, command: str, *, failed: bool) -> str:
        self._run[command] = self._run.get(command, 0) + 1
        self._failed[command] = self._failed.get(command, 0) + 1 if failed else 0
        shown = one_line(command, 80)
        if self._failed[command] >= FAILING:
            return f"went round in circles: {FAILING} times this failed: {shown}"
        if self._run[command] >= REPEATED:
            return f"went round in circles: {REPEATED} times, and nothing edited: {shown}"
        return ""


def _failed(output: object) -> bool:
    """Tell whether the output of a command names an exit status other than 0."""
    if isinstance(output, dict):
        held = [output, *(one for one in output.values() if isinstance(one, dict))]
        numbers = [one[key] for one in held for key in _NUMBERS if isinstance(one.get(key), int)]
        texts = [one for one in output.values() if isinstance(one, str)]
        return any(numbers) or any(map(_failed, texts))
    if not isinstance(output, str):
        return False
    # The last words are those of the agent's tool; what a command itself prints comes before.
    found = _EXIT.search(output[:40]) or _EXIT.search(output[-80:])
    return found is not None and int(found[1]) != 0
