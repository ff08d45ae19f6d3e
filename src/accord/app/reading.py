"""What lies in a commit of a change, read as it lies there: its format, records and documents."""

from collections.abc import Mapping

from attrs import evolve

from accord.app.workshop import Workshop
from accord.approvals.records import FOLDER
from accord.core import gates
from accord.core.approval import Log, Unsound
from accord.core.checks import Finding, Severity
from accord.core.markdown import UnreadableError
from accord.core.model import Document, Spec, whole_file
from accord.formats import registry
from accord.formats.registry import Format


def form_of(log: Log) -> Format:
    """Return the format of a change, as its first record says."""
    first = gates.track_records(log)[:1]
    said = str(first[0].details.get("format", "")) if first else ""
    # A format of a later version is read as the native one: all it can do is keep gates shut.
    return registry.named(said if said in registry.names() else registry.NAME)


def home(workshop: Workshop, name: str, log: Log) -> tuple[Format, str]:
    """Return the format of a change and the folder of its documents; this machine remembers it."""
    form = form_of(log)
    folder = form.home(name)
    if workshop.home(name) != folder:
        workshop.journal.note(f"home/{name}", {"folder": folder})
    return form, folder


def witnessed(workshop: Workshop, name: str, log: Log, history: Mapping[str, str]) -> Log:
    """Add to the log what its files cannot show: records that were there once and are not now."""
    gone = [
        Unsound(path, f"{path.rpartition('/')[2]} was changed or removed in commit {commit}")
        for path, commit in history.items()
        if path.startswith(f"{FOLDER}/{name}/")
    ]
    present = {one.digest for one in log.signed}
    listed = {one.file for one in log.unsound}
    for key, note in workshop.journal.noted(f"record/{name}/").items():
        digest = key.rpartition("/")[2]
        if note.get("kept") and digest not in present and f"{digest[:32]}.json" not in listed:
            words = f"the record {digest[:12]} that was made here is not on the branch any more"
            gone.append(Unsound(digest[:32], words))
    return evolve(log, unsound=(*log.unsound, *gone))


def spec_of(
    texts: Mapping[str, bytes], links: Mapping[str, bytes], form: Format
) -> tuple[Spec, tuple[Finding, ...]]:
    """Return the spec that the files `texts` make, and a finding for each that cannot be read.

    `links` holds the paths among them that are no files, with what stands for their bytes.
    """
    documents: list[Document] = []
    findings = []
    for path in sorted(texts):
        if path in links:  # what it will show is decided elsewhere, after it was approved
            documents.append(whole_file(path, links[path]))
            findings.append(
                Finding("unreadable", Severity.BLOCKS, path, 1, 1, path,
                        f"{path}:1:1: it is a link or a submodule, not a file",
                        "put a file in its place")
            )  # fmt: skip
            continue
        try:
            documents.append(form.read(path, texts[path]))
        except UnreadableError as error:
            documents.append(whole_file(path, texts[path]))
            findings.append(
                Finding("unreadable", Severity.BLOCKS, path, error.line, error.column, path,
                        error.message, error.hint)
            )  # fmt: skip
    return registry.linked(documents, form), tuple(findings)
