"""The gateway passes a model's work on, with the person's key, and nothing else."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from accord.agents.seen import Seen
from accord.core.orders import BRIDGE_PORT, AgentReport, AgentStatus, EventKind, Limits, Price
from outlets import (
    ASK,
    KEY,
    Got,
    Running,
    gateway,
    message,
    out,
    plain,
    service,
    sse,
    stream,
    url,
)

HEAD = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: TOKEN\r\n"
SHORT = Limits(total_s=60.0, idle_s=1.0)


def until(true: Callable[[], object]) -> None:
    for _ in range(3_000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_a_message_is_asked_with_the_real_key_and_its_tokens_are_counted(tmp_path: Path) -> None:
    price = Price("claude-*", 3_000_000, 15_000_000, 300_000, 3_750_000)
    with (
        service(lambda _: [message()]) as upstream,
        gateway(tmp_path, out(url(upstream), prices=(price,))) as running,
    ):
        status, body = running.ask("/v1/messages?beta=true")
        seen = running.gateway.seen
    (got,) = upstream.got
    assert status == 200
    assert json.loads(body)["type"] == "message"
    assert got.line == "POST /v1/messages?beta=true HTTP/1.1"
    assert got.headers["x-api-key"] == KEY
    assert json.loads(got.body) == ASK
    assert (seen.requests, seen.took.tokens, seen.took.usage.output) == (1, 1130, 20)
    # 100 * $3 + 20 * $15 + 1000 * $0.30 + 10 * $3.75, for a million each
    assert seen.took.micros == 300 + 300 + 300 + 38
    (line,) = running.log
    assert (line["status"], line["tokens"], line["path"]) == (200, 1130, "/v1/messages")
    assert line["bytes_sent"] == len(got.body)
    assert KEY not in (running.run / "requests.jsonl").read_text()


def test_an_answer_passes_piece_by_piece_and_not_when_it_is_over(tmp_path: Path) -> None:
    go_on = threading.Event()

    def answer(_: Got) -> Iterator[bytes]:
        pieces = list(stream(*sse()))
        yield from pieces[:2]
        assert go_on.wait(60)
        yield from pieces[2:]

    with service(answer) as upstream, gateway(tmp_path, out(url(upstream))) as running:
        with socket.create_connection(("127.0.0.1", running.port), 60) as connection:
            body = json.dumps(ASK).encode()
            head = HEAD.replace(b"TOKEN", running.plan.token.encode())
            connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
            begun = b""
            while b"message_start" not in begun:
                begun += connection.recv(2**16)
            assert b"message_stop" not in begun
            go_on.set()
            while b"message_stop" not in begun:
                begun += connection.recv(2**16)
        until(lambda: running.log)
        assert running.gateway.seen.took.tokens == 1130


def test_the_door_of_a_box_leads_to_the_same_gateway(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30)
    deep.mkdir()
    with (
        service(lambda _: [message()]) as upstream,
        gateway(deep, out(url(upstream)), box=("env",)) as running,
    ):
        assert running.environment["ANTHROPIC_BASE_URL"] == f"http://127.0.0.1:{BRIDGE_PORT}"
        assert (running.run / "door").stat().st_mode & 0o777 == 0o700
        answer = running.by_door(
            HEAD + b"connection: close\r\ncontent-length: 12\r\n\r\n" + b'{"model":""}'
        )
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_one_connection_carries_many_requests_also_in_chunks(tmp_path: Path) -> None:
    with service(lambda _: [message()]) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        chunked = HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        last = HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\n{}"
        answer = it.raw(chunked + chunked + last)
    assert answer.count(b"HTTP/1.1 200 ") == 3
    assert [got.body for got in upstream.got] == [b"{}"] * 3
    assert [got.headers["content-length"] for got in upstream.got] == ["2"] * 3


def test_ten_million_bytes_pass_both_ways(tmp_path: Path) -> None:
    text = "x" * 10_000_000
    answer = plain(json.dumps({"text": text, "usage": {"input_tokens": 7}}).encode())
    with service(lambda _: [answer]) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        status, body = it.ask(body={"model": "m", "messages": text})
        assert (status, len(body)) == (200, len(answer) - answer.index(b"{"))
        assert json.loads(upstream.got[0].body)["messages"] == text
        assert it.gateway.seen.took.usage.input == 7


def test_a_compressed_answer_is_passed_as_it_is_and_counted(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps({"usage": {"input_tokens": 5, "output_tokens": 6}}).encode())
    answer = plain(packed, "content-encoding: gzip", "content-type: application/json")
    with service(lambda _: [answer]) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        assert it.ask(accept_encoding="gzip") == (200, packed)
        assert it.gateway.seen.took.tokens == 11
    assert upstream.got[0].headers["accept-encoding"] == "identity"


def test_an_answer_that_cannot_be_read_on_its_way_is_not_passed(tmp_path: Path) -> None:
    answer = plain(b"?", "content-encoding: br")
    with service(lambda _: [answer]) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        assert it.ask()[0] == 502


def test_a_redirect_is_not_followed_and_does_not_reach_the_agent(tmp_path: Path) -> None:
    away = plain(b"", "location: http://169.254.169.254/", status="307 Temporary Redirect")
    with service(lambda _: [away]) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        status, body = it.ask()
    assert status == 502
    assert b"169.254" not in body
    assert len(upstream.got) == 1


def broken(_: Got) -> Iterable[bytes]:
    return stream(*sse()[:2], end=False)


def test_a_stream_that_breaks_off_breaks_off_for_the_agent_and_is_told(tmp_path: Path) -> None:
    with service(broken) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        answer = it.raw(HEAD + b"content-length: 2\r\n\r\n{}")
        assert b"message_start" in answer
        assert not answer.endswith(b"0\r\n\r\n")
        until(lambda: it.log)
        seen = it.gateway.seen
        assert seen.trouble(0.0, 9.0) == "the model's service broke off"
        assert seen.took.usage.input == 100
        assert 1 < seen.took.usage.output < 200


def test_a_service_that_says_nothing_ends_the_request(tmp_path: Path) -> None:
    never = threading.Event()

    def silent(_: Got) -> Iterator[bytes]:
        never.wait(60)
        yield b""

    with service(silent) as upstream, gateway(tmp_path, out(url(upstream)), limits=SHORT) as it:
        status, body = it.ask()
        never.set()
    assert status == 504
    assert "was silent for 1 s" in json.loads(body)["error"]["message"]


def test_an_agent_that_hangs_up_ends_the_request_to_the_service(tmp_path: Path) -> None:
    def endless(_: Got) -> Iterator[bytes]:
        yield from stream(*sse()[:2], end=False)
        while True:
            time.sleep(0.01)
            yield b"3\r\n:\n\n\r\n"

    with service(endless) as upstream, gateway(tmp_path, out(url(upstream))) as running:
        with socket.create_connection(("127.0.0.1", running.port), 60) as connection:
            head = HEAD.replace(b"TOKEN", running.plan.token.encode())
            connection.sendall(head + b"content-length: 2\r\n\r\n{}")
            assert connection.recv(100)
        assert upstream.broken.wait(60)
        until(lambda: running.log)


def test_an_agent_that_writes_and_reads_slowly_gets_all_of_its_answer(tmp_path: Path) -> None:
    body = b'{"a":"' + b"x" * 20_000_000 + b'"}'
    size = 0
    with (
        service(lambda _: [plain(body)]) as upstream,
        gateway(tmp_path, out(url(upstream))) as running,
        socket.create_connection(("127.0.0.1", running.port), 60) as connection,
    ):
        head = HEAD.replace(b"TOKEN", running.plan.token.encode())
        for byte in head + b"connection: close\r\ncontent-length: 2\r\n\r\n{}":
            connection.sendall(bytes([byte]))
        time.sleep(0.5)  # by now every buffer on the way is full
        while piece := connection.recv(2**16):
            size += len(piece)
    assert size > len(body)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 529])
def test_an_error_is_passed_on_without_the_key_that_it_quotes(tmp_path: Path, status: int) -> None:
    body = json.dumps({"error": {"message": f"invalid key {KEY}"}}).encode()
    answer = plain(body, "retry-after: 7", "set-cookie: a=b", status=f"{status} No")
    with service(lambda _: [answer]) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        told = it.raw(HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\n{}")
        assert it.gateway.seen.trouble(0.0, 9.0) == f"the model's service answered {status}"
        assert it.gateway.seen.took.tokens == 0
    assert told.startswith(b"HTTP/1.1 %d " % status)
    assert b"invalid key [secret:known:" in told
    assert b"retry-after: 7" in told
    assert b"set-cookie" not in told


def test_an_error_in_the_middle_of_a_stream_is_trouble(tmp_path: Path) -> None:
    fault = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    with (
        service(lambda _: stream(sse()[0], fault)) as upstream,
        gateway(tmp_path, out(url(upstream))) as running,
    ):
        assert running.ask()[0] == 200
        trouble = running.gateway.seen.trouble(0.0, 9.0)
    assert trouble == "the model's service answered with overloaded_error"


def test_trouble_counts_until_the_service_answers_again(tmp_path: Path) -> None:
    answers = [plain(b"{}", status="429 Slow down")] * 11 + [message()]
    with (
        service(lambda _: [answers.pop(0)]) as upstream,
        gateway(tmp_path, out(url(upstream))) as running,
    ):
        for _ in range(11):
            running.ask()
        seen: Seen = running.gateway.seen
        assert seen.trouble(0.0, 9.0) == "the model's service answered 429 (11 times)"
        success = AgentReport("run-1", AgentStatus.ENDED, said="All done!")
        told = seen.joined(success, seen.trouble(0.0, 9.0))
        assert (told.status, told.detail) == (AgentStatus.FAILED, told.trouble)
        running.ask()
        assert seen.trouble(0.0, 9.0) == ""


def test_a_title_that_fails_is_no_trouble_for_work_that_succeeds(tmp_path: Path) -> None:
    def answer(got: Got) -> list[bytes]:
        return [message() if b"tools" in got.body else plain(b"{}", status="404 No")]

    with service(answer) as upstream, gateway(tmp_path, out(url(upstream))) as running:
        running.ask(body={**ASK, "tools": [{"name": "Write", "input_schema": {}}]})
        assert running.ask()[0] == 404
        assert running.gateway.seen.trouble(0.0, 9.0) == ""


@pytest.mark.parametrize(
    ("kind", "path", "key", "answer", "counted"),
    [
        (
            "openai",
            "/v1/responses",
            "authorization",
            {"usage": {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4}}},
            (5, 4, 0),
        ),
        (
            "openai",
            "/v1/chat/completions",
            "authorization",
            {"usage": {"prompt_tokens": 9, "completion_tokens": 3}},
            (9, 0, 3),
        ),
        (
            "gemini",
            "/v1beta/models/gemini-x:generateContent",
            "x-goog-api-key",
            {"usageMetadata": {"promptTokenCount": 9, "thoughtsTokenCount": 2}},
            (9, 0, 2),
        ),
    ],
)
def test_the_other_services_are_asked_and_counted_in_their_own_words(
    tmp_path: Path, kind: str, path: str, key: str, answer: Any, counted: tuple[int, ...]
) -> None:
    whole = plain(json.dumps(answer).encode(), "content-type: application/json")
    with service(lambda _: [whole]) as up, gateway(tmp_path, out(url(up), service=kind)) as it:
        assert it.ask(path, {"model": "m"})[0] == 200
        used = it.gateway.seen.took.usage
    assert up.got[0].headers[key].endswith(KEY)
    assert "x-api-key" not in up.got[0].headers
    assert (used.input, used.cache_read, used.output) == counted


@pytest.mark.parametrize(
    ("kind", "path", "events", "tokens"),
    [
        (
            "openai",
            "/v1/responses",
            [{"type": "response.completed", "response": {"usage": {"output_tokens": 8}}}],
            8,
        ),
        (
            "openai",
            "/v1/chat/completions",
            [{"choices": [1]}, {"choices": [], "usage": {"prompt_tokens": 8}}, b"data: [DONE]\n\n"],
            8,
        ),
        (
            "gemini",
            "/v1beta/models/g:streamGenerateContent?alt=sse",
            [
                {"usageMetadata": {"promptTokenCount": 8}},
                {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {}},
            ],
            8,
        ),
    ],
)
def test_the_streams_of_the_other_services_are_counted(
    tmp_path: Path, kind: str, path: str, events: list[object], tokens: int
) -> None:
    with (
        service(lambda _: stream(*events)) as upstream,
        gateway(tmp_path, out(url(upstream), service=kind)) as running,
    ):
        assert running.ask(path, {"model": "m"})[0] == 200
        assert running.gateway.seen.took.tokens == tokens
        assert running.gateway.seen.trouble(0.0, 9.0) == ""


def test_a_subscription_s_token_is_sent_as_one(tmp_path: Path) -> None:
    with service(lambda _: [message()]) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        it.gateway._plan = evolve(it.plan, variable="CLAUDE_CODE_OAUTH_TOKEN")
        it.ask(anthropic_beta="one-2025-01-01")
    (got,) = upstream.got
    assert got.headers["authorization"] == f"Bearer {KEY}"
    assert got.headers["anthropic-beta"] == "one-2025-01-01,oauth-2025-04-20"
    assert "x-api-key" not in got.headers


def test_a_model_without_a_price_is_told_once(tmp_path: Path) -> None:
    with service(lambda _: [message()]) as upstream, gateway(tmp_path, out(url(upstream))) as it:
        it.ask()
        it.ask()
        told = [event.text for event in it.told if event.kind is EventKind.USAGE]
    assert told == ["no price is known for claude-x"]


def test_the_environment_of_the_agent_holds_a_token_and_no_key(tmp_path: Path) -> None:
    given = (("ANTHROPIC_API_KEY", "mine"), ("COPY", f"x{KEY}"), ("HOME", "/h"))
    with gateway(tmp_path, out("http://127.0.0.1:9"), environment=given) as it:
        environment = it.environment
    token = environment["ANTHROPIC_API_KEY"]
    assert token == it.plan.token != KEY
    assert not any(KEY in value for value in environment.values())
    assert environment["HOME"] == "/h"
    assert KEY not in repr(it.plan)
    assert token not in repr(it.plan)


def test_a_gateway_that_ends_ends_what_is_under_way(tmp_path: Path) -> None:
    asked = threading.Event()
    never = threading.Event()

    def silent(_: Got) -> Iterator[bytes]:
        asked.set()
        never.wait(60)
        yield b""

    with service(silent) as upstream:
        with gateway(tmp_path, out(url(upstream))) as running:
            failed: list[Exception] = []

            def ask(it: Running) -> None:
                try:
                    it.ask()
                except OSError as error:
                    failed.append(error)

            thread = threading.Thread(target=ask, args=(running,))
            thread.start()
            assert asked.wait(60)
        thread.join()
        never.set()
    assert failed
