"""Approving through a real ssh-agent, which holds the key so that Accord need not."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import forgery
from accord.approvals import records
from needing import need
from project import STORY, Project

Start = Callable[..., None]


@pytest.fixture
def start(project: Project) -> Iterator[Start]:
    """Start an ssh-agent that asks for confirmation with `askpass`, and add the person's key."""
    need(shutil.which("ssh-agent") is not None, "ssh-agent")
    project.monkeypatch.chdir(project.root)  # names of sockets may not be long
    running: list[subprocess.Popen[bytes]] = []

    def begin(*options: str, askpass: str = "false") -> None:
        program = str(shutil.which(askpass))
        project.monkeypatch.setenv("SSH_ASKPASS", program)
        project.monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
        agent = subprocess.Popen(
            ["ssh-agent", "-D", "-a", "agent.sock"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        running.append(agent)
        while not Path("agent.sock").exists() and agent.poll() is None:
            time.sleep(0.01)
        project.monkeypatch.setenv("SSH_AUTH_SOCK", "agent.sock")
        subprocess.run(["ssh-add", "-q", *options, str(project.key)], check=True)
        public = project.key.with_name(f"{project.key.name}.pub")
        project.ok("init", "--key", str(public))

    yield begin
    for agent in running:
        agent.terminate()
        agent.wait()


def test_an_approval_through_ssh_agent_says_so_and_anyone_can_verify_it(
    project: Project, start: Start
) -> None:
    start()
    project.approve_spec(last="story")
    last = forgery.approvals(project)[-1]
    assert (last.gate, last.assurance.factor) == ("story", "ssh-agent")
    assert last.assurance.sandbox >= 1
    data = records.to_bytes(last)
    path, signature = records.paths("guest", data)
    Path("record.sig").write_bytes(project.file("accord/guest", signature))
    Path("allowed").write_text(f"robin {forgery.own_key(project).line}\n")
    verify = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "robin", "-s", "record.sig"]
    done = subprocess.run(
        [*verify, "-n", records.NAMESPACE], input=project.file("accord/guest", path),
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert project.gates()["story"] == "open"


def test_a_confirmation_that_is_refused_signs_nothing(project: Project, start: Start) -> None:
    """T11: an agent that reaches the socket of `ssh-add -c` still meets the person."""
    project.new("full")
    project.write("requirements.md", STORY)
    before = project.records()
    start("-c", askpass="false")
    result = project.run("approve", "guest", "--yes")
    assert result.exit == 2
    assert "the request was declined" in " ".join(result.err.split())
    assert project.records() == before
    assert project.gates()["story"] == "waiting"


def test_a_confirmation_that_is_given_signs(project: Project, start: Start) -> None:
    project.new("full")
    project.write("requirements.md", STORY)
    start("-c", askpass="true")
    project.ok("approve", "guest", "--yes")
    assert project.gates()["story"] == "open"


def test_a_gate_that_asks_for_more_than_the_agent_is_not_opened_by_it(
    project: Project, start: Start
) -> None:
    project.ok("trust", "require", "story", "--factor", "ssh-passphrase")
    project.new("full")
    project.write("requirements.md", STORY)
    start()
    said = " ".join(project.run("approve", "guest", "--yes").err.split())
    assert "signed with ssh-agent, and the trust file asks for ssh-passphrase" in said
    project.ok("trust", "require", "story", "--factor", "ssh-agent")
    project.ok("approve", "guest", "--yes")
    assert project.gates()["story"] == "open"
