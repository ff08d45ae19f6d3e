"""What the merge queue lands in a real run, scaled down: real git, checkouts, runs in boxes.

Ten minutes of a verification become a second, and so does everything else that time is in: entries
arrive twice as fast as one verification takes, as twelve an hour do. The same entries arrive at the
same times for a queue that takes one at a time.
"""

import itertools
import random
import subprocess
import time
from collections.abc import Callable, Sequence

from attrs import define, field

from accord.app import evidence
from accord.app.queueing import Queueing, joined
from accord.app.workshop import Workshop
from accord.core.evidence import Result
from accord.core.queue import Entry, Joined, Land
from accord.wiring.opening import open_workshop
from bench.peers import ACCORD
from bench.place import Place, git
from bench.table import Figure, Peer

COMMAND = "sh check.sh"
BAD, FLAKY = 0.05, 0.03
LOOK_S = 0.1
CHECK = """\
sleep {seconds}
if ls parts/*.bad >/dev/null 2>&1; then exit 1; fi
if [ $(od -An -N2 -tu2 /dev/urandom) -lt {flaky} ]; then exit 1; fi
echo "1 passed in 1.00s"
"""


@define
class Lane:
    """One branch on which entries land; `ended` holds when each was landed or given back."""

    workshop: Workshop
    ref: str
    began: float = 0.0
    ended: dict[str, float] = field(factory=dict)
    landed: list[str] = field(factory=list)
    runs: int = 0

    def join(self, onto: str, one: Entry) -> Joined:
        return joined(self.workshop, onto, one.commit, f"Land {one.id}\n")

    def land(self, intent: Land) -> None:
        self.workshop.repo.move(self.ref, intent.commit, intent.onto, "land")
        self.landed += [one.id for one in intent.entries]
        self.end([one.id for one in intent.entries])

    def end(self, names: Sequence[str]) -> None:
        self.ended |= dict.fromkeys(names, time.monotonic() - self.began)

    @property
    def tip(self) -> str:
        return self.workshop.repo.resolve(self.ref)


def together(lane: Lane, arrived: Callable[[], Sequence[Entry]]) -> None:
    """Let the queue deal with the oldest entry, and take along the others."""
    own, *others = arrived()
    queueing = Queueing(lane.workshop, "bench", own.id, lane.join, lane.land, _passed(lane),
                        look_s=LOOK_S)  # fmt: skip
    fork = lane.workshop.repo.fork(lane.tip, own.commit)
    queue = queueing.run(lane.tip, [own, *others], fork, more=arrived)
    lane.end([one.entry.id for one in queue.refused if one.entry.id == own.id])


def one_at_a_time(lane: Lane, arrived: Callable[[], Sequence[Entry]]) -> None:
    """Put the oldest entry on top, verify it, once more where it fails; land it or not."""
    own, tip = arrived()[0], lane.tip
    made = lane.join(tip, own)
    for _ in range(2):
        if evidence.verify(lane.workshop, made.commit, COMMAND).result is Result.PASS:
            lane.land(Land(tip, made.commit, made.tree, (own,)))
            return
    lane.end([own.id])


def _passed(lane: Lane) -> Callable[[str, str], bool]:
    def passed(tree: str, command: str) -> bool:
        key = evidence.verdict_key(lane.workshop, tree, command)
        return bool(lane.workshop.journal.noted(key))

    return passed


def run(
    lane: Lane, entries: Sequence[Entry], arrivals: Sequence[float],
    deal: Callable[[Lane, Callable[[], Sequence[Entry]]], None],
) -> int:  # fmt: skip
    """Deal with `entries`, which arrive at these times (seconds); return how many landed by then.

    That is by the time when the last one arrives: what comes of the last ones is left out for both.
    """
    lane.began = time.monotonic()

    def arrived() -> list[Entry]:
        now = time.monotonic() - lane.began
        return [one for one, at in zip(entries, arrivals, strict=True)
                if at <= now < arrivals[-1] and one.id not in lane.ended]  # fmt: skip

    while time.monotonic() - lane.began < arrivals[-1]:
        if arrived():
            deal(lane, arrived)
        else:
            time.sleep(LOOK_S)
    return sum(lane.ended[name] <= arrivals[-1] for name in lane.landed)


