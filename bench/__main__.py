"""`python -m bench`: measure, print the figures beside their peers, exit 1 for a broken budget.

`python -m bench room` measures what the review room costs and nothing else.
"""

import sys
from collections.abc import Iterator, Sequence

from bench import (
    auditing,
    boxing,
    changing,
    checking,
    drifting,
    hosting,
    landing,
    looking,
    peers,
    pooling,
    reading,
    recalling,
    replaying,
    reviewing,
    serving,
    simulating,
    slicing,
    starting,
    suggesting,
    verifying,
    waiting,
    watching,
)
from bench.place import throw_away
from bench.table import Figure, lines


def main(names: Sequence[str]) -> int:
    """Print every figure, or those of the room; return 1 when one of them breaks its budget."""
    figures = [*_served(), *_reviewed()] if list(names) == ["room"] else _all()
    print("\n".join(lines(figures)))
    return 0 if all(figure.kept for figure in figures) else 1


def _all() -> list[Figure]:
    figures: list[Figure] = []
    with peers.installed() as openspec:
        if not openspec:
            _say("peer not available: openspec could not be installed")
        with throw_away() as place:
            _say("starting up")
            figures.append(starting.measure(place, openspec))
        with throw_away() as place:
            _say("looking at 200 open changes (making them takes half a minute)")
            figures.append(looking.measure(place, openspec))
        figures += _served()
        with throw_away() as place:
            _say("checking 2000 specs and 200 changes")
            figures += checking.measure(place, openspec)
    with peers.sandbox_runtime() as srt, throw_away() as place:
        _say("starting and proving boxes")
        figures += boxing.measure(place, srt)
    _say("reading and checking documents")
    figures += reading.measure()
    figures += slicing.measure()
    _say("verifying approvals")
    figures.append(verifying.measure())
    _say("recalling decisions and replaying corrections")
    figures += [*recalling.measure(), *replaying.measure(), suggesting.measure()]
    figures += _reviewed()
    with throw_away() as place:
        _say("carrying a change from its sentence to the landed commit")
        figures.append(changing.measure(place))
    with throw_away() as place:
        _say("running agents, fifty of them at once")
        figures += hosting.measure(place)
    with throw_away() as place:
        _say("watching an agent at work")
        figures.append(watching.measure(place))
    return [*figures, *_at_length()]


def _served() -> list[Figure]:
    with throw_away() as place:
        _say("serving 200 open changes")
        return serving.measure(place)


def _reviewed() -> list[Figure]:
    _say(reviewing.absent() or "reviewing the specs of others")
    return reviewing.measure()


def _at_length() -> Iterator[Figure]:
    """Yield the figures that take the longest."""
    with throw_away() as place:
        _say("checking a range of 1,000 commits (making them takes a minute)")
        yield auditing.measure(place)
    with throw_away() as place:
        _say("waiting with 10,000 changes (the first look at them takes minutes)")
        yield from waiting.measure(place)
    with throw_away() as place:
        _say("making worktrees of 5,000 files")
        yield from pooling.measure(place)
    _say("simulating the scheduler and the merge queue")
    yield from simulating.measure()
    with throw_away() as place:
        _say("landing 60 entries, and once more one at a time (takes five minutes)")
        yield landing.measure(place)
    with throw_away() as place:
        _say("checking 10,000 criteria for drift")
        yield from drifting.measure(place)


def _say(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
