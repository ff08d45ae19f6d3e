"""In the room of a team what can be done is on the page of those who can do it, and of nobody else.

Who may only look is refused at every address that the routes name, and shown nothing that is open.
"""

import re
from collections.abc import Iterator

import pytest

import issuing
import keyring
import passkeying
import posting
from accord.approvals import passkeys
from accord.web.running import Server
from accord.web.team import Team
from issuing import Issuer
from member import SASHA, URL, Member
from posting import DOORS, standing
from project import STORY, Project
from visiting import Answer, Visitor, serving

KEY = passkeying.es256(5, "accord.example.com")
SHUT = re.compile(r'<fieldset disabled aria-labelledby="looks">.*</fieldset>', re.DOTALL)
FORM = re.compile(r'<form method="post" [^>]*action="([^"]+)"')
MANY = "".join(f"- R1.{at} WHEN x THE shop SHALL do {at}.\n" for at in range(3, 16))
BUTTON = re.compile(r'<button class="go"[^>]*>')


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing.issuing() as issuer:
        issuer.vouches("1", SASHA)
        yield issuer


@pytest.fixture
def shared(project: Project, issuer: Issuer) -> Iterator[Server]:
    """The room; sasha may approve, lee may only look, kim has a role that approves no story."""
    project.ok("trust", "add", "sasha", "--login", SASHA, "--passkey", passkeys.told(KEY.offer()))
    for number, (name, role) in enumerate((("lee", "reader"), ("kim", "tester"))):
        key = passkeys.told(passkeying.es256(6 + number, "accord.example.com").offer())
        project.ok("trust", "add", name, "--role", role, "--login", f"sub:{name}", "--passkey", key)
    project.new()
    project.write("requirements.md", STORY)
    team = Team(URL, issuer.address, issuing.CLIENT, issuing.SECRET, port=0)
    with serving(project, terminal=False, team=team) as server:
        yield server


def member(server: Server, issuer: Issuer, name: str) -> Member:
    """Return somebody who is signed in as `name`."""
    issuer.vouches("1", SASHA) if name == "sasha" else issuer.vouches(name)
    found = Member(server)
    assert "Needs you" in found.sign_in().text
    return found


def is_enabled(page: Answer) -> bool:
    """Tell whether the button that approves can be pressed, as the page is sent."""
    found = BUTTON.search(page.text)
    assert found, page.text
    return "disabled" not in found[0]


def approving(visitor: Visitor) -> Answer:
    """Press it all the same, as somebody may who writes their own requests."""
    page = visitor.get("/changes/guest")
    fields = {"csrf": page.token(), "seen": page.hidden("seen")}
    return visitor.post("/changes/guest/approve", fields)


@pytest.mark.parametrize(
    ("name", "why"),
    [("lee", "lee may look and do nothing here"),
     ("kim", "kim lacks the role approver, which the trust file asks for at story")],
)  # fmt: skip
def test_who_cannot_approve_is_told_so_before_and_refused_alike_after(
    shared: Server, issuer: Issuer, name: str, why: str
) -> None:
    one = member(shared, issuer, name)
    first = one.get("/")
    assert "Nothing waits for you" in first.text
    assert "1 change</a> waits for others" in first.text
    board = one.get("/board").text
    assert "0 wait for you" in board
    assert "waits for robin or sasha: approve the story" in board
    gate = one.get("/changes/guest")
    assert not is_enabled(gate)
    assert why in gate.text
    answer = approving(one)
    assert (answer.status, why in answer.text) == (409, True)


def test_who_may_only_look_has_nothing_to_write_either(
    project: Project, shared: Server, issuer: Issuer
) -> None:
    project.write("requirements.md", STORY.replace("## Questions\n", "## Questions\n\n- Q1 How?\n"))
    lee, kim = (member(shared, issuer, name) for name in ("lee", "kim"))
    assert "waits for those who may act here: answer Q1" in lee.get("/board").text
    assert "Nothing waits for you" in lee.get("/").text
    assert "1 change waits for you" in kim.get("/").text


def test_who_may_only_look_is_refused_at_every_address(
    project: Project, shared: Server, issuer: Issuer
) -> None:
    posting.beside(project)
    lee = member(shared, issuer, "lee")
    forms = posting.forms(lee, shared)
    csrf = lee.get("/").token()
    before = standing(project, shared)
    for route, (path, fields) in forms.items():
        if route not in DOORS:
            answer = lee.post(path, {**fields, "csrf": csrf})
            told = "lee may look and do nothing here" in answer.text
            assert (answer.status, told) == (409, True), path
    for path in ("/enter", "/join", "/leave"):
        assert lee.post(path, {**forms[path][1], "csrf": csrf}).status in (200, 303, 404), path
    assert standing(project, shared) == before

    sasha = member(shared, issuer, "sasha")  # the same forms hold for who may act
    csrf, taken = sasha.get("/").token(), set()
    for route, (path, fields) in posting.forms(sasha, shared).items():
        if route not in DOORS:
            answer = sasha.post(path, {**fields, "csrf": csrf})
            assert "may look" not in answer.text
            taken |= {route.rpartition("/")[2]} if answer.status == 303 else set()
    assert taken >= {"answer", "correct", "undo", "reject", "pause"}


