"""What Markdown and HTML show otherwise than they read: the renderer's half of hidden text.

Only what a renderer would take as markup counts: fenced code and code spans (CommonMark 0.31
§4.5, §6.1) show what is in them, but where HTML begins they do not (§4.6), so there they are not
believed. Where a guess is needed it falls on the side of a finding.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from attrs import evolve

from accord.core import template_comments
from accord.core.hidden import Hidden, chips, find

_COMMENT = re.compile(r"<!--|<!\[CDATA\[|<\?|<![A-Za-z]")
_NOTE = re.compile(
    r"^[ \t>]{0,12}\[[^\]\n]{0,200}\]:[ \t]{0,20}<?#?>?[ \t]{1,20}[\"'(]", re.MULTILINE
)
_ACTIVE = re.compile(
    r"</?(?:script|style|template|iframe|svg|math|object|embed|applet|noscript|noembed|noframes"
    r"|textarea|title|head|xmp|plaintext|link|meta|base|frameset|frame|audio|video|canvas|dialog"
    r"|datalist|select|option|slot|portal)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?<!<)</?[A-Za-z][A-Za-z0-9-]{0,30}(?=[\s/>])[^<>]{0,2000}>?")
_NONE = r"0+(?:\.0*)?(?:px|pt|r?em|ex|ch|v[wh])?(?![.\d%])"
_CONCEALED = re.compile(
    r"\s(?:hidden\b|aria-hidden|class\s*=\s*[\"']?[^\"'>]{0,80}"
    r"(?:sr-only|visually-?hidden|d-none))"
    r"|display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0?\.?0*(?![.\d])"
    rf"|(?:max-height|max-width|line-height|height|width|zoom)\s*:\s*{_NONE}"
    rf"|font(?:-size)?\s*:\s*(?:{_NONE}|[1-3](?:px|pt)|0?\.[0-4])"
    r"|transform\s*:|text-indent\s*:\s*-|(?:left|right|top|bottom|margin[a-z-]{0,8})\s*:\s*-\d{3}"
    r"|clip(?:-path)?\s*:|color\s*[:=]\s*[\"']?\s*(?:transparent|white|#fff(?:fff)?\b"
    r"|#[0-9a-f]{6}00\b|rgba?\(\s*255[\s,]{1,4}255[\s,]{1,4}255|rgba\([^)]{0,40},\s*0?\.?0*\))"
    r"|<font\b[^>]{0,200}(?:color|size\s*=\s*[\"']?[01]\b)",
    re.IGNORECASE,
)
_TO = r"\(\s{0,40}(?P<to><[^<>\n]{0,4000}>|[^()\s]{0,4000})"
_IMAGE = re.compile(
    r"!\[(?P<alt>(?:[^\[\]]|\[[^\[\]\n]{0,200}\]){0,1000}+)\]"
    rf"(?:{_TO}|\[(?P<ref>[^\]\n]{{0,200}})\])?"
)
_ATTRIBUTE = r"\b(?:src|srcset|href|background|poster|action|data)\s{0,4}"
_NAMED = re.compile(rf"{_ATTRIBUTE}\Z", re.IGNORECASE)
_SOURCE = re.compile(rf"{_ATTRIBUTE}=\s{{0,4}}[\"']?(?P<to>[^\"'\s>]{{1,4000}})", re.IGNORECASE)
_LINK = re.compile(rf"(?<!!)\[(?P<text>[^\[\]\n]{{0,1000}}+)\]{_TO}(?P<title>[^()\n]{{0,2000}})\)")
_AUTO = re.compile(r"<(?P<to>[A-Za-z][A-Za-z0-9+.-]{1,31}:[^<>\s]{0,4000})>")
_DEFINED = re.compile(
    r"^[ \t>]{0,12}\[(?P<name>[^\]\n]{1,200})\]:[ \t]{0,20}(?P<to>\S{1,4000})"
    r"(?P<title>[ \t]{1,20}[\"'(][^\n]{0,2000})?",
    re.MULTILINE,
)
_BAD_SCHEME = re.compile(r"(?:data|javascript|vbscript|file|blob)\s*:", re.IGNORECASE)
_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]{0,20}:)?//|https?:", re.IGNORECASE)
_NO_LETTER = re.compile(r"[\x00-\x20\u200b-\u200f\ufeff]")

_BLANK = " \t\u00a0\u2000-\u200a\u202f\u205f\u3000"
_FAR = re.compile(
    rf"(?<![{_BLANK}])(?:[{_BLANK}]{{40,}}+|(?=[ ]{{0,40}}\t{{10}})[ \t]{{10,}}+)(?=\S)"
)
_WIDE = re.compile(f"[{_BLANK[2:]}]")
_SCREEN = 160
_RUN = re.compile(r"[A-Za-z0-9+/_-]{32,}+={0,2}")
_HEX = re.compile(r"[0-9a-fA-F]{40,}+")
_DECODED = 4096

_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
_MATHS = re.compile("[\U0001d400-\U0001d7ff\uff21-\uff3a\uff41-\uff5a\u24b6-\u24e9]{2,}")
_TEX = re.compile(r"\\(?:[hv]?phantom|smash|textcolor\{white|color\{white|transparent|tiny)\b")
_ENTITY = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});")
_LONG_LINE, _LONG_WORDS, _EMPTY = 2000, 200, 15
_GAP = re.compile(rf"\n\s{{{_EMPTY - 2}}}")  # in every text with so many empty lines
# What is tried where its first words stand: one pattern for all of it would be slow.
_IGNORED = (
    r"\w{4,10}\s{1,4}(?:(?:all|any|the|your)\s{1,4}){0,3}"
    r"(?:previous|prior|above|earlier|system)\b"
)
_UNTOLD = (
    r"do not\s{1,4}(?:tell|show|mention|reveal)\s{1,4}(?:(?:this|it|the|to)\s{1,4}){0,3}"
    r"(?:user|human|person|reviewer)\b"
)
_AIMED = [
    (needle.replace("_", " ") if needle != "<|im_" else needle, re.compile(pattern))
    for needles, pattern in (
        ("ignore disregard forget override", _IGNORED),
        ("are_now", r"(?<=you )are now\s{1,4}(?:an?|in|the)\b"),
        ("prompt", r"(?<=system )prompt\b"),
        ("do_not", _UNTOLD),
        ("<|im_ <|system <|endof", r"<\|(?:im_start|im_end|system|endoftext)\|?>"),
        ("[inst] [/inst] <<sys>> <system> </system> <assistant> </assistant> <instructions>", ""),
        ("system: assistant: system_: assistant_:", r"(?<![^\s#*>])\w{6,9} ?:"),
        ("curl wget", r"\w{4}\b[^\n|]{0,200}\|\s{0,4}(?:sudo\s{1,4})?(?:ba|z|da)?sh\b"),
    )
    for needle in needles.split()
]  # fmt: skip
_CLOSED = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">"))
_NAME = re.compile(r"<([A-Za-z][A-Za-z0-9-]*)")
_VOID = frozenset("area base br col embed frame hr img input link meta source track wbr".split())
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`\n]*$)|~{3,})")
_HTML_LINE = re.compile(r"[ \t]{0,40}(?:[-*+>]|\d{1,9}[.)])?[ \t]{0,40}<[A-Za-z/!?]")
_TICKS = re.compile(r"(?<![`\\])(`{1,40}+)(?!`)(?:[^`\n]|(?!\1(?!`))`)*?(?<!`)\1(?!`)")


def find_all(text: str) -> tuple[Hidden, ...]:
    """Return everything hidden in the markdown `text`, in order: characters, markup, what warns."""
    shown = without_code(text)
    found = [*find(text), *_everywhere(text, shown), *_oddities(text)]
    for rule in _RULES:
        found += rule(shown)
    found.sort(key=lambda one: (one.offset, not one.blocks, one.kind))
    return tuple(_reaching(text, found))


def _reaching(text: str, found: Iterable[Hidden]) -> Iterator[Hidden]:
    """Yield what was found, with all that it hides: a waiver is for that, and for nothing else.

    What begins inside a longer one is left as it is, which keeps this as fast as the text is long.
    """
    reached = 0
    for hit in found:
        end = _end(text, hit) if hit.offset >= reached else hit.end
        if end > hit.end:
            reached = end
            if template_comments.is_known(text[hit.offset : end]):
                yield Hidden(hit.offset, end, "template", "a comment of a template", blocks=False)
                continue
            hit = evolve(hit, end=end)
        yield hit


def _end(text: str, hit: Hidden) -> int:
    """Return where that ends which begins with `hit`; the end of the text where nothing ends it."""
    head = text[hit.offset : hit.end]
    if hit.kind == "comment":
        closing = next((close for start, close in _CLOSED if head.startswith(start)), "")
        at = text.find(closing or "\n\n", hit.offset + 2)
        return at + len(closing) if at >= 0 else len(text)
    tag = _NAME.match(head) if hit.kind in ("active", "concealed") else None
    if tag is None or tag[1].lower() in _VOID:
        return hit.end
    closed = re.compile(rf"</{tag[1]}\b", re.IGNORECASE).search(text, hit.end)
    return closed.start() if closed else len(text)


def without_code(text: str) -> str:
    """Return `text` with blanks for what stands in fenced code and code spans, as long as it was.

    Not for what only looks like code: in a block of HTML, or behind an escaped backtick.
    """
    if "`" not in text and "~~~" not in text:
        return text
    lines = []
    fence, in_html = "", False
    for line in text.split("\n"):
        if fence:
            closed = re.fullmatch(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t\r]*", line)
            fence = "" if closed else fence
            line = " " * len(line)
        elif not in_html and ("```" in line or "~~~" in line) and (opening := _FENCE.match(line)):
            fence, line = opening[1], " " * len(line)
        else:
            begins = "<" in line and _HTML_LINE.match(line) is not None
            in_html = (in_html or begins) and bool(line.strip())
            if not in_html and "`" in line:
                line = _TICKS.sub(lambda one: " " * len(one[0]), line)
        lines.append(line)
    return "\n".join(lines)


def _hit(match: re.Match[str], kind: str, what: str, *, blocks: bool = True) -> Hidden:
    return Hidden(match.start(), match.end(), kind, what, blocks)


def _everywhere(text: str, shown: str) -> Iterator[Hidden]:
    may = "\t" in text or " " * 40 in text or (not text.isascii() and _WIDE.search(text))
    for match in _FAR.finditer(text) if may else ():
        start = text.rfind("\n", 0, match.start()) + 1
        # In code and tables, columns are lined up; there only what leaves the screen counts.
        lined_up = shown[match.end()] == " " or text[start : match.start()].lstrip(" ").startswith(
            "|"
        )
        if not lined_up or match.end() - start >= _SCREEN:
            yield _hit(match, "far", "text far to the right, behind blanks")
    for match in _RUN.finditer(text):
        found = match[0][:_DECODED]
        if said := (_from_hex(found) if _HEX.fullmatch(match[0]) else "") or _from_base64(found):
            yield _hit(match, "encoded", f"encoded text, which says '{said[:60]}'")


def _from_base64(found: str) -> str:
    plain = found.rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[:-1] if len(plain) % 4 == 1 else plain + "=" * (-len(plain) % 4)
    try:
        return _as_text(base64.b64decode(plain, validate=True))
    except binascii.Error:
        return ""


def _from_hex(found: str) -> str:
    return _as_text(bytes.fromhex(found[: len(found) // 2 * 2]))


def _as_text(data: bytes) -> str:
    try:
        said = data.decode()
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:  # the last character may be cut
            return ""
        said = data[: error.start].decode()
    letters = sum(one.isalnum() or one == " " for one in said)
    printable = all(one.isprintable() or one in "\n\r\t" for one in said)
    return " ".join(said.split()) if printable and letters * 5 > len(said) * 4 else ""


def _comments(text: str) -> Iterator[Hidden]:
    for match in _COMMENT.finditer(text) if "<" in text else ():
        yield _hit(match, "comment", "a comment that is not rendered")
    for match in _NOTE.finditer(text) if "]:" in text else ():
        yield _hit(match, "comment", "a comment that is not rendered")


def _tags(text: str) -> Iterator[Hidden]:
    if "<" not in text:
        return
    for match in _ACTIVE.finditer(text):
        yield _hit(match, "active", f"{match[0]}>, which shows not what is in it")
    for match in _TAG.finditer(text):
        if _CONCEALED.search(match[0]):
            yield _hit(match, "concealed", "HTML that hides what is in it")
        elif match[0].lower().startswith("<details") and " open" not in match[0].lower():
            yield _hit(match, "details", "text that is folded away", blocks=False)
        elif not _ACTIVE.match(match[0]):
            yield _hit(match, "html", f"HTML: {match[0][:40]}", blocks=False)


def _images(text: str) -> Iterator[Hidden]:
    if "![" not in text:
        return
    defined = {one["name"].casefold(): one["to"] for one in _DEFINED.finditer(text)}
    for match in _IMAGE.finditer(text):
        name = match["ref"] or ("" if match["to"] is not None else match["alt"])
        to = match["to"] if match["to"] is not None else defined.get(name.casefold(), "")
        if _REMOTE.match(_plain(to)):
            yield _hit(match, "remote", "an image that is fetched from elsewhere when it is shown")
        if len(match["alt"]) > _LONG_WORDS:
            yield _hit(match, "long", "a long text that an image stands for", blocks=False)


def _links(text: str) -> Iterator[Hidden]:
    for sign, pattern in (("](", _LINK), ("![", _IMAGE), ("]:", _DEFINED), ("<", _AUTO),
                          ("<", _SOURCE)):  # fmt: skip
        look = _sources if pattern is _SOURCE else pattern.finditer
        for match in look(text) if sign in text else ():
            if _BAD_SCHEME.match(_plain(match["to"] or "")):
                yield _hit(match, "scheme", "a link that runs or holds something by itself")
            elif (
                pattern is _SOURCE
                and match[0].lower().startswith("src")
                and _REMOTE.match(_plain(match["to"]))
            ):
                yield _hit(match, "remote", "what is fetched from elsewhere when it is shown")
    for match in _LINK.finditer(text) if "](" in text else ():
        if len(match["title"]) > _LONG_WORDS:
            yield _hit(match, "long", "a long title of a link", blocks=False)
        words, to = _plain(match["text"]), _plain(match["to"])
        if _REMOTE.match(words) and _host(words) != _host(to):
            yield _hit(match, "elsewhere", "a link that leads elsewhere than it says", blocks=False)
    for match in _DEFINED.finditer(text) if "]:" in text else ():
        if match["title"]:
            yield _hit(match, "title", "a definition with a title that is not shown", blocks=False)


def _sources(text: str) -> Iterator[re.Match[str]]:
    """Yield each match of _SOURCE, found by its `=`, of which there are few."""
    reached, at = 0, text.find("=")
    while at >= 0:
        if at >= reached and (named := _NAMED.search(text, max(reached, at - 14), at)):
            match = _SOURCE.match(text, named.start())
            if match:
                yield match
                reached = match.end()
        at = text.find("=", at + 1)


def _host(address: str) -> str:
    return address.partition("//")[2].partition("/")[0].partition("?")[0].casefold()


def _plain(address: str) -> str:
    return _NO_LETTER.sub("", html.unescape(address)).lstrip("<")


def _aimed(text: str) -> Iterator[Hidden]:
    folded = text.lower()
    if len(folded) != len(text):  # a few letters grow; then the places would be others
        folded = "".join(low if len(low := one.lower()) == 1 else one for one in text)
    matches = []
    for needle, pattern in _AIMED:
        at = folded.find(needle)
        while at >= 0:
            if match := pattern.match(folded, at):
                matches.append(match)
            at = folded.find(needle, at + len(needle))
    for match in matches:
        start = folded.rfind("\n", 0, match.start()) + 1
        if match[0].endswith(":") and folded[start : match.start()].strip(" \t#*>"):
            continue  # a role is played at the beginning of a line
        yield Hidden(match.start(), max(match.end(), match.start() + 1), "aimed",
                     "words aimed at a model", blocks=False)  # fmt: skip


def _oddities(text: str) -> Iterator[Hidden]:
    yield from _aimed(text)
    for match in _TEX.finditer(text) if "\\" in text else ():
        yield _hit(match, "maths", "a formula that hides what is in it", blocks=False)
    for match in _MATHS.finditer(text) if not text.isascii() else ():
        yield _hit(match, "maths", "letters of formulas for words", blocks=False)
    for match in _ENTITY.finditer(text) if "&" in text else ():
        if any(True for _ in find(html.unescape(match[0]))):
            yield _hit(match, "entity", f"{match[0]}, which is not seen", blocks=False)
    if not text.isascii() and (blank := _SPACES.search(text)):
        count = len(_SPACES.findall(text))
        words = f"{count} blank{'s' if count > 1 else ''} that no space bar makes, first"
        yield _hit(blank, "blank", f"{words} {chips(blank[0])}", blocks=False)
    lines = text.split("\n")
    formed = text.isascii() or unicodedata.is_normalized("NFC", text)
    if formed and max(map(len, lines)) <= _LONG_LINE and not _GAP.search(text):
        return
    at = empty = 0
    for line in lines:
        empty = 0 if line and not line.isspace() else empty + 1
        if empty == _EMPTY:
            yield Hidden(at, at, "empty", "many empty lines", blocks=False)
        if len(line) > _LONG_LINE:
            words = f"a line of {len(line)} characters"
            yield Hidden(at, at + len(line), "long", words, blocks=False)
        if not line.isascii() and not unicodedata.is_normalized("NFC", line):
            words = "accents apart from their letters"
            yield Hidden(at, at + len(line), "form", words, blocks=False)
        at += len(line) + 1


_RULES: tuple[Callable[[str], Iterator[Hidden]], ...] = (_comments, _tags, _images, _links)
