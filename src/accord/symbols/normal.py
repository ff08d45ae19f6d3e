"""The normal form: the tokens of a piece of code that say what it does, and none that do not."""

from collections.abc import Callable, Iterable, Iterator

from attrs import define
from tree_sitter import Node

from accord.symbols.languages import Language

Tokens = list[str]
Divert = Callable[[Node], bool]

# Where parentheses around an expression change nothing, in the languages with C's statements.
_FREE = frozenset(
    "return_statement variable_declarator assignment_expression assignment_statement if_statement "
    "while_statement do_statement switch_statement switch_expression parenthesized_expression "
    "arguments argument_list expression_list return_expression let_declaration if_expression "
    "while_expression match_expression throw_statement".split()
)
_CLOSING = (")", "]", "}", ">")
_LEAVES = frozenset(
    "interpreted_string_literal raw_string_literal string_literal char_literal rune_literal "
    "character_literal raw_string_literal regex text_block".split()
)
# In TypeScript these say something to the checker of types alone.
_TYPED_MARKS = {
    "optional_parameter": ("?",),
    "required_parameter": ("readonly",),
    "public_field_definition": ("?", "!", "readonly"),
    "export_clause": (",",),  # what it parts may have been types
}
_SHORTHANDS = ("shorthand_property_identifier", "shorthand_property_identifier_pattern")
_MERELY_TYPED = frozenset(("as_expression", "satisfies_expression", "non_null_expression"))


@define
class Normal:
    """Writes nodes down as tokens; `divert` takes the nodes that are symbols of their own."""

    language: Language
    divert: Divert | None = None

    def write(self, node: Node, out: Tokens) -> None:
        """Add the tokens of `node` to `out`."""
        kind = node.type
        if kind in self.language.dropped or (self.divert is not None and self.divert(node)):
            return
        if kind in ("export_statement", "export_specifier") and _is_type(node, self.language):
            return
        if kind in _SHORTHANDS:
            out += [text(node), ":", text(node)]
        elif not node.child_count or kind in _LEAVES:
            self.leaf(node, out)
        elif kind == "parenthesized_expression" and self.is_redundant(node):
            for child in node.named_children:
                self.write(child, out)
        elif kind == "string":
            out.append(_string(text(node)))
        elif kind in _MERELY_TYPED:
            self.write(node.named_children[0], out)
        elif kind == "arrow_function" and (one := node.child_by_field_name("parameter")):
            for child in node.children:
                out += ["(", text(child), ")"] if child == one else []
                if child != one:
                    self.write(child, out)
        else:
            self.children(node, out)

    def children(self, node: Node, out: Tokens) -> None:
        """Add the tokens of what `node` is made of."""
        before = len(out)
        for child in significant(node, self.language):
            self.write(child, out)
        # Of a statement that is a symbol of its own nothing is left here.
        if len(out) > before and node.type.endswith(
            ("_statement", "_declaration", "field_definition")
        ):
            out.append(";")

    def leaf(self, node: Node, out: Tokens) -> None:
        """Add a token that has no parts."""
        said = text(node)
        if said:
            out.append(said)

    def is_redundant(self, node: Node) -> bool:
        """Tell whether the parentheses of `node` change nothing."""
        return node.parent is not None and node.parent.type in _FREE


def significant(node: Node, language: Language) -> Iterator[Node]:
    """Yield the children of `node` without commas before a closing bracket and line ends."""
    children = [one for one in node.children if one.type not in language.dropped]
    for at, child in enumerate(children):
        if child.type == ";" and not language.semicolons and node.type != "for_statement":
            continue
        last = at + 1 < len(children) and children[at + 1].type in _CLOSING
        if child.type == "," and last and not _counts(node, children, at):
            continue
        if child.type == "\n" or child.type in _TYPED_MARKS.get(node.type, ()):
            continue
        yield child


def _is_type(node: Node, language: Language) -> bool:
    """Tell whether an export only lets others name a type."""
    declared = node.child_by_field_name("declaration")
    return (declared is not None and declared.type in language.dropped) or any(
        one.type == "type" for one in node.children
    )


def _counts(node: Node, children: list[Node], at: int) -> bool:
    """Tell whether a comma before the closing bracket says something: `(x,)`, `[a,,]`."""
    return children[at - 1].type in (",", "[") or (
        node.type in ("tuple_expression", "tuple_type") and at == 2
    )


def text(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode(errors="surrogateescape")


def _string(said: str) -> str:
    quote, body = said[:1], said[1:-1]
    other = '"' if quote == "'" else "'"
    if f"\\{quote}" in body or f"\\{other}" in body:
        pieces = body.replace("\\\\", "\0").replace("\\'", "'").replace('\\"', '"')
        body = pieces.replace("\0", "\\\\")
    return f"'{body}"


def flat(nodes: Iterable[Node], normal: Normal) -> Tokens:
    """Return the tokens of several nodes in their order."""
    out: Tokens = []
    for node in nodes:
        normal.write(node, out)
    return out
