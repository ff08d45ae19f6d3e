"""Decisions that two people took without seeing each other's: whoever comes second meets them."""

from project import TASKS, Project

SAID = "Sessions expire after {} minutes."


def decide(project: Project, words: str, change: str = "", *more: str) -> str:
    """Put a rule in force on the base, or in a change; return its id."""
    where = ["--change", change] if change else ["--base"]
    made = project.ok("decisions", "new", words, *where, "--json").json
    done = project.ok("decisions", "approve", made["id"], *where, "--yes", "--json", *more)
    return str(done.json["id"])


def contradictions(project: Project) -> list[tuple[str, str, str]]:
    return [(one["severity"], one["item"], one["message"].rpartition(": ")[2])
            for one in project.show()["findings"] if one["rule"] == "contradiction"]  # fmt: skip


def decided_apart(project: Project) -> tuple[str, str]:
    """Decide in a change, and the opposite on the base, unseen; return both ids."""
    mine = decide(project, SAID.format(60), "guest")
    return mine, decide(project, SAID.format(30))


def test_a_rule_that_landed_meanwhile_is_met_at_the_architecture(project: Project) -> None:
    project.approve_spec(last="design")
    mine, theirs = decided_apart(project)
    project.write("tasks.md", TASKS)
    assert contradictions(project) == [("blocks", mine, "60 against 30")]
    result = project.run("approve", "guest", "--yes")
    assert (result.exit, f"supersede {theirs} {mine} --change guest" in result.err) == (1, True)
    project.ok("decisions", "supersede", theirs, mine, "--change", "guest")
    assert contradictions(project) == []
    project.ok("approve", "guest", "--yes")


def test_both_may_hold_once_a_person_saw_the_two_together(project: Project) -> None:
    project.approve_spec(last="design")
    mine, _ = decided_apart(project)
    project.write("tasks.md", TASKS)
    assert project.run("decisions", "approve", mine, "--change", "guest", "--yes").exit == 1
    project.ok("decisions", "approve", mine, "--change", "guest", "--yes", "--keep-both")
    assert contradictions(project) == []
    again = project.run("decisions", "approve", mine, "--change", "guest", "--yes", "--keep-both")
    assert "is in force already" in again.err


def test_after_the_code_it_is_met_at_the_next_gate_and_when_it_lands(project: Project) -> None:
    project.approve_spec()
    project.build()
    mine, _ = decided_apart(project)
    assert contradictions(project) == [("blocks", mine, "60 against 30")]
    assert "contradict each other" in project.run("approve", "guest", "--yes").err
    project.ok("decisions", "expire", mine, "--change", "guest", "--reason", "thirty it is")
    project.ok("approve", "guest", "--yes", "--through", "release")
    mine = decide(project, SAID.format(90), "guest", "--keep-both")
    decide(project, SAID.format(45), "", "--keep-both")
    before = project.refs()["refs/heads/main"]
    result = project.run("run", "guest")
    assert "90 against 45" in " ".join(result.said.split())
    assert project.refs()["refs/heads/main"] == before


def test_what_takes_the_place_of_one_rule_may_clash_with_a_third(project: Project) -> None:
    decide(project, SAID.format(30))
    old = decide(project, "Logs are kept for a week.")
    line = ["decisions", "supersede", old, "--with", SAID.format(60)]
    result = project.run(*line)
    assert (result.exit, "60 against 30" in result.err) == (1, True)
    states = project.ok("decisions", "list", "--json").json["decisions"]
    assert [one["state"] for one in states if one["id"] == old] == ["active"]
    project.ok(*line[:3], "D-sessions-expire-60-minutes", "--keep-both")


def test_one_rule_in_two_changes_lies_in_two_files(project: Project) -> None:
    words = "Carts are kept in PostgreSQL."
    project.new("full", "guest")
    project.new("full", "other")
    found = [decide(project, words, change) for change in ("guest", "other")]
    assert found == ["D-carts-kept-postgresql", "D-carts-kept-postgresql-2"]
