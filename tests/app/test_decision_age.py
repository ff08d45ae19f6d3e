"""Departures add up, age only asks, and what a draft comes near to is shown late."""

from contextlib import closing

from attrs import evolve

import gitrepo
from accord.app import deciding
from accord.core.approval import GateRule
from accord.wiring.opening import open_workshop
from project import DESIGN, Project
from script_play import DESIGN_AT, play

RULE = "---\nstatement: One queue for each shop.\n{more}---\n"
DEPARTS = "\n## Decisions\n\n- Departs D-1: two shops share it\n"


def decide(project: Project, more: str = "", slug: str = "queue") -> None:
    text = RULE.format(more=more).replace("queue", slug)
    gitrepo.commit(project.top, {f".accord/decisions/{slug}.md": text}, "Propose")
    project.ok("decisions", "approve", slug, "--base", "--yes", "--keep-both")


def stale(project: Project) -> list[list[str]]:
    return [one["reasons"] for one in project.run("decisions", "check", "--json").json["stale"]]


def test_a_second_departure_asks_whether_the_rule_is_still_right(project: Project) -> None:
    decide(project)
    gitrepo.commit(project.top, {"specs/before/design.md": DESIGN + DEPARTS}, "Released before")
    project.approve_spec(last="story")
    project.write("design.md", DESIGN + DEPARTS)
    (found,) = project.show()["findings"]
    assert found["message"].endswith("two shops share it; so did before")
    assert "is D-1 still right? accord decisions supersede D-1" in found["hint"]
    assert stale(project) == []
    gitrepo.commit(project.top, {"specs/again/design.md": DESIGN + DEPARTS}, "Released again")
    assert stale(project) == [["again, before departed from it"]]


def test_age_puts_a_rule_in_a_queue_and_never_out_of_force(project: Project) -> None:
    decide(project, "review_after: 2020-01-01\npaths: [gone/**]\n")
    (reasons,) = stale(project)
    assert reasons == [
        "it was to be looked at after 2020-01-01", "no file lies in its paths any more",
    ]  # fmt: skip
    listed = project.ok("decisions", "list", "--json").json["decisions"]
    assert [one["state"] for one in listed] == ["active"]


def test_a_rule_whose_files_exist_and_whose_day_is_far_is_not_in_the_queue(
    project: Project,
) -> None:
    decide(project, "review_after: 2999-01-01\npaths: ['shop/**']\n")
    assert stale(project) == []


def test_what_the_draft_comes_near_to_and_was_not_shown_is_asked_about(project: Project) -> None:
    words = "background-colouring navigation-button pictogram-rendering " * 11
    filler = {
        f".accord/decisions/f{n}.md": f"---\nstatement: Colour {n} of {words}stays.\n---\n"
        f"Wrong: {words}\n"
        for n in range(22)
    }
    gitrepo.commit(project.top, filler, "Fill")
    text = "---\nstatement: Every zebra crosses the meadow twice.\n---\n"
    gitrepo.commit(project.top, {".accord/decisions/zebra.md": text}, "Propose")
    project.ok("decisions", "approve", "zebra", "--yes")
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        for name in filler:
            slug = name.rpartition("/")[2].removesuffix(".md")
            deciding.activate(workshop, "", slug, despite=True)
    project.approve_spec(last="story")
    draft = DESIGN + "\nA zebra crosses the meadow once.\n"
    script = play(project, ("Stage: design|Your last draft has findings", DESIGN_AT, draft + "\n"),
                  ("Stage: design", DESIGN_AT, draft))  # fmt: skip
    project.run("run", "guest", "--script", str(script))
    items = [one["message"] for one in project.show()["findings"] if one["rule"] == "undisposed"]
    assert any("Every zebra crosses" in one for one in items)
    note = project.file("accord/guest", ".accord/decisions/shown/guest/design.json").decode()
    assert '"why": "draft"' in note


def test_where_two_people_have_to_sign_one_signature_leaves_it_a_proposal(
    project: Project,
) -> None:
    project.ok("decisions", "new", "Say please.")
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        workshop.trust = evolve(workshop.trust, gates={"decision": GateRule(threshold=2)})
        entry = deciding.activate(workshop, "", "please")
        assert (str(entry.state), entry.rule.status) == ("proposed", "proposed")


def test_a_proposal_is_undone_like_any_other_step(project: Project) -> None:
    before = project.refs()["refs/heads/main"]
    project.ok("decisions", "new", "Say please.")
    project.ok("undo")
    assert project.refs()["refs/heads/main"] == before
