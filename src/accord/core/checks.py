"""Findings in a spec: what a reader would stumble over, said with its place and its cure."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache

from attrs import evolve, frozen

from accord.core import hidden, hidden_markup, plan, scheduling
from accord.core.model import (
    Document,
    Item,
    ItemKind,
    Spec,
    Stage,
    Standing,
    lineage,
    sha256,
)


class Severity(StrEnum):
    """Whether a finding keeps the gate shut or is only shown at it."""

    BLOCKS = "blocks"
    WARNS = "warns"


@frozen
class Finding:
    """One thing to mend: `rule` is its stable id, `line` and `column` count from 1.

    `key` names hidden text that a person may waive: the digest of it and of what is around it.
    """

    rule: str
    severity: Severity
    path: str
    line: int
    column: int
    item: str
    message: str
    hint: str
    key: str = ""


RULES: Mapping[str, tuple[Severity, str]] = {
    "open-question": (Severity.BLOCKS, "answer it: accord answer {item} '...'"),
    "open-assumption": (Severity.BLOCKS, "accord answer {item} yes, or the correction in words"),
    "placeholder": (Severity.BLOCKS, "write what belongs there"),
    "no-criterion": (Severity.BLOCKS, "add one: - R1.1 WHEN ... THE ... SHALL ..."),
    "no-section": (Severity.BLOCKS, "add one: ## D1 ... with a line Satisfies: R1.1"),
    "no-task": (Severity.BLOCKS, "add one: - [ ] T1 ... with Satisfies, Touches, After, Verify"),
    "no-shall": (Severity.BLOCKS, "say what the system SHALL do"),
    "no-result": (Severity.BLOCKS, "name something that a test could observe"),
    "vague-word": (Severity.WARNS, "say how much, how soon or which"),
    "stack-in-story": (Severity.WARNS, "say what the user sees here; the design names the means"),
    "duplicate-id": (Severity.BLOCKS, "give each its own id; ids are never reused"),
    "dangling-id": (Severity.BLOCKS, "name an id that exists, or add what is missing"),
    "no-id": (Severity.BLOCKS, "start it with an id: - [ ] T1 ..."),
    "satisfies-nothing": (Severity.BLOCKS, "add a line Satisfies: with the criteria that it meets"),
    "no-task-for-criterion": (Severity.BLOCKS, "name it in the Satisfies line of a task"),
    "no-touches": (Severity.BLOCKS, "add a line Touches: with the paths that it may change"),
    "no-verify": (Severity.BLOCKS, "add a line Verify: or set verify.command in the configuration"),
    "overlap": (Severity.WARNS, "order them with After, or narrow what they touch"),
    "cycle": (Severity.BLOCKS, "take one of them out of an After line"),
    "hidden-text": (Severity.BLOCKS, "delete it, or write what it says in plain sight"),
    "odd-text": (Severity.WARNS, "look at it in the source"),
}

VAGUE = (
    "fast quick quickly slow easy easily simple simply appropriate appropriately adequate "
    "reasonable reasonably efficient efficiently robust seamless seamlessly intuitive "
    "user-friendly flexible properly correctly gracefully optimal sufficient timely various "
    "several etc nice modern best-effort"
).split()
STACK = (
    "python javascript typescript rust golang java kotlin react vue angular svelte django flask "
    "fastapi rails spring postgres postgresql mysql sqlite mongodb redis kafka rabbitmq docker "
    "kubernetes graphql grpc websocket websockets terraform aws s3 lambda webpack node.js nodejs"
).split()

_WORD = re.compile(r"[\w-]+")
_VAGUE_WORDS = frozenset(VAGUE)
_STACK_WORDS = frozenset(word.partition(".")[0] for word in STACK)
_VAGUE = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, VAGUE))})(?![\w-])", re.IGNORECASE)
_STACK = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, STACK))})(?![\w-])", re.IGNORECASE)
_FILE = re.compile(
    r"(?<![\w/@.])((?:[\w.-]+/)*[\w-]+\.(?:py|js|jsx|ts|tsx|go|rs|java|rb|c|cpp|h|css|html|sql|toml"
    r"|ya?ml|json|sh))(?![\w/])"
)
_SHALL = re.compile(r"\bSHALL\b(?:\s+NOT\b)?\s*(.*)", re.DOTALL)
_EMPTY_RESULT = re.compile(
    r"\W*+(?:(?:work|function|behave|operate|be (?:good|correct|right|ok|okay|fine|supported))"
    r"(?:\s+(?:as expected|correctly|properly|well|fine))?|support \w+|handle \w+|)\W*+\Z",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"([^#~/]+)~\d+\Z")
_AROUND = 200
_PLACEHOLDER_MARKS = ("<<", "[NEEDS", "TBD", "TODO")
_PLACEHOLDER = re.compile(r"<<[^<>\n]+>>|\[NEEDS CLARIFICATION:[^\]\n]*\]|\bTBD\b|\bTODO\b")

Check = Callable[[Spec], Iterator[Finding]]


def check(
    spec: Spec, *, default_verify: str = "", tasks_in_story: bool = False
) -> tuple[Finding, ...]:
    """Return the findings of `spec`, in order of file and line.

    What only a later document can mend (a criterion without a task, before there are tasks) is
    not a finding yet. `default_verify` is the command for tasks that name none; `tasks_in_story`
    tells that there will be no document for tasks.
    """
    found = [finding for rule in _CHECKS for finding in rule(spec)]
    if not default_verify:
        found += _unproven(spec)
    story = spec.document(spec.layout.documents[Stage.STORY])
    if tasks_in_story and story is not None and not spec.tasks:
        found.append(_at("no-task", story.items[0], "there is no task"))
    order = [document.path for document in spec.documents]
    return tuple(sorted(found, key=lambda one: (order.index(one.path), one.line, one.column)))


def blocking(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings that keep a gate shut."""
    return tuple(one for one in findings if one.severity is Severity.BLOCKS)


