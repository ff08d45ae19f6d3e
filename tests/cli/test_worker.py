"""What `accord worker` and the others say of a database that machines share."""

import pytest

from accord.wiring import sharing
from needing import need
from postgres import programs, serving
from project import Project


def test_a_worker_needs_a_database(project: Project) -> None:
    assert project.refused("worker") == (2, [
        "error: there is no database for the machines to share",
        "hint: export ACCORD_DATABASE_URL=postgresql://USER@HOST/NAME on each of them",
    ])  # fmt: skip


@pytest.mark.parametrize("verb", ["worker", "status", "run"])
def test_no_other_kind_of_database_will_do_and_its_address_is_not_shown(
    project: Project, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("ACCORD_DATABASE_URL", "mysql://robin:s3cret@db.example.org/shop")
    status, lines = project.refused(verb)
    assert status == 2
    assert lines[0] == "error: ACCORD_DATABASE_URL does not name a Postgres"
    assert "s3cret" not in "".join(lines)


def test_a_database_that_is_away_is_told_without_its_address(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "PATIENCE_S", 0.0)
    monkeypatch.setenv("ACCORD_DATABASE_URL", "postgresql://robin:s3cret@127.0.0.1:1/shop")
    for verb in ("status", "worker"):
        result = project.run(verb)
        assert result.exit == 2
        assert "cannot be reached" in result.err
        for secret in ("robin", "s3cret", "127.0.0.1"):
            assert secret not in result.said


def test_a_worker_of_another_version_is_refused_and_a_remote_is_needed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = programs()
    need(found is not None, "Postgres")
    assert found is not None
    with serving(found) as server:
        monkeypatch.setenv("ACCORD_DATABASE_URL", server.url())
        result = project.run("worker")
        assert (result.exit, "the remote origin cannot be reached" in result.err) == (2, True)

        from accord.core.leases import Worker
        from accord.engine.board import PostgresBoard

        board = PostgresBoard(sharing.database(), project.trust_project)
        board.join(Worker("other", "attic", 1, "0.0.1"))
        result = project.run("worker")
        board.close()
        assert result.exit == 1
        assert "a worker of Accord 0.0.1 is at work on attic" in result.err
        assert "worker on attic (1 slot): nothing" in project.ok("status").out
