"""A service that is too busy is asked again by the gateway, and the agent is told the end of it."""

import http.client
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from accord.core.orders import EventKind
from outlets import ASK, Got, Running, gateway, message, out, plain, service, url

BUSY = b'{"error": {"message": "busy"}}'


def failing(*statuses: str, body: bytes = BUSY) -> Callable[[Got], Iterable[bytes]]:
    """Return a service that answers each of `statuses` once, then as it should."""
    left = list(statuses)
    return lambda _: [plain(body, status=left.pop(0)) if left else message()]


def failures(running: Running) -> list[str]:
    return [event.text for event in running.told if event.kind is EventKind.ERROR]


def test_a_busy_service_is_asked_again_and_the_agent_sees_the_answer_alone(tmp_path: Path) -> None:
    with (
        service(failing("529 Overloaded", "500 Oops")) as upstream,
        gateway(tmp_path, out(url(upstream), retry_s=5.0)) as running,
    ):
        status, body = running.ask()
        assert (status, json.loads(body)["type"]) == (200, "message")
        assert len(upstream.got) == 3
        assert failures(running) == [
            "the model's service answered 529; it is asked again in 1 s",
            "the model's service answered 500; it is asked again in 2 s",
        ]
        assert running.gateway.seen.trouble(0.0, 1e9) == ""
        assert running.gateway.seen.requests == 1


def test_a_service_that_stays_busy_is_given_up_on_and_the_agent_is_told_not_to_go_on(
    tmp_path: Path,
) -> None:
    with (
        service(failing(*["429 Too Many"] * 9)) as upstream,
        gateway(tmp_path, out(url(upstream), retry_s=1.0)) as running,
    ):
        line = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        head = {"x-api-key": running.plan.token, "content-type": "application/json"}
        line.request("POST", "/v1/messages", json.dumps(ASK), head)
        answer = line.getresponse()
        assert (answer.status, answer.read()) == (429, BUSY)
        assert answer.headers["x-should-retry"] == "false"
        line.close()
        running.settled()
        assert running.gateway.seen.trouble(0.0, 1e9) == (
            "the model's service answered 429 (2 times)"
        )
        assert len(upstream.got) == 2
        assert not running.gateway.over.is_set()
        running.ask()
        running.ask()
        assert running.gateway.over.is_set()


@pytest.mark.parametrize(
    "answer",
    [
        plain(b'{"error": {"code": "insufficient_quota"}}', status="429 Too Many"),
        plain(BUSY, "retry-after: 3600", status="429 Too Many"),
        plain(BUSY, status="401 Unauthorized"),
        plain(BUSY, status="400 Bad"),
    ],
)
def test_what_waiting_does_not_mend_is_told_at_once(tmp_path: Path, answer: bytes) -> None:
    with (
        service(lambda _: [answer]) as upstream,
        gateway(tmp_path, out(url(upstream), retry_s=30.0)) as running,
    ):
        assert running.ask()[0] in (400, 401, 429)
        assert len(upstream.got) == 1
        assert failures(running) == []


def test_the_service_says_how_long_to_wait(tmp_path: Path) -> None:
    answers = [plain(BUSY, "retry-after: 2", status="429 Too Many"), message()]
    with (
        service(lambda _: [answers.pop(0)]) as upstream,
        gateway(tmp_path, out(url(upstream), retry_s=5.0)) as running,
    ):
        assert running.ask()[0] == 200
        assert failures(running) == ["the model's service answered 429; it is asked again in 2 s"]
