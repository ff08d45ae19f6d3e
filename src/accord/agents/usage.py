"""What an answer of a model's service says about the tokens that it took, read as it passes by.

Shapes: the Messages API (`usage` of `message_start` and `message_delta`), the Responses and the
Chat Completions API (`usage`), and the Gemini API (`usageMetadata`), streamed as server-sent
events or whole.
"""

import json
import zlib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen

from accord.core.orders import Price

_LINE = 16 * 2**20
_MOST = 10**9
_PIECE = 2**16
_TELLING = (b'"usage', b'"error"', b"message_stop", b'"response.', b"[DONE]", b"finishReason")
_ENDS = frozenset({"message_stop", "response.completed", "response.incomplete"})


@frozen
class Usage:
    """Tokens of one answer: fresh input, input read from and written to a cache, output."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0

    @property
    def tokens(self) -> int:
        """Return all of them together."""
        return self.input + self.cache_read + self.cache_write + self.output

    def plus(self, other: "Usage") -> "Usage":
        """Return the sum of both, number by number."""
        return Usage(
            self.input + other.input,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.output + other.output,
        )

    def most(self, other: "Usage") -> "Usage":
        """Return the larger of each number: a stream repeats them, and they only grow."""
        return Usage(
            max(self.input, other.input),
            max(self.cache_read, other.cache_read),
            max(self.cache_write, other.cache_write),
            max(self.output, other.output),
        )


def price_of(prices: Sequence[Price], model: str) -> Price | None:
    """Return the first price whose glob fits `model`, None when its price is not known."""
    return next((price for price in prices if fnmatchcase(model, price.models)), None)


def micros(usage: Usage, price: Price | None) -> int:
    """Return what `usage` costs in millionths of a dollar, rounded up; 0 without a price.

    Where a price says nothing of a cache, reading from it is counted like fresh input and writing
    to it twice, which is the most that any of the services asks for it.
    """
    if price is None:
        return 0
    read = price.input if price.cache_read is None else price.cache_read
    written = 2 * price.input if price.cache_write is None else price.cache_write
    total = usage.input * price.input + usage.output * price.output
    total += usage.cache_read * read + usage.cache_write * written
    return -(-total // 1_000_000)


class Meter:
    """Takes the bytes of one answer as they come, and knows at its end what was seen in them.

    `usage` is None while no number was seen. `failed` holds what the service called an error in
    the middle of a stream; `complete` tells whether a stream said that it was at its end.
    """

    def __init__(self, content_type: str, coding: str) -> None:
        """Take the answer's media type and its coding (empty, `gzip` or `deflate`)."""
        self._stream = content_type.split(";")[0].strip().lower() == "text/event-stream"
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if coding else None
        self._held = bytearray()
        self._searched = 0
        self._skipping = False
        self.bytes = 0
        self.usage: Usage | None = None
        self.failed = ""
        self.complete = not self._stream

    def feed(self, data: bytes) -> None:
        """Take the next bytes, as they came."""
        if self._unpack is None:
            self._take(data)
            return
        try:
            while data:
                self._take(self._unpack.decompress(data, _PIECE))
                data = self._unpack.unconsumed_tail
        except zlib.error:
            self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def finish(self) -> None:
        """Take the end of the answer."""
        if self._held and not self._skipping:
            self._read(bytes(self._held).removeprefix(b"data:") if self._stream else self._held)
        self._held.clear()

    def _take(self, data: bytes) -> None:
        self.bytes += len(data)
        self._held += data
        if not self._stream:
            self._cap()
            return
        while (end := self._held.find(b"\n", self._searched)) >= 0:
            line = bytes(self._held[:end])
            del self._held[: end + 1]
            self._searched = 0
            if line.startswith(b"data:") and not self._skipping:
                self._read(line[5:])
            self._skipping = False
        self._searched = len(self._held)
        self._cap()

    def _cap(self) -> None:
        if len(self._held) > _LINE:
            self._skipping = True
        if self._skipping:
            self._held.clear()
            self._searched = 0

    def _read(self, text: bytes | bytearray) -> None:
        # Most lines of a stream are a few letters of text; only those that may tell are parsed.
        if not any(word in text for word in _TELLING):
            return
        if text.strip() == b"[DONE]":
            self.complete = True
            return
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                self._understand(one)

    def _understand(self, value: dict[str, Any]) -> None:
        kind = value.get("type")
        candidates = value.get("candidates")
        last = candidates[0] if isinstance(candidates, list) and candidates else None
        finished = isinstance(last, dict) and bool(last.get("finishReason"))
        self.complete = self.complete or kind in _ENDS or finished
        held = value.get("message") or value.get("response")
        inner = held if isinstance(held, dict) else {}
        error = value.get("error") or inner.get("error")
        if self._stream and (kind in ("error", "response.failed") or isinstance(error, dict)):
            told = error if isinstance(error, dict) else {}
            self.failed = str(told.get("type") or told.get("code") or "an error")[:80]
        for holder in (value, inner):
            found = _usage(holder)
            if found is not None:
                self.usage = found.most(self.usage or Usage())


def _usage(holder: dict[str, Any]) -> Usage | None:
    told = holder.get("usage")
    if isinstance(told, dict):
        if "cache_read_input_tokens" in told or "cache_creation_input_tokens" in told:
            return Usage(
                _number(told, "input_tokens"),
                _number(told, "cache_read_input_tokens"),
                _number(told, "cache_creation_input_tokens"),
                _number(told, "output_tokens"),
            )
        details = told.get("input_tokens_details") or told.get("prompt_tokens_details")
        cached = _number(details, "cached_tokens")
        whole = _number(told, "input_tokens", "prompt_tokens")
        written = _number(told, "output_tokens", "completion_tokens")
        return Usage(max(whole - cached, 0), cached, 0, written)
    told = holder.get("usageMetadata")
    if isinstance(told, dict):
        cached = _number(told, "cachedContentTokenCount")
        whole = _number(told, "promptTokenCount") + _number(told, "toolUsePromptTokenCount")
        written = _number(told, "candidatesTokenCount") + _number(told, "thoughtsTokenCount")
        return Usage(max(whole - cached, 0), cached, 0, written)
    return None


def _number(told: object, *names: str) -> int:
    if not isinstance(told, dict):
        return 0
    found = next((told[name] for name in names if isinstance(told.get(name), int)), 0)
    return min(max(int(found), 0), _MOST)
