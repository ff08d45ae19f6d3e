"""Python's own normal form: annotations, docstrings, quotes, parentheses and local names."""

import ast
import warnings
from collections import Counter
from collections.abc import Iterator

from attrs import define, field
from tree_sitter import Node

from accord.symbols.normal import Normal, Tokens, significant, text

# How strongly an expression holds together, from the grammar's reference, 6.17. Parentheses
# around one that holds stronger than what is around it say nothing.
_BINARY = {
    "|": 7, "^": 8, "&": 9, "<<": 10, ">>": 10, "+": 11, "-": 11, "*": 12, "/": 12, "//": 12,
    "%": 12, "@": 12, "**": 14,
}  # fmt: skip
_STRENGTH = {
    "yield": 0, "named_expression": 0, "lambda": 1, "conditional_expression": 2, "or": 3, "and": 4,
    "not_operator": 5, "comparison_operator": 6, "unary_operator": 13, "await": 15,
    "attribute": 16, "call": 16, "subscript": 16,
}  # fmt: skip
_TUPLES = frozenset(("tuple", "expression_list", "pattern_list", "tuple_pattern"))
_STRINGS = ("string", "concatenated_string")
_SCOPES = frozenset(("function_definition", "lambda", "class_definition"))


@define
class PythonNormal(Normal):
    """As `Normal`; `locals` maps the names that only this function knows to numbers."""

    locals: dict[str, str] = field(factory=dict)
    seen: dict[str, str] = field(factory=dict)
    in_function: bool = False

    def write(self, node: Node, out: Tokens) -> None:
        """Add the tokens of `node` to `out`."""
        kind = node.type
        if kind == "expression_statement" and self._says_nothing(node):
            return
        if kind in _STRINGS:
            self._strings(node, out)
        elif kind == "identifier":
            self._name(node, out)
        elif kind in ("integer", "float"):
            out.append(_number(text(node)))
        elif kind in _TUPLES:
            self._tuple(node, out)
        elif kind == "if_statement":
            self._choice(node, out)
        elif kind == "format_specifier":
            out.append(text(node))
        elif kind == "block":
            out.append("{")
            self.children(node, out)
            out.append("}")
        elif kind == "typed_parameter":
            self.write(node.children[0], out)
        elif kind == "argument_list" and not node.named_children and _is_bases(node):
            return
        elif kind == "argument_list" and _is_generator(node):
            self.write(node.named_children[0], out)
        else:
            super().write(node, out)

    def children(self, node: Node, out: Tokens) -> None:
        """Add the tokens of what `node` is made of, without what only a type checker reads."""
        kind = node.type
        bare = kind == "import_from_statement"
        before = len(out)
        for child in significant(node, self.language):
            said = child.type
            if said == "->" or (said == ":" and kind in ("typed_default_parameter", "assignment")):
                continue
            if bare and said in ("(", ")"):
                continue
            self.write(child, out)
        if len(out) > before and kind.endswith("_statement"):
            out.append(";")

    def is_redundant(self, node: Node) -> bool:
        """Tell whether the parentheses of `node` change nothing."""
        inner, outer = node.named_children[-1:], node.parent
        return bool(inner) and (outer is None or _strength(inner[0]) > _around(outer, node))

    def _choice(self, node: Node, out: Tokens) -> None:
        """Write `elif` as what it stands for: an `if` alone in an `else`."""
        deep = 0
        for child in significant(node, self.language):
            if child.type == "elif_clause":
                out += ["else", ":", "{", "if"]
                for part in list(significant(child, self.language))[1:]:
                    self.write(part, out)
                deep += 1
            else:
                self.write(child, out)
        out += [*([";", "}"] * deep), ";"]

    def _says_nothing(self, node: Node) -> bool:
        only = node.named_children[0] if node.named_child_count else None
        if only is None:
            return True
        if only.type == "assignment":
            bare = only.child_by_field_name("right") is None
            return bare and (self.in_function or not _is_field(node))
        return only.type in _STRINGS and "interpolation" not in {
            one.type for each in _parts(only) for one in each.children
        }

    def _name(self, node: Node, out: Tokens) -> None:
        name = text(node)
        if name in self.locals and not _is_outward(node):
            name = self.seen.setdefault(name, f"%{len(self.seen)}")
        out.append(name)

    def _tuple(self, node: Node, out: Tokens) -> None:
        out.append("<")
        for child in node.named_children:
            if child.type not in self.language.dropped:
                self.write(child, out)
                out.append(",")
        out.append(">")

    def _strings(self, node: Node, out: Tokens) -> None:
        pieces: list[tuple[str, str]] = []
        for one in _parts(node):
            start = text(one.children[0]).lower()
            mode = "b" if "b" in start else "s"
            formatted = "f" in start or "t" in start
            if not formatted:
                _join(pieces, mode, _value(one))
                continue
            for part in one.children[1:-1]:
                if part.type == "interpolation":
                    inside: Tokens = []
                    self.children(part, inside)
                    pieces.append(("f", "\0".join(inside)))
                else:
                    said = text(part).replace("{{", "{").replace("}}", "}")
                    _join(pieces, mode, _cooked(said, raw="r" in start))
        empty = "b'" if "b" in text(_parts(node)[0].children[0]).lower() else "s'"
        out += [f"{mode}'{said}" for mode, said in pieces] or [empty]


