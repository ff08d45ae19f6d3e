"""Break a symbol on purpose: it raises as it begins, a condition is negated, a value is another,
it does nothing, or a statement is left out.

Each way is one splice into the file, which parses afterwards. What raises stands before the body,
so that nothing that the body uses is unused by then: Go and Java refuse to compile that.
"""

from collections.abc import Iterator, Mapping

from attrs import frozen
from tree_sitter import Node

from accord.core.breakage import Breakage, How
from accord.symbols import languages
from accord.symbols.languages import PYTHON, Language
from accord.symbols.reading import LARGEST, node_of

_RAISES = {
    "python": b'raise RuntimeError("broken on purpose")',
    "javascript": b'throw new Error("broken on purpose");',
    "typescript": b'throw new Error("broken on purpose");',
    "tsx": b'throw new Error("broken on purpose");',
    "go": b'panic("broken on purpose");',
    "java": b'if (true) throw new RuntimeException("broken on purpose");',
    "rust": b'panic!("broken on purpose");',
}
_IDLE = {
    "python": b"return", "javascript": b"return;", "typescript": b"return;", "tsx": b"return;",
    "go": b"if true { return };", "java": b"if (true) return;", "rust": b"if true { return; }",
}  # fmt: skip
_NOTHING = {"python": b"None", "javascript": b"undefined", "typescript": b"undefined",
            "tsx": b"undefined"}  # fmt: skip
_FALSE_IF = {
    "javascript": (b"if (false) ", b""),
    "typescript": (b"if (false) ", b""),
    "tsx": (b"if (false) ", b""),
    "go": (b"if false { ", b" }"),
    "java": (b"if (false) ", b""),
    "rust": (b"if false { ", b" }"),
}
_CALLS = frozenset("call call_expression method_invocation".split())
_AROUND_CALLS = frozenset("await await_expression try_expression".split())
_ASSIGNMENTS = frozenset(
    "assignment augmented_assignment assignment_expression augmented_assignment_expression "
    "assignment_statement compound_assignment_expr".split()
)
_HELD = frozenset(
    "attribute subscript member_expression subscript_expression selector_expression "
    "index_expression field_access array_access field_expression".split()
)
# Without these a function may have no end, and an object nothing that it is made from.
_NEEDED = {
    "javascript": (b"super",), "typescript": (b"super",), "tsx": (b"super",), "go": (b"panic",),
    "rust": (b"exit", b"abort"),
}  # fmt: skip
_CALLABLE = ("arrow_function", "function_expression", "generator_function")
_CONDITIONAL = frozenset(
    "if_statement elif_clause while_statement do_statement ternary_expression if_expression "
    "while_expression for_statement".split()
)
_TRUTHS = frozenset("comparison_operator boolean_operator not_operator".split())
_COMPARING = frozenset("== != < > <= >= === !== && ||".split())
_NUMBERS = frozenset(
    "integer float number int_literal float_literal decimal_integer_literal "
    "decimal_floating_point_literal integer_literal".split()
)
_TRUE, _FALSE = ("true", "True"), ("false", "False")
_TEXTS = frozenset("string string_literal interpreted_string_literal".split())


@frozen
class _Cut:
    """Bytes to put in place of others: from, to, what; and the line that it stands in."""

    first: int
    last: int
    new: bytes
    line: int


def breakages(path: str, data: bytes, name: str, most: int) -> tuple[Breakage, ...]:
    """Return up to `most` ways to break the symbol `name` of a file, the plainest first.

    None for a file that cannot be read, or a symbol that is not there or does nothing.
    """
    language = languages.of(path)
    if language is None or len(data) > LARGEST:
        return ()
    parser = languages.parser(language)
    root = parser.parse(data).root_node
    node = node_of(root, language, name)
    if node is None:
        return ()
    found = []
    for how, cut in _ways(node, language, data):
        broken = data[: cut.first] + cut.new + data[cut.last :]
        if root.has_error or not parser.parse(broken).root_node.has_error:
            found.append(Breakage(path, name, cut.line, how, broken))
        if len(found) == most:
            break
    return tuple(found)


def _ways(node: Node, language: Language, data: bytes) -> Iterator[tuple[How, _Cut]]:
    held = node.child_by_field_name("value")
    inner = held if held is not None and held.type in _CALLABLE else node
    if inner.type in (*language.functions, *_CALLABLE):
        raising = _beginning(inner, language, _RAISES, data)
        if raising is not None:
            yield How.RAISES, raising
        for one in _below(inner):
            negated = _negated(one, language)
            if negated is not None:
                yield How.NEGATED, negated
        for one in _below(inner):
            nothing = _nothing(one, language)
            if nothing is not None:
                yield How.NOTHING, nothing
        idle = _beginning(inner, language, _IDLE, data) if _may_return(inner, language) else None
        if idle is not None:
            yield How.IDLE, idle
        for one in _below(inner):
            left_out = _left_out(one, language)
            if left_out is not None:
                yield How.LEFT_OUT, left_out
        return
    for one in _below(inner, without=language.functions | language.classes):
        other = _other(one)
        if other is not None:
            yield How.VALUE, other


def _may_return(function: Node, language: Language) -> bool:
    """Tell whether a function may return as it begins, without a value."""
    if language.name in ("go", "rust"):
        return all(function.child_by_field_name(one) is None for one in ("result", "return_type"))
    kind = function.child_by_field_name("type")
    return language.name != "java" or (kind is not None and kind.type == "void_type")


