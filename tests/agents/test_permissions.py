from pathlib import Path

import pytest

from accord.agents.permissions import writable
from accord.core.orders import AgentChoice, AgentKind, AgentOrder

SPEC_STAGE = ("specs/cart/**", "!specs/cart/approved.md")


def allowed(workdir: Path, path: str, patterns: tuple[str, ...] = SPEC_STAGE) -> bool:
    choice = AgentChoice("any", AgentKind.ACP)
    return writable(AgentOrder("r", choice, str(workdir), "", patterns)).allows(path)


@pytest.mark.parametrize("path", ["specs/cart/design.md", "specs/cart/mockups/one.html"])
def test_a_path_inside_the_patterns_may_be_written(tmp_path: Path, path: str) -> None:
    assert allowed(tmp_path, path)
    assert allowed(tmp_path, str(tmp_path / path))


@pytest.mark.parametrize(
    "path",
    [
        "shop/cart.py",
        "specs/cart",
        "specs/cart/approved.md",
        "specs/cart/../../shop/cart.py",
        "specs/cart/../../../outside",
        "/etc/passwd",
        "file:///specs/cart/design.md",
        "specs/cart/\0",
        ".",
        "",
    ],
)
def test_any_other_path_is_refused(tmp_path: Path, path: str) -> None:
    assert not allowed(tmp_path, path)


@pytest.mark.parametrize(
    "path", [".git", ".git/hooks/pre-commit", ".GIT/config", "sub/.git/config"]
)
def test_git_keeps_its_folder_to_itself_under_any_pattern(tmp_path: Path, path: str) -> None:
    assert not allowed(tmp_path, path, ("**",))
    assert allowed(tmp_path, ".gitignore", ("**",))


def test_a_link_is_judged_by_where_it_leads(tmp_path: Path) -> None:
    workdir, outside = tmp_path / "work", tmp_path / "outside"
    (workdir / "specs/cart").mkdir(parents=True)
    outside.mkdir()
    (workdir / "specs/cart/out").symlink_to(outside)
    (workdir / "specs/cart/code").symlink_to("../../shop")
    (workdir / "specs/cart/loop").symlink_to("loop")
    assert not allowed(workdir, "specs/cart/out/file")
    assert not allowed(workdir, "specs/cart/code/cart.py")
    assert not allowed(workdir, "specs/cart/loop/file")


def test_a_workdir_that_is_itself_reached_by_a_link_is_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "link").symlink_to("work")
    assert allowed(tmp_path / "link", "specs/cart/design.md")
    assert allowed(tmp_path / "link", str(tmp_path / "work/specs/cart/design.md"))


def test_without_patterns_nothing_may_be_written(tmp_path: Path) -> None:
    assert not allowed(tmp_path, "anything", ())
