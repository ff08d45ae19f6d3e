"""Text that a reader cannot see or would see differently from what a machine reads.

The classes follow Unicode Technical Standard 39 and Technical Report 36: default-ignorable and
bidirectional controls, tag characters, blank-looking letters, words of mixed scripts.
"""

import re
import unicodedata
from collections.abc import Iterator

from attrs import frozen


@frozen
class Hidden:
    """One thing found: byte-independent offset in characters, and what it is in words."""

    offset: int
    what: str


_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u2800\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINERS = "\u200c\u200d\ufe00-\ufe0f"
_CONTROLS = "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
_SUSPECT = re.compile(f"[{_BIDI}{_INVISIBLE}{_JOINERS}{_CONTROLS}{_PRIVATE}]|\r(?!\n)")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_COMMENT = re.compile(r"<!--|^[ \t]*\[//\]:[ \t]*#", re.MULTILINE)
_BIDI_ONE = re.compile(f"[{_BIDI}]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CONFUSABLE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_JOINED_SCRIPTS = ("ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM",
                   "GUJARATI", "GURMUKHI", "ORIYA", "SINHALA", "MYANMAR", "KHMER", "SYRIAC",
                   "MONGOLIAN")  # fmt: skip


def find(text: str) -> Iterator[Hidden]:
    """Yield what is hidden in `text`, in order of its kind; an honest text yields nothing."""
    if text.isascii() and not _ODD.search(text) and "<!--" not in text and "[//]" not in text:
        return  # most texts, told at a fraction of the cost
    for match in _COMMENT.finditer(text):
        yield Hidden(match.start(), "a comment that is not rendered")
    flags = [match.span() for match in _FLAG.finditer(text)]
    for match in _SUSPECT.finditer(text):
        at = match.start()
        if not any(start <= at < end for start, end in flags) and not _is_joined(text, at):
            yield Hidden(at, _named(match[0]))
    if not text.isascii():
        yield from _mixed_words(text)


def visible(text: str) -> str:
    """Return `text` with every character that find() objects to written as ‹U+200B›."""
    parts, at = [], 0
    for hit in sorted(find(text), key=lambda one: one.offset):
        if hit.offset >= at and _SUSPECT.match(text, hit.offset):
            parts += [text[at : hit.offset], f"‹U+{ord(text[hit.offset]):04X}›"]
            at = hit.offset + 1
    return "".join([*parts, text[at:]])


def _named(character: str) -> str:
    name = unicodedata.name(character, "").lower()
    kind = "a bidirectional control" if _BIDI_ONE.match(character) else "a hidden character"
    return f"{kind} U+{ord(character):04X}{' ' + name if name else ''}"


def _is_joined(text: str, at: int) -> bool:
    """Tell whether a joiner or a variation selector stands where scripts and emoji need it."""
    character = text[at]
    before = text[at - 1] if at else ""
    after = text[at + 1 : at + 2]
    if character in "\u200c\u200d":
        return (_is_pictograph(before) and _is_pictograph(after)) or (
            _script(before, _JOINED_SCRIPTS) != "" and _script(after, _JOINED_SCRIPTS) != ""
        )
    if character in "\ufe0e\ufe0f":
        return _is_pictograph(before) or (before in "#*0123456789" and after == "\u20e3")
    return False


def _is_pictograph(character: str) -> bool:
    if not character:
        return False
    return unicodedata.category(character) in ("So", "Sk", "Sm", "Po") or character == "\ufe0f"


def _script(character: str, scripts: tuple[str, ...]) -> str:
    name = unicodedata.name(character, "") if character else ""
    return next((script for script in scripts if name.startswith(script)), "")


def _mixed_words(text: str) -> Iterator[Hidden]:
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii():
            continue
        scripts = {_script(character, _CONFUSABLE) for character in word} - {""}
        if len(scripts) > 1:
            named = " and ".join(sorted(one.title() for one in scripts))
            yield Hidden(match.start(), f"a word that mixes {named} letters")
