"""What a person corrected, as candidates for decisions: in the person's own words, never others.

A correction is a difference between the agent's draft and the approved text, or a comment that
sent a draft back; a comment goes with the difference that shares most words with it.
"""

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum

from attrs import evolve, frozen

from accord.core import recall
from accord.core.delta import Change, compare
from accord.core.model import Assumption, ItemKind, Question, Spec, sha256

PROMPTS = 3
MATCHES = 3
_ALIKE = 0.5
_ABOUT = 0.25

_SENTENCE = re.compile(
    r"(?<=[.!?])\s+(?=[A-Z(`'\"])|\n\s*(?:[-*+]|\d+[.)])\s+|\n[ \t]*\n|\n(?=\s*[A-Z][a-z]+:\s)"
)
_NORMATIVE = re.compile(
    r"\b(?:must|shall|never|only|always|every|each|no|not|without|at most|at least|before|after)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\d+|\b[A-Z][\w.+#-]*[\w+#]|`[^`\n]+`|\b\w+[_.]\w[\w.]*")
_IDS = re.compile(
    r"^\s*(?:[-*+]\s+)?(?:\[[ xX]\]\s+)?(?:[A-Z]\d+(?:\.\d+)*[:.]?\s+)?(?:\([^)]*\)\s+)?"
)


class Kind(IntEnum):
    """What a correction is, the most telling first."""

    SUBSTITUTION = 0
    COMMENT = 1
    NORMATIVE = 2
    EDIT = 3


@frozen
class Candidate:
    """One correction: what was taken out, what was put in, what was said, and where."""

    kind: Kind
    item: str
    removed: str
    added: str
    comment: str = ""

    @property
    def words(self) -> str:
        """Return the person's own words, which a new decision would say."""
        return self.comment or self.added or self.removed

    @property
    def query(self) -> str:
        """Return everything that is known of it, to match rules in force by."""
        return f"{self.comment} {self.comment} {self.removed} {self.added}"

    @property
    def key(self) -> str:
        """Return the digest that tells this correction from others."""
        return sha256(f"{self.item}\n{self.removed}\n{self.added}\n{self.comment}".encode())[:16]


Redraft = tuple[Spec, Spec]


def candidates(
    draft: Spec, approved: Spec, path: str, comments: Sequence[str], *,
    earlier: Sequence[Redraft] = (), redrafts: Sequence[Redraft] = (),
) -> tuple[Candidate, ...]:  # fmt: skip
    """Return the corrections in the document `path`, the most telling first.

    `draft` is what the agent wrote last. `earlier` holds what a person made of each draft before
    it, `redrafts` what the agent made of that: its words are never a correction of their own, and
    only show what a comment was about. Answers to questions are none either: they were asked for.
    A corrected assumption is one.
    """
    found: list[Candidate] = []
    for before, after in (*earlier, (draft, approved)):
        found += _edits(before, after, path)
    theirs = [one for before, after in redrafts for one in _edits(before, after, path)]
    found = _with_comments(found, theirs, [" ".join(one.split()) for one in comments])
    unique = {one.key: one for one in found}
    return tuple(sorted(unique.values(), key=lambda one: one.kind))


def _edits(draft: Spec, approved: Spec, path: str) -> list[Candidate]:
    """Return in what the document `path` differs."""
    found: list[Candidate] = []
    before, after = _only(draft, path), _only(approved, path)
    ids = tuple(dict.fromkeys(one.id for one in (*after.items, *before.items)))
    notes = {one.id: one for one in after.items if isinstance(one, Question | Assumption)}
    if before.documents:
        for change in compare(before, after, ids):
            note = notes.get(change.id)
            if isinstance(note, Assumption) and note.answer:
                found.append(Candidate(Kind.SUBSTITUTION, note.id, note.text, note.answer))
            elif note is None and change.change in (Change.CHANGED, Change.ADDED, Change.REMOVED):
                found += _differences(change.id, change.before, change.after)
    return found


def _only(spec: Spec, path: str) -> Spec:
    kept = tuple(one for one in spec.documents if one.path == path)
    return Spec(tuple(one for one in kept if one.items and one.items[0].kind is ItemKind.FRAME))


def _differences(item: str, before: str, after: str) -> list[Candidate]:
    old, new = _sentences(before), _sentences(after)
    removed = [one for one in old if _plain(one) not in {_plain(each) for each in new}]
    added = [one for one in new if _plain(one) not in {_plain(each) for each in old}]
    found = []
    for text in added:
        partner = max(removed, key=lambda one: _overlap(one, text), default="")
        partner = partner if _overlap(partner, text) > 0 else ""
        if partner:
            removed.remove(partner)
        found.append(Candidate(_kind(partner, text), item, partner, text))
    found += [Candidate(Kind.EDIT, item, one, "") for one in removed if len(one.split()) > 2]
    return found


def _kind(removed: str, added: str) -> Kind:
    if removed and set(_NAMED.findall(removed)) != set(_NAMED.findall(added)):
        return Kind.SUBSTITUTION
    return Kind.NORMATIVE if _NORMATIVE.search(added) else Kind.EDIT


def _sentences(text: str) -> list[str]:
    """Return the sentences of an item, without its marker and id."""
    found = (" ".join(_IDS.sub("", one).split()) for one in _SENTENCE.split(text))
    return [one for one in found if len(one.split()) > 1]


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".")


def _overlap(one: str, other: str) -> float:
    mine, theirs = set(recall.words(one)), set(recall.words(other))
    return len(mine & theirs) / max(1, min(len(mine), len(theirs)))


def _with_comments(
    found: list[Candidate], theirs: Sequence[Candidate], comments: Iterable[str]
) -> list[Candidate]:
    for comment in comments:
        near = _nearest(comment, [one for one in found if not one.comment])
        answer = _nearest(comment, theirs)
        if near is not None:
            at = found.index(near)
            found[at] = evolve(near, comment=comment, kind=min(near.kind, Kind.COMMENT))
        elif answer is not None:
            found.append(evolve(answer, comment=comment, kind=min(answer.kind, Kind.COMMENT)))
        else:
            found.append(Candidate(Kind.COMMENT, "", "", "", comment))
    return found


def _nearest(comment: str, among: Sequence[Candidate]) -> Candidate | None:
    """Return the difference that shares most words with a comment, None where hardly any."""
    share = {at: _overlap(comment, f"{one.removed} {one.added}") for at, one in enumerate(among)}
    best = max(share, key=lambda at: share[at], default=-1)
    return among[best] if best >= 0 and share[best] >= _ABOUT else None


def alike(one: str, other: str) -> bool:
    """Tell whether two corrections are so near to each other that they are one made twice."""
    mine, theirs = set(recall.words(one)), set(recall.words(other))
    return len(mine & theirs) >= 2 and len(mine & theirs) >= _ALIKE * len(mine | theirs)


def ranked(
    found: Sequence[Candidate], earlier: Sequence[str], *, most: int = PROMPTS
) -> tuple[tuple[Candidate, bool], ...]:
    """Return at most three corrections to ask about, each with whether it was made before.

    What comes a second time comes first: the second occurrence is what tells a rule from a whim.
    """
    marked = [(one, any(alike(one.words, before) for before in earlier)) for one in found]
    marked.sort(key=lambda one: (not one[1], one[0].kind))
    return tuple(marked[:most])
