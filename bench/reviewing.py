"""What it costs to decide: the words that a gate shows beside those of the whole document."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from accord.app.gate_view import cost, entries, notes_of
from accord.core.delta import changed_ids, compare
from accord.core.markdown import UnreadableError
from accord.core.model import REQUIREMENTS, Document, Spec, bindings
from accord.formats import registry
from accord.formats.registry import FORMATS
from bench.reading import CORPUS
from bench.table import Figure, Peer

FIRST = 40.0
AGAIN = 10.0
ADDED = b" and says so to support"


Text = tuple[str, bytes]
Reader = Callable[[str, bytes], Document]


def measure(corpus: Path = CORPUS) -> list[Figure]:
    """Return the share of words to read, in percent: at first, and after one criterion changed.

    Without the specs of others there is none: made-up ones have the words that they are given.
    Raises AssertionError where an item that changed or an open question would not be shown, or
    shows nothing and has nothing to open.
    """
    if not corpus.is_dir():
        return []
    specs = list(_real(corpus))
    stories = [(read, [text for text in texts if _is_story(text[0])]) for read, texts in specs]
    return [*_figures("all gates", specs), *_figures("story gate", stories)]


def _is_story(path: str) -> bool:
    return path in (REQUIREMENTS, "spec.md", "proposal.md") or path.startswith("specs/")


def _figures(name: str, specs: Sequence[tuple[Reader, Sequence[Text]]]) -> list[Figure]:
    first, again, whole, revised = 0, 0, 0, 0
    for reader, texts in specs:
        spec = _read(reader, texts)
        shown, words = _shown(Spec(), spec)
        first, whole = first + shown, whole + words
        after = _read(reader, _revised(spec, texts))
        if spec.criteria:
            shown, words = _shown(spec, after)
            again, revised = again + shown, revised + words
    note = f"{whole} words in {len(specs)} specs"
    return [
        Figure(f"words read at first, {name}", 100 * first / whole, "%", FIRST,
               (Peer("the whole document", 100.0),), note=note),
        Figure(f"words read again, {name}", 100 * again / max(1, revised), "%", AGAIN,
               (Peer("the whole document", 100.0),), note=note),
    ]  # fmt: skip


def _shown(before: Spec, after: Spec) -> tuple[int, int]:
    """Return the words that are shown of `after` to whoever approved `before`, and all of them."""
    ids = changed_ids(bindings(before), bindings(after))
    read = entries(after, compare(before, after, ids))
    notes = notes_of(after)
    listed = {one["id"] for one in (*read, *notes)}
    assert set(ids) <= listed, set(ids) - listed
    assert all(one["shown"] or one["whole"] for one in read)
    held = cost(after, [one for one in notes if one["open"]], read)
    return held["words"], held["whole"]


def _revised(spec: Spec, texts: Sequence[Text]) -> list[Text]:
    """Return the texts with a few words added to one criterion in the middle."""
    if not spec.criteria:
        return list(texts)
    place = spec.criteria[len(spec.criteria) // 2].place
    changed = []
    for path, data in texts:
        if path == place.path:
            at = place.start + len(data[place.start : place.end].rstrip())
            changed.append((path, data[:at] + ADDED + data[at:]))
        else:
            changed.append((path, data))
    return changed


def _read(read: Reader, texts: Sequence[Text]) -> Spec:
    found: list[Document] = []
    for path, data in texts:
        try:
            found.append(read(path, data))
        except UnreadableError:
            continue
    return Spec(tuple(found))


def _real(corpus: Path) -> Iterator[tuple[Reader, Sequence[Text]]]:
    """Yield every spec below `corpus` with what reads its format."""
    for root in sorted(path for path in corpus.iterdir() if path.is_dir()):
        for folder in sorted({one for kind in FORMATS for glob in kind.folders
                              for one in root.glob(glob) if one.is_dir()}):  # fmt: skip
            names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))
            kind = registry.detect(folder.relative_to(root).as_posix(), names)
            if kind is not None and folder.name != "archive":
                yield kind.read, [(name, (folder / name).read_bytes()) for name in names]
