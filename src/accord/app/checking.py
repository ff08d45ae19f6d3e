"""Check specs where they lie, in whatever format they are written; nothing is changed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath

from attrs import evolve, frozen

from accord.app import checked_before, identifying, spec_facts, spec_folders
from accord.app.checked_before import Before, Kept
from accord.app.spec_facts import Edit, Facts
from accord.app.spec_folders import LARGEST, LIVING, Folder
from accord.approvals.records import FOLDER
from accord.core import checks, hidden, identity, linking, ticks
from accord.core.checks import Finding, Severity
from accord.core.contradictions import Statement
from accord.core.markdown import UnreadableError
from accord.core.model import Document, ItemKind, Spec, whole_file
from accord.core.ticks import Ran
from accord.errors import ConfigurationError
from accord.formats import openspec_grammar, openspec_rules, registry
from accord.formats.registry import FORMATS, Format

__all__ = ["LARGEST", "Checked", "check"]

_OPENSPEC = "openspec"


@frozen
class Checked:
    """One spec that was looked at: its folder, its format, how much is in it, what was found."""

    folder: str
    format: str
    criteria: int
    tasks: int
    findings: tuple[Finding, ...]


def check(
    root: Path,
    folders: Sequence[str],
    *,
    verify: str = "",
    kept: Path | None = None,
    ran: Ran = ticks.untried,
) -> tuple[Checked, ...]:
    """Return what was found in the specs in `folders`, or in every spec below `root`.

    `verify` is the configured command for tasks that name none. `kept` is the folder where the
    findings are kept from one check to the next: then only what moved is read. `ran` tells how
    the tests ended on files that an open task names. Raises
    ConfigurationError for a folder that holds no spec.
    """
    named = [_named(root, one) for one in folders]
    every = list(chain.from_iterable(named)) if folders else list(spec_folders.below(root))
    # Of some specs alone nothing is kept: it would look as if the others were gone.
    before = checked_before.load(None if folders else kept, verify)
    fresh: dict[str, Facts] = {}
    found: dict[str, Kept] = {}
    for folder in every:
        unmoved = before.unmoved(folder)
        one = unmoved or _read(root, folder, before, verify, fresh)
        if one is not None:
            found[folder.path] = one
        elif folders:
            known = ", ".join(kind.name for kind in FORMATS)
            raise ConfigurationError(f"{folder.path} holds no spec", hint=f"known formats: {known}")
    _remember(before, found, fresh)
    return tuple(_results(root, before, ran))


def _named(root: Path, name: str) -> list[Folder]:
    path = root / name
    where = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    if where != LIVING and not where.startswith(f"{LIVING}/"):
        return [spec_folders.folder(root, where)]
    own = spec_folders.stamp(path / "spec.md")
    found = [Folder(where, {"spec.md": own}, living=True)] if own else []
    return [*found, *spec_folders.living(root, where)] or [spec_folders.folder(root, where)]


def _remember(before: Before, found: dict[str, Kept], fresh: dict[str, Facts]) -> None:
    """Put together what is known now; hold the specs against one another where any moved."""
    gone = before.specs.keys() - found.keys()
    moved = [path for path, one in found.items() if before.specs.get(path) is not one]
    before.specs = found
    if not fresh and not gone:
        if moved:
            before.keep(None)
        return
    known = before.facts() if len(fresh) < len(found) else {}
    facts = {path: fresh.get(path) or known.get(path) or Facts() for path in found}
    before.between = [[path, *checked_before.row(one)] for path, one in spec_facts.across(facts)]
    before.keep(facts)


def _results(root: Path, before: Before, ran: Ran) -> Iterator[Checked]:
    between: dict[str, list[Finding]] = {}
    for path, *row in before.between:
        between.setdefault(path, []).append(checked_before.finding(row))

    def exists(path: str) -> bool:
        return (root / path).exists()

    for path, kept in before.specs.items():
        findings = [checked_before.finding(one) for one in kept.findings]
        findings += between.get(path, [])
        for one in kept.claims:
            lie = ticks.lie(checked_before.claim(one), exists, ran)
            findings += [evolve(lie, path=f"{path}/{lie.path}")] if lie else []
        where, kind, criteria, tasks = kept.row
        yield Checked(where, kind, criteria, tasks, tuple(findings))


def _read(
    root: Path, folder: Folder, before: Before, verify: str, fresh: dict[str, Facts]
) -> Kept | None:
    """Return what is found in a spec whose files moved, its facts into `fresh`."""
    data = {name: (root / folder.path / name).read_bytes() for name in sorted(folder.files)}
    beside = {
        path: (root / path).read_bytes() for path, one in folder.beside.items() if one is not None
    }
    digest = hashlib.sha256()
    for name, content in (*data.items(), *beside.items()):
        digest.update(f"{len(name)} {name} {len(content)}\n".encode())
        digest.update(content)
    same = before.specs.get(folder.path)
    if same is not None and same.digest == digest.hexdigest():
        return Kept(
            checked_before.stamps(folder), same.digest, same.row, same.findings, same.claims
        )
    if folder.living:
        checked, facts = _capability(folder, data["spec.md"])
    else:
        kind = registry.detect(folder.path, data)
        if kind is None or (kind.name == registry.NAME and not _is_ours(root, folder, data)):
            return None
        checked, facts = _change(folder, kind, data, beside, verify)
    fresh[folder.path] = facts
    return Kept(
        checked_before.stamps(folder),
        digest.hexdigest(),
        [checked.folder, checked.format, checked.criteria, checked.tasks],
        [checked_before.row(one) for one in checked.findings],
        [checked_before.claim_row(one) for one in facts.claims],
    )


def _is_ours(root: Path, folder: Folder, data: Mapping[str, bytes]) -> bool:
    """Tell whether documents of our names are of our format: others name theirs alike.

    They are where an item has an id, where there is nothing but headings yet, and where Accord has
    records of the change.
    """
    if (root / FOLDER / PurePosixPath(folder.path).name).is_dir():
        return True
    form = registry.named(registry.NAME)
    try:
        items = [one for name, text in data.items() if name in form.layout(data).documents.values()
                 for one in form.read(name, text).items]  # fmt: skip
    except UnreadableError:
        return True  # which is told as a finding
    own = [one for one in items if one.kind is not ItemKind.FRAME]
    return not own or any(not one.id.startswith("line ") for one in own)


def _capability(folder: Folder, data: bytes) -> tuple[Checked, Facts]:
    """Judge the living spec of one OpenSpec capability by its own rules."""
    path = f"{folder.path}/spec.md"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Checked(folder.path, _OPENSPEC, 0, 0, (_unreadable(path, data),)), Facts()
    source = openspec_grammar.lines(text)
    findings = [*openspec_rules.spec(path, source), *_hidden(path, text)]
    blocks = openspec_grammar.requirements(source)
    name = folder.path.partition(f"{LIVING}/")[2]
    said = tuple(spec_facts.of_requirements(path, name, source, blocks))
    scenarios = sum(source.text[at].startswith("#### ") for at in source.marks)
    return Checked(folder.path, _OPENSPEC, scenarios, 0, tuple(findings)), Facts(said)


def _hidden(path: str, text: str) -> Iterator[Finding]:
    severity, hint = checks.RULES["hidden-text"]
    for hit in hidden.find(text):
        line = text.count("\n", 0, hit.offset) + 1
        column = hit.offset - text.rfind("\n", 0, hit.offset)
        yield Finding(
            "hidden-text", severity, path, line, column, path, hidden.there(hit.what), hint
        )


def _unreadable(path: str, data: bytes) -> Finding:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        found = UnreadableError(path, data.count(b"\n", 0, error.start) + 1, 1)
    return Finding(
        "unreadable", Severity.BLOCKS, path, found.line, found.column, path,
        "this byte is not UTF-8", found.hint,
    )  # fmt: skip


def _change(
    folder: Folder, kind: Format, data: dict[str, bytes], beside: dict[str, bytes], verify: str
) -> tuple[Checked, Facts]:
    """Judge the spec of one piece of work: by Accord's rules and by those of its host."""
    documents: list[Document] = []
    findings: list[Finding] = []
    for name, content in data.items():
        try:
            documents.append(kind.read(name, content))
        except UnreadableError as error:
            documents.append(whole_file(name, content))
            findings.append(
                Finding("unreadable", Severity.BLOCKS, name, error.line, error.column, name,
                        "this byte is not UTF-8", error.hint)
            )  # fmt: skip
    spec = Spec(tuple(documents))
    unread = {one.path for one in findings}  # what hides in them is told by that they are no text
    found = checks.check(spec, default_verify=verify)
    findings += [one for one in found if one.path not in unread or one.rule != "hidden-text"]
    if kind.name != "native":
        findings += linking.check(spec)
    ledger = beside.get(identifying.ledger(folder.path))
    if ledger is not None:
        findings += identifying.findings(identity.from_toml(ledger.decode()), spec)
    facts = spec_facts.of_spec(folder.path, spec, ticks.claims(spec))
    if kind.name == _OPENSPEC:
        texts = {name: content.decode(errors="replace") for name, content in data.items()}
        home = f"{folder.path.rpartition('/changes/')[0]}/specs"
        mains = {path: content.decode(errors="replace") for path, content in beside.items()}
        findings += openspec_rules.change(texts, lambda one: mains.get(f"{home}/{one}/spec.md"))
        facts = _delta_facts(folder, texts, facts)
    silent = kind.silent
    if kind.name != "native" and linking.is_sparse(spec):
        silent |= {"no-task-for-criterion"}
    kept = [one for one in findings if one.rule not in silent]
    placed = tuple(evolve(kind.said(one), path=f"{folder.path}/{one.path}") for one in kept)
    checked = Checked(folder.path, kind.name, len(spec.criteria), len(spec.tasks), placed)
    return checked, facts


def _delta_facts(folder: Folder, texts: dict[str, str], facts: Facts) -> Facts:
    said: list[Statement] = []
    edits: list[Edit] = []
    for name, text in texts.items():
        if name.startswith("specs/") and name.endswith("/spec.md"):
            source = openspec_grammar.lines(text)
            plan = openspec_grammar.plan(source)
            path, capability = f"{folder.path}/{name}", name[6:-8]
            blocks: Iterable[openspec_grammar.Block] = (*plan.added, *plan.modified)
            said += spec_facts.of_requirements(path, capability, source, blocks)
            edits += spec_facts.edits(path, capability, plan)
    return Facts(tuple(said), facts.claims, tuple(edits), facts.states)
