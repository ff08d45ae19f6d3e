import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import field, frozen

from accord.core.cones import Kind
from accord.core.ports import Harvest
from accord.git.repo import GitRepo
from gitrepo import AUTHOR, Files, commit, contents, head, make_repo, run, write

AREA = ("src/**",)
PROTECTED = "it is protected: it steers Accord, an agent, an editor or the CI"
OUTSIDE = "it is outside the paths that were agreed"
IMITATES = "its name imitates git's own folder"
HIDDEN = "its name holds hidden characters"
LEAVES = "it is a link that leaves the repository"
INNER = "it is a repository inside the repository"
SPECIAL = "it is a device, a pipe or a socket"

Act = Callable[[Path], None]


@frozen
class Case:
    """What an agent did, and what is to become of it: paths that are kept, paths that are not."""

    name: str
    act: Act
    kept: tuple[str, ...] = ()
    parked: dict[str, str] = field(factory=dict)
    allowed: tuple[str, ...] = AREA


def wrote(files: Files) -> Act:
    return lambda tree: write(tree, files)


def linked(path: str, target: str) -> Act:
    def act(tree: Path) -> None:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).symlink_to(target)

    return act


def each(*acts: Act) -> Act:
    def act(tree: Path) -> None:
        for one in acts:
            one(tree)

    return act


def moved(old: str, new: str) -> Act:
    def act(tree: Path) -> None:
        (tree / old).rename(tree / new)

    return act


def replaced(path: str, *acts: Act) -> Act:
    """Remove the folder `path` with what is in it, then act."""

    def act(tree: Path) -> None:
        for below in (tree / path).iterdir():
            below.unlink()
        (tree / path).rmdir()
        each(*acts)(tree)

    return act


def listening(tree: Path) -> None:
    here = Path.cwd()
    os.chdir(tree / "src")  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("s")
    finally:
        os.chdir(here)


def bare_inside(tree: Path) -> None:
    run(tree, "init", "-q", "--bare", "src/bare")
    write(tree, {"src/bare/objects/x": "x", "src/bare/refs/x": "x"})


def without_hooks(tree: Path) -> None:
    make_repo(tree / "src/inner").close()


