"""What is in files that an agent leaves: secrets (T14), sizes (T26), names and bits (T8, T9)."""

import os
import stat
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest

from accord.core.ports import Harvest
from accord.errors import RefusedError
from accord.git import screening, view
from accord.git.repo import GitRepo
from gitrepo import AUTHOR, Files, commit, run, write

AREA = ("src/**", "docs/**")
TOKEN = "ghp" + "_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
OTHER = "npm" + "_" + "z9Y8x7W6v5U4t3S2r1Q0p9O8n7M6l5K4j3I2"
KEY = "-----BEGIN OPENSSH PRIVATE" + " KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE" * 4
GITHUB = "its line {} holds what looks like a secret (github)"
MIB = 2**20


def take(repo: GitRepo, base: str, allowed: tuple[str, ...] = AREA) -> Harvest:
    return repo.harvest("T1", base, allowed, message="Do", author=AUTHOR)


def worked(repo: GitRepo, base: str, files: Files) -> Path:
    tree = Path(repo.worktree("T1", base))
    write(tree, files)
    return tree


SECRETS: dict[str, tuple[Files, dict[str, str]]] = {
    "in a new file": ({"src/loot.txt": f"one\n{TOKEN}\n"}, {"src/loot.txt": GITHUB.format(2)}),
    "in an edit": (
        {"src/cart.py": f"def keep(): ...\n\n\nT = '{TOKEN}'\n"},
        {"src/cart.py": GITHUB.format(4)},
    ),
    "in a binary": ({"src/x.bin": b"\x00\xff" + TOKEN.encode() + b"\x00"},
                    {"src/x.bin": GITHUB.format(1)}),
    "in UTF-16": ({"src/x.txt": f"a\n{TOKEN}\n".encode("utf-16")}, {"src/x.txt": GITHUB.format(2)}),
    "twice": ({"src/x": f"{TOKEN}\n{OTHER}\n"}, {"src/x": GITHUB.format(1) + ", and 1 more"}),
    "a key": ({"src/id": KEY}, {"src/id": GITHUB.format(1).replace("github", "private-key")}),
    "in a name": ({f"src/{TOKEN}": ""}, {f"src/{TOKEN}":
                   "its name holds what looks like a secret (github)"}),
    "in a file that is called a test": ({"src/test_x.py": f"T = '{TOKEN}'"},
                                        {"src/test_x.py": GITHUB.format(1)}),
    "after a line that looks like an example": ({"src/x": f"# example\n{TOKEN}\n"},
                                                {"src/x": GITHUB.format(2)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_t14_a_secret_is_left_out_and_named_by_kind_and_line_alone(
    repo: GitRepo, base: str, name: str
) -> None:
    files, expected = SECRETS[name]
    worked(repo, base, {**files, "docs/fine.md": "fine\n"})
    taken = take(repo, base)
    assert dict(taken.parked) == expected
    assert taken.changed == ("docs/fine.md",)
    assert TOKEN not in "".join(reason for _, reason in taken.parked)


def test_t14_a_secret_as_the_target_of_a_link_is_left_out(repo: GitRepo, base: str) -> None:
    tree = worked(repo, base, {})
    (tree / "src/link").symlink_to(TOKEN)
    assert dict(take(repo, base).parked) == {"src/link": GITHUB.format(1)}


def test_t14_a_secret_split_between_old_lines_and_new_ones_is_found(
    repo: GitRepo, top: Path
) -> None:
    tip = commit(top, {"src/id.txt": KEY.partition("\n")[0] + "\n...\n"})
    worked(repo, tip, {"src/id.txt": KEY})
    assert list(dict(take(repo, tip).parked)) == ["src/id.txt"]


@pytest.mark.parametrize(
    ("base_files", "files"),
    [
        ({"src/old.py": f"T = '{TOKEN}'\n"}, {"src/old.py": f"# told\nT = '{TOKEN}'\n"}),
        ({"src/old.json": f'{{"a": "{TOKEN}"}}'}, {"src/old.json": f'{{"a": "{TOKEN}", "b": 1}}'}),
        ({"src/old.py": f"T = '{TOKEN}'\n"}, {"src/old.py": None, "src/new.py": f"T='{TOKEN}'\n"}),
        ({"src/old.py": f"T = '{TOKEN}'\n"}, {"src/old.py": "T = ''\n"}),
        ({"src/old.py": f"T = '{TOKEN}'\n"}, {"src/old.py": None}),
        ({}, {"src/lock.json": '"integrity": "sha512-' + "aB3/" * 21 + 'aA=="\n'}),
        ({}, {"docs/use.md": "export OPENAI_API_KEY=sk-...\nAKIAIOSFODNN7EXAMPLE\n"}),
    ],
    ids=[
        "edited beside it",
        "on its line",
        "moved",
        "taken out",
        "deleted",
        "a digest",
        "a manual",
    ],
)
def test_honest_work_on_what_held_a_secret_or_looks_like_one_is_taken(
    repo: GitRepo, top: Path, base_files: Files, files: Files
) -> None:
    tip = commit(top, base_files)
    worked(repo, tip, files)
    taken = take(repo, tip)
    assert taken.changed == tuple(sorted(files))
    assert taken.parked == ()


def test_t14_a_secret_copied_out_of_a_file_that_did_not_change_is_left_out(
    repo: GitRepo, top: Path
) -> None:
    tip = commit(top, {"src/old.py": f"T = '{TOKEN}'\n"})
    worked(repo, tip, {"docs/loot.md": TOKEN})
    assert dict(take(repo, tip).parked) == {"docs/loot.md": GITHUB.format(1)}


@pytest.mark.parametrize(
    ("files", "parked"),
    [
        ({"src/CART.py": "x"}, {"src/CART.py": "src/cart.py"}),
        ({"Src/x.py": "x"}, {"Src/x.py": "src"}),
        ({"docs/a": "x", "docs/A": "x"}, {"docs/a": "docs/A"}),
        ({"docs/a/b": "x", "docs/A/c": "x"}, {"docs/a/b": "docs/A"}),
        ({"docs/a": "x", "docs/A/c": "x"}, {"docs/a": "docs/A"}),
        ({"docs/caf\u00e9": "x", "docs/cafe\u0301": "x"}, {"docs/caf\u00e9": "docs/cafe\u0301"}),
        ({"docs/\u00c9": "x", "docs/e\u0301": "x"}, {"docs/\u00c9": "docs/e\u0301"}),
        ({"docs/\u212b": "x", "docs/\u00e5": "x"}, {"docs/\u212b": "docs/\u00e5"}),
    ],
)  # fmt: skip
def test_t8_a_name_that_differs_only_by_case_or_encoding_is_left_out(
    repo: GitRepo, base: str, files: Files, parked: dict[str, str]
) -> None:
    worked(repo, base, files)
    taken = take(repo, base, ("**",))
    said = {path: f"some machines take its name for {other!a}" for path, other in parked.items()}
    assert dict(taken.parked) == said
    assert set(taken.changed) == set(files) - set(parked)


@pytest.mark.parametrize(
    "files",
    [
        {"src/cart.py": None, "src/Cart.py": "x"},
        {"src/cart.py": None, "src/run.sh": None, "SRC/cart.py": "x"},
        {"docs/stra\u00dfe": "x", "docs/strasse": "x"},
        {"docs/cafe\u0301": "x"},
        {"docs/a": "x", "docs/b/a": "x", "docs/b/A.py": "x"},
        {"src/größe 文件/цена.py": "x", "src/ελλάδα": "x", "src/עברית": "x"},
    ],
    ids=["case of a file", "case of a folder", "two letters", "decomposed", "deeper", "languages"],
)
def test_honest_names_are_taken(repo: GitRepo, base: str, files: Files) -> None:
    worked(repo, base, files)
    taken = take(repo, base, ("**",))
    assert set(taken.changed) == set(files)
    assert taken.parked == ()


def test_t8_names_that_the_base_has_side_by_side_may_be_worked_on(repo: GitRepo, top: Path) -> None:
    tip = commit(top, {"docs/a": "1", "docs/A": "1"})
    worked(repo, tip, {"docs/a": "2", "docs/A": "2", "docs/b": "2"})
    assert take(repo, tip).changed == ("docs/A", "docs/a", "docs/b")


def executable(tree: Path, *names: str) -> None:
    for name in names:
        (tree / name).chmod(0o755)


def mode(repo: GitRepo, commit_id: str, path: str) -> str:
    folder, _, name = path.rpartition("/")
    return repo.folder(commit_id, folder)[name].mode


def test_t8_a_new_executable_bit_is_left_out_and_the_file_is_taken(
    repo: GitRepo, base: str
) -> None:
    tree = worked(repo, base, {"src/new.sh": "#!/bin/sh\n", "src/cart.py": "1\n"})
    executable(tree, "src/new.sh", "src/cart.py", "src/run.sh")
    taken = take(repo, base)
    assert taken.changed == ("src/cart.py", "src/new.sh")
    assert dict(taken.parked) == dict.fromkeys(
        ("src/cart.py", "src/new.sh", "src/run.sh"), screening.BIT
    )
    for path in ("src/cart.py", "src/new.sh", "src/run.sh"):
        assert mode(repo, taken.commit, path) == "100644"
        assert mode(repo, taken.snapshot, path) == "100755"


def test_a_bit_that_was_there_or_was_declared_stays(repo: GitRepo, top: Path) -> None:
    write(top, {"src/old.sh": "#!/bin/sh\n", "src/moved.sh": "#!/bin/sh\necho\n"})
    executable(top, "src/old.sh", "src/moved.sh")
    tip = commit(top, {})
    tree = worked(repo, tip, {"src/old.sh": "#!/bin/sh\n:\n", "src/new.sh": "x"})
    (tree / "src/moved.sh").rename(tree / "src/there.sh")
    executable(tree, "src/new.sh")
    taken = take(repo, tip, ("src/**", "/src/new.sh"))
    assert taken.parked == ()
    for path in ("src/old.sh", "src/there.sh", "src/new.sh"):
        assert mode(repo, taken.commit, path) == "100755"
    (tree / "src/old.sh").chmod(0o644)
    assert mode(repo, take(repo, tip).commit, "src/old.sh") == "100644"


def setuid(tree: Path) -> None:
    write(tree, {"src/tool": "x"})
    (tree / "src/tool").chmod(0o4755)


def setgid(tree: Path) -> None:
    write(tree, {"src/tool": "x"})
    (tree / "src/tool").chmod(0o2755)


def device(tree: Path) -> None:
    os.mknod(tree / "src/tool", stat.S_IFCHR | 0o600, 0)  # 0/0 is the one that anybody may make


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (setuid, "it runs with the rights of its owner"),
        (setgid, "it runs with the rights of its owner"),
        (device, "it is a device, a pipe or a socket"),
    ],
)
def test_t9_what_gives_rights_away_is_left_out(
    repo: GitRepo, base: str, act: Callable[[Path], None], reason: str
) -> None:
    tree = worked(repo, base, {})
    try:
        act(tree)
    except PermissionError:
        pytest.skip("this machine lets nobody make one")
    taken = take(repo, base)
    assert (taken.changed, dict(taken.parked)) == ((), {"src/tool": reason})


def test_t26_a_file_that_is_too_large_is_kept_aside(repo: GitRepo, base: str) -> None:
    worked(repo, base, {"src/a.bin": b"\0" * (20 * MIB), "src/b.bin": b"\0" * (20 * MIB + 1)})
    taken = take(repo, base)
    assert taken.changed == ("src/a.bin",)
    assert dict(taken.parked) == {"src/b.bin": "it is larger than 20 MiB"}
    assert "b.bin" in repo.folder(taken.snapshot, "src")


def test_honest_work_on_a_file_that_was_too_large_before_is_taken(repo: GitRepo, top: Path) -> None:
    tip = commit(top, {"src/vendored.js": b"\0" * (21 * MIB)})
    worked(repo, tip, {"src/vendored.js": b"\1" * (22 * MIB)})
    assert take(repo, tip).changed == ("src/vendored.js",)


def test_t26_what_makes_a_change_too_large_is_kept_aside(
    repo: GitRepo, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "IN_ALL", 3 * MIB)
    worked(repo, base, {f"src/{n}": bytes([n]) * 2 * MIB for n in (1, 2)} | {"src/3": "x"})
    taken = take(repo, base)
    assert taken.changed == ("src/1", "src/3")
    assert dict(taken.parked) == {"src/2": "with it the change is larger than 3 MiB"}


def test_t26_a_file_as_large_as_a_disk_is_not_even_read(repo: GitRepo, base: str) -> None:
    tree = worked(repo, base, {})
    for name in ("src/sparse", "src/cart.py", "src/ignored.log"):
        with (tree / name).open("wb") as handle:
            handle.truncate(2**40)
    taken = take(repo, base)
    said = "it is larger than 512 MiB and is not kept"
    assert dict(taken.parked) == {"src/cart.py": said, "src/sparse": said}
    assert taken.commit == ""


def test_t26_too_many_new_files_are_not_kept_and_old_ones_are(
    repo: GitRepo, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "NEW_FILES", 2)
    worked(
        repo, base, {f"src/{n}": "x" for n in range(4)} | {"src/cart.py": "1\n", "src/a.log": ""}
    )
    taken = take(repo, base)
    assert taken.changed == ("src/0", "src/1", "src/cart.py")
    said = "with it there are too many new files, and it is not kept"
    assert dict(taken.parked) == dict.fromkeys(("src/2", "src/3"), said)
    monkeypatch.setattr(view, "NEW_IN_ALL", 1)
    assert take(repo, base).changed == ("src/0", "src/cart.py")


def planted(top: Path, said: bytes, truth: bytes) -> None:
    """Put an object under the name of `said` that holds `truth`, as git itself never would."""
    name = sha1(b"blob %d\0" % len(said) + said, usedforsecurity=False).hexdigest()
    path = top / ".git/objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(b"blob %d\0" % len(truth) + truth))


def test_t7_an_object_that_was_swapped_for_another_is_refused(
    repo: GitRepo, top: Path, base: str
) -> None:
    planted(top, b"good()\n", b"evil()\n")
    worked(repo, base, {"src/x.py": "good()\n"})
    before = run(top, "for-each-ref")
    with pytest.raises(RefusedError, match="is not what its name says"):
        take(repo, base)
    assert run(top, "for-each-ref") == before


def test_a_large_refactoring_is_taken_whole(repo: GitRepo, top: Path) -> None:
    old = {f"src/old/m{n}.py": f"def f{n}():\n    return {n}\n" for n in range(300)}
    tip = commit(top, old)
    new = {path.replace("old", f"new/p{n % 7}"): text for n, (path, text) in enumerate(old.items())}
    edits = {"src/new/p0/__init__.py": "", "docs/guide.md": "moved\n", "src/cart.py": None}
    worked(repo, tip, {**dict.fromkeys(old), **new, **edits})
    taken = take(repo, tip)
    assert taken.changed == tuple(sorted({**old, **new, **edits}))
    assert taken.parked == ()
