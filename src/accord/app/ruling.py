"""Hold drafts and code against the decisions in force."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from attrs import frozen

from accord.app import ledger
from accord.app.showing import shown_at
from accord.app.workshop import Workshop
from accord.core import contradiction, decision_checks, dispositions
from accord.core.approval import Json
from accord.core.checks import Finding, Severity
from accord.core.contradiction import Clash
from accord.core.decision_checks import Hit, Subject, Text
from accord.core.decision_record import Rule
from accord.core.dispositions import Disposition, Said
from accord.core.model import SPEC_STAGES, Document, Stage, Track
from accord.formats import registry

if TYPE_CHECKING:  # a change asks for its findings here, so this cannot import it
    from accord.app.changes import Change

FINDINGS = (
    "decision", "undisposed", "disposition", "departure", "contradiction", "decision-record",
    "decision-unreadable", "decision-status", "decision-edited", "decision-link",
    "decision-cycle", "decision-duplicate", "decision-pinned",
)  # fmt: skip


@frozen
class Row:
    """One decision as the gate shows it: what the draft says of it, and what is known.

    `standing` is verified, claimed, broken, departs, n/a, undisposed or checked.
    """

    rule: Rule
    standing: str
    words: str
    why: str


def findings(change: "Change", stage: Stage) -> tuple[Finding, ...]:
    """Return what the documents up to `stage` do against the decisions in force."""
    register = change.ledger.register
    documents = _until(change, stage)
    if not register.entries and not register.problems and not _mentions(documents):
        return ()
    # A document that cannot be read is a finding already, and nothing is known of it.
    documents = tuple(one for one in documents if is_text(one))
    said = said_in(change, documents)
    found = [*_problems(change)]
    found += [finding(hit) for hit in demoted(hits(change, stage), said)]
    path = change.spec.layout.documents[stage]
    present = change.spec.document(path) is not None
    shown = [one.slug for one in shown_at(change, stage)] if present else []
    found += dispositions.findings(documents, shown, register, path=path)
    found += _departures(change, said)
    if stage is SPEC_STAGES[-1] or change.track is Track.SMALL:
        found += contradictions(change, path)
    return tuple(found)


def _until(change: "Change", stage: Stage) -> tuple[Document, ...]:
    """Return the documents up to `stage`, leaving later ones out of sight."""
    small = change.track is Track.SMALL
    following = () if small else SPEC_STAGES[SPEC_STAGES.index(stage) + 1 :]
    later = [change.spec.layout.documents[one] for one in following]
    return tuple(one for one in change.spec.documents if one.path not in later)


def _mentions(documents: Iterable[Document]) -> bool:
    return any(b"D-" in one.data for one in documents)


def is_text(document: Document) -> bool:
    """Tell whether a document is UTF-8; one that is not is a finding of its own."""
    try:
        document.data.decode()
    except UnicodeDecodeError:
        return False
    return True


def said_in(change: "Change", documents: Sequence[Document]) -> dict[str, Said]:
    """Map the slug of each decision that documents speak of to the last thing that they say."""
    sections = [dispositions.read(one.path, one.data) for one in documents]
    return dispositions.resolved(sections, change.ledger.register)


def hits(change: "Change", stage: Stage) -> tuple[Hit, ...]:
    """Return where the documents up to `stage` break a rule in force; all checks are run."""
    documents = [one for one in _until(change, stage) if is_text(one)]
    return decision_checks.run(change.ledger.register.in_force, subject(change, documents))


def subject(change: "Change", documents: Sequence[Document]) -> Subject:
    """Return documents as what checks look at; the words about decisions are no part of them."""
    texts: dict[Stage, list[Text]] = {}
    for one in documents:
        section = dispositions.read(one.path, one.data)
        text = Text(one.path, dispositions.without(one.data, section))
        stage = change.spec.layout.stage(one.path)
        texts.setdefault(stage, []).append(text)
        if stage is Stage.STORY and change.track is Track.SMALL:
            texts.setdefault(Stage.ARCHITECTURE, []).append(text)
    paths = {one.path for one in documents}
    tasks = [task for task in change.spec.tasks if task.place.path in paths]
    touched = [pattern for task in tasks for pattern in task.touches]
    made = [pattern for pattern in touched if "*" not in pattern]
    where = {Stage.ARCHITECTURE: touched} if touched else {}
    places = {Stage.ARCHITECTURE: tasks[0].place.path} if touched else {}
    lines = lines_at(change.workshop, change.found.tip)
    return Subject(texts, lines, where, made, places=places)


def lines_at(workshop: Workshop, commit: str) -> Callable[[str], int | None]:
    """Return a lookup of how many lines a path has in `commit`, None where there is none."""

    @cache
    def count(path: str) -> int | None:
        if not path or path.startswith(("/", "..")):
            return None
        data = workshop.repo.read(commit, path)
        return None if data is None else data.count(b"\n") + (not data.endswith(b"\n"))

    return count


def demoted(found: Iterable[Hit], said: Mapping[str, Said]) -> list[Hit]:
    """Return the hits, those of rules that a draft departs from as ones that do not block."""
    departs = {slug for slug, one in said.items() if one.disposition is Disposition.DEPARTS}
    return [decision_checks.demoted(hit) if hit.rule.slug in departs else hit for hit in found]


def finding(hit: Hit) -> Finding:
    """Return a hit as a finding, with what to do about it."""
    rule = hit.rule
    severity = Severity.BLOCKS if hit.check.blocks else Severity.WARNS
    return Finding(
        "decision", severity, hit.path, hit.line, 1, rule.id,
        f"{hit.message}, against {rule.id}: {rule.statement}",
        f"change it, or write under ## Decisions: - Departs {rule.id}: why",
    )  # fmt: skip


def _problems(change: "Change") -> Iterable[Finding]:
    for one in change.ledger.register.problems:
        slug = one.path.rpartition("/")[2].removesuffix(".md")
        mine = slug in change.ledger.born or one.rule == "decision-record"
        severity = Severity.BLOCKS if mine else Severity.WARNS
        yield Finding(one.rule, severity, one.path, one.line, 1, one.name, one.message, one.hint)


def _departures(change: "Change", said: Mapping[str, Said]) -> Iterable[Finding]:
    departs = [(slug, one) for slug, one in said.items()
               if one.disposition is Disposition.DEPARTS]  # fmt: skip
    earlier = past_departures(change.workshop) if departs else {}
    for slug, one in departs:
        rule = change.ledger.register.entries[slug].rule
        before = [name for name in earlier.get(slug, ()) if name != change.name]
        message = f"this departs from {rule.id} ({rule.statement}): {one.words}"
        hint = "approving the gate grants it"
        if before:
            message += f"; so did {', '.join(before)}"
            hint = f"is {rule.id} still right? accord decisions supersede {rule.id} --with WORDS"
        yield Finding("departure", Severity.WARNS, one.path, one.line, 1, rule.id, message, hint)


def past_departures(workshop: Workshop) -> dict[str, list[str]]:
    """Map each decision's slug to the released changes whose documents departed from it."""
    register = ledger.on_base(workshop).register
    base = workshop.repo.resolve(workshop.base)
    found: dict[str, list[str]] = {}
    root = registry.named(workshop.config.format).home("")
    for path, entry in workshop.repo.folder(base, root.rstrip("/")).items():
        change, _, name = path.partition("/")
        if not name.endswith(".md"):
            continue
        data = workshop.repo.blob(entry.id)
        try:
            section = dispositions.read(name, data) if b"eparts" in data else None
        except UnicodeDecodeError:
            continue
        for slug, one in (dispositions.resolved([section], register) if section else {}).items():
            if one.disposition is Disposition.DEPARTS:
                found.setdefault(slug, []).append(change)
    return {slug: sorted(set(names)) for slug, names in found.items()}