def _beginning(
    function: Node, language: Language, said: Mapping[str, bytes], data: bytes
) -> _Cut | None:
    """Return the splice that has a function begin with what is `said` in its language."""
    body, words = function.child_by_field_name("body"), said[language.name]
    if body is None:
        return None
    if language is PYTHON:
        return _beginning_python(body, words, data)
    if body.type not in ("block", "statement_block", "constructor_body"):
        # An arrow that is nothing but an expression.
        arrow = b"{ " + words + b" }"
        return _Cut(body.start_byte, body.end_byte, arrow, _line(body))
    at = body.children[0].end_byte
    first = body.named_children[0] if body.named_children else None
    if first is not None and first.type == "explicit_constructor_invocation":
        at = first.end_byte
    return _Cut(at, at, b" " + words, _line(body))


def _beginning_python(body: Node, words: bytes, data: bytes) -> _Cut | None:
    said = [one for one in body.named_children if one.type != "comment"]
    if not said:
        return None
    first = said[0]
    if first.type == "expression_statement" and first.named_children[0].type == "string":
        if len(said) == 1:  # a docstring alone
            return _Cut(first.end_byte, first.end_byte, b"; " + words, _line(first))
        first = said[1]
    before = data[first.start_byte - first.start_point.column : first.start_byte]
    # Its own line, indented as the body is; `def f(): g()` has no other line.
    between = b"; " if before.strip() else b"\n" + before
    return _Cut(first.start_byte, first.start_byte, words + between, _line(first))


def _negated(node: Node, language: Language) -> _Cut | None:
    """Return the splice that negates the condition of a statement, or a truth that is returned."""
    condition: Node | None = None
    if node.type in _CONDITIONAL:
        condition = node.child_by_field_name("condition")
    elif node.type == "conditional_expression":
        condition = node.named_children[1]
    elif node.type in ("return_statement", "return_expression") and node.named_children:
        value = node.named_children[0]
        if value.type == "expression_list" and value.named_child_count == 1:
            value = value.named_children[0]
        condition = value if _is_truth(value) else None
    if condition is None or condition.type.startswith("let_"):
        return None
    said = condition.text or b""
    sign = b"not " if language is PYTHON else b"!"
    new = sign + b"(" + said + b")"
    if condition.type == "parenthesized_expression" and language is not PYTHON:
        new = b"(!" + said + b")"
    return _Cut(condition.start_byte, condition.end_byte, new, _line(condition))


def _nothing(node: Node, language: Language) -> _Cut | None:
    """Return the splice that has a function return nothing, where its language lets it."""
    word = _NOTHING.get(language.name)
    if node.type != "return_statement" or not node.named_children or word is None:
        return None
    value = node.named_children[0]
    if value.type in ("none", "null", "undefined"):
        return None
    return _Cut(value.start_byte, node.named_children[-1].end_byte, word, _line(node))


def _left_out(node: Node, language: Language) -> _Cut | None:
    """Return the splice that leaves out a call, or what is put into an attribute or an item.

    Where a compiler looks at what is used it stays there, and is never reached.
    """
    if node.type == "assignment_statement":  # Go has nothing around it
        only: Node | None = node
    elif node.type == "expression_statement" and node.named_child_count == 1:
        only = node.named_children[0]
    else:
        only = None
    if only is None or not (_is_call(only, language) or _is_kept(only)):
        return None
    new = b"pass"
    if language is not PYTHON:
        before, after = _FALSE_IF[language.name]
        new = before + (node.text or b"") + after
    elif any(one.type == "yield" for one in _below(node)):
        return None  # what is no generator any more does something else altogether
    return _Cut(node.start_byte, node.end_byte, new, _line(node))


def _is_call(node: Node, language: Language) -> bool:
    while node.type in _AROUND_CALLS and node.named_children:
        node = node.named_children[0]
    function = node.child_by_field_name("function")
    said = (function.text or b"") if function is not None else b""
    needed = said.rpartition(b":")[2] in _NEEDED.get(language.name, ())
    return node.type in _CALLS and not needed


def _is_kept(node: Node) -> bool:
    """Tell whether an assignment is to what others may see, and not to a name of the function."""
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    if node.type not in _ASSIGNMENTS or left is None or right is None:
        return False
    if left.type == "expression_list" and left.named_child_count == 1:
        left = left.named_children[0]
    # A field of Java may be final, and has to be set where it is set.
    final = left.type == "field_access"
    return left.type in _HELD and right.type not in _ASSIGNMENTS and not final


def _is_truth(node: Node) -> bool:
    operator = node.child_by_field_name("operator")
    return node.type in _TRUTHS or (
        node.type == "binary_expression" and operator is not None and operator.type in _COMPARING
    )


def _other(node: Node) -> _Cut | None:
    """Return the splice that makes a value another of its kind."""
    said = node.text or b""
    if node.type in _NUMBERS and node.child_count == 0:
        new = b"(" + said + b" + 1)"
    elif node.type in (*_TRUE, *_FALSE):
        capital = said[:1].isupper()
        new = (b"False" if capital else b"false") if node.type in _TRUE else (
            b"True" if capital else b"true")  # fmt: skip
    elif node.type == "boolean_literal":
        new = b"false" if said == b"true" else b"true"
    elif node.type in _TEXTS and b"\n" not in said:
        new = b'""' if len(said) > len(b'""') else b'"broken"'
    else:
        return None
    return _Cut(node.start_byte, node.end_byte, new, _line(node))


def _below(node: Node, *, without: frozenset[str] = frozenset()) -> Iterator[Node]:
    waiting = list(reversed(node.children))
    while waiting:
        one = waiting.pop()
        if one.type in without:
            continue
        yield one
        waiting += reversed(one.children)


def _line(node: Node) -> int:
    return node.start_point.row + 1
