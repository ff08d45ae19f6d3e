"""Fingerprints that tests renewed: what a criterion was bound to, as it was proved last.

They are kept outside the repository, beside what was quiet, and count for the very trace that they
were renewed in. Whoever deletes them has the tests run again. `written` puts them into the trace.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from accord.core import trace
from accord.core.drift import Kind, Seen
from accord.core.fingerprint import Mark
from accord.core.trace import Trace


@define
class Renewed:
    """What was renewed: per file of a trace its blob, and per link the mark that replaces it."""

    place: Path | None
    rows: dict[str, Any] = field(factory=dict)

    def applied(self, name: str, blob: str, found: Trace) -> Trace:
        """Return a trace with the marks that were proved last."""
        row = self.rows.get(name)
        if row is None or row["blob"] != blob:
            return found
        links = row["links"]
        return evolve(
            found,
            symbols=tuple((one, _mark(links, one, old)) for one, old in found.symbols),
            tests=tuple((one, _mark(links, one, old)) for one, old in found.tests),
            executes=tuple((one, _mark(links, one, old)) for one, old in found.executes),
        )

    def keep(self, name: str, blob: str, links: Iterable[tuple[str, Mark, Mark]]) -> None:
        """Remember (criterion, the mark in the trace, the mark now) of the trace `name`."""
        row = self.rows.get(name)
        if row is None or row["blob"] != blob:
            row = self.rows[name] = {"blob": blob, "links": {}}
        for criterion, old, new in links:
            row["links"][_key(criterion, old)] = [new.path, new.name, new.print, list(new.sketch)]

    def follow(self, name: str, blob: str) -> None:
        """Let what was kept of the trace `name` count for its new text, link by link."""
        if name in self.rows:
            self.rows[name]["blob"] = blob

    def save(self, names: Mapping[str, str]) -> None:
        """Write it down, for the traces that are there: `names` maps each to its blob."""
        if self.place is None:
            return
        rows = {name: one for name, one in self.rows.items() if names.get(name) == one["blob"]}
        with suppress(OSError):  # a full disk costs time later, and nothing now
            self.place.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.place.with_name(f"{self.place.name}.new")
            fresh.write_text(json.dumps(rows))
            fresh.replace(self.place)


def load(kept: Path | None) -> Renewed:
    """Return what was kept beside the file `kept`; nothing where it cannot be read."""
    place = kept.with_name("renewed.json") if kept else None
    rows: Any = {}
    if place is not None:
        with suppress(OSError, ValueError):
            rows = json.loads(place.read_bytes())
    known = {
        name: one
        for name, one in (rows.items() if isinstance(rows, dict) else ())
        if isinstance(one, dict) and {"blob", "links"} <= one.keys()
    }
    return Renewed(place, known)


def judged(
    whole: Trace, renewed: Trace, criteria: Collection[str], true: Collection[str],
    look: Callable[[Mark], Seen], words: Mapping[tuple[str, str], tuple[str, ...]],
) -> Trace:  # fmt: skip
    """Return the trace `whole` after people judged `criteria` of it.

    These are bound as in `renewed`, to what tests proved last. Those that are still `true` are
    bound to their words and to what stands there by now; what is gone binds them no more.
    """

    def links(
        rows: Sequence[tuple[str, Mark]], proved: Sequence[tuple[str, Mark]]
    ) -> Iterator[tuple[str, Mark]]:
        for (name, old), (_, mark) in zip(rows, proved, strict=True):
            seen = look(mark) if name in true else None
            if seen is None:
                yield name, mark if name in criteria else old
            elif seen.kind is not Kind.GONE:
                yield name, evolve(seen.mark, sketch=seen.mark.sketch if old.sketch else ())

    promises = (
        evolve(one, words=words.get((one.path, one.id), (one.words,))[0]) if one.id in true else one
        for one in whole.promises
    )
    return evolve(
        whole,
        promises=tuple(promises),
        symbols=tuple(links(whole.symbols, renewed.symbols)),
        tests=tuple(links(whole.tests, renewed.tests)),
        executes=tuple(links(whole.executes, renewed.executes)),
    )


def written(top: Path, found: Iterable[Trace]) -> tuple[str, ...]:
    """Write traces into the checkout, to be committed by the person; return their paths."""
    paths = []
    for one in found:
        path = top / trace.path(one.change)
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(trace.to_toml(one))
        fresh.replace(path)  # never through a link that somebody put there
        paths.append(trace.path(one.change))
    return tuple(paths)


def _key(criterion: str, old: Mark) -> str:
    return f"{criterion} -> {old.place} {old.print}"


def _mark(links: Mapping[str, Any], criterion: str, old: Mark) -> Mark:
    row = links.get(_key(criterion, old))
    if row is None:
        return old
    path, name, print_, sketch = row
    return Mark(str(path), str(name), str(print_), tuple(sketch))
