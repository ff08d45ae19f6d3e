"""What a host's file says of its own state, written by splice; claims, never approvals.

cc-sdd keeps booleans in `spec.json`, spec-kit a status in the head of `spec.md`. Whoever keeps
them in step with what was verified changes the bytes of that one value.
"""

import json
import re
from collections.abc import Sequence

from attrs import evolve

from accord.core import markdown
from accord.core.markdown import Splice
from accord.core.model import Item, framed

_STATUS = re.compile(rb"\*\*Status\*\*:?[ \t]*([^\r\n|]*[^\s|])")
_SECOND = re.compile(rb"(?m)^## ")
_FLAG = (
    rb"\"approvals\"\s*:\s*\{(?:[^{}]|\{[^{}]*\})*?\"%s\"\s*:\s*\{[^{}]*?\"%s\"\s*:\s*(true|false)"
)
_NAME = re.compile(r"[a-z_]+\Z")
# What may stand in a claim without being text that somebody should have read.
_TRUTHS = re.compile(
    rb"(\"(?:generated|approved|ready_for_implementation)\"\s*:\s*)(?:true|false)(?![\w.])"
)
_WORDS = re.compile(rb"(\"(?:phase|updated_at)\"\s*:\s*)\"[\w:.+-]{0,40}\"")
_STATES = re.compile(
    rb"(?i)(?:draft|approved|in progress|in review|review|ready|accepted|implemented|complete|"
    rb"completed|done)\Z"
)


def calm_flags(data: bytes) -> bytes:
    """Return a `spec.json` with its claims made equal, so that to change one changes no digest."""
    return _WORDS.sub(rb'\1""', _TRUTHS.sub(rb"\1false", data))


def frame(path: str, data: bytes, title: str, items: Sequence[Item], *, claims: bool) -> Item:
    """Return the item for the bytes outside `items`; with `claims` a status changes no digest.

    Only a status that is one of the customary words is a claim; any other is text like the rest.
    """
    calm, moved = _calm_status(data, items) if claims else (data, items)
    found = framed(path, calm, title, moved).items[0]
    return evolve(found, place=evolve(found.place, end=len(data)))


def _calm_status(data: bytes, items: Sequence[Item]) -> tuple[bytes, Sequence[Item]]:
    second = _SECOND.search(data)
    found = _STATUS.search(data, 0, second.start() if second else len(data))
    if found is None or not _STATES.match(found[1]):
        return data, items
    start, end = found.span(1)
    return data[:start] + data[end:], [_moved(item, start, end - start) for item in items]


def _moved(item: Item, at: int, taken: int) -> Item:
    if item.place.start < at:
        return item
    place = evolve(item.place, start=item.place.start - taken, end=item.place.end - taken)
    return evolve(item, place=place)


def with_status(data: bytes, words: str) -> bytes:
    """Return a `spec.md` whose status says `words`; as it was when it has no status in its head."""
    second = _SECOND.search(data)
    found = _STATUS.search(data, 0, second.start() if second else len(data))
    if found is None:
        return data
    return markdown.splice(data, [Splice(*found.span(1), " ".join(words.split()).encode())])


def with_flag(data: bytes, stage: str, flag: str, *, value: bool) -> bytes:
    """Return a `spec.json` whose `approvals.STAGE.FLAG` is `value`; as it was without that flag.

    `stage` and `flag` are lower-case words (`design`, `approved`). Anything but a JSON object with
    that flag in that place stays as it is.
    """
    if not _NAME.match(stage) or not _NAME.match(flag):
        return data
    found = re.search(_FLAG % (stage.encode(), flag.encode()), data)
    if found is None:
        return data
    new = markdown.splice(data, [Splice(*found.span(1), json.dumps(value).encode())])
    try:  # text in a string could look like a flag: what was meant must have come of it
        read = json.loads(new)["approvals"][stage][flag]
    except (ValueError, KeyError, TypeError, RecursionError):
        return data
    return new if read is value else data
