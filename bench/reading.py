"""What it costs to read: parse, check and digest documents."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from markdown_it import MarkdownIt

from accord.core import checks
from accord.core.model import DESIGN, REQUIREMENTS, TASKS, Spec, bindings
from accord.formats import native
from bench import documents
from bench.table import Figure, Peer

BUDGET = 5.0
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
Texts = Sequence[tuple[str, bytes]]


def measure(specs: int = 100, repeats: int = 3, corpus: Path = CORPUS) -> list[Figure]:
    """Return megabytes for each CPU second over made-up specs and, where it is, the corpus."""
    made = [_made(number) for number in range(specs)]
    figures = [_figure("parse and check, made-up specs", made, repeats)]
    if corpus.is_dir():
        real = [[_named(path)] for path in sorted(corpus.rglob("*.md"))]
        figures.append(_figure("parse and check, specs of others", real, repeats))
    return figures


def findings(specs: int) -> tuple[checks.Finding, ...]:
    """Return what the checks find in made-up specs: nothing, or else they would be no measure."""
    made = [Spec(tuple(native.read(*text) for text in _made(number))) for number in range(specs)]
    return tuple(found for spec in made for found in checks.check(spec))


def _figure(name: str, specs: Sequence[Texts], repeats: int) -> Figure:
    size = sum(len(data) for spec in specs for _, data in spec) / 1e6
    parser = MarkdownIt("commonmark")
    ours = min(_seconds(_check, _anew(specs, turn)) for turn in range(repeats))

    def render(spec: Texts) -> None:
        for _, data in spec:
            parser.parse(data.decode(errors="replace"))

    theirs = min(_seconds(render, specs) for _ in range(repeats))
    peer = Peer("markdown-it-py parses the same", size / theirs)
    return Figure(name, size / ours, "MB/CPU s", BUDGET, (peer,), more=True,
                  note=f"{size:.1f} MB in {len(specs)} specs")  # fmt: skip


def _anew(specs: Sequence[Texts], turn: int) -> list[Texts]:
    """Return the documents with an end of their own, so that nothing found before is known."""
    return [[(path, data + b"\nTurn %d.\n" % turn) for path, data in spec] for spec in specs]


def _seconds(use: Callable[[Texts], None], specs: Sequence[Texts]) -> float:
    began = time.process_time()
    for spec in specs:
        use(spec)
    return time.process_time() - began


def _check(spec: Texts) -> None:
    read = Spec(tuple(native.read(path, data) for path, data in spec))
    checks.check(read)
    bindings(read)


def _made(number: int) -> Texts:
    title = f"Keep the cart, part {number}"
    return [
        (REQUIREMENTS, documents.story(title, 10, 5).encode()),
        (DESIGN, documents.design(title, 10).encode()),
        (TASKS, documents.tasks(title, 10).encode()),
    ]


def _named(path: Path) -> tuple[str, bytes]:
    """Return a document under a name that Accord takes for one of its own, so that it is parsed."""
    known = path.name if path.name in (REQUIREMENTS, DESIGN, TASKS) else REQUIREMENTS
    return known, path.read_bytes()
