"""Which decisions a writer is shown: all while they fit the budget, else the nearest ones.

The ranking is BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009) with the
frequency of a word in the query counted too, over statements, triggers and examples. There is no
index to be out of date: it is made from the texts each time. The same texts give the same bytes.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from attrs import frozen

from accord.core.decision_record import Rule
from accord.core.decisions import PINNED, order
from accord.core.model import Stage
from accord.core.paths import matches

BUDGET = 3000
MOST = 40
K1 = 2.0
B = 0.75
CUT = 0.5
LEAST = 20
LATE = 0.6

STOP = frozenset(
    """
    a about after all also an and any are as at be because been before being both but by can could
    did do does done each either else ever every few for from further get gets given go goes had
    has have having he her here him his how i if in into is it its itself just let like made make
    makes may me might more most much must my need needs neither no nor not now of off on once one
    only or other our out over own per put rather same say see shall she should since so some still
    such take than that the their them then there these they this those through to too under until
    up upon us use used uses using very via was we well were what when where whether which while
    who whole whose why will with within without would yet you your
    """.split()
)

_WORD = re.compile(r"[^\W_]+(?:[_.'-][^\W_]+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")


def words(text: str) -> list[str]:
    """Return the words of `text` in small letters, with the parts of each identifier beside it.

    `OrderCache` gives `ordercache`, `order`, `cache`. Words that stand everywhere are left out.
    """
    found = []
    for match in _WORD.finditer(text):
        word = match[0]
        lower = word.lower()
        if lower not in STOP and len(lower) > 1:
            found.append(lower)
        parts = _PART.findall(word)
        if len(parts) > 1:
            found += [one for part in parts if (one := part.lower()) not in STOP and len(one) > 1]
    return found


def _weights(rule: Rule) -> Mapping[str, float]:
    """Return how often each word stands in a rule, the statement and the triggers twice."""
    return weighted(
        (rule.statement, 2.0), (" ".join(rule.triggers), 2.0), (" ".join(rule.labels), 1.0),
        (rule.because, 1.0), (rule.wrong, 0.5), (rule.right, 0.5),
    )  # fmt: skip


@lru_cache(maxsize=8192)
def weighted(*parts: tuple[str, float]) -> Mapping[str, float]:
    """Return texts as one bag of words, each counted as often as its text weighs; kept."""
    found: dict[str, float] = {}
    for text, weight in parts:
        for word in words(text):
            found[word] = found.get(word, 0.0) + weight
    return found


@frozen
class Index:
    """Bags of weighted words, made ready to be asked: `parts` is what each word adds to which."""

    size: int
    parts: Mapping[str, Sequence[tuple[int, float]]]

    def rarity(self, word: str) -> float:
        """Return how much a word tells: the more, the fewer bags have it."""
        having = len(self.parts.get(word, ()))
        return math.log(1 + (self.size - having + 0.5) / (having + 0.5))

    def near(self, query: str) -> dict[int, float]:
        """Return the BM25 score of each bag that has a word in common with `query`, by number."""
        asked = Counter(words(query))
        found: dict[int, float] = {}
        # Sums of floats depend on their order, so the words are taken in that of the alphabet.
        for word in sorted(asked.keys() & self.parts.keys()):
            weight = self.rarity(word) * (1 + math.log(asked[word]))
            for at, part in self.parts[word]:
                found[at] = found.get(at, 0.0) + weight * part
        return found


def index(texts: Sequence[Mapping[str, float]], only: Collection[str] | None = None) -> Index:
    """Return bags of weighted words as they are asked; of no other words than `only`, if given."""
    lengths = [sum(bag.values()) for bag in texts]
    mean = sum(lengths) / len(lengths) if lengths else 1.0
    parts: dict[str, list[tuple[int, float]]] = {}
    for at, (bag, length) in enumerate(zip(texts, lengths, strict=True)):
        norm = K1 * (1 - B + B * length / (mean or 1.0))
        for word in bag if only is None else bag.keys() & only:
            parts.setdefault(word, []).append((at, bag[word] * (K1 + 1) / (bag[word] + norm)))
    return Index(len(texts), parts)


def scores(query: str, texts: Sequence[Mapping[str, float]]) -> list[float]:
    """Return the BM25 score of each bag of weighted words for `query`, in their order."""
    found = index(texts, set(words(query))).near(query)
    return [found.get(at, 0.0) for at in range(len(texts))]


def bag(text: str) -> Mapping[str, float]:
    """Return a text as a bag of words for `scores`."""
    found: dict[str, float] = {}
    for word in words(text):
        found[word] = found.get(word, 0.0) + 1.0
    return found


def nearest(query: str, rules: Sequence[Rule], most: int) -> list[tuple[float, Rule]]:
    """Return the rules that `query` has words in common with, the nearest first, with scores."""
    ranked = zip(scores(query, [_weights(rule) for rule in rules]), rules, strict=True)
    found = sorted(
        ((score, rule) for score, rule in ranked if score > 0),
        key=lambda one: (-one[0], order(one[1].id)),
    )
    return found[:most]


class Why(StrEnum):
    """Why a decision is shown."""

    FITS = "all fit"
    PINNED = "pinned"
    PATH = "path"
    TEXT = "text"
    LATE = "draft"


@frozen
class Shown:
    """One decision that is shown, with its score and the reason."""

    rule: Rule
    score: float
    why: Why


@frozen
class Recall:
    """What is shown, how many more would apply to the stage, and the tokens that it takes."""

    shown: tuple[Shown, ...]
    left: int
    tokens: int


def recall(
    rules: Iterable[Rule], query: str, stage: Stage, *, paths: Sequence[str] = (),
    budget: int = BUDGET,
) -> Recall:  # fmt: skip
    """Choose among the rules in force those to show at `stage` to who writes about `query`.

    `paths` are those that the work is known to touch; they only ever add.
    """
    here = sorted((one for one in rules if stage in one.stages), key=lambda one: order(one.id))
    ranked = nearest(query, here, len(here))
    score = {rule.slug: value for value, rule in ranked}
    total = sum(tokens(line(rule)) for rule in here)
    if total <= budget:
        chosen = [Shown(rule, score.get(rule.slug, 0.0), Why.FITS) for rule in here]
        return Recall(_ordered(chosen), 0, total)
    pinned = [rule for rule in here if rule.always][:PINNED]
    scoped = [rule for rule in here if _in_scope(rule, paths)]
    scoped.sort(key=lambda rule: -score.get(rule.slug, 0.0))
    near = _above(ranked, here, query)
    wanted = [(rule, Why.PINNED) for rule in pinned]
    wanted += [(rule, Why.PATH) for rule in scoped] + [(rule, Why.TEXT) for rule in near]
    return _fitted(wanted, score, budget, len(here))


def _fitted(
    wanted: Iterable[tuple[Rule, Why]], score: Mapping[str, float], budget: int, total: int
) -> Recall:
    chosen: list[Shown] = []
    seen: set[str] = set()
    used = 0
    for rule, why in wanted:
        cost = tokens(line(rule))
        if rule.slug in seen or len(chosen) >= MOST or used + cost > budget:
            continue
        seen.add(rule.slug)
        used += cost
        chosen.append(Shown(rule, score.get(rule.slug, 0.0), why))
    return Recall(_ordered(chosen), total - len(chosen), used)


def _above(
    ranked: Sequence[tuple[float, Rule]], rules: Sequence[Rule], query: str, *, cut: float = CUT,
    least: int = LEAST,
) -> list[Rule]:  # fmt: skip
    """Return the first `least` of the ranked rules, and those with `cut` of the best score.

    The best one has to share a word that hardly half of the rules have: else all is chance, and
    none is returned.
    """
    if not ranked:
        return []
    best, first = ranked[0]
    own = _weights(first).keys() & set(words(query))
    counts = [sum(word in _weights(rule) for rule in rules) for word in own]
    if not counts or min(counts) > max(1, len(rules) // 2):
        return []
    return [rule for at, (score, rule) in enumerate(ranked) if at < least or score >= cut * best]


def late(
    rules: Iterable[Rule], draft: str, stage: Stage, shown: Iterable[str], *, most: int = 5
) -> tuple[Shown, ...]:
    """Return the rules that the written draft comes near to and that its writer was not shown."""
    here = [one for one in rules if stage in one.stages]
    known = set(shown)
    if all(rule.slug in known for rule in here):
        return ()
    ranked = nearest(draft, here, len(here))
    near = {rule.slug for rule in _above(ranked, here, draft, cut=LATE, least=0)}
    missed = [Shown(rule, score, Why.LATE) for score, rule in ranked
              if rule.slug in near and rule.slug not in known]  # fmt: skip
    return tuple(missed[:most])


def _in_scope(rule: Rule, paths: Sequence[str]) -> bool:
    return bool(rule.paths) and any(matches(path, rule.paths) for path in paths)


def _ordered(chosen: list[Shown]) -> tuple[Shown, ...]:
    return tuple(
        sorted(chosen, key=lambda one: (not one.rule.always, -one.score, order(one.rule.id)))
    )


def line(rule: Rule) -> str:
    """Return a rule as the one line in which it is shown to an agent."""
    label = f" [{', '.join(rule.labels)}]" if rule.labels else ""
    wrong = f' Wrong: "{" ".join(rule.wrong.split())[:160]}"' if rule.wrong else ""
    return f"{rule.id}{label} {rule.statement}{wrong}"


def tokens(text: str) -> int:
    """Return about how many tokens `text` is: four characters each, as English has it."""
    return -(-len(text) // 4)