EVERYTHING = ("**",)
CASES = [
    Case("nothing", wrote({}), ()),
    Case("an allowed edit", wrote({"src/cart.py": "1\n"}), ("src/cart.py",)),
    Case("an allowed new file in a new folder", wrote({"src/a/b.py": "1"}), ("src/a/b.py",)),
    Case("an allowed deletion", wrote({"src/cart.py": None}), ("src/cart.py",)),
    Case("an edit outside", wrote({"README.md": "1\n"}), (), {"README.md": OUTSIDE}),
    Case("a new file outside", wrote({"new.py": "1\n"}), (), {"new.py": OUTSIDE}),
    Case("a deletion outside", wrote({"README.md": None}), (), {"README.md": OUTSIDE}),
    Case(
        "edits inside and outside",
        wrote({"src/cart.py": "1\n", "README.md": "1\n", "docs/guide.md": None}),
        ("src/cart.py",),
        {"README.md": OUTSIDE, "docs/guide.md": OUTSIDE},
    ),
    Case(
        "a rename from outside to inside",
        moved("README.md", "src/README.md"),
        ("src/README.md",),
        {"README.md": OUTSIDE},
    ),
    Case(
        "a rename from inside to outside",
        moved("src/cart.py", "docs/cart.py"),
        ("src/cart.py",),
        {"docs/cart.py": OUTSIDE},
    ),
    Case(
        "an executable bit that was declared",
        lambda tree: (tree / "src/run.sh").chmod(0o755),
        ("src/run.sh",),
        {},
        ("/src/run.sh",),
    ),
    *(
        Case(f"{path} under a wildcard", wrote({path: "x"}), (), {path: PROTECTED}, EVERYTHING)
        for path in (
            ".accord/trust/v1.json", ".github/workflows/ci.yml", "CLAUDE.md", "src/CLAUDE.md",
            "Claude.MD", ".GitHub/x", ".gitattributes", "src/.gitattributes", ".gitmodules",
            ".mcp.json", ".vscode/tasks.json", "specs/guest/requirements.md", "specs/new/x.md",
            "openspec/x.md",
        )
    ),
    Case("attributes in the area", wrote({"src/.gitattributes": "x"}), (),
         {"src/.gitattributes": PROTECTED}),
    Case("a protected deletion", wrote({"specs/guest/requirements.md": None}), (),
         {"specs/guest/requirements.md": PROTECTED}, EVERYTHING),
    Case("a protected path that was named", wrote({".github/workflows/ci.yml": "x"}),
         (".github/workflows/ci.yml",), {}, (".github/**",)),
    Case("a spec that was named", wrote({"specs/guest/design.md": "x"}),
         ("specs/guest/design.md",), {}, ("specs/guest/**",)),
    Case("the spec of another change", wrote({"specs/mail/design.md": "x"}), (),
         {"specs/mail/design.md": PROTECTED}, ("specs/guest/**", "**")),
    Case("Accord's own folder though it was named", wrote({".accord/config.toml": "x"}), (),
         {".accord/config.toml": PROTECTED}, (".accord/**", "**")),
    Case("a link in the place of Accord's folder",
         each(wrote({"src/accord/config.toml": "x"}), linked(".accord", "src/accord")),
         ("src/accord/config.toml",), {".accord": PROTECTED}, EVERYTHING),
    Case("a link in the place of the specs", each(
            lambda tree: (tree / "specs/guest/requirements.md").unlink(),
            lambda tree: (tree / "specs/guest").rmdir(),
            lambda tree: (tree / "specs").rmdir(),
            wrote({"src/specs/x": "x"}), linked("specs", "src/specs")),
         ("src/specs/x",), {"specs": PROTECTED, "specs/guest/requirements.md": PROTECTED},
         EVERYTHING),
    Case("a link inside", linked("src/link", "../docs/guide.md"), ("src/link",)),
    Case("a link to nothing inside", linked("src/link", "nothing"), ("src/link",)),
    Case("an absolute link", linked("src/link", "/etc/passwd"), (), {"src/link": LEAVES}),
    Case("an escaping link", linked("src/link", "../../x"), (), {"src/link": LEAVES}),
    Case("a link to the folder above", linked("src/link", "../.."), (), {"src/link": LEAVES}),
    Case("a link that escapes by another link",
         each(linked("src/here", ".."), linked("src/out", "here/../x")),
         ("src/here",), {"src/out": LEAVES}),
    Case("a link into git's folder", linked("src/link", "../.git/config"), (),
         {"src/link": LEAVES}),
    Case("a link to itself", linked("src/link", "link"), ("src/link",)),
    Case("a hard link", lambda tree: os.link(tree / "README.md", tree / "src/hard"), (),
         {"src/hard": "it is a hard link"}),
    Case("a pipe", lambda tree: os.mkfifo(tree / "src/pipe"), (), {"src/pipe": SPECIAL}),
    Case("a socket", listening, (), {"src/s": SPECIAL}),
    Case("a pipe in the place of a file",
         each(wrote({"src/cart.py": None}), lambda tree: os.mkfifo(tree / "src/cart.py")), (),
         {"src/cart.py": SPECIAL}),
    Case("a repository inside", without_hooks, ("src/inner/README.md",),
         {"src/inner/.git": INNER}),
    Case("a bare repository inside", bare_inside, (), {"src/bare/*": INNER}),
    Case("a pointer inside", wrote({"src/x/.git": "gitdir: /evil\n"}), (), {"src/x/.git": INNER}),
    *(
        Case(f"the name {name!a}", wrote({f"src/{name}/config": "x"}), (),
             {f"src/{name}": IMITATES}, EVERYTHING)
        for name in (".GIT", "git~1", "GIT~1", ".g\u200cit", ".git ", ".git.", ".ｇｉｔ",
                     ".git::$INDEX_ALLOCATION", ".git:x")
    ),
    Case("a top folder that imitates git's", wrote({".Git/hooks/pre-commit": "x"}), (),
         {".Git": IMITATES}, EVERYTHING),
    Case("a name that only git refuses", wrote({"src/a\\.git\\config": "x", "src/ok": "x"}),
         ("src/ok",), {"src/a\\.git\\config": "git refuses its name"}),
    Case("modules behind a link", linked(".gitmodules", "src/cart.py"), (),
         {".gitmodules": "git refuses its name"}, EVERYTHING),
    Case("a line break in a name", wrote({"src/a\nb": "x"}), (), {"src/a\nb": HIDDEN}),
    Case("a turned name", wrote({"src/a\u202egnp.sh": "x"}), (), {"src/a\u202egnp.sh": HIDDEN}),
    Case("a hidden character in a folder's name", wrote({"src/a\u200b/x": "x"}), (),
         {"src/a\u200b/x": HIDDEN}),
    Case("a name that is not text", wrote({b"src/\xff".decode(errors="surrogateescape"): "x"}),
         (), {b"src/\xff".decode(errors="surrogateescape"): "its name is not text"}),
    Case("names of other languages", wrote({"src/größe 文件.py": "x", "src/'\"$(x)`.py": "x"}),
         ("src/'\"$(x)`.py", "src/größe 文件.py")),
    Case("names that look like options and patterns",
         wrote({"src/-rf": "x", "src/:(top)x": "x", "src/[a]*": "x", "--help": "x"}),
         ("src/-rf", "src/:(top)x", "src/[a]*"), {"--help": OUTSIDE}),
    Case("a folder in the place of a file",
         each(wrote({"README.md": None}), wrote({"README.md/x": "x"})), (),
         {"README.md": OUTSIDE, "README.md/x": "it stands where something else must stay"},
         ("README.md/x",)),
    Case("a file in the place of a folder", replaced("docs", wrote({"docs": "x"})), (),
         {"docs/guide.md": OUTSIDE, "docs": "it stands where something else must stay"},
         ("docs", "!docs/guide.md")),
    Case("what the base ignores", wrote({"src/a.log": "x", "build/out.o": "x"})),
    Case("caches by their own word",
         wrote({"src/.cache/x": "x", "src/.cache/CACHEDIR.TAG":
                "Signature: 8a477f597d28d172789f06886806bc55\n"})),
    Case("no area at all", wrote({"src/cart.py": "1\n"}), (), {"src/cart.py": OUTSIDE}, ()),
]  # fmt: skip


