"""The GitHub Action, run as its runner does it: the words of action.yml in bash, in a clone."""

import hashlib
import json
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


def drift(clone: Clone, **inputs: str) -> tuple[int, str, dict[str, Any], str]:
    """Run the step that looks for drift on a pull request to main.

    Returns its exit status, what it printed, the SARIF log and the summary of the step.
    """
    runner = clone.top.parent / "runner"
    runner.mkdir(exist_ok=True)
    for name in ("output", "summary"):
        (runner / name).write_text("")
    given = {"base": "", "root": "", **inputs}
    status, said = perform(
        clone, 2, given, GITHUB_BASE_REF="" if inputs.get("base") else "main",
        GITHUB_OUTPUT=str(runner / "output"), GITHUB_STEP_SUMMARY=str(runner / "summary"),
    )  # fmt: skip
    told = (runner / "output").read_text().strip().removeprefix("sarif=")
    log = json.loads(Path(told).read_text()) if told else {}
    return status, said, log, (runner / "summary").read_text()


def test_it_is_composite_and_no_expression_is_in_the_text_of_a_script() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert [step["shell"] for step in STEPS] == ["bash"] * 3
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


def numbered(count: int) -> dict[str, str | bytes | None]:
    """Return the code of `guest` with both of its symbols changed, the `count`th time."""
    return {"shop/cart.py": f"MINUTES = {60 + count}\n\n\ndef keep(cart):\n    return {count}\n"}


def test_drift_is_quiet_on_a_pull_request_that_moves_nothing(released: Clone) -> None:
    released.commit({"README.md": "# Shop\n"}, "Say what it is")
    status, said, log, summary = drift(released)
    assert status == 0, said
    assert log["runs"][0]["results"] == []
    assert summary.startswith("### Criteria\n")


def test_drift_fails_on_what_is_new_and_sums_up_what_stood_before(released: Clone) -> None:
    # What was wrong on main before is counted, and fails nobody's pull request.
    released.git("update-ref", "refs/remotes/origin/main", released.commit(numbered(1), "Drift"))
    released.commit({"README.md": "# Shop\n"}, "Say what it is")
    status, said, log, summary = drift(released)
    assert status == 0, said
    assert "stood before: 2" in said
    assert "stood before: 2" in summary
    assert log["runs"][0]["results"] == []

    released.commit(numbered(2), "Change it again")
    status, said, log, summary = drift(released)
    assert status == 1
    assert {one["ruleId"] for one in log["runs"][0]["results"]} == {"drift/stale"}
    assert "| guest R1.1, R1.2 | stale |" in summary


def reworded(clone: Clone) -> dict[str, str | bytes | None]:
    """Return the story of `guest` with the words of both criteria changed: two findings."""
    path = "specs/guest/requirements.md"
    text = (clone.top / path).read_text()
    return {path: text.replace("keep the cart", "hold the cart").replace("until when", "how long")}


def test_drift_tells_no_more_than_its_budget(released: Clone) -> None:
    released.commit(reworded(released), "Reword")
    status, said, log, summary = drift(released, most="1")
    assert status == 1
    results = log["runs"][0]["results"]
    assert {one["message"]["text"].split()[1] for one in results} == {"R1.1"}
    (note,) = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "and 1 more: 1 stale"
    assert "and 1 more: 1 stale" in summary
    assert "R1.2" not in summary
    assert "R1.2" not in said


def test_drift_goes_by_what_tests_proved(released: Clone) -> None:
    released.commit(numbered(1), "Drift")
    report = released.top.parent / "junit.xml"
    name = 'classname="tests.test_minutes.Minutes" name="test_r1_1_keeps_for_an_hour"'
    report.write_text(f"<testsuite><testcase {name}/></testsuite>")
    status, said, _, _ = drift(released, junit=str(report))
    assert status == 1
    assert "guest R1.1" not in said
    assert "guest R1.2 is stale" in said
    report.write_text("")
    assert drift(released, junit=str(report))[0] == 2


def test_drift_on_a_push_and_without_a_base(released: Clone) -> None:
    before = released.git("rev-parse", "HEAD")
    released.commit(numbered(1), "Drift")
    assert drift(released, base=before)[0] == 1
    assert perform(released, 2, {})[0] == 1
    assert drift(released, base="refs/remotes/origin/nowhere")[0] == 2


def test_t18_code_that_is_a_command_of_the_runner_stays_text(released: Clone) -> None:
    evil = "::add-path::/tmp/evil"
    released.commit({"shop/cart.py": f'MINUTES = """\n{evil}\n"""\n'}, evil)
    _, said, _, summary = drift(released)
    lines = said.splitlines()
    stop = lines[0].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{stop}::"
    assert evil not in summary


def test_t23_whose_verdicts_count_is_read_where_the_pull_request_began(judged: Clone) -> None:
    root = hashlib.sha256((judged.top / ".accord/trust/v1.json").read_bytes()).hexdigest()
    status, said, _, _ = drift(judged, root=root)
    assert status == 0, said
    assert "settled by a verdict: 2" in said
    judged.commit({".accord/trust/v1.json": "{}"}, "Trust somebody else")
    assert drift(judged, root=root)[0] == 0
    assert drift(judged, root="0" * 64)[0] == 1
