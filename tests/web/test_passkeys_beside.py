"""Verdicts and acts on decisions by a passkey: one signature over exactly what the page showed."""

import re

import pytest

import gitrepo
import keyring
import passkeying
from drifting import CODE, corrected, drifted
from project import Project
from visiting import Answer, Visitor

KEY = passkeying.es256()
RULE = "Carts are kept in MySQL."


def words(page: Answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).replace("&#39;", "'").split())


@pytest.fixture
def holder(project: Project, visitor: Visitor) -> Visitor:
    """Somebody in the room whose passkey the trust file knows."""
    keyring.enrol(project, visitor, KEY)
    return visitor


@pytest.fixture
def judging(holder: Visitor, project: Project) -> Visitor:
    """The same, before a released criterion that drifted."""
    drifted(project)
    return holder


def posted(visitor: Visitor, page: str, path: str, fields: dict[str, str]) -> str:
    answer = visitor.post(path, {"csrf": visitor.get(page).token(), **fields})
    assert answer.status == 303, answer.text
    return answer.headers["location"]


def judged(visitor: Visitor, said: str, **more: str) -> str:
    state = visitor.get("/drift").hidden("state")
    fields = {"criterion": "R1.1", "about": "R1.1", "state": state, "answer": said, **more}
    return posted(visitor, "/drift", "/changes/guest/verdict", fields)


@pytest.mark.parametrize(
    ("said", "more"),
    [("still-true", {}), ("waived", {"reason": "next week", "until": "2199-01-01"})],
    ids=["still true", "waived"],
)
def test_a_verdict_is_signed_by_the_passkey_alone(
    project: Project, judging: Visitor, said: str, more: dict[str, str]
) -> None:
    before = project.git("for-each-ref")
    address = judged(judging, said, **more)
    page = words(judging.get(address))
    assert "Sign with your passkey" in page
    assert "Judge R1.1 of guest R1.1 is stale" in page
    assert f"verdict: {said}" in page
    assert project.git("for-each-ref") == before
    assert judging.server.asks.next() is None
    done = keyring.send(judging, address, keyring.answer(judging, address, KEY))
    assert f"R1.1 of guest: {said}" in words(done)
    left = project.run("check", "--drift", "--json").json
    assert [one["criterion"] for one in left["findings"]] == ["R1.2"]
    assert left["settled"] == (said == "waived")
    folder = ".accord/approvals/guest"
    names = project.git("ls-tree", "-r", "--name-only", "main", folder).splitlines()
    records = [project.file("main", one) for one in names if one.endswith(".json")]
    (verdict,) = [one for one in records if b'"gate":"verdict"' in one]
    assert b'"factor":"fido-uv"' in verdict
    assert b'"channel":"web"' in verdict


def test_a_verdict_is_not_signed_once_the_base_says_something_else(
    project: Project, judging: Visitor
) -> None:
    address = judged(judging, "still-true")
    made = keyring.answer(judging, address, KEY)
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(62)})
    assert "changed since you looked" in words(keyring.send(judging, address, made))
    assert "Not signed" in words(judging.get(address))
    assert project.run("check", "--drift", "--json").json["settled"] == 0


def at(page: Answer) -> str:
    """Return the address of the page that asks for a signature."""
    found = re.search(r'action="(/asks/[^/]+)/sign"', page.text)
    assert found, words(page)
    return found[1]


def verdicts(project: Project) -> list[bytes]:
    folder = ".accord/approvals/guest"
    names = project.git("ls-tree", "-r", "--name-only", "main", folder).splitlines()
    records = [project.file("main", one) for one in names if one.endswith(".json")]
    return [one for one in records if b'"gate":"verdict"' in one]


