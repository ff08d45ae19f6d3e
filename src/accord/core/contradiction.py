"""Decisions that may not stand beside each other: the nearest ones, and exact clashes.

Nearness ranks well and decides badly, so the three nearest are always shown to a person and never
judged by a score. Only what can be told exactly interrupts: the same words with and without a
`not`, the same words with another number, the same statement twice, an example that breaks a check.
"""

import re
from collections.abc import Iterable, Sequence

from attrs import frozen

from accord.core import decision_checks, recall
from accord.core.decision_record import CheckKind, Rule
from accord.core.decisions import normal

NEAREST = 3
_NOT = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|without|must not|cannot|can't|don't|doesn't|avoid"
    r"|avoids|forbid|forbids|forbidden|prohibited|ban|banned|stop|neither|nor)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w.]*\w)")
_SHARED = 0.6


@frozen
class Clash:
    """Two rules that say opposite or different things of the same; `what` is why, in words."""

    one: Rule
    other: Rule
    what: str


def neighbours(rule: Rule, others: Iterable[Rule], most: int = NEAREST) -> tuple[Rule, ...]:
    """Return the rules that `rule` is nearest to, the nearest first."""
    rest = [one for one in others if one.slug != rule.slug]
    query = " ".join([rule.statement, *rule.triggers, rule.because, rule.wrong, rule.right])
    return tuple(one for _, one in recall.nearest(query, rest, most))


def clashes(rule: Rule, others: Iterable[Rule]) -> tuple[Clash, ...]:
    """Return the rules that `rule` says the opposite of, by something that can be told exactly."""
    settled = {*rule.supersedes, *rule.narrows}
    found = []
    for other in others:
        if other.slug == rule.slug or settled & set(other.names):
            continue
        if not set(rule.stages) & set(other.stages):
            continue
        what = _clash(rule, other)
        if what:
            found.append(Clash(rule, other, what))
    return tuple(found)


def between(mine: Sequence[Rule], theirs: Sequence[Rule]) -> tuple[Clash, ...]:
    """Return the clashes among the rules that two open changes each bring."""
    found = [clash for rule in mine for clash in clashes(rule, theirs)]
    for rule in mine:
        for other in theirs:
            both = set(rule.supersedes) & set(other.supersedes)
            if both and rule.slug != other.slug:
                found.append(Clash(rule, other, f"both supersede {min(both)}"))
            if rule.slug == other.slug and rule.digest != other.digest:
                found.append(Clash(rule, other, "they have one name and different texts"))
    return tuple(found)


def _clash(rule: Rule, other: Rule) -> str:
    if normal(rule.statement) == normal(other.statement):
        return "they say the same"
    mine, theirs = _gist(rule.statement), _gist(other.statement)
    shared = mine & theirs
    smaller = min(len(mine), len(theirs))
    if smaller and len(shared) >= 2 and len(shared) >= _SHARED * smaller:
        if bool(_NOT.search(rule.statement)) != bool(_NOT.search(other.statement)):
            return f"one says not, of {', '.join(sorted(shared)[:4])}"
        numbers, others = _numbers(rule.statement), _numbers(other.statement)
        if numbers and others and numbers != others:
            return f"{', '.join(sorted(numbers))} against {', '.join(sorted(others))}"
    for breaking, kept in ((rule, other), (other, rule)):
        if breaking.right and any(
            check.kind is CheckKind.FORBID
            and decision_checks.run([kept], decision_checks.example(breaking.right, check))
            for check in kept.checks
        ):
            return f"the Right example of {breaking.id} breaks a check of {kept.id}"
    return ""


def _gist(statement: str) -> set[str]:
    plain = _NUMBER.sub(" ", _NOT.sub(" ", statement))
    return {_stem(word) for word in recall.words(plain)} - _EMPTY


def _stem(word: str) -> str:
    """Return a word without a plural's or a verb's s: enough to hold two statements together."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


_EMPTY = {"always", "only", "all", "every", "must", "shall"}


def _numbers(statement: str) -> set[str]:
    return {match[0] for match in _NUMBER.finditer(statement)}
