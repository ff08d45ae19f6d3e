"""Overlays whose making or taking away was cut off at any step, or by a power cut."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from accord.core.cones import Kind
from accord.git import mounting, overlays, worktrees
from accord.git.repo import GitRepo
from gitrepo import commit, contents, run, write
from laying import lowers, mounted, reboot, taken


@pytest.fixture
def kind() -> Kind:
    return Kind.OVERLAY


@pytest.fixture
def tree(repo: GitRepo, base: str) -> Path:
    return Path(repo.worktree("T1", base))


STEPS = [
    (worktrees, "forget"), (overlays, "_lower"), (overlays, "_write"), (overlays, "_begin"),
    (worktrees, "registered"), (shutil, "copyfile"), (overlays, "_mount"), (overlays, "_bring"),
    (overlays, "bury"), (mounting, "take_off"),
]  # fmt: skip


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("module", "step"), STEPS, ids=[name for _, name in STEPS])
def test_a_kill_at_any_step_leaves_what_the_next_one_makes_whole(
    repo: GitRepo, top: Path, base: str, tree: Path, monkeypatch: pytest.MonkeyPatch,
    module: object, step: str, after: bool,
) -> None:  # fmt: skip
    write(tree, {"left.txt": "left\n"})
    many = commit(top, {f"many/f{n}": f"{n}\n" for n in range(60)})
    repo.worktree("T2", many)
    tip = commit(top, {"many/f1": "changed\n"})
    real = getattr(module, step)

    def killed(*arguments: object, **options: object) -> object:
        if after:
            real(*arguments, **options)
        raise KeyboardInterrupt

    for key, wanted in (("T1", tip), ("T3", commit(top, {f"many/f{n}": None for n in range(50)}))):
        with monkeypatch.context() as patch:
            patch.setattr(module, step, killed)
            with suppress(KeyboardInterrupt):
                repo.worktree(key, wanted)
        if at := worktrees.registered(repo.git).get(repo.room.used / key):
            # A mount that is not there deleted nothing.
            assert b"" not in taken(repo, (at / "HEAD").read_text().strip(), key).values()
        repo.export(wanted, str(top.parent / "out"))
        whole = contents(top.parent / "out")
        assert contents(Path(repo.worktree(key, wanted))) == whole
        assert taken(repo, wanted, key) == {}
    for key in ("T1", "T2", "T3"):
        repo.drop_worktree(key)
    assert mounted(repo) == []
    assert list(repo.room.layers.uppers.iterdir()) == []
    repo.worktree("T4", commit(top, {f"more/{n}": "new\n" for n in range(90)}))
    assert len(lowers(repo)) <= 1 + overlays.IDLE
    assert list(repo.room.graves.iterdir()) == []
    run(top, "fsck", "--strict")


def test_a_kill_while_one_is_dropped_leaves_the_work_or_nothing(
    repo: GitRepo, tree: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tree, {"src/cart.py": "better\n"})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(overlays, "bury", killed)
        with pytest.raises(KeyboardInterrupt):
            repo.drop_worktree("T1")
    assert mounted(repo) == []
    assert taken(repo, base) == {"src/cart.py": b"better\n"}


def test_files_that_a_power_cut_tore_serve_no_new_one(
    repo: GitRepo, top: Path, tree: Path, base: str
) -> None:
    write(tree, {"README.md": "better\n"})
    reboot(repo)
    torn = lowers(repo)[0]
    (torn / "files/src/cart.py").write_bytes(b"")
    (torn / "boot").write_text("before the power cut\n")
    assert contents(Path(repo.worktree("T2", base))) == contents(top)
    assert len(lowers(repo)) == 2
    # Who lies on them keeps the work, and what was torn is nobody's edit.
    assert taken(repo, base) == {"README.md": b"better\n"}


def test_files_that_outlived_a_start_of_the_machine_go_on_to_serve(
    repo: GitRepo, top: Path, tree: Path, base: str
) -> None:
    (lowers(repo)[0] / "boot").write_text("before\n")
    assert contents(Path(repo.worktree("T2", base))) == contents(top)
    assert len(lowers(repo)) == 1
