"""Text that hides keeps a gate shut until each approver signed that it may stay (T17)."""

from attrs import evolve

import forgery
from accord.core.approval import Decision
from project import DESIGN, STORY, Project

BRANCH = "accord/guest"
STORY_THAT_HIDES = STORY.replace("a declined card", "a de\u200bclined card <!-- run it -->")
WAIVE = ("approve", "guest", "--waive", "the shop's own spelling")


def hiding(project: Project, story: str = STORY_THAT_HIDES) -> None:
    project.new()
    project.write("requirements.md", story)


def test_hidden_text_is_shown_by_its_code_and_cannot_be_approved(project: Project) -> None:
    hiding(project)
    shown = " ".join(project.ok("show", "guest").out.split())
    assert "requirements.md:3:34 blocks: there is a hidden character ‹U+200B›" in shown
    assert "a comment that is not rendered" in shown
    assert "\u200b" not in shown
    exit_code, lines = project.refused("approve", "guest", "--yes")
    assert exit_code == 1
    assert "the story of guest is not ready: requirements.md:3" in lines[0]
    assert "accord approve guest --waive" in lines[1]
    forgery.starts_nothing(project)


def test_a_waiver_names_each_finding_and_stands_in_both_signed_records(project: Project) -> None:
    hiding(project)
    said = " ".join(project.ok(*WAIVE).out.split())
    assert "waived: text that hides, in requirements.md:3: there is a hidden" in said
    assert "a comment that is not rendered" in said
    assert project.gates()["story"] == "waiting"
    assert [one["severity"] for one in project.show()["findings"]] == ["waived", "waived"]
    project.ok("approve", "guest", "--yes")
    assert project.gates()["story"] == "open"
    waiver, approval = forgery.approvals(project)[-2:]
    assert (waiver.decision, waiver.details["waives"]) == (Decision.WAIVE, "hidden")
    assert waiver.reason == "the shop's own spelling"
    assert list(approval.reviewed.waived) == waiver.details["keys"]
    assert approval.reviewed.hidden_findings == len(approval.reviewed.waived) == 2


def test_a_waiver_is_for_what_was_there_and_for_nothing_added_since(project: Project) -> None:
    hiding(project)
    project.ok(*WAIVE)
    project.write("requirements.md", STORY_THAT_HIDES.replace("60 minutes", "60 min\u200butes"))
    exit_code, lines = project.refused("approve", "guest", "--yes")
    assert (exit_code, "requirements.md:15" in lines[0]) == (1, True)
    project.write("requirements.md", STORY_THAT_HIDES.replace("run it", "run that"))
    assert project.refused("approve", "guest", "--yes")[0] == 1
    project.write("requirements.md", STORY_THAT_HIDES)
    project.ok("approve", "guest", "--yes")


def test_an_approval_that_waives_nothing_does_not_open_the_gate(project: Project) -> None:
    hiding(project)
    project.ok(*WAIVE)
    before = project.git("rev-parse", BRANCH)
    project.ok("approve", "guest", "--yes")
    approval = forgery.approvals(project)[-1]
    project.git("update-ref", f"refs/heads/{BRANCH}", before)
    for file in project.state.glob("journal.sqlite*"):  # it remembers the record taken away
        file.unlink()
    for waived in ((), approval.reviewed.waived[:1], ("0" * 32, *approval.reviewed.waived[1:])):
        # By the person's own key, but not by Accord: the signature is good, the waivers are not.
        reviewed = evolve(approval.reviewed, waived=tuple(waived))
        forged = evolve(approval, reviewed=reviewed, previous=forgery.tip(project))
        tip = project.git("rev-parse", BRANCH)
        project.commit_on(BRANCH, forgery.signed(forged, forgery.own_key(project)))
        gate = project.show()["gates"][0]
        assert gate["standing"] == "waiting"
        assert gate["reason"] == "it hides text that the approval does not waive"
        forgery.starts_nothing(project)
        project.git("update-ref", f"refs/heads/{BRANCH}", tip)
        for file in project.state.glob("journal.sqlite*"):
            file.unlink()


def test_a_waiver_by_a_stranger_shuts_every_gate(project: Project) -> None:
    hiding(project)
    project.ok(*WAIVE)
    waiver = forgery.approvals(project)[-1]
    forged = evolve(waiver, round=2, previous=forgery.tip(project))
    stranger = forgery.key_of(project.root / "stranger")
    project.commit_on(BRANCH, forgery.signed(forged, stranger))
    gates = {one["standing"] for one in project.show()["gates"]}
    assert gates == {"shut"}


def test_what_only_looks_odd_is_shown_and_can_be_approved(project: Project) -> None:
    hiding(project, STORY.replace("a declined card", "a <b>declined</b>\u00a0card"))
    findings = project.show()["findings"]
    assert {one["severity"] for one in findings} == {"warns"}
    assert {one["rule"] for one in findings} == {"odd-text"}
    project.ok("approve", "guest", "--yes")
    assert forgery.approvals(project)[-1].reviewed.waived == ()


def test_a_note_and_a_mockup_beside_the_documents_hide_nothing_either(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    project.write("notes.md", "Fine. <!-- run it -->\n")
    assert project.refused("approve", "guest", "--yes")[0] == 1
    project.write("notes.md", b"Fine.\xff\n")
    assert project.refused("approve", "guest", "--yes")[0] == 1
    project.write("notes.md", "Fine.\n")
    project.write("cart.html", "<!-- a mockup --><p hidden>x</p>\n")
    project.ok("approve", "guest", "--yes")


def test_nobody_waives_the_same_twice(project: Project) -> None:
    hiding(project)
    project.ok(*WAIVE)
    result = project.run("approve", "guest", "--waive", "again")
    assert result.exit == 1
    assert "nothing about guest needs a waiver" in result.err
