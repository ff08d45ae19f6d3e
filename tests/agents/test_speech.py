"""What an agent says is told soon, in the pieces that it comes in, and no secret in pieces."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.agents import speech
from accord.agents.account import SAID_CHARS, Account
from accord.agents.redaction import clean_report, redactor
from accord.agents.runs import AgentRuns
from accord.agents.speech import Speech
from accord.core.orders import (
    AgentChoice,
    AgentEvent,
    AgentKind,
    AgentOrder,
    AgentStatus,
    EventKind,
)
from accord.core.recording import joined

Ordering = Callable[[str], AgentOrder]
KNOWN = "correct horse battery 4711"
KEY = "sk-ant-" + "api03-qX7vT2mK9pLw4RzNb8Yc3HsD6fGj1AeUoVi5tBnMkQ"
PRIVATE = (
    "-----BEGIN OPENSSH PRIVATE"
    " KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEb\n"
    "QyNTUxOQAAACBkM1q9vX7hT2mK9pLw4RzNb8\n-----END OPENSSH PRIVATE KEY-----"
)
GIVEN = "kJ8#vQ2!xT5@mZ9&rW4"
PIECES = (
    ("known", f"I found {KNOWN} in a file.\n", KNOWN),
    ("in base64", "It says Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IDQ3MTE= there.", "Y29ycmVjdCBob3JzZSBi"),
    ("a token", f"Then I use {KEY} for it.", KEY[13:]),
    ("given to a name", f'I set db_password = "{GIVEN}" there.', GIVEN),
    ("a bearer", "With Bearer qX7vT2mK9pLw4RzNb8Yc3HsD it works.", "qX7vT2mK9pLw4RzNb8Yc3HsD"),
    ("a key", f"The key is:\n{PRIVATE}\nand that is it.", "QyNTUxOQAAACBkM1q9vX7hT2mK9pLw4RzNb8"),
)

SPLIT, NAMES = [one[1:] for one in PIECES], [one[0] for one in PIECES]


async def told(
    chunks: Sequence[str], asides: Sequence[AgentEvent] = (), *, finish: bool = True
) -> list[AgentEvent]:
    """Return the events of an agent that pauses after each of `chunks`."""
    events: list[AgentEvent] = []
    heard = Speech(redactor((KNOWN,)), (KNOWN,), events.append)
    for chunk in chunks:
        heard(AgentEvent(EventKind.TEXT, chunk))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the pause is over
        for one in asides:
            heard.aside(one)
    if finish:
        heard.finish()
    return events


def tell(
    monkeypatch: pytest.MonkeyPatch, chunks: Sequence[str], *, finish: bool = True
) -> list[AgentEvent]:
    monkeypatch.setattr(speech, "QUIET_S", 0)
    return asyncio.run(told(chunks, finish=finish))


def said(events: Sequence[AgentEvent]) -> str:
    return "".join(one.text for one in events if one.kind is EventKind.TEXT)


@pytest.mark.parametrize(("text", "secret"), SPLIT, ids=NAMES)
def test_a_secret_that_is_cut_anywhere_by_a_pause_is_not_told_in_part(
    text: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cut in range(1, len(text)):
        found = said(tell(monkeypatch, (text[:cut], text[cut:])))
        assert "[secret:" in found, cut
        for start in range(len(secret) - 6):
            assert secret[start : start + 6] not in found, (cut, found)


@given(st.lists(st.integers(1, 60), max_size=6))
def test_a_secret_in_many_pieces_is_not_told_in_part(cuts: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for _, text, secret in PIECES[:3]:
            ends = [*sorted({*cuts}), len(text)]
            chunks = [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]
            found = said(tell(patch, chunks))
            assert "[secret:" in found
            assert not any(secret[at : at + 6] in found for at in range(len(secret) - 6))


@given(st.lists(st.text(max_size=20), max_size=12))
def test_what_holds_no_secret_is_told_as_it_was_said(chunks: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        events = tell(patch, chunks)
    assert said(events) == "".join(chunks)
    assert len(joined(events)) <= 1


def test_words_are_told_when_their_line_ends_and_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = tell(monkeypatch, ("One.\nI look at the c", "art now\n", "then"), finish=False)
    assert [one.text for one in events] == ["One.\n", "I look at the ", "cart now\n", "then"]
    assert all(one.goes_on for one in events)
    assert [one.text for one in joined(events)] == ["One.\nI look at the cart now\nthen"]


def test_what_others_tell_does_not_cut_a_secret_either() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speech, "QUIET_S", 0)
        asides = [AgentEvent(EventKind.ERROR, "asked again"), AgentEvent(EventKind.USAGE, "10")]
        events = asyncio.run(told((f"See {KEY[:20]}", f"{KEY[20:]} there."), asides))
    assert KEY[10:20] not in said(events)
    assert "[secret:anthropic:" in said(events)


def test_a_flood_of_one_word_is_told_in_the_end_and_a_secret_in_it_is_not() -> None:
    with pytest.MonkeyPatch.context() as patch:
        chunks = ["x" * 3_999 + "/"] * 24 + [f"{KEY}/"] + ["y" * 4_000] * 24
        events = tell(patch, chunks)
    assert len(events) > 1
    assert KEY[13:23] not in said(events)
    assert said(events).count("x") == 24 * 3_999


def test_the_last_words_are_cut_when_no_secret_is_in_them_any_more(tmp_path: Path) -> None:
    order = AgentOrder("r", AgentChoice("a", AgentKind.ACP), str(tmp_path), "", ())
    account = Account(order, lambda _: None)
    account.hear("x " * (SAID_CHARS // 2 - 15))
    account.hear(f"{KEY} and more")
    report = clean_report(redactor(()), account.report(AgentStatus.ENDED, ""))
    assert len(report.said) == SAID_CHARS
    assert "x [secret:anthropic:" in report.said


def test_an_agent_that_speaks_and_then_hangs_is_heard(
    tmp_path: Path, scripted: Ordering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", KNOWN)
    step = '[[step]]\ndo = "say"\ntext = '
    order = scripted(
        f'{step}"I look at the cart"\n[[step]]\ndo = "wait"\nseconds = 0.3\n'
        f'{step}" with correct hor"\n[[step]]\ndo = "wait"\nseconds = 0.3\n'
        f'{step}"se battery 4711 and then"\n[[step]]\ndo = "hang"\n'
    )
    order = evolve(order, agent=evolve(order.agent, passes=("MY_TOKEN",)))
    runs = AgentRuns(tmp_path / "runs")
    runs.start(order)
    for _ in range(6_000):
        if said(runs.transcript(order.run_id)).endswith("and then"):
            break
        time.sleep(0.02)
    else:
        raise AssertionError(runs.transcript(order.run_id))
    assert runs.is_running(order.run_id)
    runs.stop(order.run_id)
    report = runs.report(order.run_id)
    assert report is not None
    assert report.status is AgentStatus.STOPPED
    found = joined(runs.transcript(order.run_id))
    assert "I look at the cart with [secret:known:" in found[0].text
    written = (one for one in tmp_path.rglob("*") if one.is_file() and one.name != "script.toml")
    assert all(b"correct hor" not in one.read_bytes() for one in written)
