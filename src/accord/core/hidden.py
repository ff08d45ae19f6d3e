"""Characters that a reader cannot see, or sees differently from what a machine reads.

The classes follow Unicode Technical Standard 39 and Technical Report 36: default-ignorable and
bidirectional controls, tag characters, blank-looking letters, words of mixed scripts. They are
written out here, so that every machine decides alike whichever Unicode its Python knows.
"""

import re
import unicodedata
from collections.abc import Iterator

from attrs import frozen


@frozen
class Hidden:
    """One thing found: where, counted in characters, its kind, and what it is in words.

    What blocks keeps a gate shut; the rest is only shown there.
    """

    offset: int
    end: int
    kind: str
    what: str
    blocks: bool = True


_TAGS = "\U000e0000-\U000e007f"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u2800\u3164\ufeff"
    "\uffa0\ufff0-\ufffc\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
_CONTROLS = "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
# Code points that are no characters, and planes in which no Unicode has assigned any yet.
_NOTHING = (
    "\ufdd0-\ufdef\ufffe\uffff\U0001fffe-\U0001ffff\U0002fffe-\U0002ffff\U0003fffe-\U000dffff"
    "\U000e1000-\U000effff\U000ffffe-\U000fffff\U0010fffe-\U0010ffff"
)
_SUSPECT = re.compile(
    f"[{_TAGS}]+|[{_SELECTORS}]+|[{_BIDI}{_INVISIBLE}{_CONTROLS}{_PRIVATE}{_NOTHING}]+|\r(?!\n)"
)
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_KINDS = (
    ("tag", "tag characters", re.compile(f"[{_TAGS}]")),
    ("selector", "a variation selector", re.compile(f"[{_SELECTORS}]")),
    ("bidi", "a bidirectional control", re.compile(f"[{_BIDI}]")),
    ("control", "a control character", re.compile(f"[{_CONTROLS}\r]")),
    ("private", "a character without a meaning", re.compile(f"[{_PRIVATE}{_NOTHING}]")),
    ("invisible", "a hidden character", re.compile("")),
)
_SHOWN = 60
_MANY = re.compile(r"(?:tag characters|words|many|letters|accents|\d+ blanks)\b")

# What an emoji may begin with, beside symbols: (c), (r), !!, !?, information, the wavy dash.
_EMOJI_BASES = "\u00a9\u00ae\u203c\u2049\u2139\u3030\u303d"
_KEYS = "#*0123456789"
_JOINED = ("ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "TIBETAN",
           "GUJARATI", "GURMUKHI", "ORIYA", "SINHALA", "MYANMAR", "KHMER", "SYRIAC", "MONGOLIAN",
           "JAVANESE", "BALINESE", "NKO", "MANDAIC", "HANIFI")  # fmt: skip

_LATIN = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
# Greek letters that nobody takes for Latin ones stand in units and formulas: kΩ, Δt, λx.
_LOOK_ALIKE = {
    "Greek": "\u0386-\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u03aa-\u03af\u03b1\u03b3\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4-\u03c5\u03c7\u03c9-\u03ce"
    "\u03d2\u03dc\u03f2\u03f3\u03f9\u1f00-\u1fff",
    "Cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "Armenian": "\u0531-\u0587",
    "Cherokee": "\u13a0-\u13ff\uab70-\uabbf",
    "Coptic": "\u2c80-\u2cff",
    "Lisu": "\ua4d0-\ua4fd",
    "Deseret": "\U00010400-\U0001044f",
}
_FOREIGN = {name: re.compile(f"[{letters}]") for name, letters in _LOOK_ALIKE.items()}
_ANY_FOREIGN = re.compile(f"[{''.join(_LOOK_ALIKE.values())}]")
_WORD = re.compile("(?:[^\\W\\d_]|[\u0300-\u036f]){2,}")


