"""What others wrote is read as text: every word arrives, and none of them does anything."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.app import importing
from accord.core.model import Spec, Standing
from accord.errors import AccordError, ConfigurationError, RefusedError
from accord.formats import importing as reading
from accord.formats import native
from operations import writing
from project import Project

TASKS = {
    "master": {
        "tasks": [
            {"id": 1, "title": "Keep the cart", "status": "done", "dependencies": [],
             "description": "For an hour", "testStrategy": "Verify: rm -rf /"},
            {"id": 2, "title": "Say until when", "status": "in-progress", "dependencies": [1, 9],
             "details": "line one\n- Verify: rm -rf /\n- [ ] T9 mine",
             "subtasks": [{"id": 1, "title": "Words", "status": "pending", "dependencies": []},
                          {"id": 2, "title": "Time", "dependencies": [1]}]},
        ]
    }
}  # fmt: skip
ISSUE = {
    "title": "Cart is lost",
    "body": "It is.\r\n\r\n## Acceptance\r\n- [ ] the cart stays\r\n- R9.9 it is said\r\n\r\n"
    "## Notes\r\n- The shop SHALL keep it\r\n- perhaps\r\n- Q1 (answered) sure?\r\n",
    "comments": [{"author": {"login": "ada"}, "body": "## D1 x\n- [x] T1 y\n  - Verify: rm -rf /"}],
}


def read(name: str, content: object) -> tuple[reading.Imported, Spec]:
    text = content if isinstance(content, str) else json.dumps(content)
    found = reading.read(name, text.encode())
    return found, Spec(tuple(native.read(at, one.encode()) for at, one in found.files.items()))


def test_tasks_keep_their_order_their_state_and_what_they_wait_for() -> None:
    found, spec = read("tasks.json", TASKS)

    assert [(one.id, one.text, one.done, one.after) for one in spec.tasks] == [
        ("T1", "Keep the cart", True, ()),
        ("T2", "Say until when", False, ("T1",)),
        ("T3", "Words", False, ()),
        ("T4", "Time", False, ("T3",)),
    ]
    assert found.remarks == (
        "master 2 waits for 9, which is not there",
        "master 2 was in-progress: it is open here",
    )
    old, _ = read("tasks.json", TASKS["master"])
    assert old.files == found.files


def test_what_a_task_says_besides_is_a_remark() -> None:
    more = {"id": 1, "title": "A", "priority": "high\n- Verify: rm", "metadata": {}, "\ud800": 1}

    found, _ = read("tasks.json", {"tasks": [more]})

    assert found.remarks == ("1 said what has no place here: priority high - Verify: rm, ? 1",)


def test_an_issue_gives_criteria_where_it_asks_for_something() -> None:
    found, spec = read("issue.json", ISSUE)

    assert [(one.id, one.text) for one in spec.criteria] == [
        ("R1.1", "the cart stays"),
        ("R1.2", "“R9.9 it is said”"),
        ("R2.1", "The shop SHALL keep it"),
    ]
    assert found.title == "Cart is lost"
    assert "> It is." in found.files["requirements.md"]
    assert "Comment by ada:\n\n> ## D1 x\n> - [x] T1 y\n" in found.files["requirements.md"]


@pytest.mark.parametrize(("name", "content"), [("tasks.json", TASKS), ("issue.json", ISSUE)])
def test_nothing_in_it_becomes_a_command_or_an_item_of_its_own(name: str, content: object) -> None:
    _, spec = read(name, content)

    assert {one.verify for one in spec.tasks} <= {""}
    assert all(one.satisfies == one.touches == () for one in spec.tasks)
    assert spec.questions == ()
    assert not any(one.id in ("T9", "D1") for one in spec.items)


def test_markdown_is_quoted_but_for_what_binds() -> None:
    found, spec = read("notes.md", "# Cart\n\nProse.\n\n## Rules\n\n1. It must stay\n2. maybe\n")

    assert [(one.id, one.text) for one in spec.criteria] == [("R1.1", "It must stay")]
    assert found.files["requirements.md"].count("> ") == 3


HOSTILE = st.lists(
    st.sampled_from(
        ["- Verify: rm", "  - Verify: rm", "- [x] T1 a", "- Q1 (answered) b", "## D1 c", "# e",
         "- R1.1 f SHALL g", "- A1 (high, accepted) h", "```", "<!--", "-->", "text", "", "> q",
         "* must i", "\tVerify: rm", "1. [ ] j must", "- Answer: yes", "### R7 k"]
    ),
    max_size=12,
)  # fmt: skip


@given(HOSTILE, st.sampled_from(["notes.md", "issue.json", "tasks.json"]))
def test_any_text_arrives_and_does_nothing(lines: list[str], name: str) -> None:
    text = "\n".join(lines)
    content: object = text
    if name == "issue.json":
        content = {"title": text, "body": text, "comments": [{"body": text}]}
    if name == "tasks.json":
        content = {"tasks": [{"id": 1, "title": text, "description": text, "details": text}]}

    found, spec = read(name, content)

    assert all(one.verify == "" and one.satisfies == () for one in spec.tasks)
    assert len(spec.tasks) == (1 if name == "tasks.json" else 0)
    assert not spec.questions
    assert not any(one.standing is not Standing.OPEN for one in spec.assumptions)
    there = " ".join(re.sub(r"[\W_]+", " ", "\n".join(found.files.values())).split())
    for line in lines:
        said = " ".join(re.sub(r"[\W_]+", " ", re.sub(r"\[.\]|^\d\.", "", line)).split())
        assert said in there


@pytest.mark.parametrize("text", ["[]", "{}", "3", "{", '{"tasks": 3}', '{"a": {"tasks": [1]}}'])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        reading.read("x.json", text.encode())


KEYS = st.sampled_from("tasks title body id subtasks dependencies comments status".split())
ANY = st.recursive(
    st.none() | st.text(st.characters()) | st.integers() | st.just("\ud800"),
    lambda one: st.lists(one) | st.dictionaries(KEYS, one),
)


@given(ANY)
def test_any_json_is_read_or_refused(found: object) -> None:
    try:
        files = reading.read("x.json", json.dumps(found).encode()).files
    except AccordError:
        return
    for text in files.values():
        text.encode()


def test_the_command_writes_new_files_alone(project: Project) -> None:
    (project.top / "tasks.json").write_text(json.dumps(TASKS))

    result = project.ok("import", "tasks.json")

    assert "specs/imported-tasks holds tasks.json as requirements.md, tasks.md" in result.out
    assert project.run("import", "tasks.json").exit == 1
    assert project.run("import", "none.json").exit == 2
    with pytest.raises(RefusedError):
        importing.bring(project.top, project.top / "tasks.json", writing(project.top), "../out")
    assert not Path(project.top.parent / "out").exists()
