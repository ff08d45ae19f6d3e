"""One decision as a file: `.accord/decisions/<slug>.md`, a strict head and a few lines of prose.

    ---
    id: D-12                       stamped by Accord; `D-<slug>` until it has landed on the base
    status: active                 stamped by Accord; what counts is the signed record
    statement: All state lives in PostgreSQL.
    because: one backup, one runbook
    stages: [design, architecture]
    triggers: [database, redis]
    check:
      - in: [design]
        forbid: '(?i)\\bmysql\\b'
    source:                        stamped by Accord: where it came from and who said so
      change: orders
    ---
    Wrong: Orders are kept in MySQL.
    Right: Orders are kept in PostgreSQL.

The file's name is what the decision is signed under, so giving it a number changes no signature.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum

from attrs import evolve, field, frozen

from accord.core import frontmatter, hidden, patterns, secrets
from accord.core.frontmatter import Fault, Front, Values
from accord.core.model import Stage, sha256

FOLDER = ".accord/decisions"
LONGEST = 40
STAGES = (Stage.STORY, Stage.DESIGN, Stage.ARCHITECTURE, Stage.IMPLEMENTATION)
KINDS = ("constraint", "convention", "choice", "process")

_ID = re.compile(r"D-(?:[1-9]\d{0,5}|[a-z0-9][a-z0-9-]{0,59})")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_EXAMPLE = re.compile(r"^(Wrong|Right):[ \t]*(.*)$", re.MULTILINE)
_TEXTS = ("id", "status", "statement", "because", "kind", "review_after", "superseded_by")
_LISTS = ("stages", "labels", "paths", "triggers", "supersedes", "narrows", "aliases")
_KEYS = (*_TEXTS, *_LISTS, "always", "check", "source")
_STAMPED = ("id", "status", "superseded_by", "aliases")


class CheckKind(StrEnum):
    """What a check looks for; see docs/decisions.md."""

    FORBID = "forbid"
    REQUIRE = "require"
    PAIR = "pair"
    TRACE = "trace"
    EXISTS = "exists"
    COVER = "cover"
    ONLY_PATHS = "only_paths"
    COMMAND = "command"
    ASK = "ask"


_OPTIONS: Mapping[CheckKind, tuple[str, ...]] = {
    CheckKind.FORBID: ("unless",),
    CheckKind.REQUIRE: ("when",),
    CheckKind.PAIR: ("needs",),
    CheckKind.TRACE: ("to",),
    CheckKind.EXISTS: (),
    CheckKind.COVER: ("when",),
    CheckKind.ONLY_PATHS: (),
    CheckKind.COMMAND: ("example",),
    CheckKind.ASK: (),
}
_PATTERNS = (CheckKind.FORBID, CheckKind.REQUIRE, CheckKind.PAIR, CheckKind.TRACE)


@frozen
class Check:
    """One check of a decision: what it looks for, in the documents of which stages.

    `value` is an expression, a command or a question; `members` holds what has to be named, or
    the paths that are allowed. `options` holds what only some kinds have.
    """

    kind: CheckKind
    stages: tuple[Stage, ...]
    value: str = ""
    members: tuple[str, ...] = ()
    options: Mapping[str, str] = field(factory=dict)
    blocks: bool = True


@frozen
class Rule:
    """A decision as its file has it. `digest` is over what a person signs, stamps left out."""

    slug: str
    id: str
    status: str
    statement: str
    because: str = ""
    kind: str = "constraint"
    stages: tuple[Stage, ...] = STAGES
    labels: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    always: bool = False
    checks: tuple[Check, ...] = ()
    supersedes: tuple[str, ...] = ()
    narrows: tuple[str, ...] = ()
    superseded_by: str = ""
    aliases: tuple[str, ...] = ()
    review_after: str = ""
    source: Mapping[str, str] = field(factory=dict)
    wrong: str = ""
    right: str = ""
    body: str = ""
    digest: str = ""

    @property
    def path(self) -> str:
        """Return where the file lies in the repository."""
        return f"{FOLDER}/{self.slug}.md"

    @property
    def names(self) -> tuple[str, ...]:
        """Return every id under which it may be cited."""
        return tuple(dict.fromkeys((self.id, f"D-{self.slug}", *self.aliases)))


def read(slug: str, data: bytes) -> tuple[Rule | None, tuple[Fault, ...]]:
    """Return the decision in `data` and its faults; None where so little is left that none is.

    A rule with a fault is shown and mended but never put in force.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return None, (Fault(data.count(b"\n", 0, error.start) + 1, "it is not UTF-8"),)
    front = frontmatter.read(text)
    reader = _Reader(front)
    rule = reader.rule(slug)
    faults = [*front.faults, *reader.faults]
    faults += [Fault(text.count("\n", 0, one.offset) + 1, hidden.there(one.what))
               for one in hidden.find(text)]  # fmt: skip
    faults += [
        Fault(text.count("\n", 0, one.start) + 1, f"it holds what looks like a secret ({one.kind})")
        for one in secrets.find(text)
    ]
    if not front.values or not rule.statement:
        return None, tuple(faults)
    return evolve(rule, digest=_digest(front)), tuple(faults)