@pytest.mark.parametrize("said", ["code-wrong", "spec-wrong"])
def test_a_verdict_that_begins_a_change_is_two_signatures_of_the_passkey(
    project: Project, judging: Visitor, said: str
) -> None:
    before = project.git("for-each-ref")
    first = judged(judging, said)
    page = words(judging.get(first))
    assert "Sign with your passkey" in page
    assert "a change is begun for it first" in page
    assert "your device asks 2 times" in page
    assert project.git("for-each-ref") == before
    assert judging.server.asks.next() is None

    second = keyring.send(judging, first, keyring.answer(judging, first, KEY))
    assert "was begun for it" in words(second)
    assert "Sign with your passkey" in words(second)
    assert "your device asks" not in words(second)
    (begun,) = {one["change"] for one in project.ok("status", "--json").json["changes"]}
    assert verdicts(project) == []

    done = keyring.send(judging, at(second), keyring.answer(judging, at(second), KEY))
    assert f"R1.1 of guest: {said}; {begun} was begun for it" in words(done)
    (verdict,) = verdicts(project)
    assert b'"factor":"fido-uv"' in verdict
    assert f'"opened":"{begun}"'.encode() in verdict
    assert f"see {begun}" in words(judging.get("/drift"))
    assert "Supersedes: guest/R1.1" in words(
        judging.get(f"/changes/{begun}/document/requirements.md")
    )


def test_a_verdict_left_after_its_first_signature_is_asked_again_and_begins_no_second_change(
    project: Project, judging: Visitor
) -> None:
    first = judged(judging, "code-wrong")
    second = keyring.send(judging, first, keyring.answer(judging, first, KEY))
    changes = len(project.ok("status", "--json").json["changes"])
    assert verdicts(project) == []
    # The answer to the first signs nothing at the second.
    again = judged(judging, "code-wrong")
    assert again != at(second)
    page = words(judging.get(again))
    assert "was begun for it" in page
    assert "your device asks" not in page
    done = keyring.send(judging, again, keyring.answer(judging, again, KEY))
    assert "R1.1 of guest: code-wrong" in words(done)
    assert len(verdicts(project)) == 1
    assert len(project.ok("status", "--json").json["changes"]) == changes


def test_the_answer_to_the_first_statement_is_none_to_the_second(
    project: Project, judging: Visitor
) -> None:
    first = judged(judging, "code-wrong")
    made = keyring.answer(judging, first, KEY)
    second = keyring.send(judging, first, made)
    assert keyring.send(judging, at(second), made).status == 409
    assert keyring.send(judging, first, made).status == 409
    assert verdicts(project) == []


def test_the_base_that_moves_between_two_signatures_leaves_the_verdict_unsigned(
    project: Project, judging: Visitor
) -> None:
    first = judged(judging, "code-wrong")
    second = keyring.send(judging, first, keyring.answer(judging, first, KEY))
    made = keyring.answer(judging, at(second), KEY)
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(62)})
    assert "changed since you looked" in words(keyring.send(judging, at(second), made))
    assert verdicts(project) == []


def test_a_verdict_of_two_signatures_can_go_to_the_terminal_at_either(
    project: Project, judging: Visitor
) -> None:
    first = judged(judging, "code-wrong")
    second = keyring.send(judging, first, keyring.answer(judging, first, KEY))
    posted(judging, at(second), f"{at(second)}/terminal", {})
    assert "was begun for it" in keyring.confirm(project, judging.server)
    assert len(verdicts(project)) == 1


def kept(visitor: Visitor, **answers: str) -> str:
    """Answer the first correction that waits, and return where the signature is asked for."""
    page = visitor.get("/changes/guest/corrections")
    name = re.search(r'name="answer-([^"]+)" value="new"', page.text)
    assert name
    fields = {f"{what}-{name[1]}": said for what, said in answers.items()}
    return posted(visitor, "/changes/guest/corrections", "/changes/guest/corrections", fields)


@pytest.fixture
def correcting(holder: Visitor, project: Project) -> Visitor:
    """Somebody with a passkey, who corrected a draft and approved it."""
    corrected(project)
    project.ok("approve", "guest", "--yes")
    return holder


def test_a_correction_becomes_a_rule_by_two_signatures_of_the_passkey(
    project: Project, correcting: Visitor
) -> None:
    before = project.git("for-each-ref")
    first = kept(correcting, answer="new", words=RULE)
    page = words(correcting.get(first))
    assert f"D1: a new rule: {RULE}" in page
    assert "your device asks 2 times" in page
    assert project.git("for-each-ref") == before
    second = keyring.send(correcting, first, keyring.answer(correcting, first, KEY))
    assert f"is in force: {RULE}" in words(second)
    listed = project.ok("decisions", "list", "--change", "guest", "--json").json["decisions"]
    assert [(one["statement"], one["state"]) for one in listed] == [(RULE, "active")]
    done = keyring.send(correcting, at(second), keyring.answer(correcting, at(second), KEY))
    assert f"is in force: {RULE}" in words(done)
    assert "No correction waits" in words(correcting.get("/changes/guest/corrections"))
    assert project.ok("decisions", "stats", "--json").json["captured"] == 1
    assert project.gates()["design"] == "open"


