"""Who approved a sentence of an OpenSpec change: told by its signed records, never by git."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from accord.app.reading import witnessed
from accord.app.spec_bases import CHANGES
from accord.app.workshop import Workshop
from accord.approvals.log import read_log
from accord.approvals.records import FOLDER
from accord.core import gates, merging
from accord.core.approval import Decision, Log, Trust
from accord.core.merging import Part
from accord.core.model import SPEC_STAGES, Spec, bindings
from accord.errors import AccordError
from accord.formats import openspec, openspec_merging
from accord.formats import openspec_grammar as grammar

Approvers = Callable[[str, str, bytes], Mapping[str, tuple[str, ...]]]
"""Given a change, the path of a delta in its folder and its bytes: who approved each item of it."""

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}-(.+)")


def nobody(_change: str, _path: str, _data: bytes) -> Mapping[str, tuple[str, ...]]:
    """Say that nobody approved anything: where Accord is not set up there are no records."""
    return {}


def approvers(workshop: Workshop, head: str) -> Approvers:
    """Return what tells the approvers by the records in the commit `head`.

    Where a record does not verify, or was changed or removed since, nobody is named.
    """
    history = dict(workshop.repo.altered(workshop.repo.resolve(workshop.base), [head], FOLDER))

    @cache
    def log(change: str) -> Log:
        entries = workshop.repo.folder(head, f"{FOLDER}/{change}")
        files = {name: workshop.repo.blob(one.id) for name, one in entries.items()}
        return witnessed(workshop, change, read_log(change, files, workshop.trust), history)

    def found(change: str, path: str, data: bytes) -> Mapping[str, tuple[str, ...]]:
        return of(log(change), workshop.trust, path, data)

    return found


def of(log: Log, trust: Trust, path: str, data: bytes) -> Mapping[str, tuple[str, ...]]:
    """Map each item of the document in `data` to those who approved it just so, if enough did."""
    try:
        digests = bindings(Spec((openspec.read(path, data),)))
    except AccordError:
        return {}
    people: dict[str, set[str]] = {}
    for stage in SPEC_STAGES if not log.unsound else ():
        rule = trust.rule(stage)
        records = [one for one in log.signed if one.approval.gate == stage]
        last = max((one.approval.round for one in records), default=0)
        latest = [one for one in records if one.approval.round == last]
        if any(one.approval.decision is Decision.REJECT for one in latest):
            continue
        counting = [
            one.approval for one in latest
            if one.approval.decision is Decision.APPROVE and not gates.powerless(one, rule)
        ]  # fmt: skip
        for item, digest in digests.items():
            names = {one.approver for one in counting if one.items.get(item) == digest}
            if names and len(names) >= rule.threshold:
                people.setdefault(item, set()).update(names)
    return {item: tuple(sorted(names)) for item, names in people.items()}


def of_present(
    root: Path, capability: str, names: Sequence[str], text: str | None, asked: Approvers
) -> tuple[str, ...]:
    """Return who approved the part called `names` of a living spec to say `text` (None: gone).

    The newest archived change that made it say so is looked for, and its records are asked.
    """
    for change, path, data in _archived(root, capability):
        if _makes(data, names, text):
            return asked(change, path, data).get(item(capability, names), ())
    return ()


def item(capability: str, names: Sequence[str]) -> str:
    """Return the id that a requirement or scenario has in a delta for `capability`."""
    return "/".join(one.replace("\\", "\\\\").replace("/", "\\/") for one in (capability, *names))


def _archived(root: Path, capability: str) -> Iterator[tuple[str, str, bytes]]:
    base, path = root / CHANGES / "archive", f"specs/{capability}/spec.md"
    found = [one.name for one in base.iterdir()] if base.is_dir() else []
    for folder in sorted(found, reverse=True):
        name, file = _DATED.fullmatch(folder), base / folder / path
        if name and file.is_file():
            yield name[1], path, file.read_bytes()


def _makes(data: bytes, names: Sequence[str], text: str | None) -> bool:
    source = grammar.lines(data.decode(errors="replace"))
    plan = grammar.plan(source)
    if text is None:
        return any(one.name == names[0] for one in plan.removed)
    parts: Sequence[Part] = openspec_merging.tree(source, (*plan.added, *plan.modified))
    for name in names:
        found = next((one for one in parts if one.name == name), None)
        if found is None:
            return False
        parts = found.parts
    return found is not None and merging.fingerprint(text) == found.fingerprint
