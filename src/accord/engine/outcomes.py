"""What came of the workflows of this process, also where the engine could not write it down.

Where its file takes nothing more (a full disk), the engine leaves a workflow as if it were under
way, and whoever asks for its result would wait for ever. So each leaves it here as well.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

from attrs import define, field

Payload = dict[str, Any]


@define
class Outcomes:
    """The workflows that were waited for or have ended, by their ids."""

    known: dict[str, Future[Payload]] = field(factory=dict)

    async def keep(self, name: str, work: Awaitable[Payload]) -> Payload:
        """Return what comes of `work`, and tell whoever waits for the workflow called `name`."""
        try:
            found = await work
        except Exception as error:
            with suppress(InvalidStateError):  # whoever waited went away
                self._of(name).set_exception(error)
            raise
        with suppress(InvalidStateError):
            self._of(name).set_result(found)
        return found

    async def first(self, name: str, ask: Callable[[], Awaitable[Payload]]) -> Payload:
        """Return what came of the workflow called `name`, by the engine (`ask`) or from here."""
        both = {asyncio.ensure_future(ask()), asyncio.ensure_future(asyncio.wrap_future(
            self._of(name)))}  # fmt: skip
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            self.known.pop(name, None)
        for one in done:
            one.exception()  # both may have failed of the same
        return done.pop().result()

    def _of(self, name: str) -> Future[Payload]:
        return self.known.setdefault(name, Future())
