"""English as a headline has it: what says nothing by itself is left out, and only that.

Headlines drop articles, the auxiliary of a passive and of what goes on, `be` before what something
is, and the `and` before the last of three. They keep every negation, number, `or`, `if`, every
preposition and whatever is quoted or code; none of it is put in other words or in another order.
"""

import re
from collections.abc import Iterable

# What is quoted or code is somebody's exact words.
_QUOTED = r"`[^`]*`|\"[^\"]*\"|“[^”]*”|(?<!\w)'[^']*'(?!\w)"
# Before these "a" is a name, or a number.
_NO_ARTICLE = (
    r"(?!(?:is|are|or|and|of|to|in|as|few|lot|half|time|second|minute|hour|day|week|month|year)\b)"
)
_ARTICLE = re.compile(
    rf"{_QUOTED}|(?:\bthe|\bTHE|^The|(?<=→ )The|(?:\ba|\ban|^An?)(?=\s+{_NO_ARTICLE}))\s+"
    r"(?=[\w`\"“'])"
)
# Without it, what follows a pronoun would read as what that does: `when it tried again`.
_PRONOUN = "".join(rf"(?<!\b{one}\s)" for one in ("it", "they", "that", "which", "who"))
_BE = rf"\b{_PRONOUN}(?:is|are|was|were)\s+(?="
_HOW = r"(?:\w+ly |already |still )?"
# A passive whose participle nothing follows that could be its object: it cannot be taken for an
# active past tense.
_PASSIVE = re.compile(
    rf"{_QUOTED}|{_BE}{_HOW}[\w/-]+ed(?:\s*(?:→|[;,).?:]|$)|\s+(?:\(|(?:and|or|by|in|on|with|to|from|"
    r"at|as|for|into|within|without|after|before|during|together|daily|again|\w+ly)\b)))"
)
_GOING = r"(?!during\b|(?:no|some|any|every)thing\b)\w{3,}ing\b"
# What comes after these can be no verb of what stands before.
_COPULA = re.compile(
    rf"{_QUOTED}|{_BE}(?:not|being|about to|only|no longer)\b)|{_BE}{_HOW}(?:{_GOING}|(?:un|in)?(?:"
    r"available|reachable|valid|complete|present|empty|active|ready|shown|sent|made|found|given|"
    r"lost|built|known|run|overwritten|written|hidden|seen|kept|idempotent|readable|narrow|"
    r"required|pending|set|open|better|lower|higher)\b))"
    r"|(?<=\bensure )that\s+|(?<=\bverify )that\s+|(?<=\bvalidate )that\s+|(?<=\bcheck )that\s+"
    r"|\b(?:has|have)\s+been\s+(?=\w+ed\b)"
)
_LAST = re.compile(rf"(?P<quoted>{_QUOTED})|(?<=\w), and\s+")
# A list in which something is an alternative keeps its words.
_OR = re.compile(r"\bn?or\b")
# A lone `a` is another word in other languages; these are words of English alone.
_ENGLISH = re.compile(
    r"\b(?:the|of|and|with|for|is|are|from|that|using|has|have|users?|each)\b", re.IGNORECASE
)
# What the templates of the formats put into every heading.
_LABEL = re.compile(
    r"^(?:(?:Feature Specification|Spec Delta|Proposal|Change)\s*:\s*|Requirements(?: Document)?$)"
)
_PRIORITY = re.compile(r"\(Priority:\s*(P\d)\)")
_WORD = re.compile(r"\w+")
_SMALL = frozenset("a an and as by for from in into of on or per the to via with".split())
_NUMBERED = re.compile(r"(?:Requirement|User Story)\s+\d+")


def headline(text: str) -> str:
    """Return English `text` without the words that a headline has not."""

    def drop(match: re.Match[str]) -> str:
        return match[0] if match[0][0] in "`\"“'" else ""

    bare = text
    for pattern in (_ARTICLE, _PASSIVE, _COPULA):
        bare = pattern.sub(drop, bare)
    return bare if _OR.search(bare) else _LAST.sub(lambda one: one["quoted"] or ", ", bare)


def heading(text: str, beneath: Iterable[str] = ()) -> str:
    """Return what the name of a document or of a requirement says.

    What every name has is left out, and so is a name whose words are mostly said `beneath` it; a
    priority is kept.
    """
    bare = _LABEL.sub("", text.strip())
    priority = _PRIORITY.search(bare)
    name = bare[: priority.start()] if priority else bare
    if _NUMBERED.fullmatch(name.strip()) or not adds(name, beneath):
        return priority[1] if priority else ""
    return _PRIORITY.sub(r"(\1)", bare)


def adds(name: str, texts: Iterable[str]) -> bool:
    """Tell whether most words of a heading are said by none of the texts beneath it.

    A word counts as said by its first five letters, which is what its forms have in common.
    """
    said = {one[:5].casefold() for text in texts for one in _WORD.findall(text)}
    words = [one for one in _WORD.findall(name) if one.casefold() not in _SMALL]
    unsaid = [one for one in words if one[:5].casefold() not in said]
    return 2 * len(unsaid) > len(words) or not said


def is_english(texts: Iterable[str]) -> bool:
    """Tell whether most of the texts have a word that English alone has."""
    found = [bool(_ENGLISH.search(text)) for text in texts]
    return 2 * sum(found) > len(found)
