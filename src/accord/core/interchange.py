"""Decisions from the files that other tools keep, as proposals; and views of ours for them.

Read: decision records (MADR 2 to 4, adr-tools, Nygard), and the bullet points of constitutions,
steering files, CLAUDE.md and AGENTS.md. What is read is a proposal in its author's words; nothing
comes into force by being imported. Written: one generated file for each tool, with a hash.
"""

import re
from collections.abc import Iterable, Sequence

from attrs import frozen

from accord.core import markdown
from accord.core.decision_record import LONGEST, Rule
from accord.core.decisions import order
from accord.core.markdown import BlockKind
from accord.core.model import sha256

VIEWS = {
    "claude": ".claude/rules/decisions.md",
    "agents": "AGENTS.decisions.md",
    "cursor": ".cursor/rules/decisions.mdc",
    "kiro": ".kiro/steering/decisions.md",
}
LARGEST_VIEW = 24_000

_SETTLED = re.compile(
    r"\b(?:accepted|approved|implemented|active|adopted|in force)\b", re.IGNORECASE
)
_OVER = re.compile(r"\b(?:superseded|deprecated|rejected|withdrawn|obsolete)\b", re.IGNORECASE)
_TITLE = re.compile(r"\A(?:ADR[- ]?)?\d*\s*[.:–—-]*\s*", re.IGNORECASE)
_CHOSEN = re.compile(
    r"\A(?:chosen option:?|we (?:have )?(?:chosen|decided)(?: to)?:?|decision:?)\s*", re.IGNORECASE
)
_BECAUSE = re.compile(r",?\s+because\s+", re.IGNORECASE)
_BINDING = re.compile(
    r"\b(?:must|shall|never|always|only|do not|don't|should|use|avoid|prefer|keep|write|run|every"
    r"|no)\b",
    re.IGNORECASE,
)
_OURS = re.compile(rb"<!-- Made by accord decisions export ")
_PRINCIPLES = "constitution.md"
_CLAUSE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|;\s+")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


@frozen
class Imported:
    """A rule that was found, or why a file gave none."""

    path: str
    rule: Rule | None
    reason: str = ""


def read(path: str, data: bytes) -> tuple[Imported, ...]:
    """Return what `data` proposes: one rule of a decision record, or one for each binding bullet.

    The principles of a constitution are sentences under headings, so there each binding sentence
    is one. A view that Accord made gives none. Raises UnreadableError for a file that is not UTF-8.
    """
    text = markdown.decode(data, path)
    if _OURS.search(data[:LARGEST_VIEW]):
        return (Imported(path, None, "Accord made it from the decisions here"),)
    if is_record(path, text):
        return (_record(path, text),)
    return _bullets(path, data)


def is_record(path: str, text: str) -> bool:
    """Tell whether a file is a decision record: it has a status or a decision under a heading."""
    name = path.rpartition("/")[2].lower()
    if name in ("readme.md", "index.md") or "template" in name:
        return False
    heads = re.findall(r"^#{2,3}\s+(.+?)\s*$", text, re.MULTILINE)
    return any(re.match(r"(?:decision|status)\b", one.lower()) for one in heads)


def _record(path: str, text: str) -> Imported:
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    status = _section(text, "status")
    stated = re.search(r"^status:\s*(.+)$", head[1], re.MULTILINE) if head else None
    status = stated[1] if stated else status or _bullet_status(text)
    if _OVER.search(status):
        return Imported(path, None, f"it is {status.splitlines()[0].strip()[:60].lower()}")
    title = re.search(r"^#\s+(.+?)\s*#*$", text, re.MULTILINE)
    name = _TITLE.sub("", _plain(title[1])) if title else ""
    decision = _plain(_section(text, "decision outcome") or _section(text, "decision"))
    said = _CHOSEN.sub("", decision)
    first, _, rest = said.partition(". ")
    statement, because = _halves(first)
    if len(statement.split()) > LONGEST or len(statement.split()) < 3:
        statement = name
    if len(statement.split()) > LONGEST or not statement:
        return Imported(path, None, "it says nothing in at most 40 words")
    because = because or _plain(rest.partition(". ")[0])
    source = {"import": path, "status": "accepted" if _SETTLED.search(status) else "unsettled"}
    return Imported(path, Rule(
        "", "", "proposed", _ended(statement), because[:200], triggers=_triggers(name, statement),
        source=source,
    ))  # fmt: skip


