"""Who may approve what is changed by signed versions, and a change of it counts at once."""

import json
from contextlib import closing

import pytest
from attrs import evolve

import forgery
import gitrepo
from accord.app import trusting
from accord.approvals.signers import Signer
from accord.errors import ConflictError, RefusedError
from accord.wiring.opening import open_workshop
from people import add, become, key, shown, story
from project import DESIGN, STORY, Project


def test_a_person_who_is_added_can_approve_and_one_who_is_not_cannot(project: Project) -> None:
    project.new("full")
    project.write("requirements.md", STORY)
    key(project, "sasha")
    become(project, "sasha")
    assert "belongs to nobody" in project.refused("approve", "guest", "--yes")[1][0]
    become(project, "robin")
    said = project.ok("trust", "add", "sasha", "--key", str(project.root / "sasha.pub"))
    assert "version 2 of the trust file holds" in said.out
    assert "sasha gets the role approver" in said.out
    project.approve_spec("other", last="story")
    become(project, "sasha")
    project.write("design.md", DESIGN, "other")
    project.ok("approve", "other", "--yes")
    assert project.show("other")["gates"][1]["reason"] == "approved by sasha"


def test_show_lists_people_keys_rules_versions_and_the_pin(project: Project) -> None:
    sasha = add(project, "sasha", "--role", "approver", "--commits-as", "Sasha Lee")
    data = project.ok("trust", "show", "--json").json
    assert data["version"] == 2
    first = json.loads(project.file("main", ".accord/trust/v1.json"))
    assert data["project"] == first["project"]
    assert data["versions"][0]["digest"] == data["pin"]
    assert data["versions"][1]["signed"] == ["robin"]
    person = data["people"][1]
    assert (person["name"], person["aliases"]) == ("sasha", ["Sasha Lee"])
    assert person["keys"][0]["fingerprint"] == forgery.fingerprint(sasha)
    text = project.ok("trust", "show").out
    assert data["pin"] in text
    assert "sasha: approver, commits as Sasha Lee" in text
    assert "v2 " in text
    assert max(map(len, text.splitlines())) <= 80


def test_what_a_rotated_key_signed_goes_on_counting_and_it_signs_nothing_new(
    project: Project,
) -> None:
    project.approve_spec(last="story")
    old = forgery.own_key(project)
    key(project, "fresh")
    said = project.ok("trust", "rotate", "--key", str(project.root / "fresh")).out
    assert "2 records by a key that goes go on counting" in said
    assert story(project) == ("open", "approved by robin")
    project.write("design.md", DESIGN)
    project.ok("approve", "--yes")
    assert project.gates()["design"] == "open"
    last = forgery.approvals(project)[-1]
    assert last.approver == "robin"
    forged = evolve(last, gate="architecture", previous=forgery.tip(project), items={})
    project.commit_on("accord/guest", forgery.signed(forged, old))
    assert project.gates()["architecture"] != "open"
    assert project.show()["gates"][0]["standing"] == "open"


def test_a_revoked_key_opens_nothing_however_old_its_records_say_that_they_are(
    project: Project,
) -> None:
    """T4: a time in a record is the signer's word; what counts is named by the trust file."""
    sasha = add(project, "sasha")
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    project.ok("approve", "--yes")
    project.ok("reject", "--reason", "again", "--stage", "design")
    last = forgery.approvals(project)[-2]
    project.ok("trust", "revoke", "sasha", "--because", "the laptop was stolen")
    forged = evolve(
        last, approver="sasha", round=3, issued="2020-01-01T00:00:00Z",
        previous=forgery.tip(project),
    )  # fmt: skip
    project.commit_on("accord/guest", forgery.signed(forged, sasha))
    gate = project.show()["gates"][1]
    assert gate["standing"] == "waiting"
    assert "counts no more since version 3" in gate["reason"]
    project.ok("approve", "--yes")
    assert project.gates()["design"] == "open"


def test_what_a_revoked_person_refused_stays_refused(project: Project) -> None:
    add(project, "sasha")
    project.approve_spec(last="story")
    become(project, "sasha")
    project.ok("reject", "--reason", "too vague", "--stage", "story")
    become(project, "robin")
    project.ok("trust", "revoke", "sasha", "--because", "left")
    assert story(project) == ("waiting", "sasha sent it back: too vague")
    project.ok("approve", "--yes")
    assert story(project)[0] == "open"


