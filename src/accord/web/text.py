"""Text from documents, agents and repositories on its way into a page: all of it is hostile.

Every value that a template writes goes through `harmless`; markdown goes through a parser that
knows no HTML and then through an allow-list.
"""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from accord.core.hidden import visible

LARGEST = 96 * 2**10
DEEPEST = 20

# What HTML cannot carry, and halves of surrogate pairs, which are no text at all.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CHIP = re.compile("‹U\\+([0-9A-F]{4,6})›")
_TAGS = set(
    "p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong del hr br a table thead tbody tr "
    "th td".split()
)


def harmless(value: object) -> object:
    """Return a value for a template, with every character that cannot be seen written as its code.

    Markup that this package made is left as it is; the template escapes the rest.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return plain(value)
    return value


def plain(text: str) -> str:
    """Return `text` with hidden characters and controls as ‹U+202E›."""
    if text.isascii() and text.isprintable():  # nearly all of it, and then nothing is hidden
        return text
    shown = visible(text.replace("\r\n", "\n"))
    return _CONTROLS.sub(lambda match: f"‹U+{ord(match[0]):04X}›", shown)


def chips(text: str) -> Markup:
    """Return `text` escaped, each hidden character as a chip that cannot be overlooked."""
    return Markup(_CHIP.sub(_chip, str(escape(plain(text)))))  # noqa: S704 -- escaped just here


def _chip(match: re.Match[str]) -> str:
    return f'<mark class="chip" title="hidden character">U+{match[1]}</mark>'


@lru_cache(maxsize=64)
def rendered(data: bytes) -> Markup:
    """Return markdown as HTML; text that is too large is shown as it stands in the file."""
    text = data.decode(errors="backslashreplace")
    if len(text) > LARGEST or _nests_too_deep(text):
        return Markup("<pre>{}</pre>").format(chips(text))
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable("table")
    html = nh3.clean(
        parser.render(plain(text)),
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_absolute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return Markup(_CHIP.sub(_chip, html))  # noqa: S704 -- what nh3 let through, and our own chips


def _absolute(tag: str, name: str, value: str) -> str | None:  # noqa: ARG001 -- nh3's signature
    """Return a link that leaves the room, None for one into it: a document offers no actions."""
    return value if name != "href" or re.match(r"(?:https?://|mailto:)", value) else None


def _nests_too_deep(text: str) -> bool:
    return bool(re.search(rf"^[ \t]*(?:>[ \t]*|[-*+][ \t]+){{{DEEPEST}}}", text, re.MULTILINE))
