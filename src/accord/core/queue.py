"""The merge queue as a state machine: what is joined, verified, landed or refused next. Pure.

Entries are joined one on top of the other, and the tips of the resulting chain are verified, a
batch at a time and several batches at once. What lands is always a commit whose very tree was
verified with the command of everybody in it ("not rocket science", G. Hoare 2014; batches and
speculation as in bors and Zuul). Where a batch fails, its prefixes are searched for the culprit
and the good ones land meanwhile. A failure counts when it happened twice on the same tree; one
that did not is written down as a flake.

The queue takes facts and answers with what to do; asked twice, it answers the same.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from attrs import evolve, field, frozen

LARGEST = 8
DOUBTFUL = 0.08
WEIGHT = 0.1
RARE = 0.02
"""How often an entry is taken to fail where nothing is known of it."""
SUSPECTS = 8
"""How many of those that landed are tried, at most, to find the one that an entry fails beside."""


class Verdict(StrEnum):
    """What one run of a command on a tree said."""

    PASS = "pass"  # noqa: S105 -- a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Why an entry is refused: it conflicts, it is broken by itself, or only beside another."""

    CONFLICT = "conflict"
    BROKEN = "broken"
    INTERACTION = "interaction"


@frozen
class Entry:
    """What wants to land: its commit, the commands that prove it, the paths that it changes.

    `waived` are those of the commands of which it was accepted that they prove nothing.
    """

    id: str
    commit: str
    commands: tuple[str, ...]
    paths: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()


@frozen
class Joined:
    """An entry merged onto a commit: the new commit and its tree, or the paths that conflict."""

    commit: str
    tree: str
    conflicts: tuple[str, ...] = ()


@frozen
class Join:
    """Merge `entry` onto the commit `onto`, without a checkout."""

    onto: str
    entry: Entry


@frozen
class Verify:
    """Run `commands` on the tree of `commit`."""

    commit: str
    tree: str
    commands: tuple[str, ...]


@frozen
class Land:
    """Move the branch from `onto` to `commit`, which holds `entries` and was verified."""

    onto: str
    commit: str
    tree: str
    entries: tuple[Entry, ...]


@frozen
class Eject:
    """Take `entry` out of the chain: with it, and not without it, a tree failed twice."""

    entry: Entry


@frozen
class Refuse:
    """Give `entry` back: `against` names the landed entries that it cannot be beside."""

    entry: Entry
    why: Why
    against: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


Intent = Join | Verify | Land | Eject | Refuse


@frozen
class Queue:
    """Everything that is known. `base` is the branch's tip, `began` an earlier one.

    On `began` it is tried whether an entry is broken by itself; `landed` is what came since then.
    `joins` maps (commit, entry id) to what came of the merge; `runs` maps (tree, command) to what
    each run said, in order. `failures` is how often an entry fails, as a moving average. `stood`
    maps each entry that was ejected to how many had landed by then.
    """

    base: str
    began: str
    entries: tuple[Entry, ...] = ()
    landed: tuple[Entry, ...] = ()
    ejected: tuple[Entry, ...] = ()
    refused: tuple[Refuse, ...] = ()
    joins: Mapping[tuple[str, str], Joined] = field(factory=dict)
    runs: Mapping[tuple[str, str], tuple[Verdict, ...]] = field(factory=dict)
    failures: float = RARE
    slots: int = 2
    stood: Mapping[str, int] = field(factory=dict)


@frozen
class _Link:
    entry: Entry
    onto: str
    joined: Joined


def batch(queue: Queue) -> int:
    """Return how many entries are verified as one: fewer the more of them fail.

    With a chance f of a failure for each, the cheapest batch is near 1/sqrt(f) (Dorfman 1943).
    """
    if queue.failures > DOUBTFUL:
        return 1
    share = math.ceil(len(queue.entries) / queue.slots)
    return max(1, min(share, round(1 / math.sqrt(max(queue.failures, 1e-4))), LARGEST))


def plan(queue: Queue) -> tuple[Intent, ...]:
    """Return what to do now; all of it may be done at once, verifications at most `slots`.

    An empty answer means that nothing is left to do.
    """
    found = [*_chain(queue)]
    links = [one for one in found if isinstance(one, _Link)]
    first: list[Intent] = [one for one in found if isinstance(one, Refuse)]
    good = next((n for n in range(len(links), 0, -1) if _is_good(queue, links[:n])), 0)
    if good:
        tip = links[good - 1].joined
        entries = tuple(one.entry for one in links[:good])
        return (*first, Land(queue.base, tip.commit, tip.tree, entries))
    joins = [one for one in found if isinstance(one, Join)]
    ahead = [] if joins else _ahead(queue, links)  # a join costs nothing beside a run
    if isinstance(ahead, Eject):
        return (*first, ahead)
    intents = [*first, *joins, *ahead]
    for entry in queue.ejected:
        intents += _classify(queue, entry)
    return _within_slots(queue, intents)