def contradictions(change: "Change", path: str) -> Iterable[Finding]:
    """Yield where a decision of this change clashes with one that its signer could not see.

    One that landed meanwhile shuts every gate from the architecture on. One of another open change
    shuts that gate alone, which comes before any code; later it is only shown, since whichever
    lands second meets it. `path` is where the findings are shown.
    """
    own = change.ledger.own
    if not own:
        return
    born = {rule.slug for rule in own}
    landed = [one for one in change.ledger.register.in_force if one.slug not in born]
    for clash in contradiction.between(own, landed):
        if clash.other.slug not in change.ledger.register.entries[clash.one.slug].kept:
            yield _contradiction(change, clash, path, "", blocks=True)
    gate = change.gate
    blocks = gate is not None and gate.stage in SPEC_STAGES
    branches = [(name, tip) for name, tip in _others(change.workshop) if name != change.name]
    for name, rules in ledger.staged(change.workshop, branches).items():
        for clash in contradiction.between(own, rules):
            yield _contradiction(change, clash, path, name, blocks=blocks)


def _contradiction(
    change: "Change", clash: Clash, path: str, where: str, *, blocks: bool
) -> Finding:
    one, other = clash.one.id, clash.other.id
    there = f" in {where}" if where else ""
    verb = "clash" if clash.what.startswith("they") else "contradict each other"
    hint = f"accord decisions expire {one}, or settle it{there}"
    if not where:
        hint = (f"accord decisions supersede {other} {one} --change {change.name}, or expire or "
                f"approve {one} --keep-both there")  # fmt: skip
    return Finding(
        "contradiction", Severity.BLOCKS if blocks else Severity.WARNS, path, 1, 1, one,
        f"{one} here and {other}{there} {verb}: {clash.what}", hint,
    )  # fmt: skip