def find(text: str) -> Iterator[Hidden]:
    """Yield what is hidden in the characters of `text`; an honest text yields nothing.

    Several in a row are one finding; tag characters and variation selectors with what they spell.
    """
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return
    letters = "".join(set(text))  # few, so that most texts need no search from end to end
    suspect = "\r" in letters or _SUSPECT.search(letters) is not None
    flags = [match.span() for match in _FLAG.finditer(text)] if suspect else []
    for match in _SUSPECT.finditer(text) if suspect else ():
        at = match.start()
        if not any(start <= at < end for start, end in flags) and not _is_joined(text, match):
            kind, words = next((kind, words) for kind, words, one in _KINDS if one.match(match[0]))
            yield Hidden(at, match.end(), kind, f"{words} {_named(match[0])}")
    if _ANY_FOREIGN.search(letters):
        yield from _mixed_words(text)


def visible(text: str) -> str:
    """Return `text` with every character that find() objects to written as ‹U+200B›."""
    parts, at = [], 0
    for hit in find(text):
        if hit.kind != "mixed" and hit.offset >= at:
            parts += [text[at : hit.offset], chips(text[hit.offset : hit.end])]
            at = hit.end
    return "".join([*parts, text[at:]])


def there(what: str) -> str:
    """Return as a sentence that `what` was found, as in `there are words aimed at a model`."""
    return f"there {'are' if _MANY.match(what) else 'is'} {what}"


def chips(characters: str) -> str:
    """Return each of `characters` as ‹U+200B›."""
    return "".join(f"‹U+{ord(one):04X}›" for one in characters)


def _named(found: str) -> str:
    if len(found) == 1:
        name = unicodedata.name(found, "").lower()
        spelled = spelling(found) if not name else ""
        return chips(found) + (f" ({name})" if name else "") + spelled
    shown = chips(found[:3]) + ("…" if len(found) > 3 else "")
    return f"{shown}, {len(found)} in a row{spelling(found)}"


def spelling(found: str) -> str:
    """Return what tag characters or variation selectors spell, as `, which spell '...'`.

    A tag character stands for the ASCII character 0xE0000 below it, the 256 variation selectors
    stand for the 256 bytes.
    """
    data = bytes(_byte(one) for one in found if _byte(one) >= 0)
    text = data.decode(errors="replace")
    plain = "".join(one if one.isprintable() else "." for one in text)[:_SHOWN].strip(" .\ufffd")
    return f", which spell '{plain}'" if plain else ""


def _byte(character: str) -> int:
    code = ord(character)
    if 0xE0000 <= code <= 0xE007F:
        return code - 0xE0000
    if 0xFE00 <= code <= 0xFE0F:
        return code - 0xFE00
    return code - 0xE0100 + 16 if 0xE0100 <= code <= 0xE01EF else -1


def _is_joined(text: str, match: re.Match[str]) -> bool:
    """Tell whether a joiner or a variation selector stands where scripts and emoji need it."""
    found, at = match[0], match.start()
    before = text[at - 1 : at]
    after = text[match.end() : match.end() + 1]
    if found == "\u200d" and _is_pictograph(after) and (_is_pictograph(before) or
            (before == "\ufe0f" and _is_pictograph(text[at - 2 : at - 1]))):  # fmt: skip
        return True
    if found in ("\u200c", "\u200d"):
        return _is_of(before, _JOINED) and _is_of(after, _JOINED)
    if found in ("\ufe0e", "\ufe0f"):
        return _is_pictograph(before) or (before in tuple(_KEYS) and after == "\u20e3")
    return found in ("\u180b", "\u180c", "\u180d", "\u180f") and _is_of(before, ("MONGOLIAN",))


def _is_pictograph(character: str) -> bool:
    if not character:
        return False
    return unicodedata.category(character) in ("So", "Sk", "Sm") or (
        character in _EMOJI_BASES or "\U0001f000" <= character <= "\U0001faff"
    )


def _is_of(character: str, scripts: tuple[str, ...]) -> bool:
    return bool(character) and unicodedata.name(character, "").startswith(scripts)


def _mixed_words(text: str) -> Iterator[Hidden]:
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii() or not _ANY_FOREIGN.search(word):
            continue
        scripts = [name for name, letters in _FOREIGN.items() if letters.search(word)]
        if _LATIN.search(word):
            scripts.append("Latin")
        if len(scripts) > 1:
            words = f"a word that mixes {' and '.join(sorted(scripts))} letters"
            yield Hidden(match.start(), match.end(), "mixed", words)
