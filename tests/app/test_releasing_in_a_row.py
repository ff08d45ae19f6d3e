"""Changes that are ready together are verified together, each on top of the one before."""

from contextlib import closing

import gitrepo
from accord.app import evidence, landing
from accord.app.changes import load, released
from accord.core.reconcile import Release
from accord.wiring.opening import open_workshop
from project import Project


def ready(project: Project, change: str, files: gitrepo.Files) -> None:
    """Bring a trivial change to where only its release is left."""
    project.new("trivial", change)
    assert project.build(change, files).exit == 0
    project.ok("approve", change, "--yes")


def test_the_one_behind_is_verified_on_top_and_lands_that_very_tree(project: Project) -> None:
    config = project.file("main", ".accord/config.toml").decode()
    more = {".accord/config.toml": f"{config}\n[queue]\nslots = 4\n"}
    gitrepo.commit(project.top, more, "Configure")
    ready(project, "one", {"shop/one.py": "A = 1\n"})
    ready(project, "two", {"shop/two.py": "A = 2\n"})
    ready(project, "worse", {"shop/two.py": "A = 3\n"})
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        base = workshop.repo.resolve(workshop.base)
        tips = {name: load(workshop, name).found.tip for name in ("one", "two", "worse")}

        landing.release(workshop, Release("one", tips["one"], base, ("gone", "two", "worse")))

        now = workshop.repo.resolve(workshop.base)
        assert released(workshop) == ("one",)
        expected = workshop.repo.merge(now, tips["two"]).tree
        line = evidence.command(workshop, load(workshop, "two").tasks[0])
        assert (expected, line) in workshop.proved
        assert len(workshop.proved) == 2

        assert landing.release(workshop, Release("two", tips["two"], now)).accepted

        assert workshop.repo.tree(workshop.repo.resolve(workshop.base)) == expected
        assert not landing.release(workshop, Release("worse", tips["worse"], "")).accepted
    assert project.file("main", "shop/two.py") == b"A = 2\n"
