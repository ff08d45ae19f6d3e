"""Approving with the real command in a real terminal: the page asks, the terminal signs."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import define, field

import keyring
import passkeying
from accord.approvals import sshsig
from accord.web.running import Server
from project import STORY, Project
from visiting import Answer, Visitor

ACCORD = str(Path(sys.executable).with_name("accord"))


@define
class Terminal:
    """`accord serve` in a terminal of its own."""

    process: "subprocess.Popen[bytes]"
    line: int
    said: str = field(default="")

    def expect(self, pattern: str, seconds: float = 40.0) -> "re.Match[str]":
        """Read until `pattern` was printed since the last expected text, and return the match."""
        until = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.said)
            if found:
                self.said = self.said[found.end() :]
                return found
            assert time.monotonic() < until, f"{pattern!r} not in {self.said!r}"
            if select.select([self.line], [], [], 0.2)[0]:
                self.said += os.read(self.line, 65536).decode(errors="replace").replace("\r", "")

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self.line, f"{text}\n".encode())


@contextmanager
def serve(project: Project) -> Iterator[Terminal]:
    line, theirs = pty.openpty()
    process = subprocess.Popen(
        [ACCORD, "serve", "--no-open"], cwd=project.top, stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(process, line)
    finally:
        process.terminate()
        process.wait(30)
        os.close(line)


def enter(terminal: Terminal) -> Visitor:
    found = terminal.expect(r"http://accord\.localhost:(\d+)/enter#(\w+)\n")
    server = Server(
        lambda: pytest.fail("this side has no repository"),
        lambda _: "",
        int(found[1]),
        terminal=True,
    )
    visitor = Visitor(server)
    answer = visitor.post("/enter", {"code": found[2]})
    assert answer.status == 303
    visitor.cookie = answer.headers["set-cookie"].partition(";")[0]
    return visitor


def ask(visitor: Visitor) -> Answer:
    seen = visitor.get("/changes/guest").hidden("seen")
    page = visitor.send("/changes/guest", "/changes/guest/approve", {"seen": seen})
    assert "Confirm it in the terminal" in page.text
    return page


@pytest.fixture
def ready(project: Project) -> Project:
    project.new()
    project.write("requirements.md", STORY)
    return project


def test_a_gate_opens_when_the_terminal_confirms_the_same_words(ready: Project) -> None:
    with serve(ready) as terminal:
        visitor = enter(terminal)
        page = ask(visitor)
        shown = terminal.expect(r"Approve the story of Guest cart \(guest\)\n.*\n  words: (\S+)\n")
        assert shown[1] in page.text
        terminal.expect(r"Sign this\? \[y/N\]")
        assert ready.gates()["story"] == "waiting"
        terminal.type("y")
        terminal.expect("the story of guest: approved by robin")
        assert ready.gates()["story"] == "open"
        assert "Signed" in visitor.get(_asked(page)).text
    record = [data for name, data in ready.records().items() if name.endswith(".json")][-1]
    assert any(b'"channel":"web"' in data for data in ready.records().values()), record


def test_a_gate_stays_shut_when_the_terminal_declines(ready: Project) -> None:
    with serve(ready) as terminal:
        visitor = enter(terminal)
        page = ask(visitor)
        terminal.expect(r"Sign this\? \[y/N\]")
        terminal.type("")
        terminal.type("")  # an empty line is a no, and then asks for a new code
        terminal.expect(r"/enter#\w+\n")
        assert "declined in the terminal" in visitor.get(_asked(page)).text
    assert ready.gates()["story"] == "waiting"


def test_what_was_typed_before_a_question_is_no_answer_to_it(ready: Project) -> None:
    ready.new(change="other")
    ready.write("requirements.md", STORY, "other")
    with serve(ready) as terminal:
        visitor = enter(terminal)
        for name in ("guest", "other"):
            page = f"/changes/{name}"
            visitor.send(page, f"{page}/approve", {"seen": visitor.get(page).hidden("seen")})
        terminal.expect(r"Sign this\? \[y/N\]")
        terminal.type("n\ny")
        terminal.expect(r"\(other\)")
        terminal.expect(r"Sign this\? \[y/N\]")
        terminal.type("n")
        terminal.type("")
        terminal.expect(r"/enter#\w+\n")
    assert ready.gates("other")["story"] == "waiting"


def test_what_was_edited_while_the_terminal_asked_is_not_signed(ready: Project) -> None:
    with serve(ready) as terminal:
        visitor = enter(terminal)
        page = ask(visitor)
        terminal.expect(r"Sign this\? \[y/N\]")
        ready.write("requirements.md", STORY.replace("60", "90"))
        terminal.type("y")
        terminal.expect("not signed: the story of guest changed since you looked")
        assert "Not signed" in visitor.get(_asked(page)).text
    assert ready.gates()["story"] == "waiting"


def test_a_key_with_a_passphrase_asks_for_it_in_the_terminal(ready: Project) -> None:
    key = next((ready.root / "config" / "accord" / "projects").glob("*.key"))
    subprocess.run(
        ["ssh-keygen", "-p", "-q", "-P", "", "-N", "open sesame", "-f", str(key)],
        check=True, capture_output=True,
    )  # fmt: skip
    with serve(ready) as terminal:
        ask(enter(terminal))
        terminal.expect(r"Sign this\? \[y/N\]")
        terminal.type("y")
        terminal.expect("Passphrase for ")
        terminal.type("open sesame")
        terminal.expect("approved by robin")
    assert ready.gates()["story"] == "open"


def test_sending_back_and_taking_back_are_signed_in_the_terminal_too(ready: Project) -> None:
    ready.ok("approve", "guest", "--yes")
    with serve(ready) as terminal:
        visitor = enter(terminal)
        number = visitor.get("/log").hidden("number")
        visitor.send("/log", "/undo", {"number": number})
        terminal.expect(r"Sign this\? \[y/N\]")
        assert ready.gates()["story"] == "open"
        terminal.type("y")
        terminal.expect("withdrew the approval of the story of guest")
        assert ready.gates()["story"] == "waiting"
        visitor.send("/changes/guest", "/changes/guest/reject", {"note-R1.1": "an hour is long"})
        terminal.expect("reason: R1.1: an hour is long")
        terminal.expect(r"Sign this\? \[y/N\]")
        terminal.type("y")
        terminal.expect("was sent back")
    assert "an hour is long" in ready.ok("show", "guest").out


def test_an_act_on_a_decision_is_read_and_signed_in_the_terminal(ready: Project) -> None:
    rule = ready.ok("decisions", "new", "Carts are kept in Redis.", "--base", "--json").json["id"]
    with serve(ready) as terminal:
        visitor = enter(terminal)
        path = f"/decisions/{rule}"
        fields = {"digest": visitor.get(path).hidden("digest"), "act": "activate", "change": ""}
        page = visitor.send(path, path, fields)
        terminal.expect(f"Put in force {rule}: Carts are kept in Redis.")
        terminal.expect(r"Sign this\? \[y/N\]")
        assert ready.ok("decisions", "--json").json["decisions"][0]["state"] == "proposed"
        terminal.type("y")
        terminal.expect("D-1 is in force: Carts are kept in Redis.")
        assert "Signed" in visitor.get(_asked(page)).text
    assert ready.ok("decisions", "--json").json["decisions"][0]["state"] == "active"


def test_a_reason_does_not_steer_the_terminal(ready: Project) -> None:
    with serve(ready) as terminal:
        visitor = enter(terminal)
        reason = "bad \x1b[2J\u202e\x07"
        visitor.send("/changes/guest", "/changes/guest/reject", {"reason": reason})
        shown = terminal.expect(r"reason: (.*)\n")
        assert not re.search(r"[\x00-\x1f\x7f\u202e]", shown[1])


def test_an_agent_cannot_serve(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCORD_RUN", "1")
    result = ready.run("serve", "--no-open")
    assert result.exit == 1
    assert "an agent's run cannot decide anything" in result.err


def test_a_port_that_is_taken_is_told(ready: Project) -> None:
    with serve(ready) as terminal:
        port = enter(terminal).server.port
        result = ready.run("serve", "--no-open", "--port", str(port))
    assert result.exit == 2
    assert f"port {port} cannot be used" in result.err


def _asked(page: Answer) -> str:
    found = re.search(r"/asks/\w+", page.text)
    assert found, page.text
    return found[0]


def test_a_new_passkey_is_trusted_in_the_terminal(ready: Project) -> None:
    key = passkeying.es256()
    with serve(ready) as terminal:
        visitor = enter(terminal)
        assert visitor.post("/keys", keyring.registration(visitor, key)).status == 303
        terminal.expect(r"Trust a new passkey of robin")
        terminal.expect(re.escape(sshsig.fingerprint(key.line)))
        terminal.expect(r"Sign this\? \[y/N\]")
        assert ready.ok("trust", "show", "--json").json["version"] == 1
        terminal.type("y")
        terminal.expect("version 2 of the trust file holds")
        address = keyring.asked(visitor)
        page = keyring.send(visitor, address, keyring.answer(visitor, address, key))
        assert "approved by robin" in page.text
    assert ready.gates()["story"] == "open"
