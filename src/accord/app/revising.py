"""Revise a spec in place: a criterion is superseded or retired, and its id is never used again."""

from pathlib import Path

from attrs import frozen

from accord.app import identifying, spec_folders
from accord.app.rewriting import Rewrite, Write
from accord.core import identity, revising
from accord.core.model import Criterion, Document, Spec
from accord.core.revising import Removal
from accord.errors import ConfigurationError, RefusedError
from accord.formats import editing, registry
from accord.formats.registry import Format

_SHOWN = 8


@frozen
class Revised:
    """What was written: the file, the id that is out of use, the one in its place if any.

    `removals` are the tasks to be proposed for what the retired criterion had built.
    """

    file: str
    retired: str
    new: str
    ledger: str
    removals: tuple[Removal, ...]


def revise(root: Path, folder: str, name: str, text: str, why: str, write: Write) -> Revised:
    """Supersede the criterion `name` of the spec in `folder` by `text`, or retire it without one.

    One place of one file changes; what the criterion said, and why it went, stays in the ledger.
    Raises ConfigurationError where there is no such criterion, RefusedError for OpenSpec, whose
    own way to do this is a delta, and what `write` raises, which does it as one operation.
    """
    kind, spec = _read(root, folder)
    document, item = _criterion(spec, name)
    if kind.name == "openspec":
        raise RefusedError(
            "OpenSpec revises a requirement by a change",
            hint="write it under ## MODIFIED or ## REMOVED Requirements",
        )
    ledger = root / identifying.ledger(folder)
    read = ledger.read_bytes() if ledger.is_file() else None
    before = identifying.known(root, folder)
    found = identity.identify(before, spec)
    before = identity.record(before, found)
    own = next(one.id for one in found.matches if one.item is item)
    if not own:
        raise RefusedError(
            f"{name} may be another criterion than it was", hint=f"accord check {folder}"
        )
    taken = {one.id for one in spec.items} | {one.host for one in before}
    new, data = "", editing.deleted(document, item)
    if text:
        new, words = _superseding(kind, document, item, text, taken)
        data = editing.replaced(document, item, words)
    reason = f"superseded by {new or 'nothing'}: {why}" if text else f"retired: {why}"
    path = f"{folder}/{document.path}"
    after = kind.read(document.path, data)
    rest = tuple(after if one.path == document.path else one for one in spec.documents)
    left = revising.removals(spec, {name})
    rows = identity.retired(before, own, reason)
    rows = identity.record(rows, identity.identify(rows, Spec(rest)))
    files = {
        identifying.ledger(folder): (read, identity.to_toml(rows).encode()),
        path: (document.data, data),
    }
    write(Rewrite("revise", folder.rpartition("/")[2], f"{name}: {why}", files))
    return Revised(path, name, new or (name if text else ""), identifying.ledger(folder), left)


def _read(root: Path, folder: str) -> tuple[Format, Spec]:
    names = spec_folders.folder(root, folder).files
    kind = registry.detect(folder, names)
    if kind is None:
        raise ConfigurationError(f"{folder} holds no spec", hint="accord check lists them")
    read = (kind.read(one, (root / folder / one).read_bytes()) for one in sorted(names))
    return kind, Spec(tuple(read))


def _criterion(spec: Spec, name: str) -> tuple[Document, Criterion]:
    for document in spec.documents:
        for item in document.items:
            if item.id == name and isinstance(item, Criterion):
                return document, item
    known = [one.id for one in spec.criteria]
    shown = ", ".join(known[:_SHOWN]) + (", ..." if len(known) > _SHOWN else "")
    raise ConfigurationError(
        f"there is no criterion {name}", hint=f"there are {shown}" if known else "there is none"
    )


def _superseding(
    kind: Format, document: Document, item: Criterion, text: str, taken: set[str]
) -> tuple[str, str]:
    """Return the new id and the source of a criterion that takes the place of another."""
    source = document.data[item.place.start : item.place.end].decode()
    words = " ".join(text.split())
    first = item.text.split()[0] if item.text.split() else ""
    mark = source[: source.index(first)] if first in source else "- "
    if kind.name == "kiro" or item.id not in mark:
        # The host counts: the place keeps its number, and the ledger tells the two apart.
        return "", mark + words
    new = revising.next_id(item.id, taken)
    return new, mark.replace(item.id, new, 1) + words
