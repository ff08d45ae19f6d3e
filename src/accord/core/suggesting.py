"""Propose links between criteria and code that nobody wrote down, each with its reasons.

Four kinds of sign count, each a share from 0 to 1, and together they are what is left when each
could be wrong by itself (noisy or: Pearl, Probabilistic Reasoning in Intelligent Systems, 1988):
a test that names the criterion, a commit that changed both or names the criterion, words that a
criterion shares with a symbol (BM25, as in `recall`), and tests of the criterion that execute it.
"""

import heapq
import math
from collections.abc import Collection, Mapping, Sequence

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
    signed = _signed(signs)
    for kind in (True, False):
        some = [one for one in targets if one.is_test is kind]
        places = {one.mark.place: at for at, one in enumerate(some)}
        index = recall.index([_bag(one) for one in some])
        for one in wanted:
            known = {places[each] for each in signed.get(one.key, ()) if each in places}
            alike = _alike(one.words, index, known)
            # What nothing points to is not looked at: there may be thousands.
            scored = (
                _scored(one, some[at], alike.get(at, (0.0, "")), signs)
                for at in known | alike.keys()
            )
            best = sorted((each for each in scored if each.score >= FLOOR), key=_order)
            found += best[:MOST]
    return tuple(sorted(found, key=_order))


def _signed(signs: Signs) -> Mapping[str, set[str]]:
    """Return the places that anything but words points to from each criterion."""
    found: dict[str, set[str]] = {}
    for key, place in (*signs.named, *signs.commits, *signs.ran):
        found.setdefault(key, set()).add(place)
    return found


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


def _alike(words: str, index: recall.Index, known: Collection[int]) -> dict[int, tuple[float, str]]:
    """Return how near bags are to `words`, from 0 to 1, and the words in common, by their numbers.

    The nearest by BM25 is worth the more, the more of the words it has, each by its rarity, and
    the further it is ahead of the second. The others are worth less than half of that. Measured in
    `bench.suggesting`, the figure is about the share of nearest ones that are right. Left out is
    what has no word in common, and what is worth too little to be proposed and is not `known`.
    """
    asked = list(dict.fromkeys(map(_stem, recall.words(words))))
    scores = index.near(" ".join(asked))
    first, second, *_ = *heapq.nlargest(2, scores.values()), 0.0, 0.0
    rarity = {word: index.rarity(word) for word in asked}
    whole = sum(rarity.values())
    least = 2 * FLOOR * first  # below it, half of the best share would not do
    near = {at for at, score in scores.items() if score >= least or at in known}
    common: dict[int, list[str]] = {at: [] for at in near}
    for word in sorted(asked, key=lambda word: -rarity[word]):
        for at, _ in index.parts.get(word, ()):
            if at in near:
                common[at].append(word)
    found = {}
    for at in near:
        share = sum(rarity[word] for word in common[at]) / whole
        ahead = math.sqrt(share * min(1.0, 0.3 + (first - second) / first))
        worth = ahead if scores[at] == first else ahead * scores[at] / first / 2
        found[at] = (worth if len(common[at]) > 1 else 0.0, ", ".join(common[at][:_COMMON]))
    return found


def _stem(word: str) -> str:
    """Return a word without the commonest endings of English, so that `keeps` meets `keep`."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
