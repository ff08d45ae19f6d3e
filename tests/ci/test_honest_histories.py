"""What people and agents do by the rules passes the check, however git was used to do it."""

from pathlib import Path

import pytest

import forgery
import gitrepo
from clones import CODE, Clone, Source
from project import Project, make_project

SCRIPT = '''\
[[step]]
do = "write"
path = "shop/cart.py"
text = """
MINUTES = 60


def keep(cart):
    return list(cart)
"""

[[step]]
do = "claim"
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(tmp_path, monkeypatch)


def checked(project: Project, base: str, branch: str) -> Clone:
    """Return a clone of the project whose HEAD is at `branch`, after it passed the check."""
    source = Source(project.top, project.root, "", {branch: project.git("rev-parse", branch)})
    clone = source.clone(project.root / f"clone-{branch.replace('/', '-')}", branch)
    assert clone.accepted(base) > 0
    return clone


def test_a_change_built_by_hand_and_reviewed(reviewed: Clone) -> None:
    assert reviewed.accepted()


def test_it_needs_no_home_no_state_and_no_branch(reviewed: Clone) -> None:
    found = reviewed.process("--base", "origin/main", "--root", f"sha256:{_root(reviewed)}")
    assert found.exit == 0
    assert found.said["trust"] == _root(reviewed)


def test_nothing_to_check(reviewed: Clone) -> None:
    assert reviewed.accepted("HEAD") == 0


def test_two_commits_for_one_task(agreed: Clone) -> None:
    agreed.commit(CODE)
    agreed.commit({"tests/test_more.py": "X = 1\n"})
    assert agreed.accepted()


def test_documents_by_themselves(agreed: Clone) -> None:
    agreed.commit({"specs/guest/notes.md": "Later.\n", "specs/old/design.md": "Older.\n"}, "Notes")
    assert agreed.accepted()


def test_a_task_that_moves_a_mode_a_link_and_a_name_within_its_paths(agreed: Clone) -> None:
    (agreed.top / "shop/cart.py").chmod(0o755)
    (agreed.top / "shop/basket.py").symlink_to("cart.py")
    (agreed.top / "tests/kept.py").symlink_to("../shop/cart.py")
    agreed.git("mv", "shop/__init__.py", "tests/moved.py")
    agreed.commit({})
    assert agreed.accepted()


def test_a_small_change_and_a_trivial_one_by_a_scripted_agent(project: Project) -> None:
    base = project.git("rev-parse", "main")
    script = project.root / "script.toml"
    script.write_text(SCRIPT)
    project.approve_spec("small", track="small")
    project.ok("run", "small", "--script", str(script))
    project.ok("new", "Fix a typo", "--name", "typo", "--track", "trivial")
    script.write_text(SCRIPT.replace("MINUTES", "HOURS").replace("cart.py", "hours.py"))
    project.ok("run", "typo", "--script", str(script))
    for name in ("small", "typo"):
        assert project.git("log", "--format=%s", f"{base}..accord/{name}", "--", "shop")
        checked(project, base, f"accord/{name}")
        project.ok("approve", name, "--yes")
        project.ok("run", name)
    clone = checked(project, base, "main")  # two changes that ran side by side, both released
    assert len(clone.git("log", "--merges", "--format=%h", f"{base}..main").splitlines()) >= 2


def test_the_base_merged_into_a_change_and_the_merge_that_a_host_makes(agreed: Clone) -> None:
    agreed.commit(CODE)
    change = gitrepo.head(agreed.top)
    agreed.git("switch", "-q", "--detach", agreed.fetch("main"))
    agreed.commit({"README.md": "shop\n"}, "What the base has since")
    base = gitrepo.head(agreed.top)
    agreed.git("switch", "-q", "--detach", change)
    agreed.git("merge", "-q", "--no-edit", base)
    agreed.git("switch", "-q", "--detach", base)
    agreed.git("merge", "-q", "--no-ff", "--no-edit", change)
    assert agreed.accepted(base)


def test_conflicts_resolved_by_hand_as_the_task_itself(agreed: Clone) -> None:
    one = agreed.commit(CODE)
    agreed.git("switch", "-q", "--detach", agreed.fetch("agreed"))
    agreed.commit({"shop/cart.py": "MINUTES = 61\n"})
    with pytest.raises(Exception, match="returned non-zero"):
        agreed.git("merge", "-q", one)
    agreed.commit({"shop/cart.py": "MINUTES = 62\n"})
    assert agreed.accepted()


def test_a_rebase_onto_a_base_that_moved(reviewed: Clone) -> None:
    base = _moved_base(reviewed)
    reviewed.git("rebase", "-q", base)
    assert reviewed.git("merge-base", "HEAD", base) == base
    assert reviewed.accepted(base)


def test_a_policy_that_the_base_changed_meanwhile(agreed: Clone) -> None:
    agreed.commit(CODE)
    change = gitrepo.head(agreed.top)
    agreed.git("switch", "-q", "--detach", agreed.fetch("main"))
    path = agreed.top / ".accord/config.toml"
    agreed.commit({".accord/config.toml": path.read_text().replace("900", "800")}, "Hurry")
    base = gitrepo.head(agreed.top)
    agreed.git("switch", "-q", "--detach", change)
    assert agreed.accepted(base)


def test_people_that_the_base_added_meanwhile(agreed: Clone, project: Project) -> None:
    sasha = forgery.key_of(project.root / "sasha")
    base = project.git("rev-parse", "main")
    gitrepo.commit(project.top, forgery.next_version(project, {"sasha": (sasha, ("approver",))}))
    newer = project.git("rev-parse", "main")
    project.git("update-ref", "refs/heads/main", base)
    project.git("reset", "-q", "--hard")
    project.approve_spec()
    clone = checked(project, newer, "accord/guest")
    found = checked(project, base, newer)  # a new version, signed by those of the one before
    assert clone.check(newer).said["notes"] == ()
    assert ".accord/trust/v2.json" in found.check(base).said["notes"][0]


def test_a_repository_that_had_a_history_before_accord(project: Project) -> None:
    assert len(project.git("log", "--format=%h", "main").splitlines()) == 2
    project.approve_spec()
    assert project.build().exit == 0
    checked(project, "origin/main", "accord/guest")


def test_a_base_without_accord_has_no_rules_to_check_by(agreed: Clone) -> None:
    found = agreed.check(agreed.git("rev-parse", f"{agreed.fetch('main')}^"))
    assert found.exit == 2
    assert "not set up on the base" in found.said["error"]


def test_a_shallow_clone_is_told_how_to_get_its_history(source: Source, tmp_path: Path) -> None:
    gitrepo.run(tmp_path, "clone", "-q", "--depth", "2", f"file://{source.top}", "clone")
    found = Clone(tmp_path / "clone", source).check("HEAD~1")
    assert found.exit == 2
    assert "git fetch --unshallow" in found.said["hint"]


@pytest.mark.parametrize("name", ["origin/other", "", "-x", "HEAD\nHEAD", "HEAD:shop"])
def test_a_base_that_is_not_there(agreed: Clone, name: str) -> None:
    assert agreed.check(name).exit == 2


def test_an_edit_of_the_configuration_that_people_reviewed(project: Project) -> None:
    project.approve_spec()
    assert project.build().exit == 0
    text = project.file("main", ".accord/config.toml").decode()
    edited = text.replace("parallel = 2", "parallel = 3")
    project.commit_on("accord/guest", {".accord/config.toml": edited}, "Three at once")
    project.ok("run", "guest")
    project.ok("approve", "guest", "--yes", "--through", "release")
    clone = checked(project, "origin/main", "accord/guest")
    assert ".accord/config.toml" in clone.check().said["notes"][0]
    clone.commit({".accord/config.toml": text.replace("parallel = 2", "parallel = 4")}, "Four")
    assert "steering" in clone.refused().values()


def test_a_change_that_outgrew_its_track_and_the_waiver_for_it(project: Project) -> None:
    project.new("trivial", "typo")
    big = "".join(f"N{number} = {number}\n" for number in range(40))
    assert project.build("typo", {"shop/numbers.py": big}).exit == 0
    source = Source(project.top, project.root, "", {"tip": project.git("rev-parse", "accord/typo")})
    clone = source.clone(project.root / "clone", "tip")
    assert set(clone.refused().values()) == {"size"}
    project.ok("approve", "typo", "--waive", "a table of numbers")
    checked(project, "origin/main", "accord/typo")


def _moved_base(clone: Clone) -> str:
    tip = gitrepo.head(clone.top)
    clone.git("switch", "-q", "--detach", clone.fetch("main"))
    base = clone.commit({"README.md": "shop\n"}, "What the base has since")
    clone.git("switch", "-q", "--detach", tip)
    return base


def _root(clone: Clone) -> str:
    return str(clone.check().said["trust"])