def _chain(queue: Queue) -> Iterator[_Link | Join | Refuse]:
    """Yield the links that are known, in order; what is refused; the one join that is missing.

    An entry that conflicts with one ahead of it that has not landed is left for later.
    """
    at, length = queue.base, batch(queue) * queue.slots
    for entry in queue.entries:
        if length == 0:
            return
        joined = queue.joins.get((at, entry.id))
        if joined is None:
            yield Join(at, entry)
            return
        if not joined.conflicts:
            yield _Link(entry, at, joined)
            at, length = joined.commit, length - 1
            continue
        alone = queue.joins.get((queue.base, entry.id))
        if alone is None:
            yield Join(queue.base, entry)
        elif alone.conflicts:
            others = tuple(one.id for one in queue.landed if set(one.paths) & set(alone.conflicts))
            yield Refuse(entry, Why.CONFLICT, others, alone.conflicts)


def _ahead(queue: Queue, links: Sequence[_Link]) -> list[Intent] | Eject:
    """Return the verifications that say most, or the culprit."""
    sizes = range(1, len(links) + 1)
    bad = next((n for n in sizes if _failed(queue, links[:n])), 0)
    if bad == 1:
        again = _again(queue, links[:1])
        return [again, *_without(queue, links[0].entry)] if again else Eject(links[0].entry)
    if bad:
        parts = queue.slots + 1
        ends = sorted({max(1, min(bad - 1, bad * part // parts)) for part in range(1, parts)})
    else:
        step = batch(queue)
        ends = sorted({min(n, len(links)) for n in range(step, len(links) + step, step)})
    asked = (_asked(queue, links[:n]) for n in ends if n)
    return [one for one in asked if one is not None]


def _without(queue: Queue, entry: Entry) -> list[Intent]:
    """Return what is to be done where `entry`, which failed once, fails again: most do."""
    rest = evolve(queue, entries=tuple(one for one in queue.entries if one != entry))
    found = [*_chain(rest)]
    if joins := [one for one in found if isinstance(one, Join)]:
        return [*joins]
    ahead = _ahead(rest, [one for one in found if isinstance(one, _Link)])
    return [] if isinstance(ahead, Eject) else ahead


def _commands(links: Sequence[_Link]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in links for name in one.entry.commands))


def _asked(queue: Queue, links: Sequence[_Link]) -> Verify | None:
    tip = links[-1].joined
    missing = tuple(one for one in _commands(links) if (tip.tree, one) not in queue.runs)
    return Verify(tip.commit, tip.tree, missing) if missing else None


def _again(queue: Queue, links: Sequence[_Link]) -> Verify | None:
    """Return the second run of what failed once on this tree, if there was none yet."""
    tip = links[-1].joined
    once = tuple(one for one in _failed(queue, links) if len(queue.runs[tip.tree, one]) < 2)
    return Verify(tip.commit, tip.tree, once) if once else None


def _is_good(queue: Queue, links: Sequence[_Link]) -> bool:
    """Tell whether the tree of the last of `links` was verified for all of them."""
    return _asked(queue, links) is None and not _failed(queue, links)


def _failed(queue: Queue, links: Sequence[_Link]) -> list[str]:
    """Return the commands that some of `links` needs and that said no on the last one's tree."""
    tree = links[-1].joined.tree
    return [
        one for one in _commands(links)
        if (tree, one) in queue.runs and not _suffices(queue.runs[tree, one], one, links)
    ]  # fmt: skip


def _suffices(runs: Sequence[Verdict], command: str, links: Sequence[_Link]) -> bool:
    if Verdict.PASS in runs:
        return True
    waived = all(command in one.entry.waived for one in links if command in one.entry.commands)
    return waived and Verdict.FAIL not in runs


def _classify(queue: Queue, entry: Entry) -> list[Intent]:
    """Tell an entry that is broken by itself from one that only fails beside another.

    It is tried on what the branch was at the beginning, and then beside those that landed since,
    the oldest first: a later one may hold what an earlier one brought.
    """
    for beside in (None, *_suspects(queue, entry)):
        onto = queue.began
        if beside is not None:
            under = queue.joins.get((onto, beside.id))
            if under is None:
                return [Join(onto, beside)]
            if under.conflicts:
                continue
            onto = under.commit
        joined = queue.joins.get((onto, entry.id))
        if joined is None:
            return [Join(onto, entry)]
        if joined.conflicts:
            continue
        link = [_Link(entry, onto, joined)]
        if (ask := _asked(queue, link) or _again(queue, link)) is not None:
            return [ask]
        if _failed(queue, link):
            if beside is None:
                return [Refuse(entry, Why.BROKEN)]
            return [Refuse(entry, Why.INTERACTION, (beside.id,))]
    return [Refuse(entry, Why.INTERACTION, tuple(one.id for one in _before(queue, entry)))]


def _before(queue: Queue, entry: Entry) -> Sequence[Entry]:
    """Return what had landed when `entry` failed: it did so without those that came later."""
    return queue.landed[: queue.stood.get(entry.id, len(queue.landed))]


def _suspects(queue: Queue, entry: Entry) -> list[Entry]:
    """Return those that landed and are tried beside `entry`: that share its files, the latest."""
    landed = _before(queue, entry)
    shares = [bool(set(one.paths) & set(entry.paths)) for one in landed]
    order = sorted(range(len(shares)), key=lambda at: (shares[at], at), reverse=True)
    return [landed[at] for at in sorted(order[:SUSPECTS])]


def _within_slots(queue: Queue, intents: Sequence[Intent]) -> tuple[Intent, ...]:
    kept: list[Intent] = []
    for one in intents:
        count = sum(isinstance(each, Verify) for each in kept)
        if one not in kept and (not isinstance(one, Verify) or count < queue.slots):
            kept.append(one)
    return tuple(kept)


def queued(queue: Queue, entry: Entry) -> Queue:
    """Return the queue with one more entry at its end."""
    return evolve(queue, entries=(*queue.entries, entry))


def joined(queue: Queue, join: Join, came: Joined) -> Queue:
    """Return the queue that knows what came of a merge."""
    return evolve(queue, joins={**queue.joins, (join.onto, join.entry.id): came})


def verified(queue: Queue, tree: str, command: str, said: Verdict) -> Queue:
    """Return the queue that knows what one more run said."""
    runs = (*queue.runs.get((tree, command), ()), said)
    return evolve(queue, runs={**queue.runs, (tree, command): runs})


def landed(queue: Queue, land: Land) -> Queue:
    """Return the queue after the branch moved. Raises ValueError unless it was at `land.onto`."""
    if queue.base != land.onto:
        raise ValueError(f"the branch is at {queue.base}, not at {land.onto}")
    left = tuple(one for one in queue.entries if one not in land.entries)
    failures = queue.failures * (1 - WEIGHT) ** len(land.entries)
    return evolve(queue, base=land.commit, entries=left, failures=failures,
                  landed=(*queue.landed, *land.entries))  # fmt: skip


def ejected(queue: Queue, entry: Entry) -> Queue:
    """Return the queue whose chain goes on without `entry`."""
    left = tuple(one for one in queue.entries if one != entry)
    failures = queue.failures * (1 - WEIGHT) + WEIGHT
    return evolve(queue, entries=left, ejected=(*queue.ejected, entry), failures=failures,
                  stood={**queue.stood, entry.id: len(queue.landed)})  # fmt: skip


def refused(queue: Queue, refusal: Refuse) -> Queue:
    """Return the queue that is done with an entry."""
    entries = tuple(one for one in queue.entries if one != refusal.entry)
    ejected_ones = tuple(one for one in queue.ejected if one != refusal.entry)
    return evolve(queue, entries=entries, ejected=ejected_ones,
                  refused=(*queue.refused, refusal))  # fmt: skip


def chain(queue: Queue, commit: str) -> tuple[str, ...]:
    """Return the ids of the entries that `commit` was joined from, in order; not of the landed."""
    made = {one.commit: step for step, one in queue.joins.items() if one.commit != step[0]}
    found: list[str] = []
    while commit in made and commit not in (queue.base, queue.began):
        commit, name = made[commit]
        found.append(name)
    return tuple(reversed(found))


def flakes(queue: Queue) -> tuple[tuple[str, str], ...]:
    """Return each (tree, command) that failed and passed without a change."""
    return tuple(
        key for key, runs in queue.runs.items() if {Verdict.FAIL, Verdict.PASS} <= set(runs)
    )
