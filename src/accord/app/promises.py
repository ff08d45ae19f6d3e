"""What the criteria that a trace binds say in a commit, and what ended those that are over."""

from collections.abc import Iterator
from contextlib import suppress

from attrs import frozen

from accord.app.identifying import known_at
from accord.core import living, trace
from accord.core.markdown import UnreadableError
from accord.core.model import Criterion, Document
from accord.core.ports import Repo
from accord.core.trace import Trace
from accord.formats import registry
from accord.formats.registry import FORMATS

SPECS = "openspec/specs"
"""Where OpenSpec keeps what is in force, whichever changes it came with."""

Key = tuple[str, str]


def said(repo: Repo, head: str, found: Trace) -> tuple[dict[Key, tuple[str, ...]], dict[Key, str]]:
    """Map (path, id) of each criterion to the digests of its words, and of each ended to its end.

    Formats share folders, so there is a digest for each that the file could be written in. What
    was retired in place is known by the ledger of ids.
    """
    words: dict[Key, tuple[str, ...]] = {}
    ended: dict[Key, str] = {}
    for path in {one.path for one in found.promises}:
        for document in _read(repo, head, found.change, path):
            for item in document.items:
                key = (path, item.id)
                words[key] = (*words.get(key, ()), trace.words(item.text))
                if isinstance(item, Criterion) and (over := living.ended(document, item)):
                    ended[key] = over
    lost = [one for one in found.promises if (one.path, one.id) not in words]
    rows = known_at(repo, head, found.change) if lost else ()
    retired = {one.host: one.retired for one in rows if one.retired}
    ended |= {(one.path, one.id): retired[one.id] for one in lost if one.id in retired}
    return words, ended


def _read(repo: Repo, head: str, change: str, path: str) -> Iterator[Document]:
    if path.startswith(f"{SPECS}/"):
        with suppress(UnreadableError):
            yield registry.named("openspec").read(path, repo.read(head, path) or b"")
        return
    for form in FORMATS:
        home = form.home(change)
        if not path.startswith(f"{home}/"):
            continue
        inner = path[len(home) + 1 :]
        data = repo.read(head, path)
        if data is None:
            data = _archived(repo, head, home, inner)
        try:
            yield from () if data is None else (form.read(inner, data),)
        except UnreadableError:
            continue


def _archived(repo: Repo, head: str, home: str, inner: str) -> bytes | None:
    """Return a document of a change that OpenSpec put into its archive, or None."""
    above, _, change = home.rpartition("/")
    for name in repo.names(head, f"{above}/archive"):
        if name.endswith(f"-{change}"):
            return repo.read(head, f"{above}/archive/{name}/{inner}")
    return None


@frozen
class Earlier:
    """A criterion of a released change: the path of its document, the document, the criterion."""

    path: str
    document: Document
    item: Criterion


def find(repo: Repo, commit: str, change: str, criterion: str) -> Earlier | None:
    """Return the criterion of `change` as `commit` has it, or None."""
    for home in dict.fromkeys(form.home(change) for form in FORMATS):
        for path, document in documents(repo, commit, home):
            for item in document.items:
                if isinstance(item, Criterion) and item.id == criterion:
                    return Earlier(path, document, item)
    return None


def documents(repo: Repo, commit: str, home: str) -> Iterator[tuple[str, Document]]:
    """Yield the documents of the spec in the folder `home`, with their paths; none for no spec.

    What cannot be read is left out.
    """
    names = repo.folder(commit, home)
    form = registry.detect(home, names) if names else None
    if form is None:
        return
    for name in sorted(names):
        try:
            yield f"{home}/{name}", form.read(name, repo.read(commit, f"{home}/{name}") or b"")
        except UnreadableError:
            continue


def in_force(document: Document) -> Iterator[Criterion]:
    """Yield the criteria of a document that nothing took the place of."""
    for item in document.items:
        if isinstance(item, Criterion) and not living.ended(document, item):
            yield item


def texts(repo: Repo, commit: str, path: str) -> dict[str, str]:
    """Map the criteria of the document at `path` in a commit to their words; {} without it."""
    data = repo.read(commit, path) if commit else None
    found: dict[str, str] = {}
    for form in FORMATS if data is not None else ():
        for base in (one.removesuffix("*") for one in form.folders):
            inner = path.removeprefix(base).partition("/")[2]
            if not path.startswith(base) or data is None:
                continue
            with suppress(UnreadableError):
                items = form.read(inner, data).items
                found |= {one.id: one.text for one in items if isinstance(one, Criterion)}
    return found
