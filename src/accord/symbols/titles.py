"""Tests of JavaScript and TypeScript: calls with a title and a function, alone and in groups.

Named as Jest, Vitest, Mocha, Playwright and node:test name them, those that are left out too;
`.only`, `.skip` and `.each(...)` may stand between the name and the title.
"""

import re

from attrs import frozen
from tree_sitter import Node

from accord.symbols.languages import JAVASCRIPT, TSX, TYPESCRIPT, Language
from accord.symbols.normal import text

_TESTS = frozenset({"test", "it", "xtest", "xit"})
_GROUPS = frozenset({"describe", "suite", "context", "xdescribe"})
_INNER = re.compile(r"(\$[^\W\d]\w*)(?:\.\w+)+")  # `$user.name`: a dot parts the titles
_FUNCTIONS = ("arrow_function", "function_expression")


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
    name = _base(callee)
    if given is None or name not in _TESTS | _GROUPS:
        return None
    words = given.named_children
    function = next((one for one in words[1:] if one.type in _FUNCTIONS), None)
    if not words or words[0].type not in ("string", "template_string") or function is None:
        return None
    title = " ".join(_INNER.sub(r"\1", text(words[0])[1:-1]).replace("#", " ").split())
    return Titled(title, function.child_by_field_name("body") if name in _GROUPS else None)


def _base(callee: Node | None) -> str:
    """Return `test` for `test`, `test.only` and `test.each([1, 2])`."""
    while callee is not None and callee.type in ("member_expression", "call_expression"):
        field = "object" if callee.type == "member_expression" else "function"
        callee = callee.child_by_field_name(field)
    return text(callee) if callee is not None and callee.type == "identifier" else ""
