"""Check specs where they lie, in whatever format they are written; nothing is changed."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import evolve, frozen

from accord.core import checks
from accord.core.checks import Finding, Severity
from accord.core.markdown import UnreadableError
from accord.core.model import Document, Spec, whole_file
from accord.errors import ConfigurationError
from accord.formats import registry
from accord.formats.registry import FORMATS, Format

LARGEST = 4 * 2**20


@frozen
class Checked:
    """One spec that was looked at: its folder, its format, how much is in it, what was found."""

    folder: str
    format: str
    criteria: int
    tasks: int
    findings: tuple[Finding, ...]


def check(root: Path, folders: Sequence[str], *, verify: str = "") -> tuple[Checked, ...]:
    """Return what was found in the specs in `folders`, or in every spec below `root`.

    `verify` is the configured command for tasks that name none. Raises ConfigurationError for a
    folder that holds no spec.
    """
    found = []
    for folder in [root / one for one in folders] or _specs(root):
        names = sorted(_files(folder))
        prefix = folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)
        kind = registry.detect(prefix, names)
        if kind is not None:
            found.append(_checked(folder, prefix, kind, names, verify))
        elif folders:
            known = ", ".join(one.name for one in FORMATS)
            raise ConfigurationError(f"{prefix} holds no spec", hint=f"known formats: {known}")
    return tuple(found)


def _specs(root: Path) -> Iterable[Path]:
    patterns = dict.fromkeys(pattern for one in FORMATS for pattern in one.folders)
    found = (path for pattern in patterns for path in root.glob(pattern))
    return sorted(path for path in found if path.is_dir() and path.name != "archive")


def _checked(folder: Path, prefix: str, kind: Format, names: list[str], verify: str) -> Checked:
    documents: list[Document] = []
    findings: list[Finding] = []
    for name in names:
        data = (folder / name).read_bytes()
        try:
            documents.append(kind.read(name, data))
        except UnreadableError as error:
            documents.append(whole_file(name, data))
            findings.append(
                Finding("unreadable", Severity.BLOCKS, name, error.line, error.column, name,
                        "this byte is not UTF-8", error.hint)
            )  # fmt: skip
    spec = Spec(tuple(documents))
    findings += checks.check(spec, default_verify=verify)
    kept = [one for one in findings if one.rule not in kind.silent]
    placed = tuple(evolve(one, path=f"{prefix}/{one.path}") for one in kept)
    return Checked(prefix, kind.name, len(spec.criteria), len(spec.tasks), placed)


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        plain = path.is_file() and not path.is_symlink()
        if plain and path.suffix in (".md", ".json", ".yaml") and path.stat().st_size <= LARGEST:
            yield path.relative_to(folder).as_posix()
