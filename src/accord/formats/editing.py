"""Writing by splice, the same for every format: an item gets other words, one comes or goes.

Every byte outside the edit stays as it is: line ends, byte order mark, tabs, a last line without
an end. Text is given with `\\n` and written with the line ends of the file.
"""

import re

from accord.core import markdown
from accord.core.markdown import Splice
from accord.core.model import Document, Item, Task

_BOM = b"\xef\xbb\xbf"
_ENDS = (b"\n", b"\r")
_DONE = re.compile(rb"[^\[\r\n]*\[\s*([xX])\s*\]")
_BLANKS = re.compile(rb"(?:[ \t]*(?:\r\n|\n|\r))*")


def untick(document: Document, task: Task) -> bytes:
    """Return the document's bytes with the box of `task` emptied: one byte differs, or none.

    A task that is not done, or that has no box, leaves the document as it is.
    """
    box = _DONE.match(document.data, task.place.start, task.place.end)
    if not task.done or box is None:
        return document.data
    return markdown.splice(document.data, [Splice(*box.span(1), b" ")])


def replaced(document: Document, item: Item, text: str) -> bytes:
    """Return the document's bytes with the source of `item` replaced by `text`.

    What stands inside the place of `item` is replaced with it. A line end follows `text` where
    one ended the item; one at the end of `text` itself does not count.
    """
    start, end = _span(document, item)
    new = _written(document, text)
    if document.data[start:end].endswith(_ENDS):
        new += markdown.newline(document.data)
    return markdown.splice(document.data, [Splice(start, end, new)])


def reworded(document: Document, item: Item, words: str) -> bytes:
    """Return the document's bytes with the sentence of `item` replaced by `words`, in one line.

    Its marker, its id and what is nested under it stay. Raises ValueError where the sentence does
    not stand in one piece in the file.
    """
    old = item.text.split("\n", 1)[0].strip().encode()
    start, end = _span(document, item)
    if not old or document.data.count(old, start, end) != 1:
        raise ValueError("the sentence does not stand in one piece")
    at = document.data.index(old, start, end)
    new = " ".join(words.split()).encode()
    return markdown.splice(document.data, [Splice(at, at + len(old), new)])


def nested(document: Document, item: Item, words: str) -> bytes:
    """Return the document's bytes with `words` as one more point under the list item `item`."""
    start, end = _span(document, item)
    own = document.data[start:end]
    indent = own[: len(own) - len(own.lstrip(b" \t"))].decode()
    return inserted(document, item, f"{indent}  - {' '.join(words.split())}")


def inserted(document: Document, after: Item, text: str) -> bytes:
    """Return the document's bytes with `text` as lines of its own behind the item `after`.

    A blank line parts them where one of the two begins with a heading.
    """
    data, end = document.data, _span(document, after)[1]
    line_end, new = markdown.newline(data), _written(document, text)
    ended = data[:end].endswith(_ENDS)
    apart = text.lstrip().startswith("#") or data[after.place.start : end].lstrip().startswith(b"#")
    crowded = apart and end < len(data) and data[end : end + 1] not in _ENDS
    before = (b"" if ended else line_end) + (line_end if apart else b"")
    behind = (line_end if ended else b"") + (line_end if crowded else b"")
    return markdown.splice(data, [Splice(end, end, before + new + behind)])


def deleted(document: Document, item: Item) -> bytes:
    """Return the document's bytes without `item` and what stands inside its place.

    The blank lines behind it go with it where there are some before it too, so that none pile up.
    """
    data = document.data
    start, end = _span(document, item)
    before = data[:start].rstrip(b" \t")
    alone = not before or before == _BOM or re.search(rb"(?:\r\n|\n|\r){2}\Z|\A\s+\Z", before)
    if alone and (blanks := _BLANKS.match(data, end)):
        end = blanks.end()
    return markdown.splice(data, [Splice(start, end, b"")])


def _span(document: Document, item: Item) -> tuple[int, int]:
    # A mark at the very start says how the file is written, and is no part of its first item.
    start = item.place.start
    bom = len(_BOM) if start == 0 and document.data.startswith(_BOM) else 0
    return start + bom, item.place.end


def _written(document: Document, text: str) -> bytes:
    lines = text.rstrip("\r\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return markdown.newline(document.data).join(line.encode() for line in lines)
