"""What OpenSpec would do with a delta: whether its steps fit the main spec that is there.

The steps and their order (renamed, removed, modified, added) are those of OpenSpec 1.13; so are
the reasons to refuse, but for the lost scenario, which `openspec_rules` tells by itself.
"""

from collections.abc import Iterator
from typing import NamedTuple

from accord.formats import openspec_grammar as grammar
from accord.formats.openspec_grammar import Lines, Plan


class Refusal(NamedTuple):
    """Why a step does not fit: the requirement, the line of the step from 0, the reason."""

    name: str
    at: int
    reason: str


def refusals(source: Lines, plan: Plan, main: str | None) -> Iterator[Refusal]:
    """Yield each step of a delta that does not fit the main spec with the text `main`.

    None stands for a spec that does not exist yet. A step that was taken already fits.
    """
    if main is None:
        for one in plan.modified:
            yield Refusal(one.name, one.start, "there is no such spec yet to be modified")
        for pair in plan.renamed:
            yield Refusal(pair.old, pair.at, "there is no such spec yet to rename it in")
        main = ""
    target = grammar.lines(main)
    names = {one.name: text(target, one) for one in grammar.requirements(target)}
    yield from _renamed(plan, names)
    for entry in plan.removed:
        if entry.name not in names and main and (near := _near(names, entry.name)):
            yield Refusal(entry.name, entry.at, f"it is spelt '{near}' in the spec")
        names.pop(entry.name, None)
    for block in plan.modified:
        if main and block.name not in names:
            yield Refusal(block.name, block.start, "the spec has no such requirement")
    for block in plan.added:
        if block.name in names:
            if names[block.name] != text(source, block):
                yield Refusal(block.name, block.start, "the spec has it already, in other words")
        elif near := _near(names, block.name):
            yield Refusal(block.name, block.start, f"the spec has '{near}' already")
        else:
            names[block.name] = text(source, block)


def text(source: Lines, block: grammar.Block) -> str:
    """Return a requirement as text, without the blank lines around it."""
    return "\n".join(source.text[block.start : block.end]).strip()


def _renamed(plan: Plan, names: dict[str, str]) -> Iterator[Refusal]:
    for pair in plan.renamed:
        if pair.old not in names:
            near = _near(names, pair.old, but=pair.new)
            if pair.new not in names or near:
                reason = f"it is spelt '{near}' in the spec" if near else "the spec has no such one"
                yield Refusal(pair.old, pair.at, reason)
            continue
        if pair.new in names:
            yield Refusal(pair.new, pair.at, "the spec has one of that name already")
        elif near := _near(names, pair.new, but=pair.old):
            yield Refusal(pair.new, pair.at, f"the spec has '{near}' already")
        else:
            # As OpenSpec does, the header is written anew and the rest moves with it.
            words = names.pop(pair.old).split("\n")
            names[pair.new] = "\n".join([f"### Requirement: {pair.new}", *words[1:]])


def _near(names: dict[str, str], name: str, but: str = "") -> str:
    wanted = grammar.folded(name)
    return next((one for one in names if one != but and grammar.folded(one) == wanted), "")
