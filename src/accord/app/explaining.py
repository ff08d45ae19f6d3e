"""Who made the causes of a finding, in which commit, and the two lines: the old one and the new."""

import difflib
from collections.abc import Iterable

from attrs import evolve, frozen

from accord.core import fingerprint
from accord.core.drift import Cause, Verdict
from accord.core.fingerprint import Mark, Symbol
from accord.core.ports import Repo, Symbols

BACK = 200  # commits that are asked who changed a symbol


def explain(
    repo: Repo, symbols: Symbols, head: str, verdicts: Iterable[Verdict]
) -> tuple[Verdict, ...]:
    """Return findings with who made each of their causes, in which commit, and the two lines."""
    known: dict[Cause, Cause] = {}
    told = []
    for verdict in verdicts:
        for one in verdict.causes:
            if one not in known:
                known[one] = _explained(repo, symbols, head, one)
        told.append(evolve(verdict, causes=tuple(known[one] for one in verdict.causes)))
    return tuple(told)


def _explained(repo: Repo, symbols: Symbols, head: str, cause: Cause) -> Cause:
    """Look for the commit after which the symbol was no longer what its mark says."""
    link = cause.link
    if link is None or link.name == fingerprint.MODULE:
        return cause
    found = last_seen(repo, symbols, head, link)
    if found is None:
        return cause
    if fingerprint.is_hunk(link):
        now = _version(repo, symbols, head, cause.seen) if cause.seen else None
    else:
        now = _version(repo, symbols, found.ended, link)
    one, other = _first_difference(_lines(found.was), _lines(now) if now else [])
    return evolve(cause, commit=found.ended, author=found.author, was=one, now=other)


@frozen
class LastSeen:
    """Where a symbol last was what a mark says: the commit, and the one after it that ended that.

    `was` is the symbol, and the lines of its file.
    """

    commit: str
    ended: str
    author: str
    was: tuple[Symbol, list[str]]


def last_seen(repo: Repo, symbols: Symbols, head: str, link: Mark) -> LastSeen | None:
    """Return where the symbol of `link` last was what it says, in the history of `head`."""
    for commit, author in repo.touching(head, link.path, BACK):
        parent = repo.resolve(f"{commit}^1")
        was = _version(repo, symbols, parent, link) if parent else None
        if was is None or was[0].print != link.print:
            continue
        now = _version(repo, symbols, commit, link)
        if now is None or now[0].print != link.print:  # else it changed something beside it
            return LastSeen(parent, commit, author, was)
    return None


def _version(
    repo: Repo, symbols: Symbols, commit: str, link: Mark
) -> tuple[Symbol, list[str]] | None:
    data = repo.read(commit, link.path)
    if data is None:
        return None
    lines = data.decode(errors="replace").splitlines()
    if fingerprint.is_hunk(link):
        one = fingerprint.find_hunk(link, lines)
    else:
        found = symbols(link.path, data) or ()
        one = next((each for each in found if each.name == link.name), None)
    return (one, lines) if one else None


def _lines(version: tuple[Symbol, list[str]]) -> list[str]:
    symbol, lines = version
    return [one.strip() for one in lines[symbol.first - 1 : symbol.last] if one.strip()]


def _first_difference(old: list[str], new: list[str]) -> tuple[str, str]:
    for tag, at, end, there, close in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            return " ".join(old[at:end][:1]), " ".join(new[there:close][:1])
    return "", ""
