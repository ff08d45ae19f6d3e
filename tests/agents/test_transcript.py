from pathlib import Path

from accord.agents.transcript import Transcript, one_line, plain, read
from accord.core.orders import AgentEvent, EventKind

EVENTS = [
    AgentEvent(EventKind.TEXT, "one\ntwo \u2028 three"),
    AgentEvent(EventKind.REFUSED, "write a", "a"),
    AgentEvent(EventKind.END, "ended"),
]


def write(path: Path, events: list[AgentEvent], cap: int) -> None:
    with path.open("ab", buffering=0) as file:
        transcript = Transcript(file, cap)
        for event in events:
            transcript.add(event)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write(tmp_path / "t", EVENTS, 10_000)
    assert read(tmp_path / "t") == EVENTS


def test_a_transcript_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "t") == []


def test_a_transcript_stops_growing_and_still_tells_the_end(tmp_path: Path) -> None:
    many = [AgentEvent(EventKind.TEXT, "x" * 100)] * 1_000
    write(tmp_path / "t", [*many, EVENTS[-1]], 1_000)
    events = read(tmp_path / "t")
    assert (tmp_path / "t").stat().st_size < 1_200
    assert events[-2:] == [AgentEvent(EventKind.ERROR, "the transcript is cut here"), EVENTS[-1]]


def test_a_line_that_a_crash_cut_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "t", EVENTS, 10_000)
    (tmp_path / "t").write_bytes((tmp_path / "t").read_bytes()[:-5])
    assert read(tmp_path / "t") == EVENTS[:-1]


def test_control_characters_are_taken_out_of_text() -> None:
    assert plain("a\x00\x1b[2J\r\n\tb\x9b\ud800", 100) == "a[2J\n\tb"
    assert plain("abc", 2) == "ab"
    assert one_line("a\n b\r\n\tc") == "a b c"
