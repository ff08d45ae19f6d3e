"""The checks of decisions, run on drafts and on diffs; each first proves itself on its examples.

A check that does not fire on its own Wrong text, or fires on its Right one, says nothing about
any other text either, so no decision with such a check comes into force.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import define, evolve, field, frozen

from accord.core import patterns
from accord.core.decision_record import STAGES, Check, CheckKind, Rule
from accord.core.model import Stage
from accord.core.paths import matches

LARGEST = 2**20

_CITED = re.compile(
    r"(?<![\w/.@:-])((?:[\w.-]+/)+[\w.-]*\w|[\w-]+\.(?:py|js|jsx|ts|tsx|go|rs|java|kt|cs|rb|c|cpp|h"
    r"|css|html|sql|toml|ya?ml|json|sh|md|proto|swift|php))(?::(\d{1,7}))?(?![\w/*<{-])"
)
_NEW = re.compile(r"\((?:new|to be added|added here)\)|\bnew file\b|\bcreate", re.IGNORECASE)


@frozen
class Text:
    """One text that is checked: its path, what it says, and for code which lines are new.

    `fresh` holds the numbers of the lines that the change wrote; None means all of them.
    """

    path: str
    text: str
    fresh: frozenset[int] | None = None


Lines = Callable[[str], int | None]


def _no_file(path: str) -> int | None:  # noqa: ARG001 -- the shape of a lookup
    return None


@define
class Subject:
    """What checks look at: texts by stage, the paths that are touched, and what exists.

    `lines` returns the number of lines of a path in the tree, or None where there is none;
    `touched` maps stages to paths or patterns, `places` to the documents that name them; `added`
    holds patterns of what is yet to be made.
    """

    texts: Mapping[Stage, Sequence[Text]]
    lines: Lines = _no_file
    touched: Mapping[Stage, Sequence[str]] = field(factory=dict)
    added: Sequence[str] = ()
    example: bool = False
    places: Mapping[Stage, str] = field(factory=dict)


@frozen
class Hit:
    """Where a draft does what a rule says it must not."""

    rule: Rule
    check: Check
    path: str
    line: int
    message: str


def run(rules: Iterable[Rule], subject: Subject) -> tuple[Hit, ...]:
    """Return where `subject` breaks a rule, by rule and place.

    `command` and `ask` have no text to look at: see `commands` and `questions`.
    """
    found: list[Hit] = []
    for rule in rules:
        for check in rule.checks:
            found += _checked(rule, check, subject)
    return tuple(found)


def commands(rules: Iterable[Rule]) -> tuple[tuple[Rule, Check], ...]:
    """Return the checks that are commands, to be run on a checkout."""
    return _of(rules, CheckKind.COMMAND)


def questions(rules: Iterable[Rule], stage: Stage) -> tuple[tuple[Rule, Check], ...]:
    """Return the questions that whoever reviews `stage` is asked; they prove nothing."""
    return tuple(one for one in _of(rules, CheckKind.ASK) if stage in one[1].stages)


def _of(rules: Iterable[Rule], kind: CheckKind) -> tuple[tuple[Rule, Check], ...]:
    return tuple((rule, one) for rule in rules for one in rule.checks if one.kind is kind)


def verified(rule: Rule, subject: Subject, hits: Iterable[Hit]) -> bool:
    """Tell whether a check of `rule` looked at `subject` and found nothing."""
    looked = any(_looked(check, subject) for check in rule.checks)
    return looked and not any(hit.rule.slug == rule.slug for hit in hits)


def _looked(check: Check, subject: Subject) -> bool:
    """Tell whether there is anything of what a check compares; a trace compares two stages."""
    match check.kind:
        case CheckKind.ASK | CheckKind.COMMAND:
            return False
        case CheckKind.ONLY_PATHS:
            return any(subject.touched.get(stage) for stage in check.stages)
        case CheckKind.TRACE:
            target = Stage(check.options["to"])
            begins = any(subject.texts.get(stage) for stage in check.stages if stage is not target)
            return begins and bool(subject.texts.get(target))
    return any(subject.texts.get(stage) for stage in check.stages)


def unproved(rule: Rule, lines: Lines = _no_file) -> tuple[str, ...]:
    """Return why the checks of `rule` may not be put in force; commands prove themselves by run.

    `lines` tells what exists in the tree that the examples are about.
    """
    reasons = []
    for number, check in enumerate(rule.checks, 1):
        if check.kind in (CheckKind.ASK, CheckKind.COMMAND):
            continue
        what = f"check {number} ({check.kind})"
        if not rule.wrong or not rule.right:
            reasons.append(f"{what} needs the lines Wrong: and Right: to prove itself on")
            continue
        if not _checked(rule, check, example(rule.wrong, check, lines)):
            reasons.append(f"{what} does not fire on the Wrong example")
        if hits := _checked(rule, check, example(rule.right, check, lines)):
            reasons.append(f"{what} fires on the Right example: {hits[0].message}")
    return tuple(reasons)


def example(text: str, check: Check, lines: Lines = _no_file) -> Subject:
    """Return an example as what a check looks at: one text that stands for every stage of it."""
    paths = [match[1] for match in _CITED.finditer(text)]
    texts = {stage: [Text("example", text)] for stage in STAGES}
    touched = dict.fromkeys(check.stages, paths)
    return Subject(texts, lines, touched, (), example=True)


def _checked(rule: Rule, check: Check, subject: Subject) -> list[Hit]:
    whole = _WHOLE.get(check.kind)
    if whole is not None:
        return [Hit(rule, check, path, line, said) for path, line, said in whole(check, subject)]
    look = _LOOKS.get(check.kind)
    if look is None:
        return []
    hits: list[Hit] = []
    looked: set[str] = set()  # on the small track one document stands for two stages
    for stage in check.stages:
        for text in subject.texts.get(stage, ()):
            large = len(text.text) > LARGEST
            if large or text.path in looked or not _concerns(rule, stage, text, subject):
                continue
            looked.add(text.path)
            for path, line, said in look(check, subject, text):
                if text.fresh is None or line in text.fresh:
                    hits.append(Hit(rule, check, path, line, said))
    return hits


def _concerns(rule: Rule, stage: Stage, text: Text, subject: Subject) -> bool:
    """Tell whether a rule speaks of a file: of code only where its paths say so."""
    if stage is not Stage.IMPLEMENTATION or subject.example or not rule.paths:
        return True
    return matches(text.path, rule.paths)


_Found = Iterator[tuple[str, int, str]]


def _line_at(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _line_of(text: str, offset: int) -> str:
    end = text.find("\n", offset)
    return text[text.rfind("\n", 0, offset) + 1 : end if end >= 0 else len(text)]


def _forbid(check: Check, _: Subject, text: Text) -> _Found:
    unless = check.options.get("unless", "")
    for offset, words in patterns.spots(check.value, text.text):
        if unless and patterns.found(unless, _line_of(text.text, offset)):
            continue
        yield text.path, _line_at(text.text, offset), f"'{words.strip()[:60]}'"


def _first(text: Text) -> int:
    """Return the line that stands for a whole text: of code, the first that the change wrote."""
    return min(text.fresh, default=1) if text.fresh is not None else 1


def _require(check: Check, _: Subject, text: Text) -> _Found:
    when = check.options.get("when", "")
    if when and not patterns.found(when, text.text):
        return
    if not patterns.found(check.value, text.text):
        yield text.path, _first(text), f"nothing here matches {check.value[:60]!r}"


def _pair(check: Check, _: Subject, text: Text) -> _Found:
    needs = check.options.get("needs", "")
    for offset, words in patterns.spots(check.value, text.text, 1):
        if not patterns.found(needs, text.text):
            line = _line_at(text.text, offset) if text.fresh is None else _first(text)
            yield text.path, line, f"'{words.strip()[:60]}' without {needs[:60]!r}"


def _trace(check: Check, subject: Subject) -> _Found:
    target = Stage(check.options["to"])
    cited = subject.texts.get(target, ())
    stages = [stage for stage in check.stages if stage is not target or subject.example]
    defining = [one for stage in stages for one in subject.texts.get(stage, ())]
    if subject.example:
        defining = defining[:1]
    if not cited or not defining:
        return
    known: dict[str, tuple[Text, int]] = {}
    again: set[str] = set()
    for one in defining:
        for offset, name in patterns.spots(check.value, one.text, 10_000):
            if name in known:
                again.add(name)  # an example is one text: what stands there twice is cited
            known.setdefault(name, (one, offset))
    named = {
        name: (one, offset)
        for one in cited
        for offset, name in patterns.spots(check.value, one.text, 10_000)
    }
    reached = again if subject.example else set(named)
    for name, (one, offset) in known.items():
        if name not in reached:
            yield one.path, _line_at(one.text, offset), f"{name} is not cited in the {target}"
    for name, (one, offset) in named.items() if not subject.example else ():
        if name not in known:
            yield one.path, _line_at(one.text, offset), f"{name} is cited and stands nowhere"


def _exists(check: Check, subject: Subject, text: Text) -> _Found:
    for match in _CITED.finditer(text.text):
        path, line = posixpath.normpath(match[1]), match[2]
        if check.value == "lines" and not line:
            continue
        if matches(path, tuple(subject.added)) or _NEW.search(_line_of(text.text, match.start())):
            continue
        count = subject.lines(path)
        at = _line_at(text.text, match.start())
        if count is None:
            yield text.path, at, f"{path} does not exist"
        elif line and int(line) > count:
            yield text.path, at, f"{path} has {count} lines, so no line {line}"


def _cover(check: Check, _: Subject, text: Text) -> _Found:
    low = text.text.lower()
    named = [one for one in check.members if _stands(one.lower(), low)]
    when = check.options.get("when", "")
    if patterns.found(when, text.text) if when else named:
        missing = [one for one in check.members if one not in named]
        if missing:
            at = min((low.find(one.lower()) for one in named), default=0)
            line = _line_at(text.text, at) if text.fresh is None else _first(text)
            yield text.path, line, f"it leaves out {', '.join(missing)}"


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _only_paths(check: Check, subject: Subject) -> _Found:
    for stage in check.stages:
        for path in subject.touched.get(stage, ()):
            probe = path.replace("**", "x").replace("*", "x")
            if path not in check.members and not matches(probe, check.members):
                where = path if stage is Stage.IMPLEMENTATION else subject.places.get(stage, stage)
                yield where, 1, f"{path} lies outside {', '.join(check.members)}"


_LOOKS: Mapping[CheckKind, Callable[[Check, Subject, Text], _Found]] = {
    CheckKind.FORBID: _forbid,
    CheckKind.REQUIRE: _require,
    CheckKind.PAIR: _pair,
    CheckKind.EXISTS: _exists,
    CheckKind.COVER: _cover,
}
_WHOLE: Mapping[CheckKind, Callable[[Check, Subject], _Found]] = {
    CheckKind.TRACE: _trace,
    CheckKind.ONLY_PATHS: _only_paths,
}


def changed_text(path: str, before: str, after: str) -> Text:
    """Return a file of a diff: its text now, and which of its lines were not there before."""
    old = set(before.split("\n"))
    fresh = frozenset(number for number, line in enumerate(after.split("\n"), 1) if line not in old)
    return Text(path, after, fresh)


def demoted(hit: Hit) -> Hit:
    """Return the hit as one that is only shown: the draft says that it departs from the rule."""
    return evolve(hit, check=evolve(hit.check, blocks=False))
