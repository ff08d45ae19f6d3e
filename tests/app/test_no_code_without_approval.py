"""There is no way to code that goes around an approval; none of these may start an agent."""

import shutil
from collections.abc import Callable

import pytest

import forgery
import gitrepo
from accord.core.approval import Decision, GateRule
from project import BUILT, DESIGN, STORY, TASKS, Project

SPEC = "specs/guest"
BRANCH = "accord/guest"
ZERO_WIDTH = "\u200b"

EDITS = {
    "a word of a criterion": ("requirements.md", "60 minutes", "61 minutes"),
    "the first byte": ("requirements.md", "# Guest cart\n", " # Guest cart\n"),
    "a word outside every item": ("requirements.md", "declined card", "refused card"),
    "one more blank line": ("requirements.md", "## Questions\n", "## Questions\n\n"),
    "a space at the end of a line": ("requirements.md", "until when.\n", "until when. \n"),
    "no line end at the end": ("requirements.md", "## Out of scope\n", "## Out of scope"),
    "one more line end at the end": ("requirements.md", "## Out of scope\n", "## Out of scope\n\n"),
    "another kind of line end": ("requirements.md", "until when.\n", "until when.\r\n"),
    "a zero-width character": ("requirements.md", "the cart for", f"the{ZERO_WIDTH} cart for"),
    "a section of the design": ("design.md", "number of minutes", "number of hours"),
    "whom the design serves": ("design.md", "R1.1, R1.2", "R1.1"),
    "the paths of a task": ("tasks.md", "shop/**", "**"),
    "the command of a task": ("tasks.md", "  - After: -", "  - After: -\n  - Verify: true"),
    "one more task": ("tasks.md", "# Guest", "- [ ] T2 More\n  - Satisfies: R1.1\n\n# Guest"),
}
TEXTS = {"requirements.md": STORY, "design.md": DESIGN, "tasks.md": TASKS}