def _at(rule: str, item: Item, message: str, *, line: int = 0, column: int = 1) -> Finding:
    severity, hint = RULES[rule]
    hint = hint.format(item=item.id)
    return Finding(
        rule, severity, item.place.path, line or item.place.line, column, item.id, message, hint
    )


def _open_notes(spec: Spec) -> Iterator[Finding]:
    for question in spec.questions:
        if question.standing is Standing.OPEN:
            yield _at("open-question", question, f"{question.id} is open: {question.text}")
    for assumption in spec.assumptions:
        if assumption.standing is Standing.OPEN:
            words = f"{assumption.id} has no yes or correction: {assumption.text}"
            yield _at("open-assumption", assumption, words)


def _completeness(spec: Spec) -> Iterator[Finding]:
    wanted = (
        (Stage.STORY, spec.criteria, "no-criterion", "there is no acceptance criterion"),
        (Stage.DESIGN, spec.sections, "no-section", "there is no section"),
        (Stage.ARCHITECTURE, spec.tasks, "no-task", "there is no task"),
    )
    for stage, items, rule, message in wanted:
        document = spec.document(spec.layout.documents[stage])
        if document is not None and not items:
            yield _at(rule, document.items[0], message)


def _criteria(spec: Spec) -> Iterator[Finding]:
    for item in spec.criteria:
        shall = _SHALL.search(item.text)
        if shall is None:
            yield _at("no-shall", item, f"{item.id} does not say what SHALL happen")
        elif _EMPTY_RESULT.match(shall[1]):
            yield _at("no-result", item, f"{item.id} names no result that could be observed")


def _words(spec: Spec) -> Iterator[Finding]:
    for item in spec.items:
        if item.kind in (ItemKind.CRITERION, ItemKind.ASSUMPTION):
            for match in _named(_VAGUE, _VAGUE_WORDS, item.text):
                yield _at("vague-word", item, f"'{match[0]}' can be read in more than one way")
        if item.kind in (ItemKind.CRITERION, ItemKind.REQUIREMENT):
            files = _FILE.finditer(item.text) if "." in item.text else ()
            for match in (*_named(_STACK, _STACK_WORDS, item.text), *files):
                yield _at("stack-in-story", item, f"'{match[1]}' is a means, not a behaviour")


def _named(pattern: re.Pattern[str], words: frozenset[str], text: str) -> Iterator[re.Match[str]]:
    # The long alternatives are slow, and hardly any sentence holds one of their words.
    if words.isdisjoint(_WORD.findall(text.casefold())):
        return iter(())
    return pattern.finditer(text)


def _ids(spec: Spec) -> Iterator[Finding]:
    first: dict[str, Item] = {}
    for item in spec.items:
        before = first.setdefault(item.id, item)
        if before is not item:
            where = f"{before.place.path}:{before.place.line}"
            yield _at("duplicate-id", item, f"{item.id} is already used at {where}")
        # Readers of hosts' documents tell two bearers of one id apart: FR-001 and FR-001~2.
        elif (again := _AGAIN.match(item.id)) and again[1] in first:
            before = first[again[1]]
            where = f"{before.place.path}:{before.place.line}"
            yield _at("duplicate-id", item, f"{again[1]} is already used at {where}")
    for item in spec.items:
        for name in item.satisfies:
            if name not in first:
                yield _at("dangling-id", item, f"{item.id} satisfies {name}, which does not exist")
    tasks = {task.id for task in spec.tasks}
    for task in spec.tasks:
        if task.id.startswith("line "):
            yield _at("no-id", task, f"the task '{task.text}' has no id")
        for name in task.after:
            if name not in tasks:
                yield _at("dangling-id", task, f"{task.id} comes after {name}, which is no task")


