"""Whoever waits for a workflow hears what came of it, also where the engine could not keep it."""

import asyncio
from typing import Any

import pytest

from accord.engine.outcomes import Outcomes


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    return {}


async def built() -> dict[str, Any]:
    return {"detail": "built"}


async def full() -> dict[str, Any]:
    raise OSError(28, "No space left on device")


def test_what_the_engine_never_tells_is_told_by_the_workflow_itself() -> None:
    async def play() -> dict[str, Any]:
        outcomes = Outcomes()
        waiting = asyncio.ensure_future(outcomes.first("T1#1", never))
        await asyncio.sleep(0)
        await outcomes.keep("T1#1", built())
        return await asyncio.wait_for(waiting, 10)

    assert asyncio.run(play()) == {"detail": "built"}


def test_a_workflow_that_ended_before_anybody_waited_is_heard_of_too() -> None:
    async def play() -> None:
        outcomes = Outcomes()
        with pytest.raises(OSError, match="No space"):
            await outcomes.keep("T1#1", full())
        await asyncio.wait_for(outcomes.first("T1#1", never), 10)

    with pytest.raises(OSError, match="No space"):
        asyncio.run(play())


def test_what_the_engine_kept_from_an_earlier_process_counts() -> None:
    assert asyncio.run(Outcomes().first("T1#1", built)) == {"detail": "built"}