def _halves(sentence: str) -> tuple[str, str]:
    parts = _BECAUSE.split(sentence, maxsplit=1)
    return parts[0].strip().strip('"').rstrip(",."), parts[1].strip() if len(parts) > 1 else ""


def _triggers(name: str, statement: str) -> tuple[str, ...]:
    said = statement.lower()
    words = [word.lower() for word in re.findall(r"[\w-]{3,}", name) if word.lower() not in said]
    return tuple(dict.fromkeys(words))[:8]


def _section(text: str, name: str) -> str:
    """Return the text under a heading, up to the next heading that is not deeper."""
    match = re.search(rf"^(##+)\s+{name}\b.*$", text, re.MULTILINE | re.IGNORECASE)
    if match is None:
        return ""
    after = re.compile(rf"^#{{1,{len(match[1])}}}\s", re.MULTILINE).search(text, match.end())
    return text[match.end() : after.start() if after else len(text)].strip()


def _bullet_status(text: str) -> str:
    found = re.search(r"^[-*]?\s*\**status\**:\**\s*(.+)$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _bullets(path: str, data: bytes) -> tuple[Imported, ...]:
    found = []
    heading = ""
    for block in markdown.parse(data, path):
        if block.kind is BlockKind.HEADING:
            heading = _plain(block.text)
        label = re.sub(r"[^\w -]", "", heading).strip().lower()
        for statement in _statements(path, block, data):
            if not _BINDING.search(statement) or not 3 <= len(statement.split()) <= LONGEST:
                continue
            rule = Rule("", "", "proposed", _ended(statement), labels=(label,) if label else (),
                        source={"import": f"{path}:{block.line}"})  # fmt: skip
            found.append(Imported(path, rule))
    what = "sentence" if path.endswith(_PRINCIPLES) else "bullet"
    return tuple(found) or (Imported(path, None, f"no {what} in it says what must be done"),)


def _statements(path: str, block: markdown.Block, data: bytes) -> Iterable[str]:
    if block.kind is BlockKind.ITEM:
        return _SENTENCE.split(_plain(block.text))[:1]
    if block.kind is BlockKind.OTHER and path.endswith(_PRINCIPLES):
        said = data[block.start : block.end].decode()
        return [] if "|" in said else [one.strip() for one in _CLAUSE.split(_plain(said))]
    return []


def _plain(text: str) -> str:
    """Return a text in one line without the marks of markdown that words do not need."""
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.DOTALL)
    text = re.sub(r"^#{1,6}\s.*$", "", text, flags=re.MULTILINE)
    text = _LINK.sub(r"\1", text)
    return " ".join(re.sub(r"\*\*|__|^[-*>]\s+", "", text, flags=re.MULTILINE).split())


def _ended(statement: str) -> str:
    return statement if statement.endswith((".", "!", "?")) else f"{statement}."


def view(kind: str, rules: Iterable[Rule]) -> bytes:
    """Return the generated file for a tool: the rules in force, capped in size, with a hash.

    The hash is over the lines of the rules, so `drifted` can tell an edit from an old view.
    """
    lines = [f"- {one.id}: {one.statement}" for one in sorted(rules, key=lambda one: order(one.id))]
    kept, size = [], 0
    for line in lines:
        size += len(line) + 1
        if size > LARGEST_VIEW:
            break
        kept.append(line)
    if len(kept) < len(lines):
        kept.append(f"- {len(lines) - len(kept)} more: accord decisions list")
    body = "\n".join(kept)
    front = "---\nalwaysApply: true\n---\n" if kind == "cursor" else ""
    front = "---\ninclusion: always\n---\n" if kind == "kiro" else front
    head = (f"{front}<!-- Made by accord decisions export --to {kind}; do not edit. "
            f"sha256:{sha256(body.encode())[:16]} -->\n")  # fmt: skip
    return f"{head}# Decisions in force\n\n{body}\n".encode()


def drifted(kind: str, present: bytes | None, rules: Sequence[Rule]) -> str:
    """Return how the file of a tool differs from the decisions in force, or an empty string."""
    wanted = view(kind, rules)
    if present is None:
        return "it is missing"
    if present.replace(b"\r\n", b"\n") == wanted:
        return ""
    mark = re.search(rb"sha256:([0-9a-f]{16})", present)
    body = present.decode(errors="replace").partition("# Decisions in force\n\n")[2].rstrip("\n")
    if mark is None or mark[1].decode() != sha256(body.encode())[:16]:
        return "it was edited by hand"
    return "it is older than the decisions in force"
