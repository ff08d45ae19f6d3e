"""The stream of what happened, over a real connection."""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from pathlib import Path

from accord.app.desk import write
from accord.core.ports import Operation
from accord.engine.journal import SqliteJournal
from accord.web import live
from project import Project
from visiting import Visitor


@contextmanager
def listening(
    visitor: Visitor, since: str = "", *, run: str = "", every: bool = False, at: str = ""
) -> Iterator[Iterator[dict[str, str]]]:
    """Yield the events of the stream as they come."""
    connection = http.client.HTTPConnection("127.0.0.1", visitor.server.port, timeout=20)
    sent = {"Host": visitor.host, "Cookie": visitor.cookie}
    if since:
        sent["Last-Event-ID"] = since
    try:
        connection.request("GET", at or f"/events?run={run}", headers=sent)
        answer = connection.getresponse()
        assert answer.getheader("content-type", "").startswith("text/event-stream")
        yield _events(answer, every=every or bool(run))
    finally:
        connection.close()


def _events(answer: http.client.HTTPResponse, *, every: bool = False) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    while line := answer.readline().decode().rstrip("\n"):
        if line.startswith(":"):  # a beat, on a busy machine
            answer.readline()
            continue
        name, _, value = line.partition(": ")
        fields[name] = value
        if name == "data":
            answer.readline()
            if every or fields.get("event") != "moved" or "number" in fields["data"]:
                yield fields
            fields = {}


def test_what_happens_is_told_with_its_number(project: Project, visitor: Visitor) -> None:
    project.new("trivial", "first")
    with listening(visitor) as events:
        ready = next(events)
        assert ready["event"] == "ready"
        project.new("trivial", "second")
        told = next(events)
    said = json.loads(told["data"])
    assert (said["verb"], said["change"]) == ("new", "second")
    assert int(told["id"]) > int(ready["id"])


def test_a_stream_that_was_cut_off_goes_on_where_it_ended(
    project: Project, visitor: Visitor
) -> None:
    project.new("trivial", "first")
    with listening(visitor) as events:
        place = next(events)["id"]
    for name in ("second", "third"):
        project.new("trivial", name)
    with listening(visitor, since=place) as events:
        assert next(events)["event"] == "ready"
        told = [json.loads(next(events)["data"])["change"] for _ in range(2)]
    assert told == ["second", "third"]


def test_an_operation_that_ends_after_a_later_one_is_told(
    project: Project, visitor: Visitor
) -> None:
    project.new("trivial", "first")
    journal = SqliteJournal(project.state / "journal.sqlite")
    try:
        with listening(visitor) as events:
            next(events)
            slow = journal.begin(Operation("robin", "slow", "first", "", {}))
            fast = journal.begin(Operation("robin", "fast", "first", "", {}))
            journal.finish(fast)
            one = next(events)
            journal.finish(slow)
            other = next(events)
    finally:
        journal.close()
    assert [json.loads(each["data"])["verb"] for each in (one, other)] == ["fast", "slow"]
    assert int(one["id"]) == fast
    assert "id" not in other  # the place to resume from never goes back


def test_no_text_can_forge_an_event(project: Project, visitor: Visitor) -> None:
    project.new("trivial", "first")
    journal = SqliteJournal(project.state / "journal.sqlite")
    try:
        with listening(visitor) as events:
            next(events)
            evil = "x\n\nid: 999999\nevent: evil\ndata: {}\r\rdata: 1\u2028"
            journal.finish(journal.begin(Operation("robin", evil, evil, "", {})))
            told = next(events)
    finally:
        journal.close()
    assert told["event"] == "moved"
    assert told["id"] != "999999"


def test_a_place_that_is_no_number_is_no_place(project: Project, visitor: Visitor) -> None:
    project.new("trivial", "first")
    for since in ("-1", "1; DROP", "9" * 40, "\u0661"):
        with listening(visitor, since=since.encode("ascii", "ignore").decode()) as events:
            assert next(events)["event"] == "ready"


