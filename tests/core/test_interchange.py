"""Other tools' files as proposals in their authors' words; views of ours that show an edit."""

import pytest

from accord.core import interchange
from adr import MADR, NYGARD
from rules import rule


@pytest.mark.parametrize(
    ("text", "statement", "because"),
    [
        (MADR, "Keep all state in PostgreSQL.", "one backup is enough"),
        (NYGARD, "We will write every log line as JSON.", ""),
    ],
)
def test_a_decision_record_gives_one_proposal(text: str, statement: str, because: str) -> None:
    (found,) = interchange.read("docs/adr/0003-x.md", text.encode())
    assert found.rule is not None
    assert (found.rule.statement, found.rule.because) == (statement, because)
    assert found.rule.status == "proposed"
    assert found.rule.source == {"import": "docs/adr/0003-x.md", "status": "accepted"}


def test_what_is_superseded_or_says_too_much_is_left_out_with_its_reason() -> None:
    (over,) = interchange.read("a.md", NYGARD.replace("Accepted", "Superseded by 9").encode())
    assert (over.rule, over.reason) == (None, "it is superseded by 9")
    long = NYGARD.replace("every log line", "word " * 60).replace("Log in JSON", "word " * 60)
    (much,) = interchange.read("a.md", long.encode())
    assert (much.rule, much.reason) == (None, "it says nothing in at most 40 words")


def test_a_decision_that_is_too_long_falls_back_to_its_title() -> None:
    (found,) = interchange.read("a.md", NYGARD.replace("every log line", "word " * 60).encode())
    assert found.rule is not None
    assert found.rule.statement == "Log in JSON."


def test_a_heading_inside_a_decision_is_no_part_of_what_it_says() -> None:
    text = NYGARD.replace("## Decision\n\n", "## Decision\n\n### Format\n\n")
    (found,) = interchange.read("a.md", text.encode())
    assert found.rule is not None
    assert found.rule.statement == "We will write every log line as JSON."


def test_bullets_that_bind_are_proposals_and_others_are_not() -> None:
    text = "# Rules\n\n## Tests\n\n- You **must** run `make test`. It is quick.\n- Thanks to Sam.\n"
    found = interchange.read("AGENTS.md", text.encode())
    assert [
        (one.rule.statement, one.rule.labels, one.rule.source) for one in found if one.rule
    ] == [("You must run `make test`.", ("tests",), {"import": "AGENTS.md:5"})]
    (none,) = interchange.read("AGENTS.md", b"# Hello\n")
    assert none.rule is None


def test_the_principles_of_a_constitution_are_sentences_and_each_that_binds_is_one() -> None:
    text = (
        "<!-- Never read this. -->\n# Constitution\n\n### I. Library-First\n\n"
        "Every feature starts as a library; libraries must be\nself-contained. It is what we are.\n"
        "\n| never | a table |\n|---|---|\n\n- **Purpose**: no library without one\n"
    )
    found = interchange.read(".specify/memory/constitution.md", text.encode())
    assert [(one.rule.statement, one.rule.labels) for one in found if one.rule] == [
        ("Every feature starts as a library.", ("i library-first",)),
        ("libraries must be self-contained.", ("i library-first",)),
        ("Purpose: no library without one.", ("i library-first",)),
    ]
    (none,) = interchange.read("AGENTS.md", b"# Agents\n\nEvery feature starts as a library.\n")
    assert none.reason == "no bullet in it says what must be done"


@pytest.mark.parametrize("kind", interchange.VIEWS)
def test_a_view_of_ours_is_not_read_back(kind: str) -> None:
    made = interchange.view(kind, [rule("a", "Never say a twice.")])
    (found,) = interchange.read(interchange.VIEWS[kind], made)
    assert (found.rule, found.reason) == (None, "Accord made it from the decisions here")


@pytest.mark.parametrize("kind", interchange.VIEWS)
def test_a_view_tells_an_edit_from_age(kind: str) -> None:
    rules = [rule("b", "Say b."), rule("a", "Say a.")]
    made = interchange.view(kind, rules)
    assert made.decode().endswith("# Decisions in force\n\n- D-a: Say a.\n- D-b: Say b.\n")
    assert interchange.drifted(kind, made, rules) == ""
    assert interchange.drifted(kind, made, rules[:1]) == "it is older than the decisions in force"
    assert interchange.drifted(kind, made.replace(b"Say a", b"Say c"), rules) == (
        "it was edited by hand"
    )
    assert interchange.drifted(kind, None, rules) == "it is missing"


def test_a_view_is_capped_and_says_what_it_leaves_out() -> None:
    many = [rule(f"r{n}", "Say " + "word " * 30) for n in range(300)]
    made = interchange.view("agents", many)
    assert len(made) < interchange.LARGEST_VIEW + 500
    assert b" more: accord decisions list" in made
