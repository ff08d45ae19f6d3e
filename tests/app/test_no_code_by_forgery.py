"""No forged, copied, altered or missing record, row or file opens a gate."""

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import evolve
from dbos import DBOS, WorkflowHandle

import forgery
import gitrepo
from accord.approvals import records
from accord.approvals.trust import NAMESPACE
from accord.engine import jobs as engine
from accord.wiring import opening
from project import DESIGN, STORY, TASKS, Project

SPEC = "specs/guest"
BRANCH = "accord/guest"
TEXTS = {"requirements.md": STORY, "design.md": DESIGN, "tasks.md": TASKS}


def test_the_approvals_of_another_change(project: Project) -> None:
    project.approve_spec("first")
    project.new("full", "guest")
    for name, text in TEXTS.items():
        project.write(name, text)
    copied: forgery.Tree = {
        path.replace("/first/", "/guest/"): data for path, data in project.records("first").items()
    }
    project.commit_on(BRANCH, copied)
    forgery.shut(project, "belongs to another change, 'first'")


def test_the_approvals_of_another_change_on_a_branch_made_by_hand(project: Project) -> None:
    project.approve_spec("first")
    project.git("branch", BRANCH, "accord/first")
    files: forgery.Tree = {f"{SPEC}/{name}": text for name, text in TEXTS.items()}
    project.commit_on(BRANCH, files)
    assert project.gates()["story"] == "waiting"
    forgery.starts_nothing(project)


