"""How well the right decisions are found, beside SQLite FTS5 and chance; what it costs."""

import math
import os
import re
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from accord.core import decision_checks, recall
from accord.core.decision_checks import Subject, Text
from accord.core.decision_record import Check, CheckKind, Rule
from accord.core.model import Stage
from bench import documents, recall_sources
from bench.table import Figure, Peer

CORPUS = Path(os.environ.get("ACCORD_BENCH_DECISIONS", "decisions-corpus.json"))
TARGETS = {5: 0.58, 10: 0.72, 20: 0.84}
TERMS = 64
CPU_BUDGET = 0.15
Rank = Callable[[str, Mapping[str, str]], list[str]]


def measure(corpus: Path = CORPUS) -> list[Figure]:
    """Return recall at 5, 10 and 20 over the corpus, where it was built, and the cost of 500."""
    figures = [cost()]
    if corpus.is_file():
        queries = recall_sources.load(corpus)
        figures += [_recalled(queries, count) for count in TARGETS]
    return figures


def _recalled(queries: Sequence[Mapping[str, object]], count: int) -> Figure:
    ours, fts = (_mean(queries, rank, count) for rank in (_ours, _fts))
    chance = [min(1.0, count / len(dict(_claims(one)))) for one in queries]
    peers = (Peer("SQLite FTS5, best 64 words", fts),
             Peer("chance", sum(chance) / len(chance)))  # fmt: skip
    sizes = [len(_claims(one)) for one in queries]
    note = f"{len(queries)} queries over {sum(sizes) // len(sizes)} statements in the mean"
    return Figure(f"recall at {count}, statements", ours, "share", TARGETS[count], peers,
                  more=True, note=note)  # fmt: skip


def _claims(query: Mapping[str, object]) -> dict[str, str]:
    found = query["claims"]
    assert isinstance(found, dict)
    return found


def _mean(queries: Sequence[Mapping[str, object]], rank: Rank, count: int) -> float:
    shares = []
    for one in queries:
        gold = one["gold"]
        assert isinstance(gold, list)
        found = rank(str(one["query"]), _claims(one))[:count]
        shares.append(len(set(gold) & set(found)) / len(gold))
    return sum(shares) / len(shares)


def _ours(query: str, claims: Mapping[str, str]) -> list[str]:
    rules = [Rule(name, f"D-{name}", "active", text) for name, text in claims.items()]
    return [rule.slug for _, rule in recall.nearest(query, rules, 50)]


def _fts(query: str, claims: Mapping[str, str]) -> list[str]:
    """Rank by the bm25() of FTS5 with the words that weigh most in the query, joined by OR."""
    counts: dict[str, int] = {}
    for text in claims.values():
        for word in set(re.findall(r"\w+", text.lower())):
            counts[word] = counts.get(word, 0) + 1
    asked_for: dict[str, int] = {}
    for word in re.findall(r"\w+", query.lower()):
        if word in counts and word not in recall.STOP:
            asked_for[word] = asked_for.get(word, 0) + 1
    weights = {word: (1 + math.log(often)) * math.log(1 + len(claims) / counts[word])
               for word, often in asked_for.items()}  # fmt: skip
    rare = sorted(weights, key=lambda word: (-weights[word], word))[:TERMS]
    base = sqlite3.connect(":memory:")
    base.execute("create virtual table claims using fts5(name unindexed, body)")
    base.executemany("insert into claims values (?, ?)", claims.items())
    asked = " OR ".join(f'"{word}"' for word in rare) or '"none"'
    said = base.execute(
        "select name from claims where claims match ? order by bm25(claims), name limit 50",
        (asked,),
    )
    return [str(row[0]) for row in said]


def made(count: int) -> list[Rule]:
    """Return `count` rules of the size that people write, one in two with a check."""
    nouns = (
        "cart order mail card refund table queue worker page image price index token log".split()
    )
    verbs = "keep store send show log retry round check name test drop sort cache limit".split()
    found = []
    for at in range(count):
        noun, verb = nouns[at % len(nouns)], verbs[(at // 7) % len(verbs)]
        said = f"A {noun} must {verb} its part{at} before step{at % 17} and never twice in a row."
        check = Check(CheckKind.FORBID, (Stage.DESIGN,), rf"(?i)\b{noun}{at}|{verb} twice{at}\b")
        found.append(Rule(f"r{at}", f"D-{at + 1}", "active", said, triggers=(noun, verb),
                          checks=(check,) if at % 2 else ()))  # fmt: skip
    return found


def cost(count: int = 500, repeats: int = 5) -> Figure:
    """Return the CPU seconds of one recall over and all checks of `count` decisions, cold."""
    text = documents.design("Keep the cart", 10)
    subject = Subject({Stage.DESIGN: [Text("design.md", text)]})
    spent = math.inf
    for _ in range(repeats):
        rules = made(count)
        recall.weighted.cache_clear()
        began = time.process_time()
        recall.recall(rules, text, Stage.DESIGN)
        decision_checks.run(rules, subject)
        spent = min(spent, time.process_time() - began)
    return Figure(f"recall and all checks, {count} decisions", spent, "CPU s", CPU_BUDGET, ())