def _others(workshop: Workshop) -> list[tuple[str, str]]:
    from accord.app.changes import find  # a change asks for its findings here

    return [(one.change, one.tip) for one in find(workshop)]


def table(change: "Change", stage: Stage) -> tuple[Row, ...]:
    """Return each decision that the draft of `stage` was shown, speaks of or breaks."""
    register = change.ledger.register
    if not register.entries:
        return ()
    documents = [one for one in _until(change, stage) if is_text(one)]
    said, found = said_in(change, documents), hits(change, stage)
    looked = subject(change, documents)
    shown = {one.slug: one.why for one in shown_at(change, stage)}
    rows = []
    for rule in register.in_force:
        one = said.get(rule.slug)
        broken = [hit for hit in found if hit.rule.slug == rule.slug]
        if one is None and rule.slug not in shown and not broken:
            continue
        words = one.words if one else ""
        if broken and (one is None or one.disposition is Disposition.FOLLOWS):
            words = f"{broken[0].path}:{broken[0].line} {broken[0].message}"
        proved = decision_checks.verified(rule, looked, found)
        standing = _standing(one, broken=bool(broken), proved=proved, shown=rule.slug in shown)
        rows.append(Row(rule, standing, words, shown.get(rule.slug, "")))
    return tuple(rows)


def _standing(said: Said | None, *, broken: bool, proved: bool, shown: bool) -> str:
    if said is not None and said.disposition is not Disposition.FOLLOWS:
        return str(said.disposition)
    if broken:
        return "broken"
    if said is not None:
        return "verified" if proved else "claimed"
    return "undisposed" if shown else "checked"


def signed_details(change: "Change", stage: Stage) -> dict[str, Json]:
    """Return what an approval of `stage` records of the decisions, empty where there are none."""
    rows = table(change, stage) if stage in SPEC_STAGES else ()
    found: dict[str, Json] = {row.rule.slug: row.standing for row in rows}
    return {"decisions": found} if found else {}
