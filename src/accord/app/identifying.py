"""The ledger of ids of a spec that lies in a host's format: `.accord/ids/<change>.toml`.

It is written when a person has looked (at a gate), and read whenever the spec is checked.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from accord.core import identity
from accord.core.checks import Finding, Severity
from accord.core.identity import Identified, Known, Shift
from accord.core.model import Item, Spec
from accord.core.ports import Repo


def ledger(folder: str) -> str:
    """Return the path of the ledger of the spec in `folder`, from the repository's root."""
    return f".accord/ids/{folder.rpartition('/')[2]}.toml"


def known(root: Path, folder: str) -> tuple[Known, ...]:
    """Return what the ledger of a spec holds; nothing where there is none.

    Raises ConfigurationError when it cannot be read.
    """
    path = root / ledger(folder)
    return identity.from_toml(path.read_text()) if path.is_file() else ()


def known_at(repo: Repo, commit: str, folder: str) -> tuple[Known, ...]:
    """Return what the ledger of a spec holds in a commit; nothing where there is none.

    Raises ConfigurationError when it cannot be read.
    """
    data = repo.read(commit, ledger(folder))
    return identity.from_toml(data.decode(errors="replace")) if data else ()


def written(known: tuple[Known, ...], spec: Spec) -> bytes:
    """Return the ledger of `spec` as a person saw it, who knew its items as `known` before."""
    found = identity.identify(known, spec)
    return identity.to_toml(identity.record(known, found, None)).encode()


def remember(
    root: Path, folder: str, spec: Spec, decided: Mapping[str, str] | None = None
) -> Identified:
    """Write the ledger of `spec` as it is now, and return how its items were known again.

    `decided` maps ids of the host that are in doubt to lasting ids (empty: it is a new item).
    What nobody decided stays in doubt. Raises ConfigurationError for a ledger that is none.
    """
    before = known(root, folder)
    found = identity.identify(before, spec)
    path = root / ledger(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(identity.to_toml(identity.record(before, found, decided)))
    fresh.replace(path)
    return found


def findings(before: tuple[Known, ...], spec: Spec) -> Iterator[Finding]:
    """Yield the items in doubt and the references that would mean another item than they did."""
    found = identity.identify(before, spec)
    words = {one.id: one.words for one in before} | {one.id: one.words for one in found.matches}
    for shift in identity.shifts(before, found):
        yield _at("re-pointed", Severity.BLOCKS, shift.item, _said(shift, words),
                  "name the one that is meant, then approve the plan again")  # fmt: skip
    for match in found.unsure:
        was = " or ".join(f"'{_short(words[one])}'" for one in match.candidates)
        message = f"{match.item.id} may be what said {was}, or be new"
        yield _at("unsure-id", Severity.WARNS, match.item, message,
                  "approve it anew: that settles which one it is")  # fmt: skip


def _said(shift: Shift, words: Mapping[str, str]) -> str:
    was = f"{shift.item.id} names {shift.name}, which said '{_short(words[shift.was])}'"
    if shift.now:
        return f"{was} and now says '{_short(words[shift.now])}'"
    return f"{was}; which one that is now is not certain"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _at(rule: str, severity: Severity, item: Item, message: str, hint: str) -> Finding:
    place = item.place
    return Finding(rule, severity, place.path, place.line, 1, item.id, message, hint)
