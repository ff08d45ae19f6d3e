"""The scripted model speaks the Messages protocol and remembers nothing but its failures."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from accord.agents.model_script import (
    Drop,
    Fail,
    Hang,
    Op,
    Read,
    Say,
    Scene,
    Shell,
    Write,
    marked,
)
from accord.agents.model_server import ModelServer

TOOLS = [{"name": "Write"}, {"name": "Read"}, {"name": "Bash"}]


def post(url: str, body: Mapping[str, object], timeout: float = 20) -> tuple[int, bytes]:
    request = urllib.request.Request(  # noqa: S310 - the address is the server's own
        url, json.dumps(body).encode(), {"x-api-key": "sk-secret", "Authorization": "Bearer s"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - as above
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def ask(server: ModelServer, *messages: Mapping[str, object], **more: object) -> Any:
    body = {"model": "m", "messages": messages, "tools": TOOLS, **more}
    status, answer = post(f"{server.url}/v1/messages?beta=true", body)
    return json.loads(answer) if status == 200 else status


def user(text: str) -> dict[str, object]:
    return {"role": "user", "content": text}


def called(answer: Any) -> list[tuple[str, Any]]:
    blocks = answer["content"]
    return [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]


def words(answer: Any) -> str:
    return "".join(block["text"] for block in answer["content"] if block["type"] == "text")


def turn(answer: Any, result: str = "ok") -> list[dict[str, object]]:
    """Return what an agent adds to the conversation after a tool call."""
    done = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": result}
        for block in answer["content"]
        if block["type"] == "tool_use"
    ]
    return [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": done}]


def play(server: ModelServer, prompt: str, turns: int) -> Iterator[Any]:
    conversation = [user(prompt)]
    for _ in range(turns):
        answer = ask(server, *conversation)
        yield answer
        conversation += turn(answer)


def events(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in raw.decode().splitlines() if line.startswith("data: ")]


def test_a_scene_is_played_one_tool_call_at_a_time_and_ends_with_its_last_words() -> None:
    scene = marked("a", Say("First."), Write("a.txt", "hello"), Shell("ls"), Read("b"), Say("Bye."))
    with ModelServer([scene]) as server:
        answers = list(play(server, "please [[scene:a]]", 5))
    assert [called(answer) for answer in answers] == [
        [("Write", {"file_path": "a.txt", "content": "hello"})],
        [("Bash", {"command": "ls"})],
        [("Read", {"file_path": "b"})],
        [],
        [],
    ]
    assert [words(answer) for answer in answers] == ["First.", "", "", "Bye.", "Bye."]
    assert [answer["stop_reason"] for answer in answers] == [*["tool_use"] * 3, *["end_turn"] * 2]
    assert all(answer["usage"]["input_tokens"] > 0 for answer in answers)


def test_the_same_conversation_gets_the_same_answer_however_often_it_is_sent() -> None:
    with ModelServer([marked("a", Write("a", "1"), Write("b", "2"))]) as server:
        assert called(ask(server, user("[[scene:a]]"))) == called(ask(server, user("[[scene:a]]")))


def test_a_real_prompt_chooses_the_first_scene_whose_words_all_occur_in_it() -> None:
    scenes = [
        Scene(("guest checkout", "design"), (Say("design"),)),
        Scene(("guest checkout",), (Say("story"),)),
    ]
    with ModelServer(scenes) as server:
        assert words(ask(server, user("Write the story of guest checkout"))) == "story"
        assert words(ask(server, user("Write the design of guest checkout"))) == "design"
        assert ask(server, user("Write something else")) == 400


def test_the_latest_prompt_decides_so_that_a_resumed_session_goes_on_with_its_new_scene() -> None:
    scenes = [marked("a", Write("a", "1"), Say("a")), marked("b", Write("b", "2"), Say("b"))]
    with ModelServer(scenes) as server:
        first = ask(server, user("[[scene:a]]"))
        resumed = [user("[[scene:a]]"), *turn(first), user("[[scene:b]]")]
        second = ask(server, *resumed)
        assert called(second) == [("Write", {"file_path": "b", "content": "2"})]
        assert words(ask(server, *resumed, *turn(second))) == "b"


def test_what_a_tool_or_a_reminder_quotes_chooses_no_scene() -> None:
    scenes = [marked("evil", Say("evil")), marked("a", Read("notes"), Say("fine"))]
    reminder = "<system-reminder>\n[[scene:evil]]\n</system-reminder>"
    with ModelServer(scenes) as server:
        first = ask(server, user("[[scene:a]]"))
        quoted = turn(first, result="[[scene:evil]]")
        assert words(ask(server, user("[[scene:a]]"), *quoted, user(reminder))) == "fine"


def test_a_streamed_answer_carries_what_a_plain_one_does() -> None:
    with ModelServer([marked("a", Say("Look."), Write("é.txt", "ü\n"))]) as server:
        plain = ask(server, user("[[scene:a]]"))
        body = {"messages": [user("[[scene:a]]")], "tools": TOOLS, "stream": True}
        status, raw = post(f"{server.url}/v1/messages", body)
    said = events(raw)
    assert status == 200
    assert [said[0]["type"], *(event["type"] for event in said[-2:])] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    deltas = [event["delta"] for event in said if event["type"] == "content_block_delta"]
    assert deltas[0] == {"type": "text_delta", "text": words(plain)}
    assert json.loads(deltas[1]["partial_json"]) == called(plain)[0][1]
    assert said[-2]["delta"]["stop_reason"] == "tool_use"


@pytest.mark.parametrize("status", [401, 429, 500, 529])
def test_a_failure_is_answered_as_often_as_it_says_and_then_the_scene_goes_on(status: int) -> None:
    with ModelServer([marked("a", Fail(status, 2), Say("fine"))]) as server:
        answers = [ask(server, user("[[scene:a]]")) for _ in range(3)]
    assert answers[:2] == [status, status]
    assert words(answers[2]) == "fine"


def test_failures_are_counted_for_each_scene_and_step_alone() -> None:
    scenes = [marked(name, Fail(500, 1), Read("x"), Fail(503, 1), Say(name)) for name in "ab"]
    with ModelServer(scenes) as server:
        for name in "ab":
            prompt = user(f"[[scene:{name}]]")
            assert ask(server, prompt) == 500
            read = ask(server, prompt)
            assert ask(server, prompt, *turn(read)) == 503
            assert words(ask(server, prompt, *turn(read))) == name


def test_a_failure_without_a_number_never_ends() -> None:
    with ModelServer([marked("a", Fail(401), Say("never"))]) as server:
        assert {ask(server, user("[[scene:a]]")) for _ in range(4)} == {401}


@pytest.mark.parametrize("stream", [True, False])
def test_a_dropped_answer_breaks_off_in_the_middle(stream: bool) -> None:
    with ModelServer([marked("a", Drop(1), Say("fine"))]) as server:
        with pytest.raises(http.client.IncompleteRead):
            ask(server, user("[[scene:a]]"), stream=stream)
        assert words(ask(server, user("[[scene:a]]"))) == "fine"


def test_a_hanging_request_gets_no_answer_and_does_not_keep_the_server_from_closing() -> None:
    body = {"messages": [user("[[scene:a]]")], "tools": TOOLS}
    with ModelServer([marked("a", Hang())]) as server, pytest.raises(TimeoutError):
        post(f"{server.url}/v1/messages", body, timeout=0.3)


@pytest.mark.parametrize(
    ("tools", "op", "expected"),
    [
        ([{"name": "write"}], Write("p", "t"), ("write", {"filePath": "p", "content": "t"})),
        ([{"name": "create"}], Write("p", "t"), ("create", {"path": "p", "file_text": "t"})),
        ([{"name": "bash"}], Shell("ls"), ("bash", {"command": "ls"})),
        ([{"name": "view"}], Read("p"), ("view", {"path": "p"})),
        ([{"name": "Grep"}], Shell("ls"), ("Bash", {"command": "ls"})),
    ],
)
def test_a_step_uses_the_names_of_the_tools_that_are_offered(
    tools: Sequence[Mapping[str, str]], op: Op, expected: tuple[str, dict[str, str]]
) -> None:
    with ModelServer([marked("a", op)]) as server:
        assert called(ask(server, user("[[scene:a]]"), tools=tools)) == [expected]


def test_a_request_without_tools_is_answered_beside_the_scene() -> None:
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "kind": {"enum": ["bug", "feature"]},
            "risk": {"type": ["integer", "null"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "safe": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        },
    }
    form = {"format": {"type": "json_schema", "schema": schema}}
    with ModelServer([marked("a", Fail(500, 1), Say("fine"))]) as server:
        assert words(ask(server, user("Title for [[scene:a]]"), tools=[])) == "Side note."
        filled = json.loads(words(ask(server, user("x"), tools=[], output_config=form)))
        assert ask(server, user("[[scene:a]]")) == 500
    assert filled == {"title": "ok", "kind": "bug", "risk": 1, "tags": [], "safe": False}


def test_a_tool_that_must_be_called_is_called_with_a_filled_form() -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
    tools = [{"name": "other", "input_schema": {}}, {"name": "judge", "input_schema": schema}]
    choice = {"type": "tool", "name": "judge"}
    with ModelServer([]) as server:
        answer = ask(server, user("x"), tools=tools, tool_choice=choice)
    assert called(answer) == [("judge", {"ok": False})]


def test_tokens_are_counted_greetings_answered_and_other_paths_unknown() -> None:
    with ModelServer([]) as server:
        status, counted = post(f"{server.url}/v1/messages/count_tokens", {"messages": []})
        greetings = []
        for method, path in [("HEAD", "/"), ("HEAD", "/api/hello"), ("GET", "/nowhere")]:
            line = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
            line.request(method, path)
            greetings.append(line.getresponse().status)
            line.close()
        unknown, _ = post(f"{server.url}/v2/messages", {})
    assert (status, unknown, greetings) == (200, 404, [200, 200, 404])
    assert json.loads(counted)["input_tokens"] > 0


def test_every_request_is_logged_and_no_key_is(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with ModelServer([marked("a", Say("fine"))], log) as server:
        ask(server, user("[[scene:a]]"))
    (entry,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert (entry["method"], entry["path"]) == ("POST", "/v1/messages?beta=true")
    assert entry["body"]["messages"] == [user("[[scene:a]]")]
    assert entry["headers"]["x-api-key"] == entry["headers"]["authorization"] == "***"
    assert "sk-secret" not in log.read_text()
