"""Changes are archived into the specs of an OpenSpec repository, and no edit of another is lost."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import openspec_tool
from accord.app import archiving
from accord.app.archiving import Archived, ClashError
from accord.core.merging import same
from accord.errors import AccordError, ConfigurationError, RefusedError
from accord.formats import openspec_merging
from accord.git.objects import Objects
from accord.git.run import Git
from accord.git.versions import FileHistory
from operations import writing
from project import Project

KEPT = """### Requirement: Kept cart
The shop SHALL keep the cart for 60 minutes.

#### Scenario: Declined
- **WHEN** the card is declined
- **THEN** the cart is there
"""
TOLD = """### Requirement: Told time
The shop SHALL say until when.

#### Scenario: Asked
- **WHEN** the shopper asks
- **THEN** the time is said
"""
MAIN = (
    "# Cart Specification\n\n## Purpose\nThe cart of a shopper is kept while the shopper is away.\n"
    f"\n## Requirements\n\n{KEPT}\n{TOLD}\n## Notes\n\nSome  notes.\t\n"
)
SPEC = "openspec/specs/cart/spec.md"


def modified(text: str) -> str:
    return f"## MODIFIED Requirements\n\n{text}"


class Repo:
    """A repository with one living spec, worked on with real git."""

    def __init__(self, top: Path) -> None:
        self.top = top
        top.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write(SPEC, MAIN)
        self.commit("Robin", "Start")

    def git(self, *words: str) -> str:
        env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
        return subprocess.run(
            ["git", "-c", "user.name=Robin", "-c", "user.email=r@example.org", *words],
            cwd=self.top, check=True, capture_output=True, text=True, env=env,
        ).stdout.strip()  # fmt: skip

    def write(self, path: str, text: str) -> None:
        (self.top / path).parent.mkdir(parents=True, exist_ok=True)
        (self.top / path).write_bytes(text.encode())

    def commit(self, who: str, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", f"--author={who} <a@example.org>", "-m", message)

    def change(self, name: str, delta: str, created: str = "", tasks: str = "") -> None:
        folder = f"openspec/changes/{name}"
        self.write(f"{folder}/proposal.md", f"# {name}\n\n## Why\n\nIt helps.\n")
        self.write(f"{folder}/specs/cart/spec.md", delta)
        if tasks:
            self.write(f"{folder}/tasks.md", tasks)
        if created:
            self.write(f"{folder}/.openspec.yaml", f"schema: spec-driven\ncreated: {created}\n")

    def archive(
        self, name: str, *, waived: Sequence[str] = (), over: Sequence[str] = ()
    ) -> Archived:
        git = Git(self.top / ".git")
        objects = Objects(git)
        try:
            history = FileHistory(git, objects, self.git("rev-parse", "HEAD"))
            return archiving.archive(
                self.top,
                name,
                history,
                writing(self.top),
                today="2026-11-22",
                waived=waived,
                over=over,
            )
        finally:
            objects.close()

    @property
    def spec(self) -> str:
        return (self.top / SPEC).read_bytes().decode()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


LONGER = KEPT.replace("60 minutes", "90 minutes")
WARMER = KEPT.replace("keep the cart", "keep and warm the cart")
SCENARIO = KEPT.replace("the cart is there", "the cart is there and says so")


def test_two_changes_to_one_sentence_are_never_archived_over_one_another(repo: Repo) -> None:
    repo.change("longer", modified(LONGER))
    repo.commit("Ada", "Longer")
    repo.change("warmer", modified(WARMER))
    repo.commit("Bo", "Warmer")

    assert repo.archive("longer").specs == ("cart",)
    assert repo.spec == MAIN.replace("60", "90")
    repo.commit("Ada", "Archive longer")
    before = repo.spec
    with pytest.raises(ClashError, match="'Kept cart' was changed since") as refused:
        repo.archive("warmer")

    (clash,) = refused.value.clashes
    assert (clash.now.text or "").strip() == "The shop SHALL keep the cart for 90 minutes."
    assert (
        clash.change.text or ""
    ).strip() == "The shop SHALL keep and warm the cart for 60 minutes."
    assert (clash.now.who, clash.change.who) == ("Ada", "Bo")
    assert repo.spec == before
    assert (repo.top / "openspec/changes/warmer").is_dir()

    repo.change("warmer", modified(WARMER.replace("60", "90")))
    with pytest.raises(ClashError):  # whether both are in it, only a person can say
        repo.archive("warmer")
    repo.archive("warmer", over=["Kept cart"])
    assert "keep and warm the cart for 90 minutes" in repo.spec


def test_edits_of_the_sentence_and_of_a_scenario_are_joined(repo: Repo) -> None:
    repo.change("longer", modified(LONGER))
    repo.change("scenario", modified(SCENARIO))
    repo.commit("Ada", "Two changes")

    repo.archive("longer")
    repo.commit("Ada", "Archive")
    repo.archive("scenario")

    assert repo.spec == MAIN.replace("60", "90").replace("is there", "is there and says so")


def test_a_scenario_that_came_in_meanwhile_stays(repo: Repo) -> None:
    more = KEPT + "\n#### Scenario: Paid\n- **WHEN** it is paid\n- **THEN** the cart is empty\n"
    repo.change("more", modified(more))
    repo.change("longer", modified(LONGER))
    repo.commit("Ada", "Two changes")

    repo.archive("more")
    repo.archive("longer")  # nothing was committed between them

    assert "Scenario: Paid" in repo.spec
    assert "90 minutes" in repo.spec


def test_an_edit_written_on_the_newest_text_is_taken(repo: Repo) -> None:
    repo.change("longer", modified(LONGER))
    repo.commit("Ada", "Longer")
    repo.archive("longer")
    repo.commit("Ada", "Archive")
    repo.change("warmer", modified(WARMER.replace("60", "90")))
    repo.commit("Bo", "Warmer")

    repo.archive("warmer")

    assert "keep and warm the cart for 90 minutes" in repo.spec


def test_a_change_that_was_squashed_onto_a_newer_spec_is_still_held_against_its_base(
    repo: Repo,
) -> None:
    repo.change("longer", modified(LONGER))
    repo.commit("Ada", "Longer")
    repo.archive("longer")
    repo.commit("Ada", "Archive")
    repo.change("warmer", modified(WARMER))  # written on the old text, committed on the new one
    repo.commit("Bo", "Warmer, squashed")

    with pytest.raises(ClashError):
        repo.archive("warmer")


def test_the_day_on_which_a_change_was_created_tells_its_base(repo: Repo) -> None:
    repo.change("longer", modified(LONGER))
    repo.commit("Ada", "Longer")
    repo.archive("longer")
    repo.commit("Ada", "Archive")
    repo.change("gone", "## REMOVED Requirements\n\n### Requirement: Kept cart\n", "2020-01-01")
    repo.commit("Bo", "Gone, begun long ago")

    with pytest.raises(ClashError, match="Kept cart"):
        repo.archive("gone")


def test_what_is_taken_out_while_another_edits_it_is_a_clash(repo: Repo) -> None:
    repo.change("gone", "## REMOVED Requirements\n\n### Requirement: Kept cart\n**Reason**: no\n")
    repo.change("longer", modified(LONGER))
    repo.commit("Ada", "Two changes")
    repo.archive("longer")

    with pytest.raises(ClashError) as refused:
        repo.archive("gone")

    assert refused.value.clashes[0].change.text is None


def test_steps_of_every_kind_are_written_and_the_rest_keeps_its_bytes(repo: Repo) -> None:
    new = TOLD.replace("Told time", "New one")
    repo.change(
        "all",
        f"## ADDED Requirements\n\n{new}\n## REMOVED Requirements\n\n### Requirement: Told time\n\n"
        "## RENAMED Requirements\n- FROM: `### Requirement: Kept cart`\n"
        "- TO: `### Requirement: Held cart`\n\n"
        + modified(LONGER.replace("Kept cart", "Held cart")),
    )
    repo.commit("Ada", "All")

    repo.archive("all")

    expected = MAIN.replace(TOLD, new).replace(KEPT, LONGER.replace("Kept cart", "Held cart"))
    assert repo.spec == expected
    assert not (repo.top / "openspec/changes/all").exists()
    assert (repo.top / "openspec/changes/archive/2026-11-22-all/proposal.md").is_file()


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_the_mark_of_the_file_stay(repo: Repo, end: str, bom: str) -> None:
    main = bom + MAIN.removesuffix("\n").replace("\n", end)
    repo.write(SPEC, main)
    repo.commit("Ada", "Other ends")
    repo.change(
        "longer", modified(LONGER) + "\n## ADDED Requirements\n\n" + TOLD.replace("To", "Un")
    )
    repo.commit("Ada", "Longer")

    repo.archive("longer")

    told = TOLD.replace("To", "Un").replace("\n", end)
    assert repo.spec.replace(end + told, "") == main.replace("60", "90")
    assert repo.spec.count("\n") == repo.spec.count(end)


def test_a_new_capability_gets_its_spec(repo: Repo) -> None:
    purpose = "## Purpose\nDiscounts make a cart cheaper, and everybody can see by how much.\n\n"
    repo.change("new", "")
    (repo.top / "openspec/changes/new/specs/cart/spec.md").unlink()
    repo.write(
        "openspec/changes/new/specs/shop/discount/spec.md",
        f"{purpose}## ADDED Requirements\n\n{KEPT}",
    )

    repo.archive("new")

    text = (repo.top / "openspec/specs/shop/discount/spec.md").read_text()
    assert text == (f"# shop/discount Specification\n\n{purpose}## Requirements\n\n{KEPT}")


TASKS = "## 1. Do\n\n- [x] 1.1 a\n- [ ] 1.2 b\n- [ ] 1.3 c\n"


def test_open_tasks_are_waived_by_name_or_the_change_stays(repo: Repo) -> None:
    repo.change("longer", modified(LONGER), tasks=TASKS)
    repo.commit("Ada", "Longer")

    with pytest.raises(RefusedError, match=r"2 of 3 tasks are open: 1\.2, 1\.3"):
        repo.archive("longer")
    with pytest.raises(RefusedError, match=r"1\.3"):
        repo.archive("longer", waived=["1.2"])
    with pytest.raises(ConfigurationError, match=r"no task 9\.9"):
        repo.archive("longer", waived=["9.9"])
    assert repo.spec == MAIN
    assert repo.archive("longer", waived=["1.2", "1.3"]).waived == ("1.2", "1.3")


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (modified(LONGER.replace("Kept", "No")), "the spec has no such requirement"),
        (modified(LONGER.replace("Declined", "Other")), "leaves out the scenario 'Declined'"),
        (modified("### Requirement: Kept cart\nIt SHALL.\n"), "has no scenario"),
        ("", "no delta"),
        (
            "## REMOVED Requirements\n### Requirement: Kept cart\n### Requirement: Told time\n",
            "would be left wrong",
        ),
    ],
)
def test_what_openspec_would_refuse_is_refused(repo: Repo, delta: str, words: str) -> None:
    repo.change("odd", delta)
    repo.commit("Ada", "Odd")

    with pytest.raises(AccordError) as refused:
        repo.archive("odd")

    assert words.replace("no delta", "delta") in refused.value.message
    assert repo.spec == MAIN


def test_a_shallow_clone_and_a_wrong_name_are_refused(repo: Repo, tmp_path: Path) -> None:
    repo.change("longer", modified(LONGER))
    repo.commit("Ada", "Longer")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.top}", str(tmp_path / "shallow"))
    shallow = Repo.__new__(Repo)
    shallow.top = tmp_path / "shallow"

    with pytest.raises(RefusedError, match="shallow"):
        shallow.archive("longer")
    for name in ("none", "../longer", "."):
        with pytest.raises(ConfigurationError, match="there is no change"):
            repo.archive(name)
    (repo.top / "openspec/changes/archive/2026-11-22-longer").mkdir(parents=True)
    with pytest.raises(RefusedError, match="already there"):
        repo.archive("longer")


def test_openspec_comes_to_the_same_where_it_loses_nothing(repo: Repo, tmp_path: Path) -> None:
    program = openspec_tool.program()
    deltas = {
        "modified": modified(SCENARIO),
        "added": "## ADDED Requirements\n\n" + TOLD.replace("Told", "New"),
        "removed": "## REMOVED Requirements\n\n- `### Requirement: Told time`\n",
        "renamed": "## RENAMED Requirements\n- FROM: `### Requirement: Told time`\n"
        "- TO: `### Requirement: Said time`\n",
    }
    for name, delta in deltas.items():
        repo.change(name, delta)
    repo.commit("Ada", "Changes")
    for name in deltas:
        here, other = tmp_path / f"{name}-ours", tmp_path / f"{name}-theirs"
        for place in (here, other):
            shutil.copytree(repo.top, place)
        ours = Repo.__new__(Repo)
        ours.top = here
        ours.archive(name)
        subprocess.run(
            [program, "archive", name, "--yes"], cwd=other, check=True, capture_output=True,
            env={**os.environ, "CI": "1", "OPENSPEC_TELEMETRY": "0", "HOME": str(tmp_path)},
        )  # fmt: skip

        mine = openspec_merging.requirements((here / SPEC).read_text())
        theirs = openspec_merging.requirements((other / SPEC).read_text())
        assert list(mine) == list(theirs)
        assert all(same(part, theirs[key]) for key, part in mine.items())


def test_the_command_shows_both_sentences_and_leaves_everything(project: Project) -> None:
    repo = Repo.__new__(Repo)
    repo.top = project.top
    repo.write(SPEC, MAIN)
    repo.change("longer", modified(LONGER), tasks=TASKS)
    repo.change("warmer", modified(WARMER))
    repo.commit("Ada", "Two changes")

    assert "waive each by name: --waive-task 1.2" in project.run("archive", "longer").err
    done = project.ok("archive", "longer", "--waive-task", "1.2", "--waive-task", "1.3")
    assert "1.2 is left open, as you said" in done.out
    refused = project.run("archive", "warmer")

    assert refused.exit == 3
    assert "cart: Kept cart\n  now" in refused.out
    assert "The shop SHALL keep and warm the cart for 60 minutes." in " ".join(refused.out.split())
    assert project.run("archive", "warmer", "--json").json["clashes"][0]["name"] == ["Kept cart"]
    assert project.ok("archive", "warmer", "--over", "Kept cart", "--json").json["specs"] == [
        "cart"
    ]
