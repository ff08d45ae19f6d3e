"""Tests of JavaScript and TypeScript: calls with a title and a function, alone and in groups.

Named as Jest, Vitest, Mocha, Playwright and node:test name them, those that are left out too;
`.only`, `.skip` and `.each(...)` may stand between the name and the title, and `test.describe` is
a group as `describe` is.
"""

import re

from attrs import frozen
from tree_sitter import Node

from accord.symbols.languages import JAVASCRIPT, TSX, TYPESCRIPT, Language
from accord.symbols.normal import text

_TESTS = frozenset({"test", "it", "xtest", "xit"})
_GROUPS = frozenset({"describe", "suite", "context", "xdescribe"})
# What hangs on `test` and is none: a part of one, and what runs before or after them.
_NO_TESTS = frozenset(
    {"step", "before", "after", "beforeEach", "afterEach", "beforeAll", "afterAll"}
)
_INNER = re.compile(r"(\$[^\W\d]\w*)(?:\.\w+)+")  # `$user.name`: a dot parts the titles
_FUNCTIONS = ("arrow_function", "function_expression")
_CALLABLE = (*_FUNCTIONS, "identifier", "member_expression", "call_expression")


@frozen
class Titled:
    """A test, or a group of tests: then `body` is what stands in the group."""

    title: str
    body: Node | None


def of(statement: Node, language: Language) -> Titled | None:
    """Return the test or the group that a statement is, or None.

    The title is as it is written, in one line; without `#`, which numbers symbols of one name.
    """
    call = statement.named_children[0] if statement.named_children else None
    if language not in (JAVASCRIPT, TYPESCRIPT, TSX) or call is None:
        return None
    if call.type != "call_expression":
        return None
    callee, given = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    kind = _kind(callee)
    if given is None or kind is None:
        return None
    words = given.named_children
    # A group is read by what stands in its function; a test may be one that is written elsewhere.
    needed = _CALLABLE if kind is _TESTS else _FUNCTIONS
    function = next((one for one in words[1:] if one.type in needed), None)
    if not words or words[0].type not in ("string", "template_string") or function is None:
        return None
    title = " ".join(_INNER.sub(r"\1", text(words[0])[1:-1]).replace("#", " ").split())
    return Titled(title, function.child_by_field_name("body") if kind is _GROUPS else None)


def _kind(callee: Node | None) -> frozenset[str] | None:
    """Return _TESTS for `test`, `test.only`, `test.each([1, 2])`, _GROUPS for `test.describe`."""
    names = set()
    while callee is not None and callee.type in ("member_expression", "call_expression"):
        held = callee.type == "member_expression"
        last = callee.child_by_field_name("property") if held else None
        names.add(text(last) if last is not None else "")
        callee = callee.child_by_field_name("object" if held else "function")
    base = text(callee) if callee is not None and callee.type == "identifier" else ""
    if base in _GROUPS:
        return _GROUPS
    if base not in _TESTS or names & _NO_TESTS:
        return None
    return _GROUPS if names & _GROUPS else _TESTS
