"""A criterion without the words that every criterion has: what makes it one is left.

The forms are those of EARS (Mavin et al., "Easy Approach to Requirements Syntax", RE 2009) and of
Given, When, Then (https://cucumber.io/docs/gherkin): a condition, who responds, a modal, the
response. `WHEN the user pays THE shop SHALL keep the cart` is read as `pays → keep cart` in a
document that speaks of the shop and in whose conditions it is the user who acts, and `THE bank
SHALL pay` as `bank: pay`. Only the subject that most have, the person who acts in most, only
`WHEN` and only a plain obligation are left out; an `IF`, a `SHALL NOT`, a `SHOULD`, another
subject says something and stays. English is read as a headline, never within quotes or code.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache

from attrs import frozen

from accord.core.ditto import Part, Piece, pieces
from accord.core.headline import headline, is_english
from accord.core.particles import taken_apart

ARROW = "→"
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_STARS = re.compile(r"\*\*(given|when|then|and|shall|must|if|while|where|the)\*\*", re.IGNORECASE)
# An obligation; what forbids, allows or advises is kept with the response.
_MODAL = re.compile(
    r"\s(?:(?P<said>(?:SHALL|MUST|SHOULD|MAY)\s+(?:NOT|not)|SHOULD|MAY|shall not)|SHALL|MUST|shall)"
    r"\b\s*:?\s+"
)
_NO = re.compile(r"\b(?:shall|must|should|may)\b", re.IGNORECASE)
_THEN = re.compile(r"[\s,;]*\bTHEN\b[\s,:]*|,\s+(?=the\b)|\s(?=THE\s)|,\s+", re.IGNORECASE)
_ASKS = re.compile(r"^(?:WHEN|IF|WHILE|WHERE|UPON)\b", re.IGNORECASE)
_WHEN = re.compile(r"^WHEN\b[\s:,]*", re.IGNORECASE)
_THE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_GHERKIN = re.compile(
    r"^(?:given\b[\s:,]*(?P<given>.+?)[\s,;]+)?when\b[\s:,]*(?P<when>.+?)[\s,;]+then\b[\s:,]*(?P<then>.+)$",
    re.IGNORECASE | re.DOTALL,
)
# A scenario of OpenSpec: its name is the end of its id, its steps are a list.
_SCENARIO = re.compile(r"^#+[ \t]+Scenario:[^\n]*\n+(?=\s*[-*+]\s)")
_STEP = re.compile(r"(?:^|\s*\n)\s*[-*+]\s+(?=(?:\*\*)?(?:given|when|then|and)\b)", re.IGNORECASE)
SUBJECT_WORDS = 6
KEPT = 1024  # criteria that are taken apart once: every page of a gate asks for all of them

# How the edge cases of spec-kit ask.
_ASKED = re.compile(
    r"^(?P<stars>\**)(?:What happens (?:when|if)|What if|How (?:does|should) (?:the )?system handle"
    r"|How to handle)\s+", re.IGNORECASE,
)  # fmt: skip
# What a line beneath such a question says of the subject.
_BULLET = r"(?:(?<=^- )|(?<=^  - ))"
_ADVISES = r"(?:should|will|may|can|shall|must)\b"
# Somebody does something: what follows the verb cannot follow a noun that looks like it.
_ACTS = re.compile(
    r"^(?P<if>(?:IF|WHILE|WHERE)\s+)?(?:the\s+|an?\s+)?(?P<who>user|customer|guest|visitor|admin|"
    r"administrator|developer|operator|member|reader|player|client)\s+(?="
    r"\w+s\s+(?:(?:the|an?|any|one|its|their|my|to|on|in|through|multiple|all)\b|[\"“`])|"
    r"(?:selects|clicks|presses|opens|submits|enters|types|runs|visits|views|accesses|attempts|"
    r"deletes|uploads|removes|adds|provides|hovers|makes|enables|completes|reaches|specifies|"
    r"cancels|archives|chooses|creates)\b(?!\s+(?:is|are|was|were|has|have|exist)\b))",
    re.IGNORECASE,
)
# `Given a cart exists`: what is given, is there.
_THERE = re.compile(r"\s+(?:already )?exists?$")


@frozen
class Parts:
    """A criterion taken apart; `text` is all of it where it has no such form."""

    text: str
    condition: str = ""
    subject: str = ""
    response: str = ""


@frozen
class Terse:
    """What is to be read of a criterion: its parts in their order."""

    line: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Return all of it."""
        return "".join(f"{one.text}{one.mark}" for one in self.line)

    def beneath(self, above: "Terse | None") -> tuple[Piece, ...]:
        """Return what is to be read of it right beneath another, marks for what both say."""
        return pieces(self.line, above.line if above else ())


