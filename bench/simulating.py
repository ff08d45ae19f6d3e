"""The scheduler and the merge queue in a made-up week: their own code, with time made up.

No clock is asked and nothing runs, so the figures are the same on every machine.
"""

import heapq
import random
from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from accord.core import queue as queues
from accord.core import scheduling
from accord.core.bounds import Means, least
from accord.core.model import ItemKind, Place, Task
from accord.core.plan import ready
from accord.core.queue import Entry, Joined, Queue, Verdict, Verify
from accord.core.scheduling import Candidate, Limits, Running
from bench.table import Figure, Peer

VERIFY = 10.0
"""Minutes that one verification takes."""


@define
class Checks:
    """Verification slots in made-up time: entries go in, what landed comes out."""

    queue: Queue
    bad: set[str]
    flaky: float
    chance: random.Random
    length: float
    running: dict[str, tuple[float, Verify]] = field(factory=dict)

    def add(self, name: str) -> None:
        self.queue = queues.queued(self.queue, Entry(name, name, ("all",)))

    def advance(self, now: float) -> None:
        """Take what ended by `now`, and start what is asked for on free slots."""
        for tree, (end, asked) in list(self.running.items()):
            if end <= now:
                del self.running[tree]
                self.queue = queues.verified(self.queue, tree, "all", self._said(asked))
        self._settle()
        for one in queues.plan(self.queue):
            free = len(self.running) < self.queue.slots
            if isinstance(one, Verify) and free and one.tree not in self.running:
                self.running[one.tree] = (now + self.length, one)

    def next(self) -> float:
        """Return when the next verification ends."""
        return min((end for end, _ in self.running.values()), default=float("inf"))

    def _said(self, asked: Verify) -> Verdict:
        broken = self.bad & set(asked.tree.split("+"))
        return Verdict.FAIL if broken or self.chance.random() < self.flaky else Verdict.PASS

    def _settle(self) -> None:
        while instant := [one for one in queues.plan(self.queue) if not isinstance(one, Verify)]:
            match instant[0]:
                case queues.Join(onto, entry) as join:
                    name = f"{onto}+{entry.id}"
                    self.queue = queues.joined(self.queue, join, Joined(name, name))
                case queues.Land() as land:
                    self.queue = queues.landed(self.queue, land)
                case queues.Eject(entry):
                    # Who is to blame for it costs runs too, which a person's branch pays for.
                    self.queue = queues.ejected(self.queue, entry)
                    self.queue = queues.refused(self.queue, queues.Refuse(entry, queues.Why.BROKEN))
                case refusal:
                    self.queue = queues.refused(self.queue, refusal)


def landed_an_hour(seed: int, *, arrivals: float, slots: int, hours: int) -> tuple[float, float]:
    """Return what the queue lands in an hour, and what one at a time lands, on the same arrivals.

    Five entries of a hundred are bad, and three runs of a hundred fail for no reason. One at a
    time each is put on top, verified, tried again when it fails, and landed or given back.
    """
    chance = random.Random(seed)  # noqa: S311 -- arrivals, not keys
    at, times = 0.0, []
    while (at := at + chance.expovariate(arrivals / 60)) < hours * 60:
        times.append(at)
    bad = {f"e{n}" for n in range(len(times)) if chance.random() < 0.05}
    checks = Checks(Queue("0", "0", slots=slots), bad, 0.03, chance, VERIFY)
    for number, arrived in enumerate(times):
        while checks.next() <= arrived:
            checks.advance(checks.next())
        checks.add(f"e{number}")
        checks.advance(arrived)
    while checks.next() <= hours * 60:
        checks.advance(checks.next())
    free, serial = 0.0, 0
    for number, arrived in enumerate(times):
        free = max(free, arrived) + VERIFY
        passed = f"e{number}" not in bad and chance.random() >= 0.03
        if not passed:
            free += VERIFY
            passed = f"e{number}" not in bad and chance.random() >= 0.03
        serial += passed and free <= hours * 60
    return len(checks.queue.landed) / hours, serial / hours


@frozen
class Made:
    """How long a made-up plan took, and the least that any could take (minutes)."""

    took: float
    bound: float


def makespan(seed: int, count: int = 200, agents: int = 8, slots: int = 2) -> Made:
    """Carry `count` tasks of random length and order to landed; agents, checks and queue in it.

    The bound is that of `core.bounds`: nothing starts from a task before it is verified.
    """
    chance = random.Random(seed)  # noqa: S311 -- lengths, not keys
    verify = 5.0
    tasks = list(_tasks(chance, count))
    lengths = {task.id: chance.uniform(10, 90) for task in tasks}
    checks = Checks(Queue("0", "0", slots=slots), set(), 0.0, chance, verify)
    working: list[tuple[float, str]] = []
    landed: set[str] = set()
    begun: dict[str, float] = {}
    asked: dict[str, float] = {}
    now = 0.0
    while len(landed) < count:
        landed = {one.id for one in checks.queue.landed}
        for task in _started(tasks, landed, begun, working, asked, now, agents):
            begun[task] = now
            heapq.heappush(working, (now + lengths[task], task))
        now = min(working[0][0] if working else float("inf"), checks.next())
        while working and working[0][0] <= now:
            checks.add(heapq.heappop(working)[1])
        checks.advance(now)
        landed = {one.id for one in checks.queue.landed}
    return Made(now, least(tasks, lengths, Means(agents, slots=slots, verify=verify)))


def _started(
    tasks: Sequence[Task], landed: set[str], begun: dict[str, float],
    working: Sequence[tuple[float, str]], asked: dict[str, float], now: float, agents: int,
) -> list[str]:  # fmt: skip
    touches = {task.id: task.touches for task in tasks}
    usual = 50.0
    ranks = scheduling.ranks(tasks, landed, usual)
    wanted = [
        Candidate(one.id, "a", ranks[one.id], usual, now - asked.setdefault(one.id, now),
                  one.touches)
        for one in ready(tasks, landed) if one.id not in begun
    ]  # fmt: skip
    running = [Running(name, "a", max(0.0, usual - now + begun[name]), touches[name])
               for _, name in working]  # fmt: skip
    return [one.id for one in scheduling.admit(wanted, running, Limits(agents, 1)).started]


def _tasks(chance: random.Random, count: int) -> Iterator[Task]:
    place = Place("tasks.md", 0, 0, 1)
    for number in range(count):
        after = {f"T{chance.randrange(number)}" for _ in range(chance.randint(0, 2)) if number > 8}
        touches = (f"src/part{chance.randrange(60)}/**",)
        yield Task(f"T{number}", ItemKind.TASK, place, "", "", (), touches=touches,
                   after=tuple(sorted(after)))  # fmt: skip


def measure(seeds: int = 5) -> list[Figure]:
    """Return the figures, as means over `seeds`."""
    made = [makespan(seed) for seed in range(seeds)]
    ratio = sum(one.took / one.bound for one in made) / seeds
    rates = [landed_an_hour(seed, arrivals=12, slots=2, hours=24) for seed in range(seeds)]
    ours, serial = (sum(side) / seeds for side in zip(*rates, strict=True))
    return [
        Figure("200 tasks, 8 agents: makespan", ratio, "of the bound", 1.10, (),
               note="of the lower bound; simulated; verification and the merge queue are in it"),
        Figure("landed an hour, 12 arrive, 2 slots", ours, "changes", 2 * serial,
               (Peer("one at a time", serial),), more=True,
               note="simulated; 10 minutes a run; who is to blame for a failure is not looked for"),
    ]  # fmt: skip
