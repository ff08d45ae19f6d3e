"""Convert a spec from one format to another: nothing is lost in silence, nothing overwritten."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

from accord.app import spec_folders
from accord.app.rewriting import Rewrite, Write
from accord.core.model import Document, Section, Spec
from accord.errors import ConfigurationError, RefusedError
from accord.formats import carrying, registry, writing
from accord.formats.carrying import Plain
from accord.formats.registry import Format
from accord.formats.writing import Written

REPORT = "conversion.md"
HOMES: Mapping[str, str] = {
    "native": "specs",
    "kiro": ".kiro/specs",
    "spec-kit": "specs",
    "openspec": "openspec/changes",
}
_MARKS = re.compile(r"[*_`>#|\[\]]+")


@frozen
class Left:
    """Something that could not be carried: what, why, and its own words."""

    what: str
    why: str
    text: str


@frozen
class Converted:
    """What a conversion wrote: the folder, its files, new ids by the old ones, what was left."""

    source: str
    folder: str
    format: str
    files: tuple[str, ...]
    ids: Mapping[str, str]
    left: tuple[Left, ...]


def convert(root: Path, source: str, target: str, write: Write, into: str = "") -> Converted:
    """Write the spec in the folder `source` anew in the format called `target`.

    It goes to the folder `into`, or to where that format keeps specs. Raises ConfigurationError
    for a folder without a spec or an unknown format, RefusedError where something is already, and
    what `write` raises, which does it as one operation.
    What could not be carried is listed in the folder's `conversion.md`, in its own words.
    """
    kind = registry.named(target)
    was, spec = _read(root, source)
    folder = into or f"{HOMES[target]}/{source.rstrip('/').rpartition('/')[2]}"
    free(root, folder)
    plain = carrying.plain(spec, source.rstrip("/").rpartition("/")[2], was.name)
    written = writing.WRITERS[target](plain)
    files = {name: text.encode() for name, text in written.files.items()}
    clash = {one.path for one in plain.files} & {*files, REPORT}
    files |= {one.path: one.data for one in plain.files if one.path not in clash}
    read = Spec(tuple(kind.read(name, data) for name, data in files.items()))
    left = (*_left(plain, written, read), *_clashes(plain.files, clash))
    report = _report(source, target, written, left)
    write(new("convert", source, folder, {**files, REPORT: report.encode()}))
    return Converted(source, folder, target, (*files, REPORT), written.ids, left)


def _read(root: Path, source: str) -> tuple[Format, Spec]:
    folder = spec_folders.folder(root, source)
    kind = registry.detect(source, folder.files)
    if kind is None:
        raise ConfigurationError(f"{source} holds no spec", hint="accord check lists them")
    names = sorted(folder.files)
    read = (kind.read(one, (root / source / one).read_bytes()) for one in names)
    return kind, Spec(tuple(read))


def free(root: Path, folder: str) -> None:
    """Raise RefusedError when something is at `folder` already, or it lies outside `root`."""
    path = root / folder
    if not path.resolve().is_relative_to(root.resolve()):
        raise RefusedError(f"{folder} is outside the repository", hint="name a folder in it")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RefusedError(f"{folder} is there already", hint="name another place with --into")


def new(verb: str, source: str, folder: str, files: Mapping[str, bytes]) -> Rewrite:
    """Return the operation that writes new files into `folder`, none of which may be there."""
    written = {f"{folder}/{name}": (None, data) for name, data in files.items()}
    name = folder.rstrip("/").rpartition("/")[2]
    return Rewrite(verb, name, f"{source} to {folder}", written)


def _words(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text).casefold().split())


def _left(plain: Plain, written: Written, read: Spec) -> Iterator[Left]:
    """Yield what is not to be found when the result is read as its own format reads it."""
    criteria = {_words(one.text) for one in read.criteria}
    everything = _words(" ".join(text for text in written.files.values()))
    for group in plain.groups:
        for one in group.criteria:
            if _words(one.text) not in criteria and _words(one.words) not in criteria:
                there = _words(one.words) in everything
                yield Left(one.id, "it is there, and no criterion" if there else "no place",
                           one.text)  # fmt: skip
            elif _words(one.name) not in everything:
                yield Left(one.id, "no place for its name", one.name)
        if group.body and _words(group.body) not in everything:
            yield Left(group.id, "its story has no place", group.body)
    for note in (*plain.questions, *plain.assumptions):
        if _words(note.text) not in everything or _words(note.answer) not in everything:
            answer = f" ({note.state}: {note.answer})" if note.answer else f" ({note.state})"
            yield Left(note.id, "no place for it", note.text + answer)
        elif note.risk and note.risk not in everything:
            yield Left(note.id, "no place for its risk", note.risk)
    yield from _sections(plain, read, everything)
    yield from _tasks(plain, written, read)
    for where, why, text in plain.loose:
        if _words(text) not in everything:
            yield Left(where, why, text)


def _sections(plain: Plain, read: Spec, everything: str) -> Iterator[Left]:
    titles = {_words(one.text) for one in read.items if isinstance(one, Section)}
    for name, title, body, _ in plain.sections:
        lines = (carrying.bare(one) for one in body.split("\n") if not carrying.is_link(one))
        if _words(title) not in titles or any(_words(one) not in everything for one in lines):
            yield Left(name, "no place for it", f"{title}\n\n{body}")


def _tasks(plain: Plain, written: Written, read: Spec) -> Iterator[Left]:
    found = {one.id: one for one in read.tasks}
    everything = _words(" ".join(written.files.values()))
    for work in plain.tasks:
        task = work.task
        for line in work.details:
            if _words(line) not in everything:
                yield Left(task.id, "no place for a detail", line)
        new = found.get(written.ids[task.id])
        if new is None or not _words(new.text).startswith(_words(task.text)):
            yield Left(task.id, "no place for it", task.text)
            continue
        for label, had, has in (
            ("what it satisfies", task.satisfies, new.satisfies),
            ("which paths it touches", task.touches, new.touches),
        ):
            wanted = {written.ids.get(one, one) for one in had}
            if wanted - set(has):
                yield Left(task.id, f"no place for {label}", ", ".join(had))
        if {written.ids.get(one, one) for one in task.after} - set(new.after):
            yield Left(task.id, "no place for what it comes after", ", ".join(task.after))
        if task.verify:
            why = "a command is never taken over: write it yourself"
            yield Left(task.id, why, task.verify)


def _clashes(files: tuple[Document, ...], names: set[str]) -> Iterator[Left]:
    for one in files:
        if one.path in names:
            why = "a file of that name is written by the conversion"
            yield Left(one.path, why, one.data.decode(errors="backslashreplace"))


def _report(source: str, target: str, written: Written, left: tuple[Left, ...]) -> str:
    rows = ["# Conversion", f"From {source} to {target}.", "## Ids"]
    rows.append("| was | is |\n|---|---|\n" + "\n".join(
        f"| {_cell(old)} | {_cell(new)} |" for old, new in written.ids.items() if new
    ))  # fmt: skip
    rows.append("## Not carried")
    for one in left:
        rows += [f"### {carrying.one_line(one.what)}", f"{one.why}:", writing.quoted(one.text)]
    if not left:
        rows.append("Nothing: all of it is there.")
    return writing.joined(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