@pytest.mark.parametrize("keep", [True, False])
def test_revoking_takes_back_what_was_approved_unless_it_is_kept(
    project: Project, *, keep: bool
) -> None:
    add(project, "sasha")
    become(project, "sasha")
    project.approve_spec(last="story")
    become(project, "robin")
    assert story(project)[0] == "open"
    words = ["--keep"] if keep else []
    project.ok("trust", "revoke", "sasha", "--because", "left", *words)
    assert story(project)[0] == ("open" if keep else "waiting")
    if not keep:
        assert project.show()["track"] == "full"
        project.ok("approve", "--yes")
        assert story(project) == ("open", "approved by robin")


def test_one_key_of_a_person_can_be_revoked_by_its_fingerprint(project: Project) -> None:
    add(project, "sasha")
    second = key(project, "second")
    project.ok("trust", "add", "sasha", "--key", str(project.root / "second.pub"))
    project.ok("trust", "revoke", forgery.fingerprint(second), "--because", "lost")
    people = project.ok("trust", "show", "--json").json["people"]
    assert [len(one["keys"]) for one in people] == [1, 1]
    _, lines = project.refused("trust", "add", "eve", "--key", str(project.root / "second.pub"))
    assert "sasha had the key" in lines[0]


def test_the_last_key_is_never_revoked(project: Project) -> None:
    code, lines = project.refused("trust", "revoke", "robin", "--because", "bored")
    assert code == 1
    assert "the last key" in lines[0]


def test_nobody_is_locked_out_in_silence(project: Project) -> None:
    add(project, "sasha", "--role", "approver", "--role", "owner")
    project.ok("trust", "require", "release", "--people", "2")
    assert "1 of the 2 people that release asks for would be left" in " ".join(
        project.refused("trust", "revoke", "sasha", "--because", "left")[1]
    )
    assert "that trust asks for" in " ".join(
        project.refused("trust", "require", "trust", "--people", "3")[1]
    )
    assert "2 of the 3" in " ".join(
        project.refused("trust", "require", "story", "--people", "3")[1]
    )
    for words in (["--factor", "fido-up"], ["--role", "releaser"], ["--people", "2", "--separate"]):
        assert "would be left" in project.refused("trust", "require", "story", *words)[1][0]


def test_a_team_of_one_is_told_why_it_cannot_be_separated(project: Project) -> None:
    _, lines = project.refused("trust", "require", "story", "--separate")
    assert "besides the one who wrote it" in lines[0]
    assert "trust add" in lines[1]


def two_owners(project: Project) -> Signer:
    sasha = add(project, "sasha", "--role", "approver", "--role", "owner")
    project.ok("trust", "require", "trust", "--people", "2")
    return sasha


def test_with_a_threshold_of_two_a_version_has_no_force_until_the_second_person_signed(
    project: Project,
) -> None:
    two_owners(project)
    kim = key(project, "kim")
    said = project.ok("trust", "add", "kim", "--key", str(project.root / "kim.pub")).out
    assert "version 4 of the trust file is proposed" in said
    assert "it has 1 of 2 signatures and no force yet; accord trust sign is for sasha" in " ".join(
        said.split()
    )
    data = project.ok("trust", "show", "--json").json
    assert data["version"] == 3
    assert data["proposal"]["signed"] == ["robin"]
    assert data["proposal"]["able"] == ["sasha"]
    assert "kim" not in [one["name"] for one in data["people"]]
    assert "kim gets the key" in project.ok("trust", "show").out
    assert "waits for sasha already" in project.refused("trust", "require", "story")[1][0]
    assert "you signed version 4 already" in project.refused("trust", "sign", "--yes")[1][0]
    become(project, "kim")
    assert "belongs to nobody" in project.refused("trust", "sign", "--yes")[1][0]
    become(project, "sasha")
    assert "another than you saw" in project.refused("trust", "sign", "--seen", "0123")[1][0]
    done = project.ok("trust", "sign", "--seen", data["proposal"]["digest"][:12]).out
    assert "version 4 of the trust file holds" in done
    data = project.ok("trust", "show", "--json").json
    assert data["versions"][-1]["signed"] == ["robin", "sasha"]
    assert data["proposal"] is None
    assert forgery.fingerprint(kim) in json.dumps(data["people"])
    assert ".accord/trust/proposed" not in project.git("ls-tree", "-r", "--name-only", "main")


