"""Fifteen known mistakes over 38 specs: how often is a person asked to correct one again?

A scripted agent drafts each spec with the mistakes that a table gives it. It leaves a mistake out
when the rule against it is shown to it, and mends what a check finds. One overlooks every fifth
rule shown: it says nothing of them in its draft, which goes back to it twice with their names, and
each time it overlooks every fifth of those again. Another overlooks every fifth and says of all
that it follows them. A scripted person corrects what is left and keeps at most three corrections a
spec as rules, by the same code that asks at a gate. What an agent of flesh would do with a rule
that it was shown is not measured here; whether the rule reaches it is.
"""

import statistics
from collections.abc import Sequence

from attrs import define, field, frozen

from accord.core import capture, decision_checks, dispositions, recall
from accord.core.decision_checks import Subject, Text
from accord.core.decision_record import Check, CheckKind, Rule
from accord.core.decisions import Entry, Register, State
from accord.core.model import DESIGN, Spec, Stage
from accord.formats import native
from bench.recalling import made
from bench.table import Figure, Peer

SPECS = 38
NOISE = 400
RCR_BUDGET = 0.05
KEYS_BUDGET = 1
TOKENS_BUDGET = 1200
ROUNDS = 3
HEEDS, OVERLOOKS, CLAIMS = "heeds", "overlooks every fifth", "claims to heed all"

# A rule in a person's words, what the agent writes against it, what is right, a check or nothing.
MISTAKES: tuple[tuple[str, str, str, str], ...] = (
    ("Every database file is opened with its WAL companion files listed.",
     "The database file is copied alone.", "The database file and its WAL files are copied.",
     r"copied alone"),
    ("A task never mixes writing the test with the implementation.",
     "The label is TEST + IMPLEMENT.", "The label is TEST.", r"TEST \+ IMPLEMENT"),
    ("Every requirement is cited by a task.", "Some requirements need no task here.",
     "Every requirement is named by a task.", r"need no task"),
    ("The synchronous and the asynchronous handler change together.",
     "Only the synchronous handler is changed.", "Both handlers are changed.",
     r"Only the synchronous"),
    ("All supported storage backends get the migration.",
     "The migration covers four of five backends.", "The migration covers every backend.",
     r"four of five"),
    ("A cited line of code carries the file's path.", "See the method around the middle.",
     "See src/part1/file1.py:12.", r"around the middle"),
    ("Names in a spec exist in the code or are marked as new.",
     "It calls the FooBarManager that should exist.", "It calls Outbox, which exists.",
     r"should exist"),
    ("Timeouts are given in seconds with their default.", "The timeout is reasonable.",
     "The timeout is 30 seconds.", r"timeout is reasonable"),
    ("Configuration is never read from a global variable.",
     "The option is kept in a global variable.", "The option is passed in.", r"global variable"),
    ("A schema change says how it is rolled back.", "The schema change goes forward only.",
     "The schema change has a rollback.", r"forward only"),
    ("An acceptance test states what a user can observe.",
     "The acceptance test looks at internal state.", "The acceptance test reads the reply.", ""),
    ("A rejected alternative is named with its reason.",
     "No alternatives were looked at for this part.", "The alternative was too slow.", ""),
    ("A retry has an upper bound and says what follows it.",
     "The retry goes on until it works.", "The retry ends after five attempts.", ""),
    ("Log lines of a message handler carry the message identifier.",
     "The message handler writes a plain log line.", "The log line carries the identifier.", ""),
    ("A public interface changes only with a deprecation note.",
     "The public interface is renamed at once.", "The old interface name stays a release.", ""),
)  # fmt: skip
TOPICS = ("outbox archiver", "message scheduler", "dead letter queue", "schema migration",
          "handler pipeline", "tenant routing", "lock provider")  # fmt: skip


@define
class Team:
    """What one team has come to over the specs: its rules, and how its corrections went."""

    rules: list[Rule] = field(factory=list)
    known: set[int] = field(factory=set)
    corrections: int = 0
    repeats: int = 0
    repeats_with_check: int = 0
    keys: list[int] = field(factory=list)
    tokens: list[int] = field(factory=list)


@frozen
class Arm:
    """One condition: what is shown, whether drafts are checked, what the agent does with it.

    Checked are the rules that have a check, and whether the draft says something of each.
    """

    name: str
    shows: str
    checks: bool
    agent: str


def measure(specs: int = SPECS) -> list[Figure]:
    """Return the share of corrections that are made again in four conditions, and what it costs.

    It is of the corrections that a person makes where nothing is remembered. What it costs is the
    keys of an approval and the tokens of a block, of the agent that takes most.
    """
    figures = []
    keys, tokens = [], []
    for agent in (HEEDS, OVERLOOKS, CLAIMS):
        arms = [Arm("no memory", "nothing", checks=False, agent=agent),
                Arm("everything shown", "all", checks=False, agent=agent),
                Arm("recall", "recall", checks=False, agent=agent),
                Arm("recall and checks", "recall", checks=True, agent=agent)]  # fmt: skip
        teams = {arm.name: replay(arm, specs) for arm in arms}
        best = teams["recall and checks"]
        keys.append(_median(best.keys))
        tokens.append(_median(best.tokens))
        whole = teams["no memory"].corrections
        peers = tuple(Peer(f"{name} ({team.corrections} corrections, block of "
                           f"{_median(team.tokens)} tokens)", team.repeats / whole)
                      for name, team in teams.items() if team is not best)  # fmt: skip
        every = best.repeats / whole
        note = (
            f"{best.corrections} corrections, {best.repeats} again ({every:.1%} of {whole}), "
            f"{best.repeats_with_check} of a rule with a check; median keys {_median(best.keys)}, "
            f"median block {_median(best.tokens)} tokens"
        )
        # Nothing but a check can hold an agent to a rule that it claims to follow.
        if agent == CLAIMS:
            value, budget, name = best.repeats_with_check / whole, 0.0, "of rules with a check"
        else:
            value, budget, name = every, RCR_BUDGET, "over all"
        figures.append(
            Figure(f"made again {name}, an agent that {agent}", value, "share", budget, peers,
                   note=note)
        )  # fmt: skip
    return [
        *figures,
        Figure("keys for a capture, median of approvals", max(keys), "keys", KEYS_BUDGET, ()),
        Figure("block of decisions, median", max(tokens), "tokens", TOKENS_BUDGET, ()),
    ]


