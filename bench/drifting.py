"""What `accord check --drift` costs: 10,000 criteria over 5,000 files, and after ten edits."""

import statistics

from accord.core import trace
from accord.core.fingerprint import mark
from accord.core.model import Criterion
from accord.core.trace import Promise, Trace
from accord.formats import registry
from accord.symbols.reading import read
from bench import peers
from bench.meter import median, spent
from bench.place import Place, git
from bench.table import Figure, Peer

BUDGET, FIRST = 0.5, 20.0
EACH, FILES = 50, 25  # criteria of a change and files of a folder; files that a change touches
_FUNCTION = """\
def f{n}(a, b):
    total = a * {n}
    for one in b:
        if one > total:
            total = total + one
    return total


"""


def measure(place: Place, changes: int = 200, repeats: int = 3) -> tuple[Figure, ...]:
    """Return the CPU seconds of the first check of all, and of one after ten files were edited.

    `changes` is how many changes were released, with 50 criteria and 25 files each. The edits are
    of layout: every file is parsed anew, and nothing is found.
    """
    _make(place, changes)
    check = [peers.ACCORD, "check", "--drift"]
    first = spent(check, place.repo)[0]
    after = []
    for turn in range(repeats):
        for number in range(10):
            file = place.repo / path(number * changes * FILES // 10)
            file.write_text(f"# Edit {turn}.\n{file.read_text()}")
        _commit(place, "Edit ten files")
        after.append(spent(check, place.repo)[0])
    floor = median(["git", "diff", "--raw", "HEAD~1", "HEAD"], place.repo, repeats)
    said = f"{changes * EACH} criteria, {changes * FILES} files"
    return (
        Figure(f"accord check --drift, first, {said}", first, "CPU s", FIRST, ()),
        Figure(
            "the same after ten files were edited", statistics.median(after), "CPU s", BUDGET,
            (Peer("git diff --raw of the edits", floor),),
        ),
    )  # fmt: skip


def _make(place: Place, changes: int) -> None:
    """Write the files, the specs and their traces, as two hundred releases would have."""
    text = '"""Module."""\n\n\n' + "".join(_FUNCTION.format(n=number) for number in range(4))
    symbols = {one.name: one for one in read("m.py", text.encode()) or ()}
    for number in range(changes * FILES):
        _write(place, path(number), text)
    form = registry.named(registry.NAME)
    for number in range(changes):
        name = f"change-{number}"
        home = form.home(name)
        document = "# Change\n\n## Requirements\n\n### R1 Thing\n\n" + "".join(
            f"- R1.{at + 1} WHEN it is {at} THE shop SHALL do {at}.\n" for at in range(EACH)
        )
        _write(place, f"{home}/requirements.md", document)
        items = form.read("requirements.md", document.encode()).items
        promises = tuple(
            Promise(one.id, f"{home}/requirements.md", trace.words(one.text))
            for one in items if isinstance(one, Criterion)
        )  # fmt: skip
        links = tuple(
            (one.id, mark(path(number * FILES + at // 2), symbols[f"f{at % 4}"]))
            for at, one in enumerate(promises)
        )
        _write(place, trace.path(name), trace.to_toml(Trace(name, promises, links)))
    _commit(place, "Release it all")


def path(number: int) -> str:
    """Return the path of a file of the project."""
    return f"pkg{number // EACH}/m{number % EACH}.py"


def _write(place: Place, name: str, text: str) -> None:
    file = place.repo / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _commit(place: Place, message: str) -> None:
    git(place.repo, "add", "-A")
    git(place.repo, "commit", "-q", "-m", message)
