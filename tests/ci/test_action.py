"""The GitHub Action, run as its runner does it: the words of action.yml in bash, in a clone."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import gitrepo
from clones import CODE, Clone

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


def perform(clone: Clone, number: int, inputs: dict[str, str], **more: str) -> tuple[int, str]:
    """Run a step with these inputs; return its exit status and what it printed.

    The tools that the first step would install are those of these tests.
    """
    temporary = clone.top.parent / "runner"
    programs = temporary / "accord-check" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    for name in ("python", "accord"):
        (programs / name).unlink(missing_ok=True)
        (programs / name).symlink_to(Path(sys.executable).with_name(name))
    step = STEPS[number]
    given = {name: facts["default"] for name, facts in ACTION["inputs"].items()} | inputs
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(temporary),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_ACTION_PATH": str(ROOT),
        **more,
    }
    for name, words in step["env"].items():
        asked = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", words)
        assert asked is not None
        environment[name] = given[asked[1]]
    script = temporary / "step.sh"
    script.write_text(step["run"])
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=clone.top, env=environment, text=True, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def check(clone: Clone, base: str = "", root: str = "", **more: str) -> tuple[int, str]:
    """Run the step that checks."""
    return perform(clone, 1, {"base": base, "root": root}, **more)


def test_it_is_composite_and_no_expression_is_in_the_text_of_a_script() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert [step["shell"] for step in STEPS] == ["bash", "bash"]
    assert not [step for step in STEPS if "${{" in step["run"]]
    assert not [step for step in STEPS if "uses" in step]


def test_it_installs_what_the_lock_names_from_its_own_checkout() -> None:
    text = STEPS[0]["run"]
    assert "--require-hashes" in text
    assert text.count("$GITHUB_ACTION_PATH") == 2


def test_t23_nothing_of_the_checkout_is_imported_while_it_installs(agreed: Clone) -> None:
    planted = {f"{name}.py": "open('planted', 'w')\n" for name in ("venv", "pip", "ensurepip")}
    gitrepo.write(agreed.top, planted)
    head = STEPS[0]["run"].splitlines()[:2]
    script = agreed.top.parent / "step.sh"
    script.write_text("\n".join(head))
    (agreed.top.parent / "temporary").mkdir()
    environment = {"PATH": os.environ["PATH"], "ACCORD_PYTHON": sys.executable,
                   "RUNNER_TEMP": str(agreed.top.parent / "temporary")}  # fmt: skip
    subprocess.run(["bash", "-eo", "pipefail", str(script)], cwd=agreed.top, env=environment,
                   check=True, capture_output=True)  # fmt: skip
    assert (agreed.top.parent / "temporary/accord-check/bin/python").exists()
    assert not (agreed.top / "planted").exists()
    assert " -I -m venv " in head[1]
    assert "python -I -m pip " in STEPS[0]["run"]


def test_a_pull_request_whose_code_was_agreed(agreed: Clone) -> None:
    agreed.commit(CODE)
    status, said = check(agreed, GITHUB_BASE_REF="main")
    assert status == 0, said
    assert "all was agreed before" in said


def test_a_pull_request_with_code_that_nobody_agreed_to(agreed: Clone) -> None:
    agreed.commit(CODE, "Straight to code")
    status, said = check(agreed, GITHUB_BASE_REF="main")
    assert status == 1
    assert "no-task" in said


def test_a_push_is_checked_from_the_commit_before(agreed: Clone) -> None:
    before = agreed.fetch("main")
    agreed.commit(CODE)
    assert check(agreed, base=before)[0] == 0


def test_without_a_base_it_says_so(agreed: Clone) -> None:
    status, said = check(agreed)
    assert status == 2
    assert "there is no commit" in said


def test_the_pinned_root(agreed: Clone) -> None:
    right = agreed.check().said["trust"]
    assert check(agreed, root=f"sha256:{right}", GITHUB_BASE_REF="main")[0] == 0
    assert check(agreed, root=f"sha256:{'0' * 64}", GITHUB_BASE_REF="main")[0] == 1


def test_a_root_that_the_workflow_set_as_a_variable(agreed: Clone) -> None:
    more = {"ACCORD_TRUST_ROOT": "0" * 64}
    assert check(agreed, GITHUB_BASE_REF="main", **more)[0] == 1


@pytest.mark.parametrize("name", ["$(touch${IFS}x)", "`touch${IFS}x`", "a;touch${IFS}x", "--help"])
def test_t23_a_branch_name_that_is_a_command(agreed: Clone, name: str) -> None:
    agreed.git("update-ref", f"refs/remotes/origin/{name}", agreed.fetch("main"))
    agreed.commit(CODE, "Straight to code")
    assert check(agreed, GITHUB_BASE_REF=name)[0] == 1
    assert check(agreed, base=f"refs/remotes/origin/{name}")[0] == 1
    assert check(agreed, base=name)[0] in (1, 2)
    assert not (agreed.top / "x").exists()
    assert not (agreed.top.parent / "x").exists()


def test_t23_a_tag_named_like_the_base_of_the_pull_request(agreed: Clone) -> None:
    agreed.commit(CODE, "Straight to code")
    for name in ("main", "origin/main", "remotes/origin/main", "refs/remotes/origin/main"):
        agreed.git("tag", name, "HEAD")
    assert check(agreed, GITHUB_BASE_REF="main")[0] == 1


def test_t18_a_message_that_is_a_command_of_the_runner(agreed: Clone) -> None:
    agreed.commit(CODE, "::add-path::/tmp/evil")
    status, said = check(agreed, GITHUB_BASE_REF="main")
    lines = said.splitlines()
    stop = lines[0].removeprefix("::stop-commands::")
    assert status == 1
    assert len(stop) >= 32
    assert lines.index(f"::{stop}::") == len(lines) - 1
