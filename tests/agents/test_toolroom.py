"""The MCP server of a run, over real HTTP: who is answered, and what."""

import http.client
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from accord.agents import asked, toolroom
from accord.agents.tool_client import ToolClient
from accord.core.orders import EventKind
from toolrooms import TOKEN, TOOLS
from toolrooms import toolroom as opened

PING = {"jsonrpc": "2.0", "id": 7, "method": "ping"}


def test_a_client_greets_loads_and_calls(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        client = ToolClient(f"http://127.0.0.1:{room.port}/mcp",
                            [("Authorization", f"Bearer {TOKEN}")])  # fmt: skip
        before = room.box.loaded
        names = client.load()
        assert (before, room.box.loaded) == (False, True)
        assert "spec_read" in names
        assert client.call("spec_read", {"item": "R1.1"}) == "- R1.1 It is kept."
    assert [one.text for one in room.told] == ["accord spec_read item: R1.1"]


def test_the_greeting_names_the_revision_that_the_client_speaks(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        older = room.ask("initialize", protocolVersion="2025-03-26")
        assert older["protocolVersion"] == "2025-03-26"
        unknown = room.ask("initialize", protocolVersion="1999-01-01")
        assert unknown["protocolVersion"] == "2025-06-18"
        assert unknown["capabilities"] == {"tools": {}}
        assert room.ask("ping") == {}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": None}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Bearer accord-the-token-of-another-run"}, 401),
        ({"authorization": TOKEN}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": None, "x_api_key": TOKEN}, 401),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_encoding": "gzip"}, 415),
        ({"mcp_protocol_version": "1999-01-01"}, 400),
    ],
)
def test_nobody_else_is_answered(
    tmp_path: Path, headers: dict[str, str | None], status: int
) -> None:
    with opened(tmp_path) as room:
        got, sent, body = room.send(PING, headers)
        assert got == status
        assert b"spec_read" not in body
        assert (sent.get("www-authenticate") == "Bearer") is (status == 401)
        assert room.send(PING, {"origin": "http://127.0.0.1:9", "host": "localhost:9"})[0] == 200
    assert room.told == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_there_is_no_stream_and_no_session(tmp_path: Path, method: str) -> None:
    with opened(tmp_path) as room:
        status, headers, _ = room.send(b"", method=method)
        assert (status, headers["allow"]) == (405, "POST")


def test_the_token_of_one_run_is_worth_nothing_in_another(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path / "b", evolve(TOOLS, about="b")) as other:
        other.box.tools = evolve(other.box.tools, token="accord-the-token-of-the-other")
        assert one.send(PING)[0] == 200
        assert other.send(PING)[0] == 401


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{", -32700),
        (b"\xff", -32700),
        (b"[" * 30_000, -32700),
        ([PING], -32600),
        ({"id": 1, "method": "ping"}, -32600),
        ({**PING, "id": {"a": 1}}, -32600),
        ({**PING, "method": "resources/list"}, -32601),
        ({**PING, "method": "tools/call"}, -32602),
        ({**PING, "method": "tools/call", "params": {"name": "approve"}}, -32602),
        ({**PING, "method": "tools/call", "params": [1]}, -32602),
    ],
)
def test_what_is_no_proper_message_is_told_so(tmp_path: Path, message: Any, code: int) -> None:
    with opened(tmp_path) as room:
        status, _, body = room.send(message)
        assert status == 200
        assert json.loads(body)["error"]["code"] == code


def test_a_notification_has_no_answer(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        message = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert room.send(message)[::2] == (202, b"")


def test_a_message_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        status, _, body = room.send(b" " * (toolroom.BODY_BYTES + 2**20))
        assert status == 413
        assert b"a message may have" in body


def test_a_text_that_is_too_large_is_refused_as_the_tool_would(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        words, wrong = room.call("submit_artifact", text="x" * 600_000)
        assert wrong
        assert words == "text has 600,000 characters and may have 524,288."
    assert [one.kind for one in room.told] == [EventKind.TOOL, EventKind.REFUSED]


def test_many_messages_go_over_one_connection(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        connection = http.client.HTTPConnection("127.0.0.1", room.port, timeout=60)
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        for _ in range(3):
            connection.request("POST", "/mcp", json.dumps(PING), headers)
            answer = connection.getresponse()
            assert (answer.status, json.loads(answer.read())["id"]) == (200, 7)
        connection.close()


def test_a_question_is_answered_while_its_agent_waits(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        question = "May guests pay?"

        def answer() -> None:
            while not asked.waiting(tmp_path / "runs"):
                time.sleep(0.02)
            asked.reply(tmp_path / "runs", asked.waiting(tmp_path / "runs")[0], "With a card.")

        thread = threading.Thread(target=answer)
        thread.start()
        words, wrong = room.call("ask_human", question=question)
        thread.join()
        assert not wrong
        assert "With a card." in words
        assert asked.untold(room.run) == ()
        # The same question again is no new one.
        assert "With a card." in room.call("ask_human", question=f" {question.upper()}")[0]


def test_an_agent_that_is_not_answered_in_time_is_told_to_end_its_turn(tmp_path: Path) -> None:
    with opened(tmp_path, evolve(TOOLS, patience_s=0.0)) as room:
        words, wrong = room.call("ask_human", question="May guests pay?")
        assert not wrong
        assert "End your turn now" in words
        assert [one.text for one in asked.waiting(tmp_path / "runs")] == ["May guests pay?"]


def test_an_agent_cannot_flood_a_person_with_questions(tmp_path: Path) -> None:
    with opened(tmp_path, evolve(TOOLS, patience_s=0.0)) as room:
        said = [room.call("ask_human", question=f"What of {n}?") for n in range(12)]
    assert [wrong for _, wrong in said] == [False] * 10 + [True] * 2
    assert len(asked.waiting(tmp_path / "runs")) == 10


def test_what_is_handed_in_is_a_file_like_any_other(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        assert room.call("submit_artifact", text="# Döner\n")[1] is False
        written = room.work / "specs/cart/design.md"
        assert written.read_text(encoding="utf-8") == "# Döner\n"
        room.call("submit_artifact", text="# B\n")
        assert written.read_text() == "# B\n"
        assert [one.name for one in written.parent.iterdir()] == ["design.md"]


@pytest.mark.parametrize("place", ["specs", "specs/cart", "specs/cart/design.md"])
def test_what_is_handed_in_follows_no_link_that_the_agent_made(tmp_path: Path, place: str) -> None:
    with opened(tmp_path) as room:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "kept").write_text("kept")
        link = room.work / place
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(outside / "kept" if place.endswith(".md") else outside)
        _, wrong = room.call("submit_artifact", text="# A\n")
        assert wrong is not place.endswith(".md")  # a link at the end is replaced, not followed
        assert {one.name: one.read_text() for one in outside.iterdir()} == {"kept": "kept"}


def test_a_claim_is_kept_as_a_claim(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        words, _ = room.call("task_done", summary="All tests pass.")
        assert "Noted as what you say" in words
        assert room.box.claimed == "All tests pass."
    assert room.told[-1].text == "It says that it is done: All tests pass."


def test_proposals_are_few_and_each_is_kept_once(tmp_path: Path) -> None:
    with opened(tmp_path) as room:
        for name in ("a", "a", "b", "c", "d", "e", "f"):
            last = room.call("decision_propose", statement=f"No {name}.", because="we said so")
        assert last == ("A run may propose 5 decisions.", True)
