"""What looks like a secret in a text that is about to be kept: known prefixes, and pure noise.

The prefixes are the public ones under which each service issues its tokens.
"""

import math
import re
from collections.abc import Iterator

_KNOWN = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})")),
    ("a GitLab token", re.compile(r"\bglpat-[\w-]{18,}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[\w-]{10,}")),
    ("an API key", re.compile(r"\bsk-[\w-]{20,}|\b[rs]k_(?:live|test)_\w{16,}")),
    ("a Google API key", re.compile(r"\bAIza[\w-]{35}\b")),
    ("a signed token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,99}:[^\s/:@]{3,99}@")),
    (
        "a password",
        re.compile(r"(?i)\b(?:password|passwd|secret|api[_-]?key)\s*[=:]\s*['\"]?[^\s'\"]*\d[^\s'\"]{5,}"),
    ),
)  # fmt: skip
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{24,200}")
_HEX = re.compile(r"[0-9a-f-]+|[0-9A-F-]+")


def find(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line from 1, what it looks like) for each suspicion in `text`."""
    for number, line in enumerate(text.split("\n"), 1):
        known = next((what for what, pattern in _KNOWN if pattern.search(line)), "")
        if known:
            yield number, known
        elif any(_is_noise(run[0]) for run in _RUN.finditer(line)):
            yield number, "a key or a token"


def _is_noise(run: str) -> bool:
    """Tell whether a run of characters is too even to be words, a path or a digest in hex."""
    if _HEX.fullmatch(run) or not re.search(r"\d", run) or not re.search(r"[a-z]", run):
        return False
    if not re.search(r"[A-Z]", run) or run.count("/") > 2 or run.count("-") > 3:
        return False
    counts = [run.count(one) for one in set(run)]
    return -sum(one / len(run) * math.log2(one / len(run)) for one in counts) > 4.2
