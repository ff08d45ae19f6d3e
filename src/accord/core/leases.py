"""Who does which piece of work among many machines: pure, by times that are handed in.

A worker holds a piece of work by a lease that ends by itself unless it is renewed. Each grant has
a token, larger than any before it, so that whoever held a lease earlier can be told from whoever
holds it now (a fencing token). All times are seconds of one clock, that of the store.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from attrs import evolve, field, frozen

from accord.errors import RefusedError

LASTS_S = 30.0
"""How long a lease lasts from when it was renewed."""

RENEW_S = LASTS_S / 4
"""How often one is renewed."""

TRUST_S = LASTS_S * 0.8
"""How long whoever could not renew may take its leases for held."""


@frozen
class Worker:
    """One clone that takes part: `name` is its own for good, `release` the version of Accord."""

    name: str
    host: str
    slots: int
    release: str
    expires: float = 0.0


@frozen
class Lease:
    """A piece of work that a worker holds until `expires`."""

    job: str
    worker: str
    token: int
    expires: float


@frozen
class Ledger:
    """Everything that is known of one project: its workers and leases, and the last token."""

    workers: Mapping[str, Worker] = field(factory=dict)
    leases: Mapping[str, Lease] = field(factory=dict)
    token: int = 0


class Board(Protocol):
    """What all machines of a project see; each call is one step that no other comes between."""

    def join(self, worker: Worker) -> None:
        """Take part. Raises RefusedError beside a worker of another version of Accord."""

    def claim(self, worker: str, jobs: Sequence[str]) -> int:
        """Take all of `jobs` or none; return the token, 0 where another one holds any."""

    def renew(self, worker: str, tokens: Mapping[str, int]) -> frozenset[str]:
        """Renew what is held still and return its jobs."""

    def drop(self, worker: str, tokens: Mapping[str, int]) -> None:
        """Give back what is held."""

    def reap(self, jobs: Collection[str]) -> None:
        """Take away those leases of `jobs` that ended."""

    def leave(self, worker: str) -> None:
        """Take part no more: what it holds may be had by others at once."""

    def look(self) -> tuple[Ledger, float]:
        """Return all of it, and the present moment by its clock."""

    def close(self) -> None:
        """Close the store."""


def in_time(ledger: Ledger, now: float) -> Ledger:
    """Return the ledger as it counts where the clock was set back: nothing lasts longer for it.

    Whatever would last twice as long as any grant was granted before, by a clock that was ahead.
    """
    late, most = now + 2 * LASTS_S, now + LASTS_S
    workers = {name: evolve(one, expires=most) if one.expires > late else one
               for name, one in ledger.workers.items()}  # fmt: skip
    held = {job: evolve(one, expires=most) if one.expires > late else one
            for job, one in ledger.leases.items()}  # fmt: skip
    return evolve(ledger, workers=workers, leases=held)


def join(ledger: Ledger, worker: Worker, now: float) -> Ledger:
    """Return the ledger with `worker` in it. Raises RefusedError beside another release."""
    for one in living(ledger, now):
        if one.release != worker.release and one.name != worker.name:
            raise RefusedError(
                f"a worker of Accord {one.release} is at work on {one.host}, this is "
                f"{worker.release}",
                hint="end it with Ctrl-C there, which lets it finish what it began",
            )
    known = {**ledger.workers, worker.name: evolve(worker, expires=now + LASTS_S)}
    return evolve(ledger, workers=known)


def claim(ledger: Ledger, worker: str, jobs: Sequence[str], now: float) -> tuple[Ledger, int]:
    """Return the ledger with all of `jobs` leased to `worker` and the token, or 0 and no change.

    What another holds is refused, also when its lease has ended: first it is written down that
    its attempt is over (`reap`). What the worker held in an earlier life is its own.
    """
    for job in jobs:
        held = ledger.leases.get(job)
        if held is not None and (held.worker != worker or held.expires <= now):
            return ledger, 0
    token = ledger.token + 1
    more = {job: Lease(job, worker, token, now + LASTS_S) for job in jobs}
    return evolve(ledger, leases={**ledger.leases, **more}, token=token), token


def renew(
    ledger: Ledger, worker: str, tokens: Mapping[str, int], now: float
) -> tuple[Ledger, frozenset[str]]:
    """Return the ledger with what `worker` holds by `tokens` renewed, and the jobs that it holds.

    A lease that ended is not renewed, whoever asks, even where nobody took the work yet.
    """
    kept = {
        job: evolve(held, expires=now + LASTS_S)
        for job, token in tokens.items()
        if (held := ledger.leases.get(job)) is not None
        and (held.worker, held.token) == (worker, token) and held.expires > now
    }  # fmt: skip
    known = dict(ledger.workers)
    if worker in known:
        known[worker] = evolve(known[worker], expires=now + LASTS_S)
    later = evolve(ledger, workers=known, leases={**ledger.leases, **kept})
    return later, frozenset(kept)


def drop(ledger: Ledger, worker: str, tokens: Mapping[str, int]) -> Ledger:
    """Return the ledger without what `worker` holds by `tokens`."""
    return _without(ledger, lambda one: one.worker == worker and tokens.get(one.job) == one.token)


def reap(ledger: Ledger, jobs: Collection[str], now: float) -> Ledger:
    """Return the ledger without those leases of `jobs` that ended, and workers long gone."""
    left = _without(ledger, lambda one: one.job in jobs and one.expires <= now)
    kept = {name: one for name, one in left.workers.items() if one.expires + LASTS_S > now}
    return evolve(left, workers=kept)


def leave(ledger: Ledger, worker: str) -> Ledger:
    """Return the ledger without `worker` and what it holds."""
    left = _without(ledger, lambda one: one.worker == worker)
    return evolve(left, workers={k: v for k, v in left.workers.items() if k != worker})


def living(ledger: Ledger, now: float) -> tuple[Worker, ...]:
    """Return the workers that live, as far as can be told, by name."""
    return tuple(one for _, one in sorted(ledger.workers.items()) if one.expires > now)


def ended(ledger: Ledger, now: float) -> tuple[Lease, ...]:
    """Return the leases that nobody renewed in time."""
    return tuple(one for _, one in sorted(ledger.leases.items()) if one.expires <= now)


def _without(ledger: Ledger, gone: Callable[[Lease], bool]) -> Ledger:
    return evolve(ledger, leases={job: one for job, one in ledger.leases.items() if not gone(one)})
