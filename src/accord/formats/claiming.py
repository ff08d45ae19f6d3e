"""What a host's file says of its own state, written by splice; claims, never approvals.

cc-sdd keeps booleans in `spec.json`, spec-kit a status in the head of `spec.md`. Whoever keeps
them in step with what was verified changes the bytes of that one value.
"""

import json
import re

from accord.core import markdown
from accord.core.markdown import Splice

_STATUS = re.compile(rb"\*\*Status\*\*:?[ \t]*([^\r\n|]*[^\s|])")
_SECOND = re.compile(rb"(?m)^## ")
_FLAG = (
    rb"\"approvals\"\s*:\s*\{(?:[^{}]|\{[^{}]*\})*?\"%s\"\s*:\s*\{[^{}]*?\"%s\"\s*:\s*(true|false)"
)
_NAME = re.compile(r"[a-z_]+\Z")


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
