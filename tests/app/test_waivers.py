"""A waiver excuses that nothing proved a task; it excuses no failure, and counts people."""

from contextlib import closing

from attrs import evolve

from accord.app import evidence
from accord.app.changes import load
from accord.core.approval import GateRule
from accord.core.evidence import Result, Run
from accord.wiring.opening import open_workshop
from project import VERIFY, Project


def test_a_waiver_excuses_no_failure_and_needs_as_many_people_as_the_trust_file_asks(
    project: Project,
) -> None:
    config = project.top / ".accord" / "config.toml"
    config.write_text(config.read_text().replace(VERIFY, "true"))
    project.git("commit", "-q", "-a", "-m", "Prove nothing")
    project.new("trivial")
    assert project.build().exit == 4
    project.ok("approve", "guest", "--waive", "there is nothing to run")
    failed, unknown = (Run(("true",), "tree", one, "") for one in (Result.FAIL, Result.UNKNOWN))

    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        change = load(workshop, "guest")

        assert evidence.accepted(unknown, change, "T1")
        assert not evidence.accepted(failed, change, "T1")

        workshop.trust = evolve(workshop.trust, gates={"evidence": GateRule(threshold=2)})

        assert not evidence.accepted(unknown, change, "T1")