class _Reader:
    """Turns the values of a head into a rule, and notes what is not as it should be."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.faults: list[Fault] = []

    def _fault(self, key: str, message: str) -> None:
        self.faults.append(Fault(self.front.lines.get(key, 1), message))

    def rule(self, slug: str) -> Rule:
        values = self.front.values
        for key in values:
            if key not in _KEYS:
                self._fault(key, f"{key} is no key of a decision")
        if not _SLUG.fullmatch(slug):
            self._fault("id", "the file's name must be small letters, digits and hyphens")
        texts = {key: self._text(key) for key in _TEXTS}
        lists = {key: self._list(key) for key in _LISTS}
        wrong, right = _examples(self.front.body)
        self._known(texts, lists)
        return Rule(
            slug, texts["id"] or f"D-{slug}", texts["status"] or "proposed", texts["statement"],
            texts["because"], texts["kind"] or KINDS[0], self._stages("stages", lists["stages"]),
            lists["labels"], lists["paths"], lists["triggers"], self._flag("always"),
            self._checks(), lists["supersedes"], lists["narrows"], texts["superseded_by"],
            lists["aliases"], texts["review_after"], self._source(), wrong, right, self.front.body,
        )  # fmt: skip

    def _known(self, texts: Mapping[str, str], lists: Mapping[str, tuple[str, ...]]) -> None:
        statement = texts["statement"]
        if not statement:
            self._fault("statement", "it has no statement")
        if len(statement.split()) > LONGEST:
            self._fault("statement", f"the statement has more than {LONGEST} words; divide it")
        if texts["kind"] and texts["kind"] not in KINDS:
            self._fault("kind", f"kind is one of {', '.join(KINDS)}")
        if texts["review_after"] and not _DATE.fullmatch(texts["review_after"]):
            self._fault("review_after", "review_after is a date: 2027-02-01")
        names = [("id", texts["id"]), ("superseded_by", texts["superseded_by"])]
        names += [(key, one) for key in ("supersedes", "narrows", "aliases") for one in lists[key]]
        for key, name in names:
            if name and not _ID.fullmatch(name):
                self._fault(key, f"{key} names a decision as D-12 or D-some-words")

    def _text(self, key: str) -> str:
        value = self.front.values.get(key, "")
        if not isinstance(value, str):
            self._fault(key, f"{key} is one line of text")
            return ""
        return value

    def _list(self, key: str) -> tuple[str, ...]:
        value = self.front.values.get(key, ())
        if not isinstance(value, tuple) or not all(isinstance(one, str) for one in value):
            if value != "":
                self._fault(key, f"{key} is a list: [one, two]")
            return ()
        return tuple(str(one) for one in value)

    def _flag(self, key: str) -> bool:
        value = self._text(key)
        if value not in ("", "true", "false"):
            self._fault(key, f"{key} is true or false")
        return value == "true"

    def _stages(self, key: str, names: tuple[str, ...]) -> tuple[Stage, ...]:
        unknown = [name for name in names if name not in STAGES]
        if unknown:
            self._fault(key, f"a stage is one of {', '.join(STAGES)}, not {unknown[0]}")
        return tuple(one for one in STAGES if one in names) or STAGES

    def _source(self) -> dict[str, str]:
        value = self.front.values.get("source", {})
        if not isinstance(value, Mapping):
            self._fault("source", "source is a block of lines")
            return {}
        return {key: one if isinstance(one, str) else ", ".join(one) for key, one in value.items()}

    def _checks(self) -> tuple[Check, ...]:
        value = self.front.values.get("check", ())
        if not isinstance(value, tuple) or not all(isinstance(one, Mapping) for one in value):
            if value != "":
                self._fault("check", "check is a list of checks, each begun with a hyphen")
            return ()
        made = (self._check(one) for one in value if isinstance(one, Mapping))
        return tuple(one for one in made if one is not None)

    def _check(self, entry: Mapping[str, str | tuple[str, ...]]) -> Check | None:
        kinds = [kind for kind in CheckKind if kind in entry]
        if len(kinds) != 1:
            self._fault("check", f"a check has one of {', '.join(CheckKind)}")
            return None
        kind = kinds[0]
        for key in entry:
            if key not in (kind, "in", "level", *_OPTIONS[kind]):
                self._fault("check", f"{key} is no part of a check {kind}")
        listed = entry.get("in", ())
        stages = self._stages("check", (listed,) if isinstance(listed, str) else listed)
        level = entry.get("level", "error")
        if level not in ("error", "warn"):
            self._fault("check", "level is error or warn")
        value = entry[kind]
        options = {key: str(entry[key]) for key in _OPTIONS[kind] if entry.get(key)}
        self._value(kind, value, options)
        members = value if isinstance(value, tuple) else ()
        text = value if isinstance(value, str) else ""
        return Check(kind, stages, text, members, options, blocks=level == "error")

    def _value(self, kind: CheckKind, value: object, options: Mapping[str, str]) -> None:
        wants_list = kind in (CheckKind.COVER, CheckKind.ONLY_PATHS)
        if not value or isinstance(value, tuple) is not wants_list:
            self._fault("check", f"{kind} is {'a list: [one, two]' if wants_list else 'a text'}")
        if kind is CheckKind.PAIR and "needs" not in options:
            self._fault("check", "pair wants a line needs: with what has to be named as well")
        if kind is CheckKind.TRACE and options.get("to") not in STAGES:
            self._fault("check", "trace wants a line to: with the stage that has to cite")
        if kind is CheckKind.EXISTS and value not in ("paths", "lines"):
            self._fault("check", "exists is paths or lines")
        expressions = [str(value)] if kind in _PATTERNS else []
        expressions += [options[key] for key in ("unless", "when", "needs") if key in options]
        for one in expressions:
            if words := patterns.fault(one):
                self._fault("check", f"the expression {one[:60]!r} cannot be used: {words}")


def _examples(body: str) -> tuple[str, str]:
    """Return the texts after `Wrong:` and `Right:`, each up to the other or an empty line."""
    found = {"Wrong": "", "Right": ""}
    marks = list(_EXAMPLE.finditer(body))
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(body)
        text = body[mark.start(2) : end]
        fence = re.match(r"\s*(`{3,}|~{3,})[^\n]*\n", text)
        if fence:
            inside = text[fence.end() :]
            text = inside.partition(f"\n{fence[1]}")[0]
        else:
            text = text.partition("\n\n")[0].strip()
        if not found[mark[1]]:
            found[mark[1]] = _unquoted(text)
    return found["Wrong"], found["Right"]


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
        return text[1:-1]
    return text


def _digest(front: Front) -> str:
    kept = {key: value for key, value in front.values.items() if key not in _STAMPED and value}
    return sha256(json.dumps([kept, front.body], sort_keys=True, default=dict).encode())


def write(rule: Rule) -> bytes:
    """Return the canonical file of `rule`. Raises ValueError for a text with a line break."""
    values: dict[str, Values] = {
        "id": rule.id,
        "status": rule.status,
        "statement": rule.statement,
        "because": rule.because,
        "kind": rule.kind if rule.kind != KINDS[0] else "",
        "stages": tuple(map(str, rule.stages)) if rule.stages != STAGES else (),
        "labels": rule.labels,
        "paths": rule.paths,
        "triggers": rule.triggers,
        "always": "true" if rule.always else "",
        "check": tuple(_check_values(one) for one in rule.checks),
        "supersedes": rule.supersedes,
        "narrows": rule.narrows,
        "superseded_by": rule.superseded_by,
        "aliases": rule.aliases,
        "review_after": rule.review_after,
        "source": rule.source,
    }
    body = rule.body or "\n".join(
        f"{name}: {_fenced(text)}" for name, text in (("Wrong", rule.wrong), ("Right", rule.right))
        if text
    )  # fmt: skip
    return frontmatter.write(values, body).encode()


def _fenced(text: str) -> str:
    if "\n" not in text.strip() and not _EXAMPLE.search(text):
        return text.strip()
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"\n{fence}\n{text.strip(chr(10))}\n{fence}"


def _check_values(check: Check) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    if check.stages != STAGES:
        found["in"] = tuple(map(str, check.stages))
    found[str(check.kind)] = check.value or check.members
    found |= check.options
    if not check.blocks:
        found["level"] = "warn"
    return found


def stamp(
    data: bytes, *, name: str = "", status: str = "", superseded_by: str | None = None,
    aliases: tuple[str, ...] = (),
) -> bytes:  # fmt: skip
    """Return the file with what Accord stamps replaced; every other byte stays as it is."""
    text = data.decode()
    if name:
        text = frontmatter.replace_line(text, "id", name)
    if status:
        text = frontmatter.replace_line(text, "status", status)
    if superseded_by is not None:
        text = frontmatter.replace_line(text, "superseded_by", superseded_by)
    if aliases:
        text = frontmatter.replace_line(text, "aliases", aliases)
    return text.encode()
