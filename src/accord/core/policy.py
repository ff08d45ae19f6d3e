"""Tracks: how much process a change gets, proposed from measured size and risk, with the reason.

A proposal looks at three things, strongest first: paths that the team named as risky, words in
the sentence that name a risk, and size (the agent's own estimate, else the words of the sentence).
"""

import json
import re
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from accord.core.model import STAGES, Stage, Track, sha256
from accord.core.paths import matches

RISK_PATHS = (
    "**/auth/**", "**/*auth*", "**/payment*/**", "**/*payment*", "**/billing/**",
    "**/migrations/**", "**/security/**", "**/*crypto*", "**/permissions/**",
)  # fmt: skip


@frozen
class Size:
    """Files and lines that a change touches, estimated or measured."""

    files: int
    lines: int


@frozen
class Policy:
    """What the team decided: risky paths, the limits of each track, how work is verified."""

    base: str = "main"
    risk_paths: tuple[str, ...] = RISK_PATHS
    verify: str = ""
    verify_timeout_s: int = 900
    limits: Mapping[Track, Size] = field(
        factory=lambda: {Track.TRIVIAL: Size(3, 30), Track.SMALL: Size(10, 300)}
    )

    def digest(self) -> str:
        """Return the sha256 of what an approval depends on; the base's name is not part of it."""
        limits = {str(track): [size.files, size.lines] for track, size in self.limits.items()}
        parts = [list(self.risk_paths), self.verify, self.verify_timeout_s, limits]
        return sha256(json.dumps(parts, sort_keys=True).encode())


@frozen
class Proposal:
    """A track and the reason for it, in one line."""

    track: Track
    reason: str


GATES: Mapping[Track, tuple[Stage, ...]] = {
    Track.TRIVIAL: (Stage.REVIEW,),
    Track.SMALL: (Stage.STORY, Stage.REVIEW),
    Track.FULL: STAGES,
}

_RISK = re.compile(
    r"\b(auth|auth[nz]|authenticat\w+|authori[sz]\w+|log-?ins?|passwords?|passkeys?|"
    r"tokens?|secrets?|encrypt\w*|crypto\w*|permissions?|"
    r"roles?|payments?|pay|billing|invoices?|refunds?|migrat\w+|schemas?|delet\w+|personal data|"
    r"gdpr|security|sandbox\w*|admin\w*)\b",
    re.IGNORECASE,
)
_TRIVIAL = re.compile(
    r"\b(typos?|spelling|wording|comments?|docstrings?|readme|changelog|whitespace|formatting|"
    r"reformat|link|copyright|bump)\b",
    re.IGNORECASE,
)
_SMALL = re.compile(
    r"\b(fix\w*|bugs?|crash\w*|adjust|tweak|rename|correct|off-by-one|message|label|default|limit|"
    r"timeout|log)\b",
    re.IGNORECASE,
)


def propose(
    sentence: str, policy: Policy, *, estimate: Size | None = None, paths: Sequence[str] = ()
) -> Proposal:
    """Return the track for a change described by `sentence`, with the reason.

    `estimate` is the size that the agent or the person expects, `paths` the paths or patterns
    that it expects to touch.
    """
    for path in paths:
        if risk := risky(path, policy):
            return Proposal(Track.FULL, f"it touches {path}, which {risk} marks as risky")
    if word := _RISK.search(sentence):
        return Proposal(Track.FULL, f"'{word[0]}' names a risk")
    if estimate is not None:
        size = f"about {_count(estimate.files, 'file')} and {_count(estimate.lines, 'line')}"
        for track in (Track.TRIVIAL, Track.SMALL):
            if _fits(estimate, policy.limits[track]):
                return Proposal(track, f"{size}, no risky path or word")
        return Proposal(Track.FULL, f"{size} is more than a small change")
    if word := _TRIVIAL.search(sentence):
        return Proposal(Track.TRIVIAL, f"'{word[0]}' names no behaviour, no risky path or word")
    if word := _SMALL.search(sentence):
        return Proposal(Track.SMALL, f"'{word[0]}' names one behaviour, no risky path or word")
    return Proposal(Track.FULL, "nothing says that it is small")


def risk_word(text: str) -> str:
    """Return the first word of `text` that names a risk, or an empty string."""
    found = _RISK.search(text)
    return found[0] if found else ""


def risky(path: str, policy: Policy) -> str:
    """Return the pattern that marks `path` (or a pattern of paths) as risky, or an empty string.

    A pattern may name a folder, so what would lie below counts; case does not.
    """
    probe = path.replace("**", "x").replace("*", "x").casefold()
    probes = (probe, f"{probe.rstrip('/')}/x")
    found = (one for one in policy.risk_paths if any(matches(p, (one.casefold(),)) for p in probes))
    return next(found, "")


@frozen
class Outgrowth:
    """A change that became larger than its track: the words for the person who decides."""

    size: Size
    risky: tuple[str, ...]

    def __str__(self) -> str:
        touches = f", touches {', '.join(self.risky)}" if self.risky else ""
        return (
            f"this became larger than its track: {_count(self.size.files, 'file')}, "
            f"{_count(self.size.lines, 'line')}{touches}"
        )


def outgrown(track: Track, size: Size, paths: Sequence[str], policy: Policy) -> Outgrowth | None:
    """Return how a real diff of `size` over `paths` exceeds `track`, or None when it fits."""
    if track is Track.FULL:
        return None
    dangerous = tuple(path for path in paths if risky(path, policy))
    if _fits(size, policy.limits[track]) and not dangerous:
        return None
    return Outgrowth(size, dangerous)


def _fits(size: Size, limit: Size) -> bool:
    return size.files <= limit.files and size.lines <= limit.lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