def test_the_approval_of_one_gate_under_the_name_of_another(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    path, data = _latest(project)
    altered = forgery.edited(data, lambda record: record.update(gate="design"))
    signature = project.records()[path.replace(".json", ".sig")]
    stem = f"{forgery.FOLDER}/guest/{records.digest(altered)[:32]}"
    project.commit_on(BRANCH, {f"{stem}.json": altered, f"{stem}.sig": signature})
    forgery.shut(project, "does not verify")


def test_the_approval_of_an_older_text(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60", "61"))
    project.ok("approve", "--yes")
    project.write("requirements.md", STORY)  # which was approved once, and replaced since
    assert project.gates()["story"] == "waiting"
    project.write("design.md", DESIGN)
    forgery.starts_nothing(project)


def test_a_record_altered_in_place(project: Project) -> None:
    project.approve_spec(last="story")
    path, data = _latest(project)
    project.commit_on(BRANCH, {path: data.replace(b'"round":1', b'"round":2')})
    forgery.shut(project, "was changed or renamed")


def test_a_record_without_its_signature(project: Project) -> None:
    project.approve_spec(last="story")
    path, _ = _latest(project)
    project.commit_on(BRANCH, {path.replace(".json", ".sig"): None})
    forgery.shut(project, "is not signed")


def test_a_record_that_nobody_signed(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    opening = forgery.approvals(project)[0]
    forged = evolve(opening, gate="design", previous=forgery.tip(project), items={})
    project.commit_on(BRANCH, forgery.signed(forged, None))
    forgery.shut(project, "is not signed")


def test_another_track_by_a_record_that_nobody_signed(project: Project) -> None:
    project.new()
    opening = forgery.approvals(project)[0]
    details = {**opening.details, "track": "trivial"}
    forged = evolve(opening, details=details, round=2, previous=forgery.tip(project))
    project.commit_on(BRANCH, forgery.signed(forged, None))
    assert project.show()["track"] == "full"
    forgery.shut(project, "is not signed")


def test_a_step_up_taken_out_of_the_history(project: Project) -> None:
    project.new("trivial")
    before = project.git("rev-parse", BRANCH)
    project.ok("approve", "guest", "--track", "full")
    project.git("update-ref", f"refs/heads/{BRANCH}", before)
    forgery.shut(project, "is not on the branch any more")


def test_a_step_up_taken_away_by_a_commit(project: Project) -> None:
    project.new("trivial")
    kept = set(project.records())
    project.ok("approve", "guest", "--track", "full")
    gone: forgery.Tree = dict.fromkeys(set(project.records()) - kept)
    project.commit_on(BRANCH, gone)
    forgery.shut(project, "was changed or removed in commit")


def test_a_signature_by_a_key_that_nobody_knows(project: Project) -> None:
    project.approve_spec(last="story")
    stranger = forgery.key_of(project.root / "stranger")
    last = forgery.approvals(project)[-1]
    forged = evolve(last, gate="design", previous=forgery.tip(project))
    project.commit_on(BRANCH, forgery.signed(forged, stranger))
    forgery.shut(
        project, f"is signed by {forgery.fingerprint(stranger)}, a key that the trust file"
    )


def test_a_signature_in_the_name_of_somebody_else(project: Project) -> None:
    sasha = forgery.key_of(project.root / "sasha")
    trust = forgery.next_version(project, {"sasha": (sasha, ("approver",))})
    gitrepo.commit(project.top, trust, "Let Sasha approve")
    project.approve_spec(last="story")
    last = forgery.approvals(project)[-1]
    forged = evolve(last, gate="design", previous=forgery.tip(project))
    project.commit_on(BRANCH, forgery.signed(forged, sasha))
    forgery.shut(
        project, "names 'robin' as approver, but the key that signed it belongs to 'sasha'"
    )


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
    forgery.shut(project, "a key that the trust file does not know")


def test_a_version_of_the_trust_file_on_the_branch_of_the_change(project: Project) -> None:
    """T4: signed by its own key, or even by an owner, it counts once it is on the base."""
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    stranger = forgery.key_of(project.root / "stranger")
    files = forgery.next_version(project, {"eve": (stranger, ("approver",))})
    last = forgery.approvals(project)[-1]
    forged = evolve(last, gate="design", approver="eve", previous=forgery.tip(project))
    project.commit_on(BRANCH, {**files, **forgery.signed(forged, stranger)})
    forgery.shut(project, "a key that the trust file does not know")


def test_a_proposal_that_a_stranger_wrote_on_the_base(project: Project) -> None:
    """T4: what lies beside the trust file has no force, and the stranger's signature no weight."""
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    stranger = forgery.key_of(project.root / "stranger")
    version = forgery.next_version(project, {"eve": (stranger, ("approver", "owner"))})
    data = version[".accord/trust/v2.json"]
    assert isinstance(data, bytes)
    proposed: forgery.Tree = {
        ".accord/trust/proposed/v2.json": data,
        ".accord/trust/proposed/v2.0123456789abcdef.sig": stranger.sign(data, NAMESPACE),
    }
    gitrepo.commit(project.top, proposed, "Propose")
    shown = project.ok("trust", "show", "--json").json
    assert (shown["version"], shown["proposal"]["signed"]) == (1, [])
    last = forgery.approvals(project)[-1]
    forged = evolve(last, gate="design", approver="eve", previous=forgery.tip(project))
    project.commit_on(BRANCH, forgery.signed(forged, stranger))
    forgery.shut(project, "a key that the trust file does not know")


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
    forgery.shut(project, "belongs to another project")


def test_a_rejection_taken_away_by_a_commit(project: Project) -> None:
    project.approve_spec()
    kept = set(project.records())
    project.ok("reject", "guest", "--stage", "design", "--reason", "too much")
    gone: forgery.Tree = dict.fromkeys(set(project.records()) - kept)
    project.commit_on(BRANCH, gone)
    forgery.shut(project, "was changed or removed in commit")


def test_a_rejection_taken_out_of_the_history(project: Project) -> None:
    project.approve_spec()
    before = project.git("rev-parse", BRANCH)
    project.ok("reject", "guest", "--stage", "design", "--reason", "too much")
    project.git("update-ref", f"refs/heads/{BRANCH}", before)
    forgery.shut(project, "is not on the branch any more")


def test_a_rejection_taken_out_of_the_history_and_the_branch_grown_since(project: Project) -> None:
    project.approve_spec(last="story")
    before = project.git("rev-parse", BRANCH)
    project.ok("reject", "guest", "--stage", "story", "--reason", "too much")
    project.git("update-ref", f"refs/heads/{BRANCH}", before)
    project.commit_on(BRANCH, {f"{SPEC}/design.md": DESIGN}, "Reject the story of guest")
    forgery.shut(project, "is not on the branch any more")


def test_a_rejection_whose_record_is_lost_in_a_merge(project: Project) -> None:
    project.approve_spec()
    before = project.git("rev-parse", BRANCH)
    project.ok("reject", "guest", "--stage", "design", "--reason", "too much")
    after = project.git("rev-parse", BRANCH)
    tree = project.git("rev-parse", f"{before}^{{tree}}")
    lost = project.git("commit-tree", tree, "-p", before, "-p", after, "-m", "Merge")
    project.git("update-ref", f"refs/heads/{BRANCH}", lost)
    forgery.shut(project, "was changed or removed in commit")


def test_a_file_of_somebody_elses_among_the_records(project: Project) -> None:
    project.approve_spec()
    project.commit_on(BRANCH, {f"{forgery.FOLDER}/guest/readme.json": "{}"})
    forgery.shut(project, "is neither a record nor a signature")


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
    assert "approve the design" in forgery.starts_nothing(project)


def test_a_forged_job_in_the_database_of_the_engine(project: Project) -> None:
    """A job that was cut off is taken up again by itself, so anybody could write one there."""
    project.approve_spec("first")
    assert project.build("first").exit == 0
    project.new("full", "guest")
    project.write("requirements.md", STORY)
    project.write("tasks.md", TASKS)
    project.ok("reject", "guest", "--reason", "not yet")
    before = {ref for ref in project.refs() if "guest" in ref}
    tree = project.git("rev-parse", f"{BRANCH}:shop")
    forged = _forge_jobs(project.state / "engine.sqlite", "first", "guest")
    _take_up(project, forged)
    assert project.git("rev-parse", f"{BRANCH}:shop") == tree
    assert "guest-T1" not in project.worktrees()
    assert {ref for ref in project.refs() if "guest" in ref} == before
    assert not project.agent_ran()


def test_without_the_state_folder_the_gates_are_the_same(project: Project) -> None:
    project.approve_spec(last="design")
    project.ok("reject", "guest", "--stage", "design", "--reason", "too much")
    before = project.show()["gates"]
    shutil.rmtree(project.state)
    assert project.show()["gates"] == before
    assert before[1]["reason"] == "robin sent it back: too much"
    forgery.starts_nothing(project, drafts=True)


def _latest(project: Project) -> tuple[str, bytes]:
    data = records.to_bytes(forgery.approvals(project)[-1])
    return records.paths("guest", data)[0], data


def _forge_jobs(database: Path, first: str, second: str) -> list[str]:
    """Copy every job of one change to the other, as one that was cut off; return their ids."""
    with sqlite3.connect(database) as rows:
        for table in ("workflow_status", "workflow_input"):
            names = [row[1] for row in rows.execute(f"PRAGMA table_info({table})")]
            for job in rows.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608 -- a name from above
                forged = dict(zip(names, job, strict=True)) | {"workflow_uuid": job[0]}
                forged = {
                    name: value.replace(first, second) if isinstance(value, str) else value
                    for name, value in forged.items()
                }
                if table == "workflow_status":
                    forged |= {"status": "PENDING", "recovery_attempts": 0, "completed_at": None}
                else:
                    forged["inputs"] = forged["inputs"].replace('"by_hand":true', '"by_hand":false')
                marks = ", ".join("?" * len(names))
                rows.execute(f"INSERT INTO {table} VALUES ({marks})", list(forged.values()))  # noqa: S608
        said = rows.execute(
            "SELECT workflow_uuid FROM workflow_status WHERE status = 'PENDING'"
        ).fetchall()
    rows.close()
    assert said
    return [row[0] for row in said]


def _take_up(project: Project, jobs: list[str]) -> None:
    """Open the engine, with an agent that writes code, until it is through with `jobs`."""
    script = project.root / "script.toml"
    script.write_text(forgery.SCRIPT)
    workshop = opening.open_workshop(project.top, lambda _: "")
    workshop = opening.with_agent(workshop, script=str(script))
    engine.open_engine(workshop, lambda _: None, lambda *_: None)
    try:
        for job in jobs:
            handle: WorkflowHandle[object] = DBOS.retrieve_workflow(job)
            with suppress(Exception):  # how it ends is its own affair; what it did is looked at
                handle.get_result()
    finally:
        engine.close_engine()
        workshop.journal.close()
        workshop.repo.close()
