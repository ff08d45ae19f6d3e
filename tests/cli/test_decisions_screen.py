"""What `accord decisions` says, and what it asks on a terminal."""

import os
import pty
import select
import subprocess
import sys
import time

from inline_snapshot import snapshot

from project import DESIGN, Project
from screens import normal


def said(project: Project, *words: str) -> str:
    result = project.run("decisions", *words)
    assert max(map(len, result.said.splitlines()), default=0) <= 80
    return normal(project, result.said)


def test_from_a_proposal_to_a_rule_out_of_force(project: Project) -> None:
    assert said(project) == snapshot("""\
no decision on main yet: accord decisions new 'the rule'
""")
    proposed = said(project, "new", "Carts live in PostgreSQL.", "--because", "one backup")
    assert proposed == snapshot("""\
proposed D-carts-live-postgresql in .accord/decisions/carts-live-postgresql.md
next: accord decisions approve D-carts-live-postgresql
""")
    assert said(project, "approve", "D-carts-live-postgresql", "--yes") == snapshot("""\
D-1 is in force: Carts live in PostgreSQL.
""")
    assert said(project, "list") == snapshot("""\
  ID   STATE   CHECKS  STATEMENT
  D-1  active  0       Carts live in PostgreSQL.
""")
    assert said(project, "stats") == snapshot("""\
no correction has been kept or skipped yet
1 decision in force, 0 with a check
""")
    assert said(project, "expire", "D-1", "--reason", "moved on") == snapshot("""\
D-1 is expired: moved on
""")


def test_the_gate_shows_what_a_draft_says_of_each_rule(project: Project) -> None:
    project.ok("decisions", "new", "Carts live in PostgreSQL.")
    project.ok("decisions", "approve", "carts-live-postgresql", "--yes")
    project.approve_spec(last="story")
    project.write("design.md", DESIGN + "\n## Decisions\n\n- Follows D-1: in D1\n")
    shown = project.ok("show", "guest").out
    assert shown[shown.index("Decisions:") : shown.index("\n\ndocuments")] == snapshot("""\
Decisions: 1 claimed
  D-1 claimed: in D1
     Carts live in PostgreSQL.\
""")


def test_what_cannot_be_asked_is_said_in_a_sentence(project: Project) -> None:
    assert project.refused("decisions", "check", "--stage", "design")[1] == [
        "error: a stage is one of a change", "hint: --change NAME",
    ]  # fmt: skip
    project.new()
    result = project.run("decisions", "check", "--change", "guest", "--stage", "nonsense")
    assert (result.exit, "'nonsense' is not one of" in result.err) == (2, True)
    assert project.run("decisions", "check", "--change", "guest", "--stage", "design").exit == 0
    _, (_, hint) = project.refused("decisions", "new", "No foo.", "--forbid", "(?=foo)")
    assert hint == "hint: write an expression as RE2 has them: docs/decisions.md"


def test_without_a_terminal_an_approval_says_how_to_sign(project: Project) -> None:
    project.ok("decisions", "new", "Carts live in PostgreSQL.")
    result = project.run("decisions", "approve", "carts-live-postgresql")
    assert result.exit == 2
    assert "there is no terminal to ask on" in result.err
    assert "--yes" in result.err


def approved_with(project: Project, slug: str, key: bytes) -> bytes:
    """Approve a decision on a terminal, giving each question about another the same key."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "accord", "decisions", "approve", slug],
        cwd=project.top, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    seen, signed = b"", False
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.5)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            seen += part
            if not part:
                break
        elif b"Sign this?" in seen and not signed:
            os.write(ours, b"y\n")
            signed = True
        elif b"[Enter] unrelated" in seen and b"Sign this?" not in seen:
            os.write(ours, key)
    if time.monotonic() >= deadline:
        process.kill()
    assert process.wait(60) == 0, seen.decode()
    os.close(ours)
    return seen


def test_on_a_terminal_one_key_says_that_it_takes_the_place_of_another(project: Project) -> None:
    project.ok("decisions", "new", "Sessions expire after 30 minutes.")
    project.ok("decisions", "approve", "sessions-expire-30-minutes", "--yes")
    project.ok("decisions", "new", "Sessions expire after 60 minutes.")
    seen = approved_with(project, "sessions-expire-60-minutes", b"s")
    assert b"they clash: 60 against 30" in seen
    listed = project.ok("decisions", "list", "--all", "--json").json["decisions"]
    assert {one["id"]: one["state"] for one in listed} == {"D-1": "superseded", "D-2": "active"}


def test_on_a_terminal_a_rule_may_narrow_several_others(project: Project) -> None:
    for words in ("Sessions expire after an hour.", "Sessions lie in the database."):
        made = project.ok("decisions", "new", words, "--json").json
        project.ok("decisions", "approve", made["id"], "--yes")
    project.ok("decisions", "new", "Sessions of an admin expire, and lie in memory.")
    approved_with(project, "sessions-admin-expire-lie-memory", b"n")
    detail = project.ok("decisions", "show", "D-3", "--json").json
    assert sorted(detail["narrows"]) == ["D-1", "D-2"]
