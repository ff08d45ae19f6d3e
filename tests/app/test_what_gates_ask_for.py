"""A gate opens for those alone whom its rule asks for, and says why for nobody else."""

from attrs import evolve

import authenticator
import forgery
from people import add, become, key, story
from project import DESIGN, STORY, Project


def test_whoever_wrote_it_does_not_approve_it_where_the_trust_file_separates(
    project: Project,
) -> None:
    add(project, "sasha")
    project.approve_spec(last="story")
    assert story(project)[0] == "open"
    project.ok("trust", "require", "story", "--separate")
    assert story(project) == (
        "waiting", "robin wrote some of it; the trust file asks for somebody else",
    )  # fmt: skip
    _, lines = project.refused("approve", "guest", "--yes")
    assert "you wrote some of the story of guest" in lines[0]
    assert lines[1] == "hint: ask sasha"
    become(project, "sasha")
    project.ok("approve", "--yes")
    assert story(project) == ("open", "approved by sasha")


def test_an_author_is_known_by_the_name_that_the_trust_file_gives(project: Project) -> None:
    add(project, "sasha", "--commits-as", "S. Lee")
    project.ok("trust", "require", "story", "--separate")
    become(project, "sasha", "S. Lee")
    project.new("full")
    project.write("requirements.md", STORY)
    assert "you wrote some" in project.run("approve", "guest", "--yes").err
    become(project, "robin")
    project.ok("approve", "--yes")
    assert story(project) == ("open", "approved by robin")


def test_two_people_open_a_gate_together_and_one_person_with_two_keys_does_not(
    project: Project,
) -> None:
    """T3: people are counted, never keys."""
    add(project, "sasha")
    key(project, "second")
    project.ok("trust", "add", "robin", "--key", str(project.root / "second.pub"))
    project.ok("trust", "require", "story", "--people", "2")
    project.approve_spec(last="story")
    assert story(project) == ("waiting", "1 of 2 people approved")
    become(project, "second", "Robin")
    assert "you approved the story" in project.refused("approve", "guest", "--yes")[1][0]
    become(project, "sasha")
    project.ok("approve", "--yes")
    assert story(project) == ("open", "approved by robin, sasha")


def test_the_only_one_who_approved_the_spec_does_not_review_alone_where_that_is_asked(
    project: Project,
) -> None:
    add(project, "sasha")
    project.ok("trust", "require", "implementation", "--fresh")
    project.approve_spec()
    project.build()
    project.ok("approve", "--yes")
    gate = project.show()["gates"][3]
    assert "robin alone approved the spec" in gate["reason"]
    become(project, "sasha")
    project.ok("approve", "--yes")
    assert project.show()["gates"][3]["reason"] == "approved by robin, sasha"


def test_what_would_not_count_is_not_signed(project: Project) -> None:
    project.ok("trust", "require", "story", "--factor", "ssh-passphrase")
    project.new("full")
    project.write("requirements.md", STORY)
    result = project.run("approve", "guest", "--yes")
    assert result.exit == 1
    assert "signed with ssh-key, and the trust file asks for ssh-passphrase" in " ".join(
        result.err.split()
    )
    project.ok("trust", "require", "story", "--level", "3")
    project.commit_on("accord/guest", {}, "Draft\n\nSandbox-Level: 1")
    result = project.run("approve", "guest", "--yes")
    assert "at level 1, and the trust file asks for 3" in " ".join(result.err.split())


def test_a_key_is_taken_for_a_device_s_where_its_maker_vouches_for_it(project: Project) -> None:
    """T21: what a key says of itself is said as such, and a gate can ask for more."""
    device, maker = authenticator.ed25519(), authenticator.maker()
    for name, data in {
        "fido.pub": device.line.encode(), "challenge": b"ours",
        "proof": maker.attest(device, b"ours"), "roots": maker.roots,
        "wrong": maker.attest(device, b"theirs"),
    }.items():  # fmt: skip
        (project.root / name).write_bytes(data)
    known = ["trust", "add", "sasha", "--key", str(project.root / "fido.pub"), "--device"]
    where = [str(project.root / name) for name in ("proof", "challenge", "roots")]
    wrong = [str(project.root / "wrong"), *where[1:]]
    assert "another challenge" in project.run(*known, *wrong).err
    assert "cannot be read" in project.run(*known, "/nowhere", *where[1:]).err
    project.ok(*known[:-1])
    assert "fido-up, by its own word" in project.ok("trust", "show").out
    said = project.refused("trust", "require", "release", "--hardware")[1][0]
    assert "0 of the 1 people that release asks for" in said
    project.ok("undo")
    project.ok(*known, *where)
    assert "fido-up, in a device" in project.ok("trust", "show").out
    project.ok("trust", "require", "release", "--hardware")
    assert project.ok("trust", "show", "--json").json["rules"]["release"]["hardware"] is True
    project.ok("trust", "require", "story", "--hardware")
    project.new("full")
    project.write("requirements.md", STORY)
    said = " ".join(project.run("approve", "guest", "--yes").err.split())
    assert "nothing proves that the key is in a device" in said


def test_a_touch_opens_a_gate_that_asks_for_one_and_a_flag_that_is_missing_shuts_it(
    project: Project,
) -> None:
    """T21"""
    device = authenticator.ecdsa()
    (project.root / "fido.pub").write_text(device.line)
    project.ok("trust", "add", "sasha", "--key", str(project.root / "fido.pub"))
    project.approve_spec(last="story")
    project.ok("trust", "require", "story", "--factor", "fido-up")
    assert "signed with ssh-key, and the trust file asks for fido-up" in story(project)[1]
    last = forgery.approvals(project)[-1]
    mine = evolve(last, approver="sasha", round=last.round + 1, previous=forgery.tip(project))
    project.commit_on("accord/guest", forgery.signed(mine, device.signer()))
    assert story(project) == ("open", "approved by sasha")
    after = evolve(mine, round=mine.round + 1, previous=forgery.tip(project))
    project.commit_on("accord/guest", forgery.signed(after, device.signer(flags=0)))
    forgery.shut(project, "without being touched")


def test_a_record_has_the_lowest_wall_that_work_on_the_change_was_done_behind(
    project: Project,
) -> None:
    project.approve_spec(last="story")
    assert forgery.approvals(project)[-1].assurance.sandbox == 4  # no agent had a hand in it
    project.commit_on("accord/guest", {}, "Build\n\nSandbox-Level: 0\nSandbox-Level: 3")
    project.write("design.md", DESIGN)
    project.ok("approve", "--yes")
    assert forgery.approvals(project)[-1].assurance.sandbox == 0
