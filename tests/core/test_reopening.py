from collections.abc import Callable

import pytest
from attrs import evolve

from accord.core import gates
from accord.core.gates import Facts, Standing
from accord.core.model import STAGES, Stage
from agreements import CODE, FILES, agreed, also, facts, record, spec

Change = Callable[[dict[str, str]], dict[str, str]]


def asked(known: Facts) -> dict[Stage, tuple[str, ...]]:
    """What each gate asks about once those before it are approved again, as a person meets it."""
    found = {}
    while (gate := gates.current(gates.standings(known))) is not None:
        assert gate.standing is Standing.WAITING, gate
        found[gate.stage] = gate.asked
        known = also(known, record(gate.stage, gate.items, number=gate.round + 1))
    return found


def edited(path: str, old: str, new: str) -> Change:
    def change(files: dict[str, str]) -> dict[str, str]:
        assert old in files[path]
        return {**files, path: files[path].replace(old, new)}

    return change


def added(path: str, text: str) -> Change:
    return lambda files: {**files, path: files.get(path, "") + text}


def swapped(path: str, one: str, other: str) -> Change:
    """Let the lines that begin with `one` and with `other` change places."""

    def change(files: dict[str, str]) -> dict[str, str]:
        lines = files[path].splitlines(keepends=True)
        first, second = (
            next(at for at, line in enumerate(lines) if line.startswith(start))
            for start in (one, other)
        )
        lines[first], lines[second] = lines[second], lines[first]
        return {**files, path: "".join(lines)}

    return change


CHANGES: dict[str, tuple[Change, dict[Stage, tuple[str, ...]]]] = {
    "a criterion": (
        edited("requirements.md", "keep the cart.", "keep the cart for a day."),
        {Stage.STORY: ("R1.1",), Stage.DESIGN: ("D1",), Stage.ARCHITECTURE: ("T1",)},
    ),
    "a criterion that nothing rests on": (
        edited("requirements.md", "greet them", "greet them by name"),
        {Stage.STORY: ("R3.1",)},
    ),
    "the words of a requirement": (
        edited("requirements.md", "my cart kept.", "my cart kept, so that I can retry."),
        {Stage.STORY: ("R1",)},
    ),
    "an answer": (edited("requirements.md", "No.", "Yes."), {Stage.STORY: ("Q1",)}),
    "an added criterion": (
        edited("requirements.md", "\n### R2", "- R1.3 THE shop SHALL say so.\n\n### R2"),
        {Stage.STORY: ("requirements.md", "R1.3")},
    ),
    "a removed criterion": (
        edited(
            "requirements.md", "- R1.2 WHEN an hour has passed THE shop SHALL empty the cart.\n", ""
        ),
        {
            Stage.STORY: ("requirements.md", "R1.2"),
            Stage.DESIGN: ("D1",),
            Stage.ARCHITECTURE: ("T2",),
        },
    ),
    "two criteria that change headings": (
        swapped("requirements.md", "- R2.1", "- R3.1"),
        {Stage.STORY: ("requirements.md",)},
    ),
    "text around the criteria": (
        edited("requirements.md", "without an account", "with no account"),
        {Stage.STORY: ("requirements.md",)},
    ),
    "a blank line": (added("requirements.md", "\n"), {Stage.STORY: ("requirements.md",)}),
    "a section": (
        edited("design.md", "One template.", "Two templates."),
        {Stage.DESIGN: ("D2",), Stage.ARCHITECTURE: ("T3",)},
    ),
    "text around the sections": (
        edited("design.md", "hangs", "holds"),
        {Stage.DESIGN: ("design.md",)},
    ),
    "an extra file": (added("mockups/a.html", "<p>"), {Stage.DESIGN: ("mockups/a.html",)}),
    "a removed document": (
        lambda files: {path: text for path, text in files.items() if path != "design.md"}
        | {"notes.md": "x"},
        {
            Stage.DESIGN: ("notes.md", "design.md", "D1", "D2"),
            Stage.ARCHITECTURE: ("T1", "T2", "T3"),
        },
    ),
    "a task": (
        edited("tasks.md", "T3 Mail", "T3 Send"),
        {Stage.ARCHITECTURE: ("T3",)},
    ),
    "what a task may touch": (
        edited("tasks.md", "shop/mail/**", "shop/**"),
        {Stage.ARCHITECTURE: ("T3",)},
    ),
    "a tick": (edited("tasks.md", "[ ] T1", "[x] T1"), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_only_what_changed_is_asked_again(name: str) -> None:
    change, expected = CHANGES[name]
    known = agreed(facts())

    after = evolve(known, spec=spec(change(dict(FILES))))

    assert asked(after) == expected


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_shuts_its_own_gate_and_all_behind_it(name: str) -> None:
    change, expected = CHANGES[name]
    shut = [STAGES.index(stage) for stage in expected]
    known = agreed(facts())

    after = gates.standings(evolve(known, spec=spec(change(dict(FILES)))))

    first = min(shut, default=len(STAGES))
    assert [gate.passed for gate in after] == [at < first for at in range(len(STAGES))]
    if expected:
        assert after[first].reason.startswith("changed since it was approved: ")


def test_changed_code_shuts_the_gates_of_the_work() -> None:
    known = evolve(agreed(facts()), files={**CODE, "shop/mail/send.py": "c" * 64})

    assert asked(known) == dict.fromkeys(STAGES[3:], ("shop/mail/send.py",))