def test_that_no_rule_comes_of_a_correction_is_one_signature(
    project: Project, correcting: Visitor
) -> None:
    address = kept(correcting, answer="skip")
    assert "your device asks" not in words(correcting.get(address))
    done = keyring.send(correcting, address, keyring.answer(correcting, address, KEY))
    assert "noted that no rule comes of it" in words(done)
    assert project.ok("decisions", "stats", "--json").json["captured"] == 0


def test_a_rule_that_clashes_is_left_as_a_proposal_and_the_capture_is_signed(
    project: Project, correcting: Visitor
) -> None:
    made = project.ok("decisions", "new", "Carts are kept for 60 minutes.", "--base", "--json").json
    project.ok("decisions", "approve", made["id"], "--base", "--yes")
    address = kept(correcting, answer="new", words="Carts are kept for 30 minutes.")
    assert "is proposed, not in force" in words(correcting.get(address))
    done = keyring.send(correcting, address, keyring.answer(correcting, address, KEY))
    assert "is proposed, not in force" in words(done)
    assert "No correction waits" in words(correcting.get("/changes/guest/corrections"))


def test_a_form_cannot_say_that_a_rule_was_decided(project: Project, correcting: Visitor) -> None:
    page = correcting.get("/changes/guest/corrections")
    name = re.search(r'name="answer-([^"]+)" value="new"', page.text)
    assert name
    before = project.git("for-each-ref")
    fields = {"csrf": page.token(), f"answer-{name[1]}": "decided:carts:D-9 is in force: all is"}
    assert correcting.post("/changes/guest/corrections", fields).status == 400
    assert project.git("for-each-ref") == before


def decided(visitor: Visitor, name: str, act: str, **more: str) -> str:
    path = f"/decisions/{name}"
    fields = {"act": act, "digest": visitor.get(path).hidden("digest"), **more}
    return posted(visitor, path, path, fields)


def signed(visitor: Visitor, address: str) -> str:
    page = words(visitor.get(address))
    assert "Sign with your passkey" in page
    return words(keyring.send(visitor, address, keyring.answer(visitor, address, KEY)))


def test_a_decision_is_put_in_force_replaced_and_taken_out_by_the_passkey(
    project: Project, holder: Visitor
) -> None:
    made = project.ok("decisions", "new", RULE, "--base", "--json").json["id"]
    address = decided(holder, made, "activate")
    assert f"Put in force {made}: {RULE}" in words(holder.get(address))
    assert "D-1 is in force" in signed(holder, address)
    other = project.ok("decisions", "new", "Carts are kept in Redis.", "--base", "--json").json[
        "id"
    ]
    address = decided(holder, other, "activate", **{"near-D-1": "supersedes"})
    assert "supersedes: D-1" in words(holder.get(address))
    assert "D-2 is in force" in signed(holder, address)
    assert "D-2 is expired: nobody needs it" in signed(
        holder, decided(holder, "D-2", "expire", reason="nobody needs it")
    )
    assert project.ok("decisions", "--json").exit == 0


def test_the_answer_for_one_decision_puts_no_other_in_force(
    project: Project, holder: Visitor
) -> None:
    one, two = (project.ok("decisions", "new", said, "--base", "--json").json["id"]
                for said in (RULE, "Prices are written in cents."))  # fmt: skip
    address = decided(holder, one, "activate")
    made = keyring.answer(holder, address, KEY)
    other = decided(holder, two, "activate")
    assert keyring.send(holder, other, made).status == 409
    stolen = keyring.answer(holder, other, passkeying.es256(8))
    assert keyring.send(holder, other, stolen).status == 409
    assert "2 proposed" in words(holder.get("/decisions"))