def local_names(function: Node) -> dict[str, str]:
    """Return the names that `function` binds and nobody else can see: no parameter, no global.

    The names of whatever is a parameter, imported, global or a definition anywhere in it stay as
    they are.
    """
    bound: set[str] = set()
    kept: Counter[str] = Counter()
    waiting = [function]
    while waiting:
        node = waiting.pop()
        kind = node.type
        if kind in ("global_statement", "nonlocal_statement", "parameters", "lambda_parameters",
                    "import_statement", "import_from_statement"):  # fmt: skip
            kept.update(text(one) for one in _identifiers(node))
            continue
        if kind in _SCOPES and (name := node.child_by_field_name("name")):
            kept[text(name)] += 1
        for place in ("left", "alias"):
            for target in node.children_by_field_name(place):
                if kind in ("assignment", "augmented_assignment", "for_statement",
                            "for_in_clause", "as_pattern"):  # fmt: skip
                    bound |= set(_targets(target))
        if kind == "named_expression" and (name := node.child_by_field_name("name")):
            bound.add(text(name))
        waiting += node.named_children
    own = any(text(one) in ("locals", "exec", "eval") for one in _identifiers(function))
    return {} if own else dict.fromkeys(bound - set(kept), "")


def _targets(node: Node) -> Iterator[str]:
    if node.type == "identifier":
        yield text(node)
    elif node.type in (*_TUPLES, "list_pattern", "list_splat_pattern", "as_pattern_target",
                       "parenthesized_expression"):  # fmt: skip
        for child in node.named_children:
            yield from _targets(child)


def _identifiers(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.type == "identifier":
            yield one
        waiting += [each for each in one.named_children if each.type != "type"]


def _is_outward(node: Node) -> bool:
    """Tell whether a name is an attribute or the name of an argument, which others know."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "attribute":
        return parent.child_by_field_name("attribute") == node
    return parent.type == "keyword_argument" and parent.child_by_field_name("name") == node


def _parts(node: Node) -> list[Node]:
    return [node] if node.type == "string" else [
        one for one in node.named_children if one.type == "string"
    ]  # fmt: skip


def _join(pieces: list[tuple[str, str]], mode: str, said: str) -> None:
    if pieces and pieces[-1][0] == mode:
        said = pieces.pop()[1] + said
    if said:
        pieces.append((mode, said))


def _value(node: Node) -> str:
    said = text(node)
    body = text(node)[len(text(node.children[0])) : -len(text(node.children[-1]))]
    if "\\" not in body:
        return body
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape that Python no longer likes
            value = ast.literal_eval(said)
    except (ValueError, SyntaxError):
        return said
    # Bytes as the text that has them: what stands side by side is joined before it is compared.
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _number(said: str) -> str:
    try:
        return repr(ast.literal_eval(said))
    except (ValueError, SyntaxError):  # 10L and 0777, from the days of Python 2
        return said.lower()


def _is_generator(node: Node) -> bool:
    """Tell whether the only argument is a generator in parentheses of its own."""
    only = [one for one in node.named_children if one.type != "comment"]
    return [one.type for one in only] == ["generator_expression"]


def _cooked(said: str, *, raw: bool) -> str:
    if raw or "\\" not in said:
        return said
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return str(ast.literal_eval("'''" + said.replace("'''", "\\'\\'\\'") + " '''"))[:-1]
    except (ValueError, SyntaxError):
        return said


def _strength(node: Node) -> int:
    if node.type == "binary_operator":
        return _BINARY.get(_operator(node), 6)
    if node.type == "boolean_operator":
        return _STRENGTH[_operator(node)]
    if node.type in ("generator_expression", "list_splat", "print_statement"):
        return -1
    return _STRENGTH.get(node.type, 17)


def _around(outer: Node, node: Node) -> int:
    kind = outer.type
    if kind in ("attribute", "call", "subscript"):
        called = outer.child_by_field_name({"attribute": "object", "call": "function"}.get(
            kind, "value"))  # fmt: skip
        return 15 if called == node else -1
    if kind == "lambda":
        return 0
    left = kind == "binary_operator" and outer.child_by_field_name("left") == node
    if left and _operator(outer) != "**":
        return _strength(outer) - 1
    held = kind in ("binary_operator", "boolean_operator") or kind in _STRENGTH
    return _strength(outer) if held and kind not in ("yield", "named_expression") else -1


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def _is_field(node: Node) -> bool:
    """Tell whether a bare annotation declares a field: what it is called has effects there."""
    block = node.parent
    return (
        block is not None and block.parent is not None and block.parent.type == "class_definition"
    )


def _is_bases(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "class_definition"
