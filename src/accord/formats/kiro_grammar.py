"""The marks of Kiro's grammar: what a numbered line, an id, a link and a label look like.

Fixed words are known in the languages that cc-sdd writes; digits, colons and commas count in any
width and script.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from accord.core.markdown import Block, BlockKind
from accord.core.model import Place

_WORD = (
    r"(?i:requirements?|reqs?|要件|要求|需求|요구\s?사항|требовани[ея]|requisit[oi]s?|exigences?"
    r"|anforderung(?:en)?|απαίτηση|απαιτήσεις|(?:ال)?متطلب(?:ات)?)"
)
_PROVES = r"(?i:validates|verifies|satisfies|検証対象|検証|验证|驗證|검증|проверяет)"
_DOTTED = r"[0-9]{1,9}(?:\.[0-9]{1,9})+"
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})*"
_MARKER = r"(?:[-*+]\s++(?:\[.\]\*?\s++)?)"
STRONG = re.compile(
    rf"(?:{_WORD}\s*+(?:[#-]\s*+)?(?:([A-Z]{{1,5}})[-.]?)?|(REQ|N?FR|US|UC|BR|SR|UR|TR|R)[-.]?)"
    rf"({_NUMBER})(?!\w)"
)
WEAK = re.compile(rf"(?:[^\W\d_]++\s*+)?({_NUMBER})(?=[.:,)\s]|\Z)")
TITLE = re.compile(rf"[*_ ]*+(?:{STRONG.pattern}|{_NUMBER}(?!\w))?[-–—.:,)*\s]*")
_LABEL = re.compile(
    r"(?i:acceptance|criteri|crit[èeé]r|基準|基准|標準|标准|条件|條件|수용|인수|기준|критери|akzeptanz|aceita"
    r"|aceptaci|accettazione|κριτήρι|معايير)"
)
EARS = re.compile(r"\b(?:WHEN|IF|WHILE|WHERE|SHALL|GIVEN)\b")
_POINT = re.compile(
    rf"{_MARKER}?[*_]*+(?:AC[-. ]?)?(?:(?P<dotted>{_DOTTED})[*_]*+[.:,)]?[*_]*+(?=\s|\Z)"
    r"|(?P<plain>[0-9]{1,9})[.:,)](?!\d)[*_]*)\s*"
)
_BULLET = re.compile(rf"{_MARKER}(?P<dotted>)(?P<plain>)")
TASK = re.compile(
    r"\[(?P<state>[ xX~-])\](?P<star>\*?)(?=\s|\Z)"
    rf"(?:\s+[*_]*+T?(?P<number>{_DOTTED}|[0-9]{{1,9}}(?=\*{{0,2}}(?:[.:,)]|\s+\(P\))))"
    r"(?P<late>\*(?!\*))?[.:,)]*+[*_]*+(?=[\s(]|\Z))?\s*(?P<parallel>\(P\)(?=\s|\Z))?\s*"
)
ORDERED = re.compile(r"\s*([0-9]{1,9})[.)]")
BOX = re.compile(rb"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[([xX~-])\](?=\*?(?:\s|\Z))")
_PROPERTY = re.compile(
    r"[-+#*_\s]*+(?:Property|属性|屬性|プロパティ|속성)\s?([0-9]{1,9})\s?"
    r"[*_]*[-–—:.,][*_ ]*([^\r\n*]*)"
)
_PIECES = re.compile(r"\s(?=[*_`]++[^\W_][^:：_*`]{0,30}[:：])|·")
_FIELD = re.compile(
    rf"[\s*_`]*+(?:(?P<serves>{_PROVES}\s*{_WORD}|{_PROVES}|{_WORD})"
    r"|(?P<after>(?i:depends(?: on)?|dependencies|依存|依赖|依賴|의존))"
    r"|(?P<touches>(?i:boundary|boundaries|files?|境界|边界|邊界|경계)))[*_`\s]*+:[*_`\s]*"
)
_LINK = re.compile(
    rf"(?:(?:{_WORD}|(?i:tasks?))\s*)?(?:([A-Z]{{1,5}})[-. ]?)?({_NUMBER})"
    rf"(?:\s*[-–—~〜]\s*({_NUMBER}))?\s*(?:\(.*)?\Z",
)
_INSIDE = re.compile(rf"(?<![\w.-])(?:([A-Z]{{1,5}})-({_NUMBER})|({_DOTTED}))(?!\w)")
_SUFFIX = re.compile(r"\.\w+\Z")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_HALF_WIDTH = str.maketrans("．：，、；（）～＃", ".:,,;()~#")


@frozen
class Source:
    """A file and its blocks; `calm` is `data` with every box that counts as progress emptied."""

    path: str
    data: bytes
    calm: bytes
    blocks: Sequence[Block]

    def text(self, at: int) -> str:
        """Return the source of block `at`."""
        return self.data[self.blocks[at].start : self.blocks[at].end].decode()

    def heading(self, at: int, deepest: int = 6) -> bool:
        """Tell whether block `at` is a heading of that level or above."""
        block = self.blocks[at]
        return block.kind is BlockKind.HEADING and block.level <= deepest

    def reach(self, at: int) -> int:
        """Return the index after the item at `at` and all that is indented under it."""
        level, last = self.blocks[at].level, at + 1
        for after in range(at + 1, len(self.blocks)):
            if self.blocks[after].kind is BlockKind.BLANK:
                continue
            words = self.text(after).expandtabs(4)
            if self.heading(after) or len(words) - len(words.lstrip(" ")) <= level:
                break
            last = after + 1
        return last

    def place(self, first: int, after: int) -> Place:
        """Return where blocks `first` to `after` are, without the blank lines at their end."""
        while after > first + 1 and self.blocks[after - 1].kind is BlockKind.BLANK:
            after -= 1
        start = self.blocks[first]
        return Place(self.path, start.start, self.blocks[after - 1].end, start.line)

    def own(self, place: Place, holes: Iterable[Place] = ()) -> str:
        """Return the sha256 of the bytes at `place`, without the items inside it."""
        digest, at = hashlib.sha256(), place.start
        for hole in holes:
            digest.update(self.calm[at : hole.start])
            at = max(at, hole.end)
        digest.update(self.calm[at : place.end])
        return digest.hexdigest()

    def fields(self, blocks: Iterable[int]) -> dict[str, list[str]]:
        """Return the values of the links in some blocks, by what they say of their item."""
        found: dict[str, list[str]] = {"serves": [], "after": [], "touches": []}
        for at in blocks:
            kind = self.blocks[at].kind
            lines = [self.blocks[at].text] if kind is BlockKind.ITEM else []
            for line in self.text(at).splitlines() if kind is BlockKind.OTHER else lines:
                cells = line.strip().strip("|").split("|")
                row = line.startswith("|") and len(cells) == 2
                for piece in _PIECES.split(":".join(cells) if row else line):
                    if match := _FIELD.match(plain(piece)):
                        found[match.lastgroup or ""].append(piece[match.end() :].strip("_*. "))
        return found


def plain(text: str) -> str:
    """Return `text` with its digits and marks in ASCII, character for character."""
    text = text.translate(_HALF_WIDTH)
    return re.sub(r"[^\D0-9]", lambda digit: str(unicodedata.decimal(digit[0])), text)


def split(data: bytes, blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks, with each numbered line of a paragraph (`1.1 WHEN`) as an item."""
    for block in blocks:
        if block.kind is not BlockKind.OTHER:
            yield block
            continue
        kind, start, first = BlockKind.OTHER, block.start, block.line
        for count, line in enumerate(_LINE.finditer(data, block.start, block.end)):
            if _POINT.match(plain(line[0].decode().lstrip())):
                if line.start() > start:
                    yield Block(kind, start, line.start(), first)
                kind, start, first = BlockKind.ITEM, line.start(), block.line + count
        yield Block(kind, start, block.end, first)


