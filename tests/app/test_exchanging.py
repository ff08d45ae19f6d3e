"""Imports are proposals; exports are views with a hash that a CI can check."""

import gitrepo
from adr import MADR, NYGARD
from project import Project

BULLETS = "# Rules\n\n- Never log a token AKIAQ3EGZ7PMBXN5RTYW.\n- Use tabs only.\n"


def test_an_import_proposes_and_puts_nothing_in_force(project: Project) -> None:
    gitrepo.commit(project.top, {
        "docs/adr/0001-state.md": MADR, "docs/adr/0002-logs.md": NYGARD,
        "CLAUDE.md": BULLETS,
    })  # fmt: skip
    found = project.ok("decisions", "import", "--json").json
    assert [one["statement"] for one in found["proposed"]] == [
        "Keep all state in PostgreSQL.", "We will write every log line as JSON.", "Use tabs only.",
    ]  # fmt: skip
    assert [one["reason"] for one in found["left"]] == [
        "it holds what looks like a secret (aws-access)"
    ]
    listed = project.ok("decisions", "list", "--json").json["decisions"]
    assert {one["state"] for one in listed} == {"proposed"}
    again = project.ok("decisions", "import", "--json").json
    assert again["proposed"] == []


def test_what_cannot_be_imported_is_said(project: Project) -> None:
    (project.top / "CLAUDE.md").write_text("- Use tabs only.\n" * 40_000)
    (project.top / "AGENTS.md").symlink_to("CLAUDE.md")
    (project.top / "RULES.md").write_text("- Use tabs only.\n- Use tabs only.\n")
    found = project.ok("decisions", "import", "CLAUDE.md", "AGENTS.md", "RULES.md", "--json").json
    assert [(one["path"], one["reason"]) for one in found["left"]] == [
        ("CLAUDE.md", "it is larger than 512 KB"), ("AGENTS.md", "it is a link or no file"),
        ("RULES.md:2", "it is here already"),
    ]  # fmt: skip
    assert len(found["proposed"]) == 1
    code, lines = project.refused("decisions", "import", "RULES.md", "missing.md")
    assert (code, lines[0]) == (2, "error: there is no missing.md here")


def test_an_export_is_checked_by_its_hash(project: Project) -> None:
    project.ok("decisions", "new", "Use tabs only.")
    project.ok("decisions", "approve", "tabs", "--yes")
    assert project.run("decisions", "export", "--to", "agents", "--check").exit == 1
    said = project.ok("decisions", "export", "--to", "agents", "--to", "claude").out
    assert said.endswith("next: name AGENTS.decisions.md in AGENTS.md, which agents read\n")
    (project.top / "AGENTS.md").write_text("Read AGENTS.decisions.md.\n")
    said = project.ok("decisions", "export", "--to", "agents", "--check").out
    assert said == "AGENTS.decisions.md: as it should be\n"
    path = project.top / "AGENTS.decisions.md"
    assert "- D-1: Use tabs only." in path.read_text()
    path.write_text(path.read_text().replace("tabs", "spaces"))
    result = project.run("decisions", "export", "--to", "agents", "--check")
    assert (result.exit, result.out) == (1, "AGENTS.decisions.md: it was edited by hand\n")