@pytest.fixture(params=[Kind.POOL, Kind.OVERLAY])
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


def take(repo: GitRepo, base: str, allowed: tuple[str, ...] = AREA) -> Harvest:
    return repo.harvest("T1", base, allowed, message="Do", author=AUTHOR)


THREATS = {
    OUTSIDE: "T6", IMITATES: "T8", INNER: "T8", "git refuses its name": "T8", LEAVES: "T9",
    SPECIAL: "T9", "it is a hard link": "T9", PROTECTED: "T15 T16", HIDDEN: "T17",
    "its name is not text": "T18",
}  # fmt: skip


def threat(case: Case) -> str:
    """Return the threats that a case stands for; what an honest agent does is none."""
    named = {THREATS[reason] for reason in case.parked.values() if reason in THREATS}
    return " ".join(sorted(named)) or "honest"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{threat(case)}: {case.name}")
def test_only_what_was_agreed_is_committed_and_the_rest_is_named(
    repo: GitRepo, top: Path, base: str, case: Case, tmp_path: Path
) -> None:
    tree = Path(repo.worktree("T1", base))
    case.act(tree)
    before = run(top, "for-each-ref"), contents(top), sorted(tree.rglob("*"))
    taken = take(repo, base, case.allowed)
    assert taken.changed == tuple(sorted(case.kept))
    assert parked(taken) == case.parked
    assert bool(taken.commit) == bool(case.kept)
    repo.export(taken.commit or base, str(tmp_path / "out"))
    expected = contents(top) | {
        path: data for path, data in contents(tree).items() if path in case.kept
    }
    for path in set(case.kept) - set(contents(tree)):
        del expected[path]
    assert contents(tmp_path / "out") == expected
    assert (run(top, "for-each-ref"), contents(top), sorted(tree.rglob("*"))) == before
    assert [one.name for one in tree.parent.iterdir() if one != tree] == [".T1.lock"]


def parked(taken: Harvest) -> dict[str, str]:
    """Return what was parked; the many files of one bare repository count as one."""
    return {
        "src/bare/*" if path.startswith("src/bare/") else path: reason
        for path, reason in taken.parked
    }