def test_each_page_of_who_may_only_look_is_shut_and_says_why(
    project: Project, shared: Server, issuer: Issuer
) -> None:
    posting.beside(project)
    found = set()
    lee, kim = (member(shared, issuer, name) for name in ("lee", "kim"))
    for route in posting.routes(shared, "GET"):
        if route in (*DOORS, "/events", "/signin", "/signed-in", "/arrive"):
            continue
        path = posting.address(route, change="asks", decision="D-carts-are-kept-in-redis")
        page = lee.get(path)
        if page.status == 200 and 'id="main"' in page.text:
            found.add(path)
            main = page.text.partition('<main id="main"')[2].partition("</main>")[0]
            assert "lee may look and do nothing here" in main.partition("<fieldset")[0], path
            assert not FORM.search(SHUT.sub("", main)), path
            assert "<fieldset disabled" not in kim.get(path).text, path
    assert found >= {"/", "/board", "/log", "/drift", "/decisions", "/keys", "/changes/asks"}
    assert FORM.search(lee.get("/changes/asks").text)


@pytest.mark.parametrize(("name", "back"), [("sasha", 303), ("kim", 409)])
def test_a_gate_offers_what_is_taken_from_this_person_and_nothing_else(
    project: Project, shared: Server, issuer: Issuer, name: str, back: int
) -> None:
    posting.beside(project)
    long = STORY.replace("\n## Out of scope", f"{MANY}\n## Out of scope")
    project.write("requirements.md", long.replace("## Questions\n", "## Questions\n\n- Q1 How?\n"))
    one = member(shared, issuer, name)
    page = one.get("/changes/guest")
    offered = FORM.findall(page.text)
    own = dict(posting.OWN.findall(page.text))
    assert ("Send back to be split" in page.text) == (back == 303)
    assert ('name="note-' in page.text) == (back == 303)
    for act, fields, status in (
        ("reject", {"reason": "too long"}, back),
        ("answer", {"item": "Q1", "own": own["Q1"], "words": "by hand"}, 303),
        ("correct", {"item": "R1.1", "own": own["R1.1"], "words": "It SHALL wait."}, 303),
    ):  # fmt: skip
        path = f"/changes/guest/{act}"
        answer = one.post(path, {**fields, "csrf": page.token()})
        assert answer.status == status, act
        assert (path in offered) == (status == 303), act
        assert ("lacks the role approver" in answer.text) == (status == 409)
    assert "lacks the role approver" in page.text or name == "sasha"


def test_of_two_who_have_to_approve_the_first_is_done_and_the_last_is_not(
    project: Project, shared: Server, issuer: Issuer
) -> None:
    project.ok("trust", "require", "story", "--people", "2")
    sasha = member(shared, issuer, "sasha")
    assert "1 change waits for you" in sasha.get("/").text
    assert is_enabled(sasha.get("/changes/guest"))
    project.ok("approve", "--yes")  # robin, on their own machine
    assert "1 change waits for you" in sasha.get("/").text
    lee = member(shared, issuer, "lee")
    assert "waits for sasha: approve the story" in lee.get("/board").text
    address = keyring.asked(sasha)
    keyring.send(sasha, address, keyring.answer(sasha, address, KEY))
    assert project.gates()["story"] == "open"


def test_the_first_of_two_sees_that_it_waits_for_the_other(
    project: Project, shared: Server, issuer: Issuer
) -> None:
    project.ok("trust", "require", "story", "--people", "2")
    sasha = member(shared, issuer, "sasha")
    address = keyring.asked(sasha)
    keyring.send(sasha, address, keyring.answer(sasha, address, KEY))
    assert "Nothing waits for you" in sasha.get("/").text
    assert "waits for robin: approve the story" in sasha.get("/board").text
    gate = sasha.get("/changes/guest")
    assert not is_enabled(gate)
    why = "you approved the story of guest already: 1 of 2 people approved"
    assert why in gate.text
    answer = approving(sasha)
    assert (answer.status, why in answer.text) == (409, True)
    assert "/changes/guest/reject" in FORM.findall(gate.text)
    sent = {"csrf": gate.token(), "reason": "on second thought"}
    assert sasha.post("/changes/guest/reject", sent).status == 303
    assert "robin: approve the story" not in project.ok("status").out  # robin is at this keyboard
    assert "story  approve the story" in project.ok("status").out


def test_the_room_of_one_person_is_as_it_was(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    with serving(project) as server:
        robin = Visitor(server).enter()
        assert "1 change waits for you, about 1 minute in all" in robin.get("/").text
        assert is_enabled(robin.get("/changes/guest"))
        for path in ("/", "/board", "/changes/guest"):
            assert "for others" not in robin.get(path).text
        assert approving(robin).status == 303
