"""Verdicts and acts on decisions by a passkey: one signature over exactly what the page showed."""

import re

import pytest

import gitrepo
import keyring
import passkeying
from drifting import CODE, drifted
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
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(61)})
    return holder


def posted(visitor: Visitor, page: str, path: str, fields: dict[str, str]) -> str:
    answer = visitor.post(path, {"csrf": visitor.get(page).token(), **fields})
    assert answer.status == 303, answer.text
    return answer.headers["location"]


def judged(visitor: Visitor, said: str, **more: str) -> str:
    state = visitor.get("/drift").hidden("state")
    fields = {"criterion": "R1.1", "state": state, "answer": said, **more}
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
    assert "Judge R1.1 of guest, which is stale" in page
    assert f"verdict: {said}" in page
    assert project.git("for-each-ref") == before
    assert judging.server.asks.next() is None
    done = keyring.send(judging, address, keyring.answer(judging, address, KEY))
    assert f"R1.1 of guest: {said}" in words(done)
    assert project.run("check", "--drift", "--json").json["settled"] == 1
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


def test_a_verdict_that_begins_a_change_waits_for_the_terminal_and_begins_nothing_by_itself(
    project: Project, judging: Visitor
) -> None:
    before = project.git("for-each-ref")
    address = judged(judging, "code-wrong")
    assert "Confirm it in the terminal" in words(judging.get(address))
    assert project.git("for-each-ref") == before
    assert "was begun for it" in keyring.confirm(project, judging.server)


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