def measure(place: Place, count: int = 100, seconds: float = 1.0, seed: int = 1) -> Figure:
    """Return what lands in an hour of the made-up clock, beside what one at a time lands."""
    chance = random.Random(seed)  # noqa: S311 -- arrivals, not keys
    workshop = _workshop(place, seconds)
    try:
        base = workshop.repo.resolve(workshop.base)
        bad = set(chance.sample(range(count), round(count * BAD)))
        entries = [_entry(workshop, base, number, number in bad) for number in range(count)]
        lanes = [Lane(workshop, f"refs/bench/{name}") for name in ("queue", "serial")]
        for lane in lanes:
            workshop.repo.move(lane.ref, base, "", "begin")
        length = _length(workshop, base)
        arrivals = _arrivals(chance, count, length / 2)
        landed = [run(lane, entries, arrivals, deal)
                  for lane, deal in zip(lanes, (together, one_at_a_time), strict=True)]  # fmt: skip
        for lane in lanes:
            _nothing_lost(lane, bad)
    finally:
        workshop.close()
    ours, serial = (one * 6 * length / arrivals[-1] for one in landed)
    return Figure(
        "really landed an hour, 12 arrive, 2 slots", ours, "changes", 2 * serial,
        (Peer("one at a time", serial),), more=True,
        note=f"{count} entries, {len(bad)} of them bad, {length:.2f} s for 10 minutes; real git,"
        " checkouts and boxes, and the search for who is to blame is in it",
    )  # fmt: skip


def _workshop(place: Place, seconds: float) -> Workshop:
    check = CHECK.format(seconds=seconds, flaky=round(65536 * FLAKY))
    (place.repo / "check.sh").write_text(check)
    git(place.repo, "add", "-A")
    git(place.repo, "commit", "-q", "-m", "Check")
    subprocess.run([ACCORD, "init", "--verify", COMMAND], cwd=place.repo, check=True,
                   capture_output=True)  # fmt: skip
    workshop = open_workshop(place.repo, lambda _: "")
    workshop.accepts_open = True
    return workshop


def _entry(workshop: Workshop, base: str, number: int, is_bad: bool) -> Entry:
    path = f"parts/{number}.{'bad' if is_bad else 'txt'}"
    commit = workshop.repo.commit(base, {path: b"x\n"}, f"Part {number}\n", workshop.author)
    return Entry(f"e{number}", commit, (COMMAND,), (path,))


def _arrivals(chance: random.Random, count: int, apart: float) -> list[float]:
    """Return when each entry arrives (seconds): by chance, and `apart` seconds in the mean.

    So few come by chance that their mean would be off by a tenth, and both queues would land what
    comes instead of what they can.
    """
    drawn = [0.0, *itertools.accumulate(chance.expovariate(1) for _ in range(count - 1))]
    return [one * apart * (count - 1) / drawn[-1] for one in drawn]


def _length(workshop: Workshop, base: str) -> float:
    """Return what one verification takes here, box and checkout in it (seconds)."""
    spent = []
    for _ in range(5):
        began = time.monotonic()
        evidence.verify(workshop, base, COMMAND)
        spent.append(time.monotonic() - began)
    return sorted(spent)[2]


def _nothing_lost(lane: Lane, bad: set[int]) -> None:
    """Refuse a figure of a queue that lost a line, or landed what is bad."""
    there = set(lane.workshop.repo.names(lane.tip, "parts"))
    assert there == {f"{name[1:]}.txt" for name in lane.landed}, "what landed is not there"
    assert len(lane.landed) == len(set(lane.landed)), "something landed twice"
    assert not {f"e{number}" for number in bad} & set(lane.landed), "a bad one landed"
