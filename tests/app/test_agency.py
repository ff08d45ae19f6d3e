"""Which agent works on what, and who steps in when its model's service would not serve it."""

import json
import sys

import pytest

from accord.app import config as configuration
from accord.app.agency import chosen
from accord.core.model import Stage, Track
from accord.errors import ConfigurationError
from outlets import ASK, plain, service, url
from project import BUILT, DOCUMENTS, STORY, Project

CONFIG = b"""
[agent]
default = "big"
trivial = "cheap"
design = "other"
[agents.big]
command = ["big"]
else = "other"
[agents.other]
command = ["other"]
[agents.cheap]
command = ["cheap"]
"""
QUOTA = plain(b'{"error": {"code": "insufficient_quota"}}', status="429 Too Many")
ASKING = f"""
import json, os, urllib.request
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
head = {{"x-api-key": os.environ["ANTHROPIC_API_KEY"], "content-type": "application/json"}}
urllib.request.urlopen(urllib.request.Request(url, json.dumps({ASK!r}).encode(), head))
"""


def named(
    config: configuration.Config, stage: Stage, track: Track = Track.FULL, task: str = ""
) -> str:
    agent = config.agent(stage, track, task)
    return agent.name if agent else ""


def test_the_task_decides_before_the_track_and_the_track_before_the_stage() -> None:
    config = configuration.read(CONFIG)
    assert named(config, Stage.STORY) == "big"
    assert named(config, Stage.DESIGN) == "other"
    assert named(config, Stage.IMPLEMENTATION, Track.TRIVIAL) == "cheap"
    assert named(config, Stage.REVIEW) == named(config, Stage.REVIEW, Track.TRIVIAL) == ""
    reviewed = configuration.read(CONFIG.replace(b"design =", b"review ="))
    assert named(reviewed, Stage.REVIEW, Track.TRIVIAL) == "other"
    wished = chosen(config, ("T2=other", "design=cheap", "cheap"))
    assert named(wished, Stage.STORY) == "cheap"
    assert named(chosen(config, ("T2=other",)), Stage.IMPLEMENTATION, task="T2") == "other"
    assert named(chosen(config, ("T2=other",)), Stage.IMPLEMENTATION, task="T1") == "big"


def test_a_wish_for_an_agent_that_is_not_defined_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="there is no agent nobody"):
        chosen(configuration.read(CONFIG), ("T2=nobody",))


@pytest.mark.parametrize(
    ("other", "why"), [("nobody", "is not defined"), ("big", "comes back to itself")]
)
def test_a_chain_that_leads_nowhere_is_refused(other: str, why: str) -> None:
    text = CONFIG.decode().replace('else = "other"', f'else = "{other}"')
    with pytest.raises(ConfigurationError, match=why):
        configuration.read(text.encode())


def test_the_agent_of_the_track_begins_and_the_next_in_its_chain_that_has_a_quota_ends_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-the-real-key-0123456789")
    half = 'do = "write"\npath = "shop/half.py"\ntext = "half = 1\\n"'
    ask = f'do = "run"\nargv = {json.dumps([sys.executable, "-I", "-c", ASKING])}'
    first, second, third = (project.root / f"{name}.toml" for name in ("first", "second", "third"))
    first.write_text(f'[[step]]\n{half}\n[[step]]\n{ask}\n[[step]]\ndo = "claim"\n')
    second.write_text(f'[[step]]\n{ask}\n[[step]]\ndo = "claim"\n')
    third.write_text(
        "".join(
            f'[[step]]\ndo = "write"\npath = "{path}"\ntext = {json.dumps(text)}\n'
            for path, text in BUILT.items()
        )
    )
    config = project.top / ".accord" / "config.toml"
    with service(lambda _: [QUOTA]) as upstream:
        config.write_text(
            config.read_text().split("\n[agent]")[0]
            + f"""
[agent]
default = "third"
trivial = "first"
[agents.third]
kind = "scripted"
command = ["{third}"]
"""
            + "".join(
                f"""
[agents.{name}]
kind = "scripted"
command = ["{script}"]
service = "anthropic"
upstream = "{url(upstream)}"
else = "{other}"
"""
                for name, script, other in (("first", first, "second"), ("second", second, "third"))
            )
        )
        project.git("commit", "-q", "-a", "-m", "Name the agents")
        project.new("trivial")
        result = project.run("run", "guest", "--accept-unsandboxed")
    assert "the model's service answered 429" in " ".join(result.err.split())
    assert len(upstream.got) == 2
    landed = project.git("log", "--format=%an", "accord/guest")
    assert "third (agent)" in landed
    assert project.file("accord/guest", "shop/half.py") == b"half = 1\n"


def test_the_command_names_an_agent_for_one_task_and_the_configuration_for_one_stage(
    project: Project,
) -> None:
    for name in ("first", "second", "third"):
        files = {"specs/guest/requirements.md": STORY} if name == "third" else BUILT
        steps = (f'[[step]]\ndo = "write"\npath = "{path}"\ntext = {json.dumps(text)}\n'
                 for path, text in files.items())  # fmt: skip
        (project.root / f"{name}.toml").write_text("".join(steps))
    config = project.top / ".accord" / "config.toml"
    agents = "".join(
        f'[agents.{name}]\nkind = "scripted"\ncommand = ["{project.root / name}.toml"]\n'
        for name in ("first", "second", "third")
    )
    config.write_text(
        config.read_text().split("\n[agent]")[0]
        + f'\n[agent]\ndefault = "first"\nstory = "third"\n{agents}'
    )
    project.git("commit", "-q", "-a", "-m", "Name the agents")
    project.new()
    project.ok("run", "guest", "--accept-unsandboxed")
    assert "third (agent)" in project.git("log", "--format=%an", "accord/guest")
    for name, text in DOCUMENTS.values():
        project.write(name, text)
        project.ok("approve", "guest", "--yes")
    project.ok("run", "guest", "--agent", "T1=second", "--accept-unsandboxed")
    landed = project.git("log", "--format=%an", "accord/guest")
    assert "second (agent)" in landed
    assert "first (agent)" not in landed
