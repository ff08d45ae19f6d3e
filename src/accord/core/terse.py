"""A criterion without the words that every criterion has: what makes it one is left.

The forms are those of EARS (Mavin et al., "Easy Approach to Requirements Syntax", RE 2009) and of
Given, When, Then (https://cucumber.io/docs/gherkin): a condition, who responds, a modal, the
response. `WHEN the card is declined THE shop SHALL keep the cart` is read as `card declined → keep
cart` in a document that speaks of the shop, and `THE bank SHALL pay` as `bank: pay`. Only the
subject that most have, only `WHEN` and only a plain obligation are left out; an `IF`, a `SHALL
NOT`, a `SHOULD`, another subject says something and stays. Articles and the auxiliary of a passive
go as they do in a headline, never within quotes or code.
"""

import re
from collections import Counter
from collections.abc import Iterable

from attrs import evolve, frozen

ARROW = "→"
DITTO = "″"
CUT = "…"
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_STARS = re.compile(r"\*\*(given|when|then|and|shall|must|if|while|where|the)\*\*", re.IGNORECASE)
_MODAL = re.compile(
    r"\s(?P<modal>SHALL|MUST)\b(?!\s+(?i:not)\b)\s*:?\s+|\sshall\b(?!\s+(?i:not)\b)\s+"
)
_NO = re.compile(r"\b(?:shall|must|should|may)\b", re.IGNORECASE)
_THEN = re.compile(r"[\s,;]*\bTHEN\b[\s,:]*|,\s+(?=the\b)|\s(?=THE\s)|,\s+", re.IGNORECASE)
_ASKS = re.compile(r"^(?:WHEN|IF|WHILE|WHERE|UPON)\b", re.IGNORECASE)
_WHEN = re.compile(r"^WHEN\b[\s:,]*", re.IGNORECASE)
_THE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_GHERKIN = re.compile(
    r"^given\b[\s:,]*(?P<given>.+?)[\s,;]+when\b[\s:,]*(?P<when>.+?)[\s,;]+then\b[\s:,]*(?P<then>.+)$",
    re.IGNORECASE | re.DOTALL,
)
SUBJECT_WORDS = 6

# What is quoted or code is somebody's exact words.
_QUOTED = r"`[^`]*`|\"[^\"]*\"|“[^”]*”|(?<!\w)'[^']*'(?!\w)"
# Before these "a" is a name, or a number.
_NO_ARTICLE = (
    r"(?!(?:is|are|or|and|of|to|in|as|few|lot|half|time|second|minute|hour|day|week|month|year)\b)"
)
_ARTICLE = re.compile(
    rf"{_QUOTED}|(?:\bthe|\bTHE|^The|(?:\ba|\ban|^An?)(?=\s+{_NO_ARTICLE}))\s+(?=[\w`\"“'])"
)
# A lone `a` is another word in other languages; these are words of English alone.
_ENGLISH = re.compile(r"\b(?:the|of|and|with|for|is|are)\b", re.IGNORECASE)
# A passive whose participle nothing follows that could be its object: it cannot be taken for an
# active past tense.
_PASSIVE = re.compile(
    rf"{_QUOTED}|\b(?:is|are|was|were)\s+(?=\w+ed(?:\s*(?:{ARROW}|;|$)|\s+"
    r"(?:by|in|on|with|to|from|at|as|for|into|within|without|after|before|during)\b))"
)


@frozen
class Parts:
    """A criterion taken apart; `text` is all of it where it has no such form."""

    text: str
    condition: str = ""
    subject: str = ""
    response: str = ""


@frozen
class Terse:
    """What is to be read of a criterion: what it begins with, and the rest.

    `lead` is the condition, or else who responds; beneath an item with the same one, a ditto does.
    """

    lead: str
    mark: str
    rest: str

    @property
    def text(self) -> str:
        """Return all of it."""
        return f"{self.lead}{self.mark}{self.rest}"

    def beneath(self, above: "Terse | None") -> "Terse":
        """Return what is to be read of it right beneath another."""
        if above is None or not self.lead or (above.lead, above.mark) != (self.lead, self.mark):
            return self
        return evolve(self, lead=DITTO)


def parts(text: str) -> Parts:
    """Return the parts of a criterion that obliges a subject to something."""
    bare = _LIST.sub("", text).strip()
    modal = _MODAL.search(bare)
    if modal is None:
        return Parts(bare)
    before, response = bare[: modal.start()].strip(), bare[modal.end() :]
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
    found = [one for text in texts if (one := parts(_STARS.sub(r"\1", text)).subject)]
    counts = Counter(one.casefold() for one in found)
    most = max(counts, key=lambda one: counts[one], default="")
    return next((one for one in found if one.casefold() == most), "")


def terse(text: str, subject: str) -> Terse:
    """Return what is to be read of a criterion in a document that speaks of `subject`."""
    found = parts(_STARS.sub(r"\1", text))
    short = _headline if _ENGLISH.search(text) else str
    condition = _WHEN.sub("", found.condition).strip()
    if found.response:
        same = found.subject.casefold() == subject.casefold()
        response = short(re.sub(r"^be\s+(?=\w+ed\b)", "", found.response))
        if condition:
            who = "" if same else f"{short(found.subject)}: "
            return Terse(short(condition), f" {ARROW} ", who + response)
        return Terse("", "", response) if same else Terse(short(found.subject), ": ", response)
    told = _GHERKIN.match(found.text)
    if told:
        given, then = short(f"{told['given']};")[:-1], re.sub(r"^it\s+", "", told["then"])
        return Terse(given, "; ", short(f"{told['when']} {ARROW} {then}"))
    return Terse("", "", short(found.text))


def _headline(text: str) -> str:
    """Return English `text` without articles and without the auxiliary of a passive."""

    def drop(match: re.Match[str]) -> str:
        return match[0] if match[0][0] in "`\"“'" else ""

    return _PASSIVE.sub(drop, _ARTICLE.sub(drop, text))
