"""What follows when a requirement is withdrawn: ids go out of use, and what was built goes too."""

import re
from collections.abc import Collection, Iterable

from attrs import frozen

from accord.core.model import Spec, Task, lineage

_NUMBER = re.compile(r"\d+(?=[^\W\d_]*\Z)")
_DIGITS = re.compile(r"\d+")


@frozen
class Removal:
    """Work that a withdrawn requirement leaves behind.

    `task` built it or was to build it, for the ids `withdrawn`; `staying` are the ids that the
    task serves besides. `built` tells whether it was done: then something is there to be removed.
    """

    task: str
    title: str
    withdrawn: tuple[str, ...]
    staying: tuple[str, ...]
    touches: tuple[str, ...]
    built: bool

    @property
    def sentence(self) -> str:
        """Return what there is to do, as the words of a task."""
        ids = ", ".join(self.withdrawn)
        if not self.built:
            rest = f"; keep it for {', '.join(self.staying)}" if self.staying else ""
            return f"Take {ids} out of {self.task}, which is not built{rest}"
        where = f" in {', '.join(self.touches)}" if self.touches else ""
        rest = f"; {', '.join(self.staying)} must still hold" if self.staying else ""
        return f"Remove what {self.task} built for {ids}{where}{rest}"


def removals(spec: Spec, withdrawn: Collection[str]) -> tuple[Removal, ...]:
    """Return what the tasks of `spec` leave behind when the ids `withdrawn` no longer hold.

    A requirement that is withdrawn takes its criteria with it.
    """
    found = []
    for task in spec.tasks:
        gone = tuple(one for one in task.satisfies if not withdrawn_free(one, withdrawn))
        if gone:
            found.append(_removal(task, gone))
    return tuple(found)


def _removal(task: Task, gone: tuple[str, ...]) -> Removal:
    staying = tuple(one for one in task.satisfies if one not in gone)
    return Removal(task.id, task.text, gone, staying, task.touches, task.done)


def withdrawn_free(name: str, withdrawn: Collection[str]) -> bool:
    """Tell whether neither the id `name` nor what it is part of is among `withdrawn`."""
    return not any(one in withdrawn for one in lineage(name))


def next_id(name: str, taken: Iterable[str]) -> str:
    """Return an id beside `name` that was never in use: `R1.3` after `R1.2`, `FR-010` after `-009`.

    A letter behind the number, as in `FR-002a`, goes. Raises ValueError for an id that does not
    end with a number.
    """
    number = _NUMBER.search(name)
    if number is None:
        raise ValueError(f"{name} ends with no number")
    stem, width = name[: number.start()], len(number[0])
    used = (one.removeprefix(stem) for one in (name, *taken) if one.startswith(stem))
    highest = max(int(found[0]) for one in used if (found := _DIGITS.match(one)))
    return f"{stem}{highest + 1:0{width}}"
