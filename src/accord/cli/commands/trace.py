"""`accord trace`: the links between criteria and code, proposed for what was built long ago."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, wrap
from accord.errors import ConfigurationError

if TYPE_CHECKING:
    from accord.app.workshop import Workshop
    from accord.core.ports import Executed
    from accord.core.suggesting import Suggestion

SHOWN = 20


@click.group()
def trace() -> None:
    """The links between criteria and code that the drift check goes by."""


@trace.command()
@click.argument("word", default="")
@click.option("--accept", "numbers", metavar="N..", default="",
              help="Accept these of the list, without asking: 1,3-5.")  # fmt: skip
@click.option("--ask", is_flag=True, help="Ask of each; one key is the answer.")
@click.option("--coverage", type=click.Path(path_type=Path), metavar="FILE",
              help="The data of a run of the tests under coverage.py.")  # fmt: skip
@click.option("--most", metavar="N", type=click.IntRange(1), default=SHOWN, show_default=True,
              help="Propose at most N links.")  # fmt: skip
@command
def suggest(
    context: Context, word: str, numbers: str, *, ask: bool, coverage: Path | None, most: int
) -> None:
    """Propose links for the criteria on the base that speak of WORD, or for all.

    Each comes from history, names or coverage, and counts when a person has accepted it.
    """
    from accord.app import suggesting

    workshop = context.workshop()
    found = suggesting.suggest(workshop, word, _executed(workshop, coverage) if coverage else ())[
        :most
    ]
    chosen = _chosen(numbers, found) if numbers else []
    if ask and found:
        chosen = _asked(found)
    changes = suggesting.accept(workshop, chosen) if chosen else ()
    data = {
        "suggestions": [_data(number, one) for number, one in enumerate(found, 1)],
        "accepted": [_data(found.index(one) + 1, one) for one in chosen],
        "changes": list(changes),
    }
    context.answer(data, _accepted(chosen, changes) if numbers or ask else _lines(found))


def _data(number: int, one: "Suggestion") -> dict[str, Any]:
    return {
        "number": number, "criterion": one.key, "place": one.mark.place,
        "kind": "test" if one.is_test else "symbol", "score": one.score,
        "reasons": list(one.reasons),
    }  # fmt: skip


def _lines(found: "Sequence[Suggestion]") -> Iterator[str]:
    if not found:
        yield "nothing to propose"
        return
    for number, one in enumerate(found, 1):
        yield from _proposal(f"{number} ", one)
    yield ""
    yield "accord trace suggest --ask goes through them, --accept 1,3-5 takes some"


def _proposal(label: str, one: "Suggestion") -> Iterator[str]:
    kind = "test" if one.is_test else "code"
    yield wrap(f"{label}{one.key} ({one.score:.2f}) {kind} {one.mark.place}", "", "    ")
    for reason in one.reasons:
        yield wrap(reason, "    ", "      ")


def _accepted(chosen: "Sequence[Suggestion]", changes: "Sequence[str]") -> Iterator[str]:
    for one in chosen:
        yield wrap(f"{one.key} -> {one.mark.place}", "", "    ")
    count = f"{len(chosen)} link{'' if len(chosen) == 1 else 's'}"
    yield plain(f"{count} accepted in {', '.join(changes)}") if chosen else "nothing was accepted"


def _asked(found: "Sequence[Suggestion]") -> "list[Suggestion]":
    chosen = []
    for number, one in enumerate(found, 1):
        for line in _proposal(f"{number} of {len(found)}: ", one):
            click.echo(line, err=True)
        click.echo("accept (y), leave (n), stop (q)? ", nl=False, err=True)
        key = click.getchar() if sys.stdin.isatty() else sys.stdin.readline().strip()
        click.echo(plain(key), err=True)
        if key == "y":
            chosen.append(one)
        elif key != "n":
            break
    return chosen


def _chosen(numbers: str, found: "Sequence[Suggestion]") -> "list[Suggestion]":
    wanted: list[int] = []
    for part in numbers.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise ConfigurationError(f"{numbers} is no list of numbers", hint="--accept 1,3-5")
        wanted += range(int(first), int(last or first) + 1)
    if any(not 1 <= one <= len(found) for one in wanted):
        raise ConfigurationError(f"there are {len(found)} proposals", hint="accord trace suggest")
    return [found[one - 1] for one in sorted(set(wanted))]


def _executed(workshop: "Workshop", path: Path) -> "tuple[Executed, ...]":
    try:
        return workshop.coverage(path.read_bytes())
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(
            f"{path} cannot be read: {said}", hint="coverage run writes one, with dynamic_context"
        ) from error
