"""How the living spec is told: what is promised, how it stands, which tests prove it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import asdict

from accord.cli.context import Context
from accord.cli.render import plain, wrap

if TYPE_CHECKING:
    from pathlib import Path

    from accord.app.promising import Promise

SHOWN = 4


def tell(context: Context, wanted: str, junit: "tuple[Path, ...]", *, every: bool) -> None:
    """Answer what the system promises about `wanted` (or at all); `every`: what is over, too."""
    from accord.wiring.drifting import read_living

    commit, found = read_living(context.folder, junit)
    about = [one for one in found if not wanted or one.speaks_of(wanted)]
    shown = [one for one in about if every or not one.over]
    nothing = (
        f"nothing that is promised speaks of {wanted}" if wanted else "nothing is promised yet"
    )
    counts = Counter(str(one.standing) for one in shown)
    data = {"commit": commit, "standing": dict(counts), "promises": [asdict(one) for one in shown]}
    context.answer(data, _lines(shown, len(about) - len(shown), nothing))


def _lines(found: "Sequence[Promise]", over: int, nothing: str) -> Iterator[str]:
    from accord.core.drift import Standing

    last = None
    for one in found:
        if (one.change, one.path) != last:
            yield from _head(one, first=last is None)
            last = (one.change, one.path)
        yield from _promise(one)
    counts = Counter(one.standing for one in found)
    said = [f"{counts[one]} {one}" for one in Standing if counts[one]]
    if found:
        yield ""
        yield f"promises: {', '.join(said)}"
    elif not over:
        yield wrap(nothing)
    if over:
        yield f"{over} more {'is' if over == 1 else 'are'} over: --all shows what took the place"


def _head(one: "Promise", *, first: bool) -> Iterator[str]:
    if not first:
        yield ""
    people = f"agreed by {', '.join(one.agreed.by)} on {one.agreed.on}" if one.agreed.by else ""
    yield wrap(f"{one.title or one.change} ({one.path})")
    yield wrap(f"{one.change}: {people or 'nobody signed it here'}", "  ", "    ")


def _promise(one: "Promise") -> Iterator[str]:
    decided = f" ({one.decided})" if one.decided else ""
    yield wrap(f"{one.id} {one.standing}{decided}", "  ", "    ")
    yield wrap(one.words, "    ", "    ")
    if one.over:
        yield wrap(one.over, "    ", "      ")
    if one.why:
        yield wrap(one.why, "    ", "      ")
    for test in one.tests[:SHOWN]:
        yield f"    {plain(test)}"
    if len(one.tests) > SHOWN:
        yield f"    and {len(one.tests) - SHOWN} more tests"
