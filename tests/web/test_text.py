"""Hostile text on its way into a page."""

import re
from html.parser import HTMLParser

import pytest

from accord.web.text import LARGEST, chips, plain, rendered
from hostile import MARKDOWN, TEXTS

SAFE = set(
    "p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong del hr br a table thead tbody tr "
    "th td mark".split()
)
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Tags(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", [*TEXTS, *MARKDOWN])
def test_markdown_becomes_nothing_active(text: str) -> None:
    tags = Tags()
    tags.feed(str(rendered(text.encode(errors="surrogatepass"))))
    for tag, attributes in tags.found:
        assert tag in SAFE, tag
        assert set(attributes) <= {"href", "rel", "class", "title"}
        if tag == "a":
            assert re.match(r"(?:https?|mailto):", attributes.get("href") or "http:")
            assert attributes["rel"] == "noopener noreferrer nofollow"


@pytest.mark.parametrize("text", TEXTS)
def test_plain_text_is_escaped_and_nothing_in_it_is_hidden(text: str) -> None:
    tags = Tags()
    tags.feed(str(chips(text)))
    assert {tag for tag, _ in tags.found} <= {"mark"}
    assert not INVISIBLE.search(str(chips(text)))
    assert not INVISIBLE.search(plain(text))


def test_a_hidden_character_is_a_chip() -> None:
    assert str(chips("a\u202eb")) == ('a<mark class="chip" title="hidden character">U+202E</mark>b')
    assert "U+202E</mark>" in rendered("a\u202eb".encode())


def test_what_is_too_large_or_too_deep_is_shown_as_it_stands() -> None:
    assert rendered(b"# a\n" * LARGEST).startswith("<pre>")
    assert rendered(b"> " * 5000 + b"a").startswith("<pre>")
    assert "<h1>a</h1>" in rendered(b"# a\n")


def test_deep_emphasis_and_brackets_do_not_take_for_ever() -> None:
    for text in ("*" * 20000, "[" * 20000, "![" * 9000, "`" * 20000, "<" * 20000, "_a" * 10000):
        assert rendered(text.encode())
