"""Changes written side by side and archived in any order: each sentence lands or is named."""

from hypothesis import given
from hypothesis import strategies as st

from accord.core.merging import Part
from accord.formats import openspec_grammar as grammar
from accord.formats import openspec_merging

NAMES = ("Kept", "Told", "Sent")
SCENES = ("Away", "Home")


def spec(texts: dict[str, str]) -> str:
    rows = ["# Cart\n\n## Purpose\nThe cart.\n\n## Requirements\n"]
    for name in NAMES:
        rows.append(f"### Requirement: {name}\nIt SHALL {texts[name]}.\n")
        rows += [f"#### Scenario: {one}\n- **WHEN** {texts[name + one]}\n" for one in SCENES]
    return "\n".join(rows)


KEYS = (*NAMES, *(name + one for name in NAMES for one in SCENES))
START = {key: f"base-{key}" for key in KEYS}
EDITS = st.dictionaries(st.sampled_from(KEYS), st.just(""), max_size=3)
REMOVED = st.sampled_from([*NAMES, "", "", ""])


def delta(number: int, edits: dict[str, str], removed: str) -> tuple[str, set[str]]:
    """Return a delta written on the start, and the sentences that it says anew."""
    said = {key: f"change-{number}-{key}" for key in edits if not key.startswith(removed or "?")}
    texts = {**START, **said}
    whole = spec(texts).split("### Requirement: ")[1:]
    rows = ["## MODIFIED Requirements\n"]
    rows += [
        f"### Requirement: {block}"
        for block, name in zip(whole, NAMES, strict=True)
        if any(key.startswith(name) for key in said)
    ]
    rows += ["## REMOVED Requirements\n", f"### Requirement: {removed}\n"] if removed else []
    rows += ["## ADDED Requirements\n", f"### Requirement: New{number}\nIt SHALL new-{number}.\n"]
    return "\n".join(rows), {*said.values(), f"new-{number}"}


@given(st.lists(st.tuples(EDITS, REMOVED), min_size=2, max_size=4))
def test_no_approved_sentence_is_lost(changes: list[tuple[dict[str, str], str]]) -> None:
    start = openspec_merging.requirements(spec(START))

    def base(name: str, part: Part | None) -> Part | None:
        return start.get(name)

    main, landed, taken = spec(START), set[str](), set[str]()
    for number, (edits, removed) in enumerate(changes):
        text, said = delta(number, edits, removed)
        source = grammar.lines(text)
        outcome = openspec_merging.merge(main, source, grammar.plan(source), base)
        if outcome.conflicts:
            shown = "\n".join(f"{one.ours} {one.theirs}" for one in outcome.conflicts)
            clashing = {one.path[0] for one in outcome.conflicts}
            assert any(word in shown for word in said | landed)
            assert clashing <= {*NAMES}
            continue  # nothing is written: the change stays open, with all that it says
        main = outcome.text
        landed |= said
        if removed:
            taken.add(removed)
        for word in landed:
            assert word in main, (word, main)
        for name in taken:
            assert f"Requirement: {name}\n" not in main
    for key, text in START.items():
        changed = any(f"change-{n}-{key}" in landed for n in range(len(changes)))
        if not changed and not any(key.startswith(name) for name in taken):
            assert f"{text}\n" in main or f"{text}." in main