def test_a_proposal_is_dropped_and_nothing_that_holds_changes(project: Project) -> None:
    two_owners(project)
    project.ok("trust", "require", "release", "--people", "2")
    project.ok("trust", "drop")
    data = project.ok("trust", "show", "--json").json
    assert (data["version"], data["proposal"]) == (3, None)
    assert "no proposal" in project.refused("trust", "drop")[1][0]
    assert "waits for a signature" in project.refused("trust", "sign", "--yes")[1][0]


def test_a_proposal_put_in_the_place_of_the_trust_file_shuts_everything(project: Project) -> None:
    """T4: one of two signatures is not enough, even where it was merged."""
    project.approve_spec(last="story")
    two_owners(project)
    key(project, "kim")
    project.ok("trust", "add", "kim", "--key", str(project.root / "kim.pub"))
    folder = project.top / ".accord/trust"
    for path in (folder / "proposed").iterdir():
        path.rename(folder / path.name)
    gitrepo.commit(project.top, {}, "Merge it")
    result = project.run("status")
    assert result.exit == 1
    assert "is signed by 1 of the 2 people" in " ".join(result.err.split())


def test_a_change_of_trust_is_one_operation_and_undo_takes_it_back(project: Project) -> None:
    before = project.git("rev-parse", "main")
    add(project, "sasha")
    assert "trust v2: sasha gets the key" in project.ok("log").out
    assert project.git("status", "--porcelain") == ""
    assert project.ok("undo").out.startswith("undid: trust (v2: sasha gets the key")
    assert project.git("rev-parse", "main") == before
    assert shown(project)["version"] == 1


def test_somebody_who_may_not_change_trust_can_propose_and_an_owner_signs(
    project: Project,
) -> None:
    add(project, "sasha")
    become(project, "sasha")
    key(project, "newer")
    said = project.ok("trust", "rotate", "--key", str(project.root / "newer")).out
    assert "is proposed" in said
    assert f"accord init --key {project.root}/newer" in " ".join(said.split())
    become(project, "robin")
    project.ok("trust", "sign", "--yes")
    become(project, "newer")
    project.approve_spec(last="story")
    assert story(project) == ("open", "approved by sasha")


def test_a_role_and_a_name_in_git_are_added_without_a_key(project: Project) -> None:
    add(project, "sasha")
    said = project.ok("trust", "add", "sasha", "--role", "owner", "--commits-as", "S. Lee").out
    assert "sasha gets the role owner" in said
    assert "sasha commits as S. Lee" in said
    assert "sasha: approver, owner, commits as S. Lee" in project.ok("trust", "show").out
    assert "says just that already" in project.refused("trust", "add", "sasha")[1][0]
    assert "is new and needs a key" in project.refused("trust", "add", "kim")[1][0]


def test_a_version_that_came_meanwhile_is_not_written_over(project: Project) -> None:
    key(project, "kim")
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        add(project, "sasha")
        line = (project.root / "kim.pub").read_text()
        with pytest.raises(ConflictError, match="came meanwhile"):
            trusting.add(workshop, "kim", line)
    assert [one["name"] for one in project.ok("trust", "show", "--json").json["people"]] == [
        "robin", "sasha",
    ]  # fmt: skip


def test_inside_the_run_of_an_agent_trust_is_not_changed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T1, T4"""
    key(project, "eve")
    monkeypatch.setenv("ACCORD_RUN", "1")
    for words in (
        ["add", "eve", "--key", str(project.root / "eve.pub")],
        ["rotate", "--key", str(project.root / "eve")],
        ["revoke", "robin", "--because", "x"],
        ["require", "story"],
        ["sign", "--yes"],
        ["drop"],
    ):
        assert "an agent's run cannot decide" in project.refused("trust", *words)[1][0]
    line = (project.root / "eve.pub").read_text()
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        with pytest.raises(RefusedError, match="an agent's run cannot decide"):
            trusting.add(workshop, "eve", line)
        with pytest.raises(RefusedError, match="an agent's run cannot decide"):
            trusting.sign(workshop)