def _median(values: Sequence[int]) -> int:
    return int(statistics.median(values)) if values else 0


def replay(arm: Arm, specs: int) -> Team:
    """Return what a team came to after `specs` specs under one condition."""
    team = Team()
    noise = made(NOISE)
    for at in range(specs):
        slips = _slips(at)
        shown = _shown(arm, team, noise, at)
        heeded = _heeded(arm, shown, at)
        left = [slip for slip in slips if f"m{slip}" not in heeded]
        if arm.checks:
            left = _mended(team, left)
        _corrected(arm, team, at, left)
    return team


def _heeded(arm: Arm, shown: Sequence[Rule], at: int) -> set[str]:
    """Return the slugs of the rules that the agent keeps to in the end."""
    if arm.agent == HEEDS:
        return {rule.slug for rule in shown}
    heeded: set[str] = set()
    left = [rule.slug for rule in shown]
    for turn in range(ROUNDS if arm.checks and arm.agent == OVERLOOKS else 1):
        heeded |= {slug for number, slug in enumerate(left) if (number + at + turn) % 5}
        said = "".join(f"- Follows {rule.id}: in D1\n" for rule in shown if rule.slug in heeded)
        draft = native.read(DESIGN, f"{_document(at, ())}\n## Decisions\n\n{said}".encode())
        entries = {rule.slug: Entry(rule, State.ACTIVE) for rule in shown}
        found = dispositions.findings(
            [draft], [rule.slug for rule in shown], Register(entries, ()), path=DESIGN
        )
        named = " ".join(one.message for one in found if one.rule == "undisposed").split()
        left = [rule.slug for rule in shown if rule.id in named]
    return heeded


def _slips(at: int) -> list[int]:
    """Return the mistakes that the agent makes in a spec when nobody tells it otherwise."""
    return sorted({(at * 7 + 3 * turn * turn) % len(MISTAKES) for turn in range(4)})


def _shown(arm: Arm, team: Team, noise: Sequence[Rule], at: int) -> list[Rule]:
    rules = [*team.rules, *noise]
    if arm.shows == "nothing":
        return []
    if arm.shows == "all":
        team.tokens.append(sum(recall.tokens(recall.line(rule)) for rule in rules))
        return rules
    first = recall.recall(rules, _request(at), Stage.DESIGN)
    names = [one.rule.slug for one in first.shown]
    late = recall.late(rules, _document(at, _slips(at)), Stage.DESIGN, names)
    team.tokens.append(first.tokens + sum(recall.tokens(recall.line(one.rule)) for one in late))
    return [one.rule for one in (*first.shown, *late)]


def _request(at: int) -> str:
    topic = TOPICS[at % len(TOPICS)]
    hints = " ".join(MISTAKES[slip][2] for slip in _slips(at))
    return f"Change the {topic}. {hints}"


def _document(at: int, slips: Sequence[int]) -> str:
    said = "\n".join(MISTAKES[slip][1] for slip in slips)
    topic = TOPICS[at % len(TOPICS)]
    return f"# {topic}\n\n## D1 The {topic}\n\nSatisfies: R1.1\n\nThe {topic} changes.\n{said}\n"


def _mended(team: Team, left: Sequence[int]) -> list[int]:
    """Return the mistakes that no check of the rules in force finds in the draft."""
    text = Text(DESIGN, "\n".join(MISTAKES[slip][1] for slip in left))
    hits = decision_checks.run(team.rules, Subject({Stage.DESIGN: [text]}))
    found = {hit.rule.slug for hit in hits}
    return [slip for slip in left if f"m{slip}" not in found]


def _corrected(arm: Arm, team: Team, at: int, left: Sequence[int]) -> None:
    draft = _document(at, left)
    right = draft
    for slip in left:
        right = right.replace(MISTAKES[slip][1], MISTAKES[slip][2])
        team.corrections += 1
        if slip in team.known:
            team.repeats += 1
            team.repeats_with_check += bool(MISTAKES[slip][3]) and arm.checks and any(
                rule.slug == f"m{slip}" for rule in team.rules
            )  # fmt: skip
    team.known |= set(left)
    if arm.shows == "nothing":
        return
    comments = [MISTAKES[slip][0] for slip in left]
    before, after = (Spec((native.read(DESIGN, text.encode()),)) for text in (draft, right))
    found = capture.candidates(before, after, DESIGN, comments)
    asked = capture.ranked(found, [])
    team.keys.append(len(asked))
    for candidate, _ in asked:
        slip = next(n for n in left if candidate.words in MISTAKES[n])
        if all(rule.slug != f"m{slip}" for rule in team.rules):
            team.rules.append(_rule(slip))


def _rule(slip: int) -> Rule:
    statement, wrong, right, pattern = MISTAKES[slip]
    check = Check(CheckKind.FORBID, (Stage.DESIGN,), pattern)
    return Rule(f"m{slip}", f"D-{slip + 1000}", "active", statement, wrong=wrong, right=right,
                checks=(check,) if pattern else ())  # fmt: skip