def _tasks(spec: Spec) -> Iterator[Finding]:
    for section in spec.sections:
        if section.id.startswith("D") and not section.satisfies:
            yield _at("satisfies-nothing", section, f"{section.id} serves no criterion")
    for task in spec.tasks:
        if not task.satisfies:
            yield _at("satisfies-nothing", task, f"{task.id} satisfies no criterion")
        if not task.touches:
            yield _at("no-touches", task, f"{task.id} does not say which paths it touches")
    for names in plan.cycles(spec.tasks):
        task = next(one for one in spec.tasks if one.id == names[0])
        yield _at("cycle", task, f"{' waits for '.join([*names, names[0]])}")
    yield from _overlaps(spec)
    if spec.tasks:
        met = {name for task in spec.tasks for name in task.satisfies}
        for item in spec.criteria:
            if met.isdisjoint(lineage(item.id)):
                yield _at("no-task-for-criterion", item, f"no task satisfies {item.id}")


def _overlaps(spec: Spec) -> Iterator[Finding]:
    """Yield one finding for each task that may run beside earlier ones that claim its files."""
    tasks = {task.id: task for task in spec.tasks}
    beside: dict[str, list[scheduling.Overlap]] = {}
    for one in scheduling.overlaps(spec.tasks):
        beside.setdefault(one.other, []).append(one)
    for name, found in beside.items():
        others = ", ".join(one.one for one in found)
        patterns = ", ".join(dict.fromkeys(right for one in found for _, right in one.patterns))
        words = f"{name} may run beside {others}, and both can change {patterns}"
        yield _at("overlap", tasks[name], words)


def _unproven(spec: Spec) -> Iterator[Finding]:
    for task in spec.tasks:
        if not task.verify:
            yield _at("no-verify", task, f"{task.id} has no command that proves it")


def _text(spec: Spec) -> Iterator[Finding]:
    for document in spec.documents:
        found = _hidden(document.path, document.data, is_markdown=_is_markdown(document))
        spots = [
            (hit.offset, "hidden-text" if hit.blocks else "odd-text", hidden.there(hit.what), key)
            for hit, key in found
        ]
        text = _decoded(document.data)
        if document.items[0].kind is not ItemKind.FILE and any(
            mark in text for mark in _PLACEHOLDER_MARKS
        ):
            spots += [
                (match.start(), "placeholder", f"'{match[0]}' is unwritten", "")
                for match in _PLACEHOLDER.finditer(text)
            ]
        if spots:
            lines = [0, *(match.end() for match in re.finditer("\n", text))]
            for offset, rule, words, key in spots:
                yield evolve(_spot(rule, document, lines, offset, words), key=key)


def hidden_keys(document: Document) -> frozenset[str]:
    """Return the keys of the hidden text in `document` that shuts its gate until it is waived."""
    found = _hidden(document.path, document.data, is_markdown=_is_markdown(document))
    return frozenset(key for hit, key in found if hit.blocks)


def _is_markdown(document: Document) -> bool:
    # Beside the documents a folder holds mockups: in their source HTML is what one expects.
    return document.items[0].kind is not ItemKind.FILE or document.path.endswith(".md")


@lru_cache(maxsize=512)
def _hidden(path: str, data: bytes, *, is_markdown: bool) -> tuple[tuple[hidden.Hidden, str], ...]:
    """Return what hides in a file, each with its key."""
    text = _decoded(data)
    found = hidden_markup.find_all(text) if is_markdown else tuple(hidden.find(text))
    if is_markdown and not text and data:
        found = (hidden.Hidden(0, 0, "bytes", "what is not text"),)
    keyed = []
    seen: Counter[str] = Counter()
    for hit in found:
        start = max(text.rfind("\n", 0, hit.offset) + 1, hit.offset - _AROUND)
        around = text[start : hit.end + _AROUND].partition("\n")[0]
        what = "\0".join((path, hit.kind, text[hit.offset : hit.end], around))
        seen[what] += 1
        keyed.append((hit, sha256(f"{what}\0{seen[what]}".encode())[:32]))
    return tuple(keyed)


def _decoded(data: bytes) -> str:
    """Return what a file says; nothing for one that is no text, like an image."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _spot(rule: str, document: Document, lines: list[int], offset: int, words: str) -> Finding:
    line = bisect_right(lines, offset)
    column = offset - lines[line - 1] + 1
    item = next(
        (one for one in reversed(document.items[1:]) if one.place.line <= line), document.items[0]
    )
    return _at(rule, item, hidden.visible(words), line=line, column=column)


_CHECKS: tuple[Check, ...] = (_open_notes, _completeness, _criteria, _words, _ids, _tasks, _text)