def test_who_watches_a_run_is_told_that_it_said_something(
    project: Project, visitor: Visitor
) -> None:
    project.new("trivial", "first")
    run = "build/first/T1/0123456789ab/1/1"
    with visitor.server.room.workshop() as workshop:
        transcript = Path(workshop.agents.trail(run)[0])
    transcript.parent.mkdir(parents=True)
    with listening(visitor, run=run) as events:
        assert [next(events)["event"] for _ in range(2)] == ["ready", "moved"]
        transcript.write_text('{"kind": "text", "text": "here"}\n')
        assert next(events)["event"] == "moved"
        transcript.with_name("exit.json").write_text("{}")
        assert next(events)["event"] == "moved"


def test_a_desk_that_is_laid_out_after_its_operation_ended_is_told(
    project: Project, visitor: Visitor
) -> None:
    project.new()
    with visitor.server.room.workshop() as workshop:
        place = workshop.state / "desks"
    note, told = place / "guest.commit", threading.Event()

    def lay_out() -> None:
        while not told.wait(0.1):  # what was written before the stream began to look is not told
            write(note, note.read_bytes())

    with listening(visitor, every=True) as events, ThreadPoolExecutor(1) as pool:
        assert next(events)["event"] == "ready"
        pool.submit(lay_out)
        try:
            assert next(events) == {"event": "moved", "data": "{}"}
        finally:
            told.set()


def stream_of(visitor: Visitor, path: str) -> str:
    """Return the address of the stream that a page asks for."""
    found = re.search(r'hx-sse:connect="([^"]+)"', visitor.get(path).text)
    assert found
    return unescape(found[1])


def test_what_moved_between_a_page_and_its_stream_is_told_at_once(
    project: Project, visitor: Visitor
) -> None:
    project.new()
    visitor.get("/board")
    at = stream_of(visitor, "/board")
    with visitor.server.room.workshop() as workshop:
        place = workshop.state / "desks" / "guest.commit"
    write(place, place.read_bytes())  # no operation: a desk is laid out, a run began or ended
    with listening(visitor, every=True, at=at) as events:
        assert [next(events)["event"] for _ in range(2)] == ["ready", "moved"]


def test_an_earlier_operation_that_ended_between_a_page_and_its_stream_is_told(
    project: Project, visitor: Visitor
) -> None:
    project.new("trivial", "first")
    journal = SqliteJournal(project.state / "journal.sqlite")
    try:
        slow = journal.begin(Operation("robin", "slow", "first", "", {}))
        journal.finish(journal.begin(Operation("robin", "fast", "first", "", {})))
        at = stream_of(visitor, "/board")  # it knows of the later one
        journal.finish(slow)
    finally:
        journal.close()
    with listening(visitor, every=True, at=at) as events:
        assert [next(events)["event"] for _ in range(2)] == ["ready", "moved"]


def test_looking_at_a_page_is_no_news_to_it(project: Project, visitor: Visitor) -> None:
    project.new()
    visitor.get("/board")  # what it reads for the first time is kept
    at = stream_of(visitor, "/board")
    with visitor.server.room.workshop() as workshop:
        assert at.endswith(f"mark={live.mark(workshop)}")


def test_what_an_agent_says_is_told_while_others_are_busy(
    project: Project, visitor: Visitor
) -> None:
    project.new("trivial", "first")
    run = "build/first/T1/0123456789ab/1/1"
    with visitor.server.room.workshop() as workshop:
        transcript = Path(workshop.agents.trail(run)[0])
    transcript.parent.mkdir(parents=True)
    with listening(visitor, run=run) as events:
        assert [next(events)["event"] for _ in range(2)] == ["ready", "moved"]
        with visitor.server.room.workshop():  # it is lent to one at a time
            transcript.write_text('{"kind": "text", "text": "here"}\n')
            assert next(events)["event"] == "moved"


def test_nobody_watches_a_file_that_is_no_run(project: Project, visitor: Visitor) -> None:
    with visitor.server.room.workshop() as workshop:
        place = Path(workshop.agents.trail("../../../etc/passwd")[0])
    assert place.resolve().is_relative_to(project.state.resolve() / "runs")


def test_a_stream_that_has_nothing_to_tell_looks_less_often_until_something_happens() -> None:
    for told_of, awake in ((False, live.LOOK_SECONDS), (True, live.WATCH_SECONDS)):
        assert live._pause(0.0, told_of=told_of) == awake
        assert live._pause(live.STILL_SECONDS, told_of=told_of) == live.DOZE_SECONDS
