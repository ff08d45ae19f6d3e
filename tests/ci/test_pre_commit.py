"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit in a clone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import gitrepo
from clones import CODE, Clone
from project import STORY

MANIFEST = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
PROGRAMS = Path(sys.executable).parent
BAD = STORY.replace("THE shop SHALL", "the shop")


def pre_commit(clone: Clone, *arguments: str) -> tuple[int, str]:
    """Run pre-commit in the clone, without a cache and a home of anybody's."""
    home = clone.top.parent / "home"
    environment = {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    done = subprocess.run(
        [PROGRAMS / "pre-commit", *arguments],
        cwd=clone.top, env=environment, text=True, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def clone(agreed: Clone) -> Clone:
    """Return a clone with the hooks as a person would have them.

    They are taken word for word, but are run by the Accord of these tests instead of one that
    pre-commit would install.
    """
    hooks = yaml.safe_load(MANIFEST.read_text())
    for hook in hooks:
        assert hook["language"] == "python"
        hook["language"] = "unsupported"
    folder = agreed.top / ".git/info"
    folder.mkdir(exist_ok=True)
    (folder / "exclude").write_text(".pre-commit-config.yaml\n")
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (agreed.top / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    return agreed


def stage(clone: Clone, files: gitrepo.Files) -> None:
    gitrepo.write(clone.top, files)
    clone.git("add", *files)


def test_the_manifest_is_one(tmp_path: Path) -> None:
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path)}
    command = [str(PROGRAMS / "pre-commit"), "validate-manifest", str(MANIFEST)]
    assert subprocess.run(command, env=environment, check=False).returncode == 0


def test_a_document_with_findings_is_not_committed(clone: Clone) -> None:
    stage(clone, {"specs/guest/requirements.md": BAD})
    status, said = pre_commit(clone, "run")
    assert status == 1
    assert "SHALL" in said


def test_what_is_staged_is_checked_and_not_what_lies_there(clone: Clone) -> None:
    stage(clone, {"specs/guest/requirements.md": STORY + "\nMore.\n"})
    gitrepo.write(clone.top, {"specs/guest/requirements.md": BAD})
    assert pre_commit(clone, "run")[0] == 0
    assert (clone.top / "specs/guest/requirements.md").read_text() == BAD


def test_code_alone_asks_for_no_document(clone: Clone) -> None:
    stage(clone, CODE)
    status, said = pre_commit(clone, "run")
    assert status == 0
    assert "Skipped" in said


def test_code_that_was_agreed_may_be_pushed_and_other_code_not(clone: Clone) -> None:
    clone.git("add", "shop")
    stage(clone, CODE)
    clone.git("commit", "-q", "-m", f"Keep\n\n{clone.trailer}\n")
    assert pre_commit(clone, "run", "--hook-stage", "pre-push")[0] == 0
    stage(clone, {"shop/more.py": "X = 1\n"})
    clone.git("commit", "-q", "-m", "More")
    status, said = pre_commit(clone, "run", "--hook-stage", "pre-push")
    assert status == 1
    assert "no-task" in said


def test_what_newly_breaks_a_promise_may_not_be_pushed(released: Clone) -> None:
    hooks = [one for one in yaml.safe_load(MANIFEST.read_text()) if one["id"] == "accord-drift"]
    hooks[0]["language"] = "unsupported"
    config = released.top / ".pre-commit-config.yaml"
    config.write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    released.commit({"README.md": "# Shop\n"}, "Say what it is")
    assert pre_commit(released, "run", "--hook-stage", "pre-push")[0] == 0
    released.commit({"shop/cart.py": "MINUTES = 61\n"}, "Drift")
    status, said = pre_commit(released, "run", "--hook-stage", "pre-push")
    assert status == 1
    assert "guest R1.1, R1.2 are" in said
