"""Import what was written elsewhere as a spec of Accord's own; nothing is overwritten."""

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from accord.app.converting import free, new
from accord.app.rewriting import Write
from accord.errors import ConfigurationError
from accord.formats import importing, writing

LARGEST = 4 * 2**20


@frozen
class Brought:
    """What was written: the folder, its files, and what came otherwise than it was."""

    source: str
    folder: str
    files: Mapping[str, int]
    remarks: tuple[str, ...]


def bring(root: Path, source: Path, write: Write, into: str = "") -> Brought:
    """Read `source` and write the documents to `into`, or to a folder named after its title.

    Raises ConfigurationError for a file that is absent, too large, or of no known kind,
    RefusedError where something is already, and what `write` raises; it does it as one operation.
    """
    if not source.is_file():
        raise ConfigurationError(f"{source} is no file", hint="name a .json or .md file")
    if source.stat().st_size > LARGEST:
        raise ConfigurationError(f"{source} is larger than 4 MiB", hint="split it")
    found = importing.read(source.name, source.read_bytes())
    folder = into or f"specs/{writing.slug(found.title)}"
    free(root, folder)
    files = {name: text.encode() for name, text in found.files.items()}
    write(new("import", source.name, folder, files))
    sizes = {name: len(data) for name, data in files.items()}
    return Brought(str(source), folder, sizes, found.remarks)