def test_before_anything_is_approved(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    assert "approve the story" in forgery.starts_nothing(project)


@pytest.mark.parametrize("last", ["story", "design"])
def test_when_only_some_gates_are_approved(project: Project, last: str) -> None:
    project.approve_spec(last=last)
    for name in ("design.md", "tasks.md"):
        project.write(name, TEXTS[name])
    assert "approve the" in forgery.starts_nothing(project)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_on_the_desk_after_approving(project: Project, edit: str) -> None:
    name, old, new = EDITS[edit]
    project.approve_spec()
    assert old in TEXTS[name]
    project.write(name, TEXTS[name].replace(old, new, 1))
    assert project.gates()["implementation"] == "shut"
    forgery.starts_nothing(project)


@pytest.mark.parametrize("edit", ["a word of a criterion", "a zero-width character",
                                  "no line end at the end", "the paths of a task"])  # fmt: skip
def test_an_edit_on_the_branch_after_approving(project: Project, edit: str) -> None:
    name, old, new = EDITS[edit]
    project.approve_spec()
    text = TEXTS[name].replace(old, new, 1)
    project.commit_on(BRANCH, {f"{SPEC}/{name}": text})
    assert project.gates()["implementation"] == "shut"
    forgery.starts_nothing(project)


def test_a_zero_width_character_cannot_be_approved_at_all(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY.replace("the cart for", f"the{ZERO_WIDTH} cart for"))
    refs = project.refs()
    result = project.run("approve", "guest", "--yes")
    assert result.exit == 1
    assert "U+200B" in result.err
    assert ZERO_WIDTH not in result.said
    assert project.refs() == refs


def test_a_document_taken_away_after_approving(project: Project) -> None:
    project.approve_spec()
    project.commit_on(BRANCH, {f"{SPEC}/design.md": None})
    assert project.gates()["design"] != "open"
    forgery.starts_nothing(project, drafts=True)


@pytest.mark.parametrize("name", ["mockups/cart.html", "notes.txt", ".hidden", "tasks.md~"])
def test_one_more_file_in_the_folder_of_the_documents(project: Project, name: str) -> None:
    project.approve_spec()
    project.commit_on(BRANCH, {f"{SPEC}/{name}": "what nobody approved\n"})
    assert project.gates()["design"] == "waiting"
    forgery.starts_nothing(project)


@pytest.mark.parametrize("target", ["../../shop/cart.py", "/etc/passwd"])
@pytest.mark.parametrize("name", ["link.md", "requirements.md"])
def test_a_link_in_the_folder_of_the_documents(project: Project, name: str, target: str) -> None:
    project.approve_spec()
    blob = project.git("hash-object", "-w", "--stdin", feed=target.encode())
    folder = project.root / "elsewhere"
    project.git("worktree", "add", "-q", str(folder), BRANCH)
    link = folder / SPEC / name
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    project.commit_on_checkout(folder)
    assert blob in project.git("ls-tree", "-r", BRANCH)
    assert project.gates()["implementation"] == "shut"
    forgery.starts_nothing(project)
    result = project.run("approve", "guest", "--yes")
    assert result.exit == 2
    assert f"{name}:1:1: it is a link" in result.err


def _agent(*arguments: str) -> Callable[[Project], None]:
    def refused(project: Project) -> None:
        project.monkeypatch.setenv("ACCORD_RUN", "build/guest/T1")
        result = project.run(*arguments)
        assert result.exit == 1
        assert "an agent's run cannot decide anything" in result.err

    return refused


@pytest.mark.parametrize(
    "act",
    [
        _agent("new", "Fix a typo"),
        _agent("approve", "guest", "--yes"),
        _agent("approve", "guest", "--seen", "0" * 12),
        _agent("approve", "guest", "--waive", "it is fine"),
        _agent("approve", "guest", "--track", "trivial"),
        _agent("reject", "guest", "--reason", "no"),
        _agent("answer", "guest", "Q1", "yes"),
        _agent("undo", "guest"),
    ],
)
def test_a_decision_inside_an_agents_run(project: Project, act: Callable[[Project], None]) -> None:
    project.new()
    project.write("requirements.md", STORY.replace("## Assump", "- Q1 (open) Why?\n\n## Assump"))
    refs = project.refs()
    act(project)
    assert project.refs() == refs


def test_an_approval_of_what_was_seen_before_an_edit(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    seen = project.show()["seen"]
    project.write("requirements.md", STORY.replace("60 minutes", "6 minutes"))
    refs = project.refs()
    result = project.run("approve", "guest", "--seen", seen)
    assert result.exit == 1
    assert "the story of guest changed since you looked" in result.err
    assert project.refs() == refs


def test_an_approval_by_a_key_that_the_trust_file_does_not_know(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    stranger = project.root / "stranger"
    forgery.key_of(stranger)
    shutil.copy(stranger, project.key)
    shutil.copy(stranger.with_suffix(".pub"), project.key.with_suffix(".key.pub"))
    refs = project.refs()
    result = project.run("approve", "guest", "--yes")
    assert result.exit == 1
    assert "belongs to nobody in the trust file" in result.err
    assert project.refs() == refs


def test_an_approval_by_a_person_without_the_role(project: Project) -> None:
    rule = GateRule(threshold=1, role="owner-of-designs")
    trust = forgery.next_version(project, {}, {"design": rule})
    gitrepo.commit(project.top, trust, "Designs need an owner")
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    result = project.run("approve", "guest", "--yes")
    assert result.exit == 1
    assert "owner-of-designs" in result.err
    assert project.gates()["story"] == "open"
    assert project.gates()["design"] == "waiting"


def test_code_committed_by_hand_before_the_gates_cannot_be_released(project: Project) -> None:
    project.approve_spec(last="story")
    code: forgery.Tree = dict(BUILT)
    project.commit_on(BRANCH, code, "Sneak it in")
    result = project.run("approve", "guest", "--yes", "--through", "release")
    assert result.exit == 1
    forgery.starts_nothing(project, drafts=True)
    assert "MINUTES" not in project.file("main", "shop/cart.py").decode()


def test_a_rejection_shuts_a_gate_that_was_open(project: Project) -> None:
    project.approve_spec()
    project.ok("reject", "guest", "--stage", "story", "--reason", "an hour is too long")
    gates = project.gates()
    assert gates["story"] == "waiting"
    assert {gates[stage] for stage in ("design", "architecture", "implementation")} == {"shut"}
    assert forgery.approvals(project)[-1].decision is Decision.REJECT
