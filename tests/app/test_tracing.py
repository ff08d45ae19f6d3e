"""What a change's criteria are bound to comes from its work alone, and lands with it."""

from accord.core import trace
from project import BUILT, Project

TRACE = ".accord/trace/guest.toml"


def release(project: Project, files: dict[str, str] | None = None) -> None:
    project.approve_spec()
    assert project.build(files=files).exit == 0
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")


def test_a_release_binds_each_criterion_to_the_symbols_and_tests_of_its_tasks(
    project: Project,
) -> None:
    release(project)

    text = project.file("main", TRACE).decode()
    found = trace.from_toml("guest", text)

    assert [one.id for one in found.promises] == ["R1.1", "R1.2"]
    assert {one.path for one in found.promises} == {"specs/guest/requirements.md"}
    # `keep` is as it was; the test names one criterion, so it is bound to that alone.
    assert [(name, one.place) for name, one in found.symbols] == [
        ("R1.1", "shop/cart.py::MINUTES"),
        ("R1.2", "shop/cart.py::MINUTES"),
    ]
    assert [(name, one.place) for name, one in found.tests] == [
        ("R1.1", "tests/test_minutes.py::Minutes.test_r1_1_keeps_for_an_hour"),
    ]
    assert text == trace.to_toml(found)


def test_a_trace_lands_with_its_change_and_needs_no_approval_of_its_own(project: Project) -> None:
    base = project.git("rev-parse", "main")
    release(project)

    # It comes after the merge, in a commit of its own.
    assert len(project.git("rev-list", "--parents", "-1", "main").split()) == 2
    assert len(project.git("rev-list", "--parents", "-1", "main~1").split()) == 3
    assert TRACE in project.git("diff", "--name-only", "main~1", "main").split()
    assert project.ok("check", "--base", base).exit == 0
    assert project.git("status", "--porcelain") == ""


def test_code_in_the_commit_of_a_trace_is_refused_as_ever(project: Project) -> None:
    release(project)
    base = project.git("rev-parse", "main")
    project.git("switch", "-q", "-c", "other")
    (project.top / TRACE).write_text("[symbols]\n")
    (project.top / "shop/cart.py").write_text("MINUTES = 61\n")
    project.git("commit", "-qam", "Both")

    assert project.run("check", "--base", base).exit == 1


def test_a_test_says_what_it_proves_after_satisfies(project: Project) -> None:
    plain = BUILT["tests/test_minutes.py"].replace("test_r1_1_keeps", "test_keeps")
    marked = plain.replace("        self", '        """Satisfies: R1.2"""\n        self', 1)
    release(project, {**BUILT, "tests/test_minutes.py": marked})

    found = trace.from_toml("guest", project.file("main", TRACE).decode())
    assert [name for name, _ in found.tests] == ["R1.2"]
