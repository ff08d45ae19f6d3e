"""Ticks that lie: a task is ticked while what it names is absent, or open while it is there.

Only files count, and only below a folder that is there at all: a plan may speak of a part of the
project that lies elsewhere. A task that removes or moves something says nothing about what is.
That a file is there does not say that it works: only a run of the tests on it says that.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from accord.core.checks import Finding, Severity
from accord.core.delta import source
from accord.core.model import Spec, Task

Ran = Callable[[Sequence[str]], tuple[bool, str] | None]
"""Whether the tests passed, and what they said, when they ran on these files as they are."""

_PATH = re.compile(
    r"(?<![\w/.:@~$*{}-])(?:\./)?((?:[\w.@-]+/)+[\w@-][\w.@-]*\.[A-Za-z]\w{0,7})(?![\w/*{])"
)
_PATTERN = re.compile(r"YYYY|XXX|\A\.\.?/[^/]*\Z")
_GOES = re.compile(
    r"(?i)\b(?:remov\w*|delet\w*|drop\w*|mov\w*|renam\w*|migrat\w*|replac\w*|clean\w*|deprecat\w*"
    r"|retir\w*|archiv\w*|obsolete|instead of|merge[ds]?|consolidat\w*|split\w*|convert\w*)\b"
)
_MAKES = re.compile(r"(?i)\W*(?:create|scaffold|generate|write)\b")


@frozen
class Claim:
    """What one task says of itself: ticked or open, whether it makes the `paths` that it names."""

    item: str
    path: str
    line: int
    done: bool
    makes: bool
    paths: tuple[str, ...]


def claims(spec: Spec) -> Iterator[Claim]:
    """Yield the claims that can be held against the files: those of tasks that name some."""
    for document in spec.documents:
        for task in document.items:
            if not isinstance(task, Task):
                continue
            text = source(document, task)
            if "/" not in text or _GOES.search(text):
                continue
            named = dict.fromkeys(match[1] for match in _PATH.finditer(text))
            paths = tuple(path for path in named if not _PATTERN.search(path))
            makes = _MAKES.match(task.text) is not None
            if paths and (task.done or makes):
                place = task.place
                yield Claim(task.id, place.path, place.line, task.done, makes, paths)


def untried(_paths: Sequence[str]) -> tuple[bool, str] | None:
    """Say that no test ran."""
    return None


def lie(claim: Claim, exists: Callable[[str], bool], ran: Ran = untried) -> Finding | None:
    """Return the finding when `claim` is not so; `exists` answers for a path from the root.

    A task that is open while its files are there is told as one that is done where the tests
    passed on them, as a question where none ran, and not at all where they failed.
    """
    known = [one for one in claim.paths if exists(one.partition("/")[0])]
    absent = [one for one in known if not exists(one)]
    if claim.done and absent:
        words = f"{claim.item} is ticked, but {_list(absent)} not there"
        return _found("ticked-but-absent", claim, words, "untick it, or name the file that it is")
    if not claim.done and claim.makes and known and len(known) == len(claim.paths) and not absent:
        return _there(claim, f"{claim.item} is open, but {_list(known)} there", ran(known))
    return None


def _there(claim: Claim, words: str, said: tuple[bool, str] | None) -> Finding | None:
    if said is None:
        words += "; no test run of Accord says whether it works"
        return _found("there-but-open", claim, words, "say what is left to do, or tick it")
    if not said[0]:
        return None
    words += f" and the tests pass ({said[1]})"
    return _found("passes-but-open", claim, words, "tick it, or say what is left to do")


def _found(rule: str, claim: Claim, message: str, hint: str) -> Finding:
    return Finding(rule, Severity.WARNS, claim.path, claim.line, 1, claim.item, message, hint)


def _list(paths: list[str]) -> str:
    if len(paths) == 1:
        return f"{paths[0]} is"
    more = f" and {len(paths) - 2} more" if len(paths) > 2 else ""
    return f"{', '.join(paths[:2])}{more} are"
