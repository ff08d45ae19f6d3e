"""What it costs to decide: the words and the keys of a gate, beside reading the whole of it."""

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from accord.app.gate_view import cost, entries, notes_of
from accord.app.views import View
from accord.core.delta import changed_ids, compare
from accord.core.markdown import UnreadableError
from accord.core.model import SPEC_STAGES, Document, Spec, Stage, bindings
from accord.formats import registry
from accord.formats.registry import FORMATS, Format
from bench import pressing
from bench.reading import CORPUS
from bench.revising import Revision, Text, revisions
from bench.table import Figure, Peer

FIRST = 40.0
AGAIN = 10.0


@frozen
class Gate:
    """What one gate costs: words to read, words of its documents, keys, and keys to page them."""

    stage: Stage
    words: int
    whole: int
    keys: int
    paging: int


@frozen
class Review:
    """The gates of a spec that ask after a change of one kind; of a new spec that is all of them.

    `due` counts what has to be on their pages, and `shown` what is.
    """

    kind: str
    gates: tuple[Gate, ...]
    due: int
    shown: int

    def share(self, stage: Stage | None = None) -> float:
        """Return the percentage of the words to read, at the gate of `stage` or at all."""
        return _share([self], stage)

    def at(self, stage: Stage | None) -> tuple[Gate, ...]:
        """Return the gate of `stage`, or all."""
        return tuple(one for one in self.gates if stage in (None, one.stage))


def absent(corpus: Path = CORPUS) -> str:
    """Return why there are no figures; nothing where there are."""
    return "" if corpus.is_dir() else f"the corpus is not here: {corpus}"


def measure(corpus: Path = CORPUS) -> list[Figure]:
    """Return what is read and pressed at the gates of each spec, at first and after each change.

    Without the specs of others there is nothing: made-up ones have the words that they are given.
    """
    if absent(corpus):
        return []
    first: list[Review] = []
    again: list[Review] = []
    for form, texts in _real(corpus):
        spec = _read(form, texts)
        first.append(review(Spec(), spec))
        again += [review(spec, _read(form, one.texts), one) for one in revisions(spec, texts)]
    every = [*first, *again]
    due, shown = sum(one.due for one in every), sum(one.shown for one in every)
    return [
        *_words(first, again),
        Figure("changes and questions shown", shown / due, "share", 1.0, (), more=True,
               note=f"{due} in {len(every)} reviews"),
        *_keys("at first", first),
        *_keys("again", again),
    ]  # fmt: skip


def review(before: Spec, after: Spec, revision: Revision | None = None) -> Review:
    """Return what `after` costs whoever approved `before`, which `revision` made of it."""
    ids = changed_ids(bindings(before), bindings(after))
    gates: list[Gate] = []
    listed: set[str] = set()
    page: list[str] = []
    for stage in SPEC_STAGES:
        held = [one for spec in (before, after) for one in _held(spec, stage)]
        inside = {item.id for one in held for item in one.items}
        asked = tuple(name for name in ids if name in inside)
        if asked:
            documents = _held(after, stage)
            read = entries(after, compare(before, after, asked))
            pending = _pending(after, documents)
            held_words = cost(Spec(documents), pending, read)
            keys = pressing.keys(pending, read), pressing.paging(pending, documents)
            gates.append(Gate(stage, held_words["words"], held_words["whole"], *keys))
            listed |= {one["id"] for one in (*read, *pending) if _is_shown(one)}
            page += [_on_page(one) for one in (*read, *pending)]
    due = _due(before, after)
    seen = not revision or revision.seen in "\n".join(page)
    return Review(revision.kind if revision else "", tuple(gates), len(due) + 1,
                  len(due & listed) + seen)  # fmt: skip


def _due(before: Spec, after: Spec) -> set[str]:
    """Return the ids of what has to be seen, found without the digests that gates go by.

    That is each item with another text than before or none, and each question that is open.
    """
    was, now = ({(one.id, one.text) for one in spec.items} for spec in (before, after))
    answered = {one["id"] for one in notes_of(after) if not one["open"]}
    return {name for name, _ in was ^ now} - answered