def test_the_snapshot_holds_every_byte_that_the_commit_does_not(
    repo: GitRepo, base: str, tmp_path: Path
) -> None:
    tree = Path(repo.worktree("T1", base))
    make_repo(tree / "src/inner").close()
    (tree / "src/link").symlink_to("/etc/passwd")
    os.link(tree / "src/run.sh", tree / "src/hard")
    odd = {"README.md": "1\n", "new.py": "2", "src/a\nb": "3", "docs/guide.md": None,
           "CLAUDE.md": "4", ".gitignore": "*.py\n", "docs/.gitattributes": "* text\n",
           "src/cart.py": "5"}  # fmt: skip
    write(tree, odd)
    taken = take(repo, base)
    assert set(taken.changed) == {"src/cart.py", "src/inner/README.md"}
    repo.export(taken.snapshot, str(tmp_path / "out"))
    expected = contents(tree)
    assert contents(tmp_path / "out") == {
        path: data for path, data in expected.items() if "/.git/" not in path
    }
    assert repo.read(taken.commit, "README.md") == b"shop\n"
    assert repo.read(taken.commit, ".gitignore") == repo.read(base, ".gitignore")


def test_commit_and_snapshot_stand_on_the_base_under_the_given_name(
    repo: GitRepo, top: Path, base: str
) -> None:
    write(Path(repo.worktree("T1", base)), {"src/cart.py": "1\n"})
    taken = take(repo, base)
    said = "%P|%an <%ae>|%B"
    assert run(top, "log", "-1", f"--format={said}", taken.commit).split("|") == [
        base, AUTHOR, "Do"]  # fmt: skip
    assert run(top, "log", "-1", f"--format={said}", taken.snapshot).split("|") == [
        base, AUTHOR, "Snapshot\n\nDo"]  # fmt: skip


def test_nothing_changed_is_no_commit_and_no_snapshot(repo: GitRepo, base: str) -> None:
    tree = Path(repo.worktree("T1", base))
    (tree / "README.md").touch()
    (tree / "empty").mkdir()
    assert take(repo, base, ("**",)) == Harvest("", (), (), "")


def test_commits_that_the_agent_made_by_itself_are_taken_as_its_work(
    repo: GitRepo, top: Path, base: str
) -> None:
    tree = Path(repo.worktree("T1", base))
    commit(tree, {"src/cart.py": "1\n", "README.md": "1\n"}, "By myself")
    write(tree, {"src/more.py": "2\n"})
    run(tree, "add", "src/more.py")
    refs = run(top, "for-each-ref")
    taken = take(repo, base)
    assert taken.changed == ("src/cart.py", "src/more.py")
    assert dict(taken.parked) == {"README.md": OUTSIDE}
    assert run(top, "rev-parse", f"{taken.commit}^") == base
    assert (run(top, "for-each-ref"), head(top)) == (refs, base)


@pytest.mark.parametrize("kind", [Kind.POOL])  # an overlay cannot be linked
def test_a_view_that_a_killed_run_left_behind_does_no_harm(repo: GitRepo, base: str) -> None:
    tree = Path(repo.worktree("T1", base))
    write(tree, {"src/new.py": "x"})
    left = tree.with_name(".T1.view")
    left.mkdir()
    os.link(tree / "src/new.py", left / "new.py")
    assert take(repo, base).changed == ("src/new.py",)
    left.symlink_to(tree / "src")
    assert take(repo, base).changed == ("src/new.py",)
    assert (tree / "src/new.py").read_text() == "x"


def test_read_only_folders_are_read_all_the_same(repo: GitRepo, base: str) -> None:
    tree = Path(repo.worktree("T1", base))
    write(tree, {"src/deep/new.py": "x"})
    (tree / "src/deep").chmod(0)
    (tree / "src").chmod(0o500)
    assert take(repo, base).changed == ("src/deep/new.py",)


def test_thousands_of_parked_files_are_not_too_many_words(repo: GitRepo, base: str) -> None:
    tree = Path(repo.worktree("T1", base))
    name = "n" * 200
    write(tree, {f"far/{name}{n}": "" for n in range(12000)})
    write(tree, {"src/cart.py": "1\n"})
    taken = take(repo, base)
    assert taken.changed == ("src/cart.py",)
    assert len(taken.parked) == 12000


def test_a_worktree_that_is_not_there_yields_nothing(repo: GitRepo, base: str) -> None:
    assert take(repo, base) == Harvest("", (), (), "")
