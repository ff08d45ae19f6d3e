"""Propose links between criteria and code that nobody wrote down, each with its reasons.

Four kinds of sign count, each a share from 0 to 1, and together they are what is left when each
could be wrong by itself (noisy or: Pearl, Probabilistic Reasoning in Intelligent Systems, 1988):
a test that names the criterion, a commit that changed both or names the criterion, words that a
criterion shares with a symbol (BM25, as in `recall`), and tests of the criterion that execute it.
"""

import math
from collections.abc import Mapping, Sequence

from attrs import Factory, frozen

from accord.core import recall
from accord.core.fingerprint import Mark

FLOOR, MOST = 0.38, 3
NAMED, SAID, TOGETHER, RAN = 0.95, 0.6, 0.4, 0.6
_COMMON = 4
_WEIGHTS = (3.0, 1.0, 1.0, 0.2)


@frozen
class Target:
    """A symbol or a test: its mark, what is written about it, its code, its lines from 1."""

    mark: Mark
    is_test: bool
    about: str = ""
    code: str = ""
    first: int = 1
    last: int = 0


@frozen
class Wanted:
    """A criterion that links are looked for: its key (`guest/R1.1`), its words."""

    key: str
    words: str


@frozen
class Signs:
    """What points from a criterion to a place (`path::name`), by (key, place).

    `named` is why a test is about it. `commits` are commits that changed both, or whose message
    names the criterion, each with how many symbols it changed; `said` tells which of the two.
    `ran` is how many tests run a symbol that a test of the criterion runs.
    """

    named: Mapping[tuple[str, str], str] = Factory(dict)
    commits: Mapping[tuple[str, str], Sequence["Touched"]] = Factory(dict)
    ran: Mapping[tuple[str, str], int] = Factory(dict)


@frozen
class Touched:
    """A commit that changed a symbol: how many it changed, and whether it names the criterion."""

    commit: str
    symbols: int
    said: bool


@frozen
class Suggestion:
    """A link that is proposed: how sure that is, from 0 to 1, and why."""

    key: str
    mark: Mark
    is_test: bool
    score: float
    reasons: tuple[str, ...]


def suggest(
    wanted: Sequence[Wanted], targets: Sequence[Target], signs: Signs
) -> tuple[Suggestion, ...]:
    """Return the links to propose, the surest first; at most MOST of each kind for a criterion."""
    found: list[Suggestion] = []
    bags = [_bag(one) for one in targets]
    for kind in (True, False):
        some = [at for at, one in enumerate(targets) if one.is_test is kind]
        mine = [targets[at] for at in some]
        for one in wanted:
            alike = _alike(one.words, [bags[at] for at in some])
            scored = (_scored(one, target, share, signs) for target, share in
                      zip(mine, alike, strict=True))  # fmt: skip
            best = sorted((each for each in scored if each.score >= FLOOR), key=_order)
            found += best[:MOST]
    return tuple(sorted(found, key=_order))


def _order(one: Suggestion) -> tuple[float, str, str]:
    return -one.score, one.key, one.mark.place


def _scored(one: Wanted, target: Target, alike: tuple[float, str], signs: Signs) -> Suggestion:
    key = (one.key, target.mark.place)
    shares, reasons = [], []
    if why := signs.named.get(key):
        shares.append(NAMED)
        reasons.append(why)
    for touched in signs.commits.get(key, ()):
        alone = 1 / (1 + math.log2(max(1, touched.symbols)))
        shares.append((SAID if touched.said else TOGETHER) * alone)
    reasons += _commits(signs.commits.get(key, ()))
    if often := signs.ran.get(key, 0):
        shares.append(RAN / math.sqrt(often))
        reasons.append("a test of it runs this" + (f", as {often - 1} others do" * (often > 1)))
    if alike[0]:
        shares.append(alike[0])
        reasons.append(f"words in common: {alike[1]}")
    score = 1 - math.prod(1 - share for share in shares)
    return Suggestion(one.key, target.mark, target.is_test, round(score, 3), tuple(reasons))


def _commits(touched: Sequence[Touched]) -> list[str]:
    said = [one.commit[:12] for one in touched if one.said]
    beside = [one.commit[:12] for one in touched if not one.said]
    return [
        *([f"named by commit {', '.join(said[:3])}"] if said else []),
        *([f"changed with it in commit {', '.join(beside[:3])}"] if beside else []),
    ]


def _bag(target: Target) -> Mapping[str, float]:
    name, path = target.mark.name.partition("#")[0], target.mark.path.rpartition(".")[0]
    texts = (name.replace(".", " "), path.replace("/", " "), target.about, target.code)
    found: dict[str, float] = {}
    for text, weight in zip(texts, _WEIGHTS, strict=True):
        for word in recall.words(text):
            stem = _stem(word)
            found[stem] = found.get(stem, 0.0) + weight
    return found


def _alike(words: str, bags: Sequence[Mapping[str, float]]) -> list[tuple[float, str]]:
    """Return for each bag how near it is to `words`, from 0 to 1, and the words in common.

    The nearest by BM25 is worth the more, the more of the words it has, each by its rarity, and
    the further it is ahead of the second. The others are worth less than half of that. Measured in
    `bench.suggesting`, the figure is about the share of nearest ones that are right.
    """
    asked = list(dict.fromkeys(map(_stem, recall.words(words))))
    scores = recall.scores(" ".join(asked), bags)
    first, second, *_ = *sorted(scores, reverse=True), 0.0, 0.0
    if not first:
        return [(0.0, "")] * len(bags)
    rarity = {word: _rarity(sum(word in bag for bag in bags), len(bags)) for word in asked}
    whole = sum(rarity.values())
    found = []
    for bag, score in zip(bags, scores, strict=True):
        both = sorted((word for word in asked if word in bag), key=lambda word: -rarity[word])
        share = sum(rarity[word] for word in both) / whole
        ahead = math.sqrt(share * min(1.0, 0.3 + (first - second) / first))
        near = ahead if score == first else ahead * score / first / 2
        found.append((near if len(both) > 1 else 0.0, ", ".join(both[:_COMMON])))
    return found


def _rarity(having: int, every: int) -> float:
    return math.log(1 + (every - having + 0.5) / (having + 0.5))


def _stem(word: str) -> str:
    """Return a word without the commonest endings of English, so that `keeps` meets `keep`."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