def free(used: Counter[str], name: str) -> str:
    """Return `name`, or `name~2` for its second bearer; `used` keeps the count."""
    used[name] += 1
    return name if used[name] == 1 else f"{name}~{used[name]}"


def name(tag: str | None, number: str) -> str:
    """Return the id of a requirement or criterion: `R1.2`, or `FR-1.2` for one with a tag."""
    number = ".".join(str(int(part)) for part in number.split("."))
    return f"R{number}" if tag in (None, "R", "REQ") else f"{tag}-{number}"


def slug(title: str) -> str:
    """Return `title` as a part of an id: words of any script with hyphens between them."""
    return re.sub(r"[\W_]+", "-", title.lower()).strip("-")[:48].strip("-") or "untitled"


def links(values: Iterable[str]) -> Iterator[str]:
    """Yield the ids in `1.1, 2.1-2.3, FR-4 (why)`, as requirements; other words name nothing."""
    for part in re.split(r"[,;&]|\sand\s", plain(",".join(values))):
        match = _LINK.match(part.strip("_*`. "))
        if match is None:
            for tag, number, dotted in _INSIDE.findall(part):
                yield name(tag or None, number or dotted)
            continue
        tag, first, last = match.groups()
        yield name(tag, first)
        if last:
            before, _, low = first.rpartition(".")
            above, _, high = last.rpartition(".")
            count = range(int(low) + 1, int(high)) if above == before else range(0)
            for between in count[:200]:
                yield name(tag, f"{before}.{between}".lstrip("."))
            yield name(tag, last)


def is_label(source: Source, at: int) -> bool:
    """Tell whether a heading, or the last line of a paragraph, announces acceptance criteria."""
    if source.blocks[at].kind not in (BlockKind.HEADING, BlockKind.OTHER):
        return False
    words = plain("".join(source.text(at).strip().splitlines()[-1:])).strip(" #*_")
    announces = source.heading(at) or words.endswith(":")
    return announces and len(words) < 60 and _LABEL.search(words) is not None


def point(source: Source, at: int) -> tuple[str, str, str] | None:
    """Return the dotted number, the plain number and the words of a list item, or None."""
    if source.blocks[at].kind is not BlockKind.ITEM:
        return None
    words = " ".join(source.text(at).split())
    match = _POINT.match(plain(words)) or _BULLET.match(words)
    return (match["dotted"] or "", match["plain"] or "", words[match.end() :]) if match else None


def property_mark(source: Source, at: int) -> tuple[str, str] | None:
    """Return number and title of the correctness property that block `at` begins, or None."""
    if source.blocks[at].kind not in (BlockKind.HEADING, BlockKind.ITEM, BlockKind.OTHER):
        return None
    text = source.text(at)
    match = _PROPERTY.match(plain(text))
    return (match[1], text[match.start(2) : match.end(2)].strip()) if match else None


def paths(values: Iterable[str]) -> Iterator[str]:
    """Yield the parts of `src/cart/, CartService` that are paths beyond doubt."""
    for part in re.split(r"[,;]", plain(",".join(values))):
        path = part.strip().strip("`")
        sure = "`" in part or "*" in path or path.endswith("/") or _SUFFIX.search(path)
        if "/" in path and sure and not re.search(r"[\s`]", path):
            yield path
