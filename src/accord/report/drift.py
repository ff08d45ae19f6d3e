"""Drift as SARIF for code hosts and as markdown for the summary of a pull request.

SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from accord.app.drifting import Drift
from accord.core.drift import Cause, Standing
from accord.core.findings import Finding, gathered
from accord.core.hidden import visible

FEW = 5  # causes of a finding beside the first
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SAYS = {
    Standing.BROKEN: "A test that is linked to the criterion fails.",
    Standing.STALE: "What the criterion is bound to does something else, and nothing proved it.",
    Standing.ORPHANED: "The criterion, or what it is bound to, is gone.",
}


def sarif(found: Drift, version: str, most: int) -> dict[str, Any]:
    """Return the first `most` findings as a SARIF log, a result each; `version` is that of Accord.

    The first of its causes says where, the next ones are related places. How many more findings
    there are is a notification. The fingerprint of a result does not hold its line:
    it stays the same when lines move.
    """
    rules = [
        {"id": f"drift/{kind}", "shortDescription": {"text": words}}
        for kind, words in _SAYS.items()
    ]
    driver = {"name": "Accord", "version": version, "rules": rules}
    shown = gathered(found.findings)[:most]
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one) for one in shown],
    }
    notes = [{"level": "note", "message": {"text": text}} for text in _rest(found, most)]
    run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notes}]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def markdown(found: Drift, most: int) -> str:
    """Return a summary: how the criteria stand, the first `most` findings, and how many more."""
    counts = ", ".join(
        f"{found.standing[one]} {one}" for one in Standing if found.standing.get(one)
    )
    lines = ["### Criteria", "", counts or "Nothing is traced yet."]
    if found.findings:
        lines += ["", "| criterion | standing | what | where | commit |", "|---|---|---|---|---|"]
    for one in gathered(found.findings)[:most]:
        cause, _ = one.causes[0]
        more = f" (and {len(one.causes) - 1} more)" if len(one.causes) > 1 else ""
        by = f"{cause.commit[:12]} {cause.author}".strip()
        cells = (
            f"{one.change} {one.named}", one.standing.value, f"{cause.message}{more}",
            f"{cause.path}:{cause.line}", by,
        )  # fmt: skip
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    for text in _rest(found, most):
        lines += ["", text]
    return "\n".join([*lines, ""])


def _rest(found: Drift, most: int) -> Iterator[str]:
    """Yield what the noise budget keeps from being told one by one."""
    left = gathered(found.findings)[most:]
    if left:
        counts = Counter(one.standing for one in left)
        yield f"and {len(left)} more: " + ", ".join(
            f"{counts[one]} {one}" for one in Standing if counts[one]
        )
    if found.stood:
        yield f"stood before: {found.stood}"
    if found.settled:
        yield f"settled by a verdict: {found.settled}"


def _result(one: Finding) -> dict[str, Any]:
    (cause, _), *more = one.causes
    words = f"{one.change} {one.told}: {_words(cause)}"
    if cause.was or cause.now:
        words += f"\nwas: {cause.was}\nnow: {cause.now}"
    if len(more) > FEW:
        words += f"\nand {len(more) - FEW} more that moved"
    place = cause.link.place if cause.link else cause.path
    identity = f"{one.change} {one.criteria[0]} {one.standing.value} {place}"
    return {
        "ruleId": f"drift/{one.standing.value}",
        "level": "error" if one.standing is Standing.BROKEN else "warning",
        "message": {"text": "\n".join(map(visible, words.split("\n")))},
        "locations": [_place(cause)],
        "relatedLocations": [
            {"id": number, **_place(each), "message": {"text": visible(_words(each))}}
            for number, (each, _) in enumerate(more[:FEW], 1)
        ],
        "partialFingerprints": {
            "accordDrift/v1": sha256(identity.encode(errors="replace")).hexdigest()[:32]
        },
    }


def _words(cause: Cause) -> str:
    who = f" (since {cause.commit[:12]} by {cause.author})" if cause.commit else ""
    return f"{cause.message}{who}"


def _place(cause: Cause) -> dict[str, Any]:
    region = {"startLine": max(1, cause.line)}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(cause.path)}, "region": region}}


def _uri(path: str) -> str:
    return quote(path.encode(errors="surrogateescape"))


def _cell(text: str) -> str:
    # What comes from a repository must not become a link, a picture or another cell.
    said = " ".join(visible(text).split())
    return "".join(f"\\{one}" if one in "\\`*_[]<>|!#@~&" else one for one in said)
