"""Every way to code that goes around an approval; none of them may start an agent."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import forgery
import pytest
from attrs import evolve
from project import BUILT, DESIGN, STORY, TASKS, Project

from accord.core.approval import Decision

SPEC = "specs/guest"
BRANCH = "accord/guest"
ZERO_WIDTH = "\u200b"

# The agent would write code for any prompt; if it is ever asked, there is a run to be found.
SCRIPT = """\
[[step]]
do = "write"
path = "shop/cart.py"
text = "MINUTES = 60"

[[step]]
do = "claim"
"""

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


def starts_nothing(project: Project, change: str = "guest", *, drafts: bool = False) -> str:
    """Run with an agent that would write code; nothing may come of it. Return what was said.

    `drafts`: the agent is asked for a document, which it may write, and for nothing else.
    """
    script = project.root / "script.toml"
    script.write_text(SCRIPT)
    tree = project.git("rev-parse", f"accord/{change}:shop")
    result = project.run("run", change, "--script", str(script))
    assert drafts or not project.agent_ran()
    assert f"{change}-T1" not in project.worktrees()
    assert project.git("rev-parse", f"accord/{change}:shop") == tree
    assert not [ref for ref in project.refs() if ref.startswith("refs/accord/tasks/")]
    return result.said


def shut(project: Project, reason: str, change: str = "guest") -> None:
    """No gate of the change may be open, and the reason is said."""
    gates = [gate for gate in project.show(change)["gates"] if gate["standing"] != "skipped"]
    assert {gate["standing"] for gate in gates} == {"shut"}
    assert reason in gates[0]["reason"]
    result = project.run("approve", change, "--yes")
    assert result.exit == 1
    assert "cannot be approved" in result.err
    assert reason in " ".join(result.err.split())
    starts_nothing(project, change)


def test_before_anything_is_approved(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    assert "approve the story" in starts_nothing(project)


@pytest.mark.parametrize("last", ["story", "design"])
def test_when_only_some_gates_are_approved(project: Project, last: str) -> None:
    project.approve_spec(last=last)
    for name in ("design.md", "tasks.md"):
        project.write(name, TEXTS[name])
    assert "approve the" in starts_nothing(project)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_on_the_desk_after_approving(project: Project, edit: str) -> None:
    name, old, new = EDITS[edit]
    project.approve_spec()
    assert old in TEXTS[name]
    project.write(name, TEXTS[name].replace(old, new, 1))
    assert project.gates()["implementation"] == "shut"
    starts_nothing(project)


@pytest.mark.parametrize("edit", ["a word of a criterion", "a zero-width character",
                                  "no line end at the end", "the paths of a task"])  # fmt: skip
def test_an_edit_on_the_branch_after_approving(project: Project, edit: str) -> None:
    name, old, new = EDITS[edit]
    project.approve_spec()
    text = TEXTS[name].replace(old, new, 1)
    project.commit_on(BRANCH, {f"{SPEC}/{name}": text})
    assert project.gates()["implementation"] == "shut"
    starts_nothing(project)


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
    starts_nothing(project, drafts=True)


@pytest.mark.parametrize("name", ["mockups/cart.html", "notes.txt", ".hidden", "tasks.md~"])
def test_one_more_file_in_the_folder_of_the_documents(project: Project, name: str) -> None:
    project.approve_spec()
    project.commit_on(BRANCH, {f"{SPEC}/{name}": "what nobody approved\n"})
    assert project.gates()["design"] == "waiting"
    starts_nothing(project)


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
    starts_nothing(project)
    result = project.run("approve", "guest", "--yes")
    assert result.exit == 2
    assert f"{name}:1:1: it is a link" in result.err


def test_the_approvals_of_another_change(project: Project) -> None:
    project.approve_spec("first")
    project.new("full", "guest")
    for name, text in TEXTS.items():
        project.write(name, text)
    copied: forgery.Tree = {
        path.replace("/first/", "/guest/"): data
        for path, data in project.records("first").items()
    }
    project.commit_on(BRANCH, copied)
    shut(project, "belongs to another change, 'first'")


def test_the_approvals_of_another_change_on_a_branch_made_by_hand(project: Project) -> None:
    project.approve_spec("first")
    project.git("branch", BRANCH, "accord/first")
    files: forgery.Tree = {f"{SPEC}/{name}": text for name, text in TEXTS.items()}
    project.commit_on(BRANCH, files)
    assert project.gates()["story"] == "waiting"
    starts_nothing(project)


def test_the_approval_of_one_gate_under_the_name_of_another(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    path, data = _latest(project)
    altered = forgery.edited(data, lambda record: record.update(gate="design"))
    signature = project.records()[path.replace(".json", ".sig")]
    stem = f"{forgery.FOLDER}/guest/{forgery.records.digest(altered)[:32]}"
    project.commit_on(BRANCH, {f"{stem}.json": altered, f"{stem}.sig": signature})
    shut(project, "does not verify")


def test_the_approval_of_an_older_text(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60", "61"))
    project.ok("approve", "--yes")
    project.write("requirements.md", STORY)  # which was approved once, and replaced since
    assert project.gates()["story"] == "waiting"
    project.write("design.md", DESIGN)
    starts_nothing(project)


def test_a_record_altered_in_place(project: Project) -> None:
    project.approve_spec(last="story")
    path, data = _latest(project)
    project.commit_on(BRANCH, {path: data.replace(b'"round":1', b'"round":2')})
    shut(project, "was changed or renamed")


def test_a_record_without_its_signature(project: Project) -> None:
    project.approve_spec(last="story")
    path, _ = _latest(project)
    project.commit_on(BRANCH, {path.replace(".json", ".sig"): None})
    shut(project, "is not signed")


def test_a_record_that_nobody_signed(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    opening = forgery.approvals(project)[0]
    forged = evolve(opening, gate="design", previous=forgery.tip(project), items={})
    project.commit_on(BRANCH, forgery.signed(forged, None))
    shut(project, "is not signed")


def test_another_track_by_a_record_that_nobody_signed(project: Project) -> None:
    project.new()
    opening = forgery.approvals(project)[0]
    details = {**opening.details, "track": "trivial"}
    forged = evolve(opening, details=details, round=2, previous=forgery.tip(project))
    project.commit_on(BRANCH, forgery.signed(forged, None))
    assert project.show()["track"] == "full"
    shut(project, "is not signed")


def test_a_step_up_taken_out_of_the_history(project: Project) -> None:
    project.new("trivial")
    before = project.git("rev-parse", BRANCH)
    project.ok("approve", "guest", "--track", "full")
    project.git("update-ref", f"refs/heads/{BRANCH}", before)
    shut(project, "is not on the branch any more")


def test_a_step_up_taken_away_by_a_commit(project: Project) -> None:
    project.new("trivial")
    kept = set(project.records())
    project.ok("approve", "guest", "--track", "full")
    gone: forgery.Tree = dict.fromkeys(set(project.records()) - kept)
    project.commit_on(BRANCH, gone)
    shut(project, "was changed or removed in commit")


def test_a_signature_by_a_key_that_nobody_knows(project: Project) -> None:
    project.approve_spec(last="story")
    stranger = forgery.key_of(project.root / "stranger")
    last = forgery.approvals(project)[-1]
    forged = evolve(last, gate="design", previous=forgery.tip(project))
    project.commit_on(BRANCH, forgery.signed(forged, stranger))
    shut(project, f"is signed by {forgery.fingerprint(stranger)}, a key that the trust file")


def test_a_signature_in_the_name_of_somebody_else(project: Project) -> None:
    sasha = forgery.key_of(project.root / "sasha")
    trust = forgery.next_version(project, {"sasha": (sasha, ("approver",))})
    forgery.gitrepo.commit(project.top, trust, "Let Sasha approve")
    project.approve_spec(last="story")
    last = forgery.approvals(project)[-1]
    forged = evolve(last, gate="design", previous=forgery.tip(project))
    project.commit_on(BRANCH, forgery.signed(forged, sasha))
    shut(project, "names 'robin' as approver, but the key that signed it belongs to 'sasha'")


def test_ones_own_key_in_the_trust_file_of_the_change(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    stranger = forgery.key_of(project.root / "stranger")
    trust = project.file("main", ".accord/trust/v1.json")
    own = forgery.own_key(project).line.encode()
    last = forgery.approvals(project)[-1]
    forged = evolve(last, gate="design", previous=forgery.tip(project))
    files = forgery.signed(forged, stranger)
    files[".accord/trust/v1.json"] = trust.replace(own, stranger.line.encode())
    project.commit_on(BRANCH, files)
    shut(project, "a key that the trust file does not know")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('default = ""', 'default = "evil"\n[agents.evil]\nkind = "acp"\ncommand = ["evil"]'),
        ("command = ", 'command = "true" #'),
        ("trivial = { files = 3, lines = 30 }", "trivial = { files = 999, lines = 9999 }"),
        ('  "**/auth/**",\n', ""),
    ],
)
def test_another_configuration_on_the_branch_of_the_change(
    project: Project, old: str, new: str
) -> None:
    project.approve_spec(last="story")
    config = project.file("main", ".accord/config.toml").decode()
    assert old in config
    before = project.show()
    project.commit_on(BRANCH, {".accord/config.toml": config.replace(old, new, 1)})
    assert project.show()["gates"] == before["gates"]
    assert project.show()["seen"] == before["seen"]
    waits = project.ok("run", "guest", "--json").json["waits"]
    assert [one["what"] for one in waits] == ["write design.md"]
    assert not project.agent_ran()


def test_another_base_named_on_the_branch_of_the_change(project: Project) -> None:
    """Whoever has that branch checked out must not get its rules and its people with it."""
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    stranger = forgery.key_of(project.root / "stranger")
    config = project.file("main", ".accord/config.toml").decode()
    trust = project.file("main", ".accord/trust/v1.json").decode()
    trust = trust.replace(forgery.own_key(project).line, stranger.line)
    evil = {
        ".accord/config.toml": config.replace('base = "main"', f'base = "{BRANCH}"'),
        ".accord/trust/v1.json": trust.replace(project.trust_project, "e" * 32),
    }
    project.commit_on(BRANCH, evil)
    project.git("switch", "-q", BRANCH)
    assert project.gates()["story"] == "open"
    last = evolve(forgery.approvals(project)[-1], project="e" * 32, gate="design")
    files = forgery.signed(evolve(last, previous=forgery.tip(project)), stranger)
    project.git("switch", "-q", "main")
    project.commit_on(BRANCH, files)
    project.git("switch", "-q", BRANCH)
    shut(project, "belongs to another project")


def test_a_rejection_taken_away_by_a_commit(project: Project) -> None:
    project.approve_spec()
    kept = set(project.records())
    project.ok("reject", "guest", "--stage", "design", "--reason", "too much")
    gone: forgery.Tree = dict.fromkeys(set(project.records()) - kept)
    project.commit_on(BRANCH, gone)
    shut(project, "was changed or removed in commit")


def test_a_rejection_taken_out_of_the_history(project: Project) -> None:
    project.approve_spec()
    before = project.git("rev-parse", BRANCH)
    project.ok("reject", "guest", "--stage", "design", "--reason", "too much")
    project.git("update-ref", f"refs/heads/{BRANCH}", before)
    shut(project, "is not on the branch any more")


def test_a_rejection_taken_out_of_the_history_and_the_branch_grown_since(project: Project) -> None:
    project.approve_spec(last="story")
    before = project.git("rev-parse", BRANCH)
    project.ok("reject", "guest", "--stage", "story", "--reason", "too much")
    project.git("update-ref", f"refs/heads/{BRANCH}", before)
    project.commit_on(BRANCH, {f"{SPEC}/design.md": DESIGN}, "Reject the story of guest")
    shut(project, "is not on the branch any more")


def test_a_rejection_whose_record_is_lost_in_a_merge(project: Project) -> None:
    project.approve_spec()
    before = project.git("rev-parse", BRANCH)
    project.ok("reject", "guest", "--stage", "design", "--reason", "too much")
    after = project.git("rev-parse", BRANCH)
    tree = project.git("rev-parse", f"{before}^{{tree}}")
    lost = project.git("commit-tree", tree, "-p", before, "-p", after, "-m", "Merge")
    project.git("update-ref", f"refs/heads/{BRANCH}", lost)
    shut(project, "was changed or removed in commit")


def test_a_file_of_somebody_elses_among_the_records(project: Project) -> None:
    project.approve_spec()
    project.commit_on(BRANCH, {f"{forgery.FOLDER}/guest/readme.json": "{}"})
    shut(project, "is neither a record nor a signature")


def test_a_forged_journal(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    before, seen = project.show()["gates"], project.show()["seen"]
    digest = "0" * 64
    notes = {
        f"record/guest/{digest}": '{"kept": false}',
        "gate/guest/design": '{"standing": "open"}',
        "build/guest/T1/000000000000/1": '{"accepted": true, "detail": "", "unknown": false}',
        "hand/guest/T1": '{"folder": "/etc", "commit": "HEAD", "key": ""}',
        f"evidence/guest/{digest}": '{"criteria": []}',
        "ran/draft/guest/design": '{"count": 1}',
    }
    with sqlite3.connect(project.state / "journal.sqlite") as database:
        database.executemany("INSERT INTO note VALUES (?, ?)", notes.items())
        database.execute(
            "INSERT INTO operation (at, actor, verb, change, detail, refs, undoes, state)"
            " VALUES ('2026-01-01T00:00:00Z', 'Robin', 'approve', 'guest', 'architecture', '{}',"
            " 0, 'done')"
        )
    database.close()
    assert project.show()["gates"] == before
    assert project.show()["seen"] == seen
    assert "approve the design" in starts_nothing(project)


def test_a_forged_job_in_the_database_of_the_engine(project: Project) -> None:
    """A job that was cut off is taken up again by itself, so anybody could write one there."""
    project.approve_spec("first")
    assert project.build("first").exit == 0
    project.new("full", "guest")
    project.write("requirements.md", STORY)
    project.write("tasks.md", TASKS)
    _forge_jobs(project.state / "engine.sqlite", "first", "guest")
    tree = project.git("rev-parse", f"{BRANCH}:shop")
    project.ok("approve", "first", "--yes", "--through", "release")
    assert project.ok("run", "first").exit == 0  # which has work to do, so the engine is opened
    assert project.git("rev-parse", f"{BRANCH}:shop") == tree
    assert "guest-T1" not in project.worktrees()
    assert not [ref for ref in project.refs() if ref.startswith("refs/accord/tasks/guest")]
    assert not project.agent_ran()


def test_without_the_state_folder_the_gates_are_the_same(project: Project) -> None:
    project.approve_spec(last="design")
    project.ok("reject", "guest", "--stage", "design", "--reason", "too much")
    before = project.show()["gates"]
    shutil.rmtree(project.state)
    assert project.show()["gates"] == before
    assert before[1]["reason"] == "robin sent it back: too much"
    starts_nothing(project, drafts=True)


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
    assert not set(project.refs().items()) - set(refs.items()) - {
        (f"refs/heads/{BRANCH}", project.git("rev-parse", BRANCH))
    }
    assert len(project.records()) == 2


def test_an_approval_by_a_person_without_the_role(project: Project) -> None:
    rule = forgery.GateRule(threshold=1, role="owner-of-designs")
    trust = forgery.next_version(project, {}, {"design": rule})
    forgery.gitrepo.commit(project.top, trust, "Designs need an owner")
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
    starts_nothing(project, drafts=True)
    assert "MINUTES" not in project.file("main", "shop/cart.py").decode()


def test_a_rejection_shuts_a_gate_that_was_open(project: Project) -> None:
    project.approve_spec()
    project.ok("reject", "guest", "--stage", "story", "--reason", "an hour is too long")
    gates = project.gates()
    assert gates["story"] == "waiting"
    assert {gates[stage] for stage in ("design", "architecture", "implementation")} == {"shut"}
    assert forgery.approvals(project)[-1].decision is Decision.REJECT


def _latest(project: Project) -> tuple[str, bytes]:
    data = forgery.records.to_bytes(forgery.approvals(project)[-1])
    return forgery.records.paths("guest", data)[0], data


def _forge_jobs(database: Path, first: str, second: str) -> None:
    """Copy every job of one change to the other, as one that was cut off before its first step."""
    with sqlite3.connect(database) as rows:
        names = [row[1] for row in rows.execute("PRAGMA table_info(workflow_status)")]
        jobs = rows.execute("SELECT * FROM workflow_status").fetchall()
        assert jobs
        for job in jobs:
            forged = dict(zip(names, job, strict=True))
            forged |= {"status": "PENDING", "output": None, "error": None, "recovery_attempts": 0}
            for name in ("workflow_uuid", "inputs"):
                forged[name] = (forged[name] or "").replace(first, second)
            forged["inputs"] = forged["inputs"].replace('"by_hand": true', '"by_hand": false')
            forged["inputs"] = forged["inputs"].replace('"by_hand":true', '"by_hand":false')
            marks = ", ".join("?" * len(names))
            rows.execute(
                f"INSERT INTO workflow_status VALUES ({marks})",  # noqa: S608 -- only marks
                [forged[name] for name in names],
            )
    rows.close()