def _held(spec: Spec, stage: Stage) -> tuple[Document, ...]:
    return tuple(one for one in spec.documents if spec.layout.stage(one.path) is stage)


def _pending(spec: Spec, documents: Sequence[Document]) -> list[View]:
    paths = {one.path for one in documents}
    return [one for one in notes_of(spec)
            if one["open"] and one["place"].rpartition(":")[0] in paths]  # fmt: skip


def _is_shown(one: View) -> bool:
    """Tell whether an item has words on the page, or some to open."""
    return bool(one.get("said") or one.get("shown") or one.get("whole"))


def _on_page(one: View) -> str:
    changed = "".join(text for sign, text in one.get("runs", ()) if sign != "-")
    return changed or f"{one.get('said', '')}{one.get('shown', '')} {one.get('lead', '')}"


def _words(first: Sequence[Review], again: Sequence[Review]) -> Iterator[Figure]:
    kinds = list(dict.fromkeys(one.kind for one in again))
    for name, stage in (("all gates", None), ("story gate", Stage.STORY)):
        yield from _shares(f"words read at first, {name}", first, stage, FIRST)
        by_kind = {kind: [one for one in again if one.kind == kind and one.at(stage)]
                   for kind in kinds}  # fmt: skip
        shares = {kind: _share(held, stage) for kind, held in by_kind.items() if held}
        worst = max(shares, key=lambda kind: shares[kind])
        told = ", ".join(f"{kind} {share:.1f}" for kind, share in shares.items())
        yield from _shares(f"words read again, {name}", by_kind[worst], stage, AGAIN, told)


def _shares(
    name: str, reviews: Sequence[Review], stage: Stage | None, budget: float, told: str = ""
) -> Iterator[Figure]:
    """Yield the share of the words of all, of the median spec and of the worst one."""
    asked = [one for one in reviews if one.at(stage)]
    each = [one.share(stage) for one in asked]
    over = sum(share > budget for share in each)
    words = sum(gate.whole for one in asked for gate in one.at(stage))
    note = f"{words} words in {len(asked)} specs, {over} of them over the budget"
    yield Figure(name, _share(asked, stage), "%", budget, (Peer("the whole document", 100.0),),
                 note=f"{note}; {told}" if told else note)  # fmt: skip
    yield Figure(f"{name}, median spec", statistics.median(each), "%", budget, ())
    yield Figure(f"{name}, worst spec", max(each), "%", budget, ())


def _share(reviews: Sequence[Review], stage: Stage | None) -> float:
    gates = [gate for one in reviews for gate in one.at(stage)]
    return 100 * sum(one.words for one in gates) / max(1, sum(one.whole for one in gates))


def _keys(when: str, reviews: Sequence[Review]) -> Iterator[Figure]:
    gates = [gate for one in reviews for gate in one.gates]
    ours, theirs = [one.keys for one in gates], [one.paging for one in gates]
    for name, of in (("median gate", statistics.median), ("most", max)):
        peer = Peer("paging through all of it", of(theirs))
        note = f"{len(gates)} gates" if of is max else ""
        yield Figure(f"keys to decide {when}, {name}", of(ours), "keys", None, (peer,), note=note)


def _read(form: Format, texts: Sequence[Text]) -> Spec:
    """Return the spec as a change has it: what names no criterion rests on all of them."""
    found: list[Document] = []
    for path, data in texts:
        try:
            found.append(form.read(path, data))
        except UnreadableError:
            continue
    return registry.linked(found, form)


def _real(corpus: Path) -> Iterator[tuple[Format, Sequence[Text]]]:
    """Yield every spec below `corpus` with what reads its format."""
    for root in sorted(path for path in corpus.iterdir() if path.is_dir()):
        for folder in sorted({one for kind in FORMATS for glob in kind.folders
                              for one in root.glob(glob) if one.is_dir()}):  # fmt: skip
            names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))
            kind = registry.detect(folder.relative_to(root).as_posix(), names)
            if kind is not None and folder.name != "archive":
                yield kind, [(name, (folder / name).read_bytes()) for name in names]