@lru_cache(maxsize=KEPT)
def parts(text: str) -> Parts:
    """Return the parts of a criterion that obliges a subject to something."""
    bare = _LIST.sub("", text).strip()
    modal = _MODAL.search(bare)
    if modal is None:
        return Parts(bare, *taken_apart(bare))
    before, response = bare[: modal.start()].strip(), bare[modal.end() :]
    if modal["said"]:
        response = f"{modal['said']} {response}"
    condition, subject = "", before
    if _ASKS.match(before):
        splits = list(_THEN.finditer(before))
        if not splits:
            return Parts(bare)
        last = next((one for one in reversed(splits) if "then" in one[0].casefold()), splits[-1])
        condition, subject = before[: last.start()], before[last.end() :]
    subject = _THE.sub("", subject.strip())
    if len(subject.split()) > SUBJECT_WORDS or not subject or _NO.search(condition):
        return Parts(bare)
    return Parts(bare, condition.strip(), subject, response.strip())


def subject_of(texts: Iterable[str]) -> str:
    """Return what most of the criteria oblige, as it is written first; empty where none does."""
    found = [one for text in texts if (one := parts(_steps(text)).subject)]
    counts = Counter(one.casefold() for one in found)
    most = max(counts, key=lambda one: counts[one], default="")
    return next((one for one in found if one.casefold() == most), "")


def terse(text: str, subject: str, *, actor: str = "", english: bool | None = None) -> Terse:
    """Return what is to be read of a criterion in a document that speaks of `subject`.

    `actor` is who acts in most of its conditions. `english` tells whether the document is written
    in English; without it the criterion has to look like that by itself.
    """
    found = parts(_steps(text))
    english = is_english([text]) if english is None else english
    short = headline if english else str
    told = _GHERKIN.match(found.text)
    if found.response:
        return _obliged(found, subject, actor, short)
    if told:
        return _told(told, actor, short)
    bare = _ASKED.sub(r"\g<stars>", found.text) if "?" in found.text else found.text
    if subject:
        bare = re.sub(rf"{_BULLET}(?:the\s+)?{re.escape(subject)}\s+(?={_ADVISES})", "", bare,
                      flags=re.IGNORECASE | re.MULTILINE)  # fmt: skip
    return Terse((Part("then", short(bare)),))


def _obliged(found: Parts, subject: str, actor: str, short: Callable[[str], str]) -> Terse:
    condition = short(_acted(_WHEN.sub("", found.condition).strip(), actor))
    who = "" if found.subject.casefold() == subject.casefold() else short(found.subject)
    listed = (
        Part("when", condition, f" {ARROW} "),
        Part("who", who, ": "),
        Part("then", short(re.sub(r"^be\s+", "", found.response))),
    )
    return Terse(tuple(one for one in listed if one.text))


def _told(told: re.Match[str], actor: str, short: Callable[[str], str]) -> Terse:
    """Return the steps of a scenario; what follows each of them tells how it may be shortened."""
    given = _THERE.sub("", short(f"{(told['given'] or '').rstrip(' .')};")[:-1])
    then = re.sub(r"^it\s+", "", told["then"])
    when = _acted(told["when"].rstrip(" ."), actor)
    when, then = short(f"{when} {ARROW} {then}").split(f" {ARROW} ", 1)
    listed = (Part("given", given, "; "), Part("when", when, f" {ARROW} "), Part("then", then))
    return Terse(tuple(one for one in listed if one.text))


def actor_of(texts: Iterable[str]) -> str:
    """Return who acts in the conditions of the criteria most often, a person by one word."""
    found = [one for text in texts if (one := _ACTS.match(_condition(text)))]
    counts = Counter(one["who"].casefold() for one in found)
    return max(counts, key=lambda one: counts[one], default="")


def _steps(text: str) -> str:
    """Return a criterion with its keywords bare, the steps of a scenario after one another."""
    bare = _STARS.sub(r"\1", text)
    if _SCENARIO.match(bare) is None:
        return bare
    return _STEP.sub(" ", _SCENARIO.sub("", bare)).strip()


def _condition(text: str) -> str:
    bare = _steps(text)
    told = _GHERKIN.match(_LIST.sub("", bare).strip())
    return told["when"] if told else _WHEN.sub("", parts(bare).condition)


def _acted(condition: str, actor: str) -> str:
    """Return a condition without who acts in it, where that is `actor`."""
    found = _ACTS.match(condition)
    if found is None or found["who"].casefold() != actor:
        return condition
    return (found["if"] or "") + condition[found.end("who") :].lstrip()
