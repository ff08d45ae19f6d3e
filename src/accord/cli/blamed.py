"""How a line is told: the promise that it serves, who agreed to it, what was decided since."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import asdict

from accord.cli.context import Context
from accord.cli.render import plain, wrap

if TYPE_CHECKING:
    from accord.app.blaming import Blame, Said

SHOWN = 4


def tell(context: Context, where: str) -> None:
    """Answer what `FILE` or `FILE:LINE` serves."""
    from accord.wiring.drifting import read_blame

    commit, found = read_blame(context.folder, where)
    data = {"commit": commit, "blame": [asdict(one) for one in found]}
    context.answer(data, _lines(where, found))


def _lines(where: str, found: "Sequence[Blame]") -> Iterator[str]:
    if not found:
        yield wrap(f"{where} serves nothing that is promised")
    for number, one in enumerate(found):
        if number:
            yield ""
        yield from _one(one)


def _one(one: "Blame") -> Iterator[str]:
    promise = one.promise
    decided = f" ({promise.decided})" if promise.decided else ""
    yield wrap(f"{promise.change}/{promise.id} {promise.standing}{decided}", "", "  ")
    yield wrap(promise.words, "  ", "  ")
    agreed = promise.agreed
    people = f"agreed by {', '.join(agreed.by)} on {agreed.on}" if agreed.by else ""
    yield wrap(f"{promise.path}:{promise.line}, {people or 'nobody signed it here'}", "  ", "    ")
    for reason in filter(None, (promise.over, promise.why)):
        yield wrap(reason, "  ", "    ")
    if one.link:
        yield wrap(f"{one.symbol} is {one.link}", "  ", "    ")
    else:
        for word, places in (("code", promise.symbols), ("test", promise.tests)):
            yield from (f"  {word}: {plain(each)}" for each in places[:SHOWN])
            if len(places) > SHOWN:
                yield f"  and {len(places) - SHOWN} more"
    for built in one.built:
        yield wrap(f"{built.task} in {built.commit[:12]} by {built.author}", "  ", "    ")
    for said in one.verdicts:
        yield wrap(_said(said), "  ", "    ")


def _said(said: "Said") -> str:
    until = f" until {said.until}" if said.until else ""
    opened = f"; see {said.opened}" if said.opened else ""
    lapsed = f" ({said.lapsed})" if said.lapsed else ""
    return f"{said.on} {said.what}{until}, says {said.by}: {said.why}{opened}{lapsed}"
