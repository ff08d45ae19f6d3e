"""What a draft says of the decisions that it was given."""

from accord.core import checks, dispositions
from accord.core.checks import Severity
from accord.core.dispositions import Disposition
from accord.core.model import Spec
from accord.formats import native
from project import DESIGN, STORY, TASKS
from rules import in_force, rule

REGISTER = in_force(rule("a", "Keep it."), rule("b", "Say it."), rule("c", "Do it."))
SECTION = """
## Decisions

- Follows D-a: in D1
- **N/A**: D-b - nothing is
  said here
- Departs from D-c (two shops share it)
"""


def found(text: str, *shown: str) -> list[tuple[str, int, str]]:
    document = native.read("design.md", text.encode())
    listed = dispositions.findings([document], shown, REGISTER, path="design.md")
    return [(one.rule, one.line, one.message) for one in listed]


def test_the_section_is_read_as_a_person_would_write_it() -> None:
    said = dispositions.read("design.md", (DESIGN + SECTION).encode()).said
    assert [(one.disposition, one.name, one.words) for one in said] == [
        (Disposition.FOLLOWS, "D-a", "in D1"),
        (Disposition.NOT_APPLICABLE, "D-b", "nothing is said here"),
        (Disposition.DEPARTS, "D-c", "two shops share it"),
    ]
    assert found(DESIGN + SECTION, "a", "b", "c") == []


def test_a_decision_that_was_shown_and_has_no_word_blocks() -> None:
    text = DESIGN + SECTION.replace("- Follows D-a: in D1\n", "")
    assert [(rule, line) for rule, line, _ in found(text, "a", "b", "c")] == [("undisposed", 1)]
    assert found(text, "b", "c") == []
    assert found(DESIGN, "gone") == []


def test_the_section_disturbs_no_document_and_no_check() -> None:
    files = {"requirements.md": STORY, "design.md": DESIGN, "tasks.md": TASKS}
    plain = Spec(tuple(native.read(name, text.encode()) for name, text in files.items()))
    more = Spec(tuple(native.read(name, (text + SECTION).encode()) for name, text in files.items()))
    assert checks.check(plain, default_verify="x") == checks.check(more, default_verify="x") == ()
    kept = {item.id: item.own for item in plain.items if "." not in item.id or item.id[0] == "R"}
    assert kept.items() <= {item.id: item.own for item in more.items}.items()


def test_lines_that_say_nothing_or_name_nothing_are_told() -> None:
    text = """# D

## Decisions

- Follow D-a
- Follows D-zzz: there
- N/A D-b
- Departs D-a: why
- Follows D-a: here
"""
    assert [(rule, line) for rule, line, _ in found(text)] == [
        ("disposition", 5), ("disposition", 6), ("disposition", 7), ("disposition", 9),
    ]  # fmt: skip
    assert [said for _, _, said in found(text)][2:] == [
        "n/a D-b gives no reason", "line 8 says departs of D-a",
    ]  # fmt: skip


def test_prose_under_the_heading_is_left_alone() -> None:
    assert found(DESIGN + "\n## Decisions\n\n- We chose one cart.\n\nBecause.\n") == []


def test_a_word_about_a_decision_out_of_force_only_warns() -> None:
    document = native.read("design.md", b"# D\n\n## Decisions\n\n- Follows D-a: x\n")
    empty = in_force()
    assert [one.severity for one in dispositions.findings([document], [], empty, path="d")] == [
        Severity.BLOCKS
    ]


def test_a_disposition_is_no_text_of_the_draft_and_what_stands_beside_it_is() -> None:
    data = (DESIGN + SECTION + "- We use MySQL\n\n## After\n\nMore.\n").encode()
    section = dispositions.read("design.md", data)
    left = dispositions.without(data, section)
    assert "D-a" not in left
    assert "- We use MySQL\n" in left
    assert left.endswith("\n## After\n\nMore.\n")
    assert left.count("\n") == data.count(b"\n")


def test_a_document_without_the_section_says_nothing() -> None:
    assert dispositions.read("design.md", DESIGN.encode()).said == ()
    assert dispositions.without(DESIGN.encode(), dispositions.Section()) == DESIGN
