"""A criterion without the words that every criterion has: what makes it one is left.

The forms are those of EARS (Mavin et al., "Easy Approach to Requirements Syntax", RE 2009) and of
Given, When, Then (https://cucumber.io/docs/gherkin): a condition, who responds, a modal, the
response. `WHEN the card is declined THE shop SHALL keep the cart` is read as `the card is
declined → keep the cart` in a document that speaks of the shop. Only that subject, only `WHEN` and
only a plain obligation are left out; an `IF`, a `SHALL NOT`, a `SHOULD`, another subject says
something and stays.
"""

import re
from collections import Counter
from collections.abc import Iterable

from attrs import frozen

ARROW = "→"
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_STARS = re.compile(r"\*\*(given|when|then|and|shall|must|if|while|where|the)\*\*", re.IGNORECASE)
_MODAL = re.compile(r"\s(?:SHALL|MUST)\b(?!\s+(?i:not)\b)\s*:?\s+|\sshall\b(?!\s+(?i:not)\b)\s+")
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


@frozen
class Parts:
    """A criterion taken apart; `text` is all of it where it has no such form."""

    text: str
    condition: str = ""
    subject: str = ""
    response: str = ""


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


def terse(text: str, subject: str) -> str:
    """Return what is to be read of a criterion in a document that speaks of `subject`."""
    bare = _STARS.sub(r"\1", text)
    found = parts(bare)
    if found.response and found.subject.casefold() == subject.casefold():
        condition = _WHEN.sub("", found.condition).strip()
        return f"{condition} {ARROW} {found.response}" if condition else found.response
    told = _GHERKIN.match(found.text)
    if told:
        return f"{told['given']}; {told['when']} {ARROW} {told['then']}"
    return found.text
