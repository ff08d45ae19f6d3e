"""What an agent is handed of a spec for one task, beside handing over all of its documents."""

import statistics
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from accord.core import slicing
from accord.core.delta import source
from accord.core.model import Spec, Task, lineage
from accord.core.recall import tokens
from accord.formats import registry
from bench.reading import CORPUS
from bench.table import Figure, Peer

BUDGET = 0.25
FORMATS = ("kiro", "spec-kit")


@frozen
class Handed:
    """One task's part: its tokens, those of all documents, linked items, and how many it holds."""

    part: int
    whole: int
    linked: int
    held: int


def measure(corpus: Path = CORPUS) -> list[Figure]:
    """Return the median and the 90th percentile of the part's size, and what it covers.

    Returns nothing where there is no corpus with specs of these formats.
    """
    found = [one for spec, loose in specs(corpus) for one in handed(spec, loose=loose)]
    if not found:
        return []
    shares = sorted(one.part / one.whole for one in found)
    covered = sum(one.held for one in found) / max(1, sum(one.linked for one in found))
    parts = statistics.median(one.part for one in found)
    whole = statistics.median(one.whole for one in found)
    note = (
        f"{len(found)} tasks; {parts:.0f} tokens in the median, where all documents are {whole:.0f}"
    )
    peer = (Peer("all documents", 1.0),)
    return [
        Figure("context of a task, median", statistics.median(shares), "share", BUDGET, peer,
               note=note),
        Figure("context of a task, 9 of 10", shares[int(0.9 * len(shares))], "share", BUDGET, peer),
        Figure("linked items in the context", covered, "share", 1.0, peer, more=True),
    ]  # fmt: skip


def specs(corpus: Path) -> Iterator[tuple[Spec, bool]]:
    """Yield each spec below `corpus` that has tasks, and whether its format links loosely."""
    for folder in sorted({path.parent for path in corpus.rglob("tasks.md")}):
        texts = {path.relative_to(folder).as_posix(): path.read_bytes()
                 for path in sorted(folder.rglob("*")) if path.is_file()}  # fmt: skip
        place = folder.relative_to(corpus).as_posix().partition("/")[2]
        form = registry.detect(place, list(texts))
        if form is not None and form.name in FORMATS:
            documents = [form.read(path, data) for path, data in texts.items()]
            yield registry.linked(documents, form), form.loose


def handed(spec: Spec, *, loose: bool) -> Iterator[Handed]:
    """Yield what is handed over for each task of a spec."""
    whole = tokens(slicing.all_documents(spec))
    for task in spec.tasks:
        found = slicing.of_task(spec, task, loose=loose)
        texts = [one.text for one in (*found.linked, *found.near)]
        said = "\n".join(texts)
        wanted = list(_linked(spec, task))
        held = sum(text in said for text in wanted)
        yield Handed(sum(map(tokens, texts)), whole, len(wanted), held)


def _linked(spec: Spec, task: Task) -> Iterator[str]:
    """Yield the text of the task, of each criterion that it names and of what each is part of."""
    every = {one.id for one in spec.criteria}
    named = set(task.satisfies) if set(task.satisfies) != every else set()
    named |= {one.id for one in spec.criteria if named & set(lineage(one.id))}
    around = {above for one in named for above in lineage(one)}
    for document in spec.documents:
        for item in document.items:
            if item is task or (item.id in around and not isinstance(item, Task)):
                yield source(document, item).strip("\r\n")
