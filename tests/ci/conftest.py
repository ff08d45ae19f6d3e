from pathlib import Path

import pytest

import gitrepo
from clones import Clone, Source
from project import BUILT, DOCUMENTS, make_project


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Return a repository with the change `guest`, from its opening to all gates open."""
    root = tmp_path_factory.mktemp("source")
    with pytest.MonkeyPatch.context() as monkeypatch:
        project = make_project(root, monkeypatch)
        commits = {"main": project.git("rev-parse", "main")}

        def mark(moment: str) -> None:
            commits[moment] = project.git("rev-parse", "accord/guest")
            project.git("update-ref", f"refs/heads/kept/{moment}", commits[moment])

        texts = dict(DOCUMENTS.values())
        project.new()
        mark("opened")
        for name, moment in (("requirements.md", "story"), ("design.md", "design"),
                             ("tasks.md", "agreed")):  # fmt: skip
            project.write(name, texts[name])
            project.ok("approve", "guest", "--yes")
            mark(moment)
        assert project.build(files=BUILT).exit == 0
        mark("built")
        said = project.git("log", "-1", "--format=%(trailers:key=Spec-Task,valueonly)",
                           "accord/guest")  # fmt: skip
        project.ok("approve", "guest", "--yes", "--through", "release")
        mark("reviewed")
        assert set(project.gates().values()) == {"open"}
        project.ok("reject", "guest", "--stage", "review", "--reason", "say until when")
        mark("sent-back")
        project.git("update-ref", "-d", "refs/heads/accord/guest")
    return Source(project.top, root, said.strip(), commits)


@pytest.fixture
def agreed(source: Source, tmp_path: Path) -> Clone:
    """Return a clone in which the documents of `guest` are approved and nothing is built."""
    return source.clone(tmp_path / "clone", "agreed")


@pytest.fixture
def reviewed(source: Source, tmp_path: Path) -> Clone:
    """Return a clone in which `guest` is built and every gate is open."""
    return source.clone(tmp_path / "clone", "reviewed")


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Return a repository in which `guest` is released."""
    root = tmp_path_factory.mktemp("landed")
    with pytest.MonkeyPatch.context() as monkeypatch:
        project = make_project(root, monkeypatch)
        project.approve_spec()
        cart = BUILT["shop/cart.py"].replace("return list(cart)", "return [*cart]")
        assert project.build(files={**BUILT, "shop/cart.py": cart}).exit == 0
        project.ok("approve", "guest", "--yes", "--through", "release")
        project.ok("run", "guest")
        commits = {"released": project.git("rev-parse", "main")}
        gitrepo.commit(
            project.top, {"shop/cart.py": "MINUTES = 61\n\n\ndef keep(cart):\n    pass\n"}
        )
        for criterion in ("R1.1", "R1.2"):
            until = ("--waive-until", "2199-01-01")
            project.ok("verdict", "guest", criterion, *until, "--reason", "so it is")
        commits["judged"] = project.git("rev-parse", "main")
        project.git("update-ref", "refs/heads/judged", commits["judged"])
        project.git("reset", "-q", "--hard", commits["released"])
    return Source(project.top, root, "", commits)


@pytest.fixture
def released(landed: Source, tmp_path: Path) -> Clone:
    """Return a clone in which `guest` is released."""
    return landed.clone(tmp_path / "clone", "released")


@pytest.fixture
def judged(landed: Source, tmp_path: Path) -> Clone:
    """Return a clone in which code changed since, and a person said that it still holds."""
    return landed.clone(tmp_path / "clone", "judged")
